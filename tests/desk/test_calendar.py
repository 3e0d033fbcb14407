"""Blackouts and holds block times, and each workspace has its own calendar."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.desk import Desk
from socialcollab.errors import NotAllowedError
from socialcollab.scheduling import Calendar, Entry
from socialcollab.workflow import Actor, Event
from socialcollab.workflow import events as ev

BLACKOUT = """
[[blackouts]]
on = { workspace = "tulip" }
start = "2026-05-04 19:55"
end = "2026-05-04 20:05"
reason = "two minutes of silence"
"""
INSIDE, AFTER = "2026-05-04 20:00", "2026-05-04 20:05"


def adopt_blackout(agency) -> None:
    agency.adopt(DOCUMENT + BLACKOUT, reason="Remembrance Day")


def drafted(agency, at: str, profile: str = "tulip-x", member: str = "ana"):
    return agency.desk.acting_as(member).draft("Lente", profiles=[profile], planned_at=at)


def test_blackout(agency) -> None:
    """No post can be submitted for, rescheduled or scheduled to a time in a blackout."""
    adopt_blackout(agency)
    ana, ben = agency.acting("ana", "ben")
    with pytest.raises(NotAllowedError, match="two minutes of silence"):
        ana.submit(drafted(agency, INSIDE))
    post = ana.submit(drafted(agency, AFTER))
    with pytest.raises(NotAllowedError, match="two minutes of silence"):
        ana.reschedule(post, INSIDE)
    post = ben.approve(post)
    with pytest.raises(NotAllowedError, match="two minutes of silence"):
        ana.schedule(post, at=INSIDE)
    assert "approved" == agency.desk.post(post.id).state


def test_hold(agency) -> None:
    """No post can be rescheduled or scheduled to a time during a hold."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ben.approve(ana.submit(drafted(agency, AFTER)))
    until = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    eva.hold("tulip-x", reason="a crisis", until=until)
    with pytest.raises(NotAllowedError, match="a crisis"):
        ana.reschedule(post, "2026-05-05 09:00")
    post = ana.reschedule(post, "2026-06-02 09:00")
    with pytest.raises(NotAllowedError, match="a crisis"):
        ana.schedule(post, at="2026-05-05 09:00")


def test_calendar_of_workspace(agency) -> None:
    """The calendar of a workspace contains only the workspace's own entries."""
    drafted(agency, AFTER)
    drafted(agency, AFTER, profile="dike-x", member="dirk")
    start = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    month = start, start + dt.timedelta(days=31)
    for workspace, profile in (("tulip", "tulip-x"), ("dike", "dike-x")):
        entries = agency.desk.calendar(*month, workspace=workspace).entries()
        assert [profile] == [entry.profile for entry in entries]
    assert 2 == len(agency.desk.calendar(*month).entries())


def test_entries_keep_their_identity(agency) -> None:
    """An entry has the same occurrence number in every window, and counts the changes to it."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    entries: list[Entry] = []

    def look(number: int = 0, days: int = 60) -> Entry:
        start = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
        end = start + dt.timedelta(days=days)
        shown = agency.desk.calendar(start, end, workspace="tulip").entries()
        entries.append(shown[number])
        return shown[number]

    post = drafted(agency, "2026-04-02 09:30")
    first = look()
    assert (1, 0, agency.now) == (first.occurrence, first.sequence, first.changed_at)
    ana.comment(post, "Mooi")
    assert first == look(), "a comment is not exported"
    agency.now += dt.timedelta(hours=1)
    post = ana.reschedule(post, "2026-04-02 10:30")
    assert agency.now == look().changed_at
    post = ana.submit(post)
    look()
    post = ben.approve(post)
    look()
    post = ana.reschedule(post, "2026-05-02 09:30")
    assert look().at > first.at, "a new delivery replaces the old one"
    agency.now = dt.datetime(2026, 5, 2, 8, tzinfo=dt.UTC)
    agency.run_due()
    assert "published" == look().state
    assert {1} == {entry.occurrence for entry in entries}
    sequences = [entry.sequence for entry in entries if entry != first]
    assert sequences == sorted(set(sequences))
    changed = [entry.changed_at for entry in entries]
    assert changed == sorted(changed)
    eva.take_down(post, reason="the wrong year")
    agency.run_due()
    removed = look()
    agency.now += dt.timedelta(days=2)
    eva.publish_now(ben.approve(ana.submit(ana.withdraw(post))))
    (again,) = agency.desk.calendar(agency.now, agency.now + dt.timedelta(days=1)).entries()
    assert ("removed", 1, 2) == (removed.state, removed.occurrence, again.occurrence)
    assert again == look(1)
    assert removed.sequence <= look().sequence


def test_delivery_builds_no_calendar(agency, monkeypatch) -> None:
    """A delivery checks the blackouts of its profile without building a calendar."""
    adopt_blackout(agency)
    ana, ben = agency.acting("ana", "ben")
    post = ben.approve(ana.submit(drafted(agency, "2026-04-02 09:30")))
    monkeypatch.setattr(Calendar, "of", None)
    agency.now = dt.datetime(2026, 4, 2, 8, tzinfo=dt.UTC)
    agency.run_due()
    assert "published" == agency.desk.summary(post)


def test_notifications_of_several_streams(agency) -> None:
    """Each event of an append has its own notifications, even after an event without any."""
    post = drafted(agency, AFTER)
    desk = Desk.open(agency.store, **agency.options)
    engine = desk.engine
    state = desk.run(engine.state())
    loaded = desk.run(engine.post(post.id))
    events = [
        Event(ev.calendar_stream("tulip-x"), Actor.RULES, ev.SlotTaken(post=post.id)),
        Event(
            ev.post_stream(post.id),
            Actor.member("ben"),
            ev.PostCommented(internal=False, text="Mooi"),
        ),
    ]
    desk.run(
        engine.append(state, events, [loaded], at=engine.now(), salt=loaded.snapshot.post.salt)
    )
    assert ["ana"] == [
        notification.to for notification in desk.notifications() if notification.kind == "commented"
    ]


def test_missed_by_earlier_hold(agency) -> None:
    """A hold does not list deliveries that are late because of an earlier hold."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    ben.approve(ana.submit(drafted(agency, "2026-04-02 09:30")))
    first = eva.hold("tulip-x", reason="a crisis")
    agency.now = dt.datetime(2026, 4, 2, 8, tzinfo=dt.UTC)
    agency.desk.run_due()
    (missed,) = eva.resume(first.id).missed
    assert missed.endswith(".tulip-x.1")
    second = eva.hold("tulip-x", reason="another")
    assert () == second.missed
    assert () == eva.resume(second.id).missed


def test_published_text(agency) -> None:
    """The calendar shows the published text, and marks a newer text as a pending edit."""
    post = agency.approved_post("published text")
    agency.run_due()
    (ana,) = agency.acting("ana")
    week = ("2026-04-06", "2026-04-13")
    (entry,) = agency.desk.calendar(*week).entries()
    assert ("published text", False) == (entry.title, entry.pending_edit)
    ana.edit(post, text="newer text")
    (entry,) = agency.desk.calendar(*week).entries()
    assert ("published text", "published", True) == (entry.title, entry.state, entry.pending_edit)


def test_cancelled_posts(agency) -> None:
    """Cancelled posts are shown on request."""
    post = agency.approved_post("no more")
    agency.desk.acting_as("ana").cancel(post)
    week = ("2026-04-06", "2026-04-13")
    assert () == agency.desk.calendar(*week).entries()
    (entry,) = agency.desk.calendar(*week, cancelled=True).entries()
    assert ("no more", "cancelled") == (entry.title, entry.state)
