"""A desk through which one member acts; each method performs a command or a query."""

# Generated from member_desk.py by tools/write_async.py: edit that file, and run `nox -s write_async`.
from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from socialcollab.collisions import Activity, Claim, ClaimResult, PresentMember, Resolution
from socialcollab.content import (
    Attachment,
    Delivery,
    Hold,
    LinkCard,
    Poll,
    Post,
    VariantsLike,
)
from socialcollab.desk import commands as dc
from socialcollab.desk.arguments import check_choice, check_text, check_texts, id_of
from socialcollab.desk.async_member_inbox import AsyncMemberInbox
from socialcollab.desk.handlers.bulk import BulkOutcome, as_posts, bulk, reschedule_all
from socialcollab.desk.handlers.draft import (
    UNCHANGED,
    Unchanged,
    draft,
    local_time_of,
)
from socialcollab.desk.handlers.erasure_report import ErasureReport, erase_and_report
from socialcollab.desk.handlers.merge_edit import edit
from socialcollab.desk.handlers.perform import perform_for_member, perform_on_post
from socialcollab.desk.handlers.presence import (
    left,
    read_claim,
    read_presence,
    release_claim,
    renew_claim,
    seen,
    take_claim,
)
from socialcollab.desk.handlers.runtime import (
    BoundLike,
    PrincipalLike,
    SelectorLike,
    add_absence,
    add_calendar_note,
    connect,
    grant,
    hold,
    instant_for,
    resume,
    swap_shift,
)
from socialcollab.desk.handlers.sheet_import import ImportReport, import_rows
from socialcollab.desk.queries.allowed_actions import allowed_actions
from socialcollab.desk.queries.holds import HoldResult
from socialcollab.desk.queries.notifications import NotificationBatch, read_notifications
from socialcollab.desk.queries.offboarding_plan import OffboardingPlan
from socialcollab.desk.queries.post_view import PostView, read_post_view
from socialcollab.desk.queries.proposal import Proposal
from socialcollab.desk.queries.to_do import ToDo, to_do
from socialcollab.directory import PostFormat, Visibility
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
from socialcollab.scheduling import SheetRow
from socialcollab.stores import Progress
from socialcollab.time import DateLike, TimeLike, WallTime, as_date
from socialcollab.verdicts import Verdict
from socialcollab.workflow import Actor, Connection, PostSnapshot
from socialcollab.workflow import commands as cm

if TYPE_CHECKING:
    from socialcollab.desk.async_desk import AsyncDesk

SubmitTiming = Literal["next slot", "as soon as approved"]

CLAIM_TTL = dt.timedelta(minutes=5)
"""How long a claim lasts unless it is renewed."""


class AsyncMemberDesk:
    """
    A desk through which one member acts; the application must have authenticated the member.

    Methods that decide on a post or change it accept either the post that the member saw, or the
    post's id together with `revision`, the digest of the revision that the member saw. They raise
    `StaleError` if another member has changed the post in the meantime; only `edit` merges.
    """

    def __init__(self, desk: AsyncDesk, member: str) -> None:
        self._desk = desk
        self.member = member
        self._actor = Actor.member(member)

    def __repr__(self) -> str:
        return f"<{self.member} at the desk of {self._desk.id}>"

    @property
    def inbox(self) -> AsyncMemberInbox:
        """The conversations and cases, and the commands with which this member works on them."""
        return AsyncMemberInbox(self._desk, self.member)

    async def do(self, command: dc.Command) -> dict[str, PostSnapshot | Delivery]:
        """
        Perform a command object. The methods for individual commands call this method.

        Returns:
            The posts and deliveries that the command changed, by stream, limited to those that this
            member can view.

        Raises:
            NotAllowedError: If the member is not allowed to do this; the verdict contains the
                reasons and remedies.
            StaleError: If another member has changed the post since this member saw it.
            NotFoundError: If something that the command refers to does not exist or is not visible
                to the member.
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
        media: Iterable[Attachment] = (),
        thread: Iterable[str] = (),
        variants: VariantsLike = (),
        links: Iterable[str] = (),
        card: LinkCard | None = None,
        language: str = "",
        labels: Iterable[str] = (),
        poll: Poll | None = None,
        format: PostFormat = "post",
        first_comment: str = "",
        reply_to: str = "",
        quote_of: str = "",
        visibility: Visibility = "public",
        paid_partnership: bool = False,
        campaign: str = "",
        tags: Iterable[str] = (),
        external_id: str = "",
    ) -> Post:
        """
        Draft a post.

        Args:
            text: The text for all profiles that have no variant.
            profiles: The target profiles, which must all belong to one workspace.
            workspace: The workspace of the post, required if the post has no profiles yet.
            planned_at: A local time in the workspace's zone, such as ``"2026-04-07 09:30"``, a
                `WallTime`, or a datetime with a UTC offset.
            times: Different times for individual profiles.
            media: Images and videos, whose bytes are stored in the media store.
            thread: The remaining texts of the thread, after *text*, each published as a reply to
                the previous text. `split_text` splits a long text.
            variants: Different texts for individual profiles. A list of texts is a thread; a text
                replaces the whole thread. Pass a list of `Variant` for different media or formats.
            links: Links that are not in the text.
            card: A link card, or None.
            language: The language of the text; by default the workspace's language.
            labels: Content warnings and other labels.
            poll: A poll, or None.
            format: Where the post appears: in the feed ("post"), as a reel or as a story.
            first_comment: A text to publish as the first comment on the post.
            reply_to: The address or network id of the post or comment to reply to. Such a post has
                a single profile.
            quote_of: The address or network id of the post to quote. Such a post has a single
                profile.
            visibility: Who can see the post: "public", "unlisted", "followers" or "direct".
            paid_partnership: Whether to disclose the post as a paid partnership.
            campaign: The campaign that the post belongs to.
            tags: The tags of the post.
            external_id: Your own identifier for the post, which must be unique in the organization.

        Raises:
            InvalidValueError: If a value is invalid.
            NotAllowedError: If the member is not allowed to draft posts there.
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
                external_id=external_id,
                fields={
                    "thread": thread,
                    "variants": variants,
                    "links": links,
                    "card": card,
                    "language": language,
                    "labels": labels,
                    "poll": poll,
                    "format": format,
                    "first_comment": first_comment,
                    "reply_to": reply_to,
                    "quote_of": quote_of,
                    "visibility": visibility,
                    "paid_partnership": paid_partnership,
                    "campaign": campaign,
                    "tags": tags,
                },
            )
        )

    async def import_rows(
        self,
        rows: Iterable[SheetRow],
        *,
        profiles: Iterable[str] | Mapping[str, str] = (),
        workspace: str = "",
        images: Mapping[str, bytes] | None = None,
        update: bool = False,
        dry_run: bool = False,
    ) -> ImportReport:
        """
        Draft a post for each row of a spreadsheet.

        An import can be repeated: a row whose post already exists is not drafted again. A row
        belongs to the post with the same external id. A row without an external id belongs to the
        post with the same profiles, planned time and text, or to the post that was drafted with
        these values and has been edited since. A row that cannot be imported is reported and does
        not stop the import. The report also lists the clashes of new and moved posts; a clash does
        not prevent the import.

        Args:
            rows: The rows that `read_csv` returned. A row by another author is refused, because
                that author could otherwise approve their own text; import such rows as their
                author.
            profiles: The profiles of rows that do not name any; or a mapping from the names in the
                sheet to profiles, such as ``{"twitter": "tulip-x"}``.
            workspace: The workspace of posts without profiles.
            images: The bytes of the images, by their name or address in the sheet.
            update: Edit an existing post if its row differs. Empty cells change nothing. By
                default, the report lists the differences.
            dry_run: Report what would happen, without writing anything.

        Raises:
            InvalidValueError: If *rows* contains something other than rows.
        """
        return await self._desk.run(
            import_rows(
                self._desk.engine,
                self._actor,
                rows,
                profiles=profiles,
                workspace=workspace,
                images=images,
                update=update,
                dry_run=dry_run,
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
        media: Iterable[Attachment] | Unchanged = UNCHANGED,
        thread: Iterable[str] | Unchanged = UNCHANGED,
        variants: VariantsLike | Unchanged = UNCHANGED,
        links: Iterable[str] | Unchanged = UNCHANGED,
        card: LinkCard | Unchanged | None = UNCHANGED,
        language: str | Unchanged = UNCHANGED,
        labels: Iterable[str] | Unchanged = UNCHANGED,
        poll: Poll | Unchanged | None = UNCHANGED,
        format: PostFormat | Unchanged = UNCHANGED,
        first_comment: str | Unchanged = UNCHANGED,
        reply_to: str | Unchanged = UNCHANGED,
        quote_of: str | Unchanged = UNCHANGED,
        visibility: Visibility | Unchanged = UNCHANGED,
        paid_partnership: bool | Unchanged = UNCHANGED,
        campaign: str | Unchanged = UNCHANGED,
        tags: Iterable[str] | Unchanged = UNCHANGED,
        resolutions: Iterable[Resolution] = (),
    ) -> Post:
        """
        Store a new revision of a post; arguments that are omitted leave their values unchanged.

        If the post has been edited since this member saw it, the edits are merged, and the result
        is a `MergedPost`, which says who had edited the post, which fields they changed, and which
        approvals still hold.

        Args:
            post: The post that the member saw, or its id.
            revision: The digest of the revision that the member saw; required if *post* is an id.
            text: The text; this and the other arguments are those of `draft`.
            profiles: See `draft`.
            planned_at: See `draft`.
            times: See `draft`.
            media: See `draft`.
            thread: See `draft`.
            variants: See `draft`.
            links: See `draft`.
            card: See `draft`.
            language: See `draft`.
            labels: See `draft`.
            poll: See `draft`.
            format: See `draft`.
            first_comment: See `draft`.
            reply_to: See `draft`.
            quote_of: See `draft`.
            visibility: See `draft`.
            paid_partnership: See `draft`.
            campaign: See `draft`.
            tags: See `draft`.
            resolutions: Decisions about the conflicts of an `EditConflictError`; the other
                arguments are those of the refused edit.

        Raises:
            EditConflictError: If another member changed the same part of the post differently. The
                error carries both contents and the conflicts.
            StaleError: If the revision that this member saw does not exist or is not visible to
                them, so that the edit cannot be merged.
            InvalidValueError: If a resolution is about a conflict that no longer exists, and no
                conflict is open.
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
                    "thread": thread,
                    "variants": variants,
                    "links": links,
                    "card": card,
                    "language": language,
                    "labels": labels,
                    "poll": poll,
                    "format": format,
                    "first_comment": first_comment,
                    "reply_to": reply_to,
                    "quote_of": quote_of,
                    "visibility": visibility,
                    "paid_partnership": paid_partnership,
                    "campaign": campaign,
                    "tags": tags,
                },
                resolutions=resolutions,
            )
        )

    async def comment(
        self,
        post: Post | str,
        text: str,
        *,
        internal: bool | None = None,
        reply_to: int | None = None,
    ) -> Post:
        """
        Comment on a post, or reply to a comment.

        A member mentioned as `@ben` is notified if the comment is visible to them. Mentions that
        notify no member, for example because they are misspelt, are listed in
        `Comment.unmatched_mentions`. A reply reopens a resolved thread.

        Args:
            post: The post, or its id.
            text: The text.
            internal: Whether to hide the comment from clients and guests. By default, a comment
                that starts a thread is internal, and a reply is internal if its thread is. Comments
                by clients and guests are never internal.
            reply_to: The `number` of the comment to reply to, or None to start a thread.

        Raises:
            NotFoundError: If the comment does not exist, or is not visible to the member.
            InvalidValueError: If the text is empty, if *internal* differs from the value of the
                thread, or if an internal comment mentions a client or a guest.
        """
        command = cm.Comment(post=_id(post), text=text, internal=internal, reply_to=reply_to)
        return await self._do_on_post(command)

    async def resolve_comment(self, post: Post | str, comment: int) -> Post:
        """
        Mark a thread of comments as resolved.

        Args:
            post: The post, or its id.
            comment: The `number` of a comment in the thread.

        Raises:
            NotFoundError: If the comment does not exist, or is not visible to the member.
        """
        return await self._do_on_post(cm.ResolveComment(post=_id(post), comment=comment))

    async def submit(
        self, post: Post | str, *, revision: str = "", at: SubmitTiming | None = None
    ) -> Post:
        """
        Submit a post for approval.

        Args:
            post: The post that the member saw, or its id.
            revision: The digest of the revision that the member saw; required if *post* is an id.
            at: "next slot" immediately reserves the next free slot of each profile. If that slot
                has passed when the post is approved, the delivery gets the next slot that is free
                then, but `post.planned_at` does not change. "as soon as approved" publishes the
                post immediately after its approval. By default, the post is published at its
                planned time.
        """
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.Submit(post=post_id, seen=seen, when=_timing(at)))

    async def approve(
        self, post: Post | str, *, revision: str = "", note: str = "", internal: bool = True
    ) -> Post:
        """
        Approve the revision that the member saw.

        Args:
            post: The post that the member saw, or its id.
            revision: The digest of the revision that the member saw; required if *post* is an id.
            note: A note on the decision.
            internal: Whether to hide the note from clients and guests. A client's own note is never
                internal.

        Raises:
            InvalidValueError: If *post* is an id and *revision* is empty.
        """
        post_id, seen = _seen(post, revision)
        command = cm.Approve(post=post_id, seen=seen, note=note, internal=internal)
        return await self._do_on_post(command)

    async def request_changes(
        self, post: Post | str, note: str, *, revision: str = "", internal: bool = True
    ) -> Post:
        """Send the revision that the member saw back to its author; see `approve` for *note*."""
        post_id, seen = _seen(post, revision)
        command = cm.RequestChanges(post=post_id, seen=seen, note=note, internal=internal)
        return await self._do_on_post(command)

    async def reject(
        self, post: Post | str, note: str, *, revision: str = "", internal: bool = True
    ) -> Post:
        """
        Reject the revision that the member saw; the post cannot be submitted again.

        The parameter see `approve` for *note*.
        """
        post_id, seen = _seen(post, revision)
        command = cm.Reject(post=post_id, seen=seen, note=note, internal=internal)
        return await self._do_on_post(command)

    async def withdraw(self, post: Post | str) -> Post:
        """Withdraw a post from approval, or revoke its approval."""
        return await self._do_on_post(cm.Withdraw(post=_id(post)))

    async def schedule(
        self, post: Post | str, *, revision: str = "", at: TimeLike | None = None
    ) -> Post:
        """Schedule an approved post for its planned time, or for *at*."""
        post_id, seen = _seen(post, revision)
        when = None if at is None else await self._wall_time(post_id, at)
        return await self._do_on_post(cm.Schedule(post=post_id, seen=seen, at=when))

    async def unschedule(self, post: Post | str) -> Post:
        """Cancel the waiting and missed deliveries of a post, which stays approved."""
        return await self._do_on_post(cm.Unschedule(post=_id(post)))

    async def reschedule(
        self, post: Post | str, at: TimeLike, *, revision: str = "", profile: str = ""
    ) -> Post:
        """Move a post to another time on all of its target profiles, or on only one of them."""
        post_id, seen = _seen(post, revision)
        when = await self._wall_time(post_id, at)
        return await self._do_on_post(
            cm.Reschedule(post=post_id, seen=seen, at=when, profile=profile)
        )

    async def cancel(self, post: Post | str, *, revision: str = "", reason: str = "") -> Post:
        """Cancel a post, so that it can never be published."""
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.Cancel(post=post_id, seen=seen, reason=reason))

    async def waive(self, post: Post | str, code: str, *, reason: str, revision: str = "") -> Post:
        """
        Accept a finding of the style guide for the revision that the member saw.

        Args:
            post: The post that the member saw, or its id.
            code: The rule's code, such as "SG102".
            reason: Why the finding is acceptable.
            revision: The digest of the revision that the member saw; required if *post* is an id.

        Raises:
            NotAllowedError: If the post has no such finding, or the member is an author of the
                post.
        """
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.Waive(post=post_id, seen=seen, code=code, reason=reason))

    async def submit_all(
        self, posts: Iterable[Post], *, at: SubmitTiming | None = None
    ) -> tuple[BulkOutcome, ...]:
        """Submit several posts with `submit`, and return one outcome per post, in order."""
        when = _timing(at)
        return await self._bulk(
            cm.Submit(post=post.id, seen=post.digest, when=when) for post in as_posts(posts)
        )

    async def approve_all(
        self, posts: Iterable[Post], *, note: str = "", internal: bool = True
    ) -> tuple[BulkOutcome, ...]:
        """Approve several posts with `approve`, and return one outcome per post, in order."""
        return await self._bulk(
            cm.Approve(post=post.id, seen=post.digest, note=note, internal=internal)
            for post in as_posts(posts)
        )

    async def cancel_all(
        self, posts: Iterable[Post], *, reason: str = ""
    ) -> tuple[BulkOutcome, ...]:
        """Cancel several posts with `cancel`, and return one outcome per post, in order."""
        return await self._bulk(
            cm.Cancel(post=post.id, seen=post.digest, reason=reason) for post in as_posts(posts)
        )

    async def reschedule_all(
        self, posts: Iterable[Post] | str, *, by: dt.timedelta | str
    ) -> tuple[BulkOutcome, ...]:
        """
        Move several posts by the same duration, and return one outcome per post, in order.

        Args:
            posts: The posts that the member saw; or the id of a campaign, for all of its open posts
                with a planned time.
            by: The amount of time by which to move the posts: a timedelta, which may be negative,
                or a string such as ``"2 days"``. If the clocks change between the old and the new
                time, the post keeps its local time of day.
        """
        return await self._desk.run(reschedule_all(self._desk.engine, self._actor, posts, by))

    async def _bulk(self, commands: Iterable[cm.PostCommand]) -> tuple[BulkOutcome, ...]:
        return await self._desk.run(bulk(self._desk.engine, self._actor, commands))

    async def publish_now(self, post: Post | str, *, revision: str = "") -> Post:
        """
        Immediately publish an approved post, or a post that no other member needs to approve.

        The next `run_due` sends it.

        Args:
            post: The post that the member saw, or its id.
            revision: The digest of the revision that the member saw; required if *post* is an id.

        Raises:
            NotAllowedError: If the post does not have a required approval, or if a hold or blackout
                stops it.
        """
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.PublishNow(post=post_id, seen=seen))

    async def bypass(self, post: Post | str, *, reason: str, revision: str = "") -> Post:
        """
        Approve a post in an emergency, skipping its open approval steps.

        The reviewers, the authors and the lead are notified, and the history records the bypass.

        Args:
            post: The post that the member saw, or its id.
            reason: Why the post cannot wait.
            revision: The digest of the revision that the member saw; required if *post* is an id.
        """
        post_id, seen = _seen(post, revision)
        return await self._do_on_post(cm.Bypass(post=post_id, seen=seen, reason=reason))

    async def exempt(self, hold: HoldResult | Hold | str, post: Post | str, *, reason: str) -> Post:
        """
        Allow a post to be published despite a hold, such as a statement about the crisis itself.

        Args:
            hold: The hold, or its id.
            post: The post, or its id.
            reason: The reason, as free text.

        Raises:
            NotFoundError: If the hold does not exist.
            NotAllowedError: If this member does not have `hold` on every target of the post, or if
                the hold does not stop the post.
        """
        name = id_of(hold, HoldResult, Hold)
        return await self._do_on_post(cm.Exempt(post=_id(post), hold=name, reason=reason))

    async def take_down(
        self, post: Post | str, *, reason: str = "", profile: str = "", network_id: str = ""
    ) -> Post:
        """
        Delete a published post from its networks, and cancel its waiting deliveries.

        `AsyncDesk.run_due` deletes the post and retries until the deletion succeeds. If a delivery is
        being sent, or its outcome is unknown, the post is deleted as soon as it is known to be
        published.

        Args:
            post: The post.
            reason: The reason, as free text.
            profile: Delete the post from this profile only, or from all profiles if empty.
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
            revision: The digest of the revision that the member saw; required if *post* is an id.
            profile: Edit the post on this profile only, or on every profile with an older revision
                if empty.

        Raises:
            NotAllowedError: If a network does not support edits, or the revision is not approved.
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
        Record that a post is published, because the member posted or found it on the network.

        Args:
            post: The post.
            profile: The profile on which the post is published.
            network_id: The network's id for the published post.
            url: The address of the published post.
            at: When it was published; by default now.

        Raises:
            NotAllowedError: If a send may still arrive, or if another copy is published there.
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
        Record that this member looked for a post on the network and did not find it.

        This also completes a takedown on a profile that the document no longer contains.

        Raises:
            NotAllowedError: If the send may still arrive, or if there is no unknown outcome.
        """
        return await self._do_on_post(cm.MarkNotPublished(post=_id(post), profile=profile))

    async def add_native_post(
        self, profile: str, *, network_id: str, at: TimeLike, url: str = "", text: str = ""
    ) -> None:
        """
        Record a post that was published directly on the network, so that the calendar shows it.

        This has no effect if the post has already been recorded or was published by this desk.

        Args:
            profile: The profile on which the post is published.
            network_id: The network's id for the post.
            at: When it was published; local times are in the workspace's time zone.
            url: The address of the published post.
            text: The post's text.
        """
        instant = await self._desk.run(instant_for(self._desk.engine, profile, at))
        await self.do(
            cm.AddNativePost(profile=profile, network_id=network_id, at=instant, url=url, text=text)
        )

    async def remove_native_post(self, profile: str, *, network_id: str) -> None:
        """Remove a native post from the calendar: it was recorded by mistake, or has been deleted."""
        await self.do(cm.RemoveNativePost(profile=profile, network_id=network_id))

    async def connect(
        self,
        profile: str,
        *,
        account: str,
        scopes: Iterable[str] = (),
        expires_at: TimeLike | None = None,
    ) -> Connection:
        """
        Record that a profile was connected to its account, and by this member.

        The journal receives no secret: store the token with `SqliteCredentials` or in your own
        secret store before you call this method. If the publisher has put the profile on hold
        because the network refused the earlier credentials, this also ends that hold. Holds that
        members have placed stay in force.

        Args:
            profile: The profile.
            account: The name of the account on the network.
            scopes: The scopes that the owner of the account has granted.
            expires_at: When the connection expires; None if it does not, or if its token is
                renewed. Members are warned seven days before. Local times are in the workspace's
                time zone.
        """
        return await self._desk.run(
            connect(
                self._desk.engine,
                self._actor,
                profile,
                account=account,
                scopes=scopes,
                expires_at=expires_at,
            )
        )

    async def disconnect(self, profile: str) -> None:
        """
        Record that a profile was disconnected from its account.

        Delete the token yourself. When a post is due and there is no token, the profile is put on
        hold.

        Raises:
            NotFoundError: If the profile is not connected, or is not visible to this member.
        """
        await self.do(cm.Disconnect(profile=profile))

    async def hold(
        self, on: SelectorLike, *, reason: str, until: TimeLike | None = None
    ) -> HoldResult:
        """
        Stop publishing on all profiles that a selector matches, effective immediately.

        Args:
            on: A profile's id, or a selector.
            reason: The reason, as free text.
            until: When the hold ends automatically; by default a member must end it. Local times
                are in the workspace's time zone, or of the organization if the hold affects several
                workspaces.

        Returns:
            The deliveries that the hold stops, and the deliveries that were already being sent.
        """
        return await self._desk.run(
            hold(self._desk.engine, self._actor, on, reason=reason, until=until)
        )

    async def resume(self, hold: HoldResult | Hold | str) -> HoldResult:
        """
        End a hold.

        Returns:
            The deliveries that missed their planned time. They stay missed until a member
            schedules, moves or cancels them.
        """
        return await self._desk.run(resume(self._desk.engine, self._actor, hold))

    async def add_calendar_note(self, workspace: str, date: DateLike, text: str) -> str:
        """Add a note to the calendar of a workspace, and return its identifier."""
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
        Record that this member or another member is or will be absent.

        Args:
            start: The first day of the absence, in the absent member's time zone.
            end: The first day back.
            member: The absent member; by default the acting member. Recording an absence for
                another member requires the `manage_access` permission.
            delegate: The member who acts for the absent member.
            permissions: The permissions that the delegate may use on the absent member's behalf, or
                all permissions if empty.
            reason: The reason, as free text.

        Raises:
            NotAllowedError: If the absence overlaps another absence of the same member, is in the
                past, or has a delegate who is absent too.
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
        """End an absence early; *date* is the first day back, by default today."""
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
        Grant permissions for a limited time without changing the document.

        Args:
            to: The members and teams that receive the permissions, such as ``"member:ana"``.
            on: A profile's id, or a selector.
            until: The first day without the permissions, or a local time in the workspace's zone.
            reason: The reason, which is shown in every explanation that refers to the grant.
            role: The role to grant. Pass either this or *permissions*.
            permissions: The individual permissions to grant.
            start: The first day or local time with the permissions; by default now.

        Raises:
            NotAllowedError: If this member does not have `manage_access` on all resources of the
                grant, or does not have the granted permissions.
            NotFoundError: If something that the grant refers to does not exist or is not visible to
                this member.
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
            NotAllowedError: If this member neither made the grant nor has `manage_access` on all of
                its resources, or if the grant has ended.
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
        Put another member on duty for a period of time.

        Members may give away their own shifts. Giving away another member's shift requires the
        `manage_access` permission on the rotation's resources.

        Args:
            rotation: The rotation.
            start: A local time in the time zone of the rotation's shifts, or a datetime with a UTC
                offset.
            end: The end, in the same form as *start*.
            to: The member who takes over. If this member does not take shifts in the rotation, the
                actor must have `manage_access` on its resources and all permissions of its role.
            in_return: The start and end of a shift that the relieved member takes over in return.
                The two swaps are stored atomically.
            reason: The reason, as free text.

        Returns:
            The swap, or both swaps if *in_return* is given.

        Raises:
            NotAllowedError: If this member is not allowed to swap the shift, if the time has
                passed, or if the member who takes over is suspended, absent or already on duty
                during that time.
            NotFoundError: If the rotation or member does not exist or is not visible to this
                member.
            InvalidValueError: If *end* is not after *start*.
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
        Cancel one or more shift swaps atomically, so that the original shifts apply again.

        Raises:
            NotAllowedError: If this member is not one of the two members in the swap and does not
                have `manage_access` on the rotation's resources, or if the shift is over.
            NotFoundError: If the swap does not exist, or its rotation is not visible to this
                member.
        """
        given = [swaps] if isinstance(swaps, ShiftSwap | str) else as_items(swaps, "shift swaps")
        ids = [id_of(swap, ShiftSwap) for swap in given]
        await self.do(cm.CancelShiftSwap(swaps=ids))

    async def start_campaign(
        self, campaign: str, start: DateLike | None = None, *, end: DateLike | None = None
    ) -> None:
        """
        Set the days on which a campaign runs, which override the days in the document.

        Args:
            campaign: The campaign.
            start: The first day, in the workspace's time zone; by default today.
            end: The first day after the campaign, or None.
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
        Make a proposed document the active one, effective immediately for all members and workers.

        Raises:
            StaleError: If another document has been adopted since the proposal was made.
            NotAllowedError: If a change requires a permission that this member does not have, if a
                change would grant permissions that this member does not have, or if no member would
                be left with every permission on all resources.
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
        Offboard a member and hand over everything that depends on them, in one transaction.

        The new document sets ``left`` for the member and mentions them nowhere else, except in past
        shifts of rotations. Their absences, grants and swaps end. Permissions that a successor
        takes over count as granted by the acting member.

        Args:
            member: The member who leaves, or the plan that `AsyncDesk.offboarding_plan` returned. If a
                plan is given, the command is refused if an item that is not in the plan depends on
                the member.
            reason: Why the member leaves.
            reassign_to: The successors, by place in the document (``"workspaces[0].lead"``) or by
                section (``"rotations"``), for example the `successors` of the plan.
            date: The first day without the member, in their time zone; by default the day given in
                the document, or today.

        Raises:
            NotAllowedError: If the acting member does not have `manage_access` on the affected
                resources, if a successor would gain permissions that the acting member does not
                have, if an item requires a successor and none is given, or if a step or a post would
                be left without reviewers.
            StaleError: If an item that is not in the plan depends on the member, or if another
                document has been adopted since the plan was made.
        """
        plan = member if isinstance(member, OffboardingPlan) else None
        await self.do(
            dc.Offboard(
                member=plan.member if plan is not None else id_of(member),
                successors=check_texts(reassign_to or {}, "reassign_to"),
                date=None if date is None else as_date(date),
                reason=reason,
                seen=plan,
            )
        )

    async def erase(
        self,
        *,
        member: str = "",
        post: Post | str = "",
        reason: str,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> ErasureReport:
        """
        Erase the personal data of a member or of one post; this cannot be undone.

        For a member, the personal data are the name and contacts in every version of the document,
        the content of every post for which the member wrote a revision, the member's notes and
        comments on other posts, and texts by others that contain the full name or an address. The
        member's identifier remains. Other texts that may refer to the member are not erased, but
        are listed in the report. `AsyncDesk.run_due` deletes the media, and `AsyncDesk.compact` removes
        remaining copies of the data from the store's disk space.

        Args:
            member: The member whose data to erase. Pass either this or *post*.
            post: The post whose data to erase.
            reason: The reason, as free text.
            dry_run: Whether to only return the report, without erasing anything.
            progress: A function that is called repeatedly during the erasure of a member, with the
                number of events read so far and the total number of events to read. The journal is
                read twice, so each event is counted twice.

        Returns:
            What was erased, and the texts by others that mention the member; false in a boolean
            context if the data had already been erased.

        Raises:
            NotAllowedError: If one of the posts is not finished; the verdict names the unfinished
                posts.
        """
        command = dc.Erase(member=member, post=str(_id(post)) if post else "", reason=reason)
        return await self._desk.run(
            erase_and_report(
                self._desk.engine, self._actor, command, dry_run=dry_run, progress=progress
            )
        )

    async def presence(self, item: Post | str, *, workspace: str = "") -> tuple[PresentMember, ...]:
        """
        Return the other members who are on an item now, the most important state first.

        Only members who may view the item now are returned.

        Args:
            item: A post, the id of a post, ``"request/"`` and the id of a post for its approval, or
                ``"conversation/"`` and a name.
            workspace: The workspace of a conversation; it is required for a conversation.

        Raises:
            NotFoundError: If the item does not exist or is not visible to this member.
        """
        return await self._desk.run(
            read_presence(self._desk.engine, self._actor, item, workspace=workspace)
        )

    async def seen(
        self,
        item: Post | str,
        activity: Activity = "viewing",
        *,
        device: str = "",
        unsaved: bool = False,
        hidden: bool = False,
        workspace: str = "",
    ) -> tuple[PresentMember, ...]:
        """
        Record that this member's page shows an item, and return the other members on the item.

        A page calls this method when its state changes and at least every twenty seconds.

        Args:
            item: The item; see `presence`.
            activity: What the member does: "viewing" or "typing".
            device: The id of the browser tab or device, at most 200 characters.
            unsaved: Whether the page has unsaved changes.
            hidden: Whether the page is in the background.
            workspace: The workspace of a conversation.

        Raises:
            NotFoundError: If the item does not exist or is not visible to this member.
            InvalidValueError: If the activity does not exist, or the device has an invalid id.
        """
        return await self._desk.run(
            seen(
                self._desk.engine,
                self._actor,
                item,
                activity,
                device=device,
                unsaved=unsaved,
                hidden=hidden,
                workspace=workspace,
            )
        )

    async def left(self, item: Post | str, *, device: str = "", workspace: str = "") -> None:
        """Record that this member's page no longer shows an item; see `seen` for the arguments."""
        await self._desk.run(
            left(self._desk.engine, self._actor, item, device=device, workspace=workspace)
        )

    async def current_claim(self, item: Post | str, *, workspace: str = "") -> Claim | None:
        """
        Return the claim on an item that is active now, or None; see `presence` for the arguments.

        Raises:
            NotFoundError: If the item does not exist or is not visible to this member.
        """
        return await self._desk.run(
            read_claim(self._desk.engine, self._actor, item, workspace=workspace)
        )

    async def claim(
        self, item: Post | str, *, ttl: dt.timedelta = CLAIM_TTL, workspace: str = ""
    ) -> ClaimResult:
        """
        Claim an item for a limited time, or extend this member's claim.

        Claims are only shown to other members, unless the document sets ``claims = "hard"`` in
        ``[organization]``: then, while another member has a claim on a post, edits, submissions,
        decisions and changes of its time are refused.

        Args:
            item: The item; see `presence`.
            ttl: How long the claim lasts, by the real clock.
            workspace: The workspace of a conversation.

        Returns:
            The claim, or another member's claim with the reasons; true if this member has it.

        Raises:
            NotFoundError: If the item does not exist or is not visible to this member.
        """
        return await self._desk.run(
            take_claim(self._desk.engine, self._actor, item, ttl=ttl, workspace=workspace)
        )

    async def renew_claim(
        self,
        item: Post | str,
        *,
        token: int,
        ttl: dt.timedelta = CLAIM_TTL,
        workspace: str = "",
    ) -> ClaimResult:
        """
        Extend a claim; the result is false if it has ended or was taken over.

        Args:
            item: The item; see `presence`.
            token: The `Claim.token` of this member's claim.
            ttl: How long the claim lasts from now.
            workspace: The workspace of a conversation.
        """
        return await self._desk.run(
            renew_claim(
                self._desk.engine, self._actor, item, token=token, ttl=ttl, workspace=workspace
            )
        )

    async def release_claim(self, item: Post | str, *, token: int, workspace: str = "") -> None:
        """Give up a claim; nothing changes if *token* is not the token of the current claim."""
        await self._desk.run(
            release_claim(self._desk.engine, self._actor, item, token=token, workspace=workspace)
        )

    async def take_over_claim(
        self,
        item: Post | str,
        *,
        reason: str,
        ttl: dt.timedelta = CLAIM_TTL,
        workspace: str = "",
    ) -> ClaimResult:
        """
        Claim an item that another member has claimed; the claim records that member and the reason.

        A takeover of a post or its request is also recorded in the history of the post.

        Args:
            item: The item; see `presence`.
            reason: Why the claim is taken over, at most 1,000 characters.
            ttl: How long the claim lasts.
            workspace: The workspace of a conversation.

        Raises:
            NotFoundError: If the item does not exist or is not visible to this member.
            InvalidValueError: If the reason is empty.
        """
        return await self._desk.run(
            take_claim(
                self._desk.engine,
                self._actor,
                item,
                ttl=ttl,
                workspace=workspace,
                reason=reason,
            )
        )

    async def permissions(self) -> EffectivePermissions:
        """Return this member's permissions, the rules behind them, and whom to ask for more."""
        return effective_permissions(
            (await self._desk.organization).access, self.member, at=self._desk.engine.now()
        )

    async def to_do(self) -> tuple[ToDo, ...]:
        """Return this member's to-do list, sorted by planned time."""
        return await self._desk.run(to_do(self._desk.engine, self.member))

    async def post_view(self, post: Post | str) -> PostView:
        """
        Return all data that a page about a post shows to this member, from one consistent read.

        Raises:
            NotFoundError: If the post does not exist or is not visible to this member.
        """
        return await self._desk.run(read_post_view(self._desk.engine, self._actor, _id(post)))

    async def notifications(
        self, *, after: int = 0, since: TimeLike | None = None, limit: int = 1000
    ) -> NotificationBatch:
        """
        Return this member's notifications after a cursor; see `AsyncDesk.notifications`.

        Args:
            after: The cursor of an earlier batch, or 0 to start from the beginning.
            since: Only notifications since this time, for example the start of an absence.
            limit: The maximum number of notifications, as in `AsyncDesk.notifications`.
        """
        return await self._desk.run(
            read_notifications(
                self._desk.engine, after=after, member=self.member, limit=limit, since=since
            )
        )

    async def allowed_actions(self, post: Post | str) -> dict[str, Verdict]:
        """Return a verdict for each command on a post: whether this member may perform it now."""
        return await self._desk.run(allowed_actions(self._desk.engine, self._actor, _id(post)))

    async def _wall_time(self, post: str, at: TimeLike) -> WallTime:
        return await self._desk.run(local_time_of(self._desk.engine, post, at))


def _id(post: Post | str) -> PostId:
    return PostId(id_of(post, Post))


def _timing(at: SubmitTiming | None) -> Literal["planned", "next slot", "as soon as approved"]:
    if not at:
        return "planned"
    hint = "the time of a post is its `planned_at`, which `edit` and `reschedule` change"
    check_choice(at, "at", "next slot", "as soon as approved", hint=hint)
    return at


def _seen(post: Post | str, revision: str) -> tuple[PostId, str]:
    if revision:
        check_text(revision, "revision")
    if isinstance(post, Post):
        return post.id, revision or post.digest
    if not revision:
        raise InvalidValueError(
            f"`{_id(post)}` is only the id of a post: pass the post that the member saw, or"
            " `revision=` with the digest of the revision that the member saw",
            value=post,
            expected="a post, or its id and `revision=`",
        )
    return _id(post), revision
