"""Somebody takes over on duty for a while, whoever's turn it is."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, check_id
from socialcollab.time import as_utc, parse_local, resolve, zone

_LONGEST = dt.timedelta(days=3660)


def _member(value: str) -> MemberId:
    return MemberId(check_id("member", value))


def _as_local(value: dt.datetime | str) -> dt.datetime:
    local = parse_local(value) if isinstance(value, str) else value
    if local.tzinfo is not None:
        raise InvalidValueError(
            f"a swap's bound `{local.isoformat(sep=' ')}` has a UTC offset, where a local time is"
            " needed",
            value=local,
            expected="a local time such as 2026-04-07 09:30",
        )
    return local.replace(fold=0)


def _zone_name(value: str) -> str:
    return zone(value).key if value else ""


@attrs.frozen(kw_only=True)
class ShiftSwap:
    """
    A time for which somebody is on duty, whoever's turn it is.

    Its bounds are local times that are read as those of the duty's turns are:
    what the clocks jump over counts as the instant after the jump, what comes
    twice as its first.

    >>> swap = ShiftSwap(id="s1", rotation="weekend", member="ben",
    ...             start="2026-04-10 17:00", end="2026-04-13 09:00")
    >>> first, over = swap.span("Europe/Amsterdam")
    >>> f"{first:%d %H:%M}, {over:%d %H:%M}"
    '10 15:00, 13 07:00'

    Attributes:
        id: Its identifier.

        duty: Which duty.

        member: Who takes over.

        start: First local time of it.

        end: First local time after it.

        zone: The IANA name of the zone of these, or empty for that of the
            duty, which is each place's own if the duty names none.

        order: Of two swaps that meet, the one of the higher order counts; of
            the same order, the one of the greater id.

        until: The instant from which on it is taken back, or None.

        by: Who said so, or empty.

    Raises:
        InvalidValueError: If it ends before it begins, is longer than ten
            years, a bound has a UTC offset, or there is no such zone.

        NaiveDatetimeError: If *until* has no UTC offset.
    """

    id: str
    rotation: str
    member: MemberId = attrs.field(converter=_member)
    start: dt.datetime = attrs.field(converter=_as_local)
    end: dt.datetime = attrs.field(converter=_as_local)
    zone: str = attrs.field(default="", converter=_zone_name)
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
        if self.end - self.start > _LONGEST:
            raise InvalidValueError(
                f"a swap from {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d} is longer than ten years",
                value=self.end,
                expected="at most ten years; whoever takes over for good joins the rotation",
            )

    def span(self, zone: str) -> tuple[dt.datetime, dt.datetime]:
        """
        Return its first instant and the first after it, in UTC; the same if it never is.

        Args:
            zone: The zone in which the duty's turns fall, if the swap has none of its own.
        """
        first = self._instant(self.start, zone)
        over = self._instant(self.end, zone)
        if self.until is not None:
            over = min(over, self.until)
        return first, max(first, over)

    def _instant(self, local: dt.datetime, zone: str) -> dt.datetime:
        return resolve(local, self.zone or zone, skipped="next", repeated="first")

    @property
    def rank(self) -> tuple[int, str]:
        """What decides between two that meet: the greater one counts."""
        return self.order, self.id
