"""iCalendar files."""

from __future__ import annotations

import datetime as dt

import icalendar
import pytest
from tests.scheduling.calendars import ZONE, at, calendar, entry

from socialcollab.errors import MissingExtraError
from socialcollab.scheduling import Entry, write_ics


def test_ics_round_trip():
    """The file reads back with its events, zones and escaped text."""
    week = calendar(
        entry("2026-04-07 09:30"),
        entry("2026-04-07 09:30", profile="tulip-mastodon", state="cancelled"),
        Entry(profile="tulip-x", at=at("2026-04-08 09:30"), post="p2", title="🌷" * 60 + ", \n;"),
    )
    now = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    data = write_ics(week, now=now, name="Tulip")
    assert data == write_ics(week, now=now, name="Tulip")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    read = icalendar.Calendar.from_ical(data)
    events = read.walk("VEVENT")
    assert [at("2026-04-07 09:30")] * 2 + [at("2026-04-08 09:30")] == [
        e["DTSTART"].dt for e in events
    ]
    assert events[0]["DTSTART"].params["TZID"] == ZONE
    assert [str(zone["TZID"]) for zone in read.walk("VTIMEZONE")] == [ZONE]
    assert len({str(event["UID"]) for event in events}) == 3
    assert "🌷" * 60 + ", \n;" in str(events[2]["SUMMARY"])
    assert {"CONFIRMED", "CANCELLED"} == {str(event["STATUS"]) for event in events}
    alone = icalendar.Calendar.from_ical(write_ics(week.entries(), now=now))
    assert at("2026-04-07 09:30") == alone.walk("VEVENT")[0]["DTSTART"].dt


def test_missing_extra(monkeypatch):
    """If the extra is missing, the error shows what to install."""
    monkeypatch.setitem(__import__("sys").modules, "icalendar", None)
    with pytest.raises(MissingExtraError, match="calendar"):
        write_ics([], now=dt.datetime(2026, 4, 1, tzinfo=dt.UTC))
