"""The desk: one organization's posts, from draft to published, in one journal."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from socialcollab.content import Delivery, Hold, Post, Summary
from socialcollab.desk.engine import Clock, Engine
from socialcollab.desk.handlers.offboard import OffboardingPlan, offboarding_plan
from socialcollab.desk.journal.as_of import ActiveDocument, as_of
from socialcollab.desk.journal.history import HistoryEntry, feed, history, last_event_at
from socialcollab.desk.journal.maintenance import (
    audit,
    create,
    only_one,
    refresh_rows,
    refuse_missing,
    refuse_other,
    reindex,
)
from socialcollab.desk.journal.snapshots import PROJECTIONS
from socialcollab.desk.member_desk import MemberDesk
from socialcollab.desk.ports import DeskNetwork, DeskStore, Ports, Sleep, opened, pause, run
from socialcollab.desk.publishing.dispatcher import Dispatcher
from socialcollab.desk.publishing.publisher import Publisher
from socialcollab.desk.queries.notifications import NotificationBatch, read_notifications
from socialcollab.desk.queries.posts import (
    HoldResult,
    read_calendar,
    read_calendar_notes,
    read_deliveries,
    read_held,
    read_pending_steps,
    read_post,
    read_post_by_external_id,
    read_posts,
    read_summary,
)
from socialcollab.desk.queries.proposal import Proposal, propose
from socialcollab.desk.worker.due import DueReport, next_due, reconcile, run_due
from socialcollab.directory import Selector
from socialcollab.effects import Effects
from socialcollab.errors import NotFoundError
from socialcollab.organization import CalendarNote, Organization, RuntimeState
from socialcollab.scheduling import Calendar, Clash, find_clashes
from socialcollab.stores import Anchor, AuditReport, MemoryMedia, ReindexReport
from socialcollab.time import as_utc
from socialcollab.transport import Media
from socialcollab.workflow import StepStatus

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
        store: DeskStore,
        organization: str,
        *,
        networks: Mapping[str, DeskNetwork] | None = None,
        media: Media | None = None,
        clock: Clock | None = None,
        real_clock: Clock | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        sleep: Sleep = pause,
    ) -> None:
        """
        Sit down at a desk that exists.

        Args:
            store: The store. It needs the projections `Desk.PROJECTIONS`; `Desk.create` and
                `Desk.open` declare them in a store that was made without any.

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
        self.media: Media = media if media is not None else MemoryMedia()
        self._ports = Ports.of(
            store, organization, networks=networks, media=self.media, sleep=sleep
        )
        self.engine = Engine(
            store=self._ports.store,
            media=self._ports.media,
            clock=clock or _system_clock,
            real_clock=real_clock or _system_clock,
            entropy=entropy,
            lock=self._ports.lock,
        )
        self._publisher = Publisher(
            Dispatcher(
                engine=self.engine, network_of=self._ports.network_of, sleep=self._ports.sleep
            )
        )
        self._owns_store = False

    PROJECTIONS = PROJECTIONS

    @classmethod
    def create(
        cls,
        store: DeskStore | str | Path,
        organization: Organization,
        *,
        owner: str,
        networks: Mapping[str, DeskNetwork] | None = None,
        media: Media | None = None,
        clock: Clock | None = None,
        real_clock: Clock | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        sleep: Sleep = pause,
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
            NotAllowedError: If the owner does not hold every permission everywhere.

            InvalidValueError: If the organization has a desk there already, or the store was made
                with projections that lack some of `Desk.PROJECTIONS`.
        """
        journal, kept, owns = opened(store, media, organization.id)
        desk = cls(
            journal,
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
            desk._ports.ensure_projections(PROJECTIONS)
            desk.run(create(desk.engine, organization, owner))
        except BaseException:
            desk.close()
            raise
        return desk

    @classmethod
    def open(
        cls,
        store: DeskStore | str | Path,
        *,
        organization: str | Organization = "",
        networks: Mapping[str, DeskNetwork] | None = None,
        media: Media | None = None,
        clock: Clock | None = None,
        real_clock: Clock | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        sleep: Sleep = pause,
    ) -> Self:
        """
        Sit down at a desk that was created before.

        Args:
            store: The store, or the path of its SQLite file.

            organization: Whose desk; needed only where a store has several.
                Given as a document it has to be what is in force: what the
                store holds counts, and a file that differs is a proposal.

            networks: As for `Desk`.

            media: As for `Desk`; beside the SQLite file if a path is given.

            clock: As for `Desk`.

            real_clock: As for `Desk`.

            entropy: As for `Desk`.

            sleep: As for `Desk`.

        Raises:
            NotFoundError: If there is no such desk.

            InvalidValueError: If there are several and none is named, or the store was made with
                projections that lack some of `Desk.PROJECTIONS`.

            DocumentMismatchError: If the document differs from what is in force.
        """
        if isinstance(store, (str, Path)):
            refuse_missing(store)
        named = organization if isinstance(organization, str) else organization.id
        journal, kept, owns = opened(store, media, named)
        try:
            desk = cls(
                journal,
                named or run(only_one(journal, str(store) if owns else "store")),
                networks=networks,
                media=kept,
                clock=clock,
                real_clock=real_clock,
                entropy=entropy,
                sleep=sleep,
            )
            desk._owns_store = owns
            desk._ports.ensure_projections(PROJECTIONS)
            desk.run(desk.engine.state())
            desk.run(refresh_rows(desk.engine))
            if not isinstance(organization, str):
                desk.run(refuse_other(desk.engine, organization))
        except BaseException:
            if owns:
                journal.close()
            raise
        return desk

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
        self._ports.close(store=self._owns_store)

    def run(self, steps: Effects[T]) -> T:
        """Carry out shell steps to their end."""
        return run(steps)

    @property
    def organization(self) -> Organization:
        """The organization in force."""
        return self.run(self.engine.state()).organization

    def propose(self, organization: Organization) -> Proposal:
        """
        Hold a document against what is in force: what changes, and what it would orphan.

        Nothing changes before somebody adopts the proposal; see `MemberDesk.adopt`.

        Raises:
            InvalidValueError: If it is of another organization.
        """
        return self.run(propose(self.engine, organization))

    def offboarding_plan(self, member: str) -> OffboardingPlan:
        """
        Return everything that hangs on a member, and what becomes of it if they leave.

        Nothing changes before somebody lets them go; see `MemberDesk.offboard`.

        Raises:
            NotFoundError: If there is no such member.
        """
        return self.run(offboarding_plan(self.engine, member))

    def as_of(self, at: dt.datetime | None = None) -> ActiveDocument:
        """
        Return the organization and the facts that were in force at an instant, or are now.

        Raises:
            NotFoundError: If none was in force yet.
        """
        return self.run(as_of(self.engine, self.engine.now() if at is None else at))

    def runtime_state(self) -> RuntimeState:
        """Return what holds by command now: absences, given rights, started campaigns, notes."""
        return self.run(self.engine.state()).runtime_state

    def acting_as(self, member: str) -> MemberDesk:
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
        return MemberDesk(self, member)

    def run_due(
        self, now: dt.datetime | None = None, *, worker: str = "", lease_s: float = 60.0
    ) -> DueReport:
        """
        Do everything that is due: expire what was not signed off, publish, and look after doubts.

        Call it as often as you like, from as many processes as you like.

        Args:
            now: The plan's instant up to which work is due; the clock's if not
                given, which goes on while it works.

            worker: A name for this worker, unique among those that run at once.

            lease_s: How long, on the real clock, other workers leave alone what
                this one has taken up.
        """
        at = None if now is None else as_utc(now)
        name = worker or f"worker-{os.getpid()}-{id(self):x}"
        return self.run(run_due(self.engine, self._publisher, now=at, worker=name, lease_s=lease_s))

    def reconcile(
        self, what: Post | Delivery | str, *, now: dt.datetime | None = None
    ) -> tuple[Delivery, ...]:
        """
        Look now what became of what is in doubt, whenever due work would look next.

        What was found absent, and is to be looked for again, is looked for too.

        Args:
            what: A delivery, or a post for all of its deliveries; or the id of either.

            now: The plan's instant; the clock's if not given.

        Returns:
            The deliveries as they stand then.

        Raises:
            NotFoundError: If there is neither a post nor a delivery of that id.

            SocialCollabError: If nothing reaches its profile.
        """
        at = self.engine.now() if now is None else as_utc(now)
        return self.run(reconcile(self.engine, self._publisher, _id(what), now=at))

    def next_due(self, *, after: dt.datetime | None = None) -> dt.datetime | None:
        """
        Return the plan's instant from which work is due next, or None if there is none.

        It lies in the past while something is still to be done: by another
        worker that has taken it up, by a person who has to sign in or to end a
        hold, or by a worker with newer zone data. Every run tries that again;
        to know when something else falls due, ask for what comes *after*.

        Args:
            after: Only what falls due after this instant, such as
                `DueReport.at` of the last run.
        """
        start = None if after is None else as_utc(after)
        return self.run(next_due(self.engine, after=start))

    def post(self, post: str) -> Post:
        """
        Return a post.

        Raises:
            NotFoundError: If there is none of that id.
        """
        return self.run(read_post(self.engine, post))

    def post_by_external_id(self, external_id: str) -> Post | None:
        """Return the post that was drafted with *external_id*, or None."""
        return self.run(read_post_by_external_id(self.engine, external_id))

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

        Raises:
            InvalidValueError: If *state* is no stored state of a post.

            NotFoundError: If there is no such workspace.
        """
        return self.run(
            read_posts(
                self.engine, workspace=workspace, state=state, author=author, campaign=campaign
            )
        )

    def deliveries(self, post: Post | str) -> tuple[Delivery, ...]:
        """Return all deliveries of a post, in the order they were planned."""
        return self.run(read_deliveries(self.engine, _id(post)))

    def summary(self, post: Post | str) -> Summary:
        """Return the one word that people see for a post now."""
        return self.run(read_summary(self.engine, _id(post)))

    def pending_steps(self, post: Post | str) -> tuple[StepStatus, ...]:
        """Return the steps that a post still waits for, and who is asked."""
        return self.run(read_pending_steps(self.engine, _id(post)))

    def history(self, post: Post | str) -> tuple[HistoryEntry, ...]:
        """Return what happened to a post and its deliveries, in order."""
        return self.run(history(self.engine, _id(post)))

    def feed(self, *, after: int = 0, limit: int = 1000) -> tuple[HistoryEntry, ...]:
        """
        Return what happened past a position of the journal, in order.

        A caller who keeps the last position and asks again misses nothing.
        """
        return self.run(feed(self.engine, after=after, limit=limit))

    def notifications(
        self, *, after: int = 0, member: str = "", limit: int = 1000
    ) -> NotificationBatch:
        """
        Return who is to be told what, past a cursor: the outbox.

        Notices have stable ids and are given at least once: keep the batch's
        cursor after its notices have been told, and ask again from there.

        Args:
            after: The cursor of the last batch that was told.

            member: Only what is for this member, or everything.

            limit: When to stop; all notices of one event stay together.
        """
        return self.run(read_notifications(self.engine, after=after, member=member, limit=limit))

    def last_event_at(self) -> dt.datetime | None:
        """Return when the last event happened, on the plan's clock, or None before the first."""
        return self.run(last_event_at(self.engine))

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
        return self.run(read_calendar(self.engine, start, end, workspace=workspace, viewer=viewer))

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

    def calendar_notes(self, *, workspace: str = "", viewer: str = "") -> tuple[CalendarNote, ...]:
        """
        Return the notes on the calendar, by date.

        Args:
            workspace: Of this workspace only, or all.

            viewer: Only those of workspaces that this member may view something of.
        """
        return self.run(read_calendar_notes(self.engine, workspace=workspace, viewer=viewer))

    def hold_status(self, hold: str, on: Selector) -> HoldResult:
        """Return what a hold stops, and what had been taken in hand before it."""
        return self.run(read_held(self.engine, hold, on))

    def audit(self, *, anchor: Anchor | None = None) -> AuditReport:
        """Look for everything in the journal that cannot be what was written."""
        return self.run(audit(self.engine, anchor))

    def reindex(self) -> ReindexReport:
        """
        Make every record and projection row anew from the events: what damaged these is mended.

        Raises:
            CorruptJournalError: If an event is damaged: a rebuild would hide it.
        """
        return self.run(reindex(self.engine))

    def compact(self) -> None:
        """
        Let nothing of what was erased or replaced remain in the store, in free pages or logs.

        Raises:
            StoreUnavailableError: If others use the store so that this cannot be done now.
        """
        self._ports.compact()


def _id(post: Post | Delivery | str) -> str:
    return post if isinstance(post, str) else post.id
