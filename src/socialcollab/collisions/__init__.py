"""Merge concurrent changes, find near-duplicates, and keep two people from answering at once."""

from socialcollab.collisions.duplicates import (
    DEFAULT_THRESHOLD,
    DuplicateIndex,
    Match,
    SharedSpan,
    shared_spans,
    similarity,
)
from socialcollab.collisions.merge import (
    Choice,
    Conflict,
    Merge,
    Placement,
    RebasedDecision,
    Resolution,
    merge,
    rebase_decisions,
    resolve,
)

__all__ = [
    "DEFAULT_THRESHOLD",
    "Choice",
    "Conflict",
    "DuplicateIndex",
    "Match",
    "Merge",
    "Placement",
    "RebasedDecision",
    "Resolution",
    "SharedSpan",
    "merge",
    "rebase_decisions",
    "resolve",
    "shared_spans",
    "similarity",
]
