"""Blackouts."""
# ruff: noqa: DTZ001, DTZ901  blackouts begin and end at local times

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.randomness import fewer_examples

from socialcollab.document_fields import fields_of
from socialcollab.errors import InvalidValueError
from socialcollab.scheduling import Blackout


def test_fields_have_shapes() -> None:
    """Every field has a shape for the document."""
    assert len(fields_of(Blackout)) == len(attrs.fields(Blackout))


def test_blackout_errors() -> None:
    """A blackout that ends before its start or repeats on business days raises an error."""
    with pytest.raises(InvalidValueError, match="does not end after"):
        Blackout(on="tulip-x", start="2026-05-04 20:00", end="2026-05-04 19:00")
    with pytest.raises(InvalidValueError, match="business days"):
        Blackout(
            on="tulip-x",
            start="2026-05-04 09:00",
            end="2026-05-04 19:00",
            every="first business day of the month 09:00",
        )


@pytest.mark.parametrize(
    "every",
    ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;UNTIL=20260101", "FREQ=MONTHLY;BYDAY=6MO"],
)
def test_repeat_must_occur(every) -> None:
    """A blackout whose rule never occurs is an error that names the rule."""
    with pytest.raises(InvalidValueError, match=f"`{every[:12]}.* does not occur"):
        Blackout(on="tulip-x", start="2026-05-04 09:00", end="2026-05-04 19:00", every=every)


@fewer_examples()
@given(
    start=st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2027, 1, 1)),
    hours=st.integers(1, 100 * 24),
    every=st.sampled_from(
        ["", "year", "month", "week", "day", "fri 17:00", "FREQ=DAILY;BYHOUR=2,3"]
    ),
    zone=st.sampled_from(["Europe/Amsterdam", "America/New_York", "Pacific/Kiritimati"]),
    instants=st.lists(st.datetimes(dt.datetime(2024, 6, 1), dt.datetime(2029, 1, 1)), max_size=30),
)
def test_covered_agrees_with_windows(start, hours, every, zone, instants) -> None:
    """An instant is covered if and only if one of the windows around it contains it."""
    start = start.replace(microsecond=0)
    length = dt.timedelta(hours=hours)
    blackout = Blackout(on="tulip-x", start=start, end=start + length, every=every)
    times = sorted(instant.replace(tzinfo=dt.UTC) for instant in instants)
    day = dt.timedelta(days=1)
    expected = [
        index
        for index, at in enumerate(times)
        if any(w.contains(at) for w in blackout.windows(zone, at - day, at + day))
    ]
    assert expected == list(blackout.covered(zone, times))
    assert expected == [n for n, at in enumerate(times) if blackout.covers(zone, at)]


def test_ends_of_the_calendar() -> None:
    """The first and the last instants of the calendar can be checked."""
    daily = Blackout(on="tulip-x", start="0001-01-01 09:00", end="0001-01-01 19:00", every="day")
    for at in (dt.datetime.min, dt.datetime.max):
        assert not daily.covers("Europe/Amsterdam", at.replace(tzinfo=dt.UTC))


def test_empty_repeat_is_once() -> None:
    """An empty `every` in the document means that the blackout does not repeat."""
    blackout = Blackout(on="tulip-x", start="2026-05-04 09:00", end="2026-05-04 19:00", every="")
    assert blackout.every is None
