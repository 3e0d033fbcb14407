"""Merge concurrent changes, find near-duplicates, and keep two people from answering at once."""

from socialcollab.collisions.claims import Claim, ClaimMode, ClaimResult, Claims
from socialcollab.collisions.duplicates import (
    DEFAULT_THRESHOLD,
    DuplicateIndex,
    Match,
    SharedSpan,
    shared_spans,
    similarity,
)
from socialcollab.collisions.guard import (
    ActivityKind,
    GuardedAction,
    GuardResult,
    ItemActivity,
    Offer,
    OfferKind,
    send_guard,
)
from socialcollab.collisions.merge import (
    Choice,
    Conflict,
    EditConflictError,
    Merge,
    Placement,
    RebasedDecision,
    Resolution,
    merge,
    rebase_decisions,
    resolve,
)
from socialcollab.collisions.presence import (
    Activity,
    Presence,
    PresenceState,
    PresentMember,
    Signal,
)

__all__ = [
    "DEFAULT_THRESHOLD",
    "Activity",
    "ActivityKind",
    "Choice",
    "Claim",
    "ClaimMode",
    "ClaimResult",
    "Claims",
    "Conflict",
    "DuplicateIndex",
    "EditConflictError",
    "GuardResult",
    "GuardedAction",
    "ItemActivity",
    "Match",
    "Merge",
    "Offer",
    "OfferKind",
    "Placement",
    "Presence",
    "PresenceState",
    "PresentMember",
    "RebasedDecision",
    "Resolution",
    "SharedSpan",
    "Signal",
    "merge",
    "rebase_decisions",
    "resolve",
    "send_guard",
    "shared_spans",
    "similarity",
]
