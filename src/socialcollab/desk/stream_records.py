"""What is kept of each kind of stream, and the indexes that it is found by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import attrs

from socialcollab.content import Delivery, Hold, Observed
from socialcollab.desk.encoding import unpack
from socialcollab.errors import JournalDamagedError
from socialcollab.organization import StandingFacts
from socialcollab.stores import Index
from socialcollab.workflow import PostRecord

__all__ = [
    "FACTS",
    "HOLDS",
    "INDEXES",
    "ORGANIZATION",
    "Budget",
    "Count",
    "DigestRecord",
    "FactsRecord",
    "HoldsRecord",
    "OrganizationRecord",
    "Record",
    "kind_of",
    "read_record",
]

ORGANIZATION: Final = "organization"
FACTS: Final = "facts"
HOLDS: Final = "holds"

INDEXES: Final = (
    Index("posts", ("workspace", "state", "planned_at", "author", "campaign"), ("planned_at",)),
    Index("refs", ("ref", "post"), ("ref",)),
    Index("pictures", ("digest", "workspace", "post"), ("digest",)),
    Index("plans", ("profile", "workspace", "state", "at", "post"), ("at",)),
    Index("deliveries", ("post", "profile", "workspace", "state", "at"), ("at",)),
    Index("network_ids", ("profile", "network_id", "delivery", "post"), ("network_id",)),
    Index("observed", ("profile", "workspace", "network_id", "at"), ("at",)),
    Index("troubles", ("post", "profile", "workspace", "kind", "at"), ("at",)),
    Index("due", ("at", "kind"), ("at",)),
)
"""The indexes that a desk's store has to keep."""


@attrs.frozen(kw_only=True)
class OrganizationRecord:
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
class FactsRecord:
    """The facts that hold by command; *stale_since* as for the organization."""

    facts: StandingFacts = attrs.field(factory=StandingFacts)
    stale_since: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class HoldsRecord:
    """The holds that have been set and not lifted, oldest first."""

    holds: tuple[Hold, ...] = ()


@attrs.frozen(kw_only=True)
class DigestRecord:
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


Record: TypeAlias = (
    PostRecord
    | Delivery
    | OrganizationRecord
    | FactsRecord
    | HoldsRecord
    | DigestRecord
    | Count
    | Budget
    | Observed
)

_KINDS: Final[Mapping[str, type[Any]]] = {
    "post": PostRecord,
    "delivery": Delivery,
    ORGANIZATION: OrganizationRecord,
    FACTS: FactsRecord,
    HOLDS: HoldsRecord,
    "digest": DigestRecord,
    "calendar": Count,
    "budget": Budget,
    "observed": Observed,
}


def kind_of(stream: str) -> str:
    """Return what kind of stream it is: what stands before the slash."""
    return stream.partition("/")[0]


def read_record(stream: str, data: bytes) -> Any:
    """
    Read the record of a stream; None if it is absent.

    Raises:
        JournalDamagedError: If it cannot be read, or no such stream is known.
    """
    if not data:
        return None
    cls = _KINDS.get(kind_of(stream))
    if cls is None:
        raise JournalDamagedError("a stream of an unknown kind", place=stream)
    return unpack(data, cls, place=stream)
