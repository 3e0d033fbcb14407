"""The desk as one member uses it: every method gives one command, or reads."""

# Generated from member_desk.py by tools/write_async.py: edit that file, and run `nox -s write_async`.
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from socialcollab.content import Delivery, Hold, Image, Poll, Post
from socialcollab.desk import commands as dc
from socialcollab.desk.arguments import id_of
from socialcollab.desk.handlers.draft import (
    UNCHANGED,
    Unchanged,
    draft,
    edit,
    local_time_of,
)
from socialcollab.desk.handlers.perform import perform, perform_for_member, perform_on_post
from socialcollab.desk.handlers.runtime import (
    BoundLike,
    PrincipalLike,
    SelectorLike,
    add_absence,
    add_calendar_note,
    grant,
    hold,
    instant_for,
    resume,
    swap_shift,
)
from socialcollab.desk.queries.allowed_actions import allowed_actions
from socialcollab.desk.queries.notifications import NotificationBatch, read_notifications
from socialcollab.desk.queries.offboarding_plan import OffboardingPlan
from socialcollab.desk.queries.post_view import PostView, read_post_view
from socialcollab.desk.queries.posts import HoldResult
from socialcollab.desk.queries.proposal import Proposal
from socialcollab.desk.queries.to_do import ToDo, to_do
from socialcollab.document_fields import as_items
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import PostId
from socialcollab.permissions import (
    Absence,
    EffectivePermissions,
    ShiftSwap,
    TemporaryGrant,
    effective_permissions,
)
from socialcollab.time import DateLike, TimeLike, WallTime, as_date
from socialcollab.verdicts import Verdict
from socialcollab.workflow import Actor, PostSnapshot
from socialcollab.workflow import commands as cm

if TYPE_CHECKING:
    from socialcollab.desk.async_desk import AsyncDesk

SubmitTiming = Literal["next slot", "as soon as approved"]


class AsyncMemberDesk:
    """
    The desk as one member uses it; the application has authenticated the member.

    Methods that judge or change a post take the post that the member saw, or its id together with
    `revision`, the digest of what the member saw. If somebody else has changed the post since, they
    raise `StaleError`.
    """

    def __init__(self, desk: AsyncDesk, member: str) -> None:
        self._desk = desk
        self.member = member
        self._actor = Actor.member(member)

    def __repr__(self) -> str:
        return f"<{self.member} at the desk of {self._desk.id}>"

    async def do(self, command: dc.Command) -> dict[str, PostSnapshot | Delivery]:
        """
        Perform a command that is given as data; the other methods do the same for theirs.

        Returns:
            The posts and the deliveries that it changed, by stream, as this member may see them.

        Raises:
            NotAllowedError: If the member may not; the verdict has the reasons and the remedies.
            StaleError: If somebody else has changed what the member saw.
            NotFoundError: If something that the command names does not exist, or the member may not
                view it.
        """
        return await self._desk.run(perform_for_member(self._desk.engine, self._actor, command))

    async def _do_on_post(self, command: cm.PostCommand) -> Post:
        return await self._desk.run(perform_on_post(self._desk.engine, self._actor, command))

    async def draft(
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
        Draft a post.

        Args:
            text: The text, for every profile without a variant.
            profiles: The target profiles, all of one workspace.
            workspace: The workspace of a post that has no profiles yet.
            planned_at: A local time in the workspace's zone, such as ``"2026-04-07 09:30"``, a
                `WallTime`, or a datetime with a UTC offset.
            times: Other times for single profiles.
            media: Images; their bytes go to the media store.
            variants: Other texts for single profiles.
            links: Links that are not in the text.
            language: The language of the text; empty for the workspace's.
            labels: Content warnings and other labels.
            poll: A poll, or None.
            campaign: The campaign that the post belongs to.
            tags: Its tags.
            external_id: Your own identifier of the post, unique in the organization; drafting the
                same one again is refused.

        Raises:
            InvalidValueError: If a value is wrong.
            NotAllowedError: If the member may not draft there.
        """
        return await self._desk.run(
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

    async def edit(
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
        Store a new revision of a post; values that are not given stay the same.

        Raises:
            StaleError: If somebody else has changed the post since the member saw it; the error
                says who, and which fields.
        """
        post_id, seen = _seen(post, revision)
        return await self._desk.run(
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

    async def comment(self, post: Post | str, text: str, *, internal: bool = True) -> Post:
        """
        Comment on a post.

        Only staff see internal comments. A comment of a client or a guest is never internal.
        """
        return await self._do_on_post(cm.Comment(post=_id(post), text=text, internal=internal))

    async def submit(
        self, post: Post | str, *, revision: str = "", at: SubmitTiming | None = None
    ) -> Post:
        """
        Submit a post for approval.

        Args:
            post: The post that the member saw, or its id.
            revision: With an id: the digest of the revision that the member saw.
            at: "next slot", or "as soon as approved"; by default the post is published at its
                planned time.
        """
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.Submit(post=post_id, seen=seen, when=at or "planned"))

    async def approve(self, post: Post | str, *, revision: str = "", note: str = "") -> Post:
        """
        Approve the revision that the member saw.

        Raises:
            TypeError: If only an id is given, without a revision.
        """
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.Approve(post=post_id, seen=seen, note=note))

    async def request_changes(self, post: Post | str, note: str, *, revision: str = "") -> Post:
        """Send the revision that the member saw back to its author."""
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.RequestChanges(post=post_id, seen=seen, note=note))

    async def reject(self, post: Post | str, note: str, *, revision: str = "") -> Post:
        """Reject the revision that the member saw; the post cannot be submitted again."""
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.Reject(post=post_id, seen=seen, note=note))

    async def withdraw(self, post: Post | str) -> Post:
        """Take back the request for approval, or the approval itself."""
        return await self._do_on_post(cm.Withdraw(post=_id(post)))

    async def schedule(
        self, post: Post | str, *, revision: str = "", at: TimeLike | None = None
    ) -> Post:
        """Schedule an approved post for its planned time, or for *at*."""
        post_id, seen = _seen(post, revision)
        when = None if at is None else await self._wall_time(post_id, at)
        return await self._do_on_post(cm.Schedule(post=post_id, seen=seen, at=when))

    async def unschedule(self, post: Post | str) -> Post:
        """Cancel the waiting deliveries of a post; its approval remains."""
        return await self._do_on_post(cm.Unschedule(post=_id(post)))

    async def reschedule(
        self, post: Post | str, at: TimeLike, *, revision: str = "", profile: str = ""
    ) -> Post:
        """Move a post to another time, or only one of its target profiles."""
        post_id, seen = _seen(post, revision)
        when = await self._wall_time(post_id, at)
        return await self._do_on_post(
            cm.Reschedule(post=post_id, seen=seen, at=when, profile=profile)
        )

    async def cancel(self, post: Post | str, *, reason: str = "") -> Post:
        """Cancel a post; it can never be published."""
        return await self._do_on_post(cm.Cancel(post=_id(post), reason=reason))

    async def waive(self, post: Post | str, code: str, *, reason: str, revision: str = "") -> Post:
        """
        Accept a finding of the style guide for the revision that the member saw.

        Args:
            post: The post that the member saw, or its id.
            code: The rule's code, such as "SG102".
            reason: Why the finding is acceptable.
            revision: With an id: the digest of the revision that the member saw.

        Raises:
            NotAllowedError: If there is no such finding, or the member is an author of the post.
        """
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.Waive(post=post_id, seen=seen, code=code, reason=reason))

    async def publish_now(self, post: Post | str, *, revision: str = "") -> Post:
        """
        Publish an approved post at once, or a post that needs no other member's approval.

        The next `run_due` sends it.

        Args:
            post: The post that the member saw, or its id.
            revision: With an id: the digest of the revision that the member saw.

        Raises:
            NotAllowedError: If it needs an approval that it does not have, or a hold or a blackout
                stops it.
        """
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.PublishNow(post=post_id, seen=seen))

    async def bypass(self, post: Post | str, *, reason: str, revision: str = "") -> Post:
        """
        Skip the open approval steps of a post in an emergency, which approves it.

        The reviewers, the authors and the lead are notified, and the history shows it.

        Args:
            post: The post that the member saw, or its id.
            reason: Why the post cannot wait.
            revision: With an id: the digest of the revision that the member saw.
        """
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.Bypass(post=post_id, seen=seen, reason=reason))

    async def exempt(self, hold: HoldResult | Hold | str, post: Post | str, *, reason: str) -> Post:
        """
        Let a post be published in spite of a hold, such as a statement on the crisis itself.

        Args:
            hold: The hold, or its id.
            post: The post, or its id.
            reason: Why.

        Raises:
            NotFoundError: If there is no such hold.
            NotAllowedError: If this member may not `hold` on every target of the post, or the hold
                does not stop it.
        """
        name = id_of(hold, HoldResult, Hold)
        return await self._do_on_post(cm.Exempt(post=_id(post), hold=name, reason=reason))

    async def take_down(
        self, post: Post | str, *, reason: str = "", profile: str = "", network_id: str = ""
    ) -> Post:
        """
        Delete a published post from its networks, and cancel its waiting deliveries.

        `AsyncDesk.run_due` deletes it, and tries again until it is deleted. A delivery that is being
        sent, or whose outcome is unknown, is deleted as soon as it is known to be published.

        Args:
            post: The post.
            reason: Why.
            profile: Delete it from this profile only; from all if empty.
            network_id: Delete only the copy with this network id, such as a duplicate.
        """
        return await self._do_on_post(
            cm.TakeDown(post=_id(post), reason=reason, profile=profile, network_id=network_id)
        )

    async def amend(self, post: Post | str, *, revision: str = "", profile: str = "") -> Post:
        """
        Edit a published post in place, so that it shows the approved revision.

        `AsyncDesk.run_due` sends the edit to the network.

        Args:
            post: The post that the member saw, or its id.
            revision: With an id: the digest of the revision that the member saw.
            profile: Edit it on this profile only; wherever an older revision is published if empty.

        Raises:
            NotAllowedError: If a network cannot edit posts, or the revision is not approved.
        """
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.Amend(post=post_id, seen=seen, profile=profile))

    async def mark_published(
        self,
        post: Post | str,
        profile: str,
        *,
        network_id: str,
        url: str = "",
        at: TimeLike | None = None,
    ) -> Post:
        """
        Record that a post is published: the member posted it by hand, or found it on the network.

        Args:
            post: The post.
            profile: The profile on which it is published.
            network_id: The network's id of the published post.
            url: Its address.
            at: When it was published; now if not given.

        Raises:
            NotAllowedError: If a send may still arrive, or another copy is published there.
        """
        post_id = _id(post)
        command = cm.MarkPublished(
            post=post_id,
            profile=profile,
            network_id=network_id,
            url=url,
            at=None if at is None else (await self._wall_time(post_id, at)).instant,
        )
        return await self._do_on_post(command)

    async def mark_not_published(self, post: Post | str, profile: str) -> Post:
        """
        Record that the member looked on the network, and the post is not there.

        This also settles a takedown on a profile that the document no longer has.

        Raises:
            NotAllowedError: If the send may still arrive, or no outcome is unknown.
        """
        return await self._do_on_post(cm.MarkNotPublished(post=_id(post), profile=profile))

    async def add_native_post(
        self, profile: str, *, network_id: str, at: TimeLike, url: str = "", text: str = ""
    ) -> None:
        """
        Record a post that was made on the network itself, so that the calendar shows it.

        Recording it again changes nothing, and neither does recording a post of this desk.

        Args:
            profile: The profile on which it is published.
            network_id: The network's id of it.
            at: When it was published; a local time is read in the zone of the workspace.
            url: Its address.
            text: Its text.
        """
        instant = await self._desk.run(instant_for(self._desk.engine, profile, at))
        await self.do(
            cm.AddNativePost(profile=profile, network_id=network_id, at=instant, url=url, text=text)
        )

    async def remove_native_post(self, profile: str, *, network_id: str) -> None:
        """Take a native post off the calendar: it was deleted, or recorded by mistake."""
        await self.do(cm.RemoveNativePost(profile=profile, network_id=network_id))

    async def hold(
        self, on: SelectorLike, *, reason: str, until: TimeLike | None = None
    ) -> HoldResult:
        """
        Stop publishing on everything that a selector matches, from now on.

        Args:
            on: A profile's id, or a selector.
            reason: Why.
            until: When the hold ends by itself, in the zone of the workspace that it is on, or of the
                organization if it is on several; by default a member has to end it.

        Returns:
            The deliveries that it stops, and those that were being sent already.
        """
        return await self._desk.run(
            hold(self._desk.engine, self._actor, on, reason=reason, until=until)
        )

    async def resume(self, hold: HoldResult | str) -> HoldResult:
        """
        End a hold.

        Returns:
            The deliveries that missed their time. They stay missed until a member schedules, moves
            or cancels them.
        """
        return await self._desk.run(resume(self._desk.engine, self._actor, hold))

    async def add_calendar_note(self, workspace: str, date: DateLike, text: str) -> str:
        """Put a note on the calendar of a workspace; return its identifier."""
        return await self._desk.run(
            add_calendar_note(self._desk.engine, self._actor, workspace, date, text)
        )

    async def add_absence(
        self,
        start: DateLike,
        end: DateLike,
        *,
        member: str = "",
        delegate: str = "",
        permissions: Iterable[str] = (),
        reason: str = "",
    ) -> Absence:
        """
        Record that this member, or another one, is or will be absent.

        Args:
            start: The first day of the absence, in the absent member's time zone.
            end: The first day back.
            member: The absent member; this one if empty. For another member the permission
                `manage_access` is needed.
            delegate: Who acts for them.
            permissions: The permissions that the delegate may use for them; all if empty.
            reason: Why, for people to read.

        Raises:
            NotAllowedError: If the absence overlaps another one of the same member, is over, or the
                delegate is absent too.
        """
        return await self._desk.run(
            add_absence(
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

    async def end_absence(self, absence: Absence | str, date: DateLike | None = None) -> None:
        """End an absence early; *date* is the first day back, today if not given."""
        name = id_of(absence, Absence)
        await self.do(cm.EndAbsence(absence=name, date=None if date is None else as_date(date)))

    async def grant(
        self,
        to: PrincipalLike | Iterable[PrincipalLike],
        *,
        on: SelectorLike,
        until: DateLike,
        reason: str,
        role: str = "",
        permissions: str | Iterable[str] = (),
        start: DateLike | None = None,
    ) -> TemporaryGrant:
        """
        Grant permissions until a time, without changing the document.

        Args:
            to: Members and teams, such as ``"member:ana"``.
            on: A profile's id, or a selector.
            until: The first day without the permissions, or a local time in the workspace's zone.
            reason: Why; explanations show it wherever the grant counts.
            role: The role to grant; or
            permissions: the single permissions to grant.
            start: The first day or local time with the permissions; now if not given.

        Raises:
            NotAllowedError: If this member does not manage access on all of its resources, or does
                not hold what it grants.
            NotFoundError: If something that it names does not exist, or this member may not view it.
        """
        return await self._desk.run(
            grant(
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

    async def revoke(self, grant: TemporaryGrant | str) -> None:
        """
        Revoke a temporary grant.

        Raises:
            NotAllowedError: If this member neither granted it nor manages access on all of its
                resources, or it is over.
        """
        await self.do(cm.RevokeGrant(grant=id_of(grant, TemporaryGrant)))

    async def swap_shift(
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
        Put another member on duty for a time.

        A member may give away their own shifts. For the shifts of others the permission
        `manage_access` is needed where the rotation applies.

        Args:
            rotation: The rotation.
            start: A local time by the clock that the rotation's shifts follow, or a datetime with a
                UTC offset.
            end: The end, of the same form as *start*.
            to: The member who takes over. If they take no shifts in the rotation, the actor needs
                `manage_access` there and all permissions of the rotation's role.
            in_return: The start and end of a time in which the member who is relieved takes over a
                shift in return; both swaps are stored, or none.
            reason: Why, for people to read.

        Returns:
            The swap; with *in_return* both swaps.

        Raises:
            NotAllowedError: If this member may not, the time has passed, or the member who takes
                over is suspended or absent then, or is on duty already.
            NotFoundError: If there is no such rotation or member, or this member may not view it.
            InvalidValueError: If the end is not after the start.
        """
        return await self._desk.run(
            swap_shift(
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

    async def cancel_shift_swap(self, swaps: ShiftSwap | str | Iterable[ShiftSwap | str]) -> None:
        """
        Cancel one shift swap, or several at once; from now on the original shifts count.

        Raises:
            NotAllowedError: If this member neither took over the shift nor is on duty again, and
                does not manage access where the rotation applies; or the shift is over.
            NotFoundError: If there is no such swap, or this member may not view its rotation.
        """
        given = [swaps] if isinstance(swaps, ShiftSwap | str) else as_items(swaps, "shift swaps")
        ids = [id_of(swap, ShiftSwap) for swap in given]
        await self.do(cm.CancelShiftSwap(swaps=ids))

    async def start_campaign(
        self, campaign: str, start: DateLike | None = None, *, end: DateLike | None = None
    ) -> None:
        """
        Set the days on which a campaign runs; they replace those of the document.

        Args:
            campaign: The campaign.
            start: Its first day, in the workspace's time zone; today if not given.
            end: The first day after it, or None.
        """
        await self.do(
            cm.StartCampaign(
                campaign=campaign,
                start=None if start is None else as_date(start),
                end=None if end is None else as_date(end),
            )
        )

    async def adopt(self, proposal: Proposal, *, reason: str) -> None:
        """
        Make a proposed document the active one, for every member and every worker at once.

        Raises:
            StaleError: If another document has been adopted since it was proposed.
            NotAllowedError: If a change needs a permission that this member lacks; the change would
                give permissions that this member does not hold; or nobody would be left who holds
                every permission everywhere.
        """
        await self.do(dc.Adopt(proposal=proposal, reason=reason))

    async def offboard(
        self,
        member: OffboardingPlan | str,
        *,
        reason: str,
        reassign_to: Mapping[str, str] | None = None,
        date: DateLike | None = None,
    ) -> None:
        """
        Offboard a member, and hand over what depends on them; everything is stored, or nothing.

        The document then has ``left`` on the member and names them nowhere else, except in past
        shifts of rotations. Their absences, grants and swaps end. Everything that a successor
        takes over counts as granted by this member.

        Args:
            member: The member who leaves, or the plan that `AsyncDesk.offboarding_plan` returned. With a
                plan, the command is refused if more depends on the member by now.
            reason: Why the member leaves.
            reassign_to: Who takes over, by place (``"workspaces[0].lead"``) or by section
                (``"rotations"``), for example the `successors` of the plan.
            date: The first day without the member, in their time zone; by default the day that the
                document says, or today.

        Raises:
            NotAllowedError: If this member does not manage access there; a successor would gain
                what this member does not hold; an item needs a successor and has none; or a post
                would have nobody left to decide on it.
            StaleError: If more depends on the member than the plan says, or another document has
                been adopted since.
        """
        plan = member if isinstance(member, OffboardingPlan) else None
        await self.do(
            dc.Offboard(
                member=plan.member if plan is not None else id_of(member),
                successors=reassign_to or {},
                date=None if date is None else as_date(date),
                reason=reason,
                seen=plan,
            )
        )

    async def erase(
        self, *, member: str = "", post: Post | str = "", reason: str
    ) -> tuple[str, ...]:
        """
        Erase the personal data of a member, or of one post. This cannot be undone.

        For a member that is their name and contacts in every version of the document, the content
        of every post they wrote a revision of, and the notes and comments they wrote elsewhere.
        Their identifier remains. `AsyncDesk.run_due` deletes the media, and `AsyncDesk.compact` removes what
        the store still has of it on disk.

        Args:
            member: The member; or
            post: the post.
            reason: Why.

        Returns:
            The streams that something was erased from; empty if it had been erased before.

        Raises:
            NotAllowedError: If one of the posts is not finished; the verdict names them.
        """
        command = dc.Erase(member=member, post=str(_id(post)) if post else "", reason=reason)
        snapshots, _ = await self._desk.run(perform(self._desk.engine, self._actor, command))
        return tuple(sorted(snapshots))

    async def permissions(self) -> EffectivePermissions:
        """Return what this member may do now, by which rules, and whom they can ask for more."""
        return effective_permissions(
            (await self._desk.organization).access, self.member, at=self._desk.engine.now()
        )

    async def to_do(self) -> tuple[ToDo, ...]:
        """Return this member's to-do list, the earliest planned time first."""
        return await self._desk.run(to_do(self._desk.engine, self.member))

    async def post_view(self, post: Post | str) -> PostView:
        """
        Return everything that a page about a post shows to this member, in one read.

        Raises:
            NotFoundError: If there is no such post, or this member may not view it.
        """
        return await self._desk.run(read_post_view(self._desk.engine, self._actor, _id(post)))

    async def notifications(self, *, after: int = 0, limit: int = 1000) -> NotificationBatch:
        """Return this member's notifications after a cursor; see `AsyncDesk.notifications`."""
        return await self._desk.run(
            read_notifications(self._desk.engine, after=after, member=self.member, limit=limit)
        )

    async def allowed_actions(self, post: Post | str) -> dict[str, Verdict]:
        """Return for each command on a post whether this member may give it now, with reasons."""
        return await self._desk.run(allowed_actions(self._desk.engine, self._actor, _id(post)))

    async def _wall_time(self, post: str, at: TimeLike) -> WallTime:
        return await self._desk.run(local_time_of(self._desk.engine, post, at))


def _id(post: Post | str) -> PostId:
    return PostId(id_of(post, Post))


def _seen(post: Post | str, revision: str) -> tuple[PostId, str]:
    if isinstance(post, Post):
        return post.id, revision or post.digest
    if not revision:
        raise InvalidValueError(
            f"`{_id(post)}` is only the id of a post: give the post that was seen, or `revision=`"
            " with the digest of the revision that was seen",
            value=post,
            expected="a post, or its id and `revision=`",
        )
    return _id(post), revision
