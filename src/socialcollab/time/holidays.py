"""Holidays: dates on which business hours do not open."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Self

import attrs

from socialcollab.errors import InvalidValueError

HOLIDAY_PATTERN = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|.+\.[iI][cC][sS])$"


def _as_dates(dates: Iterable[dt.date]) -> frozenset[dt.date]:
    checked = frozenset(dates)
    for date in checked:
        # A datetime is also an instance of date but never equals a date, so such a holiday would
        # silently have no effect.
        if isinstance(date, dt.datetime) or not isinstance(date, dt.date):
            raise InvalidValueError(
                f"holiday `{date}` is not a date", value=date, expected="a date without a time"
            )
    return checked


def _as_names(
    names: Mapping[dt.date, str] | Iterable[tuple[dt.date, str]],
) -> tuple[tuple[dt.date, str], ...]:
    return tuple(sorted(names.items() if isinstance(names, Mapping) else names))


@attrs.frozen
class Holidays:
    """
    A set of dates, which may have names.

    >>> kings_day = Holidays([dt.date(2026, 4, 27)], {dt.date(2026, 4, 27): "Koningsdag"})
    >>> dt.date(2026, 4, 27) in kings_day, kings_day.name(dt.date(2026, 4, 27))
    (True, 'Koningsdag')

    Attributes:
        dates: The dates.
        names: Pairs of a date and its name, sorted.
    """

    dates: frozenset[dt.date] = attrs.field(default=frozenset(), converter=_as_dates)
    names: tuple[tuple[dt.date, str], ...] = attrs.field(default=(), converter=_as_names)

    def __contains__(self, date: dt.date) -> bool:
        return date in self.dates

    def __len__(self) -> int:
        return len(self.dates)

    def name(self, date: dt.date) -> str:
        """Return the name of the holiday on *date*, or an empty string."""
        return dict(self.names).get(date, "")

    def union(self, other: Holidays) -> Self:
        """Return the holidays of both sets, preferring the names in *self*."""
        return type(self)(self.dates | other.dates, {**dict(other.names), **dict(self.names)})


@attrs.frozen
class HolidayEntry:
    """
    An entry in a list of holidays: a date, or the name of an ``.ics`` file.

    >>> str(HolidayEntry.parse("2026-04-27")), HolidayEntry.parse("holidays-nl.ics").file
    ('2026-04-27', 'holidays-nl.ics')

    Attributes:
        date: The date, or None for a file.
        file: The file's name, or an empty string for a date.
    """

    date: dt.date | None = None
    file: str = ""

    def __attrs_post_init__(self) -> None:
        if (self.date is None) == (not self.file):
            raise InvalidValueError("a holiday is either a date or a file", value=self.file)

    @classmethod
    def parse(cls, text: str | dt.date, /) -> Self:
        """
        Parse a date such as ``2026-04-27`` or a file name that ends in ``.ics``.

        A date object, such as a native date of TOML, is also accepted.

        Raises:
            InvalidValueError: If *text* is neither.
        """
        if isinstance(text, dt.date):
            return cls(text)
        try:
            if re.fullmatch(r".+\.[iI][cC][sS]", text):
                return cls(None, text)
            # fromisoformat also accepts 20260427 and 2026-W18-1, which the JSON Schema rejects.
            return cls(dt.date.fromisoformat(text if text[4:5] == text[7:8] == "-" else ""))
        except ValueError as error:
            raise InvalidValueError(
                f"holiday `{text}` is neither a date such as 2026-04-27 nor the name of an .ics file",
                value=text,
                expected="a date or an .ics file",
            ) from error

    def __str__(self) -> str:
        return self.file if self.date is None else self.date.isoformat()
