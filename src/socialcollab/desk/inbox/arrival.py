"""Receive messages from networks, webhooks or the host."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from socialcollab.content import Message
from socialcollab.desk.engine import Engine, Loaded
from socialcollab.desk.inbox.replies import load_conversation
from socialcollab.document_fields import as_items
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.inbox import (
    Arrival,
    InboxRules,
    StoredMessage,
    message_key,
    receive,
    thread_of,
)
from socialcollab.workflow import Actor


@attrs.frozen(kw_only=True)
class Received:
    """
    What a desk did with a message that arrived.

    Attributes:
        message: The key under which the message is stored.
        conversation: The id of its conversation.
        kind: "new", "changed" if its author or the network has changed it, or "known" if it had
            arrived before.
    """

    message: str
    conversation: str
    kind: str


def receive_messages(engine: Engine, messages: Iterable[Message]) -> Effects[tuple[Received, ...]]:
    """
    Store messages one after another; see `Desk.receive`.

    Raises:
        InvalidValueError: If an item is not a message.
        NotFoundError: If a profile does not exist. The messages before it are stored.
    """
    items = as_items(messages, "messages")
    for message in items:
        if not isinstance(message, Message):
            raise InvalidValueError(
                f"an instance of `{type(message).__name__}` is not a message",
                value=type(message).__name__,
                expected="an instance of `socialcollab.content.Message`",
            )
    received: list[Received] = []
    for message in items:
        one = yield from _receive(engine, message)
        received.append(one)
    return tuple(received)


def _receive(engine: Engine, message: Message) -> Effects[Received]:
    def attempt() -> Effects[Received]:
        state = yield from engine.state()
        organization = state.organization
        if message.profile not in organization.profiles_by_id:
            raise NotFoundError(
                "profile",
                message.profile,
                suggestion=organization.did_you_mean("profile", message.profile),
            )
        now = engine.now()
        context = engine.context(state, Actor.PUBLISHER, now=now)
        rules = InboxRules(context=context, settings=organization.inbox)
        arrival, loaded = yield from _arrival(engine, message)
        events = receive(arrival, rules)
        if events:
            yield from engine.append(state, events, loaded, at=now)
        before = arrival.stored
        return Received(
            message=message_key(message.profile, message.network_id),
            conversation=arrival.key if before is None else before.conversation,
            kind="new" if before is None else "changed" if events else "known",
        )

    return (yield from engine.retry(attempt))


def _arrival(engine: Engine, message: Message) -> Effects[tuple[Arrival, list[Loaded]]]:
    """Read the states that a decision about a message depends on; their number is constant."""
    stored = yield from engine.load(f"message/{message_key(message.profile, message.network_id)}")
    known: StoredMessage | None = stored.snapshot
    if known is None:
        key = yield from _thread(engine, message)
        conversation = yield from load_conversation(engine.load, key)
    else:
        conversation = yield from load_conversation(engine.load, known.conversation)
        key = known.conversation
    case = None
    loaded = [stored, conversation]
    if conversation.snapshot is not None:
        key = conversation.snapshot.id
        if conversation.snapshot.case:
            case = yield from engine.load(f"case/{conversation.snapshot.case}")
            loaded.append(case)
    post = ""
    if message.own and known is None:
        post = yield from _post_with(engine, message)
    arrival = Arrival(
        message=message,
        stored=known,
        conversation=conversation.snapshot,
        case=None if case is None else case.snapshot,
        key=key,
        post=post,
    )
    return arrival, loaded


def _thread(engine: Engine, message: Message) -> Effects[str]:
    parent = ""
    if message.parent:
        key = message_key(message.profile, message.parent)
        answered: StoredMessage | None = (yield from engine.load(f"message/{key}")).snapshot
        parent = answered.conversation if answered is not None else ""
    root_is_own = False
    if not parent and message.root and message.kind != "direct":
        where = {"profile": message.profile, "network_id": message.root}
        rows = yield from call(engine.store.query, "network_ids", where=where, limit=1)
        rows += yield from call(engine.store.query, "native_posts", where=where, limit=1)
        root_is_own = bool(rows)
    return thread_of(message, parent=parent, root_is_own=root_is_own)


def _post_with(engine: Engine, message: Message) -> Effects[str]:
    """Return the post whose delivery created a message, or an empty string."""
    where = {"profile": message.profile, "network_id": message.network_id}
    rows = yield from call(engine.store.query, "network_ids", where=where, limit=1)
    return str(rows[0].columns["post"]) if rows else ""
