"""Windows: a start and an end in UTC."""
# ruff: noqa: DTZ001  the tests are about naive times too

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import EmptyWindowError, NaiveDatetimeError
from socialcollab.time import Window

NINE = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
instants = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2040, 1, 1), timezones=st.just(dt.UTC))


def test_naive_bound_is_an_error() -> None:
    """A bound without a UTC offset is an error."""
    with pytest.raises(NaiveDatetimeError):
        Window(start=dt.datetime(2026, 1, 1), end=NINE)


def test_touching_windows_do_not_overlap():
    """Windows that touch share no instant, and a window is never empty."""
    first, second = (
        Window(start=NINE, end=NINE + HOUR),
        Window(start=NINE + HOUR, end=NINE + 2 * HOUR),
    )
    assert not first.overlaps(second)
    assert first.intersection(second) is None
    with pytest.raises(EmptyWindowError):
        Window(start=NINE, end=NINE)


@given(st.lists(instants, min_size=4, max_size=4, unique=True), instants)
def test_intersection(bounds, instant):
    """The intersection contains exactly the instants in both windows."""
    a = Window(start=min(bounds[:2]), end=max(bounds[:2]))
    b = Window(start=min(bounds[2:]), end=max(bounds[2:]))
    both = a.intersection(b)
    assert both == b.intersection(a)
    assert (a.contains(instant) and b.contains(instant)) == (
        both is not None and both.contains(instant)
    )
