"""One grammar for every ``every`` of the document."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from typing import Final, Self

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time.business_hours import BusinessHours
from socialcollab.time.instants import as_utc
from socialcollab.time.local import parse_local
from socialcollab.time.recurrence import Occurrences, Recurrence
from socialcollab.time.rule import DAYS, Rule
from socialcollab.time.time_of_day import TIME_OF_DAY_PATTERN, TimeOfDay
from socialcollab.time.weekdays import WEEKDAYS, WEEKDAYS_PATTERN, Weekdays, any_case
from socialcollab.time.zones import local_time, resolve

_UNITS: Final = ("year", "month", "week", "day")
_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_WORD: Final = {number: word for word, number in _ORDINALS.items()}
_MONTHLY = re.compile(r"([a-z]+) (business day|[a-z]+) of the month (\S+)")
_DAY = any_case("day")
_MONTH = " ".join(any_case(word) for word in ("of", "the", "month"))
_NTH = "|".join(any_case(word) for word in _ORDINALS)
_OF_MONTH = f"{any_case('business')} {_DAY}|[A-Za-z]+"
_TIME = TIME_OF_DAY_PATTERN[1:-1]
_WEEKLY = f"({_DAY}|{WEEKDAYS_PATTERN[1:-1]}) {_TIME}"
WEEKLY_TIME_PATTERN: Final = f"^({_WEEKLY})$"
EVERY_PATTERN: Final = (
    f"^({'|'.join(any_case(unit) for unit in _UNITS)}|.*=.*"
    f"|({_NTH}) ({_OF_MONTH}) {_MONTH} {_TIME}|{_WEEKLY})$"
)


@attrs.frozen
class WeeklyTime:
    """
    A time on some days of every week.

    >>> str(WeeklyTime.parse("friday 17:00"))
    'fri 17:00'

    Attributes:
        days: On which days.

        time: At which time.
    """

    days: Weekdays
    time: TimeOfDay

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Read days and a time, such as ``mon-fri 09:30``; ``day 09:30`` is every day.

        Raises:
            InvalidValueError: If it is of another form.
        """
        days, _, time = text.rpartition(" ")
        if not days:
            raise InvalidValueError(
                f"`{text}` is not a weekly time; write days and a time, such as `mon-fri 09:30`",
                value=text,
                expected="mon-fri 09:30",
            )
        weekdays = Weekdays(range(7)) if days.lower() == "day" else Weekdays.parse(days)
        return cls(weekdays, TimeOfDay.parse(time))

    def __str__(self) -> str:
        return f"{self.days} {self.time}"

    def rule(self) -> Rule:
        """Return it as a rule; 24:00 is the next day's 00:00."""
        shift, minutes = divmod(self.time.minutes, 1440)
        return Rule(
            freq="WEEKLY",
            by_day=tuple(sorted((0, (day + shift) % 7) for day in self.days)),
            by_hour=(minutes // 60,),
            by_minute=(minutes % 60,),
            by_second=(0,),
        )


@attrs.frozen(kw_only=True)
class BusinessDayOfMonth:
    """
    The first, second, ... or last day of each month on which work begins.

    A month with too few such days has none.

    Attributes:
        ordinal: 1 to 4, or -1 for the last.

        time: The time on that day.

        start: The first local time that counts.

        zone: The zone in which days and times are read.

        hours: Which days work begins on.
    """

    ordinal: int
    time: TimeOfDay
    start: dt.datetime
    zone: str
    hours: BusinessHours

    def between(self, a: dt.datetime, b: dt.datetime) -> Iterator[dt.datetime]:
        """Yield the instants from *a* on and before *b*, in UTC."""
        first, last = as_utc(a), as_utc(b)
        month = _month_of(max(first.replace(tzinfo=None), self.start)) - 1
        final = _month_of(last.replace(tzinfo=None)) + 1
        for number in range(max(month, 12), min(final, 9999 * 12 + 11) + 1):
            instant = self._in_month(*divmod(number, 12))
            if instant is not None and first <= instant < last:
                yield instant

    def after(self, t: dt.datetime) -> dt.datetime | None:
        """Return the first instant after *t*, or None if ten years hold none."""
        instant = as_utc(t)
        begin = max(instant, self._begin())
        end = _shifted(begin, 3660)
        found = self.between(begin, end)
        return next((one for one in found if one > instant), None)

    def before(self, t: dt.datetime) -> dt.datetime | None:
        """Return the last instant before *t*, or None if there is none within ten years."""
        instant = as_utc(t)
        for days in (70, 3660):
            found = list(self.between(_shifted(instant, -days), instant))
            if found:
                return found[-1]
        return None

    def _begin(self) -> dt.datetime:
        return resolve(self.start, self.zone, skipped="next", repeated="first")

    def _in_month(self, year: int, month: int) -> dt.datetime | None:
        length = calendar.monthrange(year, month + 1)[1]
        dates = (dt.date(year, month + 1, day) for day in range(1, length + 1))
        opening = [date for date in dates if self.hours.opens_on(date)]
        at = self.ordinal - 1 if self.ordinal > 0 else self.ordinal
        if not -len(opening) <= at < len(opening):
            return None
        local = self.time.on(opening[at])
        if local < self.start:
            return None
        return resolve(local, self.zone, skipped="next", repeated="first")


def _month_of(local: dt.datetime) -> int:
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
    How often something comes again, as the document says it.

    ===========================================  ==========================================
    ``friday 17:00``, ``mon-fri 09:30``          on those days of every week
    ``day 09:00``                                every day
    ``first business day of the month 09:00``    also second, third, fourth, last
    ``last day of the month 12:00``              likewise
    ``first monday of the month 10:00``          likewise, any day of the week
    ``year``, ``month``, ``week``, ``day``       repeats the section's own start
    ``FREQ=WEEKLY;INTERVAL=2``                   a rule of RFC 5545, with the start's time
    ===========================================  ==========================================

    A yearly repeat of 29 February happens in leap years only, a monthly one of
    the 31st in months that have one.

    >>> str(Every.parse("friday 17:00")), str(Every.parse("last day of the month 12:00"))
    ('fri 17:00', 'last day of the month 12:00')

    Attributes:
        rule: The rule, or None where business days decide.

        text: The canonical form.

        business_ordinal: Which business day of the month, or 0.

        time: The time of that business day.
    """

    text: str
    rule: Rule | None = attrs.field(default=None, repr=False)
    business_ordinal: int = attrs.field(default=0, repr=False)
    time: TimeOfDay | None = attrs.field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Read any of the forms above.

        Raises:
            InvalidValueError: If it is of none; a rule's bad part is named.
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
                f"`{text}` does not say how often; write `friday 17:00`, `mon-fri 09:30`,"
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
                f"`{text}` ends the day; write 00:00 and the day after", value=text
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

    def recurrence(
        self, *, start: dt.datetime | dt.date | str, zone: str, hours: BusinessHours | None = None
    ) -> Occurrences:
        """
        Return its occurrences from *start* on.

        A time that a clock change skips is read with the offset of before; of a
        repeated one the first is taken.

        Args:
            start: A local time (or its text), a date for its first instant, or
                an instant, which is then read on the zone's wall clock.

            zone: The zone's IANA name.

            hours: The business hours; needed for business days, else unused.

        Raises:
            InvalidValueError: If business hours are needed and absent, or the
                zone or the start cannot be read.
        """
        local = _local_start(start, zone)
        if self.rule is not None:
            return Recurrence(rule=self.rule, start=local, zone=zone)
        if hours is None or self.time is None:
            raise InvalidValueError(f"`{self}` needs business hours", value=self.text)
        return BusinessDayOfMonth(
            ordinal=self.business_ordinal, time=self.time, start=local, zone=zone, hours=hours
        )


def _local_start(start: dt.datetime | dt.date | str, zone: str) -> dt.datetime:
    if isinstance(start, str):
        return parse_local(start)
    if not isinstance(start, dt.datetime):
        return dt.datetime(start.year, start.month, start.day)  # noqa: DTZ001  local by meaning
    return start if start.tzinfo is None else local_time(start, zone)
