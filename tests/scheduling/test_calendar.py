"""Calendars."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.scheduling.calendars import ZONE, X, at, calendar, entry

from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.scheduling import Calendar, SlotPlan


def test_calendar_errors() -> None:
    """A missing zone, a repeated profile and an entry on an unknown profile raise errors."""
    with pytest.raises(InvalidValueError, match="no time zone"):
        Calendar.of([X])
    with pytest.raises(InvalidValueError, match="twice"):
        Calendar.of([X, X], zone=ZONE)
    with pytest.raises(NotFoundError):
        Calendar.of([X], zone=ZONE, entries=[entry("2026-04-07 09:30", profile="other")])


def test_slots_over_clock_change():
    """Slots keep the same local time when the clocks change."""
    daily = SlotPlan(on="tulip-x", slots=["day 02:30", "sat 24:00"])
    found = list(
        calendar(slot_plans=[daily])
        .profile_calendar("tulip-x")
        .slots_from(at("2026-03-28 12:00"), days=2)
    )
    assert [
        at("2026-03-29 00:00"),
        dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC),
        at("2026-03-30 02:30"),
    ] == found[:3]
