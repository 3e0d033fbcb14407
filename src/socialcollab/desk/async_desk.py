"""The desk of one organization, which manages its posts from draft to publication."""

# Generated from desk.py by tools/write_async.py: edit that file, and run `nox -s write_async`.
from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from socialcollab.content import Delivery, Hold, Message, Post, Summary
from socialcollab.desk.arguments import check_seconds, check_text, id_of
from socialcollab.desk.async_member_desk import AsyncMemberDesk
from socialcollab.desk.async_ports import DeskNetwork, DeskStore, Ports, Sleep, opened, pause, run
from socialcollab.desk.engine import Clock, Engine
from socialcollab.desk.handlers.presence import collisions_beside
from socialcollab.desk.inbox.arrival import Received, receive_messages
from socialcollab.desk.inbox.fetching import Fetched, fetch_messages
from socialcollab.desk.journal.maintenance import (
    audit,
    claim_media,
    create,
    organization_in,
    refresh_rows,
    refuse_missing,
    refuse_other,
    reindex,
)
from socialcollab.desk.journal.streams import PROJECTIONS
from socialcollab.desk.publishing.dispatcher import Dispatcher
from socialcollab.desk.publishing.publisher import Publisher
from socialcollab.desk.queries.connections import read_connections
from socialcollab.desk.queries.history import (
    ActiveDocument,
    HistoryEntry,
    as_of,
    feed,
    history,
    last_event_at,
)
from socialcollab.desk.queries.holds import HoldResult, read_hold_status, read_holds
from socialcollab.desk.queries.notifications import NotificationBatch, read_notifications
from socialcollab.desk.queries.offboarding_plan import OffboardingPlan, offboarding_plan
from socialcollab.desk.queries.posts import (
    read_calendar,
    read_calendar_notes,
    read_clashes,
    read_deliveries,
    read_delivery,
    read_pending_steps,
    read_post,
    read_post_by_external_id,
    read_posts,
    read_summary,
)
from socialcollab.desk.queries.proposal import Proposal, propose
from socialcollab.desk.worker.due import (
    DueReport,
    DueWork,
    due_work,
    next_due,
    reconcile,
    run_due,
)
from socialcollab.document_fields import as_words
from socialcollab.effects import Effects
from socialcollab.errors import NotFoundError
from socialcollab.organization import CalendarNote, Organization, RuntimeState
from socialcollab.scheduling import Calendar, Clash
from socialcollab.stores import (
    Anchor,
    AuditReport,
    CollisionStore,
    MemoryCollisions,
    MemoryMedia,
    Progress,
    ReindexReport,
)
from socialcollab.time import TimeLike, as_utc
from socialcollab.transport import PUBLIC_KINDS, Media, system_clock
from socialcollab.workflow import Condition, Connection, StepStatus, check_conditions

T = TypeVar("T")


class AsyncDesk:
    """
    The desk of one organization, which manages its posts from draft to publication.

    The application specifies the acting member (`acting_as`) and calls `run_due` regularly. The
    desk checks every command, writes the journal and publishes the posts.

    Call `AsyncDesk.create` once, and `AsyncDesk.open` afterwards. A desk is a context manager. On exit, it
    closes the store if it opened the store itself.
    """

    def __init__(
        self,
        store: DeskStore,
        organization: str,
        *,
        networks: Mapping[str, DeskNetwork] | None = None,
        conditions: Mapping[str, Condition] | None = None,
        media: Media | None = None,
        collisions: CollisionStore | None = None,
        clock: Clock | None = None,
        real_clock: Clock | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        sleep: Sleep = pause,
    ) -> None:
        """
        Create a desk object for a store; `AsyncDesk.open` and `AsyncDesk.create` perform more checks.

        Args:
            store: The store. It must have the projections in `AsyncDesk.PROJECTIONS`; `AsyncDesk.create` and
                `AsyncDesk.open` declare them if the store was created without any projections.
            organization: The organization's id.
            networks: The networks to publish to, keyed by profile id, by network name, or by "*"
                for all other profiles.
            conditions: The conditions to which steps of approval policies refer by name, each a
                pure function of a post's content; see `socialcollab.workflow.OnlyIf`. Every process
                that opens the desk must register the same conditions.
            media: The media store for images; by default an in-memory store. Two organizations
                cannot share a media store.
            collisions: The store for presence and claims; by default an in-memory store, which is
                not shared with other processes.
            clock: Returns the current instant, with a UTC offset. It determines which work is due
                and the time of each event. The default is the machine's clock.
            real_clock: The clock for leases and send deadlines; by default the machine's clock,
                even if *clock* is given.
            entropy: Returns random bytes.
            sleep: Waits for a number of seconds.
        """
        check_conditions(conditions or {})
        self.id = organization
        self.media: Media = media if media is not None else MemoryMedia()
        self._ports = Ports.of(
            store,
            organization,
            networks=networks,
            media=self.media,
            collisions=collisions if collisions is not None else MemoryCollisions(),
            sleep=sleep,
        )
        self.engine = Engine(
            store=self._ports.store,
            media=self._ports.media,
            collisions=self._ports.collisions,
            clock=clock or system_clock,
            real_clock=real_clock or system_clock,
            entropy=entropy,
            lock=self._ports.lock,
            description_of=self._ports.description_of,
            conditions=dict(conditions or {}),
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
        conditions: Mapping[str, Condition] | None = None,
        media: Media | None = None,
        collisions: CollisionStore | None = None,
        clock: Clock | None = None,
        real_clock: Clock | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        sleep: Sleep = pause,
    ) -> Self:
        """
        Create a desk for an organization and open it.

        Args:
            store: A store, or the path of a new SQLite file.
            organization: The first document.
            owner: A member who has every permission on all resources.
            networks: Same as in `AsyncDesk`.
            conditions: Same as in `AsyncDesk`.
            media: Same as in `AsyncDesk`, but if *store* is a path, the default is a folder next to the
                SQLite file.
            collisions: Same as in `AsyncDesk`, but if *store* is a path, the default is a file next to
                it whose name ends with "-presence".
            clock: Same as in `AsyncDesk`.
            real_clock: Same as in `AsyncDesk`.
            entropy: Same as in `AsyncDesk`.
            sleep: Same as in `AsyncDesk`.

        Raises:
            NotAllowedError: If the owner does not have every permission on all resources.
            NotFoundError: If a step depends on a condition that is not registered.
            InvalidValueError: If the store already contains a desk for the organization, if the
                media store belongs to another organization, or if the store was created with
                projections that do not include all of `AsyncDesk.PROJECTIONS`.
        """
        journal, kept, owns = await opened(store, media, organization.id)
        desk = cls(
            journal,
            organization.id,
            networks=networks,
            conditions=conditions,
            media=kept,
            collisions=collisions if collisions is not None else collisions_beside(store),
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
        conditions: Mapping[str, Condition] | None = None,
        media: Media | None = None,
        collisions: CollisionStore | None = None,
        clock: Clock | None = None,
        real_clock: Clock | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        sleep: Sleep = pause,
    ) -> Self:
        """
        Open an existing desk.

        Args:
            store: The store, or the path of its SQLite file.
            organization: The organization's id, which is required only if the store contains
                several organizations; or a document, which must be equal to the active document. To
                change the document, see `propose`.
            networks: Same as in `AsyncDesk`.
            conditions: Same as in `AsyncDesk`.
            media: Same as in `AsyncDesk`, but if *store* is a path, the default is a folder next to the
                SQLite file.
            collisions: Same as in `AsyncDesk`, but if *store* is a path, the default is a file next to
                it whose name ends with "-presence".
            clock: Same as in `AsyncDesk`.
            real_clock: Same as in `AsyncDesk`.
            entropy: Same as in `AsyncDesk`.
            sleep: Same as in `AsyncDesk`.

        Raises:
            NotFoundError: If the desk does not exist.
            InvalidValueError: If the store contains several organizations and *organization* is
                empty, or if the store was created with projections that do not include all of
                `AsyncDesk.PROJECTIONS`.
            DocumentMismatchError: If the given document differs from the active document.
        """
        if isinstance(store, (str, Path)):
            refuse_missing(store)
        named = organization if isinstance(organization, str) else organization.id
        journal, kept, owns = await opened(store, media, named)
        try:
            desk = cls(
                journal,
                await run(organization_in(journal, str(store) if owns else "store", named)),
                networks=networks,
                conditions=conditions,
                media=kept,
                collisions=collisions if collisions is not None else collisions_beside(store),
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
        """Carry out the effects of an operation, and return its result."""
        return await run(steps)

    @property
    async def organization(self) -> Organization:
        """The active document together with the runtime state."""
        return (await self.run(self.engine.state())).organization

    async def propose(self, organization: Organization) -> Proposal:
        """
        Compare a document with the active document, and list its effects on posts and runtime
        state.

        The proposal has no effect until a member adopts it; see `AsyncMemberDesk.adopt`.

        Raises:
            InvalidValueError: If the document belongs to another organization.
            NotFoundError: If a step depends on a condition that is not registered.
        """
        return await self.run(propose(self.engine, organization))

    async def offboarding_plan(self, member: str) -> OffboardingPlan:
        """
        Return everything that depends on a member, with the consequences of offboarding the member.

        The plan has no effect until a member carries it out; see `AsyncMemberDesk.offboard`.

        Raises:
            NotFoundError: If the member does not exist.
        """
        return await self.run(offboarding_plan(self.engine, member))

    async def as_of(self, at: TimeLike | None = None) -> ActiveDocument:
        """
        Return the document and the runtime state that were active at an instant, by default now.

        Raises:
            NotFoundError: If the desk did not exist at that instant.
        """
        return await self.run(as_of(self.engine, self.engine.now() if at is None else at))

    async def runtime_state(self) -> RuntimeState:
        """Return the current absences, grants, shift swaps, campaigns and calendar notes."""
        return (await self.run(self.engine.state())).runtime_state

    async def acting_as(self, member: str) -> AsyncMemberDesk:
        """
        Return a desk through which *member* acts; the application must have authenticated the
        member.

        Raises:
            NotFoundError: If the member does not exist.
        """
        organization = await self.organization
        if organization.access.member(check_text(member, "member")) is None:
            raise NotFoundError(
                "member", member, suggestion=organization.did_you_mean("member", member)
            )
        return AsyncMemberDesk(self, member)

    async def receive(self, messages: Iterable[Message]) -> tuple[Received, ...]:
        """
        Store messages that customers sent, for example from a webhook.

        A message is identified by its profile and network id. Receiving it again changes nothing,
        unless its author has changed or deleted it since. Messages may arrive in any order. A
        message that claims to come from the future is sorted by the time of its arrival. A reply
        that the desk has published is recognised if a webhook reports it.

        Raises:
            InvalidValueError: If an item is not a message.
            NotFoundError: If a profile does not exist. The messages before it are stored.
        """
        return await self.run(receive_messages(self.engine, messages))

    async def fetch_messages(
        self,
        profile: str,
        cursor: str = "",
        *,
        kinds: Iterable[str] = PUBLIC_KINDS,
    ) -> Fetched:
        """
        Read a page of messages from a profile's network, and store them.

        Args:
            profile: The profile.
            cursor: The cursor of the previous call, or an empty string.
            kinds: The kinds of message to read.

        Raises:
            NotFoundError: If the profile does not exist.
            InvalidValueError: If its network cannot read messages, or the cursor is invalid.
            NetworkError: If the network fails. The same cursor can be used again.
        """
        return await self.run(
            fetch_messages(
                self._publisher.dispatcher,
                check_text(profile, "profile"),
                check_text(cursor, "cursor"),
                kinds=as_words(kinds),
            )
        )

    async def run_due(
        self,
        now: dt.datetime | None = None,
        *,
        worker: str = "",
        lease_s: float = 60.0,
        budget_s: float | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> DueReport:
        """
        Do all work that is due: publish, remind, escalate, expire, and look up unknown outcomes.

        Call this method regularly; any number of processes may call it at the same time.

        Args:
            now: Work that is due up to this instant is done. By default, the desk reads its clock
                again for each piece of work.
            worker: A name for this worker that no other running worker uses.
            lease_s: The number of seconds, according to the real clock, for which other workers
                skip a post or delivery that this worker has claimed.
            budget_s: The time in seconds after which the run does not start any more work;
                `DueReport.left` is then the number of posts and deliveries that are still due. A
                reevaluation after an adoption is always completed. By default there is no limit.
            stop: A function that is called before each piece of work. If it returns True, the run
                does not start any more work, as if its time budget were used up.
        """
        at = None if now is None else as_utc(now)
        name = check_text(worker, "worker") or f"worker-{os.getpid()}-{id(self):x}"
        return await self.run(
            run_due(
                self.engine,
                self._publisher,
                now=at,
                worker=name,
                lease_s=check_seconds(lease_s, "lease_s"),
                budget_s=None if budget_s is None else check_seconds(budget_s, "budget_s"),
                stop=stop,
            )
        )

    async def reconcile(
        self, post_or_delivery: Post | Delivery | str, *, now: dt.datetime | None = None
    ) -> tuple[Delivery, ...]:
        """
        Look up unknown outcomes on the network now, instead of waiting for `run_due`.

        This includes sends that an earlier lookup did not find and that have yet to be rechecked.

        Args:
            post_or_delivery: A delivery, a post (for all its deliveries), or the id of either.
            now: The current instant; by default the desk's clock is read.

        Returns:
            The updated deliveries.

        Raises:
            NotFoundError: If there is neither a post nor a delivery with that id.
            SocialCollabError: If no network is configured for the profile.
        """
        at = self.engine.now() if now is None else as_utc(now)
        return await self.run(
            reconcile(self.engine, self._publisher, _id(post_or_delivery), now=at)
        )

    async def next_due(self, *, after: dt.datetime | None = None) -> dt.datetime | None:
        """
        Return the instant, according to the desk's clock, at which work is next due, or None.

        The instant is in the past while some due work cannot be done because another worker has
        claimed it, a member must sign in or end a hold, or newer time zone data are required. Every
        run tries that work again. To find out when other work is due, pass *after*.

        Args:
            after: Consider only work that is due after this instant, such as `DueReport.at` of the
                last run.
        """
        start = None if after is None else as_utc(after)
        return await self.run(next_due(self.engine, after=start))

    async def due_work(self, *, before: dt.datetime | None = None) -> tuple[DueWork, ...]:
        """
        Return the work that is due but not done, earliest first, without doing it.

        Args:
            before: Include only work that was due before this instant; by default the desk's clock
                is read. Work that has been due for an hour shows that no worker is running.
        """
        end = self.engine.now() if before is None else as_utc(before)
        return await self.run(due_work(self.engine, before=end))

    async def post(self, post: str) -> Post:
        """
        Return a post.

        Raises:
            NotFoundError: If the post does not exist.
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
        Return posts sorted by planned time, starting with the posts that have no planned time.

        Args:
            workspace: Only posts of this workspace.
            state: Only posts in one of these stored states.
            author: Only posts drafted by this member.
            campaign: Only posts of this campaign.

        Raises:
            InvalidValueError: If *state* is not a stored state of a post.
            NotFoundError: If the workspace does not exist.
        """
        return await self.run(
            read_posts(
                self.engine, workspace=workspace, state=state, author=author, campaign=campaign
            )
        )

    async def deliveries(self, post: Post | str) -> tuple[Delivery, ...]:
        """Return all deliveries of a post, in the order in which they were planned."""
        return await self.run(read_deliveries(self.engine, _id(post)))

    async def delivery(self, delivery: str) -> Delivery:
        """
        Return a delivery by its id.

        Raises:
            NotFoundError: If the delivery does not exist.
        """
        return await self.run(read_delivery(self.engine, delivery))

    async def summary(self, post: Post | str) -> Summary:
        """Return a one-word summary of a post's state for display."""
        return await self.run(read_summary(self.engine, _id(post)))

    async def pending_steps(self, post: Post | str) -> tuple[StepStatus, ...]:
        """Return the unfinished approval steps of a post, with their reviewers."""
        return await self.run(read_pending_steps(self.engine, _id(post)))

    async def history(self, post: Post | str) -> tuple[HistoryEntry, ...]:
        """Return the history of a post and its deliveries in chronological order."""
        return await self.run(history(self.engine, _id(post)))

    async def feed(self, *, after: int = 0, limit: int = 1000) -> tuple[HistoryEntry, ...]:
        """
        Return the events after a position in the journal, in order.

        A caller that stores the position of the last entry, and passes it as *after* in the next
        call, does not miss any event.
        """
        return await self.run(feed(self.engine, after=after, limit=limit))

    async def notifications(
        self, *, after: int = 0, member: str = "", limit: int = 1000
    ) -> NotificationBatch:
        """
        Return notifications after a cursor, from the outbox.

        Deliver the notifications of a batch, store its cursor, and pass that cursor as *after* in
        the next call. Each notification is thus delivered at least once; its id never changes, so
        that duplicates can be recognized.

        Args:
            after: The cursor of the last batch that was delivered, or 0 to start from the
                beginning.
            member: Only notifications for this member, or for all members if empty.
            limit: The maximum number of notifications in a batch; the notifications of one event
                are never split.
        """
        return await self.run(
            read_notifications(self.engine, after=after, member=member, limit=limit)
        )

    async def last_event_at(self) -> dt.datetime | None:
        """Return the time of the last event, or None if there are no events."""
        return await self.run(last_event_at(self.engine))

    async def calendar(
        self,
        start: TimeLike,
        end: TimeLike,
        *,
        workspace: str = "",
        viewer: str = "",
        cancelled: bool = False,
    ) -> Calendar:
        """
        Return the publishing calendar from *start* (inclusive) to *end* (exclusive).

        Args:
            start: The first instant or day; local times and days are in the workspace's time zone,
                or in the organization's time zone if *workspace* is empty.
            end: The first instant or day after the calendar.
            workspace: Only this workspace, or all workspaces if empty.
            viewer: Only entries that this member can view, or all entries if empty.
            cancelled: Whether to include cancelled posts.
        """
        return await self.run(
            read_calendar(
                self.engine,
                start,
                end,
                workspace=workspace,
                viewer=viewer,
                cancelled=cancelled,
            )
        )

    async def clashes(
        self, start: TimeLike, end: TimeLike, *, workspace: str = ""
    ) -> tuple[Clash, ...]:
        """Return the clashes on the calendar from *start* (inclusive) to *end* (exclusive)."""
        return await self.run(read_clashes(self.engine, start, end, workspace=workspace))

    async def holds(
        self, *, ended: bool = False, workspace: str = "", viewer: str = ""
    ) -> tuple[Hold, ...]:
        """
        Return the active holds, oldest first.

        Args:
            ended: Whether to include holds that have ended; `Hold.ended_at` and `Hold.ended_by` are
                set for them.
            workspace: Only holds that apply to a profile of this workspace, or all holds if empty.
            viewer: Only holds that apply to a profile that this member can view, without reasons
                for clients and guests; all holds if empty.
        """
        return await self.run(
            read_holds(self.engine, ended=ended, workspace=workspace, viewer=viewer)
        )

    async def connections(self, *, viewer: str = "") -> tuple[Connection, ...]:
        """
        Return who has connected which profile to which account, in the order of the profiles.

        Profiles that are not connected are omitted.

        Args:
            viewer: Only connections of profiles that this member can view; all if empty.
        """
        return await self.run(read_connections(self.engine, viewer=viewer))

    async def calendar_notes(
        self, *, workspace: str = "", viewer: str = ""
    ) -> tuple[CalendarNote, ...]:
        """
        Return the calendar notes, sorted by date.

        Args:
            workspace: Only notes in this workspace, or in all workspaces if empty.
            viewer: Only notes in workspaces in which this member can view something, or all notes
                if empty.
        """
        return await self.run(read_calendar_notes(self.engine, workspace=workspace, viewer=viewer))

    async def hold_status(self, hold: HoldResult | Hold | str) -> HoldResult:
        """
        Return the deliveries that a hold affects, and the time at which the hold ended, or None.

        Raises:
            NotFoundError: If the hold has never existed.
        """
        return await self.run(read_hold_status(self.engine, id_of(hold, HoldResult, Hold)))

    async def audit(
        self, *, anchor: Anchor | None = None, progress: Progress | None = None
    ) -> AuditReport:
        """
        Check the whole journal, and report every entry that was damaged or tampered with.

        Args:
            anchor: The anchor returned by an earlier audit and stored elsewhere.
            progress: A function that is called repeatedly during a long audit, with the number of
                events checked so far and the total number of events. An async desk calls it in
                another thread.
        """
        return await self.run(audit(self.engine, anchor, progress))

    async def reindex(self, *, progress: Progress | None = None) -> ReindexReport:
        """
        Rebuild all snapshots and projection rows from the events, which repairs any damage to them.

        Args:
            progress: Same as in `audit`.

        Raises:
            CorruptJournalError: If an event is damaged, because rebuilding would hide the damage.
        """
        return await self.run(reindex(self.engine, progress))

    async def compact(self) -> None:
        """
        Remove erased and replaced values from the store's free pages and logs.

        Raises:
            StoreUnavailableError: If other open connections to the store prevent it.
        """
        await self._ports.compact()


def _id(post: Post | Delivery | str) -> str:
    return id_of(post, Post, Delivery)
