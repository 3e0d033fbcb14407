"""Due work: a failure does not block other work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.desk.agency import DUE, Agency

from socialcollab.desk import PROJECTIONS, Desk, DueWork
from socialcollab.errors import NaiveDatetimeError
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore

NOW = dt.datetime(2026, 4, 6, 8, tzinfo=dt.UTC)


@attrs.define
class BrokenAdapter:
    """The sandbox's adapter with a bug in one of its methods."""

    good: Any
    broken: str

    @property
    def description(self) -> Any:
        return self.good.description

    @property
    def send_within_s(self) -> float:
        return 5.0

    def prepare(self, outgoing: Any, *, now: dt.datetime, entropy: bytes) -> Any:
        if self.broken == "prepare":
            raise KeyError("a bug")
        return self.good.prepare(outgoing, now=now, entropy=entropy)

    def publish(self, prepared: Any, progress: Mapping[str, str]) -> Any:
        answer = yield from self.good.publish(prepared, progress)
        if self.broken in ("publish", "find"):
            raise KeyError("a bug after it was published")
        return answer

    def find(self, prepared: Any, progress: Mapping[str, str]) -> Any:
        if self.broken == "find":
            raise KeyError("a bug in the lookup")
        return (yield from self.good.find(prepared, progress))


@attrs.define
class PartlyBroken:
    """A network whose adapter for one profile has a bug."""

    sandbox: Sandbox
    broken: str

    def adapter(self, profile: Any) -> Any:
        good = self.sandbox.adapter(profile)
        return BrokenAdapter(good, self.broken) if profile.id == "tulip-mastodon" else good

    def transport(self, profile: Any) -> Any:
        return self.sandbox.transport(profile)

    def close(self) -> None:
        self.sandbox.close()


def states(desk: Desk) -> dict[str, str]:
    (post,) = desk.posts()
    return {delivery.profile: delivery.state.value for delivery in desk.deliveries(post)}


def desk_with(networks: Mapping[str, Any]) -> Desk:
    desk = Desk.create(
        MemoryStore(PROJECTIONS),
        Organization.template("northwind"),
        owner="eva",
        networks=networks,
        clock=lambda: NOW,
    )
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    post = ana.draft("Lente", profiles=["tulip-x", "tulip-mastodon"], planned_at="2026-04-07 09:30")
    ben.approve(ana.submit(post))
    return desk


def test_profile_without_network(tmp_path: Path) -> None:
    """A profile without a network is reported, stays due, and does not block other profiles."""
    with Sandbox(tmp_path) as sandbox:
        desk = desk_with({"x": sandbox})
        report = desk.run_due(DUE)
        assert {"tulip-x": "published", "tulip-mastodon": "waiting"} == states(desk)
        ((stream, problem),) = report.problems
        assert "tulip-mastodon" in stream
        assert "no network is configured for profile `tulip-mastodon`" in problem
        assert desk.next_due() == DUE
        # Every run tries it again; `after` omits it, to show when other work is due.
        assert desk.next_due(after=report.at) is None
        assert desk.next_due(after=DUE - dt.timedelta(microseconds=1)) == DUE
        later = DUE + dt.timedelta(days=1)
        ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
        ben.approve(ana.submit(ana.draft("x", profiles=["tulip-x"], planned_at=later)))
        assert (DUE, later) == (desk.next_due(), desk.next_due(after=report.at))
        assert desk.next_due(after=later) is None
        with pytest.raises(NaiveDatetimeError):
            desk.next_due(after=dt.datetime.fromisoformat("2026-04-07 09:30"))


@pytest.mark.parametrize(("broken", "outcome"), [("prepare", "failed"), ("publish", "published")])
def test_bug_in_adapter(broken: str, outcome: str, tmp_path: Path) -> None:
    """A bug before the send fails the delivery; after a bug during the send, it is looked up."""
    with Sandbox(tmp_path) as sandbox:
        desk = desk_with({"*": PartlyBroken(sandbox, broken)})
        desk.run_due(DUE)
        assert states(desk)["tulip-x"] == "published"
        assert states(desk)["tulip-mastodon"] in (outcome, "unknown")
        desk.run_due(DUE)
        assert outcome == states(desk)["tulip-mastodon"]
        assert len(sandbox.posts("tulip-mastodon")) == (0 if broken == "prepare" else 1)
        assert desk.audit().clean


@pytest.mark.parametrize("broken", ["adapter", "transport"])
def test_bug_in_network(broken: str, tmp_path: Path) -> None:
    """A network that fails for one profile is reported, and does not block other profiles."""

    class BrokenNetwork(Sandbox):
        def adapter(self, profile: Any) -> Any:
            return self._maybe_fail("adapter", profile)

        def transport(self, profile: Any) -> Any:
            return self._maybe_fail("transport", profile)

        def _maybe_fail(self, method: str, profile: Any) -> Any:
            if profile.id == "tulip-mastodon" and method == broken:
                raise KeyError("secret-8f1c")
            return getattr(Sandbox, method)(self, profile)

    with BrokenNetwork(tmp_path) as sandbox:
        desk = desk_with({"*": sandbox})
        report = desk.run_due(DUE)
        assert states(desk)["tulip-x"] == "published"
        assert states(desk)["tulip-mastodon"] != "published"
        ((_, problem),) = report.problems
        assert problem == "the network of profile `tulip-mastodon` failed with KeyError"
        broken = ""
        desk.run_due(DUE)
        assert states(desk) == {"tulip-x": "published", "tulip-mastodon": "published"}


def test_bug_in_lookup(tmp_path: Path) -> None:
    """If a lookup fails, the delivery stays unknown, and the report contains the reason."""
    with Sandbox(tmp_path) as sandbox:
        desk = desk_with({"*": PartlyBroken(sandbox, "find")})
        desk.run_due(DUE)
        report = desk.run_due(DUE)
        assert states(desk)["tulip-mastodon"] == "unknown"
        assert ["the adapter failed with KeyError"] == [problem for _, problem in report.problems]


def test_stop(tmp_path: Path) -> None:
    """A stopped run ends after the current piece of work, and the next run does the rest."""
    agency = Agency(tmp_path, "memory")
    for number in range(3):
        agency.approved_post(f"post {number}")
    agency.now = DUE
    answers = iter([False, True, True])
    report = agency.desk.run_due(stop=lambda: next(answers, True))
    assert (1, 2) == (report.count("published"), report.left)
    report = agency.desk.run_due(stop=lambda: True)
    assert (0, 2) == (report.count("published"), report.left)
    assert agency.desk.run_due(stop=lambda: False).count("published") == 2


def test_due_work(agency: Agency) -> None:
    """`due_work` lists work that is due but not done, without doing it."""
    post = agency.approved_post("post")
    (delivery,) = agency.desk.deliveries(post)
    agency.now = DUE
    assert () == agency.desk.due_work(before=delivery.due_at)
    expected = DueWork(stream=f"delivery/{delivery.id}", at=delivery.due_at, kind="send")
    later = delivery.due_at + dt.timedelta(microseconds=1)
    assert (expected,) == agency.desk.due_work(before=later) == agency.desk.due_work(before=later)
    agency.desk.run_due()
    assert () == agency.desk.due_work(before=later)


def test_budget(tmp_path: Path) -> None:
    """A run with a budget ends early and returns the amount of remaining work for the next run."""
    agency = Agency(tmp_path, "memory")
    for number in range(5):
        agency.approved_post(f"post {number}")
    agency.now = DUE
    report = agency.desk.run_due(budget_s=0)
    assert (1, 4) == (report.count("published"), report.left)
    report = agency.desk.run_due(budget_s=60)
    assert (4, 0) == (report.count("published"), report.left)
