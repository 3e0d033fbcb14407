"""Holidays: dates on which business hours do not open, and calendar files that contain them."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import attrs

from socialcollab.errors import InvalidValueError, MissingExtraError
from socialcollab.time.recurrence import Recurrence

HOLIDAY_PATTERN = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|.+\.[iI][cC][sS])$"
MOST_BYTES = 1_000_000
MOST_DAYS_OF_ONE_EVENT = 366
MOST_YEARS = 200
# This is more than the number of days in two centuries. Without a limit, a small malicious file
# could expand to billions of days.
MOST_DAYS = 100_000

_WITHIN_A_DAY = re.compile(r"FREQ=(?:SECONDLY|MINUTELY|HOURLY)|BY(?:SECOND|MINUTE|HOUR)=")


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
        file: The name of the file, or an empty string for a date.
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


def read_holidays(data: bytes, *, first_year: int = 2000, last_year: int = 2100) -> Holidays:
    """
    Read the all-day events of an iCalendar file.

    Events with a time of day are not holidays and are ignored. Recurring events are expanded from
    *first_year* to *last_year*. Every day of an event that lasts several days is a holiday.

    Args:
        data: The content of the file, at most 1 MB.
        first_year: The first year to include.
        last_year: The last year to include, at most 199 years later.

    Raises:
        MissingExtraError: If the `calendar` extra is not installed.
        InvalidValueError: If the file is too large or not a calendar, contains an event without a
            start, an invalid recurrence rule or a rule that repeats within a day, or has more than
            100,000 days.
    """
    if len(data) > MOST_BYTES:
        raise InvalidValueError(
            f"the holiday calendar is {len(data)} bytes long, more than {MOST_BYTES}",
            value=len(data),
            expected=f"at most {MOST_BYTES} bytes",
        )
    if not 1 <= first_year <= last_year < first_year + MOST_YEARS or last_year > 9999:
        raise InvalidValueError(
            f"{first_year} to {last_year} is not a period of 1 to {MOST_YEARS} years",
            value=(first_year, last_year),
        )
    try:
        import icalendar  # noqa: PLC0415  an extra, loaded where a calendar is read
    except ImportError as error:
        raise MissingExtraError(feature="reading a holiday calendar", extra="calendar") from error
    names: dict[dt.date, str] = {}
    try:
        with warnings.catch_warnings():
            # icalendar warns about zones that it had to guess, but all-day events have no zone.
            warnings.simplefilter("ignore")
            events = icalendar.Calendar.from_ical(data).walk("VEVENT")
        for count, (date, name) in enumerate(_all_days(events, first_year, last_year)):
            if count >= MOST_DAYS:
                raise InvalidValueError(f"its events have more than {MOST_DAYS} days")
            if first_year <= date.year <= last_year:
                names.setdefault(date, name)
    except (ValueError, KeyError, AttributeError, IndexError, TypeError, OverflowError) as error:
        raise InvalidValueError(f"the holiday calendar cannot be read: {error}") from error
    return Holidays(names, {date: name for date, name in names.items() if name})


def _all_days(
    events: Iterable[Any], first_year: int, last_year: int
) -> Iterator[tuple[dt.date, str]]:
    for event in events:
        yield from _days_off(event, first_year=first_year, last_year=last_year)


# An event maps names to values of icalendar's various types. A value of an unexpected type causes
# an error here, which `read_holidays` converts to an InvalidValueError.
def _days_off(event: Any, *, first_year: int, last_year: int) -> Iterator[tuple[dt.date, str]]:
    if "DTSTART" not in event:
        raise InvalidValueError("an event has no DTSTART")
    start = event["DTSTART"].dt
    if isinstance(start, dt.datetime):
        return
    end = event["DTEND"].dt if "DTEND" in event else start
    days = min(max((end - start).days, 1), MOST_DAYS_OF_ONE_EVENT)
    name = str(event.get("SUMMARY", ""))
    rule = event["RRULE"].to_ical().decode() if "RRULE" in event else ""
    excluded = _excluded(event.get("EXDATE"))
    for first in _starts(start, rule, first_year=first_year, last_year=last_year):
        if first in excluded:
            continue
        for step in range(days):
            yield first + dt.timedelta(days=step), name


def _excluded(exdate: Any) -> frozenset[dt.date]:
    lists = exdate if isinstance(exdate, list) else [] if exdate is None else [exdate]
    return frozenset(entry.dt for dates in lists for entry in dates.dts)


def _starts(start: dt.date, rule: str, *, first_year: int, last_year: int) -> Iterable[dt.date]:
    if not rule:
        return [start]
    if _WITHIN_A_DAY.search(rule.upper()):
        raise InvalidValueError(f"the rule `{rule[:100]}` of an all-day event repeats within a day")
    midnight = dt.datetime(start.year, start.month, start.day)  # noqa: DTZ001  local by meaning
    first = dt.datetime(first_year, 1, 1, tzinfo=dt.UTC)
    if first_year > 2:
        # An event that begins before the first year may extend into it.
        first -= dt.timedelta(days=MOST_DAYS_OF_ONE_EVENT)
    last = dt.datetime(last_year, 12, 31, 23, tzinfo=dt.UTC)
    occurrences = Recurrence.parse(rule, start=midnight, zone="UTC").between(first, last)
    return (instant.date() for instant in occurrences)
