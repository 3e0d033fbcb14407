"""What people may ask for; commands are data, and each names what it is about."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal, TypeAlias

import attrs

from socialcollab.content import PostContent
from socialcollab.time import WallTime
from socialcollab.workflow.model.request import SubmitTiming

Seen: TypeAlias = str
"""The digest of the revision that the actor saw."""


@attrs.frozen(kw_only=True)
class Draft:
    """
    Begin a post.

    Attributes:
        post: Its identifier to be.

        workspace: The workspace it belongs to.

        content: What it holds.

        salt: 16 random bytes for its digests.

        ref: The caller's own name for it, unique in the organization, or empty.

        kind: "post", or "reply".
    """

    NAME: ClassVar[str] = "draft"

    post: str
    workspace: str
    content: PostContent
    salt: bytes = attrs.field(repr=False)
    external_id: str = ""
    kind: str = "post"


@attrs.frozen(kw_only=True)
class Edit:
    """Store a new revision, with all that it is to hold."""

    NAME: ClassVar[str] = "edit"

    post: str
    seen: Seen
    content: PostContent


@attrs.frozen(kw_only=True)
class Comment:
    """Remark on a post; *internal* remarks are for staff alone."""

    NAME: ClassVar[str] = "comment"

    post: str
    text: str
    internal: bool = True


@attrs.frozen(kw_only=True)
class Submit:
    """Ask for sign-off, and say when the post is to leave."""

    NAME: ClassVar[str] = "submit"

    post: str
    seen: Seen
    when: SubmitTiming = "planned"


@attrs.frozen(kw_only=True)
class Approve:
    """Say yes to what was seen."""

    NAME: ClassVar[str] = "approve"
    VERDICT: ClassVar[Literal["approve"]] = "approve"

    post: str
    seen: Seen
    note: str = ""


@attrs.frozen(kw_only=True)
class RequestChanges:
    """Send what was seen back to its author."""

    NAME: ClassVar[str] = "request_changes"
    VERDICT: ClassVar[Literal["request_changes"]] = "request_changes"

    post: str
    seen: Seen
    note: str = ""


@attrs.frozen(kw_only=True)
class Reject:
    """Say no to what was seen, for good."""

    NAME: ClassVar[str] = "reject"
    VERDICT: ClassVar[Literal["reject"]] = "reject"

    post: str
    seen: Seen
    note: str = ""


@attrs.frozen(kw_only=True)
class Withdraw:
    """Take the request for sign-off back."""

    NAME: ClassVar[str] = "withdraw"

    post: str


@attrs.frozen(kw_only=True)
class Schedule:
    """Let an approved post leave at its planned time, or at *at*; missed deliveries start anew."""

    NAME: ClassVar[str] = "schedule"

    post: str
    seen: Seen
    at: WallTime | None = None


@attrs.frozen(kw_only=True)
class Unschedule:
    """Call off what waits; the approval stands."""

    NAME: ClassVar[str] = "unschedule"

    post: str


@attrs.frozen(kw_only=True)
class Reschedule:
    """Give a post another time; *profile* moves one target alone."""

    NAME: ClassVar[str] = "reschedule"

    post: str
    seen: Seen
    at: WallTime
    profile: str = ""


@attrs.frozen(kw_only=True)
class Cancel:
    """Give a post up for good."""

    NAME: ClassVar[str] = "cancel"

    post: str
    reason: str = ""


@attrs.frozen(kw_only=True)
class Waive:
    """Let a finding of the style guide pass, for what was seen."""

    NAME: ClassVar[str] = "waive"

    post: str
    seen: Seen
    code: str
    reason: str


@attrs.frozen(kw_only=True)
class TakeDown:
    """
    Take down what is out, on every profile or on one; what waits is called off.

    *network_id* takes down one thing alone, such as a second copy.
    """

    NAME: ClassVar[str] = "take_down"

    post: str
    reason: str = ""
    profile: str = ""
    network_id: str = ""


@attrs.frozen(kw_only=True)
class Amend:
    """Let what is out carry the approved revision that was seen, in place."""

    NAME: ClassVar[str] = "amend"

    post: str
    seen: Seen
    profile: str = ""


@attrs.frozen(kw_only=True)
class MarkPublished:
    """Say that it is out: a person posted it by hand, or found what was in doubt."""

    NAME: ClassVar[str] = "mark_published"

    post: str
    profile: str
    network_id: str
    url: str = ""
    at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class MarkNotPublished:
    """Say that a person has looked, and what was in doubt is not there."""

    NAME: ClassVar[str] = "mark_not_published"

    post: str
    profile: str


PostCommand: TypeAlias = (
    Draft
    | Edit
    | Comment
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
    | TakeDown
    | Amend
    | MarkPublished
    | MarkNotPublished
)
