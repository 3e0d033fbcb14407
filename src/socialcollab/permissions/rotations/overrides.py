"""The turns of a duty in one zone, with what has been swapped."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import pairwise

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.permissions.rotations.roster import Shift, Written, earliest
from socialcollab.permissions.rotations.shift_swap import ShiftSwap
from socialcollab.time import Span, as_utc


@attrs.frozen
class _Stretch:
    """A time that one swap decides."""

    start: dt.datetime
    end: dt.datetime
    member: MemberId


class SwappedRoster:
    """
    The turns of a duty in one zone, with what has been swapped.

    A question takes a binary search among the swaps, and one among the turns.

    Args:
        rota: The turns by the document.

        swaps: Who takes over when; of two that meet the one of the higher rank counts.

        zone: The zone's IANA name.
    """

    def __init__(self, rota: Written, swaps: Iterable[ShiftSwap], zone: str) -> None:
        self._rota = rota
        self._stretches = _flattened(swaps, zone)
        self._starts = tuple(one.start for one in self._stretches)
        self._bounds = tuple(
            sorted({bound for one in self._stretches for bound in (one.start, one.end)})
        )

    def stretches(self, member: str) -> tuple[Span, ...]:
        """Return when swaps put a member on duty, in order."""
        return tuple((one.start, one.end) for one in self._stretches if one.member == member)

    def at(self, at: dt.datetime) -> Shift | None:
        """
        Return the turn that covers an instant, or None.

        One that a swap gives lasts no longer than the turn of the document
        that it takes, so that each tells in whose place it is.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        instant = as_utc(at)
        number = bisect_right(self._starts, instant) - 1
        before = self._stretches[number] if number >= 0 else None
        last = self._rota.before(instant)
        shift = last if last is not None and last.covers(instant) else None
        if before is not None and instant < before.end:
            if shift is not None:
                end = earliest(before.end, shift.end)
                start = max(before.start, shift.start)
            else:
                end = earliest(before.end, self._rota.after(instant))
                over = None if last is None else last.end
                start = before.start if over is None else max(before.start, over)
            if shift is not None and shift.member == before.member:
                return attrs.evolve(shift, start=start, end=end)
            return Shift(
                member=before.member,
                start=start,
                end=end,
                swapped=True,
                instead_of="" if shift is None else shift.member,
            )
        if shift is None:
            return None
        following = self._starts[number + 1] if number + 1 < len(self._starts) else None
        return attrs.evolve(
            shift,
            start=shift.start if before is None else max(shift.start, before.end),
            end=earliest(shift.end, following),
        )

    def between(self, a: dt.datetime, b: dt.datetime) -> Iterator[Shift]:
        """
        Yield the turns that overlap the time from *a* to *b*, in order.

        Raises:
            NaiveDatetimeError: If one has no UTC offset.
        """
        at: dt.datetime | None = as_utc(a)
        last = as_utc(b)
        while at is not None and at < last:
            shift = self.at(at)
            if shift is None:
                at = self.after(at)
                continue
            yield shift
            at = shift.end

    def after(self, at: dt.datetime) -> dt.datetime | None:
        """Return when the next turn after an instant begins, or None if none does."""
        instant: dt.datetime | None = as_utc(at)
        while instant is not None:
            number = bisect_right(self._bounds, instant)
            bound = self._bounds[number] if number < len(self._bounds) else None
            instant = earliest(bound, self._rota.after(instant))
            # Where a swap ends between two turns nobody's begins.
            if instant is not None and self.at(instant) is not None:
                return instant
        return None


def _flattened(swaps: Iterable[ShiftSwap], zone: str) -> tuple[_Stretch, ...]:
    """Return the times that swaps decide, in order and apart: of two that meet the last one said."""
    said = [(swap.span(zone), swap.member) for swap in sorted(swaps, key=lambda one: one.rank)]
    # The later it was said, the sooner a heap has it.
    coming = sorted(
        (start, -number, end, member)
        for number, ((start, end), member) in enumerate(said)
        if start < end
    )
    bounds = sorted({bound for start, _, end, _ in coming for bound in (start, end)})
    found: list[_Stretch] = []
    counts: list[tuple[int, dt.datetime, MemberId]] = []
    decided = None
    begun = 0
    for here, there in pairwise(bounds):
        while begun < len(coming) and coming[begun][0] <= here:
            heappush(counts, coming[begun][1:])
            begun += 1
        while counts and counts[0][1] <= here:
            heappop(counts)
        if not counts:
            decided = None
            continue
        number, _, member = counts[0]
        if decided == number:
            found[-1] = _Stretch(found[-1].start, there, member)
        else:
            found.append(_Stretch(here, there, member))
        decided = number
    return tuple(found)
