"""Local dates and times: parsing them, and attaching them to a zone."""
# ruff: noqa: DTZ001  the tests are about local times

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import InvalidValueError
from socialcollab.pages.words import MONTHS, WEEKDAYS
from socialcollab.time import AmbiguousDateError, WallTime, parse_date, parse_local


@pytest.mark.parametrize(
    "text", ["2026-04-07 09:30", "2026-04-07T09:30:00", " 2026-04-07 09:30:00.5 "]
)
def test_parse_local(text):
    """Seconds and the `T` are optional, and fractions are dropped."""
    assert dt.datetime(2026, 4, 7, 9, 30) == parse_local(text)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("7 april 9:30", "write it as"),
        ("2026-04-07 09:30+02:00", "without an offset"),
        ("2026-02-30 09:30", "does not exist"),
        ("2026-04-07 24:30", "does not exist"),
        ("2026-04-07", "write it as"),
        ("٢٠٢٦-04-07 09:30", "write it as"),
    ],
)
def test_parse_local_errors(text, match):
    """Other forms, offsets and times that do not exist are errors."""
    with pytest.raises(InvalidValueError, match=match):
        parse_local(text)


def test_ambiguous_date():
    """An ambiguous date is an error that contains both readings unless an order is given."""
    with pytest.raises(AmbiguousDateError, match=r"2026-04-03 .* 2026-03-04") as caught:
        parse_date("03/04/2026")
    assert (dt.date(2026, 4, 3), dt.date(2026, 3, 4)) == caught.value.readings
    assert dt.date(2026, 3, 4) == parse_date("03/04/2026", order="mdy")
    assert dt.date(2026, 12, 25) == parse_date("25.12.2026") == parse_date("12-25-2026")
    assert dt.date(2026, 5, 5) == parse_date("5/5/2026")
    assert dt.date(2026, 4, 7) == parse_date("2026/4/7")


@pytest.mark.parametrize(
    "text", ["31/02/2026", "13/13/2026", "2026-02-29", "soon", "07/04/26", "1/2-2026"]
)
def test_impossible_dates(text):
    """Dates that do not exist and strings in other forms are errors."""
    with pytest.raises(InvalidValueError, match=r"does not exist|is not a date"):
        parse_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "8 juni 2026",
        "8 June 2026",
        "8-jun-2026",
        "08 JUN. 2026",
        "June 8, 2026",
        "Jun 8th, 2026",
        "8th June 2026",
        "8e juni 2026",
        "maandag 8 juni 2026",
        "ma 8 juni 2026",
        "Monday, June 8, 2026",
    ],
)
@pytest.mark.parametrize("order", [None, "dmy", "mdy"])
def test_named_month(text, order):
    """If the month is a name, the order of day and month does not matter."""
    assert dt.date(2026, 6, 8) == parse_date(text, order=order)


@given(st.dates(), st.sampled_from(["en", "nl"]), st.booleans())
def test_every_named_month(date, language, short):
    """All months and days of the week are recognised in English and Dutch, even abbreviated."""
    month, day = MONTHS[language][date.month - 1], WEEKDAYS[language][date.weekday()]
    if short:
        month, day = month[:3], day[: 3 if language == "en" else 2]
    assert date == parse_date(f"{day} {date.day} {month} {date.year:04}")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("31 juni 2026", "no day 31"),
        ("tuesday 8 june 2026", "2026-06-08 is not a tuesday"),
        ("8 juni", "is not a date"),
        ("8 juni 26", "is not a date"),
        ("8 juno 2026", "is not a date"),
        ("soon 8 juni 2026", "is not a date"),
    ],
)
def test_impossible_named_dates(text, match):
    """A date with names must exist, have a year, and match its day of the week."""
    with pytest.raises(InvalidValueError, match=match):
        parse_date(text)


def test_order_is_obeyed():
    """The given order applies even if only the other order would result in a valid date."""
    with pytest.raises(InvalidValueError, match="no month 25"):
        parse_date("12/25/2026", order="dmy")


NAMES = [
    "Europe/Amsterdam",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
]


@given(
    st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2037, 1, 1), timezones=st.just(dt.UTC)),
    st.sampled_from(NAMES),
)
def test_wall_time_of_instant(instant, name):
    """The wall time of an instant converts back to the same instant."""
    wall = WallTime.of(instant, name)
    assert instant == wall.instant


def test_machine_zone_is_ignored():
    """The local zone of the machine has no effect."""
    code = (
        "from socialcollab.time import WallTime;"
        "print(WallTime(local='2026-07-01 12:00', zone='Europe/Amsterdam').instant.isoformat())"
    )
    environment = {**os.environ, "TZ": "Asia/Tokyo", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "2026-07-01T10:00:00+00:00"
