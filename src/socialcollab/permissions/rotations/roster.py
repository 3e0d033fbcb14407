"""Rosters: the shifts of a rotation in one time zone, found without listing them all."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, TypeAlias

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.time import Every, Occurrences, as_utc, resolve

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_STEP = dt.timedelta(days=366)
_HORIZON = dt.timedelta(days=200 * 366)
_MAX = dt.datetime.max.replace(tzinfo=dt.UTC)


@attrs.frozen(kw_only=True)
class Shift:
    """
    A period during which one member is on duty.

    Attributes:
        member: The member on duty.
        start: The first instant of the shift, in UTC.
        end: The first instant after it, or None if no shift follows.
        due_end: When the rotation's `end` ends the shift, or None if the rotation has no `end`.
        swapped: Whether a swap, rather than the document, put the member on duty.
        instead_of: For a swapped shift, the member scheduled in the document, or an empty string.
    """

    member: MemberId
    start: dt.datetime
    end: dt.datetime | None
    due_end: dt.datetime | None = None
    swapped: bool = False
    instead_of: str = ""

    def covers(self, at: dt.datetime) -> bool:
        """Return whether the shift includes an instant."""
        return self.start <= at and (self.end is None or at < self.end)


class Roster(Protocol):
    """
    The shifts of a rotation in one time zone.

    Every method raises `NaiveDatetimeError` for an instant without a UTC offset.
    """

    def at(self, at: dt.datetime) -> Shift | None:
        """Return the shift at an instant, or None between shifts and before the first."""
        ...

    def between(self, start: dt.datetime, end: dt.datetime) -> Iterator[Shift]:
        """Yield the shifts that overlap the time from *start* to *end*, in order."""
        ...

    def next_start(self, after: dt.datetime) -> dt.datetime | None:
        """Return when the next shift after an instant starts, or None if there is none."""
        ...


class RuleRoster:
    """
    A `Roster` of rule-based shifts.

    The starts of shifts are computed one year at a time when they are first needed and are then
    cached, so later lookups are binary searches. The roster ends after two hundred years; from
    then on, no member is on duty.
    """

    def __init__(
        self,
        members: tuple[str, ...],
        start: dt.date,
        starts: Occurrences,
        ends: Occurrences | None,
    ) -> None:
        self._members = members
        self._starts = starts
        self._ends = ends
        self._computed: list[dt.datetime] = []
        # East of Greenwich, the first day starts earlier than in UTC; two days are a safe margin.
        first = dt.datetime.combine(start, dt.time(), dt.UTC) - dt.timedelta(days=2)
        self._horizon = first + min(_HORIZON, _MAX - first)
        # All starts before this instant are computed; None once the horizon is reached.
        self._computed_until: dt.datetime | None = first

    def at(self, at: dt.datetime) -> Shift | None:
        """Return the shift at an instant, or None between shifts and before the first."""
        instant = as_utc(at)
        shift = self.latest(instant)
        return shift if shift is not None and shift.covers(instant) else None

    def latest(self, at: dt.datetime) -> Shift | None:
        """Return the last shift that has started by an instant, even if it has ended, or None."""
        instant = as_utc(at)
        if instant >= self._horizon:
            return None
        self._compute(instant)
        number = bisect_right(self._computed, instant) - 1
        return self._shift(number) if number >= 0 else None

    def between(self, start: dt.datetime, end: dt.datetime) -> Iterator[Shift]:
        """Yield the shifts that overlap the time from *start* to *end*, in order."""
        first, last = as_utc(start), min(as_utc(end), self._horizon)
        self._compute(last)
        number = max(bisect_right(self._computed, first) - 1, 0)
        while number < len(self._computed) and self._computed[number] < last:
            shift = self._shift(number)
            if shift.end is None or shift.end > first:
                yield shift
            number += 1

    def next_start(self, after: dt.datetime) -> dt.datetime | None:
        """Return when the next shift after an instant starts, or None if there is none."""
        return self._starts.after(after)

    def _shift(self, number: int) -> Shift:
        start = self._computed[number]
        following = (
            self._computed[number + 1]
            if number + 1 < len(self._computed)
            else self._starts.after(start)
        )
        due = self._ends.after(start) if self._ends is not None else None
        return Shift(
            member=MemberId(self._members[number % len(self._members)]),
            start=start,
            end=earliest(following, due),
            due_end=due,
        )

    def _compute(self, at: dt.datetime) -> None:
        """Compute all starts up to and including an instant."""
        while self._computed_until is not None and self._computed_until <= at:
            since = self._computed_until
            until = min(at + _STEP, self._horizon)
            starts = list(self._starts.between(since, until))
            if self._computed_until is not since:
                # Another thread has added these starts in the meantime. Counting a shift twice
                # would assign all later shifts to the wrong members.
                return
            self._computed = [*self._computed, *starts]
            self._computed_until = until if until < self._horizon else None


class ListedRoster:
    """
    A `Roster` of listed shifts.

    Args:
        shifts: The start, the end (None if not given), and the member of each shift, in any order.
        ends: The recurring times that end shifts without an explicit end, unless the next shift
            starts earlier.
    """

    def __init__(
        self,
        shifts: Iterable[tuple[dt.datetime, dt.datetime | None, str]],
        ends: Occurrences | None,
    ) -> None:
        # Where the clocks change, two local times may be the same instant. The earlier shift then
        # has no length, and keeping it would put two members on duty at the same time.
        ordered = sorted(shifts, key=lambda shift: shift[0])
        self._shifts = tuple(
            shift
            for shift, following in pairwise((*ordered, None))
            if shift is not None and (following is None or following[0] > shift[0])
        )
        self._starts = tuple(start for start, _, _ in self._shifts)
        self._ends = ends

    def at(self, at: dt.datetime) -> Shift | None:
        """Return the shift at an instant, or None between shifts and before the first."""
        instant = as_utc(at)
        shift = self.latest(instant)
        return shift if shift is not None and shift.covers(instant) else None

    def latest(self, at: dt.datetime) -> Shift | None:
        """Return the last shift that has started by an instant, even if it has ended, or None."""
        number = bisect_right(self._starts, as_utc(at)) - 1
        return self._shift(number) if number >= 0 else None

    def between(self, start: dt.datetime, end: dt.datetime) -> Iterator[Shift]:
        """Yield the shifts that overlap the time from *start* to *end*, in order."""
        first, last = as_utc(start), as_utc(end)
        for number in range(max(bisect_right(self._starts, first) - 1, 0), len(self._starts)):
            shift = self._shift(number)
            if shift.start >= last:
                return
            if shift.end is None or shift.end > max(first, shift.start):
                yield shift

    def next_start(self, after: dt.datetime) -> dt.datetime | None:
        """Return when the next shift after an instant starts, or None if there is none."""
        number = bisect_right(self._starts, as_utc(after))
        return self._starts[number] if number < len(self._starts) else None

    def _shift(self, number: int) -> Shift:
        start, end, member = self._shifts[number]
        due = self._ends.after(start) if self._ends is not None else None
        following = self._starts[number + 1] if number + 1 < len(self._starts) else None
        return Shift(
            member=MemberId(member),
            start=start,
            # Where the clocks change, the computed end may be before the start. The length of such
            # a shift must be zero rather than negative.
            end=earliest(due if end is None else max(end, start), following),
            due_end=due,
        )


ScheduledRoster: TypeAlias = RuleRoster | ListedRoster
"""The shifts defined in the document, without swaps."""


def earliest(*instants: dt.datetime | None) -> dt.datetime | None:
    """Return the earliest instant, treating None as never."""
    return min((instant for instant in instants if instant is not None), default=None)


@lru_cache(maxsize=256)
def rule_roster(
    members: tuple[str, ...], start: dt.date, every: Every, end: Every | None, tz: ZoneInfo
) -> RuleRoster:
    """Return the roster of a rule, which is cached so that equal rules share computed shifts."""
    return RuleRoster(
        members,
        start,
        every.recurrence(start=start, zone=tz.key),
        None if end is None else end.recurrence(start=start, zone=tz.key),
    )


def listed_roster(
    shifts: Iterable[tuple[dt.datetime, dt.datetime | None, str]],
    end: Every | None,
    tz: ZoneInfo,
) -> ListedRoster:
    """Return the roster of listed shifts, whose bounds are local times."""

    def instant(local: dt.datetime) -> dt.datetime:
        return resolve(local, tz.key, skipped="next", repeated="first")

    # If two local times are the same instant in this zone, the later one must come last, because
    # `ListedRoster` keeps the last shift that starts at an instant.
    ordered = sorted(shifts, key=lambda shift: shift[0])
    return ListedRoster(
        (
            (instant(start), None if over is None else instant(over), member)
            for start, over, member in ordered
        ),
        None
        if end is None or not ordered
        else end.recurrence(start=ordered[0][0].date(), zone=tz.key),
    )
