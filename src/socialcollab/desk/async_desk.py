"""The desk of one organization: its posts from draft to published, in one journal."""

# Generated from desk.py by tools/write_async.py: edit that file, and run `nox -s write_async`.
from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from socialcollab.content import Delivery, Hold, Post, Summary
from socialcollab.desk.arguments import check_text, id_of
from socialcollab.desk.async_member_desk import AsyncMemberDesk
from socialcollab.desk.async_ports import DeskNetwork, DeskStore, Ports, Sleep, opened, pause, run
from socialcollab.desk.engine import Clock, Engine
from socialcollab.desk.journal.maintenance import (
    audit,
    claim_media,
    create,
    only_one,
    refresh_rows,
    refuse_missing,
    refuse_other,
    reindex,
)
from socialcollab.desk.journal.streams import PROJECTIONS
from socialcollab.desk.publishing.dispatcher import Dispatcher
from socialcollab.desk.publishing.publisher import Publisher
from socialcollab.desk.queries.history import (
    ActiveDocument,
    HistoryEntry,
    as_of,
    feed,
    history,
    last_event_at,
)
from socialcollab.desk.queries.notifications import NotificationBatch, read_notifications
from socialcollab.desk.queries.offboarding_plan import OffboardingPlan, offboarding_plan
from socialcollab.desk.queries.posts import (
    HoldResult,
    read_calendar,
    read_calendar_notes,
    read_clashes,
    read_deliveries,
    read_hold_result,
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
from socialcollab.scheduling import Calendar, Clash
from socialcollab.stores import Anchor, AuditReport, MemoryMedia, ReindexReport
from socialcollab.time import TimeLike, as_utc
from socialcollab.transport import Media, system_clock
from socialcollab.workflow import StepStatus

T = TypeVar("T")


class AsyncDesk:
    """
    The desk of one organization: its posts, from draft to published.

    The application says who acts (`acting_as`) and calls `run_due` regularly; the desk checks every
    command, writes the journal, and publishes.

    Call `AsyncDesk.create` once, and `AsyncDesk.open` afterwards. A desk is a context manager, and closes a
    store that it opened itself.
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
        Return a desk on a store; `AsyncDesk.open` and `AsyncDesk.create` do more checks.

        Args:
            store: The store. It needs the projections of `AsyncDesk.PROJECTIONS`; `AsyncDesk.create` and
                `AsyncDesk.open` declare them in a store that was made without any.
            organization: The organization's id.
            networks: The networks that publish, by profile id, by network name, or "*" for all
                other profiles.
            media: Where images are kept; in memory if not given. Two organizations cannot share a
                media store.
            clock: Returns the current instant, with a UTC offset: what is due, and when events
                happened. The machine's clock if not given.
            real_clock: The clock of leases and of deadlines of sends; the machine's if not given,
                whatever *clock* is.
            entropy: Returns random bytes.
            sleep: Waits for a number of seconds.
        """
        self.id = organization
        self.media: Media = media if media is not None else MemoryMedia()
        self._ports = Ports.of(
            store, organization, networks=networks, media=self.media, sleep=sleep
        )
        self.engine = Engine(
            store=self._ports.store,
            media=self._ports.media,
            clock=clock or system_clock,
            real_clock=real_clock or system_clock,
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
    async def create(
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
        Create the desk of an organization, and open it.

        Args:
            store: A store, or the path of a new SQLite file.
            organization: The first document.
            owner: A member who holds every permission everywhere.
            networks: As for `AsyncDesk`.
            media: As for `AsyncDesk`; in a folder beside the SQLite file if a path is given.
            clock: As for `AsyncDesk`.
            real_clock: As for `AsyncDesk`.
            entropy: As for `AsyncDesk`.
            sleep: As for `AsyncDesk`.

        Raises:
            NotAllowedError: If the owner does not hold every permission everywhere.
            InvalidValueError: If the organization has a desk in the store already, the media store
                belongs to another organization, or the store was made with projections that lack
                some of `AsyncDesk.PROJECTIONS`.
        """
        journal, kept, owns = await opened(store, media, organization.id)
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
            await desk._ports.ensure_projections(PROJECTIONS)
            await desk.run(create(desk.engine, organization, owner))
        except BaseException:
            await desk.close()
            raise
        return desk

    @classmethod
    async def open(
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
        Open a desk that was created before.

        Args:
            store: The store, or the path of its SQLite file.
            organization: The organization's id, needed only if the store has several; or a document
                that has to equal the active one. A document that differs is a proposal; see
                `propose`.
            networks: As for `AsyncDesk`.
            media: As for `AsyncDesk`; in a folder beside the SQLite file if a path is given.
            clock: As for `AsyncDesk`.
            real_clock: As for `AsyncDesk`.
            entropy: As for `AsyncDesk`.
            sleep: As for `AsyncDesk`.

        Raises:
            NotFoundError: If there is no such desk.
            InvalidValueError: If there are several and none is named, the media store belongs to
                another organization, or the store was made with projections that lack some of
                `AsyncDesk.PROJECTIONS`.
            DocumentMismatchError: If the document differs from the active one.
        """
        if isinstance(store, (str, Path)):
            refuse_missing(store)
        named = organization if isinstance(organization, str) else organization.id
        journal, kept, owns = await opened(store, media, named)
        try:
            desk = cls(
                journal,
                named or await run(only_one(journal, str(store) if owns else "store")),
                networks=networks,
                media=kept,
                clock=clock,
                real_clock=real_clock,
                entropy=entropy,
                sleep=sleep,
            )
            desk._owns_store = owns
            await desk._ports.ensure_projections(PROJECTIONS)
            await desk.run(desk.engine.state())
            await desk.run(claim_media(desk.engine))
            await desk.run(refresh_rows(desk.engine))
            if not isinstance(organization, str):
                await desk.run(refuse_other(desk.engine, organization))
        except BaseException:
            if owns:
                await journal.close()
            raise
        return desk

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncDesk of {self.id}>"

    async def close(self) -> None:
        """Close the store if this desk opened it."""
        await self._ports.close(store=self._owns_store)

    async def run(self, steps: Effects[T]) -> T:
        """Run the steps of an operation on this desk's ports."""
        return await run(steps)

    @property
    async def organization(self) -> Organization:
        """The active document together with the runtime state."""
        return (await self.run(self.engine.state())).organization

    async def propose(self, organization: Organization) -> Proposal:
        """
        Compare a document with the active one: what changes, and what would lose what it needs.

        Nothing changes until a member adopts the proposal; see `AsyncMemberDesk.adopt`.

        Raises:
            InvalidValueError: If it is the document of another organization.
        """
        return await self.run(propose(self.engine, organization))

    async def offboarding_plan(self, member: str) -> OffboardingPlan:
        """
        Return everything that depends on a member, and what happens to it if they leave.

        Nothing changes until a member carries it out; see `AsyncMemberDesk.offboard`.

        Raises:
            NotFoundError: If there is no such member.
        """
        return await self.run(offboarding_plan(self.engine, member))

    async def as_of(self, at: TimeLike | None = None) -> ActiveDocument:
        """
        Return the document that was active at an instant, or is now, with the runtime state.

        Raises:
            NotFoundError: If the desk had not been created by then.
        """
        return await self.run(as_of(self.engine, self.engine.now() if at is None else at))

    async def runtime_state(self) -> RuntimeState:
        """Return the absences, temporary grants, shift swaps, started campaigns and calendar notes."""
        return (await self.run(self.engine.state())).runtime_state

    async def acting_as(self, member: str) -> AsyncMemberDesk:
        """
        Return the desk as *member* uses it; the application has authenticated them.

        Raises:
            NotFoundError: If there is no such member.
        """
        organization = await self.organization
        if organization.access.member(check_text(member, "member")) is None:
            raise NotFoundError(
                "member", member, suggestion=organization.did_you_mean("member", member)
            )
        return AsyncMemberDesk(self, member)

    async def run_due(
        self,
        now: dt.datetime | None = None,
        *,
        worker: str = "",
        lease_s: float = 60.0,
        budget_s: float | None = None,
    ) -> DueReport:
        """
        Do everything that is due: publish, remind, escalate, expire, and look up unknown outcomes.

        Call it regularly; any number of processes may call it at once.

        Args:
            now: The instant up to which work is due; by default the desk's clock is read, which
                goes on while the work is done.
            worker: A name of this worker that no other running worker has.
            lease_s: How long other workers leave a post or delivery alone that this one has taken,
                in seconds by the real clock.
            budget_s: After how many seconds the run begins no more work; `DueReport.left` is then the
                number of posts and deliveries that are still due. A reevaluation after an adoption
                is finished in any case. By default the run does everything.
        """
        at = None if now is None else as_utc(now)
        name = check_text(worker, "worker") or f"worker-{os.getpid()}-{id(self):x}"
        return await self.run(
            run_due(
                self.engine,
                self._publisher,
                now=at,
                worker=name,
                lease_s=lease_s,
                budget_s=budget_s,
            )
        )

    async def reconcile(
        self, post_or_delivery: Post | Delivery | str, *, now: dt.datetime | None = None
    ) -> tuple[Delivery, ...]:
        """
        Look up unknown outcomes on the network now, without waiting for `run_due` to do it.

        Sends that were not found and are to be rechecked are looked up too.

        Args:
            post_or_delivery: A delivery, or a post for all of its deliveries; or the id of either.
            now: The current instant; by default the desk's clock is read.

        Returns:
            The deliveries afterwards.

        Raises:
            NotFoundError: If there is neither a post nor a delivery of that id.
            SocialCollabError: If no network is given for the profile.
        """
        at = self.engine.now() if now is None else as_utc(now)
        return await self.run(
            reconcile(self.engine, self._publisher, _id(post_or_delivery), now=at)
        )

    async def next_due(self, *, after: dt.datetime | None = None) -> dt.datetime | None:
        """
        Return the instant at which work is due next, by the desk's clock, or None.

        It lies in the past while some due work cannot be done: another worker has taken it, a
        member has to sign in or end a hold, or newer time zone data are needed. Every run tries
        that work again. To learn when other work is due, give *after*.

        Args:
            after: Only work that is due after this instant, such as `DueReport.at` of the last run.
        """
        start = None if after is None else as_utc(after)
        return await self.run(next_due(self.engine, after=start))

    async def post(self, post: str) -> Post:
        """
        Return a post.

        Raises:
            NotFoundError: If there is no such post.
        """
        return await self.run(read_post(self.engine, post))

    async def post_by_external_id(self, external_id: str) -> Post | None:
        """Return the post with this external id, or None."""
        return await self.run(read_post_by_external_id(self.engine, external_id))

    async def posts(
        self,
        *,
        workspace: str | None = None,
        state: str | tuple[str, ...] | None = None,
        author: str | None = None,
        campaign: str | None = None,
    ) -> tuple[Post, ...]:
        """
        Return posts by planned time; posts without one come first.

        Args:
            workspace: Only posts of this workspace.
            state: Only posts in one of these stored states.
            author: Only posts drafted by this member.
            campaign: Only posts of this campaign.

        Raises:
            InvalidValueError: If *state* is not a stored state of a post.
            NotFoundError: If there is no such workspace.
        """
        return await self.run(
            read_posts(
                self.engine, workspace=workspace, state=state, author=author, campaign=campaign
            )
        )

    async def deliveries(self, post: Post | str) -> tuple[Delivery, ...]:
        """Return all deliveries of a post, in the order in which they were planned."""
        return await self.run(read_deliveries(self.engine, _id(post)))

    async def summary(self, post: Post | str) -> Summary:
        """Return the state of a post in one word, as people see it."""
        return await self.run(read_summary(self.engine, _id(post)))

    async def pending_steps(self, post: Post | str) -> tuple[StepStatus, ...]:
        """Return the approval steps of a post that are not done, with who can decide on them."""
        return await self.run(read_pending_steps(self.engine, _id(post)))

    async def history(self, post: Post | str) -> tuple[HistoryEntry, ...]:
        """Return the history of a post and its deliveries, in order."""
        return await self.run(history(self.engine, _id(post)))

    async def feed(self, *, after: int = 0, limit: int = 1000) -> tuple[HistoryEntry, ...]:
        """
        Return the events after a position of the journal, in order.

        A caller that stores the position of the last entry and asks again misses no event.
        """
        return await self.run(feed(self.engine, after=after, limit=limit))

    async def notifications(
        self, *, after: int = 0, member: str = "", limit: int = 1000
    ) -> NotificationBatch:
        """
        Return notifications after a cursor, from the outbox.

        Deliver the notifications of a batch, then store its cursor, and continue from there. Each
        notification is so delivered at least once; its id stays the same.

        Args:
            after: The cursor of the last batch that was delivered; 0 for the beginning.
            member: Only notifications for this member; for all if empty.
            limit: The size of a batch; all notifications of one event stay together.
        """
        return await self.run(
            read_notifications(self.engine, after=after, member=member, limit=limit)
        )

    async def last_event_at(self) -> dt.datetime | None:
        """Return when the last event happened, by the desk's clock, or None before the first."""
        return await self.run(last_event_at(self.engine))

    async def calendar(
        self, start: TimeLike, end: TimeLike, *, workspace: str = "", viewer: str = ""
    ) -> Calendar:
        """
        Return the publishing calendar from *start*, and before *end*.

        Args:
            start: The first instant or day; local times and days are those of the workspace's time
                zone, or of the organization's if *workspace* is empty.
            end: The first instant or day after it.
            workspace: Only this workspace; all if empty.
            viewer: Only what this member may view; everything if empty.
        """
        return await self.run(
            read_calendar(self.engine, start, end, workspace=workspace, viewer=viewer)
        )

    async def clashes(
        self, start: TimeLike, end: TimeLike, *, workspace: str = ""
    ) -> tuple[Clash, ...]:
        """Return the clashes on the calendar from *start*, and before *end*."""
        return await self.run(read_clashes(self.engine, start, end, workspace=workspace))

    async def holds(self) -> tuple[Hold, ...]:
        """Return the active holds, oldest first."""
        state = await self.run(self.engine.state())
        return tuple(state.holds.holds)

    async def calendar_notes(
        self, *, workspace: str = "", viewer: str = ""
    ) -> tuple[CalendarNote, ...]:
        """
        Return the calendar notes, by date.

        Args:
            workspace: Only notes of this workspace; all if empty.
            viewer: Only notes of workspaces in which this member may view something; all if empty.
        """
        return await self.run(read_calendar_notes(self.engine, workspace=workspace, viewer=viewer))

    async def hold_status(self, hold: str, on: Selector) -> HoldResult:
        """Return the deliveries that a hold concerns."""
        return await self.run(read_hold_result(self.engine, hold, on))

    async def audit(self, *, anchor: Anchor | None = None) -> AuditReport:
        """Check the whole journal, and report everything that cannot be what was written."""
        return await self.run(audit(self.engine, anchor))

    async def reindex(self) -> ReindexReport:
        """
        Rebuild every snapshot and projection row from the events, and so repair damaged ones.

        Raises:
            CorruptJournalError: If an event is damaged; rebuilding would hide that.
        """
        return await self.run(reindex(self.engine))

    async def compact(self) -> None:
        """
        Remove erased and replaced values from the store's free pages and logs.

        Raises:
            StoreUnavailableError: If other connections to the store make it impossible now.
        """
        await self._ports.compact()


def _id(post: Post | Delivery | str) -> str:
    return id_of(post, Post, Delivery)
