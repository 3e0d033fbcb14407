"""What is kept of each kind of stream, and the indexes that it is found by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import attrs

from socialcollab.content import Delivery, Hold, NativePost
from socialcollab.desk.journal.encoding import unpack
from socialcollab.errors import CorruptJournalError
from socialcollab.organization import RuntimeState
from socialcollab.stores import Projection
from socialcollab.workflow import PostSnapshot

ORGANIZATION: Final = "organization"
RUNTIME_STATE: Final = "runtime_state"
HOLDS: Final = "holds"

PROJECTIONS: Final = (
    Projection(
        "posts", ("workspace", "state", "planned_at", "author", "campaign"), ("planned_at",)
    ),
    Projection("external_ids", ("external_id", "post"), ("external_id",)),
    Projection("pictures", ("digest", "workspace", "post"), ("digest",)),
    Projection("plans", ("profile", "workspace", "state", "at", "post"), ("at",)),
    Projection("deliveries", ("post", "profile", "workspace", "state", "at"), ("at",)),
    Projection("network_ids", ("profile", "network_id", "delivery", "post"), ("network_id",)),
    Projection("native_post", ("profile", "workspace", "network_id", "at"), ("at",)),
    Projection("attention", ("post", "profile", "workspace", "kind", "at"), ("at",)),
    Projection("due", ("at", "kind"), ("at",)),
)
"""The indexes that a desk's store has to keep."""


@attrs.frozen(kw_only=True)
class OrganizationSnapshot:
    """
    The document in force, as text.

    Attributes:
        document: The text.

        digest: The organization's digest.

        files: The files it names, in base64.

        tzdata: The version of the zone data that what waits was reckoned with, or empty.

        stale_since: Since when what waits is to be reckoned anew, or None.
    """

    document: str
    digest: str
    files: Mapping[str, str] = attrs.field(factory=dict)
    tzdata: str = ""
    stale_since: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class RuntimeStateSnapshot:
    """The facts that hold by command; *stale_since* as for the organization."""

    runtime_state: RuntimeState = attrs.field(factory=RuntimeState)
    stale_since: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class HoldsSnapshot:
    """The holds that have been set and not lifted, oldest first."""

    holds: tuple[Hold, ...] = ()


@attrs.frozen(kw_only=True)
class DigestSnapshot:
    """
    When a member's next digest on a channel closes.

    Attributes:
        closes_at: When, in UTC, or None while nothing waits for it.

        since: The stream's version at which the last one closed, 0 before the
            first; what waits was added after it.

        version: The stream's version.
    """

    closes_at: dt.datetime | None = None
    since: int = 0
    version: int = 0


@attrs.frozen(kw_only=True)
class Count:
    """How often something was put on a calendar."""

    taken: int = 0


@attrs.frozen(kw_only=True)
class Budget:
    """Since when and until when the network asked a profile to wait, by the plan's clock."""

    since: dt.datetime
    until: dt.datetime


Snapshot: TypeAlias = (
    PostSnapshot
    | Delivery
    | OrganizationSnapshot
    | RuntimeStateSnapshot
    | HoldsSnapshot
    | DigestSnapshot
    | Count
    | Budget
    | NativePost
)

_KINDS: Final[Mapping[str, type[Any]]] = {
    "post": PostSnapshot,
    "delivery": Delivery,
    ORGANIZATION: OrganizationSnapshot,
    RUNTIME_STATE: RuntimeStateSnapshot,
    HOLDS: HoldsSnapshot,
    "digest": DigestSnapshot,
    "calendar": Count,
    "budget": Budget,
    "native_post": NativePost,
}


def kind_of(stream: str) -> str:
    """Return what kind of stream it is: what stands before the slash."""
    return stream.partition("/")[0]


def read_snapshot(stream: str, data: bytes) -> Any:
    """
    Read the record of a stream; None if it is absent.

    Raises:
        CorruptJournalError: If it cannot be read, or no such stream is known.
    """
    if not data:
        return None
    cls = _KINDS.get(kind_of(stream))
    if cls is None:
        raise CorruptJournalError("a stream of an unknown kind", place=stream)
    return unpack(data, cls, place=stream)
