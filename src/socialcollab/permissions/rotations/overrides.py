"""Shift swaps, and the roster that applies them."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import pairwise

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, check_id
from socialcollab.permissions.rotations.roster import ScheduledRoster, Shift, earliest
from socialcollab.time import Span, as_utc, parse_local, resolve, zone

_MAX_LENGTH = dt.timedelta(days=3660)


def _as_member(value: str) -> MemberId:
    return MemberId(check_id("member", value))


def _as_local(value: dt.datetime | str) -> dt.datetime:
    local = parse_local(value) if isinstance(value, str) else value
    if local.tzinfo is not None:
        raise InvalidValueError(
            f"the swap bound `{local.isoformat(sep=' ')}` has a UTC offset, but must be a local"
            " time",
            value=local,
            expected="a local time such as 2026-04-07 09:30",
        )
    return local.replace(fold=0)


def _as_zone_name(value: str) -> str:
    return zone(value).key if value else ""


@attrs.frozen(kw_only=True)
class ShiftSwap:
    """
    A period during which a member is on duty, regardless of the schedule in the document.

    The bounds are local times and are interpreted like the bounds of the rotation's shifts: a time
    that the clocks skip means the first instant after the change, and a repeated time means its
    first occurrence.

    >>> swap = ShiftSwap(id="s1", rotation="weekend", member="ben",
    ...             start="2026-04-10 17:00", end="2026-04-13 09:00")
    >>> start, end = swap.span("Europe/Amsterdam")
    >>> f"{start:%d %H:%M}, {end:%d %H:%M}"
    '10 15:00, 13 07:00'

    Attributes:
        id: The identifier.
        rotation: The rotation's id.
        member: The member who is on duty.
        start: The local time at which the swap starts.
        end: The local time at which it ends.
        zone: The IANA name of the time zone for both times. If empty, the rotation's zone is used,
            or the zone of each resource if the rotation has none.
        order: If two swaps overlap, the swap with the higher order wins; if their orders are
            equal, the swap with the greater id wins.
        until: The instant at which the swap is cancelled, or None.
        by: The member who recorded the swap, or an empty string.

    Raises:
        InvalidValueError: If the swap does not end after its start, is longer than ten years, has
            a bound with a UTC offset, or names a zone that does not exist.
        NaiveDatetimeError: If *until* has no UTC offset.
    """

    id: str
    rotation: str
    member: MemberId = attrs.field(converter=_as_member)
    start: dt.datetime = attrs.field(converter=_as_local)
    end: dt.datetime = attrs.field(converter=_as_local)
    zone: str = attrs.field(default="", converter=_as_zone_name)
    order: int = 0
    until: dt.datetime | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_utc)
    )
    by: str = ""

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidValueError(
                f"a swap ends at `{self.end:%Y-%m-%d %H:%M}`, which is not after its start"
                f" `{self.start:%Y-%m-%d %H:%M}`",
                value=self.end,
                expected="an end after the start",
            )
        if self.end - self.start > _MAX_LENGTH:
            raise InvalidValueError(
                f"a swap from {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d} is longer than ten years",
                value=self.end,
                expected="at most ten years; to take over permanently, join the rotation",
            )

    def span(self, zone: str) -> tuple[dt.datetime, dt.datetime]:
        """
        Return the start and the end in UTC, which are equal if the swap never applies.

        Args:
            zone: The zone of the rotation's shifts, used if the swap has no zone.
        """
        start = self._instant(self.start, zone)
        end = self._instant(self.end, zone)
        if self.until is not None:
            end = min(end, self.until)
        return start, max(start, end)

    def _instant(self, local: dt.datetime, zone: str) -> dt.datetime:
        return resolve(local, self.zone or zone, skipped="next", repeated="first")

    @property
    def rank(self) -> tuple[int, str]:
        """The key for choosing between overlapping swaps; the swap with the greater key wins."""
        return self.order, self.id


@attrs.frozen
class _Override:
    """A period in which one swap determines who is on duty."""

    start: dt.datetime
    end: dt.datetime
    member: MemberId


class SwappedRoster:
    """
    A `Roster` with swaps applied to the shifts of the document.

    Each lookup requires one binary search among the swaps and one among the shifts.

    Args:
        scheduled: The shifts defined in the document.
        swaps: The swaps; if two overlap, the swap with the higher rank wins.
        zone: The zone's IANA name.
    """

    def __init__(self, scheduled: ScheduledRoster, swaps: Iterable[ShiftSwap], zone: str) -> None:
        self._scheduled = scheduled
        self._overrides = _resolve_overlaps(swaps, zone)
        self._starts = tuple(override.start for override in self._overrides)
        self._bounds = tuple(
            sorted(
                {bound for override in self._overrides for bound in (override.start, override.end)}
            )
        )

    def swapped_spans(self, member: str) -> tuple[Span, ...]:
        """Return when swaps put a member on duty, in order."""
        return tuple(
            (override.start, override.end)
            for override in self._overrides
            if override.member == member
        )

    def at(self, at: dt.datetime) -> Shift | None:
        """
        Return the shift at an instant, or None if no member is on duty.

        A swap that spans several shifts of the document is split at their bounds, so that each part
        replaces exactly one scheduled member.
        """
        instant = as_utc(at)
        number = bisect_right(self._starts, instant) - 1
        override = self._overrides[number] if number >= 0 else None
        latest = self._scheduled.latest(instant)
        scheduled = latest if latest is not None and latest.covers(instant) else None
        if override is not None and instant < override.end:
            if scheduled is not None:
                start = max(override.start, scheduled.start)
                end = earliest(override.end, scheduled.end)
            else:
                previous_end = None if latest is None else latest.end
                start = (
                    override.start if previous_end is None else max(override.start, previous_end)
                )
                end = earliest(override.end, self._scheduled.next_start(instant))
            if scheduled is not None and scheduled.member == override.member:
                return attrs.evolve(scheduled, start=start, end=end)
            return Shift(
                member=override.member,
                start=start,
                end=end,
                swapped=True,
                instead_of="" if scheduled is None else scheduled.member,
            )
        if scheduled is None:
            return None
        next_override = self._starts[number + 1] if number + 1 < len(self._starts) else None
        return attrs.evolve(
            scheduled,
            start=scheduled.start if override is None else max(scheduled.start, override.end),
            end=earliest(scheduled.end, next_override),
        )

    def between(self, start: dt.datetime, end: dt.datetime) -> Iterator[Shift]:
        """Yield the shifts that overlap the time from *start* to *end*, in order."""
        at: dt.datetime | None = as_utc(start)
        last = as_utc(end)
        while at is not None and at < last:
            shift = self.at(at)
            if shift is None:
                at = self.next_start(at)
                continue
            yield shift
            at = shift.end

    def next_start(self, after: dt.datetime) -> dt.datetime | None:
        """Return when the next shift after an instant starts, or None if there is none."""
        instant: dt.datetime | None = as_utc(after)
        while instant is not None:
            number = bisect_right(self._bounds, instant)
            bound = self._bounds[number] if number < len(self._bounds) else None
            instant = earliest(bound, self._scheduled.next_start(instant))
            # If a swap ends between two shifts, no shift starts at that bound.
            if instant is not None and self.at(instant) is not None:
                return instant
        return None


def _resolve_overlaps(swaps: Iterable[ShiftSwap], zone: str) -> tuple[_Override, ...]:
    """Return the periods in which swaps determine who is on duty, in order and without overlaps."""
    ranked = [(swap.span(zone), swap.member) for swap in sorted(swaps, key=lambda swap: swap.rank)]
    # A heap yields its smallest item first, so the swap with the highest rank needs the smallest
    # number.
    pending = sorted(
        (start, -number, end, member)
        for number, ((start, end), member) in enumerate(ranked)
        if start < end
    )
    bounds = sorted({bound for start, _, end, _ in pending for bound in (start, end)})
    overrides: list[_Override] = []
    active: list[tuple[int, dt.datetime, MemberId]] = []
    winner = None
    started = 0
    for here, there in pairwise(bounds):
        while started < len(pending) and pending[started][0] <= here:
            heappush(active, pending[started][1:])
            started += 1
        while active and active[0][1] <= here:
            heappop(active)
        if not active:
            winner = None
            continue
        number, _, member = active[0]
        if winner == number:
            overrides[-1] = _Override(overrides[-1].start, there, member)
        else:
            overrides.append(_Override(here, there, member))
        winner = number
    return tuple(overrides)
