"""Replies on their way to the network: the guard before they leave, and their outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from socialcollab.content import Delivery, DeliveryState, PostState
from socialcollab.effects import Effects
from socialcollab.inbox import (
    Conversation,
    MessageReceived,
    MessageRecognised,
    may_leave,
    message_key,
    move_reply,
    withdraw_reply,
)
from socialcollab.workflow import Actor, PostSnapshot
from socialcollab.workflow import events as ev
from socialcollab.workflow.events import Event

OUTDATED = "reply_outdated"
"""The problem of a reply that was stopped because its conversation had changed."""

_STOPPED = (DeliveryState.MISSED, DeliveryState.FAILED)
_WITHDRAWN = (PostState.CANCELLED, PostState.REJECTED)


class ReadStream(Protocol):
    """A stream that was read, with its snapshot and version."""

    @property
    def stream(self) -> str:
        """The name of the stream."""
        ...

    @property
    def version(self) -> int:
        """The version of the stream."""
        ...

    @property
    def snapshot(self) -> Any:
        """The snapshot, or None if the stream does not exist."""
        ...


Load = Callable[[str], Effects[Any]]


def load_conversation(load: Load, conversation: str) -> Effects[Any]:
    """Read a conversation, or the conversation into which it was merged."""
    loaded = yield from load(f"conversation/{conversation}")
    while loaded.snapshot is not None and loaded.snapshot.merged_into:
        # A conversation that was merged cannot absorb another one, so this loop ends.
        loaded = yield from load(f"conversation/{loaded.snapshot.merged_into}")
    return loaded


def guard_leaving(
    events: tuple[Event, ...], delivery: Delivery, conversation: Conversation | None
) -> tuple[Event, ...]:
    """
    Return the events that start a delivery of a reply, or those that stop it.

    The events must be stored with the version of the conversation that was read. A message that
    arrives at the same time then either stops the reply, or arrives after it has left.

    Args:
        events: The events that would start the delivery or send a part of it.
        delivery: The delivery.
        conversation: The conversation, or None if it does not exist.
    """
    starts = any(isinstance(event.data, ev.DeliveryStarted | ev.SendStarted) for event in events)
    if not starts or delivery.live_ids:
        # The rest of a thread that is partly published is an answer that was already given.
        return events
    if conversation is not None and may_leave(conversation, delivery.post):
        return (*events, *move_reply(conversation, delivery.post, "leaving"))
    missed = ev.publisher_event(delivery.id, ev.DeliveryMissed(problem=OUTDATED))
    if conversation is None:
        return (missed,)
    return (missed, *move_reply(conversation, delivery.post, "stopped"))


def follow_replies(
    load: Load, known: Mapping[str, ReadStream], snapshots: Mapping[str, Any]
) -> Effects[list[Event]]:
    """
    Return the events that tell conversations about the progress of their replies.

    Args:
        load: Reads a stream.
        known: The streams before the command.
        snapshots: The snapshot of each changed stream after it.
    """
    following: list[Event] = []
    for stream, snapshot in snapshots.items():
        before = known[stream].snapshot
        if isinstance(snapshot, Delivery):
            if before is not None and before.state is snapshot.state:
                continue
            if snapshot.state not in (*_STOPPED, DeliveryState.PUBLISHED):
                continue
            post = snapshots.get(f"post/{snapshot.post}")
            if post is None:
                post = (yield from load(f"post/{snapshot.post}")).snapshot
            if post is not None and post.post.conversation:
                following += yield from _outcome(load, snapshots, post, snapshot)
        elif (
            isinstance(snapshot, PostSnapshot)
            and snapshot.post.conversation
            and snapshot.post.state in _WITHDRAWN
        ):
            conversation = yield from _current(load, snapshots, snapshot.post.conversation)
            if conversation is not None:
                following += withdraw_reply(conversation, snapshot.post.id, Actor.RULES)
    return following


def _current(
    load: Load, snapshots: Mapping[str, Any], conversation: str
) -> Effects[Conversation | None]:
    """Return a conversation as it is after the events so far."""
    loaded = yield from load_conversation(load, conversation)
    after: Conversation | None = snapshots.get(loaded.stream, loaded.snapshot)
    return after


def _outcome(
    load: Load, snapshots: Mapping[str, Any], post: PostSnapshot, delivery: Delivery
) -> Effects[Iterable[Event]]:
    conversation = yield from _current(load, snapshots, post.post.conversation)
    if conversation is None:
        return ()
    if delivery.state in _STOPPED:
        return move_reply(conversation, delivery.post, "stopped")
    events: list[Event] = []
    added = 0
    for network_id in delivery.live_ids:
        key = message_key(delivery.profile, network_id)
        stream = f"message/{key}"
        echo = snapshots.get(stream)
        if echo is None:
            echo = (yield from load(stream)).snapshot
        if echo is not None:
            # A webhook was faster than the response to the request that published the reply.
            if not echo.post:
                recognised = MessageRecognised(post=delivery.post)
                events.append(Event(stream, Actor.PUBLISHER, recognised))
            continue
        received = MessageReceived(
            conversation=conversation.id,
            network=conversation.customer.partition(":")[0],
            profile=delivery.profile,
            network_id=network_id,
            kind=conversation.kind,
            created_at=delivery.changed_at or conversation.changed_at,
            own=True,
            post=delivery.post,
            number=conversation.version + 1,
            text=post.post.content.text_for(delivery.profile),
        )
        events.append(Event(stream, Actor.PUBLISHER, received))
        added += 1
    return (*move_reply(conversation, delivery.post, "published", messages=added), *events)
