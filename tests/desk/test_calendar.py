"""Nothing is planned into a silence or under a hold, and each workspace has its own calendar."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.desk import Desk
from socialcollab.errors import NotAllowedError
from socialcollab.organization import Organization
from socialcollab.workflow import Actor, Event
from socialcollab.workflow import events as ev

SILENCE = """
[[blackouts]]
on = { workspace = "tulip" }
start = "2026-05-04 19:55"
end = "2026-05-04 20:05"
reason = "two minutes of silence"
"""
WITHIN, OUTSIDE = "2026-05-04 20:00", "2026-05-04 20:05"


def silent(agency) -> None:
    proposal = agency.desk.propose(Organization.loads(DOCUMENT + SILENCE))
    agency.desk.acting_as("eva").adopt(proposal, reason="Remembrance Day")


def drafted(agency, at: str, profile: str = "tulip-x", who: str = "ana"):
    return agency.desk.acting_as(who).draft("Lente", profiles=[profile], planned_at=at)


def test_no_post_is_submitted_moved_or_scheduled_into_a_silence(agency) -> None:
    silent(agency)
    ana, ben = agency.acting("ana", "ben")
    with pytest.raises(NotAllowedError, match="two minutes of silence"):
        ana.submit(drafted(agency, WITHIN))
    post = ana.submit(drafted(agency, OUTSIDE))
    with pytest.raises(NotAllowedError, match="two minutes of silence"):
        ana.reschedule(post, WITHIN)
    post = ben.approve(post)
    with pytest.raises(NotAllowedError, match="two minutes of silence"):
        ana.schedule(post, at=WITHIN)
    assert "approved" == agency.desk.post(post.id).state


def test_no_post_is_moved_or_scheduled_to_a_time_under_a_hold(agency) -> None:
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ben.approve(ana.submit(drafted(agency, OUTSIDE)))
    until = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    eva.hold("tulip-x", reason="a crisis", until=until)
    with pytest.raises(NotAllowedError, match="a crisis"):
        ana.reschedule(post, "2026-05-05 09:00")
    post = ana.reschedule(post, "2026-06-02 09:00")
    with pytest.raises(NotAllowedError, match="a crisis"):
        ana.schedule(post, at="2026-05-05 09:00")


def test_the_calendar_of_a_workspace_holds_its_own_entries_alone(agency) -> None:
    drafted(agency, OUTSIDE)
    drafted(agency, OUTSIDE, profile="dike-x", who="dirk")
    start = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    month = start, start + dt.timedelta(days=31)
    for workspace, profile in (("tulip", "tulip-x"), ("dike", "dike-x")):
        found = agency.desk.calendar(*month, workspace=workspace).entries()
        assert [profile] == [entry.profile for entry in found]
    assert 2 == len(agency.desk.calendar(*month).entries())


def test_what_concerns_nobody_keeps_nobody_from_being_told(agency) -> None:
    """Events of several streams in one append: each has its own notices, whatever stands before."""
    post = drafted(agency, OUTSIDE)
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


def test_what_another_hold_made_miss_its_time_is_not_laid_to_this_one(agency) -> None:
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
