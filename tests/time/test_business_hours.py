"""Business hours: minute for minute what a calendar on the wall would show."""
# ruff: noqa: DTZ001  local times are what is tested

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.document_fields import shape_of
from socialcollab.errors import InvalidValueError
from socialcollab.time import (
    BusinessHours,
    BusinessHoursSection,
    Duration,
    HolidayEntry,
    Holidays,
    TimeOfDay,
    Weekdays,
    read_holidays,
    resolve,
)

ZONE = "Europe/Amsterdam"
OFFICE = BusinessHours(
    days="mon-fri", start="09:00", end="17:00", zone=ZONE, holidays=[dt.date(2026, 4, 27)]
)
NIGHT = BusinessHours(
    days="fri,sat", start="22:00", end="06:00", zone=ZONE, holidays=[dt.date(2026, 4, 3)]
)
ICS = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//test//\r
BEGIN:VEVENT\r
UID:1\r
DTSTART;VALUE=DATE:20200427\r
RRULE:FREQ=YEARLY\r
EXDATE;VALUE=DATE:20280427\r
SUMMARY:Koningsdag\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:2\r
DTSTART;VALUE=DATE:20261225\r
DTEND;VALUE=DATE:20261227\r
SUMMARY:Kerst\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:3\r
DTSTART:20260501T090000Z\r
DTEND:20260501T100000Z\r
SUMMARY:A meeting\r
END:VEVENT\r
END:VCALENDAR\r
"""


def at(text):
    return resolve(dt.datetime.fromisoformat(text), ZONE)


def add(text, duration, hours=OFFICE):
    return hours.add(at(text), Duration.parse(duration))


def test_opening_and_closing():
    assert OFFICE.is_open(at("2026-04-07 09:00"))
    assert not OFFICE.is_open(at("2026-04-07 17:00"))
    assert not OFFICE.is_open(at("2026-04-27 12:00")), "a holiday"
    assert at("2026-04-28 09:00") == OFFICE.next_open(at("2026-04-24 17:00")), (
        "past weekend and holiday"
    )
    assert at("2026-04-07 12:00") == OFFICE.next_open(at("2026-04-07 12:00"))


def test_business_hours_pass_only_while_open():
    assert at("2026-04-07 13:00") == add("2026-04-07 09:00", "4 business hours")
    assert at("2026-04-07 17:00") == add("2026-04-07 16:30", "30 business minutes")
    assert at("2026-04-28 09:30") == add("2026-04-24 16:30", "1 business hour")


def test_a_business_day_is_the_same_time_on_the_next_day_that_opens():
    assert at("2026-04-13 16:00") == add("2026-04-10 16:00", "1 business day")
    assert at("2026-04-14 09:00") == add("2026-04-10 18:00", "1 business day")
    assert at("2026-04-14 09:00") == add("2026-04-12 12:00", "1 business day")
    assert at("2026-04-28 16:00") == add("2026-04-23 16:00", "2 business days"), "past the holiday"


def test_a_night_shift_belongs_to_the_day_it_began():
    assert NIGHT.is_open(at("2026-04-11 03:00"))
    assert not NIGHT.is_open(at("2026-04-04 03:00")), "Good Friday's night is off"
    assert NIGHT.is_open(at("2026-04-05 03:00"))
    assert at("2026-04-12 01:00") == add("2026-04-11 01:00", "1 business day", NIGHT)
    assert at("2026-04-11 23:00") == add("2026-04-11 05:00", "2 business hours", NIGHT)


def test_clock_changes_make_nights_shorter_and_longer():
    spring, autumn = at("2026-03-28 12:00"), at("2026-10-24 12:00")
    day = dt.timedelta(days=1)
    assert dt.timedelta(hours=7) == NIGHT.between(spring, spring + day)
    assert dt.timedelta(hours=9) == NIGHT.between(autumn, autumn + day)


def test_hours_that_never_open_are_refused():
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
def test_adding_then_measuring_gives_the_same(office, start, minutes):
    end = office.add(start, Duration(minutes, "minute", business=True))
    assert dt.timedelta(minutes=minutes) == office.between(start, end)
    assert -dt.timedelta(minutes=minutes) == office.between(end, start)


@given(offices, instants, st.integers(1, 60 * 24 * 3))
def test_measuring_counts_the_open_minutes(office, start, length):
    minutes = [start + dt.timedelta(minutes=minute) for minute in range(0, length, 7)]
    expected = sum(office.is_open(minute) for minute in minutes)
    counted = sum(
        office.between(minute, minute + dt.timedelta(minutes=1)) > dt.timedelta()
        for minute in minutes
    )
    assert expected == counted


@given(offices, instants, st.integers(1, 5), st.integers(1, 5))
def test_business_days_add_up(office, start, first, second):
    """Days one after the other are as many days together, but for clock changes."""
    begin = office.next_open(start)
    together = office.add(begin, Duration(first + second, "day", business=True))
    apart = office.add(
        office.add(begin, Duration(first, "day", business=True)),
        Duration(second, "day", business=True),
    )
    assert abs(together - apart) <= dt.timedelta(hours=1) or not office.is_open(
        office.add(begin, Duration(first, "day", business=True))
    )


def test_the_section_carries_its_shapes_and_makes_hours():
    assert all(shape_of(one) is not None for one in attrs.fields(BusinessHoursSection))
    section = BusinessHoursSection(
        days=Weekdays.parse("mon-fri"),
        start=TimeOfDay.parse("09:00"),
        end=TimeOfDay.parse("17:00"),
        holidays=[HolidayEntry.parse("2026-05-05"), HolidayEntry.parse("holidays-nl.ics")],
    )
    hours = section.hours(zone=ZONE, files={"holidays-nl.ics": ICS})
    assert dt.date(2026, 4, 27) in hours.holidays
    assert dt.date(2026, 5, 5) in hours.holidays
    with pytest.raises(InvalidValueError, match="holidays-nl"):
        section.hours(zone=ZONE)


def test_holiday_calendars_are_read_within_bounds():
    holidays = read_holidays(ICS, first_year=2026, last_year=2028)
    assert {"2026-04-27", "2027-04-27", "2026-12-25", "2026-12-26"} == {
        date.isoformat() for date in holidays.dates
    }
    assert holidays.name(dt.date(2026, 12, 26)) == "Kerst"
    assert (
        Holidays([dt.date(2026, 12, 26)], {dt.date(2026, 12, 26): "mine"})
        .union(holidays)
        .name(dt.date(2026, 12, 26))
        == "mine"
    )


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xfe", b"BEGIN:VCALENDAR", b"x" * 1_000_001])
def test_what_is_no_calendar_is_refused(data):
    with pytest.raises(InvalidValueError, match="holiday calendar"):
        read_holidays(data)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (b"UID:1\r\n", "an event has no DTSTART"),
        (b"DTSTART;VALUE=DATE:20260427\r\nRRULE:FREQ=SECONDLY\r\n", "within the day"),
        (b"DTSTART;VALUE=DATE:20260427\r\nRRULE:FREQ=DAILY;BYHOUR=1,2\r\n", "within the day"),
        (
            b"DTSTART;VALUE=DATE:20260427\r\nDTEND;VALUE=DATE:20270427\r\nRRULE:FREQ=WEEKLY\r\n",
            "more than 100000 days",
        ),
    ],
)
def test_a_calendar_that_asks_for_endless_work_is_refused(event, said):
    data = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + event + b"END:VEVENT\r\nEND:VCALENDAR\r\n"
    with pytest.raises(InvalidValueError, match=said):
        read_holidays(data)


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.slow)])
def test_real_calendars_never_crash(shared_data, every):
    for path in sorted(shared_data("ics-calendars").rglob("*.ics"))[::every]:
        try:
            read_holidays(path.read_bytes())
        except InvalidValueError:
            continue
