"""Blackouts: periods in which no posts are planned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from socialcollab.directory import Selector, as_selector
from socialcollab.document_fields import LocalTime, Parsed, Section, Text, shape
from socialcollab.errors import InvalidValueError
from socialcollab.time import EVERY_PATTERN, Every, Window, as_local, as_utc, local_time, resolve
from socialcollab.time import zone as zone_named

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY = dt.timedelta(days=1)


def _as_every(value: Every | str | None) -> Every | None:
    # In the document, every = "" means once.
    return (Every.parse(value) if value else None) if isinstance(value, str) else value


@attrs.frozen(kw_only=True)
class Blackout:
    """
    A ``[[blackouts]]`` table of the document: a period in which no posts are planned.

    Its start and end are local times in the time zone of each profile's
    workspace. If a clock change skips or repeats one of them, the longer blackout
    applies. The start is inclusive and the end is exclusive.

    >>> silence = Blackout(
    ...     on={"workspace": "tulip"}, start="2026-05-04 19:55", end="2026-05-04 20:05",
    ...     every="year", reason="Remembrance Day silence",
    ... )
    >>> a = dt.datetime(2027, 5, 1, tzinfo=dt.UTC)
    >>> [str(w.start) for w in silence.windows("Europe/Amsterdam", a, a + dt.timedelta(days=9))]
    ['2027-05-04 17:55:00+00:00']

    Attributes:
        on: The profiles and posts that it applies to.
        start: The local time of its start.
        end: The local time of its end.
        every: How often it repeats, or None if it does not repeat. Every repetition
            has the same length as the first occurrence.
        reason: The reason.

    Raises:
        InvalidValueError: If it does not end after its start, lasts more than a
            year, or repeats on business days.
    """

    on: Selector = attrs.field(
        metadata=shape(Section(Selector, plain="profile")), converter=as_selector
    )
    start: dt.datetime = attrs.field(metadata=shape(LocalTime()), converter=as_local)
    end: dt.datetime = attrs.field(metadata=shape(LocalTime()), converter=as_local)
    every: Every | None = attrs.field(
        metadata=shape(Parsed(grammar=Every, name="recurrence", pattern=EVERY_PATTERN)),
        default=None,
        converter=_as_every,
    )
    reason: str = attrs.field(
        metadata=shape(Text(at_most=500, prose=True, personal=True)), default=""
    )

    def __attrs_post_init__(self) -> None:
        if not self.start < self.end <= self.start + 366 * _DAY:
            raise InvalidValueError(
                f"a blackout from `{self.start:%Y-%m-%d %H:%M}` to `{self.end:%Y-%m-%d %H:%M}`"
                " does not end after its start, or lasts more than a year",
                value=self.end,
                expected="an end after the start",
            )
        if self.every is not None and self.every.rule is None:
            raise InvalidValueError(
                f"a blackout cannot repeat every `{self.every}`, because business days differ"
                " between members",
                value=str(self.every),
                expected='a repeat such as "year"',
            )

    def windows(self, zone: str, a: dt.datetime, b: dt.datetime) -> Iterator[Window]:
        """Yield the windows between *a* and *b* for a profile in *zone*, including partial overlaps."""
        return _Times(self.start, self.end, self.every).windows(zone, as_utc(a), as_utc(b))

    def covers(self, zone: str, at: dt.datetime) -> bool:
        """Return whether the blackout covers an instant for a profile in *zone*."""
        instant = as_utc(at)
        times = _Times(self.start, self.end, self.every)
        windows = _on_day(times, zone_named(zone), instant.date())
        return any(window.contains(instant) for window in windows)


@attrs.frozen
class _Times:
    """The times of a blackout without its selector, which would be a slow cache key."""

    start: dt.datetime
    end: dt.datetime
    every: Every | None

    def windows(self, zone: str, first: dt.datetime, last: dt.datetime) -> Iterator[Window]:
        length = self.end - self.start
        if self.every is None:
            starts = iter([self.start])
        else:
            recurrence = self.every.recurrence(start=self.start, zone=zone)
            # A blackout that began before `first` may not have ended yet. The extra day allows
            # for clock changes.
            instants = recurrence.between(first - length - _DAY, last)
            starts = (local_time(instant, zone) for instant in instants)
        for start in starts:
            begin = resolve(start, zone, skipped="previous", repeated="first")
            end = resolve(start + length, zone, skipped="next", repeated="second")
            if begin < last and first < end:
                yield Window(start=begin, end=end)


# A calendar has many posts on few days, so the windows of each day are cached.
@lru_cache(maxsize=1024)
def _on_day(times: _Times, tz: ZoneInfo, day: dt.date) -> tuple[Window, ...]:
    midnight = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
    last = midnight + (_DAY if day < dt.date.max else _DAY - dt.timedelta(microseconds=1))
    return tuple(times.windows(tz.key, midnight, last))
