"""Days on which business hours do not open."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import attrs

from socialcollab.errors import InvalidValueError, MissingExtraError

MOST_BYTES = 1_000_000
MOST_DAYS_OF_ONE = 366
MOST_YEARS = 200
# More than every day of two centuries; a hostile file could ask for billions.
MOST_DAYS = 100_000

_WITHIN_A_DAY = re.compile(r"FREQ=(?:SECONDLY|MINUTELY|HOURLY)|BY(?:SECOND|MINUTE|HOUR)=")


def _as_dates(dates: Iterable[dt.date]) -> frozenset[dt.date]:
    kept = frozenset(dates)
    for date in kept:
        if isinstance(date, dt.datetime) or not isinstance(date, dt.date):
            raise InvalidValueError(
                f"holiday `{date}` is not a date", value=date, expected="a date without a time"
            )
    return kept


def _as_names(
    names: Mapping[dt.date, str] | Iterable[tuple[dt.date, str]],
) -> tuple[tuple[dt.date, str], ...]:
    return tuple(sorted(names.items() if isinstance(names, Mapping) else names))


@attrs.frozen
class Holidays:
    """
    Dates, some of them with a name.

    >>> kings_day = Holidays([dt.date(2026, 4, 27)], {dt.date(2026, 4, 27): "Koningsdag"})
    >>> dt.date(2026, 4, 27) in kings_day, kings_day.name(dt.date(2026, 4, 27))
    (True, 'Koningsdag')

    Attributes:
        dates: The days off.

        names: Sorted pairs of date and name.
    """

    dates: frozenset[dt.date] = attrs.field(default=frozenset(), converter=_as_dates)
    names: tuple[tuple[dt.date, str], ...] = attrs.field(default=(), converter=_as_names)

    def __contains__(self, date: dt.date) -> bool:
        return date in self.dates

    def __len__(self) -> int:
        return len(self.dates)

    def name(self, date: dt.date) -> str:
        """Return what the day is called, or an empty string."""
        return dict(self.names).get(date, "")

    def union(self, other: Holidays) -> Self:
        """Return the days of both; where both name a day, this one's name stays."""
        return type(self)(self.dates | other.dates, {**dict(other.names), **dict(self.names)})


def read_holidays(data: bytes, *, first_year: int = 2000, last_year: int = 2100) -> Holidays:
    """
    Read the all-day events of an iCalendar file.

    Events with a time of day are no holidays and are passed over; those with a
    recurrence rule are expanded within the years asked for. Several days in one
    event are each a holiday.

    Args:
        data: The file's bytes, at most 1 MB.

        first_year: The first year that counts.

        last_year: The last one; at most 199 years later.

    Raises:
        MissingExtraError: If the `calendar` extra is not installed.

        InvalidValueError: If the file is too large, is not a calendar, holds an
            event without a start, a recurrence rule that cannot be read or
            repeats within a day, or more than 100 000 days off.
    """
    if len(data) > MOST_BYTES:
        raise InvalidValueError(
            f"the holiday calendar is {len(data)} bytes long, more than {MOST_BYTES}",
            value=len(data),
            expected=f"at most {MOST_BYTES} bytes",
        )
    if not 1 <= first_year <= last_year < first_year + MOST_YEARS or last_year > 9999:
        raise InvalidValueError(
            f"years {first_year} to {last_year} are not a span of 1 to {MOST_YEARS} years",
            value=(first_year, last_year),
        )
    try:
        import icalendar  # noqa: PLC0415  an extra, loaded where a calendar is read
    except ImportError as error:
        raise MissingExtraError(feature="reading a holiday calendar", extra="calendar") from error
    names: dict[dt.date, str] = {}
    try:
        with warnings.catch_warnings():
            # icalendar warns of zones it had to guess; whole days have none.
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


# An event is a mapping of icalendar's many types; what is not of the expected one raises above.
def _days_off(event: Any, *, first_year: int, last_year: int) -> Iterator[tuple[dt.date, str]]:
    if "DTSTART" not in event:
        raise InvalidValueError("an event has no DTSTART")
    start = event["DTSTART"].dt
    if isinstance(start, dt.datetime):
        return
    end = event["DTEND"].dt if "DTEND" in event else start
    days = min(max((end - start).days, 1), MOST_DAYS_OF_ONE)
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
    return frozenset(entry.dt for one in lists for entry in one.dts)


def _starts(start: dt.date, rule: str, *, first_year: int, last_year: int) -> Iterable[dt.date]:
    if not rule:
        return [start]
    if _WITHIN_A_DAY.search(rule.upper()):
        raise InvalidValueError(f"the rule `{rule[:100]}` of a whole day repeats within the day")
    from socialcollab.time.recurrence import Recurrence  # noqa: PLC0415  only for such events

    midnight = dt.datetime(start.year, start.month, start.day)  # noqa: DTZ001  local by meaning
    found = Recurrence.parse(rule, start=midnight, zone="UTC").between(
        dt.datetime(first_year, 1, 1, tzinfo=dt.UTC) - dt.timedelta(days=MOST_DAYS_OF_ONE)
        if first_year > 2
        else dt.datetime(first_year, 1, 1, tzinfo=dt.UTC),
        dt.datetime(last_year, 12, 31, 23, tzinfo=dt.UTC),
    )
    return (instant.date() for instant in found)
