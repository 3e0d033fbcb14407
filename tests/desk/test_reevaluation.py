"""Reevaluation of posts in review after an adoption, in batches that do not delay due work."""

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
class TickingClock:
    """A clock that moves by *step* each time it is read."""

    now: dt.datetime = START
    step: dt.timedelta = dt.timedelta()

    def __call__(self) -> dt.datetime:
        self.now += self.step
        return self.now


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture
def desk(tmp_path, clock):
    sandbox = Sandbox(
        tmp_path / "out",
        clock=clock,
        real_clock=lambda: START,
        durable=False,
        sleep=lambda _: None,
    )
    desk = Desk.create(
        MemoryStore(Desk.PROJECTIONS),
        Organization.loads(DOCUMENT),
        owner="eva",
        networks={"*": sandbox},
        media=MemoryMedia(),
        clock=clock,
        real_clock=lambda: START,
        sleep=lambda _: None,
    )
    yield desk
    sandbox.close()


def adopt(desk: Desk, text: str) -> None:
    eva = desk.acting_as("eva")
    eva.adopt(desk.propose(Organization.loads(text)), reason="other rules")


def in_review(desk: Desk, number: int) -> list:
    ana = desk.acting_as("ana")
    return [
        ana.submit(ana.draft(f"Lente {post}", profiles=["tulip-x"], planned_at="2026-05-07 09:30"))
        for post in range(number)
    ]


def stored(desk: Desk) -> list[Any]:
    """Return the data of every event."""
    return [event_data(event) for event in desk.engine.store.read_all(limit=100_000)]


@pytest.mark.integration
def test_send_due_during_reevaluation(desk, clock) -> None:
    """A delivery that becomes due during a long reevaluation is sent on time."""
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
    sent = next(n for n, event in enumerate(events) if isinstance(event, ev.DeliveryPublished))
    reevaluated = [n for n, event in enumerate(events) if isinstance(event, ev.PostReevaluated)]
    assert len(posts) == len(reevaluated)
    assert reevaluated[0] < sent < reevaluated[-1]
    assert {post.id for post in posts} == {
        notification.post
        for notification in desk.notifications(member="tom")
        if notification.kind == "review_requested"
    }


def test_due_send_comes_first(desk, clock) -> None:
    """A delivery that is already due is sent before any post is reevaluated."""
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    in_review(desk, 3)
    due = ben.approve(
        ana.submit(ana.draft("Nu!", profiles=["tulip-x"], planned_at="2026-04-07 09:30"))
    )
    adopt(desk, ANOTHER_REVIEWER)
    clock.now += dt.timedelta(hours=1)
    report = desk.run_due()
    assert f"delivery/{desk.deliveries(due)[0].id}" == report.worked[0]
    types = [type(event) for event in stored(desk)]
    sent = types.index(ev.DeliveryPublished)
    assert ev.PostReevaluated not in types[types.index(ev.DeliveryStarted) : sent]
    assert ev.PostReevaluated in types[sent:]


def test_due_send_follows_active_document(desk, clock) -> None:
    """A delivery that is sent before the reevaluation is checked against the active document."""
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
    assert not any(isinstance(event, ev.DeliveryStarted) for event in stored(desk))


def test_conflict_in_batch(desk, monkeypatch) -> None:
    """A conflict on one post of a batch does not prevent the reevaluation of the other posts."""
    posts = in_review(desk, 25)
    adopt(desk, ANOTHER_REVIEWER)
    store = desk.engine.store
    append, conflicts = store.append, [1]

    def contested(events: Any, **options: Any) -> Any:
        posts = {event.stream for event in events if event.stream.startswith("post/")}
        if conflicts and len(posts) > 1:
            conflicts.clear()
            raise ConflictError(stream=events[0].stream, expected=4, actual=5)
        return append(events, **options)

    monkeypatch.setattr(store, "append", contested)
    desk.run_due()
    assert [] == conflicts
    notified = [notification.post for notification in desk.notifications(member="tom")]
    assert sorted(post.id for post in posts) == sorted(notified)
    before = len(stored(desk))
    desk.run_due()
    assert before == len(stored(desk))


@pytest.mark.integration
def test_work_that_stays_due(desk, clock) -> None:
    """Deliveries that stay due do not hide other due work, even if they fill a whole page."""
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


def test_step_opened_by_adoption(desk, clock) -> None:
    """A run processes both a step that an adoption opened and the timers that were due."""
    remind = DOCUMENT.replace(
        REVIEWERS, f'{REVIEWERS}timers = [{{ after = "1 hour", do = "remind" }}]\n', 1
    )
    adopt(desk, remind)
    desk.run_due()
    in_review(desk, 1)
    without_reviewers = remind.replace(
        'id = "edit"\n',
        'id = "legal"\nreviewers = ["member:tom"]\n[[approvals.steps]]\nid = "edit"\n',
        1,
    )
    adopt(desk, without_reviewers)
    clock.now += dt.timedelta(hours=2)
    desk.run_due()
    assert {"reminder", "no_reviewer"} <= {
        notification.kind for notification in desk.notifications()
    }
