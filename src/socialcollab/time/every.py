"""Recurring times: the grammar of the ``every`` keys in the document."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from typing import Final, Self

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time.business_hours import BusinessHours
from socialcollab.time.recurrence import Occurrences, Recurrence
from socialcollab.time.rule import DAYS, Rule, local_times
from socialcollab.time.wall_time import parse_local
from socialcollab.time.weekly_time import (
    TIME_OF_DAY_PATTERN,
    WEEKDAYS,
    WEEKLY_TIME_PATTERN,
    TimeOfDay,
    Weekdays,
    WeeklyTime,
    any_case,
)
from socialcollab.time.zones import as_utc, local_time, resolve

_UNITS: Final = ("year", "month", "week", "day")
_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
YEARS_TO_OCCUR: Final = 12
_WORD: Final = {number: word for word, number in _ORDINALS.items()}
_MONTHLY = re.compile(r"([a-z]+) (business day|[a-z]+) of the month (\S+)")
_MONTH = " ".join(any_case(word) for word in ("of", "the", "month"))
_NTH = "|".join(any_case(word) for word in _ORDINALS)
_OF_MONTH = f"{any_case('business')} {any_case('day')}|[A-Za-z]+"
EVERY_PATTERN: Final = (
    f"^({'|'.join(any_case(unit) for unit in _UNITS)}|.*=.*"
    f"|({_NTH}) ({_OF_MONTH}) {_MONTH} {TIME_OF_DAY_PATTERN[1:-1]}|{WEEKLY_TIME_PATTERN[2:-2]})$"
)


@attrs.frozen(kw_only=True)
class BusinessDayOfMonth:
    """
    The first, second, third, fourth or last business day of each month.

    A month with too few business days is skipped.

    Attributes:
        ordinal: 1 to 4, or -1 for the last business day.
        time: The time on that day.
        start: The earliest local time.
        zone: The IANA name of the zone for *time* and *start*.
        hours: The business hours; a business day is a day on which they open.
    """

    ordinal: int
    time: TimeOfDay
    start: dt.datetime
    zone: str
    hours: BusinessHours

    def between(self, a: dt.datetime, b: dt.datetime) -> Iterator[dt.datetime]:
        """Yield the instants from *a* (inclusive) to *b* (exclusive), in UTC and in order."""
        first, last = as_utc(a), as_utc(b)
        # Include one more month on each side, because the local time of an instant may be in
        # another month.
        month = _month_number(max(first.replace(tzinfo=None), self.start)) - 1
        final = _month_number(last.replace(tzinfo=None)) + 1
        for number in range(max(month, 12), min(final, 9999 * 12 + 11) + 1):
            instant = self._in_month(*divmod(number, 12))
            if instant is not None and first <= instant < last:
                yield instant

    def after(self, t: dt.datetime) -> dt.datetime | None:
        """Return the first instant after *t*, or None if there is none within ten years."""
        instant = as_utc(t)
        begin = max(instant, resolve(self.start, self.zone, skipped="next", repeated="first"))
        later = self.between(begin, _shifted(begin, 3660))
        return next((candidate for candidate in later if candidate > instant), None)

    def before(self, t: dt.datetime) -> dt.datetime | None:
        """Return the last instant before *t*, or None if there is none within ten years."""
        instant = as_utc(t)
        # There is nearly always an instant in the last two months; searching ten years is slow.
        for days in (70, 3660):
            earlier = list(self.between(_shifted(instant, -days), instant))
            if earlier:
                return earlier[-1]
        return None

    def _in_month(self, year: int, month: int) -> dt.datetime | None:
        length = calendar.monthrange(year, month + 1)[1]
        dates = (dt.date(year, month + 1, day) for day in range(1, length + 1))
        open_days = [date for date in dates if self.hours.opens_on(date)]
        index = self.ordinal - 1 if self.ordinal > 0 else self.ordinal
        if not -len(open_days) <= index < len(open_days):
            return None
        local = self.time.on(open_days[index])
        if local < self.start:
            return None
        return resolve(local, self.zone, skipped="next", repeated="first")


def _month_number(local: dt.datetime) -> int:
    return local.year * 12 + local.month - 1


def _shifted(instant: dt.datetime, days: int) -> dt.datetime:
    try:
        return instant + dt.timedelta(days=days)
    except OverflowError:
        year, month, day = (9999, 12, 31) if days > 0 else (1, 1, 1)
        return dt.datetime(year, month, day, tzinfo=dt.UTC)


@attrs.frozen
class Every:
    """
    A recurring time or interval, as written in the document.

    ===========================================  ==========================================
    ``friday 17:00``, ``mon-fri 09:30``          on these days of every week
    ``day 09:00``                                every day
    ``first business day of the month 09:00``    or second, third, fourth, last
    ``last day of the month 12:00``              or first, second, third, fourth
    ``first monday of the month 10:00``          any of these, with any day of the week
    ``year``, ``month``, ``week``, ``day``       repeated from the start in the same table
    ``FREQ=WEEKLY;INTERVAL=2``                   an RFC 5545 rule, at the start's time of day
    ===========================================  ==========================================

    A yearly repetition of 29 February occurs only in leap years, and a monthly repetition of the
    31st only in months with 31 days.

    >>> str(Every.parse("friday 17:00")), str(Every.parse("last day of the month 12:00"))
    ('fri 17:00', 'last day of the month 12:00')

    Attributes:
        text: The canonical form.
        rule: The recurrence rule, or None for business days.
        business_ordinal: 1 to 4 or -1 for a business day of the month, otherwise 0.
        time: The time on that business day, or None.
    """

    text: str
    rule: Rule | None = attrs.field(default=None, repr=False)
    business_ordinal: int = attrs.field(default=0, repr=False)
    time: TimeOfDay | None = attrs.field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Parse one of the forms that the class docstring lists.

        Raises:
            InvalidValueError: If *text* has none of these forms; the message
                names the invalid part of a rule.
        """
        if "=" in text and "\n" not in text:
            rule = Rule.parse(text)
            return cls(str(rule), rule)
        clean = text.lower()
        if clean in _UNITS:
            names = {"year": "YEARLY", "month": "MONTHLY", "week": "WEEKLY", "day": "DAILY"}
            return cls(clean, Rule.parse(f"FREQ={names[clean]}"))
        monthly = _MONTHLY.fullmatch(clean)
        if monthly is not None and monthly[1] in _ORDINALS:
            return cls._monthly(_ORDINALS[monthly[1]], monthly[2], TimeOfDay.parse(monthly[3]))
        days, _, time = clean.rpartition(" ")
        if " of " in clean or not days or ":" not in time:
            raise InvalidValueError(
                f"`{text}` is not a recurring time; write `friday 17:00`, `mon-fri 09:30`,"
                " `first business day of the month 09:00`, `last day of the month 12:00`,"
                " `day 09:00`, one of year, month, week, day, or a rule such as `FREQ=WEEKLY`",
                value=text,
                expected="such as `friday 17:00`",
            )
        weekly = WeeklyTime.parse(clean)
        every_day = len(weekly.days) == 7
        return cls(f"day {weekly.time}" if every_day else str(weekly), weekly.rule())

    @classmethod
    def _monthly(cls, ordinal: int, day: str, time: TimeOfDay) -> Self:
        text = f"{_WORD[ordinal]} {day} of the month {time}"
        if time.minutes == 1440:
            raise InvalidValueError(
                f"`{text}` is the end of the day; write 00:00 on the next day", value=text
            )
        if day == "business day":
            return cls(text, None, ordinal, time)
        clock = f"BYHOUR={time.minutes // 60};BYMINUTE={time.minutes % 60};BYSECOND=0"
        if day == "day":
            return cls(text, Rule.parse(f"FREQ=MONTHLY;BYMONTHDAY={ordinal};{clock}"))
        name = DAYS[next(iter(Weekdays.parse(day)))]
        full = next(full for full in WEEKDAYS if full.startswith(name.lower()))
        return cls(
            f"{_WORD[ordinal]} {full} of the month {time}",
            Rule.parse(f"FREQ=MONTHLY;BYDAY={ordinal}{name};{clock}"),
        )

    def __str__(self) -> str:
        return self.text

    def occurs_from(self, start: dt.datetime | dt.date) -> bool:
        """
        Return whether the first occurrence is at most twelve years after a local time or date.

        Twelve years always contain a 29 February. A rule without an occurrence in that time, such
        as one for 30 February or one that ends before its start, is a mistake in a document.

        >>> Every.parse("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30").occurs_from(dt.date(2026, 1, 1))
        False
        """
        if self.rule is None:
            return True
        local = _local_start(start, "UTC")
        last = local.replace(year=min(local.year + YEARS_TO_OCCUR, 9999), day=min(local.day, 28))
        first = next(local_times(self.rule, local, local, last), None)
        if first is None:
            return False
        until = self.rule.until
        # In the zone that is furthest ahead, local times are 14 hours ahead of UTC.
        return (
            until is None
            or until.tzinfo is None
            or first - until.replace(tzinfo=None) <= dt.timedelta(hours=14)
        )

    def recurrence(
        self, *, start: dt.datetime | dt.date | str, zone: str, hours: BusinessHours | None = None
    ) -> Occurrences:
        """
        Return the occurrences that are not before *start*.

        A time that a clock change skips is interpreted with the offset from before the change. If a
        time occurs twice, its first occurrence is used.

        Args:
            start: A local time, as a datetime or a string; a date, which means 00:00; or an
                instant, which is converted to the zone's local time.
            zone: The IANA name of the zone.
            hours: The business hours; required for business days.

        Raises:
            InvalidValueError: If business hours are required but missing, or the zone or the start
                is not valid.
        """
        local = _local_start(start, zone)
        if self.rule is not None:
            return Recurrence(rule=self.rule, start=local, zone=zone)
        if hours is None or self.time is None:
            raise InvalidValueError(
                f"`{self}` requires business hours; pass `hours`", value=self.text
            )
        return BusinessDayOfMonth(
            ordinal=self.business_ordinal, time=self.time, start=local, zone=zone, hours=hours
        )


def _local_start(start: dt.datetime | dt.date | str, zone: str) -> dt.datetime:
    if isinstance(start, str):
        return parse_local(start)
    if not isinstance(start, dt.datetime):
        return dt.datetime(start.year, start.month, start.day)  # noqa: DTZ001  local by meaning
    return start if start.tzinfo is None else local_time(start, zone)
