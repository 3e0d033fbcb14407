"""The types that functions accept as a date or a time, and their conversion."""

from __future__ import annotations

import datetime as dt
from typing import TypeAlias

from socialcollab.errors import InvalidValueError
from socialcollab.time.wall_time import WallTime, parse_date, parse_local
from socialcollab.time.zones import resolve

DateLike: TypeAlias = dt.date | str
"""A date, or a string such as ``2026-04-07``."""

TimeLike: TypeAlias = WallTime | dt.date | str
"""
A local time as a string, such as ``2026-04-07 09:30``; a datetime, which is an instant if it has a
UTC offset and otherwise a local time; or a `WallTime`. Functions that also accept a date use the
start of that day.
"""


def as_date(value: DateLike) -> dt.date:
    """
    Return *value* as a date, parsing it if it is a string.

    >>> as_date("2026-04-07")
    datetime.date(2026, 4, 7)

    Raises:
        InvalidValueError: If *value* is not a date.
    """
    if isinstance(value, str):
        return parse_date(value)
    if type(value) is dt.date:
        return value
    raise InvalidValueError(
        f"`{value!r}` is not a date; write a date such as `2026-04-07`",
        value=value,
        expected="a string or a date, without a time",
    )


def as_wall_time(value: TimeLike, zone: str) -> WallTime:
    """
    Return *value*, which can have any form of `TimeLike` except a date, as a `WallTime`.

    Args:
        value: The time.
        zone: The zone in which local times are interpreted.

    Raises:
        InvalidValueError: If *value* is not a time.
        SkippedTimeError: If a clock change skips the time.
        RepeatedTimeError: If the time occurs twice because of a clock change.
    """
    if isinstance(value, WallTime):
        at = value
    elif isinstance(value, str):
        at = WallTime(local=parse_local(value), zone=zone)
    elif isinstance(value, dt.datetime):
        with_offset = value.utcoffset() is not None
        at = WallTime.of(value, zone) if with_offset else WallTime(local=value, zone=zone)
    else:
        raise InvalidValueError(
            f"`{value!r}` is not a time; write a time such as `2026-04-07 09:30`",
            value=value,
            expected="a string, a datetime or a WallTime",
        )
    # Computing the instant raises an error for a skipped or repeated time.
    _ = at.instant
    return at


def as_instant(value: TimeLike, zone: str) -> dt.datetime:
    """
    Return *value*, which can have any form of `TimeLike`, as an instant in UTC.

    >>> as_instant("2026-04-07 09:30", "Europe/Amsterdam").isoformat()
    '2026-04-07T07:30:00+00:00'
    >>> as_instant(dt.date(2026, 4, 7), "Europe/Amsterdam").isoformat()
    '2026-04-06T22:00:00+00:00'

    Args:
        value: The time, or a date, which means the start of the day.
        zone: The zone of local times and dates.

    Raises:
        InvalidValueError: If *value* is neither a time nor a date.
        SkippedTimeError: If a clock change skips the time.
        RepeatedTimeError: If the time occurs twice because of a clock change.
    """
    if isinstance(value, str) and ":" not in value:
        value = parse_date(value)
    if type(value) is not dt.date:
        return as_wall_time(value, zone).instant
    day = value
    midnight = dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001  resolved below
    return resolve(midnight, zone, skipped="next", repeated="first")
