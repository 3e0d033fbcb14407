"""Other rules of time zones: instants follow the wall time, and somebody is told."""

from __future__ import annotations

import datetime as dt
import io
from importlib import resources
from zoneinfo import ZoneInfo

import pytest

from socialcollab.desk.worker import reevaluation
from socialcollab.time import zones

PLANNED = "2026-04-07 09:30"
AMSTERDAM = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)


@pytest.fixture
def new_rules(monkeypatch):
    """Let Amsterdam follow London's clocks, as a new version of the zone data says."""

    def take_effect(version: str = "2099z") -> None:
        known = zones._load.__wrapped__
        data = resources.files("tzdata").joinpath("zoneinfo", "Europe", "London").read_bytes()
        moved = ZoneInfo.from_file(io.BytesIO(data), key="Europe/Amsterdam")
        monkeypatch.setattr(
            zones, "_load", lambda name: moved if name == "Europe/Amsterdam" else known(name)
        )
        monkeypatch.setattr(reevaluation, "tzdata_version", lambda: version)

    return take_effect


def test_a_delivery_leaves_at_its_wall_time_under_the_new_rules(office, new_rules) -> None:
    ana, ben = office.acting("ana", "ben")
    post = ben.approve(ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED)))
    waiting = ana.submit(ana.draft("Zomer", profiles=["tulip-x"], planned_at="2026-04-08 09:30"))
    draft = ana.draft("Herfst", profiles=["tulip-x"], planned_at="2026-04-09 09:30")
    new_rules()
    office.desk.run_due()
    assert AMSTERDAM + dt.timedelta(hours=1) == office.desk.next_due()
    moved = [one for one in office.desk.notifications() if one.kind == "zone_changed"]
    assert [("ana", "tulip-x"), ("eva", "tulip-x")] == [(one.to, one.profile) for one in moved]
    (event,) = (one for one in office.desk.history(post) if one.type == "delivery.rescheduled")
    assert (AMSTERDAM, AMSTERDAM + dt.timedelta(hours=1)) == (event.data.before, event.data.after)
    assert office.desk.audit().clean
    calendar = office.desk.calendar(AMSTERDAM, AMSTERDAM + dt.timedelta(days=3))
    assert {8} == {entry.at.hour for entry in calendar.entries()}
    assert {post.id, waiting.id, draft.id} == {entry.post for entry in calendar.entries()}
    before = office.desk.engine.store.read_all()[-1].position
    office.desk.run_due()
    assert before == office.desk.engine.store.read_all()[-1].position


def test_a_worker_with_older_zone_data_leaves_it_and_says_so(office, new_rules) -> None:
    new_rules("2001a")
    report = office.desk.run_due()
    ((stream, problem),) = report.problems
    assert "organization" == stream
    assert "2001a" in problem
    assert "update the package `tzdata`" in problem


def test_what_waits_for_newer_zone_data_is_due_and_hides_nothing_that_comes_later(
    office, new_rules
) -> None:
    ana, ben = office.acting("ana", "ben")
    ben.approve(ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED)))
    since = office.now
    ana.add_absence("2026-04-10", "2026-04-12")
    new_rules("2001a")
    report = office.desk.run_due()
    assert since == office.desk.next_due()
    assert office.desk.next_due(after=report.at) in (
        AMSTERDAM,
        AMSTERDAM + dt.timedelta(hours=1),
    )
