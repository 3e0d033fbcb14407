"""Blackouts: periods during which nothing is published."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING

import attrs

from socialcollab.directory import Selector, as_selector
from socialcollab.document_fields import LocalTime, Parsed, Section, Text, shape
from socialcollab.errors import InvalidValueError
from socialcollab.time import (
    EVERY_PATTERN,
    Every,
    Window,
    as_local,
    as_utc,
    local_times,
    merge_spans,
    resolve,
)
from socialcollab.time import zone as zone_named

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY = dt.timedelta(days=1)
_BLOCK = 64 * _DAY
_FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


def _as_every(value: Every | str | None) -> Every | None:
    # In the document, every = "" means that the blackout does not repeat.
    return (Every.parse(value) if value else None) if isinstance(value, str) else value


@attrs.frozen(kw_only=True)
class Blackout:
    """
    A period during which nothing is published.

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
        on: The profiles and posts to which the blackout applies.
        start: The local time at which it starts.
        end: The local time at which it ends.
        every: How often it repeats, or None if it does not repeat. All repetitions have the same
            length.
        reason: The reason for the blackout.

    Raises:
        InvalidValueError: If the blackout does not end after its start, lasts more than a
            year, repeats on business days, or does not occur within 12 years of its start.
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
                expected='a repetition such as "year"',
            )
        if self.every is not None and not self.every.occurs_from(self.start):
            raise InvalidValueError(
                f"a blackout with the repetition `{self.every}` does not occur in the 12 years after"
                f" its start, `{self.start:%Y-%m-%d %H:%M}`",
                value=str(self.every),
                expected='a repetition that occurs, such as "year"',
            )

    def windows(self, zone: str, a: dt.datetime, b: dt.datetime) -> Iterator[Window]:
        """Yield the windows between *a* and *b* for a profile in *zone*, including partial overlaps."""
        times = _Times(self.start, self.end, self.every)
        for start, end in times.bounds(zone, as_utc(a), as_utc(b)):
            yield Window(start=start, end=end)

    def covers(self, zone: str, at: dt.datetime) -> bool:
        """Return whether the blackout covers an instant for a profile in *zone*."""
        instant = as_utc(at)
        times = _Times(self.start, self.end, self.every)
        bounds = _bounds_in(times, zone_named(zone), (instant - _FIRST) // _BLOCK)
        index = bisect_right(bounds, instant, key=itemgetter(0)) - 1
        return index >= 0 and instant < bounds[index][1]

    def covered(self, zone: str, instants: Sequence[dt.datetime]) -> Iterator[int]:
        """
        Yield the indexes of the instants that the blackout covers, in order.

        Args:
            zone: The time zone of the profile's workspace.
            instants: Instants in UTC, sorted.
        """
        times, tz = _Times(self.start, self.end, self.every), zone_named(zone)
        position = 0
        while position < len(instants):
            number = (instants[position] - _FIRST) // _BLOCK
            end_of_block = bisect_left(instants, _block(number)[1], lo=position + 1)
            for start, end in _bounds_in(times, tz, number):
                position = bisect_left(instants, start, lo=position, hi=end_of_block)
                while position < end_of_block and instants[position] < end:
                    yield position
                    position += 1
            position = end_of_block


@attrs.frozen
class _Times:
    """The times of a blackout without its selector, which would be a slow cache key."""

    start: dt.datetime
    end: dt.datetime
    every: Every | None

    def bounds(
        self, zone: str, first: dt.datetime, last: dt.datetime
    ) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        length = self.end - self.start
        rule = None if self.every is None else self.every.rule
        if rule is None:
            starts = iter([self.start])
        else:
            # A blackout that began before `first` may not have ended yet. Two more days are enough
            # for the difference between local times and UTC and for clock changes.
            margin = length + 2 * _DAY
            since = max(first, _FIRST + margin).replace(tzinfo=None) - margin
            until = min(last, _LAST - 2 * _DAY).replace(tzinfo=None) + 2 * _DAY
            starts = local_times(rule, self.start, since, until)
        # An UNTIL that is a local time has already been applied to the local times.
        latest = rule.until if rule is not None and rule.until and rule.until.tzinfo else None
        for start in starts:
            begin = resolve(start, zone, skipped="previous", repeated="first")
            if latest is not None and begin > latest:
                return
            end = resolve(start + length, zone, skipped="next", repeated="second")
            if begin < last and first < end:
                yield begin, end


def _block(number: int) -> tuple[dt.datetime, dt.datetime]:
    start = _FIRST + number * _BLOCK
    return start, start + min(_BLOCK, _LAST - start)


# Many entries are checked against the same blackouts, so the windows of each block of days are
# computed once.
@lru_cache(maxsize=2048)
def _bounds_in(
    times: _Times, tz: ZoneInfo, number: int
) -> tuple[tuple[dt.datetime, dt.datetime], ...]:
    """Merge the windows that overlap a block of days, and return the start and end of each."""
    merged = merge_spans(times.bounds(tz.key, *_block(number)))
    return tuple((start, end) for start, end in merged if start is not None and end is not None)
