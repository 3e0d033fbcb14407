"""What each kind of stream folds into: its record and its projection rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from socialcollab.content import Delivery, NativePost
from socialcollab.desk.journal.encoding import event_data, pack
from socialcollab.desk.journal.organization_events import (
    OrganizationCreated,
    OrganizationReevaluated,
)
from socialcollab.desk.journal.projections import rows_of
from socialcollab.desk.journal.snapshots import (
    HOLDS,
    ORGANIZATION,
    RUNTIME_STATE,
    Budget,
    Count,
    DigestSnapshot,
    HoldsSnapshot,
    OrganizationSnapshot,
    RuntimeStateSnapshot,
    kind_of,
)
from socialcollab.organization import evolve_runtime_state
from socialcollab.stores import Event as StoredEvent
from socialcollab.stores import Row
from socialcollab.workflow import Actor, PostSnapshot, evolve_delivery, evolve_post
from socialcollab.workflow import events as ev
from socialcollab.workflow.events import (
    DigestAdded,
    MediaDeleted,
    NotificationsQueued,
    PersonErased,
    erased_content,
)


def evolve(
    stream: str, snapshot: Any, data: ev.EventData, *, actor: Actor, at: dt.datetime, salt: bytes
) -> Any:
    """Return the record of *stream* after one event."""
    if isinstance(data, NotificationsQueued):
        # The outbox is the event itself.
        return snapshot
    if isinstance(data, PersonErased):
        return _evolve_erased(snapshot, data, at)
    return _EVOLVE[kind_of(stream)](snapshot, data, actor, at, salt)


def _evolve_post(
    snapshot: Any, data: ev.EventData, actor: Actor, at: dt.datetime, salt: bytes
) -> PostSnapshot:
    if isinstance(data, MediaDeleted):
        before: PostSnapshot = snapshot
        return attrs.evolve(before, post=attrs.evolve(before.post, leftover_media=()))
    return evolve_post(snapshot, data, actor=actor, at=at, salt=salt)


def _evolve_erased(snapshot: Any, data: PersonErased, at: dt.datetime) -> Any:
    # What was erased of earlier events is gone from the record already.
    if isinstance(snapshot, PostSnapshot) and data.content:
        post = attrs.evolve(
            snapshot.post,
            content=erased_content(data.targets),
            salt=b"",
            erased_at=at,
            leftover_media=data.media,
        )
        return attrs.evolve(snapshot, post=post)
    if isinstance(snapshot, OrganizationSnapshot) and data.document:
        return attrs.evolve(snapshot, document=data.document)
    return snapshot


def _evolve_delivery(
    snapshot: Any, data: ev.EventData, _: Actor, at: dt.datetime, __: bytes
) -> Delivery:
    return evolve_delivery(snapshot, data, at=at)


def _evolve_budget(_: Any, data: Any, __: Actor, at: dt.datetime, ___: bytes) -> Budget:
    return Budget(since=at, until=data.until)


def _evolve_native_post(
    snapshot: Any, data: Any, _: Actor, __: dt.datetime, ___: bytes
) -> NativePost:
    if isinstance(data, ev.NativePostRemoved):
        before: NativePost = snapshot
        return attrs.evolve(before, removed=True)
    return NativePost(
        profile=data.profile,
        workspace=data.workspace,
        network_id=data.network_id,
        at=data.at,
        url=data.url,
        text=data.text,
    )


def _evolve_holds(snapshot: Any, data: Any, _: Actor, __: dt.datetime, ___: bytes) -> HoldsSnapshot:
    before = () if snapshot is None else snapshot.holds
    if isinstance(data, ev.HoldPlaced):
        return HoldsSnapshot(holds=(*before, attrs.evolve(data.hold, reason=data.reason)))
    return HoldsSnapshot(holds=tuple(hold for hold in before if hold.id != data.hold))


_MOVING = (
    ev.AbsenceAdded,
    ev.AbsenceEnded,
    ev.GrantAdded,
    ev.GrantRevoked,
    ev.ShiftsSwapped,
    ev.ShiftSwapsCancelled,
    ev.MemberOffboarded,
)
"""Facts that change who may, and so who is asked."""


def _evolve_runtime_state(
    snapshot: Any, data: Any, actor: Actor, at: dt.datetime, _: bytes
) -> RuntimeStateSnapshot:
    before = RuntimeStateSnapshot() if snapshot is None else snapshot
    if isinstance(data, ev.RuntimeStateReevaluated):
        return RuntimeStateSnapshot(runtime_state=before.runtime_state)
    facts = evolve_runtime_state(before.runtime_state, data, actor=actor, at=at)
    moves = isinstance(data, _MOVING)
    return RuntimeStateSnapshot(
        runtime_state=facts, stale_since=before.stale_since or (at if moves else None)
    )


def _evolve_digest(
    snapshot: Any, data: Any, _: Actor, __: dt.datetime, ___: bytes
) -> DigestSnapshot:
    before = snapshot or DigestSnapshot()
    version = before.version + 1
    if isinstance(data, DigestAdded):
        return DigestSnapshot(
            closes_at=before.closes_at or data.closes_at, since=before.since, version=version
        )
    return DigestSnapshot(since=version, version=version)


def _evolve_calendar(
    snapshot: Any, _: ev.EventData, __: Actor, ___: dt.datetime, ____: bytes
) -> Count:
    return Count(taken=(0 if snapshot is None else snapshot.taken) + 1)


def _evolve_organization(
    snapshot: Any, data: Any, __: Actor, at: dt.datetime, ____: bytes
) -> OrganizationSnapshot:
    if isinstance(data, OrganizationReevaluated):
        done: OrganizationSnapshot = attrs.evolve(snapshot, tzdata=data.tzdata, stale_since=None)
        return done
    created = isinstance(data, OrganizationCreated)
    return OrganizationSnapshot(
        document=data.document,
        digest=data.document_digest,
        files=data.files,
        tzdata=data.tzdata if created else snapshot.tzdata,
        stale_since=None if created else snapshot.stale_since or at,
    )


_EVOLVE: Final[Mapping[str, Callable[[Any, Any, Actor, dt.datetime, bytes], Any]]] = {
    "post": _evolve_post,
    "delivery": _evolve_delivery,
    HOLDS: _evolve_holds,
    RUNTIME_STATE: _evolve_runtime_state,
    "digest": _evolve_digest,
    "calendar": _evolve_calendar,
    "budget": _evolve_budget,
    "native_post": _evolve_native_post,
    ORGANIZATION: _evolve_organization,
}


def reducer(stream: str, events: Sequence[StoredEvent]) -> tuple[bytes, Sequence[Row]]:
    """Reducer a whole stream anew: what its record and rows have to be."""
    snapshot = reduced(stream, events)
    return (b"" if snapshot is None else pack(snapshot)), rows_of(stream, snapshot)


def reduced(stream: str, events: Sequence[StoredEvent]) -> Any:
    """Return the record that a stream's events lead to; None if there is no event."""
    snapshot: Any = None
    for event in events:
        data = event_data(event)
        snapshot = evolve(
            stream, snapshot, data, actor=Actor.parse(event.actor), at=event.at, salt=event.salt
        )
    return snapshot
