"""Other rules for much that waits: all of it is reckoned anew, and nothing is late for that."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.desk import Desk
from socialcollab.desk.journal.encoding import event_data
from socialcollab.errors import ConflictError, InvalidValueError
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import MemoryMedia, MemoryStore
from socialcollab.workflow import events as ev

START = dt.datetime(2026, 4, 7, 7, tzinfo=dt.UTC)
REVIEWERS = 'reviewers = ["role:editor"]\n'
TOM = '[[grants]]\nto = "member:tom"\npermissions = ["view", "approve"]\non = { workspace = "tulip" }\n'
ANOTHER_REVIEWER = DOCUMENT + TOM.replace('permissions = ["view", "approve"]', 'role = "editor"')
ANOTHER_STEP = (
    DOCUMENT.replace(
        REVIEWERS, f'{REVIEWERS}[[approvals.steps]]\nid = "legal"\nreviewers = ["member:tom"]\n', 1
    )
    + TOM
)


@attrs.define
class Ticking:
    """A clock that goes on by *step* each time that somebody looks at it."""

    now: dt.datetime = START
    step: dt.timedelta = dt.timedelta()

    def __call__(self) -> dt.datetime:
        self.now += self.step
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def desk(tmp_path, clock):
    sandbox = Sandbox(
        tmp_path / "out",
        clock=clock,
        real_clock=lambda: START,
        durable=False,
        sleep=lambda _: None,
    )
    networks = {"*": sandbox}
    made = Desk.create(
        MemoryStore(Desk.PROJECTIONS),
        Organization.loads(DOCUMENT),
        owner="eva",
        networks=networks,
        media=MemoryMedia(),
        clock=clock,
        real_clock=lambda: START,
        sleep=lambda _: None,
    )
    yield made
    networks["*"].close()


def adopt(desk: Desk, text: str) -> None:
    eva = desk.acting_as("eva")
    eva.adopt(desk.propose(Organization.loads(text)), reason="other rules")


def in_review(desk: Desk, number: int) -> list:
    ana = desk.acting_as("ana")
    return [
        ana.submit(ana.draft(f"Lente {one}", profiles=["tulip-x"], planned_at="2026-05-07 09:30"))
        for one in range(number)
    ]


def stored(desk: Desk) -> list[Any]:
    return [event_data(event) for event in desk.engine.store.read_all(limit=100_000)]


def test_a_send_that_falls_due_while_much_is_reckoned_anew_is_not_late(desk, clock) -> None:
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    posts = in_review(desk, 100)
    due = ben.approve(
        ana.submit(ana.draft("Nu!", profiles=["tulip-x"], planned_at="2026-04-07 09:30"))
    )
    adopt(desk, ANOTHER_REVIEWER)
    before = len(stored(desk))
    clock.step = dt.timedelta(minutes=5)
    desk.run_due()
    events = stored(desk)[before:]
    [delivery] = desk.deliveries(due)
    assert "published" == delivery.state
    out = next(n for n, one in enumerate(events) if isinstance(one, ev.DeliveryPublished))
    reckoned = [n for n, one in enumerate(events) if isinstance(one, ev.PostReevaluated)]
    assert len(posts) == len(reckoned)
    assert reckoned[0] < out < reckoned[-1]
    assert {post.id for post in posts} == {
        notification.post
        for notification in desk.notifications(member="tom")
        if notification.kind == "review_requested"
    }


def test_what_is_due_already_leaves_before_anything_is_reckoned_anew(desk, clock) -> None:
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    in_review(desk, 3)
    due = ben.approve(
        ana.submit(ana.draft("Nu!", profiles=["tulip-x"], planned_at="2026-04-07 09:30"))
    )
    adopt(desk, ANOTHER_REVIEWER)
    clock.now += dt.timedelta(hours=1)
    report = desk.run_due()
    assert f"delivery/{desk.deliveries(due)[0].id}" == report.worked[0]
    kinds = [type(one) for one in stored(desk)]
    out = kinds.index(ev.DeliveryPublished)
    assert ev.PostReevaluated not in kinds[kinds.index(ev.DeliveryStarted) : out]
    assert ev.PostReevaluated in kinds[out:]


def test_what_leaves_first_is_still_judged_by_the_rules_in_force(desk, clock) -> None:
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    in_review(desk, 30)
    due = ben.approve(
        ana.submit(ana.draft("Nu!", profiles=["tulip-x"], planned_at="2026-04-07 09:30"))
    )
    adopt(desk, ANOTHER_STEP)
    clock.now += dt.timedelta(hours=1)
    desk.run_due()
    [delivery] = desk.deliveries(due)
    assert ("missed", "not_approved") == (delivery.state, delivery.problem)
    assert not any(isinstance(one, ev.DeliveryStarted) for one in stored(desk))


def test_one_post_that_changes_meanwhile_keeps_no_other_from_being_reckoned(
    desk, monkeypatch
) -> None:
    posts = in_review(desk, 25)
    adopt(desk, ANOTHER_REVIEWER)
    store = desk.engine.store
    append, left = store.append, [1]

    def contested(events: Any, **more: Any) -> Any:
        posts = {event.stream for event in events if event.stream.startswith("post/")}
        if left and len(posts) > 1:
            left.clear()
            raise ConflictError(stream=events[0].stream, expected=4, actual=5)
        return append(events, **more)

    monkeypatch.setattr(store, "append", contested)
    desk.run_due()
    assert [] == left
    told = [notification.post for notification in desk.notifications(member="tom")]
    assert sorted(post.id for post in posts) == sorted(told)
    before = len(stored(desk))
    desk.run_due()
    assert before == len(stored(desk))


def test_work_that_stays_due_hides_none_of_the_rest(desk, clock) -> None:
    """More of it than is read at once: its profile's network is not given."""
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    desk._publisher.dispatcher.network_of = _no_network
    for number in range(120):
        at = START + dt.timedelta(minutes=30 + number)
        post = ana.submit(ana.draft(f"Lente {number}", profiles=["tulip-x"], planned_at=at))
        ben.approve(post)
    clock.now += dt.timedelta(hours=4)
    report = desk.run_due()
    assert 120 == len(report.worked) == len(set(report.worked))
    assert 120 == len(report.problems)


def _no_network(profile: Any) -> Any:
    raise InvalidValueError("no network", value=profile.id)


def test_what_an_adoption_lets_open_is_overdue_in_the_same_run_as_what_was_due(desk, clock) -> None:
    remind = DOCUMENT.replace(
        REVIEWERS, f'{REVIEWERS}timers = [{{ after = "1 hour", do = "remind" }}]\n', 1
    )
    adopt(desk, remind)
    desk.run_due()
    in_review(desk, 1)
    nobody = remind.replace(
        'id = "edit"\n',
        'id = "legal"\nreviewers = ["member:tom"]\n[[approvals.steps]]\nid = "edit"\n',
        1,
    )
    adopt(desk, nobody)
    clock.now += dt.timedelta(hours=2)
    desk.run_due()
    assert {"reminder", "no_reviewer"} <= {
        notification.kind for notification in desk.notifications()
    }
