"""The turns of a duty in one zone: who takes which, found without counting them all."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, TypeAlias

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.time import Every, Occurrences, as_utc, resolve, zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_STRETCH = dt.timedelta(days=366)
_HORIZON = dt.timedelta(days=200 * 366)
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


@attrs.frozen(kw_only=True)
class Shift:
    """
    One person's time on duty.

    Attributes:
        member: Who takes it.

        start: Its first instant, in UTC.

        end: The first instant after it, or None if nobody ever takes over.

        due_end: When the duty's rule would have it end, or None if no rule does.

        swapped: Whether it is theirs by a swap, and not by the document.

        instead_of: Of a swap, whose turn the document makes it, or empty if nobody's.
    """

    member: MemberId
    start: dt.datetime
    end: dt.datetime | None
    due_end: dt.datetime | None = None
    swapped: bool = False
    instead_of: str = ""

    def covers(self, at: dt.datetime) -> bool:
        """Tell whether an instant lies in it."""
        return self.start <= at and (self.end is None or at < self.end)


class Roster(Protocol):
    """The turns of a duty in one zone."""

    def at(self, at: dt.datetime) -> Shift | None:
        """
        Return the turn that covers an instant, or None: before the first, or between two.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        ...

    def between(self, a: dt.datetime, b: dt.datetime) -> Iterator[Shift]:
        """
        Yield the turns that overlap the time from *a* to *b*, in order.

        Raises:
            NaiveDatetimeError: If one has no UTC offset.
        """
        ...

    def after(self, at: dt.datetime) -> dt.datetime | None:
        """Return when the next turn after an instant begins, or None if none does."""
        ...


class RuleRoster:
    """
    The turns of a duty whose members take them by a rule, in one zone.

    Beginnings are worked out a year at a time, when first asked for, and kept:
    from then on a question takes a binary search. They reach two hundred years;
    after that nobody is on duty.
    """

    def __init__(
        self,
        members: Sequence[str],
        start: dt.date,
        starts: Occurrences,
        ends: Occurrences | None,
    ) -> None:
        self._members = tuple(members)
        self._starts = starts
        self._ends = ends
        self._known: list[dt.datetime] = []
        first = dt.datetime.combine(start, dt.time(), dt.UTC) - dt.timedelta(days=2)
        self._last = first + min(_HORIZON, _LAST - first)
        # All beginnings before this instant are known; None once there are no others.
        self._until: dt.datetime | None = first

    def at(self, at: dt.datetime) -> Shift | None:
        """
        Return the turn that covers an instant, or None: before the first, or between two.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        instant = as_utc(at)
        shift = self.before(instant)
        return shift if shift is not None and shift.covers(instant) else None

    def before(self, at: dt.datetime) -> Shift | None:
        """Return the last turn that has begun at an instant, be it over or not, or None."""
        instant = as_utc(at)
        if instant >= self._last:
            return None
        self._learn(instant)
        number = bisect_right(self._known, instant) - 1
        return self._shift(number) if number >= 0 else None

    def between(self, a: dt.datetime, b: dt.datetime) -> Iterator[Shift]:
        """
        Yield the turns that overlap the time from *a* to *b*, in order.

        Raises:
            NaiveDatetimeError: If one has no UTC offset.
        """
        first, last = as_utc(a), min(as_utc(b), self._last)
        self._learn(last)
        number = max(bisect_right(self._known, first) - 1, 0)
        while number < len(self._known) and self._known[number] < last:
            shift = self._shift(number)
            if shift.end is None or shift.end > first:
                yield shift
            number += 1

    def after(self, at: dt.datetime) -> dt.datetime | None:
        """Return when the next turn after an instant begins, or None if none does."""
        return self._starts.after(at)

    def _shift(self, number: int) -> Shift:
        start = self._known[number]
        following = (
            self._known[number + 1] if number + 1 < len(self._known) else self._starts.after(start)
        )
        over = self._ends.after(start) if self._ends is not None else None
        return Shift(
            member=MemberId(self._members[number % len(self._members)]),
            start=start,
            end=earliest(following, over),
            due_end=over,
        )

    def _learn(self, at: dt.datetime) -> None:
        """Work out all beginnings up to and including an instant."""
        while self._until is not None and self._until <= at:
            since = self._until
            until = min(at + _STRETCH, self._last)
            found = list(self._starts.between(since, until))
            if self._until is not since:
                return  # another thread has been faster
            self._known = [*self._known, *found]
            self._until = until if until < self._last else None


def earliest(*instants: dt.datetime | None) -> dt.datetime | None:
    """Return the first of some instants, of which those that are None never come."""
    return min((one for one in instants if one is not None), default=None)


class ListedRoster:
    """
    The turns of a duty that are written out, in one zone.

    Args:
        turns: First instant, first after it if the list says it, and who, in any order.

        ends: When turns end that do not say it, if before the next begins.
    """

    def __init__(
        self,
        shifts: Iterable[tuple[dt.datetime, dt.datetime | None, str]],
        ends: Occurrences | None,
    ) -> None:
        # Two local times may be one instant where the clocks jump: nobody is on duty for no time.
        said = sorted(shifts, key=lambda shift: shift[0])
        self._shifts = tuple(
            shift
            for shift, following in pairwise((*said, None))
            if shift is not None and (following is None or following[0] > shift[0])
        )
        self._starts = tuple(start for start, _, _ in self._shifts)
        self._ends = ends

    def at(self, at: dt.datetime) -> Shift | None:
        """
        Return the turn that covers an instant, or None.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        instant = as_utc(at)
        shift = self.before(instant)
        return shift if shift is not None and shift.covers(instant) else None

    def before(self, at: dt.datetime) -> Shift | None:
        """Return the last turn that has begun at an instant, be it over or not, or None."""
        number = bisect_right(self._starts, as_utc(at)) - 1
        return self._shift(number) if number >= 0 else None

    def between(self, a: dt.datetime, b: dt.datetime) -> Iterator[Shift]:
        """
        Yield the turns that overlap the time from *a* to *b*, in order.

        Raises:
            NaiveDatetimeError: If one has no UTC offset.
        """
        first, last = as_utc(a), as_utc(b)
        for number in range(max(bisect_right(self._starts, first) - 1, 0), len(self._starts)):
            shift = self._shift(number)
            if shift.start >= last:
                return
            if shift.end is None or shift.end > max(first, shift.start):
                yield shift

    def after(self, at: dt.datetime) -> dt.datetime | None:
        """Return when the next turn after an instant begins, or None if none does."""
        number = bisect_right(self._starts, as_utc(at))
        return self._starts[number] if number < len(self._starts) else None

    def _shift(self, number: int) -> Shift:
        start, said, member = self._shifts[number]
        due = self._ends.after(start) if self._ends is not None else None
        following = self._starts[number + 1] if number + 1 < len(self._starts) else None
        return Shift(
            member=MemberId(member),
            start=start,
            end=earliest(due if said is None else max(said, start), following),
            due_end=due,
        )


Written: TypeAlias = RuleRoster | ListedRoster
"""Turns as the document has them, before anything is swapped."""


def rule_roster(
    members: Sequence[str], start: dt.date, every: Every, end: Every | None, *, zone_name: str
) -> RuleRoster:
    """Return the turns of a rotation in a zone; the same value for the same question."""
    return _rule_roster(tuple(members), start, every, end, zone(zone_name))


@lru_cache(maxsize=256)
def _rule_roster(
    members: tuple[str, ...], start: dt.date, every: Every, end: Every | None, resource: ZoneInfo
) -> RuleRoster:
    return RuleRoster(
        members,
        start,
        every.recurrence(start=start, zone=resource.key),
        None if end is None else end.recurrence(start=start, zone=resource.key),
    )


def listed_roster(
    shifts: Iterable[tuple[dt.datetime, dt.datetime | None, str]],
    end: Every | None,
    *,
    zone_name: str,
) -> ListedRoster:
    """Return the turns of a list in a zone, its local times read as those of a rule are."""

    def instant(local: dt.datetime) -> dt.datetime:
        return resolve(local, zone_name, skipped="next", repeated="first")

    # Of two that are one instant in this zone the later one on the wall counts.
    said = sorted(shifts, key=lambda shift: shift[0])
    return ListedRoster(
        (
            (instant(start), None if over is None else instant(over), member)
            for start, over, member in said
        ),
        None
        if end is None or not said
        else end.recurrence(start=said[0][0].date(), zone=zone_name),
    )
