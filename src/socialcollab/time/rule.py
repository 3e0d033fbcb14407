"""
Recurrence rules of RFC 5545: parsing and formatting them, and computing their local times.

This module is independent of time zones; `recurrence` converts local times to instants.
`local_times` directly computes the period that contains the requested time instead of iterating
from the start, so that finding a day in the far future is cheap even if the rule is endless. Rules
with a period of a day or longer are expanded here. For less common rules (with shorter periods or
week numbers), python-dateutil expands the rule from that period on.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import Final, Literal, Self, TypeVar

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import nearest

Frequency = Literal["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]

FREQUENCIES: Final[tuple[Frequency, ...]] = (
    "YEARLY",
    "MONTHLY",
    "WEEKLY",
    "DAILY",
    "HOURLY",
    "MINUTELY",
    "SECONDLY",
)
DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS: Final = (
    "FREQ",
    "UNTIL",
    "COUNT",
    "INTERVAL",
    "BYSECOND",
    "BYMINUTE",
    "BYHOUR",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
    "WKST",
)
# Part, attribute, highest value, whether 0 is valid, whether negative values count from the end.
_NUMBERS: Final = (
    ("BYSECOND", "by_second", 59, True, False),
    ("BYMINUTE", "by_minute", 59, True, False),
    ("BYHOUR", "by_hour", 23, True, False),
    ("BYMONTHDAY", "by_month_day", 31, False, True),
    ("BYYEARDAY", "by_year_day", 366, False, True),
    ("BYWEEKNO", "by_week_no", 53, False, True),
    ("BYMONTH", "by_month", 12, False, False),
    ("BYSETPOS", "by_set_pos", 366, False, True),
)
_UNTIL = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?")
_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
MOST = 1_000_000
_Word = TypeVar("_Word", bound=str)


@attrs.frozen(kw_only=True)
class Rule:
    """
    The parts of an RRULE.

    >>> str(Rule.parse("freq=weekly;byday=mo,we"))
    'FREQ=WEEKLY;BYDAY=MO,WE'

    Attributes:
        freq: The period that repeats.
        interval: The number of periods from one repetition to the next, at least 1.
        count: The total number of occurrences, or None.
        until: The latest possible time of an occurrence, as an instant in UTC or as a naive local
            time, or None. A date without a time includes the whole day.
        by_day: Pairs of ordinal (0 for every) and day of the week (0 for Monday).
        week_start: The first day of the week, 0 for Monday.

    Source:
        RFC 5545 section 3.3.10.
    """

    freq: Frequency
    interval: int = 1
    count: int | None = None
    until: dt.datetime | None = None
    by_second: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Parse a rule, with or without the prefix ``RRULE:``, in upper or lower case.

        Raises:
            InvalidValueError: If a part is unknown, appears twice or has an
                invalid value; the message names the part.
        """
        parts = _split(text)
        given: dict[str, tuple[int, ...]] = {}
        for part, attribute, most, zero, negative in _NUMBERS:
            if part in parts:
                given[attribute] = _numbers(part, parts[part], most, zero=zero, negative=negative)
        freq = _one_of("FREQ", parts["FREQ"], FREQUENCIES)
        if "COUNT" in parts and "UNTIL" in parts:
            raise _fault("UNTIL", parts["UNTIL"], "the rule has COUNT too; use one of the two")
        by_day = tuple(
            _day(day, parts["BYDAY"]) for day in parts.get("BYDAY", "").split(",") if day
        )
        if "BYDAY" in parts and not by_day:
            raise _fault("BYDAY", "", "give days such as MO,WE")
        if any(ordinal for ordinal, _ in by_day) and freq not in ("YEARLY", "MONTHLY"):
            raise _fault(
                "BYDAY", parts["BYDAY"], f"a numbered day needs FREQ=MONTHLY or YEARLY, not {freq}"
            )
        selects = by_day or any(value for name, value in given.items() if name != "by_set_pos")
        if "by_set_pos" in given and not selects:
            raise _fault("BYSETPOS", parts["BYSETPOS"], "it needs another BY part to select from")
        return cls(
            freq=freq,
            interval=_count("INTERVAL", parts.get("INTERVAL", "1")),
            count=_count("COUNT", parts["COUNT"]) if "COUNT" in parts else None,
            until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
            by_day=tuple(sorted(set(by_day))),
            week_start=DAYS.index(_one_of("WKST", parts.get("WKST", "MO"), DAYS)),
            **given,
        )

    def __str__(self) -> str:
        parts = [f"FREQ={self.freq}"]
        if self.until is not None:
            zulu = "Z" if self.until.tzinfo is not None else ""
            # On some platforms, strftime does not pad years before 1000, and the result could not
            # be parsed again.
            parts.append(f"UNTIL={self.until.year:04d}{self.until.strftime('%m%dT%H%M%S')}{zulu}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.by_day:
            days = (f"{ordinal or ''}{DAYS[day]}" for ordinal, day in self.by_day)
            parts.append(f"BYDAY={','.join(days)}")
        for part, attribute, *_ in _NUMBERS:
            numbers: tuple[int, ...] = getattr(self, attribute)
            if numbers:
                parts.append(f"{part}={','.join(map(str, numbers))}")
        if self.week_start:
            parts.append(f"WKST={DAYS[self.week_start]}")
        return ";".join(parts)


def _fault(part: str, value: str, why: str) -> InvalidValueError:
    return InvalidValueError(
        f"`{part}={value}` is not valid in a recurrence rule: {why}", value=value, expected=why
    )


def _split(text: str) -> dict[str, str]:
    body = text.strip().upper().removeprefix("RRULE:").removesuffix(";")
    if len(body) > 2000:
        raise _fault("FREQ", "...", "the rule is longer than 2000 characters")
    parts: dict[str, str] = {}
    for piece in body.split(";"):
        name, equals, value = piece.strip().partition("=")
        if not equals or name not in _PARTS:
            near = nearest(name, _PARTS)
            hint = f"did you mean {near}?" if near and name not in _PARTS else "write PART=VALUE"
            raise InvalidValueError(
                f"`{piece.strip()}` is not a part of a recurrence rule; {hint}",
                value=piece,
                expected=hint,
            )
        if name in parts:
            raise _fault(name, value, "it appears twice")
        parts[name] = value.strip()
    if "FREQ" not in parts:
        raise InvalidValueError(
            f"recurrence rule `{text}` has no FREQ; add one, such as FREQ=WEEKLY",
            value=text,
            expected="FREQ=WEEKLY",
        )
    return parts


def _one_of(part: str, value: str, words: tuple[_Word, ...]) -> _Word:
    for word in words:
        if word == value:
            return word
    near = nearest(value, words)
    raise _fault(part, value, f"did you mean {near}?" if near else f"use {', '.join(words)}")


def _count(part: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= MOST:
        raise _fault(part, value, f"give a whole number from 1 to {MOST}")
    return int(value)


def _numbers(part: str, value: str, most: int, *, zero: bool, negative: bool) -> tuple[int, ...]:
    low = "0" if zero else "1"
    why = f"give whole numbers from {low} to {most}" + (f", or -{most} to -1" if negative else "")
    numbers: set[int] = set()
    for word in value.split(","):
        if re.fullmatch(r"[+-]?[0-9]{1,3}", word) is None:
            raise _fault(part, value, why)
        number = int(word)
        if abs(number) > most or (number == 0 and not zero) or (number < 0 and not negative):
            raise _fault(part, value, why)
        numbers.add(number)
    return tuple(sorted(numbers))


def _day(word: str, value: str) -> tuple[int, int]:
    match = _DAY.fullmatch(word)
    if match is None or (match[1] is not None and not 1 <= abs(int(match[1])) <= 53):
        raise _fault("BYDAY", value, "give days such as MO,WE or 1FR,-1SU")
    return int(match[1] or 0), DAYS.index(match[2])


def _until(value: str) -> dt.datetime:
    match = _UNTIL.fullmatch(value)
    if match is None:
        raise _fault("UNTIL", value, "give 20261231, 20261231T170000 or 20261231T160000Z")
    whole_day = match[4] is None
    clock = (23, 59, 59) if whole_day else (int(match[4]), int(match[5]), int(match[6]))
    try:
        until = dt.datetime(int(match[1]), int(match[2]), int(match[3]), *clock)  # noqa: DTZ001
    except ValueError as error:
        raise _fault("UNTIL", value, str(error)) from error
    return until.replace(tzinfo=dt.UTC) if match[7] else until


# The Gregorian calendar repeats after 400 years, which are 146,097 days and a whole
# number of weeks. A rule that matches nothing in that many periods never matches;
# without this bound, the search for 30 February would not end.
_CYCLE: Final = {"YEARLY": 400, "MONTHLY": 4800, "WEEKLY": 20_871, "DAILY": 146_097}
_UNIT: Final = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}
# For periods shorter than a day, searching the whole cycle would take far too long. Sixty years
# are enough, because 29 February falls on every day of the week within 40 years.
_SEARCH: Final = dt.timedelta(days=60 * 366)
# A zone can shift a local time by up to a day, and the instant must not be after the year 9999.
LAST: Final = dt.datetime(9999, 12, 29)  # noqa: DTZ001  local by meaning


def local_times(
    rule: Rule, start: dt.datetime, since: dt.datetime, until: dt.datetime | None = None
) -> Iterator[dt.datetime]:
    """
    Yield, in order, the local times of *rule* that are not before *since*.

    COUNT is counted from *start*. If UNTIL is an instant, the caller must apply it, because it
    depends on the zone.

    Args:
        rule: The rule.
        start: The earliest local time, which also supplies the parts that the rule omits.
        since: The earliest local time to yield, unless *start* is later.
        until: The latest local time to yield, or None.
    """
    begin = start.replace(microsecond=0)
    # COUNT must be counted from the start; any other rule can be expanded from a later time.
    first = begin if rule.count is not None else max(since, begin)
    last = LAST if until is None else min(LAST, until)
    if rule.until is not None and rule.until.tzinfo is None:
        last = min(last, rule.until)
    times = _expand(rule, begin, first, last)
    if rule.count is not None:
        times = islice(times, rule.count)
    for local in times:
        if local > last:
            return
        if local >= since:
            yield local


def _expand(
    rule: Rule, start: dt.datetime, since: dt.datetime, last: dt.datetime
) -> Iterator[dt.datetime]:
    if last < since:
        return iter(())
    by_dateutil = rule.freq in _UNIT or rule.by_week_no
    expand = _expand_by_dateutil if by_dateutil else _expand_periods
    return expand(rule, start, since, last)


def _expand_periods(
    rule: Rule, start: dt.datetime, since: dt.datetime, last: dt.datetime
) -> Iterator[dt.datetime]:
    full = _with_defaults(rule, start)
    times = [
        dt.time(hour, minute, second)
        for hour, minute, second in product(
            rule.by_hour or (start.hour,),
            rule.by_minute or (start.minute,),
            rule.by_second or (start.second,),
        )
    ]
    index = _period_index(full, start.date(), since.date())
    end = _period_index(full, start.date(), last.date())
    empty = 0
    while index <= end and empty <= _CYCLE[rule.freq]:
        dates = _dates(full, start.date(), index)
        if dates is None:
            return
        index += 1
        empty += 1
        if not dates:
            continue
        chosen: Iterable[dt.datetime] = (
            dt.datetime.combine(date, time) for date in dates for time in times
        )
        if rule.by_set_pos:
            chosen = _at_positions(list(chosen), rule.by_set_pos)
        for local in chosen:
            empty = 0
            if local >= since:
                yield local


def _with_defaults(rule: Rule, start: dt.datetime) -> Rule:
    """Return *rule* with omitted parts taken from *start* (RFC 5545, end of section 3.3.10)."""
    if rule.by_day or rule.by_month_day or rule.by_year_day:
        return rule
    if rule.freq == "WEEKLY":
        return attrs.evolve(rule, by_day=((0, start.weekday()),))
    if rule.freq == "MONTHLY":
        return attrs.evolve(rule, by_month_day=(start.day,))
    if rule.freq == "YEARLY":
        months = rule.by_month or (start.month,)
        return attrs.evolve(rule, by_month=months, by_month_day=(start.day,))
    return rule


def _period_index(rule: Rule, start: dt.date, since: dt.date) -> int:
    """Return the index of the last period that begins no later than *since*; the first is 0."""
    if rule.freq == "YEARLY":
        passed = since.year - start.year
    elif rule.freq == "MONTHLY":
        passed = (since.year - start.year) * 12 + since.month - start.month
    else:
        days = since.toordinal() - _first_day(rule, start)
        passed = days if rule.freq == "DAILY" else days // 7
    return max(passed // rule.interval, 0)


def _first_day(rule: Rule, start: dt.date) -> int:
    if rule.freq == "WEEKLY":
        return start.toordinal() - (start.weekday() - rule.week_start) % 7
    return start.toordinal()


def _dates(rule: Rule, start: dt.date, index: int) -> list[dt.date] | None:
    """Return the dates of one period, or None if it is after the end of the calendar."""
    step = index * rule.interval
    if rule.freq in ("DAILY", "WEEKLY"):
        length = 1 if rule.freq == "DAILY" else 7
        first = _first_day(rule, start) + step * length
        if first + length > LAST.toordinal():
            return None
        days = (dt.date.fromordinal(first + day) for day in range(length) if first + day >= 1)
        return [date for date in days if _matches(rule, date)]
    if rule.freq == "MONTHLY":
        year, month = divmod(start.year * 12 + start.month - 1 + step, 12)
        return None if year > 9999 else _in_month(rule, year, month + 1)
    year = start.year + step
    if year > 9999:
        return None
    return [date for month in range(1, 13) for date in _in_month(rule, year, month)]


def _in_month(rule: Rule, year: int, month: int) -> list[dt.date]:
    if rule.by_month and month not in rule.by_month:
        return []
    length = calendar.monthrange(year, month)[1]
    if rule.by_month_day:
        wanted = {day if day > 0 else length + 1 + day for day in rule.by_month_day}
        days: Iterable[int] = sorted(day for day in wanted if 1 <= day <= length)
    else:
        days = range(1, length + 1)
    dates = (dt.date(year, month, day) for day in days)
    return [date for date in dates if _matches(rule, date)]


def _matches(rule: Rule, date: dt.date) -> bool:
    if rule.by_month and date.month not in rule.by_month:
        return False
    if rule.by_day and not _on_day(rule, date):
        return False
    if rule.by_month_day and rule.freq in ("DAILY", "WEEKLY"):
        length = calendar.monthrange(date.year, date.month)[1]
        if date.day not in rule.by_month_day and date.day - length - 1 not in rule.by_month_day:
            return False
    if rule.by_year_day:
        day, length = _day_of_year(date)
        if day not in rule.by_year_day and day - length - 1 not in rule.by_year_day:
            return False
    return True


def _on_day(rule: Rule, date: dt.date) -> bool:
    weekday = date.weekday()
    if (0, weekday) in rule.by_day:
        return True
    numbered = [ordinal for ordinal, day in rule.by_day if day == weekday and ordinal]
    if not numbered:
        return False
    if rule.freq == "YEARLY" and not rule.by_month:
        day, length = _day_of_year(date)
    else:
        day, length = date.day, calendar.monthrange(date.year, date.month)[1]
    return (day - 1) // 7 + 1 in numbered or -((length - day) // 7 + 1) in numbered


def _day_of_year(date: dt.date) -> tuple[int, int]:
    day = date.toordinal() - dt.date(date.year, 1, 1).toordinal() + 1
    return day, 366 if calendar.isleap(date.year) else 365


def _at_positions(times: list[dt.datetime], positions: tuple[int, ...]) -> list[dt.datetime]:
    size = len(times)
    indexes = {position - 1 if position > 0 else size + position for position in positions}
    return [times[index] for index in sorted(indexes) if 0 <= index < size]


def _expand_by_dateutil(
    rule: Rule, start: dt.datetime, since: dt.datetime, last: dt.datetime
) -> Iterator[dt.datetime]:
    from dateutil import rrule  # noqa: PLC0415  slow to import, and few rules need it

    full = _with_defaults(rule, start) if rule.freq in ("MONTHLY", "WEEKLY") else rule
    by_day = full.by_day
    if rule.freq == "YEARLY" and not (by_day or rule.by_month_day or rule.by_year_day):
        # RFC 5545 uses the day of the week of the start; dateutil would use all seven days.
        by_day = ((0, start.weekday()),)
    first = _period_start(rule, start, since)
    while first is not None and first <= last:
        until = min(_search_end(rule, first), last)
        found = False
        try:
            for local in rrule.rrule(
                getattr(rrule, rule.freq),
                dtstart=first,
                interval=rule.interval,
                wkst=rule.week_start,
                until=until,
                bysetpos=rule.by_set_pos or None,
                bymonth=rule.by_month or None,
                bymonthday=full.by_month_day or None,
                byyearday=rule.by_year_day or None,
                byweekno=rule.by_week_no or None,
                byweekday=[rrule.weekday(day, ordinal or None) for ordinal, day in by_day] or None,
                byhour=rule.by_hour or (None if rule.freq in _UNIT else start.hour),
                byminute=rule.by_minute or (None if rule.freq in _UNIT else start.minute),
                bysecond=rule.by_second or (None if rule.freq in _UNIT else start.second),
            ):
                found = True
                if local >= since:
                    yield local
        except ValueError:
            return  # dateutil raises this if, for example, the interval never matches BYHOUR
        if not found or until >= last:
            return
        first = _period_start(rule, start, until + dt.timedelta(seconds=1))


def _period_start(rule: Rule, start: dt.datetime, since: dt.datetime) -> dt.datetime | None:
    """
    Return the first local time of the period that contains *since*, or None beyond year 9999.

    The period is a whole number of intervals after *start*, so that dateutil, which counts
    intervals from this time, finds the same times.
    """
    if rule.freq in _UNIT:
        unit = dt.timedelta(seconds=_UNIT[rule.freq] * rule.interval)
        return start + max((since - start) // unit, 0) * unit
    index = _period_index(rule, start.date(), since.date())
    step = index * rule.interval
    if rule.freq == "YEARLY":
        year, month, day = start.year + step, 1, 1
    elif rule.freq == "MONTHLY":
        year, month = divmod(start.year * 12 + start.month - 1 + step, 12)
        month, day = month + 1, 1
    else:
        ordinal = _first_day(rule, start.date()) + step * (7 if rule.freq == "WEEKLY" else 1)
        if not 1 <= ordinal <= LAST.toordinal():
            return None
        date = dt.date.fromordinal(ordinal)
        year, month, day = date.year, date.month, date.day
    return None if year > 9999 else dt.datetime(year, month, day)  # noqa: DTZ001


def _search_end(rule: Rule, first: dt.datetime) -> dt.datetime:
    try:
        if rule.freq in _UNIT:
            unit = dt.timedelta(seconds=_UNIT[rule.freq] * rule.interval)
            return min(LAST, first + max(_SEARCH, 400 * unit))
        days = {"YEARLY": 366, "MONTHLY": 31, "WEEKLY": 7, "DAILY": 1}[rule.freq]
        return min(LAST, first + dt.timedelta(days=_CYCLE[rule.freq] * days * rule.interval))
    except OverflowError:
        return LAST
