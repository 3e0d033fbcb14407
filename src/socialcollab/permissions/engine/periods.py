"""Periods: spans in which a member has permissions on resources, and operations on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from socialcollab.permissions.engine.binding import Binding
from socialcollab.time import (
    Span,
    intersect_spans,
    merge_spans,
    subtract_spans,
)

Periods: TypeAlias = Mapping[tuple[str, str], tuple[Span, ...]]
"""Merged spans, by permission and resource."""


def periods_of(bindings: Iterable[Binding]) -> Periods:
    """Return the periods in which grants or forbids are active."""
    spans: dict[tuple[str, str], list[Span]] = {}
    for binding in bindings:
        for resource in binding.resources:
            span = binding.span(resource)
            for permission in binding.permissions:
                spans.setdefault((permission, resource), []).append(span)
    return {key: merge_spans(own) for key, own in spans.items()}


def merge_periods(*periods: Periods) -> Periods:
    """Return the union of *periods*."""
    merged = dict(periods[0])
    for other in periods[1:]:
        for key, spans in other.items():
            merged[key] = merge_spans((*merged[key], *spans)) if key in merged else spans
    return merged


def intersect_periods(a: Periods, b: Periods) -> Periods:
    """Return the intersection of *a* and *b*."""
    common = ((key, intersect_spans(a[key], b[key])) for key in a.keys() & b.keys())
    return {key: spans for key, spans in common if spans}


def subtract_periods(periods: Periods, removed: Periods) -> Periods:
    """Return *periods* without the times that lie in *removed*."""
    remaining = (
        (key, subtract_spans(spans, removed[key]) if key in removed else spans)
        for key, spans in periods.items()
    )
    return {key: spans for key, spans in remaining if spans}
