"""While a step waits: reminders, escalations, lapses and expiry, each once and on time."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.conftest import DOCUMENT

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
def strict_office(office):
    eva = office.desk.acting_as("eva")
    eva.adopt(office.desk.propose(strict()), reason="deadlines")
    office.desk.run_due()
    office.now = WEDNESDAY
    return office


def submitted(office, *, at: str = "2026-04-20 09:30"):
    (ana,) = office.acting("ana")
    return ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=at))


def told(office, *kinds: str) -> list[tuple[str, str]]:
    return [
        (one.kind, one.to) for one in office.desk.notifications() if not kinds or one.kind in kinds
    ]


def test_what_is_due_next_is_known_from_the_submission_on(strict_office) -> None:
    submitted(strict_office)
    # Two business hours after 14:00 in Amsterdam.
    assert hour(1, 14) == strict_office.desk.next_due()


def test_everyone_who_is_asked_is_told_when_a_step_opens(strict_office) -> None:
    post = submitted(strict_office)
    asked = [one for one in strict_office.desk.notifications() if one.kind == "review_requested"]
    assert ["ben", "eva"] == [one.to for one in asked]
    assert {(post.id, "house/edit", "ana")} == {(one.post, one.step, one.by) for one in asked}


def test_reminder_lapse_and_escalation_come_once_each_in_their_order(strict_office) -> None:
    office = strict_office
    post = submitted(office)
    office.now = hour(1, 13, 59)
    office.desk.run_due()
    assert [] == told(office, "reminder")
    office.now = hour(1, 14)
    office.desk.run_due()
    office.desk.run_due()
    assert [("reminder", "ben"), ("reminder", "eva")] == told(office, "reminder")
    # Four business hours: three on Wednesday, one on Thursday morning.
    assert hour(2, 8) == office.desk.next_due()
    office.now = hour(2, 8)
    office.desk.run_due()
    assert ["ana", "ben", "eva"] == sorted(to for _, to in told(office, "overdue"))
    (step,) = office.desk.pending_steps(post)
    assert step.overdue
    assert WEDNESDAY == step.opened_at
    assert ("ben", "eva") == step.reviewers
    office.now = hour(2, 12)
    office.desk.run_due()
    assert [("escalated", "tom")] == told(office, "escalated")
    (step,) = office.desk.pending_steps(post)
    assert ("ben", "eva", "tom") == step.reviewers
    assert "approved" == office.desk.acting_as("tom").approve(post).state
    assert office.desk.audit().clean


def test_a_worker_that_comes_late_does_all_that_was_due_in_order(strict_office) -> None:
    office = strict_office
    post = submitted(office)
    office.now = hour(9, 12)
    office.desk.run_due()
    types = [entry.type for entry in office.desk.history(post)]
    assert ["post.step_reminded", "post.step_overdue", "post.step_escalated"] == types[-3:]
    office.desk.run_due()
    assert types == [entry.type for entry in office.desk.history(post)]


def test_a_decision_ends_all_deadlines(strict_office) -> None:
    office = strict_office
    post = submitted(office)
    office.desk.acting_as("ben").approve(post)
    office.now = hour(9, 12)
    office.desk.run_due()
    assert [] == told(office, "reminder", "overdue", "escalated")


def test_a_step_that_opens_again_counts_from_then(strict_office) -> None:
    office = strict_office
    ana = office.desk.acting_as("ana")
    post = submitted(office)
    office.now = hour(1, 14)
    office.desk.run_due()
    post = ana.submit(ana.withdraw(post))
    assert hour(2, 8) == office.desk.next_due()  # two business hours from 16:00 on


def test_a_post_that_is_not_signed_off_in_time_expires_and_says_so(strict_office) -> None:
    office = strict_office
    post = submitted(office, at="2026-04-01 16:30")
    office.now = hour(1, 14, 30)
    office.desk.run_due()
    assert "expired" == office.desk.post(post.id).state
    assert [("expired", "ana"), ("expired", "eva")] == told(office, "expired")


def test_who_is_away_is_not_reminded_and_does_not_hold_the_lapse_up(strict_office) -> None:
    office = strict_office
    ben = office.desk.acting_as("ben")
    ben.add_absence("2026-04-01", "2026-04-13")
    post = submitted(office)
    office.now = hour(1, 14)
    office.desk.run_due()
    assert [("reminder", "eva")] == told(office, "reminder")
    office.now = hour(2, 8)
    office.desk.run_due()
    (step,) = office.desk.pending_steps(post)
    assert (("ben",), True) == (step.absent, step.overdue)


def test_where_all_are_away_their_days_away_do_not_count(strict_office) -> None:
    office = strict_office
    ben, eva = office.acting("ben", "eva")
    ben.add_absence("2026-04-01", "2026-04-13")
    eva.add_absence("2026-04-01", "2026-04-08")
    post = submitted(office)
    office.now = hour(10, 12)
    office.desk.run_due()
    (step,) = office.desk.pending_steps(post)
    assert not step.overdue
    office.now = hour(13, 11)  # four hours after Ben is back on Monday at nine
    office.desk.run_due()
    (step,) = office.desk.pending_steps(post)
    assert step.overdue


def test_an_absence_moves_the_deadlines_of_what_waits(strict_office) -> None:
    office = strict_office
    ben, eva = office.acting("ben", "eva")
    submitted(office)
    office.now = hour(1, 14)
    office.desk.run_due()
    assert hour(2, 8) == office.desk.next_due()
    ben.add_absence("2026-04-02", "2026-04-03")
    eva.add_absence("2026-04-02", "2026-04-03")
    office.desk.run_due()
    assert hour(2, 12) == office.desk.next_due()  # the escalation comes first now
    assert office.desk.audit().clean


def test_an_adoption_moves_the_deadlines_of_what_waits(office) -> None:
    post = submitted(office)
    assert office.desk.next_due() is None
    eva = office.desk.acting_as("eva")
    faster = strict(('within = "4 business hours"\n', ""))
    eva.adopt(office.desk.propose(faster), reason="deadlines")
    assert office.now == office.desk.next_due()
    office.desk.run_due()
    # Another wording: the author is told once that votes have to be asked for again.
    assert [("policy_changed", "ana")] == told(office, "policy_changed")
    eva.adopt(office.desk.propose(strict()), reason="more")
    office.desk.run_due()
    assert [("policy_changed", "ana")] == told(office, "policy_changed")
    assert "in_review" == office.desk.post(post.id).state


def test_a_step_that_asks_nobody_is_overdue_at_once_and_the_lead_is_told(office) -> None:
    eva = office.desk.acting_as("eva")
    text = DOCUMENT.replace('reviewers = ["role:editor"]', 'reviewers = ["member:tom"]', 1)
    eva.adopt(office.desk.propose(Organization.loads(text)), reason="a slip")
    submitted(office)
    office.desk.run_due()
    assert [("no_reviewer", "ana"), ("no_reviewer", "eva")] == told(office, "no_reviewer")


def test_business_hours_hold_over_the_night_the_clocks_change(strict_office) -> None:
    """Friday 16:00 and two business hours is Monday 10:00, an hour earlier by UTC than before."""
    office = strict_office
    office.now = dt.datetime(2026, 10, 23, 14, tzinfo=dt.UTC)
    submitted(office, at="2026-11-20 09:30")
    assert dt.datetime(2026, 10, 26, 9, tzinfo=dt.UTC) == office.desk.next_due()
