"""The desk: one organization's posts, from draft to published, in one journal."""

from __future__ import annotations

import base64
import datetime as dt
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from socialcollab.content import Delivery, Hold, Post, Summary, summarise
from socialcollab.desk.acting import Acting, HoldSet
from socialcollab.desk.due import DueReport, run_due
from socialcollab.desk.engine import Clock, Engine, State
from socialcollab.desk.history import HistoryEntry, feed, history
from socialcollab.desk.organization_events import OrganizationCreated
from socialcollab.desk.perform import find_ref
from socialcollab.desk.planning import all_rows, full_calendar, instant
from socialcollab.desk.publisher import Publisher
from socialcollab.desk.steps import Steps, run
from socialcollab.desk.streams import INDEXES, ORGANIZATION, FactsRecord, HoldsRecord, Note, fold
from socialcollab.directory import Profile, Selector
from socialcollab.errors import ConflictError, InvalidValueError, NotFoundError, RefusedError
from socialcollab.identifiers import MemberId
from socialcollab.organization import Organization
from socialcollab.permissions import PERMISSIONS
from socialcollab.scheduling import Calendar, Clash, find_clashes
from socialcollab.stores import (
    Anchor,
    AuditReport,
    FolderMedia,
    MemoryMedia,
    SqliteStore,
    Store,
)
from socialcollab.time import as_utc
from socialcollab.transport import Media, Network
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import Actor, Event, StepStatus, step_statuses

__all__ = ["Desk", "audit_file"]

T = TypeVar("T")


def _system_clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Desk:
    """
    The posts of one organization, from draft to published.

    The host says who acts (`acting_as`) and lets time pass (`run_due`); the
    desk checks every step, keeps the journal, and publishes.

    Use `Desk.create` once and `Desk.open` ever after; a desk is a context
    manager that closes what it opened.
    """

    def __init__(
        self,
        store: Store,
        organization: str,
        *,
        networks: Mapping[str, Network] | None = None,
        media: Media | None = None,
        clock: Clock | None = None,
        real_clock: Clock | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        Sit down at a desk that exists.

        Args:
            store: The store; it has to keep the indexes of `Desk.INDEXES`.

            organization: Whose desk it is.

            networks: How profiles are reached, by profile id, network name, or
                "*" for all others.

            media: Where pictures are kept; in memory if not given.

            clock: The plan's clock: what is due, and when things happened.

            real_clock: The clock of leases and send deadlines; the machine's
                if not given, whatever *clock* says.

            entropy: Gives random bytes.

            sleep: Waits for some seconds.
        """
        self.id = organization
        self._store = store
        self._networks = dict(networks or {})
        self.media: Media = media if media is not None else MemoryMedia()
        self.engine = Engine(
            store=store.for_organization(organization),
            clock=clock or _system_clock,
            real_clock=real_clock or _system_clock,
            entropy=entropy,
        )
        self._publisher = Publisher(engine=self.engine, network_of=self._network_of, sleep=sleep)
        self._owns_store = False

    INDEXES = INDEXES

    @classmethod
    def create(
        cls,
        store: Store | str | Path,
        organization: Organization,
        *,
        owner: str,
        networks: Mapping[str, Network] | None = None,
        media: Media | None = None,
        clock: Clock | None = None,
        real_clock: Clock | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Self:
        """
        Bring an organization into force and sit down at its desk.

        Args:
            store: A store, or the path of an SQLite file to be made.

            organization: What comes into force.

            owner: A member who holds every permission everywhere.

            networks: As for `Desk`.

            media: As for `Desk`; beside the SQLite file if a path is given.

            clock: As for `Desk`.

            real_clock: As for `Desk`.

            entropy: As for `Desk`.

            sleep: As for `Desk`.

        Raises:
            RefusedError: If the owner does not hold every permission everywhere.

            InvalidValueError: If the organization has a desk there already.
        """
        opened, kept, owns = _opened(store, media)
        desk = cls(
            opened,
            organization.id,
            networks=networks,
            media=kept,
            clock=clock,
            real_clock=real_clock,
            entropy=entropy,
            sleep=sleep,
        )
        desk._owns_store = owns
        try:
            desk.run(desk._create(organization, owner))
        except BaseException:
            desk.close()
            raise
        return desk

    @classmethod
    def open(
        cls,
        store: Store | str | Path,
        *,
        organization: str = "",
        networks: Mapping[str, Network] | None = None,
        media: Media | None = None,
        clock: Clock | None = None,
        real_clock: Clock | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Self:
        """
        Sit down at a desk that was created before.

        Args:
            store: The store, or the path of its SQLite file.

            organization: Whose desk; needed only where a store has several.

            networks: As for `Desk`.

            media: As for `Desk`; beside the SQLite file if a path is given.

            clock: As for `Desk`.

            real_clock: As for `Desk`.

            entropy: As for `Desk`.

            sleep: As for `Desk`.

        Raises:
            NotFoundError: If there is no such desk.

            InvalidValueError: If there are several and none is named.
        """
        if isinstance(store, (str, Path)):
            _refuse_missing(store)
        opened, kept, owns = _opened(store, media)
        try:
            desk = cls(
                opened,
                organization or _only_one(opened, str(store) if owns else "store"),
                networks=networks,
                media=kept,
                clock=clock,
                real_clock=real_clock,
                entropy=entropy,
                sleep=sleep,
            )
            desk._owns_store = owns
            desk.run(desk.engine.state())
        except BaseException:
            if owns:
                opened.close()
            raise
        return desk

    def _create(self, organization: Organization, owner: str) -> Steps[None]:
        now = self.engine.now()
        missing = [
            permission
            for permission in sorted(PERMISSIONS)
            if not organization.access.allows(owner, permission, "*", at=now)
        ]
        if missing:
            raise RefusedError(
                Verdict.no(
                    Reason.of("owner_lacks", owner=owner, permissions=", ".join(missing[:5]))
                )
            )
        before = yield from self.engine.load(ORGANIZATION)
        if before.version:
            raise _exists_already(organization.id)
        created = OrganizationCreated(
            owner=MemberId(owner),
            document_digest=organization.digest,
            document=organization.to_toml(),
            files={
                name: base64.b64encode(data).decode()
                for name, data in sorted(organization.files.items())
            },
        )
        nothing = State(
            organization=organization,
            digest=organization.digest,
            facts=FactsRecord(),
            holds=HoldsRecord(),
            versions={},
        )
        event = Event(ORGANIZATION, Actor.member(owner), created)
        try:
            yield from self.engine.append(nothing, [event], [before], at=now)
        except ConflictError:
            # Somebody else was creating it at the same moment.
            raise _exists_already(organization.id) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Desk of {self.id}>"

    def close(self) -> None:
        """Let go of the store, if the desk opened it, and of nothing else."""
        if self._owns_store:
            self._store.close()

    def run(self, steps: Steps[T]) -> T:
        """Carry out shell steps, blocking."""
        return run(steps)

    @property
    def organization(self) -> Organization:
        """The organization in force."""
        return self.run(self.engine.state()).organization

    def acting_as(self, member: str) -> Acting:
        """
        Return the desk as *member* uses it; the host has authenticated them.

        Raises:
            NotFoundError: If there is no such member.
        """
        organization = self.organization
        if organization.access.member(member) is None:
            raise NotFoundError(
                "member", member, suggestion=organization.did_you_mean("member", member)
            )
        return Acting(self, member)

    def run_due(
        self, now: dt.datetime | None = None, *, worker: str = "", lease_s: float = 60.0
    ) -> DueReport:
        """
        Do everything that is due: expire what was not signed off, publish, and look after doubts.

        Call it as often as you like, from as many processes as you like.

        Args:
            now: The plan's instant up to which work is due; the clock's if not given.

            worker: A name for this worker, unique among those that run at once.

            lease_s: How long, on the real clock, other workers leave alone what
                this one has taken up.
        """
        at = self.engine.now() if now is None else as_utc(now)
        name = worker or f"worker-{os.getpid()}-{id(self):x}"
        return self.run(run_due(self.engine, self._publisher, now=at, worker=name, lease_s=lease_s))

    def next_due(self) -> dt.datetime | None:
        """
        Return the plan's instant from which work is due next, or None if there is none.

        It lies in the past while something is still to be done, by another
        worker that has taken it up, or as a network cannot tell yet.
        """
        rows = self.engine.store.query("due", limit=1)
        return instant(rows[0].columns["at"]) if rows else None

    def _network_of(self, profile: Profile) -> Network:
        for name in (profile.id, profile.network, "*"):
            if name in self._networks:
                return self._networks[name]
        raise InvalidValueError(
            f"no network is given that reaches profile `{profile.id}` on `{profile.network}`",
            value=profile.id,
            expected=f'networks={{"{profile.network}": ...}}',
        )

    def post(self, post: str) -> Post:
        """
        Return a post.

        Raises:
            NotFoundError: If there is none of that id.
        """
        found: Post = self.run(self.engine.post(post)).record.post
        return found

    def post_by_ref(self, ref: str) -> Post | None:
        """Return the post that was drafted with *ref*, or None."""
        found = self.run(find_ref(self.engine, ref))
        return self.post(found) if found else None

    def posts(
        self,
        *,
        workspace: str | None = None,
        state: str | tuple[str, ...] | None = None,
        author: str | None = None,
        campaign: str | None = None,
    ) -> tuple[Post, ...]:
        """
        Return posts by their planned times, those without one first.

        Args:
            workspace: Of this workspace only.

            state: In one of these stored states only.

            author: Drafted by this member only.

            campaign: Of this campaign only.
        """
        asked = {"workspace": workspace, "state": state, "author": author, "campaign": campaign}
        where = {name: value for name, value in asked.items() if value is not None}

        def read() -> Steps[tuple[Post, ...]]:
            rows = yield from all_rows(self.engine, "posts", where=where)
            found: list[Post] = []
            for row in rows:
                loaded = yield from self.engine.load(row.stream)
                found.append(loaded.record.post)
            return tuple(found)

        return self.run(read())

    def deliveries(self, post: Post | str) -> tuple[Delivery, ...]:
        """Return all deliveries of a post, in the order they were planned."""

        def read() -> Steps[tuple[Delivery, ...]]:
            loaded = yield from self.engine.post(post if isinstance(post, str) else post.id)
            found = yield from self.engine.deliveries(loaded.record.post)
            return tuple(one.record for one in found)

        return self.run(read())

    def summary(self, post: Post | str) -> Summary:
        """Return the one word that people see for a post now."""
        current = self.post(post if isinstance(post, str) else post.id)
        state = self.run(self.engine.state())
        now = self.engine.now()
        facts = state.organization.facts_of(current)
        held = any(
            hold.stops(state.organization.profiles_by_id[target], facts, now=now)
            for hold in state.holds.holds
            for target in current.targets
            if target in state.organization.profiles_by_id
        )
        return summarise(current, self.deliveries(current), held=held)

    def waiting_for(self, post: Post | str) -> tuple[StepStatus, ...]:
        """Return the steps that a post still waits for, and who is asked."""

        def read() -> Steps[tuple[StepStatus, ...]]:
            state = yield from self.engine.state()
            loaded = yield from self.engine.post(post if isinstance(post, str) else post.id)
            record = loaded.record
            context = self.engine.context(
                state,
                Actor.RULES,
                now=self.engine.now(),
                content=record.post.content,
                workspace=record.post.workspace,
            )
            if record.post.state != "in_review":
                return ()
            statuses = step_statuses(record, context)
            return tuple(status for status in statuses if not status.done)

        return self.run(read())

    def history(self, post: Post | str) -> tuple[HistoryEntry, ...]:
        """Return what happened to a post and its deliveries, in order."""
        return self.run(history(self.engine, post if isinstance(post, str) else post.id))

    def feed(self, *, after: int = 0, limit: int = 1000) -> tuple[HistoryEntry, ...]:
        """
        Return what happened past a position of the journal, in order.

        A caller who keeps the last position and asks again misses nothing.
        """
        return self.run(feed(self.engine, after=after, limit=limit))

    def last_event_at(self) -> dt.datetime | None:
        """Return when the last event happened, on the plan's clock, or None before the first."""
        position, at = 0, None
        while page := self.engine.store.follow(after=position):
            position, at = page[-1].position, page[-1].at
        return at

    def calendar(
        self, start: dt.datetime, end: dt.datetime, *, workspace: str = "", viewer: str = ""
    ) -> Calendar:
        """
        Return the publishing calendar from *start* on and before *end*.

        Args:
            start: First instant.

            end: First instant after.

            workspace: Of this workspace only, or all.

            viewer: Only what this member may view, or everything.
        """

        def read() -> Steps[Calendar]:
            state = yield from self.engine.state()
            return (
                yield from full_calendar(
                    self.engine,
                    state,
                    start=as_utc(start),
                    end=as_utc(end),
                    workspace=workspace,
                    viewer=viewer,
                )
            )

        return self.run(read())

    def clashes(
        self, start: dt.datetime, end: dt.datetime, *, workspace: str = ""
    ) -> tuple[Clash, ...]:
        """Return the clashes of dates on the calendar of that time."""
        calendar = self.calendar(start, end, workspace=workspace)
        return tuple(find_clashes(calendar, start=start, end=end))

    def holds(self) -> tuple[Hold, ...]:
        """Return the holds that have been set and not lifted, oldest first."""
        state = self.run(self.engine.state())
        return tuple(state.holds.holds)

    def notes(self, *, workspace: str = "", viewer: str = "") -> tuple[Note, ...]:
        """
        Return the notes on the calendar, by date.

        Args:
            workspace: Of this workspace only, or all.

            viewer: Only those of workspaces that this member may view something of.
        """
        state = self.run(self.engine.state())
        organization, now = state.organization, self.engine.now()
        seen = {
            profile.workspace
            for profile in organization.profiles
            if not viewer or organization.access.allows(viewer, "view", profile.id, at=now)
        } | {
            name
            for name in organization.workspaces_by_id
            if not viewer or organization.access.allows(viewer, "view", name, at=now)
        }
        return tuple(
            sorted(
                (
                    note
                    for note in state.facts.notes
                    if workspace in ("", note.workspace) and note.workspace in seen
                ),
                key=lambda note: (note.on, note.id),
            )
        )

    def held(self, hold: str, on: Selector) -> HoldSet:
        """Return what a hold stops, and what had been taken in hand before it."""
        return self.run(self._held(hold, on))

    def _held(self, hold: str, on: Selector) -> Steps[HoldSet]:
        state = yield from self.engine.state()
        organization = state.organization
        rows = yield from all_rows(
            self.engine,
            "deliveries",
            where={"state": ("waiting", "publishing", "unknown", "missed")},
        )
        found: dict[str, list[str]] = {"under_way": [], "waiting": [], "missed": []}
        for row in rows:
            profile = organization.profiles_by_id.get(str(row.columns["profile"]))
            post = (yield from self.engine.post(str(row.columns["post"]))).record.post
            if profile is None or not on.matches(profile, organization.facts_of(post)):
                continue
            left = str(row.columns["state"])
            if left == "missed":
                delivery = (yield from self.engine.load(row.stream)).record
                if delivery.problem != f"hold {hold}":
                    continue
            found[left if left in ("waiting", "missed") else "under_way"].append(row.key)
        return HoldSet(
            id=hold,
            under_way=tuple(found["under_way"]),
            waiting=tuple(found["waiting"]),
            missed=tuple(found["missed"]),
        )

    def audit(self, *, anchor: Anchor | None = None) -> AuditReport:
        """Look for everything in the journal that cannot be what was written."""
        return self.engine.store.audit(anchor=anchor, fold=fold)


def audit_file(
    path: str | Path, *, organization: str = "", anchor: Anchor | None = None
) -> AuditReport:
    """
    Audit the journal of a desk that may be too damaged to sit down at.

    Args:
        path: The desk's SQLite file, or for a copy on a disk that cannot be
            written ``file:PATH?immutable=1``.

        organization: Whose journal; needed only where the file has several.

        anchor: What an earlier audit returned, kept elsewhere.

    Raises:
        NotFoundError: If there is no such file, or no such journal in it.

        StoreError: If it cannot be read at all.
    """
    _refuse_missing(path)
    store = SqliteStore(str(path), indexes=INDEXES)
    try:
        name = organization or _only_one(store, str(path))
        return store.for_organization(name).audit(anchor=anchor, fold=fold)
    finally:
        store.close()


def _exists_already(organization: str) -> InvalidValueError:
    return InvalidValueError(
        f"organization `{organization}` has a desk here already; open it",
        value=organization,
        expected="Desk.open",
    )


def _refuse_missing(path: str | Path) -> None:
    # SQLite opens `file:PATH?immutable=1` too: a copy on a disk that cannot be written.
    if not str(path).startswith("file:") and not Path(path).is_file():
        raise NotFoundError("desk", str(path), suggestion="make it with `Desk.create`")


def _opened(store: Store | str | Path, media: Media | None) -> tuple[Store, Media | None, bool]:
    if isinstance(store, (str, Path)):
        path = Path(store)
        opened = SqliteStore(str(path), indexes=INDEXES)
        kept = media if media is not None else FolderMedia(path.with_name(f"{path.name}-media"))
        return opened, kept, True
    return store, media, False


def _only_one(store: Store, name: str) -> str:
    found = store.organizations()
    if not found:
        raise NotFoundError("desk", name, suggestion="make it with `Desk.create`")
    if len(found) > 1:
        raise InvalidValueError(
            f"the store holds several organizations ({', '.join(found)}); say which",
            value=name,
            expected="organization = one of them",
        )
    return found[0]
