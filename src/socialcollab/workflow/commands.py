"""
Command classes; `decide_post`, `decide_runtime` and `decide_native_post` handle them.

The `NAME` of a command is its key in `COMMAND_PERMISSIONS`, which contains the required permission.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import ClassVar, Literal, TypeAlias

import attrs

from socialcollab.content import PostContent
from socialcollab.directory import PostKind, Selector, as_selector
from socialcollab.document_fields import as_items, as_words
from socialcollab.permissions import Absence, ShiftSwap, TemporaryGrant
from socialcollab.time import WallTime
from socialcollab.workflow.model.request import SubmitTiming

Seen: TypeAlias = str
"""The digest of the revision that the actor saw."""


@attrs.frozen(kw_only=True)
class Draft:
    """
    Create a post.

    Attributes:
        post: The new post's identifier.
        workspace: The workspace to which the post belongs.
        content: The text, media, targets and times of the post.
        salt: 16 random bytes that salt the digests of the post's fields.
        external_id: The caller's own identifier, which must be unique in the organization, or an
            empty string.
        kind: "post" or "reply".
        conversation: The id of the conversation that the post answers, or an empty string.
    """

    NAME: ClassVar[str] = "draft"

    post: str
    workspace: str
    content: PostContent
    salt: bytes = attrs.field(repr=False)
    external_id: str = ""
    kind: PostKind = "post"
    conversation: str = ""


@attrs.frozen(kw_only=True)
class Edit:
    """Store a new revision; *content* replaces the whole content."""

    NAME: ClassVar[str] = "edit"

    post: str
    seen: Seen
    content: PostContent


@attrs.frozen(kw_only=True)
class Comment:
    """
    Comment on a post, or reply to a comment.

    Attributes:
        internal: Whether to hide the comment from clients and guests. If None, a reply is internal
            if its thread is, and a new thread is internal.
        reply_to: The number of a comment in the thread to reply to, or None to start a thread.
    """

    NAME: ClassVar[str] = "comment"

    post: str
    text: str
    internal: bool | None = None
    reply_to: int | None = None


@attrs.frozen(kw_only=True)
class ResolveComment:
    """Mark a comment thread as resolved; *comment* is the number of a comment in the thread."""

    NAME: ClassVar[str] = "resolve_comment"

    post: str
    comment: int


@attrs.frozen(kw_only=True)
class Submit:
    """Submit a post for approval, and choose when to publish it after its approval."""

    NAME: ClassVar[str] = "submit"

    post: str
    seen: Seen
    when: SubmitTiming = "planned"


@attrs.frozen(kw_only=True)
class Approve:
    """
    Approve the revision that the actor saw.

    Clients and guests do not see *internal* notes by staff. This also applies to the other
    decisions.
    """

    NAME: ClassVar[str] = "approve"
    VERDICT: ClassVar[Literal["approve"]] = "approve"

    post: str
    seen: Seen
    note: str = ""
    internal: bool = True


@attrs.frozen(kw_only=True)
class RequestChanges:
    """Send the revision that the actor saw back to the author for changes."""

    NAME: ClassVar[str] = "request_changes"
    VERDICT: ClassVar[Literal["request_changes"]] = "request_changes"

    post: str
    seen: Seen
    note: str = ""
    internal: bool = True


@attrs.frozen(kw_only=True)
class Reject:
    """Reject the revision that the actor saw; the post cannot be submitted again."""

    NAME: ClassVar[str] = "reject"
    VERDICT: ClassVar[Literal["reject"]] = "reject"

    post: str
    seen: Seen
    note: str = ""
    internal: bool = True


@attrs.frozen(kw_only=True)
class Withdraw:
    """Withdraw a post from approval, or revoke its approval."""

    NAME: ClassVar[str] = "withdraw"

    post: str


@attrs.frozen(kw_only=True)
class Schedule:
    """Schedule an approved post and its missed deliveries for the planned time or for *at*."""

    NAME: ClassVar[str] = "schedule"

    post: str
    seen: Seen
    at: WallTime | None = None


@attrs.frozen(kw_only=True)
class Unschedule:
    """Cancel the waiting and missed deliveries of a post, which stays approved."""

    NAME: ClassVar[str] = "unschedule"

    post: str


@attrs.frozen(kw_only=True)
class Reschedule:
    """
    Move a post to another time.

    Attributes:
        at: The new time, unless *by* is given.
        by: The amount of time by which to move all of the post's times, unless *at* is given. If
            the clocks change between the old and the new time, the post keeps its local time of
            day.
        profile: The target to move to *at*; if empty, all targets are moved.
    """

    NAME: ClassVar[str] = "reschedule"

    post: str
    seen: Seen
    at: WallTime | None = None
    profile: str = ""
    by: dt.timedelta | None = None


@attrs.frozen(kw_only=True)
class Cancel:
    """Cancel a post, so that it can never be published."""

    NAME: ClassVar[str] = "cancel"

    post: str
    seen: Seen
    reason: str = ""


@attrs.frozen(kw_only=True)
class Waive:
    """Accept a finding of the style guide for the revision that the actor saw."""

    NAME: ClassVar[str] = "waive"

    post: str
    seen: Seen
    code: str
    reason: str


@attrs.frozen(kw_only=True)
class PublishNow:
    """Immediately publish an approved post, or a post that no other member needs to approve."""

    NAME: ClassVar[str] = "publish_now"

    post: str
    seen: Seen


@attrs.frozen(kw_only=True)
class Bypass:
    """Approve a post in an emergency, skipping its open approval steps."""

    NAME: ClassVar[str] = "bypass"

    post: str
    seen: Seen
    reason: str


@attrs.frozen(kw_only=True)
class Exempt:
    """Allow a post to be published despite a hold."""

    NAME: ClassVar[str] = "exempt"

    post: str
    hold: str
    reason: str


@attrs.frozen(kw_only=True)
class TakeDown:
    """
    Delete the published post from all profiles or from one profile, and cancel waiting deliveries.

    Attributes:
        network_id: The network's id for the copy to delete; if empty, all copies are deleted.
    """

    NAME: ClassVar[str] = "take_down"

    post: str
    reason: str = ""
    profile: str = ""
    network_id: str = ""


@attrs.frozen(kw_only=True)
class Amend:
    """Edit the published post in place to show the approved revision that the actor saw."""

    NAME: ClassVar[str] = "amend"

    post: str
    seen: Seen
    profile: str = ""


@attrs.frozen(kw_only=True)
class MarkPublished:
    """Record that a post is published, because a member posted or found it on the network."""

    NAME: ClassVar[str] = "mark_published"

    post: str
    profile: str
    network_id: str
    url: str = ""
    at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class MarkNotPublished:
    """Record that a member looked for the post on the network and did not find it."""

    NAME: ClassVar[str] = "mark_not_published"

    post: str
    profile: str


PostCommand: TypeAlias = (
    Draft
    | Edit
    | Comment
    | ResolveComment
    | Submit
    | Approve
    | RequestChanges
    | Reject
    | Withdraw
    | Schedule
    | Unschedule
    | Reschedule
    | Cancel
    | Waive
    | PublishNow
    | Bypass
    | Exempt
    | TakeDown
    | Amend
    | MarkPublished
    | MarkNotPublished
)
"""A command on one post."""


def _as_swaps(value: Iterable[ShiftSwap]) -> tuple[ShiftSwap, ...]:
    return as_items(value, "shift swaps")


@attrs.frozen(kw_only=True)
class PlaceHold:
    """
    Stop publishing on all profiles that a selector matches.

    Attributes:
        hold: The new hold's identifier.
        on: The selector of the profiles.
        until: When the hold ends automatically; None if a member must end it.
    """

    NAME: ClassVar[str] = "hold"

    hold: str
    on: Selector = attrs.field(converter=as_selector)
    reason: str
    until: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class Resume:
    """End a hold."""

    NAME: ClassVar[str] = "resume"

    hold: str


@attrs.frozen(kw_only=True)
class AddCalendarNote:
    """Add a note to the calendar of a workspace."""

    NAME: ClassVar[str] = "add_calendar_note"

    note: str
    workspace: str
    date: dt.date
    text: str


@attrs.frozen(kw_only=True)
class AddAbsence:
    """Record a member's current or future absence, and their delegate."""

    NAME: ClassVar[str] = "add_absence"

    absence: Absence
    reason: str = ""


@attrs.frozen(kw_only=True)
class EndAbsence:
    """End an absence early; *date* is the first day back, or None for today."""

    NAME: ClassVar[str] = "end_absence"

    absence: str
    date: dt.date | None = None


@attrs.frozen(kw_only=True)
class AddGrant:
    """Grant permissions for a limited time; the actor becomes the grantor."""

    NAME: ClassVar[str] = "grant"

    grant: TemporaryGrant


@attrs.frozen(kw_only=True)
class RevokeGrant:
    """Revoke a temporary grant."""

    NAME: ClassVar[str] = "revoke"

    grant: str


@attrs.frozen(kw_only=True)
class SwapShift:
    """Give shifts of a rotation to other members; the swaps are stored atomically."""

    NAME: ClassVar[str] = "swap_shift"

    swaps: tuple[ShiftSwap, ...] = attrs.field(converter=_as_swaps)
    reason: str = ""


@attrs.frozen(kw_only=True)
class CancelShiftSwap:
    """Cancel shift swaps by their identifiers; they are cancelled atomically."""

    NAME: ClassVar[str] = "cancel_shift_swap"

    swaps: tuple[str, ...] = attrs.field(converter=as_words)


@attrs.frozen(kw_only=True)
class StartCampaign:
    """Set the first day of a campaign (None for today) and the first day after the campaign."""

    NAME: ClassVar[str] = "start_campaign"

    campaign: str
    start: dt.date | None = None
    end: dt.date | None = None


RuntimeCommand: TypeAlias = (
    PlaceHold
    | Resume
    | AddCalendarNote
    | AddAbsence
    | EndAbsence
    | AddGrant
    | RevokeGrant
    | SwapShift
    | CancelShiftSwap
    | StartCampaign
)
"""A command on the organization's holds or runtime state."""


@attrs.frozen(kw_only=True)
class AddNativePost:
    """
    Record a post that was published directly on the network, so that the calendar shows it.

    Attributes:
        profile: The profile on which the post was published.
        network_id: The network's id for the post.
        at: When it was published.
        url: The address of the post, or an empty string.
        text: The post's text, or an empty string.
    """

    NAME: ClassVar[str] = "add_native_post"

    profile: str
    network_id: str
    at: dt.datetime
    url: str = ""
    text: str = ""


@attrs.frozen(kw_only=True)
class RemoveNativePost:
    """Remove a native post from the calendar: it was recorded by mistake, or has been deleted."""

    NAME: ClassVar[str] = "remove_native_post"

    profile: str
    network_id: str


NativePostCommand: TypeAlias = AddNativePost | RemoveNativePost
"""A command on one native post."""


@attrs.frozen(kw_only=True)
class Connect:
    """
    Record that a profile was connected to its account; the command never contains a secret.

    Attributes:
        profile: The profile.
        account: The name of the account on the network.
        scopes: The scopes that the owner of the account has granted.
        expires_at: When the connection expires; None if it does not, or if it is renewed.
    """

    NAME: ClassVar[str] = "connect"

    profile: str
    account: str
    scopes: tuple[str, ...] = attrs.field(converter=as_words, default=())
    expires_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class Disconnect:
    """Record that a profile was disconnected from its account."""

    NAME: ClassVar[str] = "disconnect"

    profile: str


ConnectionCommand: TypeAlias = Connect | Disconnect
"""A command on the connection of one profile."""
