"""While a step waits: reminders, escalations, lapses and expiry, each once and on time."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.organization import Organization

HOURS = 'business_hours = { days = "mon-fri", start = "09:00", end = "17:00" }\n'
STEP = """reviewers = ["role:editor"]
within = "4 business hours"
timers = [
    { after = "2 business hours", do = "remind" },
    { after = "1 business day", do = "escalate", to = "member:tom" },
]
"""
TOM = '\n[[grants]]\nto = "member:tom"\npermissions = ["view", "approve"]\non = { workspace = "tulip" }\n'
WEDNESDAY = dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC)  # 14:00 in Amsterdam


def hour(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 4, day, hour, minute, tzinfo=dt.UTC)


def strict(*changes: tuple[str, str]) -> Organization:
    text = DOCUMENT.replace(
        'timezone = "Europe/Amsterdam"\n', 'timezone = "Europe/Amsterdam"\n' + HOURS, 1
    )
    text = text.replace('late = "hold"', 'late = "expire"', 1)
    text = text.replace('reviewers = ["role:editor"]\n', STEP, 1) + TOM
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return Organization.loads(text)


@pytest.fixture
def timers(agency):
    eva = agency.desk.acting_as("eva")
    eva.adopt(agency.desk.propose(strict()), reason="deadlines")
    agency.desk.run_due()
    agency.now = WEDNESDAY
    return agency


def submitted(agency, *, at: str = "2026-04-20 09:30"):
    (ana,) = agency.acting("ana")
    return ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=at))


def test_what_is_due_next_is_known_from_the_submission_on(agency, timers) -> None:
    submitted(agency)
    # Two business hours after 14:00 in Amsterdam.
    assert hour(1, 14) == agency.desk.next_due()


def test_everyone_who_is_asked_is_told_when_a_step_opens(agency, timers) -> None:
    post = submitted(agency)
    asked = [
        notification
        for notification in agency.desk.notifications()
        if notification.kind == "review_requested"
    ]
    assert ["ben", "eva"] == [one.to for one in asked]
    assert {(post.id, "house/edit", "ana")} == {(one.post, one.step, one.by) for one in asked}


def test_reminder_lapse_and_escalation_come_once_each_in_their_order(agency, timers) -> None:
    post = submitted(agency)
    agency.now = hour(1, 13, 59)
    agency.desk.run_due()
    assert [] == agency.notified("reminder")
    agency.now = hour(1, 14)
    agency.desk.run_due()
    agency.desk.run_due()
    assert [("reminder", "ben"), ("reminder", "eva")] == agency.notified("reminder")
    # Four business hours: three on Wednesday, one on Thursday morning.
    assert hour(2, 8) == agency.desk.next_due()
    agency.now = hour(2, 8)
    agency.desk.run_due()
    assert ["ana", "ben", "eva"] == sorted(to for _, to in agency.notified("overdue"))
    (step,) = agency.desk.pending_steps(post)
    assert step.overdue
    assert WEDNESDAY == step.opened_at
    assert ("ben", "eva") == step.asked
    agency.now = hour(2, 12)
    agency.desk.run_due()
    assert [("escalated", "tom")] == agency.notified("escalated")
    (step,) = agency.desk.pending_steps(post)
    assert ("ben", "eva", "tom") == step.asked
    assert "approved" == agency.desk.acting_as("tom").approve(post).state
    assert agency.desk.audit().clean


def test_a_worker_that_comes_late_does_all_that_was_due_in_order(agency, timers) -> None:
    post = submitted(agency)
    agency.now = hour(9, 12)
    agency.desk.run_due()
    types = [entry.type for entry in agency.desk.history(post)]
    assert ["post.step_reminded", "post.step_overdue", "post.step_escalated"] == types[-3:]
    agency.desk.run_due()
    assert types == [entry.type for entry in agency.desk.history(post)]


def test_a_decision_ends_all_deadlines(agency, timers) -> None:
    post = submitted(agency)
    agency.desk.acting_as("ben").approve(post)
    agency.now = hour(9, 12)
    agency.desk.run_due()
    assert [] == agency.notified("reminder", "overdue", "escalated")


def test_a_step_that_opens_again_counts_from_then(agency, timers) -> None:
    ana = agency.desk.acting_as("ana")
    post = submitted(agency)
    agency.now = hour(1, 14)
    agency.desk.run_due()
    post = ana.submit(ana.withdraw(post))
    assert hour(2, 8) == agency.desk.next_due()  # two business hours from 16:00 on


def test_a_post_that_is_not_signed_off_in_time_expires_and_says_so(agency, timers) -> None:
    post = submitted(agency, at="2026-04-01 16:30")
    agency.now = hour(1, 14, 30)
    agency.desk.run_due()
    assert "expired" == agency.desk.post(post.id).state
    assert [("expired", "ana"), ("expired", "eva")] == agency.notified("expired")


def test_who_is_away_is_not_reminded_and_does_not_hold_the_lapse_up(agency, timers) -> None:
    ben = agency.desk.acting_as("ben")
    ben.add_absence("2026-04-01", "2026-04-13")
    post = submitted(agency)
    agency.now = hour(1, 14)
    agency.desk.run_due()
    assert [("reminder", "eva")] == agency.notified("reminder")
    agency.now = hour(2, 8)
    agency.desk.run_due()
    (step,) = agency.desk.pending_steps(post)
    assert (("ben",), True) == (step.absent, step.overdue)


def test_where_all_are_away_their_days_away_do_not_count(agency, timers) -> None:
    ben, eva = agency.acting("ben", "eva")
    ben.add_absence("2026-04-01", "2026-04-13")
    eva.add_absence("2026-04-01", "2026-04-08")
    post = submitted(agency)
    agency.now = hour(10, 12)
    agency.desk.run_due()
    (step,) = agency.desk.pending_steps(post)
    assert not step.overdue
    agency.now = hour(13, 11)  # four hours after Ben is back on Monday at nine
    agency.desk.run_due()
    (step,) = agency.desk.pending_steps(post)
    assert step.overdue


def test_an_absence_moves_the_deadlines_of_what_waits(agency, timers) -> None:
    ben, eva = agency.acting("ben", "eva")
    submitted(agency)
    agency.now = hour(1, 14)
    agency.desk.run_due()
    assert hour(2, 8) == agency.desk.next_due()
    ben.add_absence("2026-04-02", "2026-04-03")
    eva.add_absence("2026-04-02", "2026-04-03")
    agency.desk.run_due()
    assert hour(2, 12) == agency.desk.next_due()  # the escalation comes first now
    assert agency.desk.audit().clean


def test_an_adoption_moves_the_deadlines_of_what_waits(agency) -> None:
    post = submitted(agency)
    assert agency.desk.next_due() is None
    eva = agency.desk.acting_as("eva")
    faster = strict(('within = "4 business hours"\n', ""))
    eva.adopt(agency.desk.propose(faster), reason="deadlines")
    assert agency.now == agency.desk.next_due()
    agency.desk.run_due()
    # Another wording: the author is told once that votes have to be asked for again.
    assert [("policy_changed", "ana")] == agency.notified("policy_changed")
    eva.adopt(agency.desk.propose(strict()), reason="more")
    agency.desk.run_due()
    assert [("policy_changed", "ana")] == agency.notified("policy_changed")
    assert "in_review" == agency.desk.post(post.id).state


def test_a_step_that_asks_nobody_is_overdue_at_once_and_the_lead_is_told(agency) -> None:
    eva = agency.desk.acting_as("eva")
    text = DOCUMENT.replace('reviewers = ["role:editor"]', 'reviewers = ["member:tom"]', 1)
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason="a slip")
    submitted(agency)
    agency.desk.run_due()
    assert [("no_reviewer", "ana"), ("no_reviewer", "eva")] == agency.notified("no_reviewer")


def test_business_hours_hold_over_the_night_the_clocks_change(agency, timers) -> None:
    """Friday 16:00 and two business hours is Monday 10:00, an hour earlier by UTC than before."""
    agency.now = dt.datetime(2026, 10, 23, 14, tzinfo=dt.UTC)
    submitted(agency, at="2026-11-20 09:30")
    assert dt.datetime(2026, 10, 26, 9, tzinfo=dt.UTC) == agency.desk.next_due()
