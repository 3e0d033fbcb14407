"""Business hours: opening times, and arithmetic in business hours and days."""
# ruff: noqa: DTZ001  the tests are about local times

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.document_fields import fields_of
from socialcollab.errors import InvalidValueError
from socialcollab.time import (
    BusinessHours,
    BusinessHoursSection,
    Duration,
    HolidayEntry,
    TimeOfDay,
    Weekdays,
    resolve,
)

ZONE = "Europe/Amsterdam"
OFFICE = BusinessHours(
    days="mon-fri", start="09:00", end="17:00", zone=ZONE, holidays=[dt.date(2026, 4, 27)]
)
NIGHT = BusinessHours(
    days="fri,sat", start="22:00", end="06:00", zone=ZONE, holidays=[dt.date(2026, 4, 3)]
)
HOLIDAY_FILE = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//test//\r
BEGIN:VEVENT\r
UID:1\r
DTSTART;VALUE=DATE:20260427\r
SUMMARY:Koningsdag\r
END:VEVENT\r
END:VCALENDAR\r
"""


def at(text):
    return resolve(dt.datetime.fromisoformat(text), ZONE)


def add(text, duration, hours=OFFICE):
    return hours.add(at(text), Duration.parse(duration))


def test_open_from_start_to_end():
    """The start of business hours is inclusive and the end exclusive, and holidays are closed."""
    assert OFFICE.is_open(at("2026-04-07 09:00"))
    assert not OFFICE.is_open(at("2026-04-07 17:00"))
    assert not OFFICE.is_open(at("2026-04-27 12:00")), "a holiday"
    assert at("2026-04-28 09:00") == OFFICE.next_open(at("2026-04-24 17:00")), (
        "after the weekend and a holiday"
    )
    assert at("2026-04-07 12:00") == OFFICE.next_open(at("2026-04-07 12:00"))


def test_add_business_hours():
    """Business hours and minutes count only open time."""
    assert at("2026-04-07 13:00") == add("2026-04-07 09:00", "4 business hours")
    assert at("2026-04-07 17:00") == add("2026-04-07 16:30", "30 business minutes")
    assert at("2026-04-28 09:30") == add("2026-04-24 16:30", "1 business hour")


def test_add_business_days():
    """One business day later is the same local time on the next open day."""
    assert at("2026-04-13 16:00") == add("2026-04-10 16:00", "1 business day")
    assert at("2026-04-14 09:00") == add("2026-04-10 18:00", "1 business day")
    assert at("2026-04-14 09:00") == add("2026-04-12 12:00", "1 business day")
    assert at("2026-04-28 16:00") == add("2026-04-23 16:00", "2 business days"), "after the holiday"


def test_night_hours_belong_to_first_day():
    """Hours that extend past midnight belong to the day on which they begin."""
    assert NIGHT.is_open(at("2026-04-11 03:00"))
    assert not NIGHT.is_open(at("2026-04-04 03:00")), "closed on the night of Good Friday"
    assert NIGHT.is_open(at("2026-04-05 03:00"))
    assert at("2026-04-12 01:00") == add("2026-04-11 01:00", "1 business day", NIGHT)
    assert at("2026-04-11 23:00") == add("2026-04-11 05:00", "2 business hours", NIGHT)


def test_night_spans_clock_change():
    """A night with a clock change is an hour shorter or longer."""
    spring, autumn = at("2026-03-28 12:00"), at("2026-10-24 12:00")
    day = dt.timedelta(days=1)
    assert dt.timedelta(hours=7) == NIGHT.between(spring, spring + day)
    assert dt.timedelta(hours=9) == NIGHT.between(autumn, autumn + day)


def test_hours_must_open():
    """Hours with no length, or with no opening within ten years, are errors."""
    with pytest.raises(InvalidValueError, match="never open"):
        BusinessHours(days="mon", start="09:00", end="09:00", zone=ZONE)
    first = dt.date(2026, 1, 1)
    closed = BusinessHours(
        days="mon",
        start="09:00",
        end="10:00",
        zone=ZONE,
        holidays=[first + dt.timedelta(days=day) for day in range(4000)],
    )
    with pytest.raises(InvalidValueError, match="ten years"):
        closed.next_open(at("2026-02-01 00:00"))


instants = st.datetimes(
    dt.datetime(2026, 1, 1), dt.datetime(2027, 1, 1), timezones=st.just(dt.UTC)
).map(lambda value: value.replace(second=0, microsecond=0))


offices = st.builds(
    lambda days, start, length: BusinessHours(
        days=Weekdays(days),
        start=TimeOfDay(start),
        end=TimeOfDay((start + length) % 1440),
        zone=ZONE,
        holidays=[dt.date(2026, 4, 27), dt.date(2026, 12, 25)],
    ),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1439),
)


@given(offices, instants, st.integers(1, 2000))
def test_between_undoes_add(office, start, minutes):
    """The open time between an instant and the result of `add` equals the added duration."""
    end = office.add(start, Duration(minutes, "minute", business=True))
    assert dt.timedelta(minutes=minutes) == office.between(start, end)
    assert -dt.timedelta(minutes=minutes) == office.between(end, start)


@given(offices, instants, st.integers(1, 60 * 24 * 3))
def test_between_counts_open_minutes(office, start, length):
    """`between` counts exactly the minutes for which `is_open` returns true."""
    minutes = [start + dt.timedelta(minutes=minute) for minute in range(0, length, 7)]
    expected = sum(office.is_open(minute) for minute in minutes)
    counted = sum(
        office.between(minute, minute + dt.timedelta(minutes=1)) > dt.timedelta()
        for minute in minutes
    )
    assert expected == counted


@given(offices, instants, st.integers(1, 5), st.integers(1, 5))
def test_business_days_add_up(office, start, first, second):
    """Adding days in one step or in two has the same result, except for clock changes."""
    begin = office.next_open(start)
    together = office.add(begin, Duration(first + second, "day", business=True))
    apart = office.add(
        office.add(begin, Duration(first, "day", business=True)),
        Duration(second, "day", business=True),
    )
    assert abs(together - apart) <= dt.timedelta(hours=1) or not office.is_open(
        office.add(begin, Duration(first, "day", business=True))
    )


def test_section_makes_hours():
    """The document's section results in business hours with the holidays of its dates and files."""
    assert len(fields_of(BusinessHoursSection)) == len(attrs.fields(BusinessHoursSection))
    section = BusinessHoursSection(
        days=Weekdays.parse("mon-fri"),
        start=TimeOfDay.parse("09:00"),
        end=TimeOfDay.parse("17:00"),
        holidays=[HolidayEntry.parse("2026-05-05"), HolidayEntry.parse("holidays-nl.ics")],
    )
    hours = section.hours(zone=ZONE, files={"holidays-nl.ics": HOLIDAY_FILE})
    assert dt.date(2026, 4, 27) in hours.holidays
    assert dt.date(2026, 5, 5) in hours.holidays
    with pytest.raises(InvalidValueError, match="holidays-nl"):
        section.hours(zone=ZONE)
