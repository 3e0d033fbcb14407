"""A period of time with a start and an end."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.errors import EmptyWindowError
from socialcollab.time.zones import as_utc


@attrs.frozen(kw_only=True, order=True)
class Window:
    """
    A period of time that includes its start and excludes its end.

    Windows that merely touch do not overlap.

    >>> nine = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
    >>> morning = Window(start=nine, end=nine + dt.timedelta(hours=3))
    >>> morning.contains(nine), morning.contains(morning.end)
    (True, False)

    Attributes:
        start: The first instant inside; converted to UTC from any offset.
        end: The first instant after the window; also converted to UTC.

    Raises:
        NaiveDatetimeError: If a bound has no UTC offset.
        EmptyWindowError: If *end* is not after *start*.

    Source:
        RFC 5545 section 3.6.1: DTSTART inclusive, DTEND non-inclusive.
    """

    start: dt.datetime = attrs.field(converter=as_utc)
    end: dt.datetime = attrs.field(converter=as_utc)

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise EmptyWindowError(start=self.start, end=self.end)

    @property
    def length(self) -> dt.timedelta:
        """The duration from start to end."""
        return self.end - self.start

    def contains(self, instant: dt.datetime) -> bool:
        """Return whether the window contains *instant*."""
        return self.start <= as_utc(instant) < self.end

    def overlaps(self, other: Window) -> bool:
        """Return whether the two windows share an instant."""
        return self.start < other.end and other.start < self.end

    def intersection(self, other: Window) -> Window | None:
        """Return the window in which both windows overlap, or None if they do not overlap."""
        if not self.overlaps(other):
            return None
        return Window(start=max(self.start, other.start), end=min(self.end, other.end))
