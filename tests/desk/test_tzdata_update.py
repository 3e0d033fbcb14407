"""An update of the time zone data: wall times stay the same, and their instants move."""

from __future__ import annotations

import datetime as dt
import io
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from tests.desk.agency import PLANNED

from socialcollab.desk.worker import reevaluation
from socialcollab.time import zones

AMSTERDAM = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)


@pytest.fixture
def update_tzdata(monkeypatch):
    """Return a function that simulates newer zone data, in which Amsterdam has London's time."""

    def update(version: str = "2099z") -> None:
        known = zones._load.__wrapped__
        data = resources.files("tzdata").joinpath("zoneinfo", "Europe", "London").read_bytes()
        moved = ZoneInfo.from_file(io.BytesIO(data), key="Europe/Amsterdam")
        monkeypatch.setattr(
            zones, "_load", lambda name: moved if name == "Europe/Amsterdam" else known(name)
        )
        monkeypatch.setattr(reevaluation, "tzdata_version", lambda: version)

    return update


def test_wall_times_stay(agency, update_tzdata) -> None:
    """Deliveries move to the new instant of their wall time, and author and lead are notified."""
    ana, ben = agency.acting("ana", "ben")
    post = ben.approve(ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED)))
    waiting = ana.submit(ana.draft("Zomer", profiles=["tulip-x"], planned_at="2026-04-08 09:30"))
    draft = ana.draft("Herfst", profiles=["tulip-x"], planned_at="2026-04-09 09:30")
    update_tzdata()
    agency.desk.run_due()
    assert AMSTERDAM + dt.timedelta(hours=1) == agency.desk.next_due()
    moved = [
        notification
        for notification in agency.desk.notifications()
        if notification.kind == "zone_changed"
    ]
    assert [("ana", "tulip-x"), ("eva", "tulip-x")] == [
        (notification.to, notification.profile) for notification in moved
    ]
    (event,) = (
        entry for entry in agency.desk.history(post) if entry.type == "delivery.rescheduled"
    )
    assert (AMSTERDAM, AMSTERDAM + dt.timedelta(hours=1)) == (event.data.before, event.data.after)
    assert agency.desk.audit().clean
    calendar = agency.desk.calendar(AMSTERDAM, AMSTERDAM + dt.timedelta(days=3))
    assert {8} == {entry.at.hour for entry in calendar.entries()}
    assert {post.id, waiting.id, draft.id} == {entry.post for entry in calendar.entries()}
    before = agency.desk.engine.store.read_all()[-1].position
    agency.desk.run_due()
    assert before == agency.desk.engine.store.read_all()[-1].position


def test_worker_with_older_data(agency, update_tzdata) -> None:
    """A worker with older zone data moves nothing and reports a problem."""
    update_tzdata("2001a")
    report = agency.desk.run_due()
    ((stream, problem),) = report.problems
    assert "organization" == stream
    assert "2001a" in problem
    assert "update the package `tzdata`" in problem


def test_next_due(agency, update_tzdata) -> None:
    """Work that waits for newer zone data stays due; with `after`, later work is returned."""
    ana, ben = agency.acting("ana", "ben")
    ben.approve(ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED)))
    since = agency.now
    ana.add_absence("2026-04-10", "2026-04-12")
    update_tzdata("2001a")
    report = agency.desk.run_due()
    assert since == agency.desk.next_due()
    assert agency.desk.next_due(after=report.at) in (
        AMSTERDAM,
        AMSTERDAM + dt.timedelta(hours=1),
    )
