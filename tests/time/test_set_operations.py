"""Set operations on spans of time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.time import (
    Span,
    intersect_spans,
    merge_spans,
    spans_overlap,
    subtract_spans,
)

START = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
DAYS = 12
# Half days, so that instants between the bounds are checked too.
INSTANTS = [START + dt.timedelta(hours=12) * number for number in range(-3, 2 * DAYS + 4)]


def day(number: int | None) -> dt.datetime | None:
    return None if number is None else START + dt.timedelta(days=number)


bounds = st.none() | st.integers(0, DAYS)
single_spans = (
    st.tuples(bounds, bounds)
    .filter(lambda pair: None in pair or pair[0] < pair[1])
    .map(lambda pair: (day(pair[0]), day(pair[1])))
)
span_lists = st.lists(single_spans, max_size=5)
merged_lists = span_lists.map(merge_spans)


def holds(spans: Iterable[Span], at: dt.datetime) -> bool:
    """Return whether an instant lies in one of *spans*."""
    return any((start is None or start <= at) and (end is None or at < end) for start, end in spans)


def held(spans: Iterable[Span]) -> list[bool]:
    return [holds(spans, at) for at in INSTANTS]


def check_merged(spans: tuple[Span, ...]) -> None:
    for (_, end), (start, _) in pairwise(spans):
        assert end is not None
        assert start is not None
        assert end < start


@given(span_lists)
def test_merge_keeps_instants(spans: list[Span]) -> None:
    """Merging keeps every instant, and the resulting spans are sorted and do not touch."""
    merged = merge_spans(spans)
    assert held(spans) == held(merged)
    check_merged(merged)


@given(span_lists)
def test_merge_ignores_order(spans: list[Span]) -> None:
    """Merging does not depend on the order of the spans, and merging twice changes nothing."""
    assert merge_spans(spans) == merge_spans(reversed(spans)) == merge_spans(merge_spans(spans))


@given(merged_lists, merged_lists)
def test_intersect_keeps_common_instants(a: tuple[Span, ...], b: tuple[Span, ...]) -> None:
    """The intersection contains exactly the instants in both, regardless of the order of arguments."""
    common = intersect_spans(a, b)
    assert held(common) == [x and y for x, y in zip(held(a), held(b), strict=True)]
    assert common == intersect_spans(b, a)
    check_merged(common)


@given(merged_lists, merged_lists)
def test_subtract_keeps_other_instants(a: tuple[Span, ...], b: tuple[Span, ...]) -> None:
    """The difference contains exactly the instants of the first that are not in the second."""
    remaining = subtract_spans(a, b)
    assert held(remaining) == [x and not y for x, y in zip(held(a), held(b), strict=True)]
    check_merged(remaining)


@given(merged_lists, merged_lists)
def test_intersection_is_double_difference(a: tuple[Span, ...], b: tuple[Span, ...]) -> None:
    """A set without its difference from another set is the intersection of both."""
    assert intersect_spans(a, b) == subtract_spans(a, subtract_spans(a, b))


@given(merged_lists, merged_lists)
def test_parts_make_whole(a: tuple[Span, ...], b: tuple[Span, ...]) -> None:
    """The union of intersection and difference is the first set."""
    assert merge_spans((*intersect_spans(a, b), *subtract_spans(a, b))) == a


@given(single_spans, single_spans)
def test_overlap_means_common_instant(a: Span, b: Span) -> None:
    """Two spans overlap if and only if their intersection is not empty."""
    assert spans_overlap(a, b) == spans_overlap(b, a) == bool(intersect_spans([a], [b]))


@pytest.mark.parametrize("operation", [intersect_spans, subtract_spans])
def test_empty_sets(operation) -> None:
    """The intersection and the difference of an empty set with any other set are empty."""
    assert operation((), [(None, None)]) == ()
    assert subtract_spans([(None, None)], ()) == ((None, None),)
