"""What one member does at the desk: every method is a command on one line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from socialcollab.content import Delivery, Image, Poll, Post
from socialcollab.desk import commands as dc
from socialcollab.desk.handlers.draft import (
    UNCHANGED,
    TimeLike,
    Unchanged,
    draft,
    edit,
    local_time_of,
)
from socialcollab.desk.handlers.hold import hold, resume, write_note
from socialcollab.desk.handlers.offboard import OffboardingPlan
from socialcollab.desk.handlers.perform import perform, perform_on_post, perform_seen
from socialcollab.desk.handlers.runtime_state import (
    BoundLike,
    DayLike,
    PrincipalLike,
    SelectorLike,
    day,
    say_away,
    say_given,
    say_swapped,
)
from socialcollab.desk.queries.allowed_actions import allowed_actions
from socialcollab.desk.queries.notifications import NotificationBatch, read_notifications
from socialcollab.desk.queries.post_view import PostView, read_post_view
from socialcollab.desk.queries.posts import HoldResult
from socialcollab.desk.queries.proposal import Proposal
from socialcollab.desk.queries.to_do import ToDo, to_do
from socialcollab.directory import Selector
from socialcollab.identifiers import PostId
from socialcollab.permissions import (
    Absence,
    EffectivePermissions,
    ShiftSwap,
    TemporaryGrant,
    effective_permissions,
)
from socialcollab.time import WallTime
from socialcollab.verdicts import Verdict
from socialcollab.workflow import Actor, PostSnapshot
from socialcollab.workflow import commands as cm

if TYPE_CHECKING:
    from socialcollab.desk.desk import Desk

SubmitTiming = Literal["next slot", "as soon as approved"]


class MemberDesk:
    """
    The desk as one member uses it; the host says who that is.

    Whatever judges or changes a post takes the post that was seen, or an id
    with `revision=`, the digest of what was seen.
    """

    def __init__(self, desk: Desk, member: str) -> None:
        self._desk = desk
        self.member = member
        self._actor = Actor.member(member)

    def __repr__(self) -> str:
        return f"<{self.member} at the desk of {self._desk.id}>"

    def do(self, command: dc.Command) -> dict[str, PostSnapshot | Delivery]:
        """
        Carry out a command: the one door.

        Returns:
            The posts, with their requests, and the deliveries that it changed,
            by stream, as this member may see them.

        Raises:
            NotAllowedError: If it may not be; its verdict says why and what would help.

            StaleError: If another person changed what was seen.

            NotFoundError: If what it names does not exist, or may not be viewed.
        """
        return self._desk.run(perform_seen(self._desk.engine, self._actor, command))

    def _do_on_post(self, command: cm.PostCommand) -> Post:
        return self._desk.run(perform_on_post(self._desk.engine, self._actor, command))

    def draft(
        self,
        text: str,
        *,
        profiles: Iterable[str] = (),
        workspace: str = "",
        planned_at: TimeLike | None = None,
        times: Mapping[str, TimeLike] | None = None,
        media: Iterable[Image] = (),
        variants: Mapping[str, str] | None = None,
        links: Iterable[str] = (),
        language: str = "",
        labels: Iterable[str] = (),
        poll: Poll | None = None,
        campaign: str = "",
        tags: Iterable[str] = (),
        external_id: str = "",
    ) -> Post:
        """
        Begin a post.

        Args:
            text: What goes out where no variant says otherwise.

            profiles: Where it goes; all of one workspace.

            workspace: Needed only while there are no profiles.

            planned_at: A local time in the workspace's zone, such as
                ``"2026-04-07 09:30"``, a wall time, or an instant.

            times: Other times for single profiles.

            media: Pictures; their bytes go to the media store.

            variants: Other texts for single profiles.

            links: Links beside the text.

            language: Its language; empty means the workspace's.

            labels: Content warnings and the like.

            poll: A poll, or None.

            campaign: The campaign it belongs to.

            tags: Its tags.

            external_id: Your own name for it, unique in the organization: drafting it
                again is refused.

        Raises:
            InvalidValueError: If a value cannot be what it is given as.

            NotAllowedError: If the member may not draft there.
        """
        return self._desk.run(
            draft(
                self._desk.engine,
                self._actor,
                text,
                profiles=profiles,
                workspace=workspace,
                planned_at=planned_at,
                times=times,
                media=media,
                variants=variants,
                links=links,
                language=language,
                labels=labels,
                poll=poll,
                campaign=campaign,
                tags=tags,
                external_id=external_id,
            )
        )

    def edit(
        self,
        post: Post | str,
        *,
        revision: str = "",
        text: str | Unchanged = UNCHANGED,
        profiles: Iterable[str] | Unchanged = UNCHANGED,
        planned_at: TimeLike | Unchanged | None = UNCHANGED,
        times: Mapping[str, TimeLike] | Unchanged = UNCHANGED,
        media: Iterable[Image] | Unchanged = UNCHANGED,
        variants: Mapping[str, str] | Unchanged = UNCHANGED,
        links: Iterable[str] | Unchanged = UNCHANGED,
        language: str | Unchanged = UNCHANGED,
        labels: Iterable[str] | Unchanged = UNCHANGED,
        poll: Poll | Unchanged | None = UNCHANGED,
        campaign: str | Unchanged = UNCHANGED,
        tags: Iterable[str] | Unchanged = UNCHANGED,
    ) -> Post:
        """
        Store a new revision; what is not named stays as it is.

        Raises:
            StaleError: If another person changed it since it was seen; the
                error says who and what.
        """
        post_id, seen = _seen(post, revision)
        return self._desk.run(
            edit(
                self._desk.engine,
                self._actor,
                post if isinstance(post, Post) else post_id,
                seen=seen,
                planned_at=planned_at,
                times=times,
                media=media,
                changes={
                    "targets": profiles,
                    "text": text,
                    "variants": variants,
                    "links": links,
                    "language": language,
                    "labels": labels,
                    "poll": poll,
                    "campaign": campaign,
                    "tags": tags,
                },
            )
        )

    def comment(self, post: Post | str, text: str, *, internal: bool = True) -> Post:
        """Remark on a post; remarks of clients and guests are never internal."""
        return self._do_on_post(cm.Comment(post=_id(post), text=text, internal=internal))

    def submit(
        self, post: Post | str, *, revision: str = "", at: SubmitTiming | None = None
    ) -> Post:
        """
        Ask for sign-off; without *at* the post leaves at its planned time.

        Args:
            post: The post as seen.

            revision: With an id, the digest of what was seen.

            at: "next slot", or "as soon as approved".
        """
        post_id, seen = _seen(post, revision)
        return self._do_on_post(cm.Submit(post=post_id, seen=seen, when=at or "planned"))

    def approve(self, post: Post | str, *, revision: str = "", note: str = "") -> Post:
        """
        Say yes to what was seen.

        Raises:
            TypeError: If a bare id is given: a yes is to what was seen.
        """
        post_id, seen = _seen(post, revision)
        return self._do_on_post(cm.Approve(post=post_id, seen=seen, note=note))

    def request_changes(self, post: Post | str, note: str, *, revision: str = "") -> Post:
        """Send what was seen back to its author."""
        post_id, seen = _seen(post, revision)
        return self._do_on_post(cm.RequestChanges(post=post_id, seen=seen, note=note))

    def reject(self, post: Post | str, note: str, *, revision: str = "") -> Post:
        """Say no to what was seen, for good."""
        post_id, seen = _seen(post, revision)
        return self._do_on_post(cm.Reject(post=post_id, seen=seen, note=note))

    def withdraw(self, post: Post | str) -> Post:
        """Take the request for sign-off back."""
        return self._do_on_post(cm.Withdraw(post=_id(post)))

    def schedule(self, post: Post | str, *, revision: str = "", at: TimeLike | None = None) -> Post:
        """Let an approved post leave at its planned time, or at *at*."""
        post_id, seen = _seen(post, revision)
        when = None if at is None else self._wall_time(post_id, at)
        return self._do_on_post(cm.Schedule(post=post_id, seen=seen, at=when))

    def unschedule(self, post: Post | str) -> Post:
        """Call off what waits; the approval stands."""
        return self._do_on_post(cm.Unschedule(post=_id(post)))

    def reschedule(
        self, post: Post | str, at: TimeLike, *, revision: str = "", profile: str = ""
    ) -> Post:
        """Give a post another time, or one of its targets alone."""
        post_id, seen = _seen(post, revision)
        when = self._wall_time(post_id, at)
        return self._do_on_post(cm.Reschedule(post=post_id, seen=seen, at=when, profile=profile))

    def cancel(self, post: Post | str, *, reason: str = "") -> Post:
        """Give a post up for good."""
        return self._do_on_post(cm.Cancel(post=_id(post), reason=reason))

    def waive(self, post: Post | str, code: str, *, reason: str, revision: str = "") -> Post:
        """
        Let a finding of the style guide pass, for the post as it was seen.

        Args:
            post: The post as seen.

            code: The rule's code, such as "SG102".

            reason: Why.

            revision: With an id, the digest of what was seen.

        Raises:
            NotAllowedError: If there is no such finding, or this member wrote on the post.
        """
        post_id, seen = _seen(post, revision)
        return self._do_on_post(cm.Waive(post=post_id, seen=seen, code=code, reason=reason))

    def take_down(
        self, post: Post | str, *, reason: str = "", profile: str = "", network_id: str = ""
    ) -> Post:
        """
        Take down what is out, and let nothing of it go out any more.

        What is being sent or in doubt is taken down as soon as it is known to
        be out. Due work does it, and tries again until it is gone.

        Args:
            post: The post.

            reason: Why.

            profile: On this profile alone, or on all.

            network_id: This one thing alone, such as a second copy.
        """
        return self._do_on_post(
            cm.TakeDown(post=_id(post), reason=reason, profile=profile, network_id=network_id)
        )

    def amend(self, post: Post | str, *, revision: str = "", profile: str = "") -> Post:
        """
        Let what is out carry the approved revision, in place; due work does it.

        Args:
            post: The post as seen.

            revision: With an id, the digest of what was seen.

            profile: On this profile alone, or wherever an older revision is out.

        Raises:
            NotAllowedError: If a network cannot change it in place, or it is not approved.
        """
        post_id, seen = _seen(post, revision)
        return self._do_on_post(cm.Amend(post=post_id, seen=seen, profile=profile))

    def mark_published(
        self,
        post: Post | str,
        profile: str,
        *,
        network_id: str,
        url: str = "",
        at: dt.datetime | None = None,
    ) -> Post:
        """
        Say that it is out: somebody posted it by hand, or found what was in doubt.

        Args:
            post: The post.

            profile: The profile that it is out on.

            network_id: The network's own id of it.

            url: Its address.

            at: When it went out; now if not given.

        Raises:
            NotAllowedError: If a send may still arrive, or something else of it is out there.
        """
        return self._do_on_post(
            cm.MarkPublished(post=_id(post), profile=profile, network_id=network_id, url=url, at=at)
        )

    def mark_not_published(self, post: Post | str, profile: str) -> Post:
        """
        Say that somebody has looked, and what was in doubt is not there.

        So it is said of what was to be taken down from a profile that has gone.

        Raises:
            NotAllowedError: If it may still arrive, or nothing is in doubt.
        """
        return self._do_on_post(cm.MarkNotPublished(post=_id(post), profile=profile))

    def add_native_post(
        self, profile: str, *, network_id: str, at: dt.datetime, url: str = "", text: str = ""
    ) -> None:
        """
        Put a post that was made on the network itself on the calendar, once.

        One of our own is known already, and changes nothing.

        Args:
            profile: The profile that it stands on.

            network_id: The network's own id of it.

            at: When it went out.

            url: Its address.

            text: What it says.
        """
        self.do(dc.AddNativePost(profile=profile, network_id=network_id, at=at, url=url, text=text))

    def remove_native_post(self, profile: str, *, network_id: str) -> None:
        """Take an observed post off the calendar: it is gone, or was noted by mistake."""
        self.do(dc.RemoveNativePost(profile=profile, network_id=network_id))

    def hold(
        self,
        on: str | Mapping[str, Any] | Selector,
        *,
        reason: str,
        until: dt.datetime | None = None,
    ) -> HoldResult:
        """
        Stop everything that *on* takes in, now.

        Returns:
            What it stops, and what was under way already.
        """
        return self._desk.run(hold(self._desk.engine, self._actor, on, reason=reason, until=until))

    def resume(self, hold: HoldResult | str) -> HoldResult:
        """
        Lift a hold.

        Returns:
            What fell due meanwhile: each stays missed until somebody
            schedules, moves or cancels it.
        """
        return self._desk.run(resume(self._desk.engine, self._actor, hold))

    def add_calendar_note(self, workspace: str, on: dt.date | str, text: str) -> str:
        """Put a note on the calendar of a workspace; return its identifier."""
        return self._desk.run(write_note(self._desk.engine, self._actor, workspace, on, text))

    def add_absence(
        self,
        start: DayLike,
        end: DayLike,
        *,
        member: str = "",
        delegate: str = "",
        permissions: Iterable[str] = (),
        reason: str = "",
    ) -> Absence:
        """
        Say that this member, or another, is or will be away.

        Args:
            start: The first day, in the member's own zone.

            end: The first day back.

            member: Who; oneself if empty. For another it takes `manage_access`.

            delegate: Who stands in.

            permissions: What the delegate stands in for; none named: everything.

            reason: Why, for people.

        Raises:
            NotAllowedError: If the days meet those of another absence, are over,
                or the delegate is away too.
        """
        return self._desk.run(
            say_away(
                self._desk.engine,
                self._actor,
                start=start,
                end=end,
                member=member,
                delegate=delegate,
                permissions=permissions,
                reason=reason,
            )
        )

    def end_absence(self, absence: Absence | str, on: DayLike | None = None) -> None:
        """End an absence early: *on* is the first day back, today if not given."""
        name = absence if isinstance(absence, str) else absence.id
        self.do(dc.EndAbsence(absence=name, on=None if on is None else day(on)))

    def grant(
        self,
        to: PrincipalLike | Iterable[PrincipalLike],
        *,
        on: SelectorLike,
        until: DayLike,
        reason: str,
        role: str = "",
        permissions: str | Iterable[str] = (),
        start: DayLike | None = None,
    ) -> TemporaryGrant:
        """
        Give rights until a time, as a fact that no document says.

        Args:
            to: Members and teams, such as ``"member:ana"``.

            on: Where: a profile's id or a selector.

            until: The first day without it, or local time in the workspace's zone.

            reason: Why; it shows wherever the grant decides.

            role: The role; or

            permissions: the single permissions.

            start: The first day or local time with it; now if not given.

        Returns:
            What was given, with its id.

        Raises:
            NotAllowedError: If this member does not manage access wherever it
                would hold, or would give more than they hold.

            NotFoundError: If what it names does not exist, or may not be viewed.
        """
        return self._desk.run(
            say_given(
                self._desk.engine,
                self._actor,
                to=to,
                role=role,
                permissions=permissions,
                on=on,
                start=start,
                until=until,
                reason=reason,
            )
        )

    def revoke(self, grant: TemporaryGrant | str) -> None:
        """
        Take back what was given by command.

        Raises:
            NotAllowedError: If this member neither gave it nor manages access
                wherever it holds, or it is over.
        """
        self.do(dc.RevokeGrant(grant=grant if isinstance(grant, str) else grant.id))

    def swap_shift(
        self,
        rotation: str,
        *,
        start: BoundLike,
        end: BoundLike,
        to: str,
        in_return: tuple[BoundLike, BoundLike] | None = None,
        reason: str = "",
    ) -> tuple[ShiftSwap, ...]:
        """
        Let somebody take over on duty for a time, whoever's turn it is.

        Whoever is on duty all that time says so themselves; for the turns of
        others it takes `manage_access` where the duty holds.

        Args:
            rotation: The duty.

            start: From when on: a local time, by the clock by which the duty's
                turns begin, or an instant with a UTC offset.

            end: Until when, likewise.

            to: Who takes over. One who takes no turns in the duty needs its role
                given: by one who manages access there and holds all that it gives.

            in_return: The start and end of a time in which whoever is on duty
                all of the first one takes over in return, in the same act.

            reason: Why, for people.

        Returns:
            What was swapped: one, or with *in_return* two.

        Raises:
            NotAllowedError: If this member may not, it is over, or whoever takes
                over is suspended, away then, or on duty anyhow.

            NotFoundError: If there is no such duty or member, or it may not be viewed.

            InvalidValueError: If an end is not after its start.
        """
        return self._desk.run(
            say_swapped(
                self._desk.engine,
                self._actor,
                rotation,
                start=start,
                end=end,
                to=to,
                in_return=in_return,
                reason=reason,
            )
        )

    def cancel_shift_swap(self, swaps: ShiftSwap | str | Iterable[ShiftSwap | str]) -> None:
        """
        Take a swap back, or several in one act: from now on it is as if they were not.

        Raises:
            NotAllowedError: If this member neither took over nor is on duty again,
                and does not manage access where the duty holds, or it is over.

            NotFoundError: If there is no such swap, or its duty may not be viewed.
        """
        named = [swaps] if isinstance(swaps, ShiftSwap | str) else swaps
        self.do(
            dc.CancelShiftSwap(swaps=[one if isinstance(one, str) else one.id for one in named])
        )

    def start_campaign(
        self, campaign: str, start: DayLike | None = None, *, end: DayLike | None = None
    ) -> None:
        """
        Say on which days a campaign runs, whatever the document says.

        Args:
            campaign: The campaign.

            start: Its first day, in the workspace's zone; today if not given.

            end: The first day after it, or None.
        """
        self.do(
            dc.StartCampaign(
                campaign=campaign,
                start=None if start is None else day(start),
                end=None if end is None else day(end),
            )
        )

    def adopt(self, proposal: Proposal, *, reason: str) -> None:
        """
        Bring a proposal into force, for everybody and every worker at once.

        Raises:
            StaleError: If another organization has come into force since it was proposed.

            NotAllowedError: If a changed line needs a permission that this member
                lacks, they would give more than they hold, or nobody would be
                left who may do everything everywhere.
        """
        self.do(dc.Adopt(proposal=proposal, reason=reason))

    def offboard(
        self,
        member: OffboardingPlan | str,
        *,
        reason: str,
        reassign_to: Mapping[str, str] | None = None,
        on: DayLike | None = None,
    ) -> None:
        """
        Let a member leave for good, and heirs take over what hangs on them, all or nothing.

        The document then has ``left`` on the member and names them nowhere
        else, but for turns of a list; what was said of them by command ends.
        Whatever an heir takes over counts as given by whoever lets them.

        Args:
            member: Who leaves, or the plan that `Desk.departure` made: what
                hangs on them since is refused then, and named.

            reason: Why.

            reassign_to: Who takes over, by place (``"workspaces[0].lead"``) or by
                section (``"rotations"``), such as those that the plan proposes.

            on: The first day without them, in their own zone; today, or the
                day that the document says, if not given.

        Raises:
            NotAllowedError: If this member does not manage access there, an heir
                would get more than this member holds, something needs an heir
                and has none, or a post would wait for nobody.

            StaleError: If more hangs on them than the plan says, or another
                document is in force.
        """
        plan = member if isinstance(member, OffboardingPlan) else None
        self.do(
            dc.Offboard(
                member=plan.member if plan is not None else str(member),
                successors=reassign_to or {},
                on=None if on is None else day(on),
                reason=reason,
                seen=plan,
            )
        )

    def erase(self, *, member: str = "", post: Post | str = "", reason: str) -> tuple[str, ...]:
        """
        Erase a person, or one post with all that was said about it, for good.

        Of a person that is their name and contacts in every version of the
        document, the content of every post that they wrote on, and all that
        they said elsewhere. Their identifier stays. Due work deletes the
        pictures, and `Desk.compact` what the store still has of it on the disk.

        Args:
            member: The person.

            post: Or the post.

            reason: Why.

        Returns:
            The streams that something was erased from; none if all was gone already.

        Raises:
            NotAllowedError: If a post of theirs is not finished; it names them.
        """
        name = str(_id(post)) if post else ""
        command = dc.Erase(member=member, post=name, reason=reason)
        return tuple(sorted(self._desk.run(perform(self._desk.engine, self._actor, command))))

    def permissions(self) -> EffectivePermissions:
        """Return what this member may now, for what reasons, and whom they ask for more."""
        return effective_permissions(
            self._desk.organization.access, self.member, at=self._desk.engine.now()
        )

    def to_do(self) -> tuple[ToDo, ...]:
        """Return what waits for this member, the most urgent first."""
        return self._desk.run(to_do(self._desk.engine, self.member))

    def post_view(self, post: Post | str) -> PostView:
        """
        Return everything that a page about a post shows this member, in one read.

        Raises:
            NotFoundError: If there is no such post, or this member may not view it.
        """
        return self._desk.run(read_post_view(self._desk.engine, self._actor, _id(post)))

    def notifications(self, *, after: int = 0, limit: int = 1000) -> NotificationBatch:
        """Return what this member is to be told, past a cursor; see `Desk.notifications`."""
        return self._desk.run(
            read_notifications(self._desk.engine, after=after, member=self.member, limit=limit)
        )

    def allowed_actions(self, post: Post | str) -> dict[str, Verdict]:
        """Return for each command on a post whether this member may give it now, with reasons."""
        return self._desk.run(allowed_actions(self._desk.engine, self._actor, _id(post)))

    def _wall_time(self, post: str, at: TimeLike) -> WallTime:
        return self._desk.run(local_time_of(self._desk.engine, post, at))


def _id(post: Post | str) -> PostId:
    return post.id if isinstance(post, Post) else PostId(post)


def _seen(post: Post | str, revision: str) -> tuple[PostId, str]:
    if isinstance(post, Post):
        return post.id, revision or post.digest
    if not revision:
        raise TypeError(
            f"`{post}` is a bare id: give the post you saw, or revision= with the digest of what"
            " you saw"
        )
    return PostId(post), revision
