"""What each kind of stream folds into: its record and its index rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from socialcollab.content import Delivery, DeliveryState, Hold, Observed, PostState
from socialcollab.desk.encoding import event_data, pack, unpack
from socialcollab.desk.organization_events import OrganizationCreated, OrganizationReplanned
from socialcollab.errors import JournalDamagedError
from socialcollab.organization import StandingFacts, evolve_facts
from socialcollab.stores import Event as StoredEvent
from socialcollab.stores import Index, Row, microseconds
from socialcollab.workflow import Actor, PostRecord, evolve_delivery, evolve_post
from socialcollab.workflow import events as ev
from socialcollab.workflow import fact_events as fe
from socialcollab.workflow.erasing_events import MediaDeleted, PersonErased, erased_content
from socialcollab.workflow.notice_events import DigestAdded, Noticed

__all__ = [
    "FACTS",
    "HOLDS",
    "INDEXES",
    "ORGANIZATION",
    "FactsRecord",
    "HoldsRecord",
    "OrganizationRecord",
    "Record",
    "evolve",
    "fold",
    "folded",
    "read_record",
    "rows_of",
]

ORGANIZATION: Final = "organization"
FACTS: Final = "facts"
HOLDS: Final = "holds"

INDEXES: Final = (
    Index("posts", ("workspace", "state", "planned_at", "author", "campaign"), ("planned_at",)),
    Index("refs", ("ref", "post"), ("ref",)),
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


def _kind(stream: str) -> str:
    return stream.partition("/")[0]


def read_record(stream: str, data: bytes) -> Any:
    """
    Read the record of a stream; None if it is absent.

    Raises:
        JournalDamagedError: If it cannot be read, or no such stream is known.
    """
    if not data:
        return None
    cls = _KINDS.get(_kind(stream))
    if cls is None:
        raise JournalDamagedError("a stream of an unknown kind", place=stream)
    return unpack(data, cls, place=stream)


def evolve(
    stream: str, record: Any, data: ev.EventData, *, actor: Actor, at: dt.datetime, salt: bytes
) -> Any:
    """Return the record of *stream* after one event."""
    if isinstance(data, Noticed):
        # The outbox is the event itself.
        return record
    if isinstance(data, PersonErased):
        return _evolve_erased(record, data, at)
    return _EVOLVE[_kind(stream)](record, data, actor, at, salt)


def _evolve_post(
    record: Any, data: ev.EventData, actor: Actor, at: dt.datetime, salt: bytes
) -> PostRecord:
    if isinstance(data, MediaDeleted):
        before: PostRecord = record
        return attrs.evolve(before, post=attrs.evolve(before.post, leftover_media=()))
    return evolve_post(record, data, actor=actor, at=at, salt=salt)


def _evolve_erased(record: Any, data: PersonErased, at: dt.datetime) -> Any:
    # What was erased of earlier events is gone from the record already.
    if isinstance(record, PostRecord) and data.content:
        post = attrs.evolve(
            record.post,
            content=erased_content(data.targets),
            salt=b"",
            erased_at=at,
            leftover_media=data.media,
        )
        return attrs.evolve(record, post=post)
    if isinstance(record, OrganizationRecord) and data.document:
        return attrs.evolve(record, document=data.document)
    return record


def _evolve_delivery(
    record: Any, data: ev.EventData, _: Actor, at: dt.datetime, __: bytes
) -> Delivery:
    return evolve_delivery(record, data, at=at)


def _evolve_budget(_: Any, data: Any, __: Actor, at: dt.datetime, ___: bytes) -> Budget:
    return Budget(since=at, until=data.until)


def _evolve_observed(record: Any, data: Any, _: Actor, __: dt.datetime, ___: bytes) -> Observed:
    if isinstance(data, ev.PostForgotten):
        before: Observed = record
        return attrs.evolve(before, forgotten=True)
    return Observed(
        profile=data.profile,
        workspace=data.workspace,
        network_id=data.network_id,
        at=data.at,
        url=data.url,
        text=data.text,
    )


def _evolve_holds(record: Any, data: Any, _: Actor, __: dt.datetime, ___: bytes) -> HoldsRecord:
    before = () if record is None else record.holds
    if isinstance(data, ev.HoldSet):
        return HoldsRecord(holds=(*before, attrs.evolve(data.hold, reason=data.reason)))
    return HoldsRecord(holds=tuple(hold for hold in before if hold.id != data.hold))


def _evolve_facts(record: Any, data: Any, actor: Actor, at: dt.datetime, _: bytes) -> FactsRecord:
    before = FactsRecord() if record is None else record
    if isinstance(data, fe.FactsReplanned):
        return FactsRecord(facts=before.facts)
    facts = evolve_facts(before.facts, data, actor=actor, at=at)
    moves = isinstance(data, fe.MemberAway | fe.MemberBack)
    return FactsRecord(facts=facts, stale_since=before.stale_since or (at if moves else None))


def _evolve_digest(record: Any, data: Any, _: Actor, __: dt.datetime, ___: bytes) -> DigestRecord:
    before = record or DigestRecord()
    version = before.version + 1
    if isinstance(data, DigestAdded):
        return DigestRecord(
            closes_at=before.closes_at or data.closes_at, since=before.since, version=version
        )
    return DigestRecord(since=version, version=version)


def _evolve_calendar(
    record: Any, _: ev.EventData, __: Actor, ___: dt.datetime, ____: bytes
) -> Count:
    return Count(taken=(0 if record is None else record.taken) + 1)


def _evolve_organization(
    record: Any, data: Any, __: Actor, at: dt.datetime, ____: bytes
) -> OrganizationRecord:
    if isinstance(data, OrganizationReplanned):
        done: OrganizationRecord = attrs.evolve(record, tzdata=data.tzdata, stale_since=None)
        return done
    created = isinstance(data, OrganizationCreated)
    return OrganizationRecord(
        document=data.document,
        digest=data.document_digest,
        files=data.files,
        tzdata=data.tzdata if created else record.tzdata,
        stale_since=None if created else record.stale_since or at,
    )


_EVOLVE: Final[Mapping[str, Callable[[Any, Any, Actor, dt.datetime, bytes], Any]]] = {
    "post": _evolve_post,
    "delivery": _evolve_delivery,
    HOLDS: _evolve_holds,
    FACTS: _evolve_facts,
    "digest": _evolve_digest,
    "calendar": _evolve_calendar,
    "budget": _evolve_budget,
    "observed": _evolve_observed,
    ORGANIZATION: _evolve_organization,
}


def rows_of(stream: str, record: Any) -> list[Row]:
    """Return all index rows of a stream, from its record alone."""
    if isinstance(record, PostRecord):
        return _post_rows(stream, record)
    if isinstance(record, Delivery):
        return _delivery_rows(stream, record)
    if isinstance(record, DigestRecord):
        if record.closes_at is None:
            return []
        at = microseconds(record.closes_at)
        return [Row("due", stream, stream, {"at": at, "kind": "digest"})]
    if isinstance(record, OrganizationRecord | FactsRecord) and record.stale_since is not None:
        at = microseconds(record.stale_since)
        return [Row("due", stream, stream, {"at": at, "kind": "replan"})]
    if isinstance(record, Observed):
        return _observed_rows(stream, record)
    return []


def _observed_rows(stream: str, observed: Observed) -> list[Row]:
    if observed.forgotten:
        return []
    columns: dict[str, str | int | None] = {
        "profile": observed.profile,
        "workspace": observed.workspace,
        "network_id": observed.network_id,
        "at": microseconds(observed.at),
    }
    return [Row("observed", stream, stream, columns)]


_ON_CALENDAR = frozenset(
    {
        PostState.DRAFT,
        PostState.IN_REVIEW,
        PostState.CHANGES_REQUESTED,
        PostState.APPROVED,
        PostState.EXPIRED,
    }
)


def _post_rows(stream: str, record: PostRecord) -> list[Row]:
    post = record.post
    times = {
        target: microseconds(at.instant)
        for target in post.targets
        if (at := post.content.time_for(target)) is not None
    }
    planned = post.planned_at
    first = min(
        (*times.values(), *(() if planned is None else (microseconds(planned.instant),))),
        default=None,
    )
    rows = [
        Row(
            "posts",
            post.id,
            stream,
            {
                "workspace": post.workspace,
                "state": post.state.value,
                "planned_at": first,
                "author": post.author,
                "campaign": post.content.campaign or None,
            },
        )
    ]
    if post.ref:
        rows.append(Row("refs", post.ref, stream, {"ref": post.ref, "post": post.id}))
    if post.state in _ON_CALENDAR:
        rows += [
            Row(
                "plans",
                f"{post.id}|{target}",
                stream,
                {
                    "profile": target,
                    "workspace": post.workspace,
                    "state": post.state.value,
                    "at": at,
                    "post": post.id,
                },
            )
            for target, at in sorted(times.items())
        ]
    if post.leftover_media and post.erased_at is not None:
        clear = microseconds(post.erased_at)
        rows.append(Row("due", stream, stream, {"at": clear, "kind": "clear"}))
    request = record.request
    if post.state is PostState.IN_REVIEW and request is not None:
        if request.reckoned:
            if request.wake_at is not None:
                wake = microseconds(request.wake_at)
                rows.append(Row("due", stream, stream, {"at": wake, "kind": "look"}))
        elif times and request.when == "planned":
            rows.append(Row("due", stream, stream, {"at": min(times.values()), "kind": "look"}))
    return rows


_WAKING = {
    DeliveryState.WAITING: "send",
    DeliveryState.PUBLISHING: "settle",
    DeliveryState.UNKNOWN: "look",
}


def _delivery_rows(stream: str, delivery: Delivery) -> list[Row]:
    at = microseconds(delivery.at.instant)
    rows = [
        Row(
            "deliveries",
            delivery.id,
            stream,
            {
                "post": delivery.post,
                "profile": delivery.profile,
                "workspace": delivery.workspace,
                "state": delivery.state.value,
                "at": at,
            },
        )
    ]
    rows += [
        Row(
            "network_ids",
            f"{delivery.id}|{network_id}",
            stream,
            {
                "profile": delivery.profile,
                "network_id": network_id,
                "delivery": delivery.id,
                "post": delivery.post,
            },
        )
        for network_id in delivery.known_ids
    ]
    if delivery.trouble:
        rows.append(
            Row(
                "troubles",
                delivery.id,
                stream,
                {
                    "post": delivery.post,
                    "profile": delivery.profile,
                    "workspace": delivery.workspace,
                    "kind": delivery.trouble,
                    "at": at,
                },
            )
        )
    kind = _WAKING.get(delivery.state)
    if delivery.to_remove:
        kind = "remove"
    elif delivery.amending and delivery.state is DeliveryState.PUBLISHED:
        kind = "amend"
    if kind is not None:
        due = microseconds(delivery.due_at)
        rows.append(Row("due", stream, stream, {"at": due, "kind": kind}))
    return rows


def fold(stream: str, events: Sequence[StoredEvent]) -> tuple[bytes, Sequence[Row]]:
    """Fold a whole stream anew: what its record and rows have to be."""
    record = folded(stream, events)
    return (b"" if record is None else pack(record)), rows_of(stream, record)


def folded(stream: str, events: Sequence[StoredEvent]) -> Any:
    """Return the record that a stream's events lead to; None if there is no event."""
    record: Any = None
    for event in events:
        data = event_data(event)
        record = evolve(
            stream, record, data, actor=Actor.parse(event.actor), at=event.at, salt=event.salt
        )
    return record
