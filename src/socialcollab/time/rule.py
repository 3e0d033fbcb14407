"""
RFC 5545 recurrence rules: parsing and formatting them, and computing their local times.

This module is independent of time zones; `recurrence` converts local times to instants.
`local_times` directly computes the period that contains the requested time instead of iterating
from the start, so that finding a day in the far future is cheap even if the rule is endless.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice, product
from typing import Final, Literal, Self, TypeVar

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import nearest

Frequency = Literal["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]

FREQUENCIES: Final[tuple[Frequency, ...]] = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WITHIN_A_DAY: Final = ("HOURLY", "MINUTELY", "SECONDLY")
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
# RFC 5545 section 3.3.10 defines these parts only for some frequencies.
_ONLY_WITH: Final[dict[str, tuple[Frequency, ...]]] = {
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY",),
    "BYMONTHDAY": ("YEARLY", "MONTHLY", "DAILY"),
}
_UNTIL = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?")
_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
MOST_PERIODS: Final = 1_000_000
# The occurrences of a rule with COUNT have to be counted one by one.
MOST_COUNTED: Final = 10_000
MOST_TIMES_A_DAY: Final = 24
_BLOCK_YEARS: Final = 16
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

    Raises:
        InvalidValueError: If RFC 5545 does not allow this combination of parts, or if the rule
            repeats more than 24 times a day.

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

    def __attrs_post_init__(self) -> None:
        if self.freq not in FREQUENCIES:
            raise _fault("FREQ", self.freq, f"use {', '.join(FREQUENCIES)}")
        if self.count is not None and self.until is not None:
            raise _fault(
                "UNTIL", _until_text(self.until), "the rule also has COUNT; use only one of them"
            )
        for part, attribute, *_ in _NUMBERS:
            only = _ONLY_WITH.get(part, FREQUENCIES)
            if self.freq not in only and getattr(self, attribute):
                why = f"it needs FREQ={' or '.join(only)}, not {self.freq}"
                raise _fault(part, self._text_of(attribute), why)
        if any(ordinal for ordinal, _ in self.by_day):
            if self.freq not in ("YEARLY", "MONTHLY"):
                why = f"a numbered day needs FREQ=MONTHLY or YEARLY, not {self.freq}"
                raise _fault("BYDAY", self._text_of("by_day"), why)
            if self.by_week_no:
                why = "a numbered day cannot be combined with BYWEEKNO"
                raise _fault("BYDAY", self._text_of("by_day"), why)
        parts = (attribute for _, attribute, *_ in _NUMBERS if attribute != "by_set_pos")
        if self.by_set_pos and not (self.by_day or any(getattr(self, name) for name in parts)):
            value = self._text_of("by_set_pos")
            raise _fault("BYSETPOS", value, "it needs another BY part from which to select")
        times = 1
        for part, attribute in (
            ("BYHOUR", "by_hour"),
            ("BYMINUTE", "by_minute"),
            ("BYSECOND", "by_second"),
        ):
            times *= len(getattr(self, attribute)) or 1
            # Without this limit, a daily rule could repeat every second.
            if times > MOST_TIMES_A_DAY:
                why = f"the rule may repeat at most {MOST_TIMES_A_DAY} times a day"
                raise _fault(part, self._text_of(attribute), why)

    def _text_of(self, attribute: str) -> str:
        if attribute == "by_day":
            return ",".join(f"{ordinal or ''}{DAYS[day]}" for ordinal, day in self.by_day)
        return ",".join(map(str, getattr(self, attribute)))

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
        if parts["FREQ"] in _WITHIN_A_DAY:
            why = "rules repeat daily or less often; for several times a day, add BYHOUR to FREQ=DAILY"
            raise _fault("FREQ", parts["FREQ"], why)
        freq = _one_of("FREQ", parts["FREQ"], FREQUENCIES)
        by_day = tuple(
            _day(day, parts["BYDAY"]) for day in parts.get("BYDAY", "").split(",") if day
        )
        if "BYDAY" in parts and not by_day:
            raise _fault("BYDAY", "", "write days such as MO,WE")
        return cls(
            freq=freq,
            interval=_count("INTERVAL", parts.get("INTERVAL", "1"), MOST_PERIODS),
            count=_count("COUNT", parts["COUNT"], MOST_COUNTED) if "COUNT" in parts else None,
            until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
            by_day=tuple(sorted(set(by_day))),
            week_start=DAYS.index(_one_of("WKST", parts.get("WKST", "MO"), DAYS)),
            **given,
        )

    def __str__(self) -> str:
        parts = [f"FREQ={self.freq}"]
        if self.until is not None:
            parts.append(f"UNTIL={_until_text(self.until)}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        lists = (("BYDAY", "by_day"), *((part, attribute) for part, attribute, *_ in _NUMBERS))
        parts += [f"{part}={self._text_of(name)}" for part, name in lists if getattr(self, name)]
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


def _count(part: str, value: str, most: int) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= most:
        raise _fault(part, value, f"write a whole number from 1 to {most}")
    return int(value)


def _numbers(part: str, value: str, most: int, *, zero: bool, negative: bool) -> tuple[int, ...]:
    low = "0" if zero else "1"
    why = f"write whole numbers from {low} to {most}" + (f", or -{most} to -1" if negative else "")
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
        raise _fault("BYDAY", value, "write days such as MO,WE or 1FR,-1SU")
    return int(match[1] or 0), DAYS.index(match[2])


def _until(value: str) -> dt.datetime:
    match = _UNTIL.fullmatch(value)
    if match is None:
        raise _fault("UNTIL", value, "write 20261231, 20261231T170000 or 20261231T160000Z")
    whole_day = match[4] is None
    clock = (23, 59, 59) if whole_day else (int(match[4]), int(match[5]), int(match[6]))
    try:
        until = dt.datetime(int(match[1]), int(match[2]), int(match[3]), *clock)  # noqa: DTZ001
    except ValueError as error:
        raise _fault("UNTIL", value, str(error)) from error
    return until.replace(tzinfo=dt.UTC) if match[7] else until


def _until_text(until: dt.datetime) -> str:
    zulu = "Z" if until.tzinfo is not None else ""
    # On some platforms, strftime does not pad years before 1000, and the result could not be
    # parsed again.
    return f"{until.year:04d}{until.strftime('%m%dT%H%M%S')}{zulu}"


# The Gregorian calendar repeats after 400 years, that is, after 146,097 days, which is a whole
# number of weeks. A rule that matches nothing in that many periods never matches;
# without this bound, the search for 30 February would not end.
_CYCLE: Final = {"YEARLY": 400, "MONTHLY": 4800, "WEEKLY": 20_871, "DAILY": 146_097}
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
    last = LAST if until is None else min(LAST, until)
    if rule.until is not None and rule.until.tzinfo is None:
        last = min(last, rule.until)
    first = max(since, begin)
    if rule.count is None:
        times = _expand(rule, begin, first, last)
    else:
        # Occurrences are numbered from the start, so the earlier occurrences have to be counted.
        block = max(begin, dt.datetime(first.year // _BLOCK_YEARS * _BLOCK_YEARS or 1, 1, 1))  # noqa: DTZ001
        left = rule.count - _counted(rule, begin, block)
        times = islice(_expand(rule, begin, block, last), max(left, 0))
    for local in times:
        if local > last:
            return
        if local >= first:
            yield local


# Counting takes much longer than a single search, and the same rules are searched many times.
@lru_cache(maxsize=1024)
def _counted(rule: Rule, start: dt.datetime, end: dt.datetime) -> int:
    """Return the number of occurrences before *end*, but not more than COUNT."""
    times = islice(_expand(rule, start, start, end), rule.count)
    return sum(local < end for local in times)


def _expand(
    rule: Rule, start: dt.datetime, since: dt.datetime, last: dt.datetime
) -> Iterator[dt.datetime]:
    if last < since:
        return
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
    found = index
    while index <= end and index - found <= _CYCLE[full.freq]:
        dates = _dates(full, start.date(), index)
        if dates is None:
            return
        index += 1
        if not dates:
            index = _next_in_month(full, start.date(), index)
            continue
        chosen: Iterable[dt.datetime] = (
            dt.datetime.combine(date, time) for date in dates for time in times
        )
        if rule.by_set_pos:
            chosen = _at_positions(list(chosen), rule.by_set_pos)
        for local in chosen:
            found = index
            if local >= since:
                yield local


def _with_defaults(rule: Rule, start: dt.datetime) -> Rule:
    """Return *rule* with omitted parts taken from *start* (RFC 5545, end of section 3.3.10)."""
    limited = rule.by_month or rule.by_month_day
    if rule.freq == "DAILY" and rule.interval == 1 and limited and not rule.by_set_pos:
        # The same days, found month by month instead of day by day.
        return attrs.evolve(rule, freq="MONTHLY")
    if rule.by_day or rule.by_month_day or rule.by_year_day:
        return rule
    if rule.freq == "WEEKLY":
        return attrs.evolve(rule, by_day=((0, start.weekday()),))
    if rule.freq == "MONTHLY":
        return attrs.evolve(rule, by_month_day=(start.day,))
    if rule.by_week_no:
        return attrs.evolve(rule, by_day=((0, start.weekday()),))
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


def _next_in_month(rule: Rule, start: dt.date, index: int) -> int:
    """Return *index*, or the first later period that may have days in the months of the rule."""
    if not rule.by_month or rule.freq not in ("DAILY", "WEEKLY"):
        return index
    length = 1 if rule.freq == "DAILY" else 7
    first_day = _first_day(rule, start) + index * rule.interval * length
    if first_day < 1 or first_day + length > LAST.toordinal():
        return index
    date = dt.date.fromordinal(first_day + length - 1)
    # A week may begin in one month and end in the next.
    if date.month in rule.by_month or dt.date.fromordinal(first_day).month in rule.by_month:
        return index
    days = calendar.monthrange(date.year, date.month)[1] - date.day + 1
    return index + -(-days // (rule.interval * length))


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
    return not rule.by_week_no or _in_week(rule, date)


def _in_week(rule: Rule, date: dt.date) -> bool:
    """Return whether BYWEEKNO contains the week of *date*; a week belongs to its fourth day's year."""
    number, year = _week(date, rule.week_start)
    # 28 December is always in the last week of its year.
    weeks, _ = _week(dt.date(year, 12, 28), rule.week_start)
    return number in rule.by_week_no or number - weeks - 1 in rule.by_week_no


def _week(date: dt.date, week_start: int) -> tuple[int, int]:
    fourth = date + dt.timedelta(days=3 - (date.weekday() - week_start) % 7)
    return (_day_of_year(fourth)[0] - 1) // 7 + 1, fourth.year


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
