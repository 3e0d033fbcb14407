"""
Commands of the inbox.

An item is named by its stream: ``conversation/`` or ``case/`` followed by its id. The `NAME` of a
command is its key in `COMMAND_PERMISSIONS`, which contains the required permission.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal, TypeAlias

import attrs

from socialcollab.inbox.model import Moderation, Priority


@attrs.frozen(kw_only=True)
class Assign:
    """Make a member, team or rotation the owner of an item; *to* is a principal."""

    NAME: ClassVar[str] = "assign"

    item: str
    to: str
    reason: str = ""


@attrs.frozen(kw_only=True)
class Claim:
    """Become the owner of an item that no other member owns."""

    NAME: ClassVar[str] = "claim"

    item: str


@attrs.frozen(kw_only=True)
class Release:
    """Give up the ownership of an item, which then belongs to the fallback."""

    NAME: ClassVar[str] = "release"

    item: str


@attrs.frozen(kw_only=True)
class TakeOver:
    """Become the owner of an item that another member owns."""

    NAME: ClassVar[str] = "take_over"

    item: str
    reason: str


@attrs.frozen(kw_only=True)
class HandOffItem:
    """Offer an own item to another member or team."""

    NAME: ClassVar[str] = "hand_off"

    item: str
    to: str
    note: str = ""


@attrs.frozen(kw_only=True)
class AcceptHandOff:
    """Accept an item that was offered to the actor or to a team of the actor."""

    NAME: ClassVar[str] = "accept_hand_off"

    item: str


@attrs.frozen(kw_only=True)
class EscalateItem:
    """Make an item urgent, and assign it to another principal, by default to the lead."""

    NAME: ClassVar[str] = "escalate"

    item: str
    to: str = "lead"
    reason: str


@attrs.frozen(kw_only=True)
class Snooze:
    """Put an item on hold until an instant."""

    NAME: ClassVar[str] = "snooze"

    item: str
    until: dt.datetime


@attrs.frozen(kw_only=True)
class ResolveItem:
    """
    Resolve an item.

    Attributes:
        item: The item.
        seen: The version that the actor saw. The command is refused if more has happened since.
    """

    NAME: ClassVar[str] = "resolve"

    item: str
    seen: int


@attrs.frozen(kw_only=True)
class ReopenItem:
    """Reopen a resolved item, or end its hold early."""

    NAME: ClassVar[str] = "reopen"

    item: str
    reason: str = ""


@attrs.frozen(kw_only=True)
class SetPriority:
    """Set the priority of an item."""

    NAME: ClassVar[str] = "set_priority"

    item: str
    priority: Priority


@attrs.frozen(kw_only=True)
class TagItem:
    """Add and remove tags of an item."""

    NAME: ClassVar[str] = "tag"

    item: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class NoteItem:
    """Write a note on an item; clients and guests do not see internal notes."""

    NAME: ClassVar[str] = "write_note"

    item: str
    note: str
    text: str
    internal: bool = True


@attrs.frozen(kw_only=True)
class LinkItem:
    """Link an item to posts and campaigns; earlier links are kept."""

    NAME: ClassVar[str] = "link"

    item: str
    posts: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Reply:
    """
    Answer a conversation.

    Attributes:
        item: The conversation.
        post: The id of the post that will contain the reply.
        text: The text.
        seen: The version of the conversation that the actor saw.
        mode: "send" the reply, "propose" it for approval, or keep it as a "draft".
        send_anyway: The version up to which the actor was shown what had happened, to send the reply
            regardless; needs `bypass`.
        salt: 16 random bytes for the post.
        language: The language of the text; empty for the workspace's language.
    """

    NAME: ClassVar[str] = "reply"

    item: str
    post: str
    text: str
    seen: int
    mode: Literal["send", "propose", "draft"] = "send"
    send_anyway: int | None = None
    salt: bytes = attrs.field(repr=False)
    language: str = ""


@attrs.frozen(kw_only=True)
class ConfirmReply:
    """
    Send or propose a reply that was kept or stopped, after looking at the conversation again.

    Attributes:
        item: The conversation.
        post: The post that contains the reply.
        seen: The version of the conversation that the actor has seen now.
        mode: "send" the reply, or "propose" it for approval.
    """

    NAME: ClassVar[str] = "confirm_reply"

    item: str
    post: str
    seen: int
    mode: Literal["send", "propose"] = "send"


@attrs.frozen(kw_only=True)
class ApproveReply:
    """
    Approve a proposed reply, and say what becomes of the other proposed replies.

    Attributes:
        item: The conversation.
        post: The post that contains the reply.
        revision: The digest of the post's revision that the actor saw.
        rivals: "withdraw" the other proposed replies, or "keep" them. If empty, the command is
            refused if there are any.
        note: A note to the author.
    """

    NAME: ClassVar[str] = "approve_reply"

    item: str
    post: str
    revision: str
    rivals: Literal["", "withdraw", "keep"] = ""
    note: str = ""


@attrs.frozen(kw_only=True)
class Moderate:
    """
    Hide, show or delete a customer's comment on the network, or block its author.

    Attributes:
        item: The conversation.
        request: The id of the new request.
        action: The action.
        message: The key of the message.
        reason: The reason, or an empty string.
    """

    NAME: ClassVar[str] = "moderate"

    item: str
    request: str
    action: Moderation
    message: str
    reason: str = ""


@attrs.frozen(kw_only=True)
class MergeItems:
    """Merge conversations or cases into one of the same kind, which keeps all that they contain."""

    NAME: ClassVar[str] = "merge"

    item: str
    others: tuple[str, ...]


@attrs.frozen(kw_only=True)
class OpenCase:
    """Open a case for one or more conversations of one workspace."""

    NAME: ClassVar[str] = "open_case"

    case: str
    workspace: str
    title: str
    conversations: tuple[str, ...] = ()
    priority: Priority = "normal"
    owner: str = ""


@attrs.frozen(kw_only=True)
class FileConversation:
    """Link a conversation to an existing case."""

    NAME: ClassVar[str] = "file"

    item: str
    case: str


@attrs.frozen(kw_only=True)
class SplitOff:
    """
    Split a conversation off from its case, into a new case or without one.

    Attributes:
        item: The conversation.
        case: The id of the new case, or an empty string.
        title: The title of the new case.
    """

    NAME: ClassVar[str] = "split"

    item: str
    case: str = ""
    title: str = ""


@attrs.frozen(kw_only=True)
class KeepTogether:
    """Dismiss the proposals to split a conversation off and to reopen its case."""

    NAME: ClassVar[str] = "keep_together"

    item: str


@attrs.frozen(kw_only=True)
class LinkAccount:
    """Record that an account belongs to a customer, who is created if they do not exist."""

    NAME: ClassVar[str] = "link_account"

    customer: str
    workspace: str
    account: str


@attrs.frozen(kw_only=True)
class UnlinkAccount:
    """Record that an account does not belong to a customer."""

    NAME: ClassVar[str] = "unlink_account"

    customer: str
    account: str


ItemCommand: TypeAlias = (
    Assign
    | Claim
    | Release
    | TakeOver
    | HandOffItem
    | AcceptHandOff
    | EscalateItem
    | Snooze
    | ResolveItem
    | ReopenItem
    | SetPriority
    | TagItem
    | NoteItem
    | LinkItem
    | Moderate
    | KeepTogether
)
"""The commands that change one item and depend on nothing else."""

InboxCommand: TypeAlias = (
    ItemCommand
    | Reply
    | ConfirmReply
    | ApproveReply
    | MergeItems
    | OpenCase
    | FileConversation
    | SplitOff
    | LinkAccount
    | UnlinkAccount
)
"""All commands of the inbox."""
