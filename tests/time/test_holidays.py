"""Holidays: dates with names."""

from __future__ import annotations

import datetime as dt

import pytest

from socialcollab.errors import InvalidValueError
from socialcollab.time import Holidays


def test_datetime_is_not_a_holiday() -> None:
    """A datetime is an error, because it would never equal a date."""
    with pytest.raises(InvalidValueError, match="is not a date"):
        Holidays([dt.datetime(2026, 12, 26, tzinfo=dt.UTC)])
