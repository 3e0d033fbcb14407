"""Timers of approval steps: reminders, deadlines, escalations and expiry."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.organization import Organization

HOURS = 'business_hours = { days = "mon-fri", start = "09:00", end = "17:00" }\n'
STEP_WITH_TIMERS = """reviewers = ["role:editor"]
within = "4 business hours"
timers = [
    { after = "2 business hours", do = "remind" },
    { after = "1 business day", do = "escalate", to = "member:tom" },
]
"""
TOM = '\n[[grants]]\nto = "member:tom"\npermissions = ["view", "approve"]\non = { workspace = "tulip" }\n'
WEDNESDAY = dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC)  # 14:00 in Amsterdam


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 4, day, hour, minute, tzinfo=dt.UTC)


def document(*changes: tuple[str, str]) -> Organization:
    """Return the document with business hours and a step that has timers."""
    text = DOCUMENT.replace(
        'timezone = "Europe/Amsterdam"\n', 'timezone = "Europe/Amsterdam"\n' + HOURS, 1
    )
    text = text.replace('late = "hold"', 'late = "expire"', 1)
    text = text.replace('reviewers = ["role:editor"]\n', STEP_WITH_TIMERS, 1) + TOM
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return Organization.loads(text)


@pytest.fixture
def timers(agency):
    """Adopt the document with timers, and set the clock to Wednesday 14:00."""
    eva = agency.desk.acting_as("eva")
    eva.adopt(agency.desk.propose(document()), reason="deadlines")
    agency.desk.run_due()
    agency.now = WEDNESDAY
    return agency


def submitted(agency, *, at: str = "2026-04-20 09:30"):
    (ana,) = agency.acting("ana")
    return ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=at))


def test_next_due(agency, timers) -> None:
    """After the submission, `next_due` is the time of the first reminder."""
    submitted(agency)
    # This is two business hours after 14:00 in Amsterdam.
    assert at(1, 14) == agency.desk.next_due()


def test_review_requested(agency, timers) -> None:
    """All reviewers of a step are notified when it opens."""
    post = submitted(agency)
    asked = [
        notification
        for notification in agency.desk.notifications()
        if notification.kind == "review_requested"
    ]
    assert ["ben", "eva"] == [notification.to for notification in asked]
    assert {(post.id, "editorial/edit", "ana")} == {
        (notification.post, notification.step, notification.by) for notification in asked
    }


def test_reminder_overdue_escalation(agency, timers) -> None:
    """The reminder, the deadline and the escalation occur once each, in order."""
    post = submitted(agency)
    agency.now = at(1, 13, 59)
    agency.desk.run_due()
    assert [] == agency.notified("reminder")
    agency.now = at(1, 14)
    agency.desk.run_due()
    agency.desk.run_due()
    assert [("reminder", "ben"), ("reminder", "eva")] == agency.notified("reminder")
    # Four business hours are three on Wednesday and one on Thursday morning.
    assert at(2, 8) == agency.desk.next_due()
    agency.now = at(2, 8)
    agency.desk.run_due()
    assert ["ana", "ben", "eva"] == sorted(member for _, member in agency.notified("overdue"))
    (step,) = agency.desk.pending_steps(post)
    assert step.overdue
    assert WEDNESDAY == step.opened_at
    assert ("ben", "eva") == step.reviewers
    agency.now = at(2, 12)
    agency.desk.run_due()
    assert [("escalated", "tom")] == agency.notified("escalated")
    (step,) = agency.desk.pending_steps(post)
    assert ("ben", "eva", "tom") == step.reviewers
    assert "approved" == agency.desk.acting_as("tom").approve(post).state
    assert agency.desk.audit().clean


def test_late_worker(agency, timers) -> None:
    """A worker that runs days later fires each due timer once, in order."""
    post = submitted(agency)
    agency.now = at(9, 12)
    agency.desk.run_due()
    types = [entry.type for entry in agency.desk.history(post)]
    assert ["post.step_reminded", "post.step_overdue", "post.step_escalated"] == types[-3:]
    agency.desk.run_due()
    assert types == [entry.type for entry in agency.desk.history(post)]


def test_decision_ends_timers(agency, timers) -> None:
    """A decision ends all timers of its step."""
    post = submitted(agency)
    agency.desk.acting_as("ben").approve(post)
    agency.now = at(9, 12)
    agency.desk.run_due()
    assert [] == agency.notified("reminder", "overdue", "escalated")


def test_reopened_step(agency, timers) -> None:
    """The timers of a reopened step restart."""
    ana = agency.desk.acting_as("ana")
    post = submitted(agency)
    agency.now = at(1, 14)
    agency.desk.run_due()
    post = ana.submit(ana.withdraw(post))
    assert at(2, 8) == agency.desk.next_due()  # two business hours from 16:00 on


def test_expiry(agency, timers) -> None:
    """A post without approval expires at its planned time, and its author and lead are notified."""
    post = submitted(agency, at="2026-04-01 16:30")
    agency.now = at(1, 14, 30)
    agency.desk.run_due()
    assert "expired" == agency.desk.post(post.id).state
    assert [("expired", "ana"), ("expired", "eva")] == agency.notified("expired")


def test_absent_reviewer(agency, timers) -> None:
    """An absent reviewer is not reminded, and does not delay the deadline if others are present."""
    ben = agency.desk.acting_as("ben")
    ben.add_absence("2026-04-01", "2026-04-13")
    post = submitted(agency)
    agency.now = at(1, 14)
    agency.desk.run_due()
    assert [("reminder", "eva")] == agency.notified("reminder")
    agency.now = at(2, 8)
    agency.desk.run_due()
    (step,) = agency.desk.pending_steps(post)
    assert (("ben",), True) == (step.absent, step.overdue)


def test_all_reviewers_absent(agency, timers) -> None:
    """If all reviewers are absent, the lead is notified, and these days do not count."""
    ben, eva = agency.acting("ben", "eva")
    ben.add_absence("2026-04-01", "2026-04-13")
    eva.add_absence("2026-04-01", "2026-04-08")
    post = submitted(agency)
    agency.desk.run_due()
    assert [("no_reviewer", "ana"), ("no_reviewer", "eva")] == agency.notified("no_reviewer")
    agency.now = at(8, 10)
    agency.desk.run_due()
    (step,) = agency.desk.pending_steps(post)
    # Tom was added by the escalation.
    assert (("eva", "tom"), ("ben",), False) == (step.reviewers, step.absent, step.overdue)
    agency.now = at(8, 11)  # four hours after Wednesday 09:00, when Eva is back
    agency.desk.run_due()
    (step,) = agency.desk.pending_steps(post)
    assert step.overdue


def test_absence_moves_timers(agency, timers) -> None:
    """An absence moves the timers of open steps."""
    ben, eva = agency.acting("ben", "eva")
    submitted(agency)
    agency.now = at(1, 14)
    agency.desk.run_due()
    assert at(2, 8) == agency.desk.next_due()
    ben.add_absence("2026-04-02", "2026-04-03")
    eva.add_absence("2026-04-02", "2026-04-03")
    agency.desk.run_due()
    # The absences begin at midnight in Amsterdam. From then on, no reviewer is present.
    assert dt.datetime(2026, 4, 1, 22, tzinfo=dt.UTC) == agency.desk.next_due()
    agency.now = agency.desk.next_due()
    agency.desk.run_due()
    assert ("no_reviewer", "ana") in agency.notified("no_reviewer")
    assert at(2, 12) == agency.desk.next_due()  # the escalation
    assert agency.desk.audit().clean


def test_adoption_moves_timers(agency) -> None:
    """An adoption moves the timers of open steps; a changed policy causes one notification."""
    post = submitted(agency)
    assert agency.desk.next_due() is None
    eva = agency.desk.acting_as("eva")
    without_deadline = document(('within = "4 business hours"\n', ""))
    eva.adopt(agency.desk.propose(without_deadline), reason="deadlines")
    assert agency.now == agency.desk.next_due()
    agency.desk.run_due()
    # The step has changed, so the author is notified once that the post must be submitted again.
    assert [("policy_changed", "ana"), ("policy_changed", "eva")] == agency.notified(
        "policy_changed"
    )
    eva.adopt(agency.desk.propose(document()), reason="more")
    agency.desk.run_due()
    assert [("policy_changed", "ana"), ("policy_changed", "eva")] == agency.notified(
        "policy_changed"
    )
    assert "in_review" == agency.desk.post(post.id).state


def test_step_without_reviewers(agency) -> None:
    """The author and the lead are immediately notified of a step that has no reviewers."""
    eva = agency.desk.acting_as("eva")
    text = DOCUMENT.replace('reviewers = ["role:editor"]', 'reviewers = ["member:tom"]', 1)
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason="a slip")
    submitted(agency)
    agency.desk.run_due()
    assert [("no_reviewer", "ana"), ("no_reviewer", "eva")] == agency.notified("no_reviewer")


def test_clock_change(agency, timers) -> None:
    """Two business hours from Friday 16:00 end on Monday 10:00, even if the clocks change."""
    agency.now = dt.datetime(2026, 10, 23, 14, tzinfo=dt.UTC)
    submitted(agency, at="2026-11-20 09:30")
    assert dt.datetime(2026, 10, 26, 9, tzinfo=dt.UTC) == agency.desk.next_due()
