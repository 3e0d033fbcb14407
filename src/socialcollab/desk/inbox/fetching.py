"""Read messages from a network, and store them."""

from __future__ import annotations

from typing import cast

import attrs

from socialcollab.content import MESSAGE_KINDS, MessageKind
from socialcollab.desk.inbox.arrival import Received, receive_messages
from socialcollab.desk.publishing.dispatcher import Dispatcher, no_permit, remember_nothing
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError
from socialcollab.inbox import check_word
from socialcollab.transport import MessagePage, ReadingAdapter


@attrs.frozen(kw_only=True)
class Fetched:
    """
    The result of reading a page of messages.

    Attributes:
        received: What the desk did with each message.
        cursor: The cursor to pass to the next call. Store it after each call.
        more: Whether there are more messages now.
        skipped: The number of entries that could not be read.
    """

    received: tuple[Received, ...]
    cursor: str
    more: bool = False
    skipped: int = 0


def fetch_messages(
    dispatcher: Dispatcher, profile: str, cursor: str, *, kinds: tuple[str, ...]
) -> Effects[Fetched]:
    """Read a page of messages from the network and store them; see `Desk.fetch_messages`."""
    state = yield from dispatcher.engine.state()
    found = state.organization.profile(profile)
    network = dispatcher.network_of(found)
    adapter = network.adapter(found)
    if not isinstance(adapter, ReadingAdapter):
        raise InvalidValueError(
            f"the network of profile `{profile}` cannot read messages",
            value=found.network,
            expected="a network whose adapter is a `ReadingAdapter`",
        )
    for kind in kinds:
        check_word("kind of message", kind, MESSAGE_KINDS)
    for kind in kinds:
        check_word("kind of message", kind, MESSAGE_KINDS)
    page: MessagePage = yield from dispatcher.run_flow(
        adapter.messages(cursor, kinds=cast("tuple[MessageKind, ...]", kinds)),
        network.transport(found),
        take_permit=no_permit,
        remember=remember_nothing,
    )
    received = yield from receive_messages(dispatcher.engine, page.messages)
    return Fetched(received=received, cursor=page.cursor, more=page.more, skipped=page.skipped)
