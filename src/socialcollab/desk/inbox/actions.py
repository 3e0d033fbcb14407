"""Perform commands of the inbox, and return what changed as the member sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from socialcollab.desk.engine import Engine
from socialcollab.desk.handlers.perform import perform
from socialcollab.desk.inbox.commands import load_item
from socialcollab.desk.inbox.queries import inbox_rules
from socialcollab.document_fields import as_items
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError, SocialCollabError, StoreError
from socialcollab.inbox import Case, Conversation, Customer, InboxCommand, Item
from socialcollab.workflow import Actor


@attrs.frozen(kw_only=True)
class InboxOutcome:
    """
    The outcome of a command on one of several items.

    Attributes:
        item: The stream of the conversation or case.
        result: The conversation or case after the command, or None if it was refused.
        problem: The reason for the refusal, or None if the command was performed.
    """

    item: str
    result: Item | None = None
    problem: SocialCollabError | None = None

    @property
    def ok(self) -> bool:
        """Whether the command was performed."""
        return self.problem is None


def stream_of(item: Item | str) -> str:
    """
    Return the stream of a conversation or case that a caller passed, or of a conversation's id.

    Raises:
        InvalidValueError: If *item* is neither of these.
    """
    if isinstance(item, Conversation | Case):
        return item.stream
    if not isinstance(item, str):
        raise InvalidValueError(
            f"an instance of `{type(item).__name__}` is not a conversation or case",
            value=type(item).__name__,
            expected="a conversation, a case, or an id",
        )
    return item if "/" in item else f"conversation/{item}"


def act(engine: Engine, actor: Actor, command: InboxCommand, *, result: str) -> Effects[Any]:
    """Perform a command, and return the item with the stream *result* after it."""
    snapshots, state = yield from perform(engine, actor, command)
    if result in snapshots:
        return snapshots[result]
    if result.startswith("customer/"):
        customer: Customer = (yield from engine.load(result)).snapshot
        return customer
    return (yield from load_item(engine, result, inbox_rules(engine, state, actor))).snapshot


def act_on_many(
    engine: Engine,
    actor: Actor,
    items: Iterable[Item | str],
    make: Callable[[str, int], InboxCommand],
    *,
    versioned: bool = False,
) -> Effects[tuple[InboxOutcome, ...]]:
    """
    Perform a command on each of several items; a refusal does not affect the others.

    Args:
        engine: The desk's engine.
        actor: The actor.
        items: The items.
        make: Returns the command for an item's stream and the version that the actor saw.
        versioned: Whether the command depends on that version, so that an id is not enough.

    Raises:
        InvalidValueError: If a value is not an item.
        StoreError: If the store fails. The commands on earlier items have already been performed.
    """
    outcomes: list[InboxOutcome] = []
    for item in as_items(items, "conversations and cases"):
        stream = stream_of(item)
        if versioned and isinstance(item, str):
            raise InvalidValueError(
                f"`{item}` is only an id",
                value=item,
                expected="an item, which contains the version that the member saw",
            )
        seen = 0 if isinstance(item, str) else item.version
        try:
            result = yield from act(engine, actor, make(stream, seen), result=stream)
        except StoreError:
            raise
        except SocialCollabError as error:
            outcomes.append(InboxOutcome(item=stream, problem=error))
        else:
            outcomes.append(InboxOutcome(item=stream, result=result))
    return tuple(outcomes)
