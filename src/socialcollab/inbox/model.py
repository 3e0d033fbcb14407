"""Conversations, cases, customers, and the messages and notes in them."""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

import attrs

from socialcollab.collisions import ItemActivity
from socialcollab.content import Message, MessageAuthor, MessageKind
from socialcollab.errors import InvalidValueError

ItemState: TypeAlias = Literal["open", "waiting", "on_hold", "resolved"]
"""
The state of a conversation or case.

An open item needs an answer or other work, a waiting item waits for the customer, an item on hold
returns at a chosen instant, and a resolved item is done.
"""

Priority: TypeAlias = Literal["low", "normal", "high", "urgent"]
"""The priority of a conversation or case."""

ITEM_STATES: Final[tuple[ItemState, ...]] = get_args(ItemState)
"""All states of a conversation or case."""

PRIORITIES: Final[tuple[Priority, ...]] = get_args(Priority)
"""All priorities, lowest first."""

ReplyStatus: TypeAlias = Literal["draft", "proposed", "reserved", "leaving", "stopped", "published"]
"""
The progress of a reply: unsent, waiting for approval, reserved and about to leave, leaving, or
published. A reply that was stopped can be sent again after its author has looked at the conversation.
"""

Moderation: TypeAlias = Literal["hide", "unhide", "delete", "block", "unblock"]
"""An action on a customer's comment, or on the customer's account."""

_KEPT_ACTIVITY: Final = 20
_KEPT_VERSIONS: Final = 20
_MOST_EXCERPT: Final = 120


def _digest(*parts: str) -> str:
    text = "\x1f".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def message_key(profile: str, network_id: str) -> str:
    """Return the id under which a message is stored; equal ids are the same message."""
    # The id is hashed because a network id may contain any character.
    return _digest(profile, network_id)


def conversation_key(profile: str, kind: str, thread: str) -> str:
    """Return the id of a conversation, which depends only on the profile and the thread."""
    return _digest(profile, "direct" if kind == "direct" else "thread", thread)


def account_of(network: str, author: MessageAuthor) -> str:
    """Return the name of an account on a network, or an empty string if it is not known."""
    return f"{network}:{author.id}" if author.id else ""


def normalised(text: str) -> str:
    """
    Return a text for comparison: in NFC, without differences of case, with single spaces.

    Messages are stored as the network reports them, also if they are not NFC.
    """
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def excerpt(text: str) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join(text[: 4 * _MOST_EXCERPT].split())
    return line if len(line) <= _MOST_EXCERPT else f"{line[: _MOST_EXCERPT - 1]}…"


@attrs.frozen(kw_only=True)
class PendingReply:
    """
    A reply that was written but not yet published.

    Attributes:
        post: The id of the post that contains it.
        by: The member who wrote it.
        status: Its progress.
        seen: The version of the conversation that its author saw, or the version that the
            reservation led to.
        followed_up_at: When the customer wrote again while the reply was leaving, in UTC, or None.
    """

    post: str
    by: str
    status: ReplyStatus
    seen: int
    followed_up_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class HandOff:
    """
    An offer to take over an item; until it is accepted, the previous owner stays accountable.

    Attributes:
        to: The principal to whom the item is offered, such as ``member:ben``.
        by: The member who offered it.
        at: When it was offered, in UTC.
    """

    to: str
    by: str
    at: dt.datetime


@attrs.frozen(kw_only=True)
class ModerationRequest:
    """
    A request to hide, show, delete or block on the network.

    Attributes:
        id: Its id.
        action: The action.
        message: The key of the message that it is about.
        network_id: The network's id for the message.
        by: The member who requested it.
        at: When it was requested, in UTC.
        attempts: How often it has failed.
        not_before: When the next attempt is due, in UTC, or None if it is due at once.
        problem: Why the last attempt failed, or an empty string.
    """

    id: str
    action: Moderation
    message: str
    network_id: str
    by: str
    at: dt.datetime
    attempts: int = 0
    not_before: dt.datetime | None = None
    problem: str = ""


@attrs.frozen(kw_only=True)
class Conversation:
    """
    One thread on one profile: a direct chat, or a comment, mention or post with its replies.

    Its size does not depend on the number of messages; read these with `messages`.

    Attributes:
        id: The identifier.
        profile: The profile.
        workspace: The profile's workspace.
        kind: The kind of the message that began it.
        state: The state.
        priority: The priority.
        owner: The owner as a principal, such as ``member:ana``, or an empty string.
        tags: The tags, sorted.
        hand_off: The open offer to another member or team, or None.
        until: When an item on hold returns, in UTC, or None.
        version: The number of messages, replies, notes and changes of state. A reply must name the
            version that its author saw.
        activity: The most recent of these, oldest first.
        messages: The number of messages, including own ones.
        title: The beginning of its first message.
        customer: The name of the customer's account, such as ``x:12345``, or an empty string.
        customer_name: The customer's handle or name, to display.
        last_message: The key of the newest message of a customer.
        last_network_id: The network's id for that message, which a reply answers.
        opened_at: When it began, in UTC.
        changed_at: When it last changed, in UTC.
        unanswered_since: When the oldest unanswered message of the customer was received, in UTC, or
            None.
        resolved_at: When it was last resolved, in UTC, or None.
        case: The id of the case to which it belongs, or an empty string.
        recycled: Whether a message arrived long after it was resolved, so that it may be about a new
            subject.
        reopen_case: Whether it is proposed to reopen the case.
        replies: The replies that are not yet published.
        posts: The posts that it is about.
        campaigns: The campaigns that it is about.
        requests: The open moderation requests.
        merged_from: The ids of conversations that were merged into this one.
        merged_into: The id of the conversation into which this one was merged, or an empty string.
    """

    id: str
    profile: str
    workspace: str
    kind: MessageKind
    state: ItemState = "open"
    priority: Priority = "normal"
    owner: str = ""
    tags: tuple[str, ...] = ()
    hand_off: HandOff | None = None
    until: dt.datetime | None = None
    version: int = 0
    activity: tuple[ItemActivity, ...] = ()
    messages: int = 0
    title: str = ""
    customer: str = ""
    customer_name: str = ""
    last_message: str = ""
    last_network_id: str = ""
    opened_at: dt.datetime
    changed_at: dt.datetime
    unanswered_since: dt.datetime | None = None
    resolved_at: dt.datetime | None = None
    case: str = ""
    recycled: bool = False
    reopen_case: bool = False
    replies: tuple[PendingReply, ...] = ()
    posts: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    requests: tuple[ModerationRequest, ...] = ()
    merged_from: tuple[str, ...] = ()
    merged_into: str = ""

    @property
    def stream(self) -> str:
        """The name of its stream."""
        return f"conversation/{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether it is neither resolved nor merged into another conversation."""
        return self.state != "resolved" and not self.merged_into

    def reply(self, post: str) -> PendingReply | None:
        """Return the pending reply that a post contains, or None."""
        return next((reply for reply in self.replies if reply.post == post), None)

    def with_activity(self, activity: ItemActivity) -> Conversation:
        """Return the conversation at the version of *activity*, which is remembered."""
        kept = (*self.activity, activity)[-_KEPT_ACTIVITY:]
        return attrs.evolve(self, version=activity.version, activity=kept)


@attrs.frozen(kw_only=True)
class Case:
    """
    A piece of work for a customer, to which conversations are linked.

    Attributes:
        id: The identifier.
        workspace: The workspace.
        title: The title.
        state: The state.
        priority: The priority.
        owner: The owner as a principal, or an empty string. While the case is open, it is also the
            owner of the case's conversations.
        tags: The tags, sorted.
        hand_off: The open offer to another member or team, or None.
        until: When a case on hold returns, in UTC, or None.
        version: The number of changes of its state, notes and conversations.
        activity: The most recent of these, oldest first.
        conversations: The ids of its conversations, in the order in which they were linked.
        customer: The account of its customer, or an empty string.
        posts: The posts that it is about.
        campaigns: The campaigns that it is about.
        opened_at: When it was opened, in UTC.
        changed_at: When it last changed, in UTC.
        resolved_at: When it was last resolved, in UTC, or None.
        merged_from: The ids of cases that were merged into this one.
        merged_into: The id of the case into which this one was merged, or an empty string.
    """

    id: str
    workspace: str
    title: str = ""
    state: ItemState = "open"
    priority: Priority = "normal"
    owner: str = ""
    tags: tuple[str, ...] = ()
    hand_off: HandOff | None = None
    until: dt.datetime | None = None
    version: int = 0
    activity: tuple[ItemActivity, ...] = ()
    conversations: tuple[str, ...] = ()
    customer: str = ""
    posts: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    opened_at: dt.datetime
    changed_at: dt.datetime
    resolved_at: dt.datetime | None = None
    merged_from: tuple[str, ...] = ()
    merged_into: str = ""

    @property
    def stream(self) -> str:
        """The name of its stream."""
        return f"case/{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether it is neither resolved nor merged into another case."""
        return self.state != "resolved" and not self.merged_into

    def with_activity(self, activity: ItemActivity) -> Case:
        """Return the case at the version of *activity*, which is remembered."""
        kept = (*self.activity, activity)[-_KEPT_ACTIVITY:]
        return attrs.evolve(self, version=activity.version, activity=kept)


@attrs.frozen(kw_only=True)
class Customer:
    """
    A person with accounts on several networks, which members have linked. They are never guessed.

    Attributes:
        id: The identifier.
        workspace: The workspace.
        accounts: The accounts, such as ``x:12345``, in the order in which they were linked.
    """

    id: str
    workspace: str
    accounts: tuple[str, ...] = ()

    @property
    def stream(self) -> str:
        """The name of its stream."""
        return f"customer/{self.id}"


@attrs.frozen(kw_only=True)
class StoredMessage:
    """
    A message as it was received, with its later changes.

    Attributes:
        id: Its key, which is derived from the profile and the network's id.
        conversation: The conversation in which it was received.
        message: The message in its newest version.
        received_at: When it was received, in UTC.
        at: Its place in the timeline, in UTC: when it was written, or when it was received if it
            claims to come from the future.
        versions: The versions that were seen, so that an old version that arrives again is not taken
            for a change.
        edits: How often its author has changed it.
        post: The id of the post that contains it if it was sent by the desk, or an empty string.
        number: Its place among the messages and notes with the same time.
    """

    id: str
    conversation: str
    message: Message
    received_at: dt.datetime
    at: dt.datetime
    versions: tuple[str, ...] = ()
    edits: int = 0
    post: str = ""
    number: int = 0

    @property
    def text(self) -> str:
        """The text of the newest version."""
        return self.message.text

    def seen(self, version: str) -> StoredMessage:
        """Return the message with one more version that was seen."""
        if not version or version in self.versions:
            return self
        return attrs.evolve(self, versions=(*self.versions, version)[-_KEPT_VERSIONS:])


@attrs.frozen(kw_only=True)
class Note:
    """
    A note on a conversation or case.

    Attributes:
        id: The identifier.
        item: The stream of the conversation or case.
        by: The member who wrote it.
        at: When it was written, in UTC.
        text: The text.
        internal: Whether it is hidden from clients and guests.
        number: Its place among the messages and notes with the same time.
    """

    id: str
    item: str
    by: str
    at: dt.datetime
    text: str
    internal: bool = True
    number: int = 0


Item: TypeAlias = Conversation | Case
"""A conversation or a case."""


def check_word(kind: str, value: str, words: tuple[str, ...]) -> None:
    """
    Reject a value that is not one of *words*.

    Raises:
        InvalidValueError: If it is not; *kind* names the value in the message.
    """
    if value not in words:
        raise InvalidValueError(
            f"`{value}` is not a {kind}", value=value, expected=" or ".join(words)
        )


def as_tags(tags: Mapping[str, object] | tuple[str, ...]) -> tuple[str, ...]:
    """Return tags without surrounding space and duplicates, sorted."""
    return tuple(sorted({" ".join(tag.split()) for tag in tags if tag.strip()}))
