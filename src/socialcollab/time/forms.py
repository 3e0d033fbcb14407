"""The forms in which a caller may give a date or a time."""

from __future__ import annotations

import datetime as dt
from typing import TypeAlias

from socialcollab.errors import InvalidValueError
from socialcollab.time.wall_time import WallTime, parse_date, parse_local
from socialcollab.time.zones import resolve

DateLike: TypeAlias = dt.date | str
"""A date, or its text, such as ``2026-04-07``."""

TimeLike: TypeAlias = WallTime | dt.date | str
"""
A local time as text, such as ``2026-04-07 09:30``; a datetime, which is an instant if it has a UTC
offset and a local time if it has none; or a `WallTime`. Where a date makes sense, it is the start
of that day.
"""


def as_date(value: DateLike) -> dt.date:
    """
    Return a date that a caller gave as a date or as text.

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
        f"`{value!r}` is not a date; write one such as `2026-04-07`",
        value=value,
        expected="a text or a date, without a time",
    )


def as_wall_time(value: TimeLike, zone: str) -> WallTime:
    """
    Return a time that a caller gave in any form of `TimeLike` but a date.

    Args:
        value: The time.
        zone: The zone in which local times are read.

    Raises:
        InvalidValueError: If *value* is not a time.
        SkippedTimeError: If a clock change skips it.
        RepeatedTimeError: If a clock change makes it happen twice.
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
            expected="a text, a datetime or a WallTime",
        )
    # A skipped or repeated time has no instant, and raises here.
    _ = at.instant
    return at


def as_instant(value: TimeLike, zone: str) -> dt.datetime:
    """
    Return the instant, in UTC, of a time that a caller gave in any form of `TimeLike`.

    >>> as_instant("2026-04-07 09:30", "Europe/Amsterdam").isoformat()
    '2026-04-07T07:30:00+00:00'
    >>> as_instant(dt.date(2026, 4, 7), "Europe/Amsterdam").isoformat()
    '2026-04-06T22:00:00+00:00'

    Args:
        value: The time, or the date that begins then.
        zone: The zone in which local times and dates are read.

    Raises:
        InvalidValueError: If *value* is neither a time nor a date.
        SkippedTimeError: If a clock change skips the time.
        RepeatedTimeError: If a clock change makes the time happen twice.
    """
    if isinstance(value, str) and ":" not in value:
        value = parse_date(value)
    if type(value) is not dt.date:
        return as_wall_time(value, zone).instant
    day = value
    midnight = dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001  resolved below
    return resolve(midnight, zone, skipped="next", repeated="first")
