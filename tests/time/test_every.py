"""Recurring times: the grammar and the occurrences."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import InvalidValueError
from socialcollab.time import (
    EVERY_PATTERN,
    TIME_OF_DAY_PATTERN,
    WEEKDAYS_PATTERN,
    WEEKLY_TIME_PATTERN,
    BusinessHours,
    Every,
    TimeOfDay,
    Weekdays,
    WeeklyTime,
)

NINE = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
EVERY = [
    ("friday 17:00", "fri 17:00"),
    ("mon-fri 09:30", "mon-fri 09:30"),
    ("mon, wed 10:00", "mon,wed 10:00"),
    ("first business day of the month 09:00", "first business day of the month 09:00"),
    ("last day of the month 12:00", "last day of the month 12:00"),
    ("second tue of the month 12:00", "second tuesday of the month 12:00"),
    ("day 09:00", "day 09:00"),
    ("mon-sun 09:00", "day 09:00"),
    ("year", "year"),
    ("month", "month"),
    ("week", "week"),
    ("day", "day"),
    ("freq=weekly;interval=2", "FREQ=WEEKLY;INTERVAL=2"),
]


@pytest.mark.parametrize(("text", "printed"), EVERY)
def test_every_round_trip(text, printed):
    """Every form is formatted canonically, and the result is parsed to the same value."""
    every = Every.parse(text)
    assert printed == str(every)
    assert every == Every.parse(printed)
    assert re.fullmatch(EVERY_PATTERN, printed)


@pytest.mark.parametrize(
    "text",
    ["", "often", "friday", "17:00", "fifth day of the month 09:00", "firday 17:00", "friday 25:00",
     "first of the month 09:00", "year 09:00", "last day of the month 24:00", "FREQ=HOURLI"],
)  # fmt: skip
def test_every_errors(text):
    """A string in any other form is an error."""
    with pytest.raises(InvalidValueError):
        Every.parse(text)


@given(
    st.lists(
        st.sampled_from(
            [
                "mon",
                "Friday",
                "-",
                ",",
                " ",
                "  ",
                "day",
                "DAY",
                "09:30",
                "24:00",
                "first",
                "Last",
                "business day",
                "of the month",
                " of the month ",
                "year",
                "WEEK",
                "FREQ=DAILY",
                ";",
                "\n",
            ]
        ),
        max_size=6,
    ).map("".join)
)
def test_pattern_accepts_what_loads(text):
    """The JSON Schema accepts everything that the loader accepts."""
    grammars = [
        (Weekdays, WEEKDAYS_PATTERN),
        (WeeklyTime, WEEKLY_TIME_PATTERN),
        (Every, EVERY_PATTERN),
        (TimeOfDay, TIME_OF_DAY_PATTERN),
    ]
    for grammar, pattern in grammars:
        try:
            read = grammar.parse(text)
        except InvalidValueError:
            continue
        assert re.fullmatch(pattern, text)
        assert re.fullmatch(pattern, str(read))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("year", True),
        ("first business day of the month 09:00", True),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", True),
        ("FREQ=YEARLY;UNTIL=20260407T090000", True),
        ("FREQ=YEARLY;UNTIL=20260407T085959", False),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", False),
        ("FREQ=MONTHLY;BYDAY=6MO", False),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", False),
        ("FREQ=YEARLY;INTERVAL=100;BYMONTH=1", False),
        ("FREQ=DAILY;BYHOUR=1;COUNT=1;BYSETPOS=2", False),
    ],
)
def test_occurs_from(text, expected):
    """A rule that does not occur within twelve years of its start is recognised."""
    assert expected is Every.parse(text).occurs_from(dt.datetime(2026, 4, 7, 9))  # noqa: DTZ001


def first_of(text, *, start="2026-01-01 10:00", after=dt.datetime(2026, 4, 7, tzinfo=dt.UTC)):
    office = BusinessHours(
        days="mon-fri",
        start="09:00",
        end="17:00",
        zone="Europe/Amsterdam",
        holidays=[dt.date(2026, 5, 1)],
    )
    rule = Every.parse(text).recurrence(start=start, zone="Europe/Amsterdam", hours=office)
    occurrence = rule.after(after)
    assert occurrence is not None
    assert occurrence == next(rule.between(after, occurrence + HOUR))
    assert occurrence == rule.before(occurrence + dt.timedelta(seconds=1))
    return f"{occurrence:%Y-%m-%d %H:%M}"


def test_occurrences():
    """Each form occurs at the expected times."""
    assert first_of("friday 17:00") == "2026-04-10 15:00"
    assert first_of("first business day of the month 09:00") == "2026-05-04 07:00", (
        "1 May is a holiday"
    )
    assert first_of("last business day of the month 09:00") == "2026-04-30 07:00"
    assert first_of("last day of the month 12:00") == "2026-04-30 10:00"
    assert first_of("day 09:00") == "2026-04-07 07:00"
    assert first_of("year") == "2027-01-01 09:00"
    assert first_of("month") == "2026-05-01 08:00"
    assert first_of("week") == "2026-04-09 08:00"
    assert first_of("fri 24:00") == "2026-04-10 22:00"


def test_start_limits_occurrences():
    """Nothing occurs before the start, and business days need business hours."""
    rule = Every.parse("first business day of the month 09:00").recurrence(
        start="2026-04-01 09:30",
        zone="Europe/Amsterdam",
        hours=BusinessHours(days="mon-fri", start="09:00", end="17:00", zone="Europe/Amsterdam"),
    )
    assert rule.before(dt.datetime(2026, 4, 20, tzinfo=dt.UTC)) is None
    assert dt.date(2026, 5, 1) == rule.after(dt.datetime(2020, 1, 1, tzinfo=dt.UTC)).date()
    with pytest.raises(InvalidValueError, match="business hours"):
        Every.parse("first business day of the month 09:00").recurrence(start=NINE, zone="UTC")
