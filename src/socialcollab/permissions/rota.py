"""The turns of a duty in one zone: who takes which, found without counting them all."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.time import Every, Occurrences, as_utc, zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["Rota", "Turn", "rota"]

_STRETCH = dt.timedelta(days=366)
_HORIZON = dt.timedelta(days=200 * 366)
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


@attrs.frozen(kw_only=True)
class Turn:
    """
    One person's time on duty.

    Attributes:
        number: Which turn it is, from 0 on.

        member: Who takes it.

        start: Its first instant, in UTC.

        end: The first instant after it, or None if nobody ever takes over.
    """

    number: int
    member: MemberId
    start: dt.datetime
    end: dt.datetime | None

    def covers(self, at: dt.datetime) -> bool:
        """Tell whether an instant lies in it."""
        return self.start <= at and (self.end is None or at < self.end)


class Rota:
    """
    The turns of a duty in one zone.

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

    def at(self, at: dt.datetime) -> Turn | None:
        """
        Return the turn that covers an instant, or None: before the first, or between two.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        instant = as_utc(at)
        if instant >= self._last:
            return None
        self._learn(instant)
        number = bisect_right(self._known, instant) - 1
        if number < 0:
            return None
        turn = self._turn(number)
        return turn if turn.covers(instant) else None

    def between(self, a: dt.datetime, b: dt.datetime) -> Iterator[Turn]:
        """
        Yield the turns that overlap the time from *a* to *b*, in order.

        Raises:
            NaiveDatetimeError: If one has no UTC offset.
        """
        first, last = as_utc(a), min(as_utc(b), self._last)
        self._learn(last)
        number = max(bisect_right(self._known, first) - 1, 0)
        while number < len(self._known) and self._known[number] < last:
            turn = self._turn(number)
            if turn.end is None or turn.end > first:
                yield turn
            number += 1

    def after(self, at: dt.datetime) -> dt.datetime | None:
        """Return when the next turn after an instant begins, or None if none does."""
        return self._starts.after(at)

    def _turn(self, number: int) -> Turn:
        start = self._known[number]
        following = (
            self._known[number + 1] if number + 1 < len(self._known) else self._starts.after(start)
        )
        over = self._ends.after(start) if self._ends is not None else None
        bounds = [one for one in (following, over) if one is not None]
        return Turn(
            number=number,
            member=MemberId(self._members[number % len(self._members)]),
            start=start,
            end=min(bounds, default=None),
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


def rota(
    members: Sequence[str], start: dt.date, every: Every, end: Every | None, *, zone_name: str
) -> Rota:
    """Return the turns of a duty in a zone; the same value for the same question."""
    return _rota(tuple(members), start, every, end, zone(zone_name))


@lru_cache(maxsize=256)
def _rota(
    members: tuple[str, ...], start: dt.date, every: Every, end: Every | None, where: ZoneInfo
) -> Rota:
    return Rota(
        members,
        start,
        every.recurrence(start=start, zone=where.key),
        None if end is None else end.recurrence(start=start, zone=where.key),
    )
