"""Days of the week, times of day and weekly times."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import InvalidValueError
from socialcollab.time import (
    TIME_OF_DAY_PATTERN,
    WEEKDAYS_PATTERN,
    TimeOfDay,
    Weekdays,
    WeeklyTime,
)


@given(st.sets(st.integers(0, 6), min_size=1))
def test_weekdays_round_trip(days):
    """Weekdays are the same after formatting and parsing, and the text matches the pattern."""
    weekdays = Weekdays(days)
    assert weekdays == Weekdays.parse(str(weekdays))
    assert re.fullmatch(WEEKDAYS_PATTERN, str(weekdays))


def test_weekdays_parse():
    """Ranges can extend beyond the end of the week, and a misspelt day gets a suggestion."""
    assert Weekdays.parse("sat-mon") == Weekdays([5, 6, 0])
    with pytest.raises(InvalidValueError, match="did you mean `friday`"):
        Weekdays.parse("firday")
    for text in ("", "mon-", ",", "mon,,tue", "-"):
        with pytest.raises(InvalidValueError):
            Weekdays.parse(text)


@given(st.integers(0, 1440))
def test_time_of_day_round_trip(minutes):
    """Times are the same after formatting and parsing, and the text matches the pattern."""
    text = str(TimeOfDay(minutes))
    assert TimeOfDay(minutes) == TimeOfDay.parse(text)
    assert re.fullmatch(TIME_OF_DAY_PATTERN, text)


@pytest.mark.parametrize("text", ["9:30", "24:01", "09:60", "0930", "09:30:00", "٠٩:30"])
def test_time_of_day_errors(text):
    """Any other form is an error."""
    with pytest.raises(InvalidValueError, match="write it as"):
        TimeOfDay.parse(text)


def test_midnight_moves_to_next_day():
    """A weekly time at 24:00 keeps its day in print, and its rule is 00:00 of the next day."""
    assert str(WeeklyTime.parse("friday 24:00")) == "fri 24:00"
    assert WeeklyTime.parse("friday 24:00").rule().by_day == ((0, 5),)
