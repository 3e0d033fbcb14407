"""Hide replies on Bluesky, and block their authors."""

from __future__ import annotations

import hashlib
from typing import Final

from socialcollab.content import Json, Message
from socialcollab.errors import RejectedError, TransientError
from socialcollab.networks.bluesky.record import COLLECTION, instant_text, tid
from socialcollab.networks.bluesky.responses import (
    NETWORK,
    error_name,
    error_of,
    text_of,
    value_of,
)
from socialcollab.networks.reading import table
from socialcollab.networks.responses import object_of, text_in
from socialcollab.transport import Flow, Request, call

_BLOCKS: Final = "app.bsky.graph.block"
_GATES: Final = "app.bsky.feed.threadgate"
# The lexicon app.bsky.feed.threadgate limits the list to this length.
_MOST_HIDDEN: Final = 300


def set_hidden(server: str, account: str, message: Message, *, hidden: bool) -> Flow[None]:
    """
    Add a reply to the hidden replies of its thread, or remove it.

    The list belongs to the record that also states who may reply, so the rest of the record is kept.

    Raises:
        RejectedError: If the thread has too many hidden replies.
        TransientError: If the record was changed at the same time.
        NetworkError: If a request failed.
    """
    key = message.root.rpartition("/")[2]
    place: dict[str, Json] = {"repo": account, "collection": _GATES, "rkey": key}
    params = {name: str(value) for name, value in place.items()}
    response = yield from call(
        Request(method="GET", url=f"{server}/xrpc/com.atproto.repo.getRecord", params=params)
    )
    version: str | None = None
    record: dict[str, Json] = {
        "$type": _GATES,
        "post": f"at://{account}/{COLLECTION}/{key}",
        "createdAt": instant_text(message.created_at),
    }
    if error_name(response) != "RecordNotFound":
        version = text_of(response, "cid")
        record |= table(object_of(response), "value")
    listed = record.get("hiddenReplies")
    replies = [uri for uri in (listed if isinstance(listed, list) else []) if isinstance(uri, str)]
    if (message.network_id in replies) == hidden:
        return
    if hidden and len(replies) >= _MOST_HIDDEN:
        raise RejectedError(
            f"the thread already has {_MOST_HIDDEN} hidden replies", network=NETWORK
        )
    others: list[Json] = [uri for uri in replies if uri != message.network_id]
    record["hiddenReplies"] = [*others, message.network_id] if hidden else others
    response = yield from call(
        Request(
            method="POST",
            url=f"{server}/xrpc/com.atproto.repo.putRecord",
            # Otherwise, a change that is made at the same time would be lost.
            json={**place, "record": record, "swapRecord": version},
        )
    )
    if error_name(response) == "InvalidSwap":
        raise TransientError("the hidden replies were changed at the same time", network=NETWORK)
    text_of(response, "uri")


def set_blocked(server: str, account: str, message: Message, *, blocked: bool) -> Flow[None]:
    """
    Block the author of a message, or end the block. Blocks are public on Bluesky.

    Raises:
        NetworkError: If a request failed.
    """
    author = message.author.id
    response = yield from call(
        Request(
            method="GET", url=f"{server}/xrpc/app.bsky.actor.getProfile", params={"actor": author}
        )
    )
    value_of(response, "did")
    block = text_in(table(object_of(response), "viewer"), "blocking")
    if bool(block) == blocked:
        return
    body: dict[str, Json] = {"repo": account, "collection": _BLOCKS}
    if blocked:
        # The key depends on the message only, so a repeated request creates no second record.
        clock_id = int.from_bytes(hashlib.sha256(author.encode()).digest()[:2], "big") & 1023
        name, body["rkey"] = "putRecord", tid(message.created_at, clock_id)
        body["record"] = {
            "$type": _BLOCKS,
            "subject": author,
            "createdAt": instant_text(message.created_at),
        }
    else:
        name, body["rkey"] = "deleteRecord", block.rpartition("/")[2]
    response = yield from call(
        Request(method="POST", url=f"{server}/xrpc/com.atproto.repo.{name}", json=body)
    )
    if response.status != 200:
        raise error_of(response)
