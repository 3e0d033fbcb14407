"""
The local times of a rule, from any point on.

The period that holds the wanted time is computed, never walked to. Rules of
days and longer are expanded here; python-dateutil expands the rarer ones
(within the day, or by week number) from the sought period on.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import Final

import attrs

from socialcollab.time.rule import Rule

# The Gregorian calendar repeats after 400 years (146097 days, whole weeks): a
# rule that matches nothing in so many of its periods never does.
_CYCLE: Final = {"YEARLY": 400, "MONTHLY": 4800, "WEEKLY": 20_871, "DAILY": 146_097}
_UNIT: Final = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}
# Within the day a whole cycle would be too long a search; 29 February falls on
# each day of the week within 40 years.
_SEARCH: Final = dt.timedelta(days=60 * 366)
# Zones shift a time by a day at most; instants must stay within the year 9999.
LAST: Final = dt.datetime(9999, 12, 29)  # noqa: DTZ001  local by meaning


def local_times(
    rule: Rule, start: dt.datetime, since: dt.datetime, until: dt.datetime | None = None
) -> Iterator[dt.datetime]:
    """
    Yield the local times of *rule* from *since* on, in order.

    Those before *start* are none of it; COUNT is counted from *start*, UNTIL
    is left to the caller if it is an instant.

    Args:
        rule: The rule.

        start: Its first local time, and what its missing parts are taken from.

        since: Where to begin; a later start wins.

        until: The last of interest: nothing is sought beyond it.
    """
    begin = start.replace(microsecond=0)
    walk = begin if rule.count is not None else max(since, begin)
    last = LAST if until is None else min(LAST, until)
    if rule.until is not None and rule.until.tzinfo is None:
        last = min(last, rule.until)
    found = _expand(rule, begin, walk, last)
    if rule.count is not None:
        found = islice(found, rule.count)
    for local in found:
        if local > last:
            return
        if local >= since:
            yield local


def _expand(
    rule: Rule, start: dt.datetime, since: dt.datetime, last: dt.datetime
) -> Iterator[dt.datetime]:
    if last < since:
        return iter(())
    delegated = rule.freq in _UNIT or rule.by_week_no
    expand = _delegated if delegated else _periods
    return expand(rule, start, since, last)


def _periods(
    rule: Rule, start: dt.datetime, since: dt.datetime, last: dt.datetime
) -> Iterator[dt.datetime]:
    full = _filled(rule, start)
    times = [
        dt.time(hour, minute, second)
        for hour, minute, second in product(
            rule.by_hour or (start.hour,),
            rule.by_minute or (start.minute,),
            rule.by_second or (start.second,),
        )
    ]
    index = _projection_of(full, start.date(), since.date())
    end = _projection_of(full, start.date(), last.date())
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
            chosen = _positions(list(chosen), rule.by_set_pos)
        for local in chosen:
            empty = 0
            if local >= since:
                yield local


def _filled(rule: Rule, start: dt.datetime) -> Rule:
    """Take from the start what no part says (RFC 5545, the end of section 3.3.10)."""
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


def _projection_of(rule: Rule, start: dt.date, since: dt.date) -> int:
    """Return the number of the last period that begins no later than *since*."""
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
    """Return the dates in a period, or None past the end of the calendar."""
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


def _positions(found: list[dt.datetime], wanted: tuple[int, ...]) -> list[dt.datetime]:
    size = len(found)
    at = {position - 1 if position > 0 else size + position for position in wanted}
    return [found[index] for index in sorted(at) if 0 <= index < size]


def _delegated(
    rule: Rule, start: dt.datetime, since: dt.datetime, last: dt.datetime
) -> Iterator[dt.datetime]:
    from dateutil import rrule  # noqa: PLC0415  rules that need it pay for it

    full = _filled(rule, start) if rule.freq in ("MONTHLY", "WEEKLY") else rule
    by_day = full.by_day
    if rule.freq == "YEARLY" and not (by_day or rule.by_month_day or rule.by_year_day):
        # RFC 5545: the day of the week is taken from the start; dateutil takes all seven.
        by_day = ((0, start.weekday()),)
    first = _sought(rule, start, since)
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
            return  # dateutil's way to say that interval and times never meet
        if not found or until >= last:
            return
        first = _sought(rule, start, until + dt.timedelta(seconds=1))


def _sought(rule: Rule, start: dt.datetime, since: dt.datetime) -> dt.datetime | None:
    """Return the beginning of the period that holds *since*, in step with the interval."""
    if rule.freq in _UNIT:
        unit = dt.timedelta(seconds=_UNIT[rule.freq] * rule.interval)
        return start + max((since - start) // unit, 0) * unit
    index = _projection_of(rule, start.date(), since.date())
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
