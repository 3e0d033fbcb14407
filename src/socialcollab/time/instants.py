"""Instants: datetimes with an offset, kept in UTC."""

from __future__ import annotations

import datetime as dt

from socialcollab.errors import InvalidValueError, NaiveDatetimeError


def as_utc(value: dt.datetime) -> dt.datetime:
    """
    Return the same instant in UTC.

    >>> amsterdam = dt.timezone(dt.timedelta(hours=2))
    >>> as_utc(dt.datetime(2026, 4, 7, 9, 30, tzinfo=amsterdam)).isoformat()
    '2026-04-07T07:30:00+00:00'

    Raises:
        NaiveDatetimeError: If *value* has no UTC offset.

        InvalidValueError: If it is before the year 1, or after 9999, in UTC.
    """
    if value.tzinfo is dt.UTC:
        return value
    if value.utcoffset() is None:
        raise NaiveDatetimeError(value)
    # Datetimes sharing a tzinfo compare by wall clock, wrong when clocks go back.
    try:
        return value.astimezone(dt.UTC)
    except OverflowError as error:
        raise InvalidValueError(
            f"`{value.isoformat()}` is in no year that can be told in UTC",
            value=value,
            expected="an instant from the year 1 to the year 9999 in UTC",
        ) from error
