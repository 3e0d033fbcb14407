"""The engine, which reads the current state, calls a decider and appends its events atomically."""

from __future__ import annotations

import base64
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from itertools import chain
from typing import Any, Final, Protocol, TypeVar

import attrs

from socialcollab._memo import Identity, Memo
from socialcollab.content import Delivery, Finding, Post, PostContent, PostState
from socialcollab.desk.inbox.replies import follow_replies
from socialcollab.desk.journal.encoding import event_parts, pack
from socialcollab.desk.journal.streams import (
    HOLDS,
    ORGANIZATION,
    RUNTIME_STATE,
    HoldsSnapshot,
    OrganizationSnapshot,
    digest_stream,
    evolve,
    read_snapshot,
    rows_of,
)
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.effects import Effects, call, call_cancellable
from socialcollab.errors import ConflictError, NotFoundError
from socialcollab.identifiers import MemberId, uuid7
from socialcollab.organization import Organization, RuntimeState
from socialcollab.stores import BoundStore, CollisionStore, NewEvent
from socialcollab.time import TimeOfDay, as_utc, local_time, resolve
from socialcollab.transport import Media
from socialcollab.workflow import (
    Actor,
    Condition,
    Connection,
    Context,
    OutboxEntry,
    PostSnapshot,
    connection_notifications,
    delivery_notifications,
    hold_notifications,
    post_notifications,
    reevaluate,
    state_notifications,
)
from socialcollab.workflow.decide import not_waived
from socialcollab.workflow.events import (
    DeliveryPlanned,
    DigestAdded,
    Event,
    NotificationsQueued,
)

T = TypeVar("T")

_MAX_ATTEMPTS: Final = 12
_MAX_SNAPSHOTS: Final = 256
_BATCH: Final = 500
_MAX_SNAPSHOT_BYTES: Final = 128_000
_MAX_CACHED_RESULTS: Final = 64
_MAX_SHARED_RESULTS: Final = 2_000

Clock = Callable[[], dt.datetime]


class Lock(Protocol):
    """A lock: a `threading.Lock` for a blocking desk, or an awaitable lock for an async desk."""

    def acquire(self) -> object:
        """Wait for the lock and acquire it."""
        ...

    def release(self) -> None:
        """Release the lock."""
        ...


@attrs.frozen(kw_only=True)
class Loaded:
    """A stream's version and snapshot; the snapshot is None if the stream does not exist."""

    stream: str
    version: int
    snapshot: Any


@attrs.frozen(kw_only=True)
class State:
    """
    The state that every command depends on, and the versions at which it was read.

    Attributes:
        organization: The active document together with the runtime state.
        document: The active document as it was adopted.
        digest: The digest of *document*, which is stored with every event.
        runtime_state: The absences, grants, swaps, campaigns and notes that commands have recorded.
        holds: The active holds.
        versions: The version of each of these streams.
    """

    organization: Organization
    document: Organization
    digest: str
    runtime_state: RuntimeState
    holds: HoldsSnapshot
    versions: Mapping[str, int]


@attrs.define
class Engine:
    """
    The part of a desk that reads and appends to its journal, and provides times and ids.

    Reading a snapshot or building a context for every command would take longer than the decision
    itself, so the engine caches both in one memo (see `Memo`). The keys of the memo, and the inputs
    of each value, are:

    - ``("snapshot", stream)``: the stream's version and the bytes of its snapshot;
    - ``("document", "")``: the version of the ``organization`` stream;
    - ``("state", "")``: the snapshots of the organization, the runtime state and the holds;
    - ``("context", "")``: every argument of the context except the actor and the deliveries;
    - ``("findings", "")``: the organization, the content, its workspace and the instant.

    Attributes:
        store: The journal of one organization.
        media: The media store for images.
        clock: The desk's clock, which determines which work is due and the time of each event.
        real_clock: The clock for leases and send deadlines.
        entropy: Returns random bytes.
        description_of: Returns the limits of a profile's account or server, or None if the limits
            in the built-in description apply.
        lock: Ensures that conflicting commands of one desk are retried one after another.
        collisions: The store for presence and claims.
        conditions: The conditions of approval steps that the application has registered, by name.
    """

    store: BoundStore
    media: Media
    clock: Clock
    real_clock: Clock
    entropy: Callable[[int], bytes]
    lock: Lock
    description_of: Callable[[Profile], NetworkDescription | None]
    collisions: CollisionStore
    conditions: Mapping[str, Condition] = attrs.field(factory=dict)
    _memo: Memo = attrs.field(factory=lambda: Memo(_MAX_SNAPSHOTS), init=False, repr=False)

    def now(self) -> dt.datetime:
        """Return the current instant according to the desk's clock, in UTC."""
        return as_utc(self.clock())

    def new_id(self) -> str:
        """Return a new identifier that sorts after all earlier identifiers."""
        return uuid7(as_utc(self.real_clock()), self.entropy(10))

    def load(self, stream: str) -> Effects[Loaded]:
        """Read a stream's snapshot."""
        version, data = yield from call(self.store.snapshot, stream)
        return self._loaded(stream, version, data)

    def load_all(self, streams: Iterable[str]) -> Effects[dict[str, Loaded]]:
        """Read the snapshots of many streams with few queries, and return them by stream."""
        names = list(dict.fromkeys(streams))
        loaded: dict[str, Loaded] = {}
        for start in range(0, len(names), _BATCH):
            snapshots = yield from call(self.store.snapshots, names[start : start + _BATCH])
            for stream, (version, data) in snapshots.items():
                if len(names) <= _MAX_SNAPSHOTS // 4:
                    loaded[stream] = self._loaded(stream, version, data)
                else:
                    # Caching this many snapshots would evict everything else from the cache.
                    snapshot = read_snapshot(stream, data)
                    loaded[stream] = Loaded(stream=stream, version=version, snapshot=snapshot)
        return {stream: loaded[stream] for stream in names}

    def load_posts(self, streams: Iterable[str]) -> Effects[list[tuple[Loaded, list[Loaded]]]]:
        """Read many posts, each with its deliveries in the order in which they were planned."""
        posts = yield from self.load_all(streams)
        names = {
            stream: [f"delivery/{name}" for name in loaded.snapshot.post.deliveries]
            for stream, loaded in posts.items()
        }
        deliveries = yield from self.load_all(chain.from_iterable(names.values()))
        return [
            (loaded, [deliveries[name] for name in names[stream]])
            for stream, loaded in posts.items()
        ]

    def _loaded(self, stream: str, version: int, data: bytes) -> Loaded:
        def read() -> Loaded:
            return Loaded(stream=stream, version=version, snapshot=read_snapshot(stream, data))

        if not _is_kept(stream, data):
            return read()
        return self._memo.get(("snapshot", stream), (version, data), read)

    def post(self, post: str) -> Effects[Loaded]:
        """
        Read a post.

        Raises:
            NotFoundError: If the post does not exist.
        """
        loaded = yield from self.load(f"post/{post}")
        if loaded.snapshot is None:
            raise NotFoundError("post", post)
        return loaded

    def deliveries(self, post: Post) -> Effects[list[Loaded]]:
        """Read all deliveries of a post, in the order in which they were planned."""
        deliveries: list[Loaded] = []
        for name in post.deliveries:
            delivery = yield from self.load(f"delivery/{name}")
            deliveries.append(delivery)
        return deliveries

    def state(self) -> Effects[State]:
        """
        Read the state that every command depends on.

        Raises:
            NotFoundError: If the desk has not been created.
        """
        organization = yield from self.load(ORGANIZATION)
        if organization.snapshot is None:
            raise NotFoundError(
                "organization", self.store.organization, suggestion="begin with `Desk.create`"
            )
        runtime_state = yield from self.load(RUNTIME_STATE)
        holds = yield from self.load(HOLDS)

        def build() -> State:
            document = self._document(organization)
            state = runtime_state.snapshot
            runtime = state.runtime_state if state else RuntimeState()
            return State(
                organization=document.with_state(runtime),
                document=document,
                digest=organization.snapshot.digest,
                runtime_state=runtime,
                holds=holds.snapshot or HoldsSnapshot(),
                versions={
                    loaded.stream: loaded.version for loaded in (organization, runtime_state, holds)
                },
            )

        return self._memo.get(("state", ""), (organization, runtime_state, holds), build)

    def _document(self, loaded: Loaded) -> Organization:
        """Return the active document, reusing the compiled parts of the previous document."""

        def build() -> Organization:
            last = self._memo.last(("document", ""))
            document = read_organization(loaded.snapshot)
            return document.reuse_compiled(last) if isinstance(last, Organization) else document

        return self._memo.get(("document", ""), loaded.version, build)

    def state_under(self, state: State, document: Organization) -> State:
        """Return the state that would result from adopting *document*."""
        document = document.reuse_compiled(state.document)
        return attrs.evolve(
            state,
            organization=document.with_state(state.runtime_state),
            document=document,
            digest=document.digest,
        )

    def context(
        self,
        state: State,
        actor: Actor,
        *,
        now: dt.datetime,
        content: PostContent | None = None,
        workspace: str = "",
        snapshot: PostSnapshot | None = None,
        deliveries: Iterable[Delivery] = (),
        lint: bool = False,
    ) -> Context:
        """
        Return the context for a command.

        Args:
            state: The current state.
            actor: The actor who performs the command.
            now: The current instant, according to the desk's clock.
            content: The post's content after the command, for the style guide.
            workspace: The post's workspace.
            snapshot: The post, including its waived findings.
            deliveries: The post's deliveries.
            lint: Whether to compute the style guide's findings even if no approval step depends on
                them.
        """
        organization = state.organization
        real_now = as_utc(self.real_clock())
        waivers = snapshot.waivers if snapshot is not None else ()
        lints = content is not None and (lint or organization.policies.depend_on_findings)

        def findings() -> tuple[Finding, ...]:
            if content is None:
                return ()
            found = self._lint(organization, content, workspace, now)
            return found if snapshot is None else not_waived(found, snapshot, content)

        def build() -> Context:
            return Context(
                now=now,
                actor=actor,
                access=organization.access,
                policies=organization.policies,
                pins=organization.pins,
                profiles=organization.profiles_by_id,
                workspaces=organization.workspaces_by_id,
                zones=organization.zones,
                languages=organization.languages,
                hours=organization.hours,
                campaigns={campaign.id: campaign for campaign in state.document.campaigns},
                findings=findings if lints else (),
                deliveries=tuple(deliveries),
                holds=state.holds.holds,
                ended_holds=state.holds.ended,
                absences=state.runtime_state.absences,
                swaps=state.runtime_state.swaps,
                grants=state.runtime_state.temporary_grants,
                hours_of=organization.hours_of,
                description_of=self.description_of,
                conditions=self.conditions,
                real_now=real_now,
            )

        basis = (
            Identity(organization),
            state.runtime_state,
            state.holds,
            now,
            content,
            workspace,
            lints,
            (snapshot.post.salt, waivers) if snapshot is not None and waivers else None,
        )
        context = self._memo.get(("context", ""), basis, build)
        if context.cached_count > _MAX_CACHED_RESULTS:
            context = build()
            self._memo.keep(("context", ""), basis, context)
        return context.evolve(actor=actor, deliveries=tuple(deliveries), real_now=real_now)

    def post_context(
        self,
        state: State,
        actor: Actor,
        snapshot: PostSnapshot,
        *,
        now: dt.datetime,
        deliveries: Iterable[Delivery] = (),
        lint: bool = False,
    ) -> Context:
        """Return the context for a command that does not change a post's content."""
        return self.context(
            state,
            actor,
            now=now,
            content=snapshot.post.content,
            workspace=snapshot.post.workspace,
            snapshot=snapshot,
            deliveries=deliveries,
            lint=lint,
        )

    def contexts(self, state: State, *, now: dt.datetime) -> Callable[[PostSnapshot], Context]:
        """
        Return a function that returns the context of a post, for evaluating many posts.

        Unless steps depend on findings, the posts share one context and its cached results, such as
        a step's reviewers.
        """
        if state.organization.policies.depend_on_findings:
            return lambda snapshot: self.post_context(state, Actor.RULES, snapshot, now=now)
        shared = self.context(state, Actor.RULES, now=now)

        def context(_: PostSnapshot) -> Context:
            nonlocal shared
            if shared.cached_count > _MAX_SHARED_RESULTS:
                # The cached results refer to the posts, which would all be kept in memory.
                shared = self.context(state, Actor.RULES, now=now)
            return shared

        return context

    def _lint(
        self, organization: Organization, content: PostContent, workspace: str, at: dt.datetime
    ) -> tuple[Finding, ...]:
        return self._memo.get(
            ("findings", ""),
            (Identity(organization), content, workspace, at),
            lambda: organization.lint(content, workspace=workspace, at=at),
        )

    def append(
        self,
        state: State,
        events: Sequence[Event],
        loaded: Iterable[Loaded],
        *,
        at: dt.datetime,
        salt: bytes = b"",
        stopped_by_hold: bool = False,
    ) -> Effects[dict[str, Any]]:
        """
        Store events together with the resulting snapshots, rows and notifications.

        Everything is stored in one transaction.

        Args:
            state: The state on which the decision was based.
            events: The events, in order.
            loaded: The streams on which the decision was based.
            at: The current instant, according to the desk's clock.
            salt: The salt for a post's personal values.
            stopped_by_hold: Whether the append fails if a hold was placed in the meantime.

        Returns:
            The new snapshot of each stream that changed.

        Raises:
            ConflictError: If a stream has changed since it was read.
        """
        known = {stream.stream: stream for stream in loaded}
        snapshots: dict[str, Any] = {}
        stored: list[NewEvent] = []
        yield from self._apply(events, known, snapshots, stored, state, at=at, salt=salt)
        moved = yield from self._reevaluated(state, known, snapshots, at=at)
        yield from self._apply(moved, known, snapshots, stored, state, at=at, salt=salt)
        followed = yield from follow_replies(self.load, known, snapshots)
        yield from self._apply(followed, known, snapshots, stored, state, at=at, salt=salt)
        notifications = yield from self._notifications(
            state, known, snapshots, [*events, *moved], at=at
        )
        yield from self._apply(notifications, known, snapshots, stored, state, at=at, salt=salt)
        expected_versions = {name: stream.version for name, stream in known.items()}
        for stream in (ORGANIZATION, RUNTIME_STATE, *((HOLDS,) if stopped_by_hold else ())):
            expected_versions.setdefault(stream, state.versions.get(stream, 0))
        # `_apply` may have read a newer version of a state stream than the version on which the
        # decision was based. Expecting the older version makes the append fail in that case.
        expected_versions.update(
            {name: version for name, version in state.versions.items() if name in expected_versions}
        )
        rows = [row for stream, snapshot in snapshots.items() for row in rows_of(stream, snapshot)]
        packed = {stream: pack(snapshot) for stream, snapshot in snapshots.items()}
        yield from call(
            self.store.append,
            stored,
            expected_versions=expected_versions,
            rows=rows,
            snapshots=packed,
        )
        counts = Counter(event.stream for event in stored)
        for stream, snapshot in snapshots.items():
            version = known[stream].version + counts[stream]
            if _is_kept(stream, packed[stream]):
                value = Loaded(stream=stream, version=version, snapshot=snapshot)
                self._memo.keep(("snapshot", stream), (version, packed[stream]), value)
        return snapshots

    def _apply(
        self,
        events: Sequence[Event],
        known: dict[str, Loaded],
        snapshots: dict[str, Any],
        stored: list[NewEvent],
        state: State,
        *,
        at: dt.datetime,
        salt: bytes,
    ) -> Effects[None]:
        """Add *events* to *stored* and their effects to *snapshots*, reading streams as needed."""
        for event in events:
            stream = event.stream
            if stream not in known and isinstance(event.data, DeliveryPlanned):
                # The stream must not exist yet; if it exists, another command has planned the
                # delivery.
                known[stream] = Loaded(stream=stream, version=0, snapshot=None)
            elif stream not in known:
                known[stream] = yield from self.load(stream)
            new, personal_salt = self.new_event(event, state.digest, at, salt)
            before = snapshots.get(stream, known[stream].snapshot)
            snapshots[stream] = evolve(
                stream, before, event.data, actor=event.actor, at=at, salt=personal_salt or salt
            )
            stored.append(new)

    def new_event(
        self,
        event: Event,
        digest: str,
        at: dt.datetime,
        salt: bytes = b"",
        *,
        erases: Mapping[int, tuple[str, ...]] | None = None,
    ) -> tuple[NewEvent, bytes]:
        """Return an event in the form that the store accepts, and the salt of the event."""
        body, personal = event_parts(event.data)
        # A post's salt is erased with its content. A note or a reason may be kept longer than the
        # content, so it has a separate salt.
        if personal and "content" not in personal:
            salt = self.entropy(16)
        used = salt if personal else b""
        new = NewEvent(
            stream=event.stream,
            type=event.data.TYPE,
            id=self.new_id(),
            at=at,
            actor=str(event.actor),
            digest=digest,
            body=body,
            personal=personal,
            salt=used,
            erases=erases or {},
        )
        return new, used

    def _reevaluated(
        self,
        state: State,
        known: Mapping[str, Loaded],
        snapshots: Mapping[str, Any],
        *,
        at: dt.datetime,
    ) -> Effects[list[Event]]:
        """
        Return the events that follow from the changed posts: moved deadlines and approvals.

        Args:
            state: The current state.
            known: The streams before the events.
            snapshots: The snapshot of each changed stream after the events.
            at: The current instant, according to the desk's clock.
        """
        moved: list[Event] = []
        for stream, snapshot in snapshots.items():
            if isinstance(snapshot, PostSnapshot) and snapshot.post.state is PostState.IN_REVIEW:
                deliveries: list[Delivery] = []
                for name in snapshot.post.deliveries:
                    delivery = snapshots.get(f"delivery/{name}")
                    if delivery is None:
                        delivery = (yield from self.load(f"delivery/{name}")).snapshot
                    deliveries.append(delivery)
                context = self.post_context(
                    state, Actor.RULES, snapshot, now=at, deliveries=deliveries
                )
                moved += reevaluate(snapshot, context, before=known[stream].snapshot)
        return moved

    def _notifications(
        self,
        state: State,
        known: Mapping[str, Loaded],
        snapshots: Mapping[str, Any],
        events: Sequence[Event],
        *,
        at: dt.datetime,
    ) -> Effects[list[Event]]:
        """
        Return events that notify members of *events*.

        Args:
            state: The current state.
            known: The streams before the events.
            snapshots: The snapshot of each changed stream after the events.
            events: The events.
            at: The current instant, according to the desk's clock.
        """
        following: list[Event] = []
        queued: list[OutboxEntry] = []
        by_stream: dict[str, list[Event]] = {}
        for event in events:
            by_stream.setdefault(event.stream, []).append(event)
        for stream, own in by_stream.items():
            before, after = known[stream].snapshot, snapshots[stream]
            if isinstance(after, PostSnapshot):
                context = self.post_context(state, Actor.RULES, after, now=at)
                entries = post_notifications(before, after, own, context)
            elif isinstance(after, Delivery):
                post = snapshots.get(f"post/{after.post}")
                if post is None:
                    post = (yield from self.post(after.post)).snapshot
                context = self.post_context(state, Actor.RULES, post, now=at)
                entries = delivery_notifications(post.post, before, after, own, context)
            elif stream in (HOLDS, RUNTIME_STATE):
                context = self.context(state, Actor.RULES, now=at)
                notify = hold_notifications if stream == HOLDS else state_notifications
                entries = notify(own, context)
            elif isinstance(after, Connection):
                context = self.context(state, Actor.RULES, now=at)
                entries = connection_notifications(own, context)
            else:
                continue
            if entries:
                data = NotificationsQueued(notifications=entries)
                following.append(Event(stream, Actor.RULES, data))
                queued += entries
        following += _digests(queued, state.organization, at)
        return following

    def retry(self, attempt: Callable[[], Effects[T]]) -> Effects[T]:
        """
        Make an attempt, and repeat all of it if a stream has changed in the meantime.

        The retries of one desk run one after another, so that any number of conflicting commands
        eventually succeed.

        Raises:
            ConflictError: If every attempt fails.
        """
        try:
            return (yield from attempt())
        except ConflictError:
            pass
        if _HELD.get() is self.lock:
            # This attempt is part of another attempt, which already holds the lock.
            return (yield from _repeat(attempt))
        yield from call_cancellable(self.lock.acquire)
        _HELD.set(self.lock)
        try:
            return (yield from _repeat(attempt))
        finally:
            _HELD.set(None)
            self.lock.release()


# The lock that the current thread or task holds.
_HELD: ContextVar[Lock | None] = ContextVar("held", default=None)


def _repeat(attempt: Callable[[], Effects[T]]) -> Effects[T]:
    for _ in range(_MAX_ATTEMPTS - 1):
        try:
            return (yield from attempt())
        except ConflictError:
            continue
    return (yield from attempt())


def _is_kept(stream: str, data: bytes) -> bool:
    """Return whether to cache a snapshot, depending on its stream and size."""
    return stream == ORGANIZATION or len(data) <= _MAX_SNAPSHOT_BYTES


def read_organization(snapshot: OrganizationSnapshot) -> Organization:
    """Load the document that a snapshot contains."""
    files = {name: base64.b64decode(data) for name, data in snapshot.files.items()}
    return Organization.loads(snapshot.document, files=files)


def next_digest_at(
    organization: Organization, member: str, time: str, *, at: dt.datetime
) -> dt.datetime:
    """
    Return the first instant after *at* at which a member's daily digest closes.

    If a clock change skips the local *time*, the digest closes at the first valid time after it.
    """
    known = organization.members_by_id.get(member)
    zone = (known.timezone if known else "") or str(organization.settings.timezone)
    today = local_time(at, zone).date()
    for days in range(3):
        local = TimeOfDay.parse(time).on(today + dt.timedelta(days=days))
        instant = resolve(local, zone, skipped="next", repeated="first")
        if instant > at:
            return instant
    raise AssertionError(time)


def _digests(
    entries: Sequence[OutboxEntry], organization: Organization, at: dt.datetime
) -> Iterator[Event]:
    """Yield the events that add notifications to the daily digests of members."""
    by_digest: dict[tuple[MemberId, str, str], list[OutboxEntry]] = {}
    for entry in entries:
        member = organization.members_by_id.get(entry.to)
        for preference in member.notify if member else ():
            if preference.digest:
                key = (entry.to, preference.channel, preference.digest)
                by_digest.setdefault(key, []).append(entry)
    for (member_id, channel, time), items in sorted(by_digest.items()):
        data = DigestAdded(
            member=member_id,
            channel=channel,
            closes_at=next_digest_at(organization, member_id, time, at=at),
            items=tuple(items),
        )
        yield Event(digest_stream(member_id, channel), Actor.RULES, data)
