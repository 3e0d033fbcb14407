"""What each kind of stream folds into: its record and its index rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from socialcollab.content import Delivery, Observed
from socialcollab.desk.encoding import event_data, pack
from socialcollab.desk.organization_events import OrganizationCreated, OrganizationReplanned
from socialcollab.desk.stream_records import (
    FACTS,
    HOLDS,
    INDEXES,
    ORGANIZATION,
    Budget,
    Count,
    DigestRecord,
    FactsRecord,
    HoldsRecord,
    OrganizationRecord,
    Record,
    kind_of,
    read_record,
)
from socialcollab.desk.stream_rows import rows_of
from socialcollab.organization import evolve_facts
from socialcollab.stores import Event as StoredEvent
from socialcollab.stores import Row
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
    "Budget",
    "DigestRecord",
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


def evolve(
    stream: str, record: Any, data: ev.EventData, *, actor: Actor, at: dt.datetime, salt: bytes
) -> Any:
    """Return the record of *stream* after one event."""
    if isinstance(data, Noticed):
        # The outbox is the event itself.
        return record
    if isinstance(data, PersonErased):
        return _evolve_erased(record, data, at)
    return _EVOLVE[kind_of(stream)](record, data, actor, at, salt)


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


_MOVING = (
    fe.MemberAway,
    fe.MemberBack,
    fe.GrantGiven,
    fe.GrantTakenBack,
    fe.DutySwapped,
    fe.DutyUnswapped,
    fe.MemberDeparted,
)
"""Facts that change who may, and so who is asked."""


def _evolve_facts(record: Any, data: Any, actor: Actor, at: dt.datetime, _: bytes) -> FactsRecord:
    before = FactsRecord() if record is None else record
    if isinstance(data, fe.FactsReplanned):
        return FactsRecord(facts=before.facts)
    facts = evolve_facts(before.facts, data, actor=actor, at=at)
    moves = isinstance(data, _MOVING)
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
