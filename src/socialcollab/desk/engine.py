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
from socialcollab.desk.consequences import consequences
from socialcollab.desk.encoding import event_parts, pack
from socialcollab.desk.steps import Steps, ask, ask_long
from socialcollab.desk.streams import (
    FACTS,
    HOLDS,
    ORGANIZATION,
    HoldsRecord,
    OrganizationRecord,
    evolve,
    read_record,
    rows_of,
)
from socialcollab.errors import ConflictError, NotFoundError
from socialcollab.identifiers import uuid7
from socialcollab.organization import Organization, StandingFacts
from socialcollab.stores import BoundStore, NewEvent
from socialcollab.time import as_utc
from socialcollab.transport import Media
from socialcollab.workflow import Actor, Context, Event, PostRecord, Waiver, not_waived

__all__ = ["Engine", "Loaded", "State", "Turn"]

T = TypeVar("T")

_TRIES: Final = 12
_MOST_KEPT: Final = 256
_LARGEST_KEPT: Final = 128_000
_MOST_WORKED_OUT: Final = 64

Clock = Callable[[], dt.datetime]


class Turn(Protocol):
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
    record: Any


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
    facts: StandingFacts
    holds: HoldsRecord
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
    facts: StandingFacts
    holds: HoldsRecord
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
    turn: Turn
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

    def load(self, stream: str) -> Steps[Loaded]:
        """Read the record of one stream."""
        version, data = yield from ask(self.store.record, stream)
        known = self._records.get(stream)
        if known is not None and known.version == version and known.data == data:
            return known.loaded
        loaded = Loaded(stream=stream, version=version, record=read_record(stream, data))
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

    def state(self) -> Steps[State]:
        """
        Read what holds for every command.

        Raises:
            NotFoundError: If no organization is in force.
        """
        loaded = yield from self.load(ORGANIZATION)
        if loaded.record is None:
            raise NotFoundError(
                "organization", self.store.organization, suggestion="begin with `Desk.create`"
            )
        facts = yield from self.load(FACTS)
        holds = yield from self.load(HOLDS)
        record: OrganizationRecord = loaded.record
        last = self._state
        if last is not None and last[0] == (loaded, facts, holds):
            return last[1]
        standing = facts.record.facts if facts.record else StandingFacts()
        known = self._in_force
        if known is None or known[:2] != (loaded.version, facts.version):
            if known is not None and known[0] == loaded.version:
                document = known[2]
            else:
                document = read_organization(record)
                if known is not None:
                    document = document.like(known[2])
            known = (loaded.version, facts.version, document, document.under(standing))
            self._in_force = known
        state = State(
            organization=known[3],
            document=known[2],
            digest=record.digest,
            facts=standing,
            holds=holds.record or HoldsRecord(),
            versions={one.stream: one.version for one in (loaded, facts, holds)},
        )
        self._state = (loaded, facts, holds), state
        return state

    def under(self, state: State, organization: Organization) -> State:
        """Return what would hold if *organization* were in force."""
        organization = organization.like(state.document)
        return attrs.evolve(
            state,
            organization=organization.under(state.facts),
            document=organization,
            digest=organization.digest,
        )

    def post(self, post: str) -> Steps[Loaded]:
        """
        Read a post.

        Raises:
            NotFoundError: If there is none.
        """
        loaded = yield from self.load(f"post/{post}")
        if loaded.record is None:
            raise NotFoundError("post", post)
        return loaded

    def deliveries(self, post: Post) -> Steps[list[Loaded]]:
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
        record: PostRecord | None = None,
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

            record: The post and what has been waived of it.

            lint: Whether to ask the style guide in any case.
        """
        organization = state.organization
        real_now = as_utc(self.real_clock())
        waivers = record.waivers if record is not None else ()
        known = _Known(
            organization=organization,
            facts=state.facts,
            holds=state.holds,
            now=now,
            content=content,
            workspace=workspace,
            lints=content is not None and (lint or organization.findings_matter),
            waived=(record.post.salt, waivers) if record is not None and waivers else None,
        )
        last = self._context
        if last is not None and last[0].same(known) and last[1].worked_out < _MOST_WORKED_OUT:
            # A command, what follows from it and what is told of it rest on the same.
            return last[1].beside(actor=actor, deliveries=tuple(deliveries), real_now=real_now)

        def findings() -> tuple[Finding, ...]:
            if content is None:
                return ()
            found = self._lint(organization, content, workspace, now)
            return found if record is None else not_waived(found, record, content)

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
            absences=state.facts.absences,
            swaps=state.facts.swaps,
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
    ) -> Steps[dict[str, Any]]:
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
        records: dict[str, Any] = {}
        stored: list[NewEvent] = []
        yield from self._seal(events, known, records, stored, state, at=at, salt=salt)
        before = {stream: known[stream].record for stream in records}
        more = yield from consequences(self, state, before, records, events, at=at)
        yield from self._seal(more, known, records, stored, state, at=at, salt=salt)
        expects = {stream: one.version for stream, one in known.items()}
        for stream in (ORGANIZATION, FACTS, *((HOLDS,) if sends else ())):
            expects.setdefault(stream, state.versions.get(stream, 0))
        # What was decided on is what has to stand, not what was read while appending.
        expects.update(
            {name: version for name, version in state.versions.items() if name in expects}
        )
        rows = [row for stream, record in records.items() for row in rows_of(stream, record)]
        packed = {stream: pack(record) for stream, record in records.items()}
        yield from ask(self.store.append, stored, expects=expects, index=rows, records=packed)
        counts = Counter(event.stream for event in stored)
        for stream, record in records.items():
            version = known[stream].version + counts[stream]
            self._keep(Loaded(stream=stream, version=version, record=record), packed[stream])
        return records

    def _seal(
        self,
        events: Sequence[Event],
        known: dict[str, Loaded],
        records: dict[str, Any],
        stored: list[NewEvent],
        state: State,
        *,
        at: dt.datetime,
        salt: bytes,
    ) -> Steps[None]:
        """Add events to what is to be stored, and to the records they lead to."""
        for event in events:
            stream = event.stream
            if stream not in known:
                known[stream] = yield from self.load(stream)
            sealed, kept_salt = self.new_event(event, state.digest, at, salt)
            before = records.get(stream, known[stream].record)
            records[stream] = evolve(
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

    def again(self, attempt: Callable[[], Steps[T]]) -> Steps[T]:
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
        if _HELD.get() is self.turn:
            # An attempt within an attempt, whose maker has the turn already.
            return (yield from _repeated(attempt))
        yield from ask_long(self.turn.acquire)
        _HELD.set(self.turn)
        try:
            return (yield from _repeated(attempt))
        finally:
            _HELD.set(None)
            self.turn.release()


# Whose turn the steps under way have taken, by thread or task.
_HELD: ContextVar[Turn | None] = ContextVar("held", default=None)


def _repeated(attempt: Callable[[], Steps[T]]) -> Steps[T]:
    for _ in range(_TRIES - 1):
        try:
            return (yield from attempt())
        except ConflictError:
            continue
    return (yield from attempt())


def read_organization(record: OrganizationRecord) -> Organization:
    """Load the organization that a record holds."""
    files = {name: base64.b64decode(data) for name, data in record.files.items()}
    return Organization.loads(record.document, files=files)


def post_of(records: Mapping[str, Any], post: str) -> Post:
    """Return the post of an append's records."""
    record: PostRecord = records[f"post/{post}"]
    return record.post
