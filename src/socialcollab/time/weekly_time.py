"""Days of the week and times of day, as written in a document: ``mon-fri 09:30``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Final, Self

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.time.rule import Rule

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT: Final = tuple(name[:3] for name in WEEKDAYS)
_NUMBER: Final = {name: day for names in (WEEKDAYS, _SHORT) for day, name in enumerate(names)}


def any_case(word: str) -> str:
    """
    Return a regular expression that matches *word* in upper, lower or mixed case.

    The expression is also used in the JSON Schema, whose dialect of regular expressions (ECMA 262)
    has no inline flag for ignoring case.
    """
    return "".join(f"[{letter.upper()}{letter}]" for letter in word)


_DAY = "|".join(f"{any_case(name[:3])}({any_case(name[3:])})?" for name in WEEKDAYS)
_RANGE = f"({_DAY})(-({_DAY}))?"
_WEEKDAYS = f"{_RANGE}( ?, ?{_RANGE})*"
_TIME = "(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"
_READ_TIME = re.compile(_TIME)
WEEKDAYS_PATTERN: Final = f"^{_WEEKDAYS}$"
TIME_OF_DAY_PATTERN: Final = f"^{_TIME}$"
WEEKLY_TIME_PATTERN: Final = f"^(({any_case('day')}|{_WEEKDAYS}) {_TIME})$"


def _as_days(days: Iterable[int]) -> frozenset[int]:
    numbers = frozenset(days)
    if not numbers or not all(0 <= day <= 6 for day in numbers):
        raise InvalidValueError(
            f"weekdays {sorted(numbers)!r} are not numbers from 0 (Monday) to 6 (Sunday)",
            value=tuple(sorted(numbers)),
            expected="at least one of 0 to 6",
        )
    return numbers


@attrs.frozen
class Weekdays:
    """
    A non-empty set of days of the week.

    >>> str(Weekdays.parse("Monday,wed,sat-sun"))
    'mon,wed,sat-sun'
    >>> dt.date(2026, 4, 7) in Weekdays.parse("mon-fri")
    True

    Attributes:
        days: The numbers of the days; Monday is 0.
    """

    days: frozenset[int] = attrs.field(converter=_as_days)

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Parse day names (``mon`` or ``monday``), ranges and comma-separated lists of both.

        A range may extend beyond the end of the week: ``sat-mon``.

        Raises:
            InvalidValueError: If *text* contains a word that is not a day of the week.
        """
        days: set[int] = set()
        for part in text.split(","):
            first, _, last = part.strip().lower().partition("-")
            start = _day_number(first, text)
            end = _day_number(last, text) if last or part.strip().endswith("-") else start
            days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
        # The loop above accepts additional spaces, but the JSON Schema does not, and text that the
        # schema rejects must not be accepted here. The pattern is long, so it is compiled only
        # when it is first used.
        if re.fullmatch(_WEEKDAYS, text) is None:
            raise InvalidValueError(
                f"`{text}` has spaces in the wrong place; write `mon,wed,sat-sun`",
                value=text,
                expected="mon,wed,sat-sun",
            )
        return cls(days)

    def __contains__(self, date: dt.date) -> bool:
        return date.weekday() in self.days

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self.days))

    def __len__(self) -> int:
        return len(self.days)

    def __str__(self) -> str:
        runs: list[list[int]] = []
        for day in sorted(self.days):
            if runs and runs[-1][-1] == day - 1:
                runs[-1].append(day)
            else:
                runs.append([day])
        return ",".join(
            _SHORT[run[0]] if len(run) == 1 else f"{_SHORT[run[0]]}-{_SHORT[run[-1]]}"
            for run in runs
        )


def _day_number(name: str, text: str) -> int:
    number = _NUMBER.get(name)
    if number is not None:
        return number
    hint = did_you_mean(name, _NUMBER, otherwise='write days as "mon-fri" or "mon,wed,sat-sun"')
    raise InvalidValueError(
        f"`{name}` in `{text}` is not a day of the week; {hint}", value=text, expected=hint
    )


def _as_minutes(value: int | dt.time) -> int:
    minutes = value.hour * 60 + value.minute if isinstance(value, dt.time) else value
    has_seconds = isinstance(value, dt.time) and (value.second or value.microsecond)
    if has_seconds or not 0 <= minutes <= 1440:
        raise InvalidValueError(
            f"`{value}` is not a time of day in whole minutes, from 00:00 to 24:00",
            value=value,
            expected="00:00 to 24:00",
        )
    return minutes


@attrs.frozen(order=True)
class TimeOfDay:
    """
    A time of day in whole minutes; 24:00 is the end of the day.

    >>> str(TimeOfDay.parse("09:30"))
    '09:30'

    Attributes:
        minutes: Minutes since 00:00, from 0 to 1440; a `datetime.time` is converted.
    """

    minutes: int = attrs.field(converter=_as_minutes)

    @classmethod
    def parse(cls, text: str | dt.time, /) -> Self:
        """
        Parse ``HH:MM``.

        Raises:
            InvalidValueError: If *text* does not have this form or is not a time of day.
        """
        if isinstance(text, dt.time):
            return cls(text)
        if _READ_TIME.fullmatch(text) is None:
            raise InvalidValueError(
                f"`{text}` is not a time of day; write it as `09:30`", value=text, expected="HH:MM"
            )
        return cls(int(text[:2]) * 60 + int(text[3:]))

    def on(self, date: dt.date) -> dt.datetime:
        """Return this time on *date* as a local time; 24:00 is 00:00 of the next day."""
        midnight = dt.datetime(date.year, date.month, date.day)  # noqa: DTZ001  local by meaning
        return midnight + dt.timedelta(minutes=self.minutes)

    def __str__(self) -> str:
        return f"{self.minutes // 60:02d}:{self.minutes % 60:02d}"


@attrs.frozen
class WeeklyTime:
    """
    A time of day on certain days of every week.

    >>> str(WeeklyTime.parse("friday 17:00"))
    'fri 17:00'

    Attributes:
        days: The days of the week.
        time: The time on each of these days.
    """

    days: Weekdays
    time: TimeOfDay

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Parse days and a time, such as ``mon-fri 09:30``; ``day 09:30`` means every day.

        Raises:
            InvalidValueError: If *text* has another form.
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
        """Return the recurrence rule of this time; 24:00 becomes 00:00 of the next day."""
        shift, minutes = divmod(self.time.minutes, 1440)
        return Rule(
            freq="WEEKLY",
            by_day=tuple(sorted((0, (day + shift) % 7) for day in self.days)),
            by_hour=(minutes // 60,),
            by_minute=(minutes % 60,),
            by_second=(0,),
        )
