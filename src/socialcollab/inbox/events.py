"""Events of the inbox: on messages, notes, conversations, cases and customers."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

import attrs

from socialcollab.content import MessageKind
from socialcollab.inbox.model import ItemState, Moderation, PendingReply, Priority, ReplyStatus
from socialcollab.workflow.events import PERSONAL


@attrs.frozen(kw_only=True)
class MessageReceived:
    """
    A message was received for the first time; see `Message` for the fields.

    Attributes:
        conversation: The id of the conversation.
        post: The id of the post that contains it if the desk has sent it, or an empty string.
        number: The version of the conversation that it leads to, which keeps messages with equal
            times in the order of their arrival.
    """

    TYPE: ClassVar[str] = "message.received"

    conversation: str
    network: str
    profile: str
    network_id: str
    kind: MessageKind
    created_at: dt.datetime
    parent: str = ""
    root: str = ""
    own: bool = False
    hidden: bool = False
    deleted: bool = False
    version: str = ""
    post: str = ""
    number: int = 0
    author_id: str = attrs.field(default="", metadata=PERSONAL)
    author_handle: str = attrs.field(default="", metadata=PERSONAL)
    author_name: str = attrs.field(default="", metadata=PERSONAL)
    text: str = attrs.field(default="", metadata=PERSONAL)
    language: str = attrs.field(default="", metadata=PERSONAL)
    url: str = attrs.field(default="", metadata=PERSONAL)
    media_urls: tuple[str, ...] = attrs.field(default=(), metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class MessageEdited:
    """Its author changed a message, or the network hid or showed it."""

    TYPE: ClassVar[str] = "message.edited"

    version: str = ""
    hidden: bool = False
    text: str = attrs.field(default="", metadata=PERSONAL)
    media_urls: tuple[str, ...] = attrs.field(default=(), metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class MessageDeleted:
    """A message was deleted on the network. Later versions of it are ignored."""

    TYPE: ClassVar[str] = "message.deleted"


@attrs.frozen(kw_only=True)
class MessageRecognised:
    """A message that the network reported turned out to be a reply that the desk has sent."""

    TYPE: ClassVar[str] = "message.recognised"

    post: str


@attrs.frozen(kw_only=True)
class NoteWritten:
    """
    A member wrote a note.

    Attributes:
        item: The stream of the conversation or case.
        internal: Whether it is hidden from clients and guests.
        number: The version of the item that it leads to.
        text: The text.
    """

    TYPE: ClassVar[str] = "note.written"

    item: str
    internal: bool
    number: int = 0
    text: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class ConversationOpened:
    """A conversation began with its first message."""

    TYPE: ClassVar[str] = "conversation.opened"

    profile: str
    workspace: str
    kind: MessageKind


@attrs.frozen(kw_only=True)
class ConversationMessaged:
    """
    A message was added to a conversation.

    Attributes:
        message: The message's key.
        network_id: The network's id for it.
        own: Whether the profile's own account wrote it.
        deleted: Whether it had been deleted before it was received.
        recycled: Whether the conversation had been resolved long before.
        reopen_case: Whether it is proposed to reopen the conversation's case.
        account: The customer's account.
        name: The customer's handle or name.
        excerpt: The beginning of the text.
    """

    TYPE: ClassVar[str] = "conversation.messaged"

    message: str
    network_id: str
    own: bool = False
    deleted: bool = False
    recycled: bool = False
    reopen_case: bool = False
    account: str = attrs.field(default="", metadata=PERSONAL)
    name: str = attrs.field(default="", metadata=PERSONAL)
    excerpt: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class ConversationMessageChanged:
    """Its author changed or deleted a message of a conversation."""

    TYPE: ClassVar[str] = "conversation.message_changed"

    message: str
    deleted: bool = False
    by: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class ReplyPrepared:
    """
    A member wrote a reply, or confirmed it after looking at the conversation.

    Attributes:
        post: The post that contains it.
        status: "draft", "proposed" or "reserved".
        seen: The version that the member saw.
        sent_anyway: Whether the member was warned that the conversation had changed, and sent it
            anyway.
    """

    TYPE: ClassVar[str] = "conversation.reply_prepared"

    post: str
    status: ReplyStatus
    seen: int
    sent_anyway: bool = False


@attrs.frozen(kw_only=True)
class ReplyMoved:
    """
    A reply left, was stopped or was published. *by* is its author.

    *messages* is the number of messages that its publication added to the conversation. It does not
    include messages that a webhook had reported before.
    """

    TYPE: ClassVar[str] = "conversation.reply_moved"

    post: str
    status: ReplyStatus
    by: str
    messages: int = 1


@attrs.frozen(kw_only=True)
class ReplyWithdrawn:
    """A reply will not be sent: its post was cancelled or rejected."""

    TYPE: ClassVar[str] = "conversation.reply_withdrawn"

    post: str


@attrs.frozen(kw_only=True)
class ReplyHandedOver:
    """Another member, *to*, is responsible for a reply that was not yet sent."""

    TYPE: ClassVar[str] = "conversation.reply_handed_over"

    post: str
    to: str


@attrs.frozen(kw_only=True)
class ModerationRequested:
    """A member asked to hide, show, delete or block on the network."""

    TYPE: ClassVar[str] = "moderation.requested"

    request: str
    action: Moderation
    message: str
    network_id: str
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class ModerationDone:
    """The network did what was requested."""

    TYPE: ClassVar[str] = "moderation.done"

    request: str


@attrs.frozen(kw_only=True)
class ModerationFailed:
    """
    The network did not do what was requested.

    Attributes:
        request: The request.
        problem: The reason.
        not_before: When it is tried again, in UTC, or None if it is not.
    """

    TYPE: ClassVar[str] = "moderation.failed"

    request: str
    problem: str
    not_before: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class ConversationMerged:
    """A conversation was merged into another one, which receives its later messages."""

    TYPE: ClassVar[str] = "conversation.merged"

    into: str


@attrs.frozen(kw_only=True)
class ConversationAbsorbed:
    """
    Another conversation was merged into this one.

    Attributes:
        other: The other conversation.
        merged_from: The conversations that had been merged into it.
        replies: Its replies that were not yet published, which are kept.
        messages: Its number of messages.
        unanswered_since: Since when it was unanswered, or None.
        tags: Its tags.
    """

    TYPE: ClassVar[str] = "conversation.absorbed"

    other: str
    merged_from: tuple[str, ...] = ()
    replies: tuple[PendingReply, ...] = ()
    messages: int = 0
    unanswered_since: dt.datetime | None = None
    tags: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ConversationFiled:
    """A conversation was linked to a case, or split off from its case (*case* is then empty)."""

    TYPE: ClassVar[str] = "conversation.filed"

    case: str = ""


@attrs.frozen(kw_only=True)
class CaseOpened:
    """A member opened a case."""

    TYPE: ClassVar[str] = "case.opened"

    workspace: str
    priority: Priority = "normal"
    owner: str = ""
    title: str = attrs.field(metadata=PERSONAL)
    customer: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class CaseConversationsChanged:
    """Conversations were linked to a case or split off from it."""

    TYPE: ClassVar[str] = "case.conversations_changed"

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    customer: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class CaseMerged:
    """A case was merged into another one."""

    TYPE: ClassVar[str] = "case.merged"

    into: str


@attrs.frozen(kw_only=True)
class CaseAbsorbed:
    """Another case, with its conversations and links, was merged into this one."""

    TYPE: ClassVar[str] = "case.absorbed"

    other: str
    merged_from: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ItemAssigned:
    """
    A conversation or case got another owner.

    Attributes:
        to: The owner as a principal, or an empty string.
        why: "assign", "claim", "release", "take_over", "accept", "escalate", "offboard" or "case".
        reason: The reason that the member gave, or an empty string.
    """

    TYPE: ClassVar[str] = "item.assigned"

    to: str
    why: str
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class HandOffOffered:
    """The owner offered an item to another member or team; *to* is empty to withdraw the offer."""

    TYPE: ClassVar[str] = "item.hand_off_offered"

    to: str
    note: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class ItemStateChanged:
    """
    An item was resolved, reopened or put on hold, or its hold ended.

    Attributes:
        state: The new state.
        until: When an item on hold returns, in UTC.
        reason: The reason, or an empty string.
    """

    TYPE: ClassVar[str] = "item.state_changed"

    state: ItemState
    until: dt.datetime | None = None
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class ItemPrioritised:
    """An item got another priority."""

    TYPE: ClassVar[str] = "item.prioritised"

    priority: Priority


@attrs.frozen(kw_only=True)
class ItemTagged:
    """The tags of an item were replaced."""

    TYPE: ClassVar[str] = "item.tagged"

    tags: tuple[str, ...]


@attrs.frozen(kw_only=True)
class ItemNoted:
    """A note was written on an item; see `NoteWritten` for its text."""

    TYPE: ClassVar[str] = "item.noted"

    note: str
    internal: bool


@attrs.frozen(kw_only=True)
class ItemLinked:
    """An item was linked to posts and campaigns, which replace the earlier links."""

    TYPE: ClassVar[str] = "item.linked"

    posts: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ProposalsCleared:
    """A member decided on the proposals about a conversation: to split it, or to reopen its case."""

    TYPE: ClassVar[str] = "conversation.proposals_cleared"


@attrs.frozen(kw_only=True)
class CustomerLinked:
    """An account was linked to a customer."""

    TYPE: ClassVar[str] = "customer.linked"

    workspace: str
    account: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class CustomerUnlinked:
    """An account was unlinked from a customer."""

    TYPE: ClassVar[str] = "customer.unlinked"

    account: str = attrs.field(metadata=PERSONAL)
