"""
The kinds of streams, with their snapshots, reducers and projection rows.

The name of a stream is its kind, optionally followed by an identifier: ``organization``,
``post/0198…``. Snapshots and rows are derived only from the events; `reducer` recomputes both for
audits and reindexing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from socialcollab.content import (
    Delivery,
    DeliveryState,
    Hold,
    NativePost,
    PostState,
    summarise_delivery,
)
from socialcollab.desk.journal.encoding import event_data, pack, unpack
from socialcollab.desk.journal.inbox_streams import INBOX_KINDS, INBOX_PROJECTIONS, inbox_rows
from socialcollab.desk.journal.organization_events import (
    OrganizationCreated,
    OrganizationReevaluated,
)
from socialcollab.errors import CorruptJournalError
from socialcollab.organization import RuntimeState, evolve_runtime_state
from socialcollab.stores import Column, Projection, Row, microseconds
from socialcollab.stores import Event as StoredEvent
from socialcollab.workflow import (
    Actor,
    Connection,
    PostSnapshot,
    evolve_connection,
    evolve_delivery,
    evolve_post,
)
from socialcollab.workflow import events as ev
from socialcollab.workflow.events import (
    DigestAdded,
    MediaDeleted,
    NotificationsQueued,
    PersonErased,
    erased_content,
)

ORGANIZATION: Final = "organization"
RUNTIME_STATE: Final = "runtime_state"
HOLDS: Final = "holds"

PROJECTIONS: Final = (
    Projection(
        "posts",
        ("workspace", "state", "planned_at", "author", "campaign"),
        ("planned_at",),
        indexes=(("workspace", "state"), "author", "campaign", "workspace", "state"),
    ),
    Projection("authors", ("member", "state", "post"), indexes=(("member", "state"),)),
    Projection("reviewers", ("member", "post"), indexes=("member",)),
    # The targets of posts in review.
    Projection("reviews", ("profile", "post"), indexes=("profile",)),
    Projection("external_ids", ("external_id", "post"), ("external_id",)),
    Projection("media", ("digest", "workspace", "post"), ("digest",)),
    # The other columns of plans and deliveries contain the values that a calendar shows.
    Projection(
        "plans",
        (
            *("profile", "workspace", "state", "at", "post"),
            *("title", "revision", "sequence", "changed_at"),
        ),
        ("at",),
        indexes=("profile", "post"),
    ),
    Projection(
        "deliveries",
        (
            *("post", "profile", "workspace", "state", "at"),
            *("summary", "revision", "sequence", "changed_at"),
        ),
        ("at",),
        indexes=(("profile", "state"), "state", "post"),
    ),
    Projection("network_ids", ("profile", "network_id", "delivery", "post"), ("network_id",)),
    Projection("native_posts", ("profile", "workspace", "network_id", "at"), ("at",), ("profile",)),
    Projection(
        "attention",
        ("post", "profile", "workspace", "kind", "at", "author"),
        ("at",),
        indexes=("author", "workspace"),
    ),
    Projection("due", ("at", "kind"), ("at",)),
    *INBOX_PROJECTIONS,
)
"""The projections that a desk's store must have."""


@attrs.frozen(kw_only=True)
class OrganizationSnapshot:
    """
    The snapshot of the active document.

    Attributes:
        document: The document's text.
        digest: The document's digest.
        files: The files that the document refers to, encoded as base64.
        tzdata: The version of the time zone data used to compute instants, or an empty string.
        stale_since: The instant since which posts and deliveries must be reevaluated, or None.
    """

    document: str
    digest: str
    files: Mapping[str, str] = attrs.field(factory=dict)
    tzdata: str = ""
    stale_since: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class RuntimeStateSnapshot:
    """The snapshot of the runtime state; see `OrganizationSnapshot` for *stale_since*."""

    runtime_state: RuntimeState = attrs.field(factory=RuntimeState)
    stale_since: dt.datetime | None = None


# A delivery that no worker has processed for longer than this is not checked against ended holds.
_ENDED_HOLDS_KEPT = dt.timedelta(days=30)


@attrs.frozen(kw_only=True)
class HoldsSnapshot:
    """
    The snapshot of the holds.

    Attributes:
        holds: The holds that no member has ended, oldest first.
        ended: The holds that members have ended recently. They still stop deliveries that were due
            before the end, if no worker ran at that time.
    """

    holds: tuple[Hold, ...] = ()
    ended: tuple[Hold, ...] = ()


@attrs.frozen(kw_only=True)
class DigestSnapshot:
    """
    The snapshot of a member's daily digest on one channel.

    Attributes:
        closes_at: When the next digest closes, in UTC, or None if the digest is empty.
        since: The stream's version at which the last digest closed, or 0 if none has closed. The
            next digest contains everything that was added later.
        version: The stream's version.
    """

    closes_at: dt.datetime | None = None
    since: int = 0
    version: int = 0


@attrs.frozen(kw_only=True)
class CalendarSnapshot:
    """The snapshot of a profile's calendar, which counts how often a slot was taken."""

    taken: int = 0


@attrs.frozen(kw_only=True)
class Budget:
    """
    The periods, according to the desk's clock, during which a profile's deliveries wait.

    The journal records that a profile waits. The requests that a network still accepts are counted
    outside the journal, by the `Budgets` of the transport, whose refusals are recorded here too.

    Attributes:
        since: When the network reported that the profile must wait.
        until: The end of the waiting period that the network specified.
        paced_until: Late deliveries wait until this time, so that they are not all sent at once.
    """

    since: dt.datetime
    until: dt.datetime
    paced_until: dt.datetime | None = None


def kind_of(stream: str) -> str:
    """Return a stream's kind."""
    return stream.partition("/")[0]


def digest_stream(member: str, channel: str) -> str:
    """Return the name of the stream for a member's daily digest on a channel."""
    return f"digest/{member}.{channel}"


def read_snapshot(stream: str, data: bytes) -> Any:
    """
    Decode a stream's snapshot; return None if the stream does not exist.

    Raises:
        CorruptJournalError: If the snapshot cannot be decoded, or if the kind of stream is unknown.
    """
    if not data:
        return None
    kind = kind_of(stream)
    cls = (_KINDS.get(kind) or INBOX_KINDS.get(kind) or (None,))[0]
    if cls is None:
        raise CorruptJournalError("a stream of an unknown kind", place=stream)
    return unpack(data, cls, place=stream)


def evolve(
    stream: str, snapshot: Any, data: ev.EventData, *, actor: Actor, at: dt.datetime, salt: bytes
) -> Any:
    """Return the snapshot of *stream* after one event."""
    if isinstance(data, NotificationsQueued):
        # Notifications are read from the events and do not change any snapshot.
        return snapshot
    if isinstance(data, PersonErased):
        return _evolve_erased(snapshot, data, at)
    kind, _, name = stream.partition("/")
    if kind in INBOX_KINDS:
        return INBOX_KINDS[kind][1](name, snapshot, data, actor, at)
    return _KINDS[kind][1](snapshot, data, actor, at, salt)


def reducer(stream: str, events: Sequence[StoredEvent]) -> tuple[bytes, Sequence[Row]]:
    """Return the encoded snapshot and the projection rows that result from a stream's events."""
    snapshot = reduced(stream, events)
    return (b"" if snapshot is None else pack(snapshot)), rows_of(stream, snapshot)


def reduced(stream: str, events: Sequence[StoredEvent]) -> Any:
    """Return the snapshot that results from a stream's events, or None if there are no events."""
    snapshot: Any = None
    for event in events:
        snapshot = evolve(
            stream,
            snapshot,
            event_data(event),
            actor=Actor.parse(event.actor),
            at=event.at,
            salt=event.salt,
        )
    return snapshot


def _evolve_erased(snapshot: Any, data: PersonErased, at: dt.datetime) -> Any:
    # The snapshot was computed from events without the erased values. The erasure event adds the
    # placeholder for erased content, and the document without the member's name.
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


def _evolve_post(
    snapshot: PostSnapshot | None,
    data: ev.EventData,
    actor: Actor,
    at: dt.datetime,
    salt: bytes,
) -> PostSnapshot:
    if isinstance(data, MediaDeleted) and snapshot is not None:
        return attrs.evolve(snapshot, post=attrs.evolve(snapshot.post, leftover_media=()))
    return evolve_post(snapshot, data, actor=actor, at=at, salt=salt)


def _evolve_delivery(
    snapshot: Any, data: ev.EventData, _: Actor, at: dt.datetime, __: bytes
) -> Delivery:
    return evolve_delivery(snapshot, data, at=at)


def _evolve_budget(snapshot: Any, data: Any, _: Actor, at: dt.datetime, __: bytes) -> Budget:
    before: Budget = snapshot or Budget(since=at, until=at)
    if isinstance(data, ev.BudgetPaced):
        return attrs.evolve(before, paced_until=data.until)
    return attrs.evolve(before, since=at, until=data.until)


def _evolve_native_post(
    snapshot: Any, data: Any, _: Actor, __: dt.datetime, ___: bytes
) -> NativePost:
    if isinstance(data, ev.NativePostRemoved):
        native_post: NativePost = snapshot
        return attrs.evolve(native_post, removed=True)
    return NativePost(
        profile=data.profile,
        workspace=data.workspace,
        network_id=data.network_id,
        at=data.at,
        url=data.url,
        text=data.text,
    )


def _evolve_connection(
    snapshot: Any, data: Any, actor: Actor, at: dt.datetime, _: bytes
) -> Connection:
    return evolve_connection(snapshot, data, actor=actor, at=at)


def _evolve_holds(
    snapshot: Any, data: Any, actor: Actor, at: dt.datetime, _: bytes
) -> HoldsSnapshot:
    before = snapshot or HoldsSnapshot()
    if isinstance(data, ev.HoldPlaced):
        placed = attrs.evolve(data.hold, reason=data.reason)
        return attrs.evolve(before, holds=(*before.holds, placed))
    ended = [
        attrs.evolve(hold, ended_at=at, ended_by=str(actor))
        for hold in before.holds
        if hold.id == data.hold
    ]
    recent = [hold for hold in before.ended if (hold.ended_at or at) > at - _ENDED_HOLDS_KEPT]
    return HoldsSnapshot(
        holds=tuple(hold for hold in before.holds if hold.id != data.hold),
        ended=(*recent, *ended),
    )


# Each of these events changes permissions, and therefore the members who can decide on a step.
_CHANGES_ACCESS = (
    ev.AbsenceAdded,
    ev.AbsenceEnded,
    ev.GrantAdded,
    ev.GrantRevoked,
    ev.ShiftsSwapped,
    ev.ShiftSwapsCancelled,
    ev.MemberOffboarded,
)


def _evolve_runtime_state(
    snapshot: Any, data: Any, actor: Actor, at: dt.datetime, _: bytes
) -> RuntimeStateSnapshot:
    before = RuntimeStateSnapshot() if snapshot is None else snapshot
    if isinstance(data, ev.RuntimeStateReevaluated):
        return RuntimeStateSnapshot(runtime_state=before.runtime_state)
    changed_at = at if isinstance(data, _CHANGES_ACCESS) else None
    return RuntimeStateSnapshot(
        runtime_state=evolve_runtime_state(before.runtime_state, data, actor=actor, at=at),
        stale_since=before.stale_since or changed_at,
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
) -> CalendarSnapshot:
    return CalendarSnapshot(taken=(0 if snapshot is None else snapshot.taken) + 1)


def _evolve_organization(
    snapshot: Any, data: Any, _: Actor, at: dt.datetime, __: bytes
) -> OrganizationSnapshot:
    if isinstance(data, OrganizationReevaluated):
        before: OrganizationSnapshot = snapshot
        return attrs.evolve(before, tzdata=data.tzdata, stale_since=None)
    created = isinstance(data, OrganizationCreated)
    return OrganizationSnapshot(
        document=data.document,
        digest=data.document_digest,
        files=data.files,
        tzdata=data.tzdata if created else snapshot.tzdata,
        stale_since=None if created else snapshot.stale_since or at,
    )


_KINDS: Final[
    Mapping[str, tuple[type[Any], Callable[[Any, Any, Actor, dt.datetime, bytes], Any]]]
] = {
    "post": (PostSnapshot, _evolve_post),
    "delivery": (Delivery, _evolve_delivery),
    HOLDS: (HoldsSnapshot, _evolve_holds),
    RUNTIME_STATE: (RuntimeStateSnapshot, _evolve_runtime_state),
    "digest": (DigestSnapshot, _evolve_digest),
    "calendar": (CalendarSnapshot, _evolve_calendar),
    "budget": (Budget, _evolve_budget),
    "native_post": (NativePost, _evolve_native_post),
    "connection": (Connection, _evolve_connection),
    ORGANIZATION: (OrganizationSnapshot, _evolve_organization),
}
"""The snapshot class of each kind, and the function that applies one event to a snapshot."""


def rows_of(stream: str, snapshot: Any) -> list[Row]:
    """Return all of a stream's projection rows."""
    if isinstance(snapshot, PostSnapshot):
        return _post_rows(stream, snapshot)
    if isinstance(snapshot, Delivery):
        return _delivery_rows(stream, snapshot)
    if isinstance(snapshot, NativePost):
        return _native_post_rows(stream, snapshot)
    if isinstance(snapshot, Connection) and snapshot.announce_at is not None:
        return [_due(stream, snapshot.announce_at, "announce_expiry")]
    if isinstance(snapshot, DigestSnapshot) and snapshot.closes_at is not None:
        return [_due(stream, snapshot.closes_at, "digest")]
    if (
        isinstance(snapshot, OrganizationSnapshot | RuntimeStateSnapshot)
        and snapshot.stale_since is not None
    ):
        return [_due(stream, snapshot.stale_since, "reevaluate")]
    return inbox_rows(stream, snapshot)


def _due(stream: str, at: dt.datetime, kind: str) -> Row:
    return Row("due", stream, stream, {"at": microseconds(at), "kind": kind})


_ON_CALENDAR = frozenset(
    {
        PostState.DRAFT,
        PostState.IN_REVIEW,
        PostState.CHANGES_REQUESTED,
        PostState.APPROVED,
        PostState.EXPIRED,
        # These rows are shown only if a reader asks for cancelled posts.
        PostState.CANCELLED,
    }
)


def _post_rows(stream: str, snapshot: PostSnapshot) -> list[Row]:
    post = snapshot.post
    times = {
        target: at.instant
        for target in post.targets
        if (at := post.content.time_for(target)) is not None
    }
    instants = [*times.values(), *((post.planned_at.instant,) if post.planned_at else ())]
    posts = {
        "workspace": post.workspace,
        "state": post.state.value,
        "planned_at": microseconds(min(instants)) if instants else None,
        "author": post.author,
        "campaign": post.content.campaign or None,
    }
    rows = [Row("posts", post.id, stream, posts)]
    for member in post.authors:
        author = {"member": member, "state": post.state.value, "post": post.id}
        rows.append(Row("authors", f"{post.id}|{member}", stream, author))
    for reviewer in _reviewers(snapshot):
        columns = {"member": reviewer, "post": post.id}
        rows.append(Row("reviewers", f"{post.id}|{reviewer}", stream, columns))
    if post.state is PostState.IN_REVIEW:
        for target in sorted(post.targets):
            review = {"profile": target, "post": post.id}
            rows.append(Row("reviews", f"{post.id}|{target}", stream, review))
    if post.external_id:
        external_id = {"external_id": post.external_id, "post": post.id}
        rows.append(Row("external_ids", post.external_id, stream, external_id))
    for digest in sorted({one.digest for one in post.content.all_media}):
        media = {"digest": digest, "workspace": post.workspace, "post": post.id}
        rows.append(Row("media", f"{post.id}|{digest}", stream, media))
    if post.state in _ON_CALENDAR:
        rows += [
            plan_row(stream, snapshot, target, times.get(target)) for target in sorted(post.targets)
        ]
    if snapshot.may_need_scheduling:
        attention: dict[str, Column] = {
            "post": post.id,
            "profile": None,
            "workspace": post.workspace,
            "author": post.author,
            "kind": "not_scheduled",
            "at": None,
        }
        rows.append(Row("attention", post.id, stream, attention))
    if post.leftover_media and post.erased_at is not None:
        rows.append(_due(stream, post.erased_at, "delete_media"))
    request = snapshot.request
    if post.state is PostState.IN_REVIEW and request is not None:
        if request.evaluated:
            if request.wake_at is not None:
                rows.append(_due(stream, request.wake_at, "timers"))
        elif times and request.when == "planned":
            rows.append(_due(stream, min(times.values()), "timers"))
    return rows


def plan_row(stream: str, snapshot: PostSnapshot, profile: str, at: dt.datetime | None) -> Row:
    """Return the row for a post on one of its profiles, with the values that a calendar shows."""
    post = snapshot.post
    changes = [at for at in (snapshot.changed_at, post.erased_at) if at is not None]
    columns: dict[str, Column] = {
        "profile": profile,
        "workspace": post.workspace,
        "state": post.state.value,
        # Targets with no planned time sort before all others, so calendars skip them.
        "at": None if at is None else microseconds(at),
        "post": post.id,
        "title": title_of(post.content.text_for(profile)),
        "revision": post.digest,
        "sequence": snapshot.changes + (post.erased_at is not None),
        "changed_at": microseconds(max(changes)) if changes else None,
    }
    return Row("plans", f"{post.id}|{profile}", stream, columns)


def _reviewers(snapshot: PostSnapshot) -> list[str]:
    """
    Return the members who can decide on an open step, as of the last evaluation, sorted.

    Members who have decided are included, because their decision may later become invalid. An empty
    name means that a step's reviewers are not known.
    """
    request = snapshot.request
    if snapshot.post.state is not PostState.IN_REVIEW or request is None:
        return []
    members: set[str] = set() if request.evaluated else {""}
    for clock in request.clocks:
        members.update(("",) if clock.notified is None else clock.notified, clock.absent)
    return sorted(members)


_DUE_KINDS: Final[Mapping[DeliveryState, str]] = {
    DeliveryState.WAITING: "send",
    DeliveryState.PUBLISHING: "recover",
    DeliveryState.UNKNOWN: "reconcile",
}


def _delivery_rows(stream: str, delivery: Delivery) -> list[Row]:
    at = microseconds(delivery.at.instant)
    columns: dict[str, Column] = {
        "post": delivery.post,
        "profile": delivery.profile,
        "workspace": delivery.workspace,
        "state": delivery.state.value,
        "at": at,
        "summary": summarise_delivery(delivery).value,
        "revision": _published_revision(delivery),
        "sequence": 1 + delivery.changes,
        "changed_at": microseconds(delivery.changed_at) if delivery.changed_at else None,
    }
    rows = [Row("deliveries", delivery.id, stream, columns)]
    for network_id in delivery.known_ids:
        network_ids: dict[str, Column] = {
            "profile": delivery.profile,
            "network_id": network_id,
            "delivery": delivery.id,
            "post": delivery.post,
        }
        rows.append(Row("network_ids", f"{delivery.id}|{network_id}", stream, network_ids))
    if delivery.attention:
        attention: dict[str, Column] = {
            "post": delivery.post,
            "profile": delivery.profile,
            "workspace": delivery.workspace,
            "kind": delivery.attention,
            "at": at,
            "author": delivery.author,
        }
        rows.append(Row("attention", delivery.id, stream, attention))
    due_at = delivery.due_at
    kind = _DUE_KINDS.get(delivery.state)
    if delivery.ids_to_take_down:
        kind = "take_down"
    elif delivery.amending and delivery.state is DeliveryState.PUBLISHED:
        kind = "amend"
    elif kind is None and delivery.next_recheck_at is not None:
        kind, due_at = "recheck", delivery.next_recheck_at
    if kind is not None:
        rows.append(_due(stream, due_at, kind))
    return rows


def _published_revision(delivery: Delivery) -> str | None:
    """Return the revision that the network shows: empty if unknown, None if there is none."""
    if delivery.state is not DeliveryState.PUBLISHED or delivery.takedown_requested:
        return None
    attempt = delivery.amend_attempt
    return "" if attempt is not None and not attempt.answered else delivery.revision


def title_of(text: str) -> str:
    """Return the beginning of a text on one line, as the title of its post on a calendar."""
    title = " ".join(text.split())
    return title if len(title) <= 80 else f"{title[:79]}…"


def _native_post_rows(stream: str, native_post: NativePost) -> list[Row]:
    if native_post.removed:
        return []
    columns: dict[str, Column] = {
        "profile": native_post.profile,
        "workspace": native_post.workspace,
        "network_id": native_post.network_id,
        "at": microseconds(native_post.at),
    }
    return [Row("native_posts", stream, stream, columns)]
