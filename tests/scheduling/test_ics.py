"""iCalendar files."""
# ruff: noqa: DTZ001  a VTIMEZONE contains local times

from __future__ import annotations

import datetime as dt

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scheduling.calendars import ZONE, at, calendar, entry

from socialcollab.errors import InvalidValueError, MissingExtraError
from socialcollab.scheduling import Entry, write_ics
from socialcollab.time import local_time, resolve

HOUR = dt.timedelta(hours=1)


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


def exported(*entries, **options):
    """Return the events that are written for entries."""
    now = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    data = write_ics(entries, now=now, **options)
    return icalendar.Calendar.from_ical(data).walk("VEVENT")


@pytest.mark.parametrize(
    ("status", "states"),
    [
        (
            "CONFIRMED",
            ["approved", "waiting", "publishing", "published", "removing", "native_post"],
        ),
        ("TENTATIVE", ["draft", "in_review", "held", "missed", "failed", "expired", "unknown"]),
        ("CANCELLED", ["cancelled", "rejected", "removed"]),
    ],
)
def test_status(status, states):
    """An entry that needs attention is not cancelled, because programs hide cancelled events."""
    for state in states:
        (event,) = exported(entry("2026-04-07 09:30", state=state))
        assert status == str(event["STATUS"])


def test_uid_does_not_depend_on_other_entries():
    """The UID of an entry is the same in every window, and differs for different entries."""
    first, second = entry("2026-04-07 09:30"), entry("2026-05-07 09:30", occurrence=2)
    both = [str(event["UID"]) for event in exported(first, second)]
    assert both == [str(exported(each)[0]["UID"]) for each in (first, second)]
    assert both == ["p1/tulip-x/1@socialcollab", "p1/tulip-x/2@socialcollab"]
    dotted = [entry("2026-04-07 09:30", "a.b", "c"), entry("2026-04-07 09:30", "a", "b.c")]
    assert len({str(event["UID"]) for event in exported(*dotted)}) == 2
    with pytest.raises(InvalidValueError, match=r"two entries with occurrence 1.*different"):
        exported(first, entry("2026-05-07 09:30"))


def test_changes():
    """SEQUENCE and LAST-MODIFIED are those of the entry."""
    changed = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
    new, old = exported(
        entry("2026-04-07 09:30"), entry("2026-04-07 09:30", "p2", sequence=4, changed_at=changed)
    )
    assert (new["SEQUENCE"], "LAST-MODIFIED" in new) == (0, False)
    assert (old["SEQUENCE"], old["LAST-MODIFIED"].dt) == (4, changed)


def test_texts_are_escaped():
    """No text can add a line or a property, and control characters are removed."""
    title = "a\r\nDTSTART:1\rb\x00\x07c\u2028d\x85e\ud800;,\\n"
    data = write_ics(
        [Entry(profile="tulip-x", at=at("2026-04-08 09:30"), post="p,2;\x1b", title=title)],
        now=dt.datetime(2026, 4, 1, tzinfo=dt.UTC),
        name="Tulip\nBEGIN:VEVENT",
    )
    assert not [line for line in data.decode().splitlines() if line.startswith("DTSTART:1")]
    read = icalendar.Calendar.from_ical(data)
    (event,) = read.walk("VEVENT")
    assert str(event["SUMMARY"]) == "tulip-x: a\nDTSTART:1\nbc\nd\ne;,\\n"
    assert str(event["UID"]) == "p,2;/tulip-x/1@socialcollab"
    assert b"X-WR-CALNAME:Tulip\\nBEGIN:VEVENT\r\n" in data


def test_length():
    """An event cannot be shorter than a second."""
    with pytest.raises(InvalidValueError, match="less than a second"):
        exported(entry("2026-04-07 09:30"), length=dt.timedelta())


def test_onsets():
    """A change is written in the offset before it: the clocks go forward at 02:00, back at 03:00."""
    year = calendar(entry("2026-01-07 09:30"), entry("2026-12-07 09:30", "p2"))
    data = write_ics(year, now=dt.datetime(2026, 4, 1, tzinfo=dt.UTC))
    (zone,) = icalendar.Calendar.from_ical(data).walk("VTIMEZONE")
    assert [
        ("STANDARD", "2026-01-06 09:30", 1, 1, "CET"),
        ("DAYLIGHT", "2026-03-29 02:00", 1, 2, "CEST"),
        ("STANDARD", "2026-10-25 03:00", 2, 1, "CET"),
    ] == [
        (
            part.name,
            f"{part['DTSTART'].dt:%Y-%m-%d %H:%M}",
            part["TZOFFSETFROM"].td // HOUR,
            part["TZOFFSETTO"].td // HOUR,
            str(part["TZNAME"]),
        )
        for part in zone.subcomponents
    ]


def instant_by_file(event, zones):
    """Return the instant of an event by the VTIMEZONE in its file, as RFC 5545 defines it."""
    local = event["DTSTART"].dt.replace(tzinfo=None)
    parts = zones[event["DTSTART"].params["TZID"]].subcomponents
    started = [part for part in parts if part["DTSTART"].dt <= local]
    last = max(started, key=lambda part: part["DTSTART"].dt)
    return (local - last["TZOFFSETTO"].td).replace(tzinfo=dt.UTC)


@given(
    name=st.sampled_from(
        ["Europe/Amsterdam", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe",
         "Pacific/Apia", "Asia/Tokyo", "Europe/Dublin"]
    ),
    instants=st.lists(
        st.datetimes(dt.datetime(2009, 1, 1), dt.datetime(2035, 1, 1)), min_size=1, max_size=5
    ),
)  # fmt: skip
def test_zones_by_rfc(name, instants):
    """The VTIMEZONE in the file gives the instant of each event, except for repeated times."""
    entries = [
        Entry(profile="tulip-x", post=f"p{n}", at=instant.replace(microsecond=0, tzinfo=dt.UTC))
        for n, instant in enumerate(instants)
    ]
    data = write_ics(entries, now=dt.datetime(2026, 4, 1, tzinfo=dt.UTC), time_zone=name)
    read = icalendar.Calendar.from_ical(data)
    zones = {str(zone["TZID"]): zone for zone in read.walk("VTIMEZONE")}
    for each, event in zip(entries, read.walk("VEVENT"), strict=True):
        local = local_time(each.at, name)
        if resolve(local, name, repeated="first") == resolve(local, name, repeated="second"):
            assert instant_by_file(event, zones) == each.at


def test_missing_extra(monkeypatch):
    """If the extra is missing, the error shows what to install."""
    monkeypatch.setitem(__import__("sys").modules, "icalendar", None)
    with pytest.raises(MissingExtraError, match="calendar"):
        write_ics([], now=dt.datetime(2026, 4, 1, tzinfo=dt.UTC))
