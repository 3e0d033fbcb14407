"""
Periods of time: windows, and set operations on spans.

A window is an object. A span is a plain pair of instants, because set operations on spans run in the
inner loops of permission checks. The sequences of spans that they return are *merged*: sorted, and
without spans that overlap or touch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

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


Span: TypeAlias = tuple[dt.datetime | None, dt.datetime | None]
"""A start (inclusive) and an end (exclusive) in UTC; None means that there is no bound."""

# Missing bounds are compared as the earliest and the latest instant that Python can represent.
_MIN: Final = dt.datetime.min.replace(tzinfo=dt.UTC)
_MAX: Final = dt.datetime.max.replace(tzinfo=dt.UTC)


def _span(start: dt.datetime, end: dt.datetime) -> Span:
    return None if start == _MIN else start, None if end == _MAX else end


def spans_overlap(a: Span, b: Span) -> bool:
    """
    Return whether two spans share an instant; spans that merely touch do not.

    >>> noon = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
    >>> spans_overlap((None, noon), (noon, None)), spans_overlap((None, noon), (None, None))
    (False, True)
    """
    return (a[0] or _MIN) < (b[1] or _MAX) and (b[0] or _MIN) < (a[1] or _MAX)


def merge_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """
    Return the union of *spans* as merged spans.

    >>> day = [dt.datetime(2026, 4, day, tzinfo=dt.UTC) for day in range(1, 5)]
    >>> merge_spans([(day[2], day[3]), (day[0], day[2])]) == ((day[0], day[3]),)
    True
    """
    bounds = sorted((start or _MIN, end or _MAX) for start, end in spans)
    merged: list[tuple[dt.datetime, dt.datetime]] = []
    for start, end in bounds:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(_span(start, end) for start, end in merged)


def intersect_spans(a: Sequence[Span], b: Sequence[Span]) -> tuple[Span, ...]:
    """
    Return the instants that lie in both *a* and *b*, which must be merged.

    >>> day = [dt.datetime(2026, 4, day, tzinfo=dt.UTC) for day in range(1, 5)]
    >>> intersect_spans([(day[0], day[2])], [(day[1], None)]) == ((day[1], day[2]),)
    True
    """
    common: list[Span] = []
    i = j = 0
    while i < len(a) and j < len(b):
        a_end, b_end = a[i][1] or _MAX, b[j][1] or _MAX
        start, end = max(a[i][0] or _MIN, b[j][0] or _MIN), min(a_end, b_end)
        if start < end:
            common.append(_span(start, end))
        # The span that ends first cannot overlap any later span of the other sequence.
        if a_end <= b_end:
            i += 1
        else:
            j += 1
    return tuple(common)


def subtract_spans(spans: Sequence[Span], removed: Sequence[Span]) -> tuple[Span, ...]:
    """
    Return the instants of *spans* that are not in *removed*. Both arguments must be merged.

    >>> day = [dt.datetime(2026, 4, day, tzinfo=dt.UTC) for day in range(1, 5)]
    >>> subtract_spans([(day[0], None)], [(day[1], day[2])]) == ((day[0], day[1]), (day[2], None))
    True
    """
    remaining: list[Span] = []
    for first, last in spans:
        start, end = first or _MIN, last or _MAX
        for low, high in removed:
            gap_start, gap_end = low or _MIN, high or _MAX
            if gap_end <= start or gap_start >= end:
                continue
            if gap_start > start:
                remaining.append(_span(start, gap_start))
            start = max(start, gap_end)
            if start >= end:
                break
        if start < end:
            remaining.append(_span(start, end))
    return tuple(remaining)
