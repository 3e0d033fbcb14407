"""Read, decide, write: how every command comes about, and no other way."""

from __future__ import annotations

import base64
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final, Protocol, TypeVar

import attrs

from socialcollab.content import Delivery, Finding, Post, PostContent
from socialcollab.desk.handlers.consequences import consequences
from socialcollab.desk.journal.encoding import event_parts, pack
from socialcollab.desk.journal.projections import rows_of
from socialcollab.desk.journal.reducers import evolve
from socialcollab.desk.journal.snapshots import (
    HOLDS,
    ORGANIZATION,
    RUNTIME_STATE,
    HoldsSnapshot,
    OrganizationSnapshot,
    read_snapshot,
)
from socialcollab.effects import Effects, call, call_cancellable
from socialcollab.errors import ConflictError, NotFoundError
from socialcollab.identifiers import uuid7
from socialcollab.organization import Organization, RuntimeState
from socialcollab.stores import BoundStore, NewEvent
from socialcollab.time import as_utc
from socialcollab.transport import Media
from socialcollab.workflow import Actor, Context, PostSnapshot, Waiver
from socialcollab.workflow.decide import not_waived
from socialcollab.workflow.events import Event

T = TypeVar("T")

_TRIES: Final = 12
_MOST_KEPT: Final = 256
_LARGEST_KEPT: Final = 128_000
_MOST_WORKED_OUT: Final = 64

Clock = Callable[[], dt.datetime]


class Lock(Protocol):
    """A lock; an async host's is awaited."""

    def acquire(self) -> object:
        """Wait until nobody else has the turn, and take it."""
        ...

    def release(self) -> None:
        """Let the next one have it."""
        ...


@attrs.frozen(kw_only=True)
class Loaded:
    """A stream's version and what its record says; None if the stream is absent."""

    stream: str
    version: int
    snapshot: Any


@attrs.frozen
class _Kept:
    """What a record's bytes said."""

    version: int
    data: bytes
    loaded: Loaded


@attrs.frozen
class _Linted:
    """What the style guide said of one content at one instant."""

    organization: Organization
    content: PostContent
    workspace: str
    at: dt.datetime
    findings: tuple[Finding, ...]


@attrs.frozen
class _Known:
    """What a context rests on, but for who acts and what is planned."""

    organization: Organization = attrs.field(eq=False)
    facts: RuntimeState
    holds: HoldsSnapshot
    now: dt.datetime
    content: PostContent | None
    workspace: str
    lints: bool
    waived: tuple[bytes, tuple[Waiver, ...]] | None

    def same(self, other: _Known) -> bool:
        """Tell whether both know the same; organizations are told apart by identity."""
        return self.organization is other.organization and self == other


@attrs.frozen(kw_only=True)
class State:
    """
    What holds for every command, and the versions at which it was read.

    Attributes:
        organization: The organization in force, under the facts.

        document: The organization as it was adopted.

        digest: Its digest, for the envelope.

        facts: What holds by command.

        holds: The holds in force.

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
    The shell's working parts: a bound store, clocks, and a source of random bytes.

    Attributes:
        store: The journal of one organization.

        media: Where pictures are kept.

        clock: The plan's clock.

        real_clock: The clock of leases and send deadlines.

        entropy: Gives random bytes.

        turn: A lock; whoever finds that something changed meanwhile waits for it.
    """

    store: BoundStore
    media: Media
    clock: Clock
    real_clock: Clock
    entropy: Callable[[int], bytes]
    lock: Lock
    _in_force: tuple[int, int, Organization, Organization] | None = None
    _records: dict[str, _Kept] = attrs.field(factory=dict, init=False, repr=False)
    _linted: _Linted | None = attrs.field(default=None, init=False, repr=False)
    _state: tuple[tuple[Loaded, Loaded, Loaded], State] | None = attrs.field(
        default=None, init=False, repr=False
    )
    _context: tuple[_Known, Context] | None = attrs.field(default=None, init=False, repr=False)

    def now(self) -> dt.datetime:
        """Return the plan's instant, in UTC."""
        return as_utc(self.clock())

    def load(self, stream: str) -> Effects[Loaded]:
        """Read the record of one stream."""
        version, data = yield from call(self.store.snapshot, stream)
        known = self._records.get(stream)
        if known is not None and known.version == version and known.data == data:
            return known.loaded
        loaded = Loaded(stream=stream, version=version, snapshot=read_snapshot(stream, data))
        self._keep(loaded, data)
        return loaded

    def _keep(self, loaded: Loaded, data: bytes) -> None:
        """Keep what a record's bytes said, so that the same bytes are not read again."""
        if len(data) > _LARGEST_KEPT and loaded.stream != ORGANIZATION:
            return
        while len(self._records) >= _MOST_KEPT:
            # Desks are used from several threads: somebody else may have taken it.
            self._records.pop(next(iter(self._records), ""), None)
        self._records[loaded.stream] = _Kept(loaded.version, data, loaded)

    def state(self) -> Effects[State]:
        """
        Read what holds for every command.

        Raises:
            NotFoundError: If no organization is in force.
        """
        loaded = yield from self.load(ORGANIZATION)
        if loaded.snapshot is None:
            raise NotFoundError(
                "organization", self.store.organization, suggestion="begin with `Desk.create`"
            )
        facts = yield from self.load(RUNTIME_STATE)
        holds = yield from self.load(HOLDS)
        snapshot: OrganizationSnapshot = loaded.snapshot
        last = self._state
        if last is not None and last[0] == (loaded, facts, holds):
            return last[1]
        standing = facts.snapshot.runtime_state if facts.snapshot else RuntimeState()
        known = self._in_force
        if known is None or known[:2] != (loaded.version, facts.version):
            if known is not None and known[0] == loaded.version:
                document = known[2]
            else:
                document = read_organization(snapshot)
                if known is not None:
                    document = document.reuse_compiled(known[2])
            known = (loaded.version, facts.version, document, document.with_state(standing))
            self._in_force = known
        state = State(
            organization=known[3],
            document=known[2],
            digest=snapshot.digest,
            runtime_state=standing,
            holds=holds.snapshot or HoldsSnapshot(),
            versions={one.stream: one.version for one in (loaded, facts, holds)},
        )
        self._state = (loaded, facts, holds), state
        return state

    def under(self, state: State, organization: Organization) -> State:
        """Return what would hold if *organization* were in force."""
        organization = organization.reuse_compiled(state.document)
        return attrs.evolve(
            state,
            organization=organization.with_state(state.runtime_state),
            document=organization,
            digest=organization.digest,
        )

    def post(self, post: str) -> Effects[Loaded]:
        """
        Read a post.

        Raises:
            NotFoundError: If there is none.
        """
        loaded = yield from self.load(f"post/{post}")
        if loaded.snapshot is None:
            raise NotFoundError("post", post)
        return loaded

    def deliveries(self, post: Post) -> Effects[list[Loaded]]:
        """Read all deliveries of a post, in the order they were planned."""
        found = []
        for delivery in post.deliveries:
            loaded = yield from self.load(f"delivery/{delivery}")
            found.append(loaded)
        return found

    def context(
        self,
        state: State,
        actor: Actor,
        *,
        now: dt.datetime,
        deliveries: Iterable[Delivery] = (),
        content: PostContent | None = None,
        workspace: str = "",
        snapshot: PostSnapshot | None = None,
        lint: bool = False,
    ) -> Context:
        """
        Gather what a decider may know.

        Args:
            state: What holds.

            actor: Who acts.

            now: The plan's instant.

            deliveries: The post's deliveries.

            content: What the style guide is asked about, where a step depends on it.

            workspace: The workspace whose post it is.

            snapshot: The post and what has been waived of it.

            lint: Whether to ask the style guide in any case.
        """
        organization = state.organization
        real_now = as_utc(self.real_clock())
        waivers = snapshot.waivers if snapshot is not None else ()
        known = _Known(
            organization=organization,
            facts=state.runtime_state,
            holds=state.holds,
            now=now,
            content=content,
            workspace=workspace,
            lints=content is not None and (lint or organization.findings_matter),
            waived=(snapshot.post.salt, waivers) if snapshot is not None and waivers else None,
        )
        last = self._context
        if last is not None and last[0].same(known) and last[1].worked_out < _MOST_WORKED_OUT:
            # A command, what follows from it and what is told of it rest on the same.
            return last[1].beside(actor=actor, deliveries=tuple(deliveries), real_now=real_now)

        def findings() -> tuple[Finding, ...]:
            if content is None:
                return ()
            found = self._lint(organization, content, workspace, now)
            return found if snapshot is None else not_waived(found, snapshot, content)

        context = Context(
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
            findings=findings if known.lints else (),
            deliveries=tuple(deliveries),
            holds=state.holds.holds,
            absences=state.runtime_state.absences,
            swaps=state.runtime_state.swaps,
            hours_of=organization.hours_of,
            real_now=real_now,
        )
        self._context = known, context
        return context

    def _lint(
        self, organization: Organization, content: PostContent, workspace: str, at: dt.datetime
    ) -> tuple[Finding, ...]:
        """Ask the style guide, once for all that is decided on one content at one instant."""
        known = self._linted
        if (
            known is not None
            and known.organization is organization
            and known.workspace == workspace
            and known.at == at
            and known.content == content
        ):
            return known.findings
        findings = organization.lint(content, workspace=workspace, at=at)
        self._linted = _Linted(organization, content, workspace, at, findings)
        return findings

    def append(
        self,
        state: State,
        events: Sequence[Event],
        loaded: Iterable[Loaded],
        *,
        at: dt.datetime,
        salt: bytes = b"",
        sends: bool = False,
    ) -> Effects[dict[str, Any]]:
        """
        Store events with the records and rows they bring about, all or nothing.

        Args:
            state: What they were decided on.

            events: The events, in order.

            loaded: The streams they were decided on.

            at: The plan's instant.

            salt: What personal values of posts are salted with.

            sends: Whether a hold set meanwhile has to stop it.

        Returns:
            The new record of each stream that changed.

        Raises:
            ConflictError: If something it was decided on has changed.
        """
        known = {one.stream: one for one in loaded}
        snapshots: dict[str, Any] = {}
        stored: list[NewEvent] = []
        yield from self._seal(events, known, snapshots, stored, state, at=at, salt=salt)
        before = {stream: known[stream].snapshot for stream in snapshots}
        more = yield from consequences(self, state, before, snapshots, events, at=at)
        yield from self._seal(more, known, snapshots, stored, state, at=at, salt=salt)
        expected_versions = {stream: one.version for stream, one in known.items()}
        for stream in (ORGANIZATION, RUNTIME_STATE, *((HOLDS,) if sends else ())):
            expected_versions.setdefault(stream, state.versions.get(stream, 0))
        # What was decided on is what has to stand, not what was read while appending.
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
            self._keep(Loaded(stream=stream, version=version, snapshot=snapshot), packed[stream])
        return snapshots

    def _seal(
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
        """Add events to what is to be stored, and to the records they lead to."""
        for event in events:
            stream = event.stream
            if stream not in known:
                known[stream] = yield from self.load(stream)
            sealed, kept_salt = self.new_event(event, state.digest, at, salt)
            before = snapshots.get(stream, known[stream].snapshot)
            snapshots[stream] = evolve(
                stream, before, event.data, actor=event.actor, at=at, salt=kept_salt or salt
            )
            stored.append(sealed)

    def new_event(
        self,
        event: Event,
        digest: str,
        at: dt.datetime,
        salt: bytes = b"",
        *,
        erases: Mapping[int, tuple[str, ...]] | None = None,
    ) -> tuple[NewEvent, bytes]:
        """Make of an event what the store seals, and return the salt of its personal values."""
        body, personal = event_parts(event.data)
        # What is said about a post is salted by itself: the post's salt goes with its content.
        if personal and "content" not in personal:
            salt = self.entropy(16)
        used = salt if personal else b""
        new = NewEvent(
            stream=event.stream,
            type=event.data.TYPE,
            id=uuid7(as_utc(self.real_clock()), self.entropy(10)),
            at=at,
            actor=str(event.actor),
            digest=digest,
            body=body,
            personal=personal,
            salt=used,
            erases=erases or {},
        )
        return new, used

    def again(self, attempt: Callable[[], Effects[T]]) -> Effects[T]:
        """
        Make an attempt, and again from the reading on if something changed meanwhile.

        Those who try again at one desk do so one after the other, however many they are.

        Raises:
            ConflictError: If it keeps changing.
        """
        try:
            return (yield from attempt())
        except ConflictError:
            pass
        if _HELD.get() is self.lock:
            # An attempt within an attempt, whose maker has the turn already.
            return (yield from _repeated(attempt))
        yield from call_cancellable(self.lock.acquire)
        _HELD.set(self.lock)
        try:
            return (yield from _repeated(attempt))
        finally:
            _HELD.set(None)
            self.lock.release()


# Whose turn the steps under way have taken, by thread or task.
_HELD: ContextVar[Lock | None] = ContextVar("held", default=None)


def _repeated(attempt: Callable[[], Effects[T]]) -> Effects[T]:
    for _ in range(_TRIES - 1):
        try:
            return (yield from attempt())
        except ConflictError:
            continue
    return (yield from attempt())


def read_organization(snapshot: OrganizationSnapshot) -> Organization:
    """Load the organization that a record holds."""
    files = {name: base64.b64decode(data) for name, data in snapshot.files.items()}
    return Organization.loads(snapshot.document, files=files)


def post_of(snapshots: Mapping[str, Any], post: str) -> Post:
    """Return the post of an append's records."""
    snapshot: PostSnapshot = snapshots[f"post/{post}"]
    return snapshot.post
