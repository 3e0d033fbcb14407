"""Local dates and times as people type them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

from socialcollab.errors import InvalidValueError

DateOrder = Literal["dmy", "mdy"]
"""Whether a day comes before its month in a date such as ``03/04/2026``."""

_LOCAL = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?"
)
_ISO = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_PLAIN = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")


class AmbiguousDateError(InvalidValueError):
    """
    A date that reads two ways.

    Attributes:
        readings: Both dates, the one with its day first before the other.
    """

    def __init__(self, text: str, readings: tuple[dt.date, dt.date]) -> None:
        day_first, month_first = readings
        super().__init__(
            f"date `{text}` may be {day_first.isoformat()} (day first)"
            f" or {month_first.isoformat()} (month first);"
            ' write it as YYYY-MM-DD, or say order="dmy" or "mdy"',
            value=text,
            expected="a date as YYYY-MM-DD",
        )
        self.text = text
        self.readings = readings


def parse_local(text: str) -> dt.datetime:
    """
    Read a local date and time, such as ``2026-04-07 09:30``.

    Seconds may follow, and a ``T`` may stand for the space. Parts of a second
    are dropped.

    >>> parse_local("2026-04-07 09:30").isoformat()
    '2026-04-07T09:30:00'

    Raises:
        InvalidValueError: If it is not of that form, has an offset, or names
            a day or time that does not exist.
    """
    found = _LOCAL.fullmatch(text.strip())
    if found is None:
        raise InvalidValueError(
            f"`{text}` is not a local date and time; write it as `2026-04-07 09:30`, without an offset",
            value=text,
            expected="a local time such as 2026-04-07 09:30",
        )
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return dt.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  local by meaning
    except ValueError as error:
        raise InvalidValueError(
            f"`{text}` does not exist: {error}", value=text, expected="a date and time that exist"
        ) from error


def _date(text: str, year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise InvalidValueError(
            f"date `{text}` does not exist: there is no day {day} in month {month} of {year}"
            if 1 <= month <= 12
            else f"date `{text}` does not exist: there is no month {month}",
            value=text,
            expected="a date that exists",
        ) from error


def parse_date(text: str, *, order: DateOrder | None = None) -> dt.date:
    """
    Read a date as spreadsheets hold it: ISO always, else day and month by *order*.

    Hyphens, slashes and dots may part it. Without an order, ``03/04/2026`` is
    refused and both readings are named; ``25/12/2026`` can only be one date.

    >>> parse_date("25/12/2026").isoformat(), parse_date("03/04/2026", order="dmy").isoformat()
    ('2026-12-25', '2026-04-03')

    Raises:
        AmbiguousDateError: If it reads two ways and *order* is None.

        InvalidValueError: If it is no date, or one that does not exist.
    """
    clean = text.strip()
    iso = _ISO.fullmatch(clean)
    if iso is not None:
        return _date(text, int(iso[1]), int(iso[3]), int(iso[4]))
    plain = _PLAIN.fullmatch(clean)
    if plain is None:
        raise InvalidValueError(
            f"`{text}` is not a date; write it as `2026-04-07`",
            value=text,
            expected="a date as YYYY-MM-DD",
        )
    first, second, year = int(plain[1]), int(plain[3]), int(plain[4])
    if order is None and first <= 12 and second <= 12 and first != second:
        raise AmbiguousDateError(
            text, (_date(text, year, second, first), _date(text, year, first, second))
        )
    month_first = order == "mdy" or (order is None and second > 12)
    return _date(text, year, first, second) if month_first else _date(text, year, second, first)
