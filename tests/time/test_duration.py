"""Durations: formatting, parsing, and addition to an instant."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import InvalidValueError
from socialcollab.time import DURATION_PATTERN, Duration

HOUR = dt.timedelta(hours=1)


durations = st.builds(
    lambda amount, kind: Duration(amount, kind[0], business=kind[1]),
    st.integers(1, 999_999),
    st.sampled_from(
        [(u, False) for u in ("second", "minute", "hour", "day", "week")]
        + [(u, True) for u in ("minute", "hour", "day")]
    ),
)


@given(durations)
def test_duration_round_trip(duration):
    """Durations are the same after formatting and parsing, and the text matches the pattern."""
    assert duration == Duration.parse(str(duration))
    assert re.fullmatch(DURATION_PATTERN, str(duration))


@pytest.mark.parametrize(
    "text", ["", "0 minutes", "-1 day", "1 business week", "1 month", "1.5 hours", "45minutes"]
)
def test_duration_errors(text):
    """A string in any other form is an error and does not match the pattern."""
    assert not re.fullmatch(DURATION_PATTERN, text)
    with pytest.raises(InvalidValueError, match="is not a duration"):
        Duration.parse(text)


def test_day_over_clock_change():
    """With a zone, days are counted in local time; otherwise, a day is 24 hours."""
    before = dt.datetime(2026, 3, 28, 8, 30, tzinfo=dt.UTC)
    day = Duration.parse("1 day")
    assert before + 23 * HOUR == day.after(before, zone="Europe/Amsterdam")
    assert before + 24 * HOUR == day.after(before)
    with pytest.raises(InvalidValueError, match="business hours"):
        Duration.parse("1 business hour").after(before)
    with pytest.raises(InvalidValueError, match="9999"):
        Duration.parse("999999 weeks").after(before)
