"""Ended holds are marked wherever holds are shown."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DUE, MINUTE, START, in_review

from socialcollab.errors import NotFoundError
from socialcollab.pages import hold_block

HOUR = dt.timedelta(hours=1)


def test_ended_holds(agency) -> None:
    """Only active holds are listed by default; ended holds are listed with their end."""
    eva = agency.desk.acting_as("eva")
    first = eva.hold("tulip-x", reason="storm")
    second = eva.hold("tulip-mastodon", reason="storing", until=START + HOUR)
    third = eva.hold({"workspace": "tulip"}, reason="onderzoek")
    agency.now += MINUTE
    resumed = eva.resume(first)
    assert (START + MINUTE, "member:eva") == (resumed.ended_at, resumed.ended_by)
    agency.now = START + 2 * HOUR
    assert [third.id] == [hold.id for hold in agency.desk.holds()]
    assert [
        (first.id, "storm", START + MINUTE, "member:eva"),
        (second.id, "storing", START + HOUR, ""),
        (third.id, "onderzoek", None, ""),
    ] == [
        (hold.id, hold.reason, hold.ended_at, hold.ended_by)
        for hold in agency.desk.holds(ended=True)
    ]
    # A hold that ended automatically is not recorded as ended by a member who ends it later.
    eva.resume(second)
    assert agency.desk.holds(ended=True)[1].ended_by == ""
    assert agency.desk.audit().clean
    assert agency.desk.holds(ended=True, workspace="dike") == ()
    assert {""} == {hold.reason for hold in agency.desk.holds(ended=True, viewer="noor")}
    assert agency.desk.holds(ended=True, viewer="dirk") == ()


def test_calendar_holds(agency) -> None:
    """The calendar contains only active holds."""
    eva = agency.desk.acting_as("eva")
    eva.hold("tulip-x", reason="storm", until=START + HOUR)

    def holds():
        calendar = agency.desk.calendar("2026-04-01", "2026-04-08")
        return [hold.reason for one in calendar.profile_calendars.values() for hold in one.holds]

    assert holds() == ["storm"]
    agency.now = START + HOUR
    assert holds() == []


def test_hold_of_late_post(agency) -> None:
    """A post that is late because of a hold shows the hold, marked as ended once it has ended."""
    ana, ben, eva, noor = agency.acting("ana", "ben", "eva", "noor")
    post = ben.approve(in_review(agency))
    hold = eva.hold("tulip-x", reason="storm")
    (shown,) = ana.post_view(post).holds
    assert (hold.id, None, "storm") == (shown.id, shown.ended_at, shown.reason)
    assert [one.reason for one in noor.post_view(post).holds] == [""]
    agency.now = DUE + MINUTE
    agency.desk.run_due()
    status = agency.desk.hold_status(hold)
    assert (1, None) == (len(status.missed), status.ended_at)
    eva.resume(hold)
    (shown,) = ana.post_view(post).holds
    assert (DUE + MINUTE, "member:eva") == (shown.ended_at, shown.ended_by)
    (item,) = ana.to_do()
    assert ("triage", (shown,)) == (item.kind, item.holds)
    status = agency.desk.hold_status(shown)
    assert (DUE + MINUTE, "member:eva") == (status.ended_at, status.ended_by)
    # A delivery that is planned after the end is not affected, although the selector matches it.
    other = ben.approve(
        ana.submit(ana.draft("Later", profiles=["tulip-x"], planned_at="2026-04-09 09:30"))
    )
    assert agency.desk.summary(other) == "scheduled"
    assert agency.desk.hold_status(hold.id).waiting == ()
    assert ana.post_view(other).holds == ()
    with pytest.raises(NotFoundError):
        agency.desk.hold_status("no-such-hold")


def test_hold_blocks(agency) -> None:
    """The block of a hold on a calendar shows when the hold ended and who ended it."""
    eva = agency.desk.acting_as("eva")
    eva.hold("tulip-x", reason="storm", until=START + HOUR)
    eva.resume(eva.hold("tulip-mastodon", reason="storing"))
    eva.hold({"workspace": "tulip"}, reason="onderzoek")
    agency.now = START + 2 * HOUR
    zone = "Europe/Amsterdam"
    blocks = [hold_block(hold, zone=zone) for hold in agency.desk.holds(ended=True)]
    assert [
        (
            True,
            "profile tulip-x from 2026-04-01 10:00 until 2026-04-01 11:00, ended automatically: storm",
        ),
        (
            True,
            "profile tulip-mastodon from 2026-04-01 10:00 until 2026-04-01 10:00,"
            " ended by eva: storing",
        ),
        (
            False,
            "workspace tulip from 2026-04-01 10:00 until a member ends it: onderzoek",
        ),
    ] == [(block.ended, block.text) for block in blocks]
    assert ["11:00", "10:00"] == [f"{block.last:%H:%M}" for block in blocks[:2]]
    assert dt.date.max == blocks[2].last


@pytest.mark.parametrize("until", [None, DUE + HOUR])
@pytest.mark.parametrize("ticks", [0, 1])
def test_missed_without_worker(agency, until, ticks) -> None:
    """A delivery that was due during a hold is missed, whether or not a worker ran at that time."""
    post, later = agency.approved_post(), agency.approved_post(at="2026-04-07 15:00")
    (eva,) = agency.acting("eva")
    agency.now = DUE - HOUR
    hold = eva.hold("tulip-mastodon", reason="storm", until=until)
    for _ in range(ticks):
        agency.now = DUE + MINUTE
        agency.desk.run_due()
    agency.now = DUE + 2 * HOUR
    if until is None:
        assert [post.id] == [name.split(".")[0] for name in eva.resume(hold).missed]
    assert [post.id] == [name.split(".")[0] for name in agency.desk.hold_status(hold.id).missed]
    for _ in range(2):
        agency.desk.run_due()
        assert ("missed", "scheduled") == (agency.desk.summary(post), agency.desk.summary(later))
    (late,) = [item for item in eva.to_do() if item.kind == "triage"]
    assert ["storm"] == [hold.reason for hold in late.holds]
    eva.schedule(agency.desk.post(post.id), at="2026-04-07 12:00")
    agency.now = dt.datetime(2026, 4, 7, 13, tzinfo=dt.UTC)
    agency.desk.run_due()
    assert ("published", "published") == (agency.desk.summary(post), agency.desk.summary(later))


def test_due_before_hold(agency) -> None:
    """A delivery that was due before a hold, or while its post was exempt, is still sent."""
    post, statement = agency.approved_post(), agency.approved_post("veilig", at="2026-04-07 10:00")
    (eva,) = agency.acting("eva")
    agency.now = DUE + MINUTE
    hold = eva.hold("tulip-mastodon", reason="storm")
    eva.exempt(hold, statement, reason="statement")
    agency.now = DUE + 2 * HOUR
    eva.resume(hold)
    for _ in range(3):
        agency.desk.run_due()
        agency.now += HOUR
    assert ("published", "published") == (
        agency.desk.summary(post),
        agency.desk.summary(statement),
    )
