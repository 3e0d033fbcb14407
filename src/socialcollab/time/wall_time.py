"""Local dates and times: parsing them, and combining a local time with a zone."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal, Self, get_args

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time.zones import Repeated, Skipped, as_utc, local_time, resolve, zone_name

DateOrder = Literal["dmy", "mdy"]
"""Whether the day or the month comes first in a date such as ``03/04/2026``."""

_LOCAL = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?"
)
_ISO = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_PLAIN = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
# A date with the name of its month, in English or Dutch: `8 juni 2026`, `Mon, June 8th, 2026`.
_NAMED = re.compile(
    r"(?:([a-z]{2,9})\.?,?[ ]+)?"
    r"(?:([0-9]{1,2})(?:st|nd|rd|th|e|de|ste)?[ -]+([a-z]{3,9})\.?"
    r"|([a-z]{3,9})\.?[ ]+([0-9]{1,2})(?:st|nd|rd|th)?)"
    r",?[ -]+([0-9]{4})"
)
# No name in these lists has different meanings in the two languages.
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januari",
            "february feb februari",
            "march mar maart mrt maa",
            "april apr",
            "may mei",
            "june jun juni",
            "july jul juli",
            "august aug augustus",
            "september sep sept",
            "october oct oktober okt",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_DAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon mo maandag ma",
            "tuesday tue tues tu dinsdag di",
            "wednesday wed we woensdag wo woe",
            "thursday thu thur thurs th donderdag do",
            "friday fri fr vrijdag vr vrij",
            "saturday sat sa zaterdag za",
            "sunday sun su zondag zo",
        )
    )
    for name in names.split()
}


class AmbiguousDateError(InvalidValueError):
    """
    Raised for a date that can be interpreted in two ways.

    Attributes:
        readings: Both possible dates, beginning with the day-first interpretation.
    """

    def __init__(self, text: str, readings: tuple[dt.date, dt.date]) -> None:
        day_first, month_first = readings
        super().__init__(
            f"date `{text}` may be {day_first.isoformat()} (day first)"
            f" or {month_first.isoformat()} (month first);"
            ' write it as YYYY-MM-DD, or pass order="dmy" or "mdy"',
            value=text,
            expected="a date as YYYY-MM-DD",
        )
        self.text = text
        self.readings = readings


def parse_local(text: str) -> dt.datetime:
    """
    Parse a local date and time, such as ``2026-04-07 09:30``.

    Seconds are optional, and a ``T`` may replace the space. Fractions of a second are discarded.

    >>> parse_local("2026-04-07 09:30").isoformat()
    '2026-04-07T09:30:00'

    Raises:
        InvalidValueError: If *text* has another form, contains an offset, or is a date or time
            that does not exist.
    """
    match = _LOCAL.fullmatch(text.strip())
    if match is None:
        raise InvalidValueError(
            f"`{text}` is not a local date and time; write it as `2026-04-07 09:30`, without an offset",
            value=text,
            expected="a local time such as 2026-04-07 09:30",
        )
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        return dt.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  local by meaning
    except ValueError as error:
        raise InvalidValueError(
            f"`{text}` does not exist: {error}", value=text, expected="a date and time that exist"
        ) from error


def parse_date(text: str, *, order: DateOrder | None = None) -> dt.date:
    """
    Parse a date in a format used by spreadsheets, such as ``2026-04-07`` or ``07/04/2026``.

    The separator may be a hyphen, a slash or a dot. *order* is not needed for a date that begins
    with the year or is unambiguous, such as ``25/12/2026``; ``03/04/2026`` without an order is an
    error. The month may also be an English or Dutch name, and the day of the week may precede the
    date: ``8 juni 2026``, ``Monday, June 8, 2026``.

    >>> parse_date("25/12/2026").isoformat(), parse_date("03/04/2026", order="dmy").isoformat()
    ('2026-12-25', '2026-04-03')

    Raises:
        AmbiguousDateError: If the date is ambiguous and *order* is None.
        InvalidValueError: If *text* is not a date, the date does not exist, or it falls on
            another day of the week.
    """
    clean = text.strip()
    iso = _ISO.fullmatch(clean)
    if iso is not None:
        return _date(text, int(iso[1]), int(iso[3]), int(iso[4]))
    plain = _PLAIN.fullmatch(clean)
    if plain is None:
        named = _named_date(clean)
        if named is not None:
            return named
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


def _named_date(text: str) -> dt.date | None:
    """Return a date that contains the name of its month, or None if *text* has another form."""
    match = _NAMED.fullmatch(text.lower())
    if match is None:
        return None
    month = _MONTHS.get(match[3] or match[4])
    weekday = _DAYS.get(match[1]) if match[1] else None
    if month is None or (match[1] and weekday is None):
        return None
    date = _date(text, int(match[6]), month, int(match[2] or match[5]))
    if weekday is not None and date.weekday() != weekday:
        raise InvalidValueError(
            f"`{text}` does not exist: {date.isoformat()} is not a {match[1]}",
            value=text,
            expected="a date that falls on the given day of the week",
        )
    return date


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


def as_local(value: dt.datetime | str) -> dt.datetime:
    """
    Return a local time, parsing it if it is a string.

    Raises:
        InvalidValueError: If *value* has a UTC offset or cannot be parsed.
    """
    local = parse_local(value) if isinstance(value, str) else value
    if local.tzinfo is not None:
        raise InvalidValueError(
            f"`{local.isoformat(sep=' ')}` has a UTC offset; pass a local time without an offset",
            value=local,
            expected="a local time such as 2026-04-07 09:30",
        )
    # Only `repeated` chooses between the two instants of a repeated time. A fold that remained on
    # the value could mislead code that uses `local` directly.
    return local.replace(fold=0)


@attrs.frozen(kw_only=True)
class WallTime:
    """
    A local time in a time zone: the time that a wall clock in the zone shows.

    Its instant is computed from the zone data each time, so it remains correct when a country
    changes its clock rules.

    >>> WallTime(local="2026-04-07 09:30", zone="Europe/Amsterdam").instant.isoformat()
    '2026-04-07T07:30:00+00:00'

    Attributes:
        local: The local time, without an offset.
        zone: The IANA name of the zone.
        skipped: How to interpret *local* if a clock change skips it.
        repeated: Which instant *local* means if it occurs twice.

    Raises:
        InvalidValueError: If *local* has an offset or the zone does not exist.
    """

    local: dt.datetime = attrs.field(converter=as_local)
    zone: str = attrs.field(converter=zone_name)
    skipped: Skipped = attrs.field(
        default="refuse", validator=attrs.validators.in_(get_args(Skipped))
    )
    repeated: Repeated = attrs.field(
        default="refuse", validator=attrs.validators.in_(get_args(Repeated))
    )

    @classmethod
    def of(cls, instant: dt.datetime, zone: str) -> Self:
        """Return the wall time in *zone* at *instant*, which maps back to the same instant."""
        utc = as_utc(instant)
        local = local_time(utc, zone)
        second = resolve(local, zone, repeated="first") != utc
        return cls(local=local, zone=zone, repeated="second" if second else "first")

    @property
    def instant(self) -> dt.datetime:
        """
        The instant in UTC, according to the current zone data.

        Raises:
            SkippedTimeError: If the local time does not exist and *skipped* is "refuse".
            RepeatedTimeError: If it occurs twice and *repeated* is "refuse".
        """
        return resolve(self.local, self.zone, skipped=self.skipped, repeated=self.repeated)

    def __str__(self) -> str:
        form = "%H:%M:%S" if self.local.second else "%H:%M"
        return f"{self.local.date().isoformat()} {self.local.strftime(form)} {self.zone}"
