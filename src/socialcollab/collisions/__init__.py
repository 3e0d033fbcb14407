"""Merge concurrent changes, find near-duplicates, and keep two people from answering at once."""

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
    "Choice",
    "Conflict",
    "Merge",
    "Placement",
    "RebasedDecision",
    "Resolution",
    "merge",
    "rebase_decisions",
    "resolve",
]
