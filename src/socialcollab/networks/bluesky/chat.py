"""Read and send direct messages on Bluesky, which belong to a service of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import attrs

from socialcollab.content import Json, Message, MessageAuthor
from socialcollab.directory import Profile
from socialcollab.networks.bluesky.record import link_facets
from socialcollab.networks.bluesky.responses import NETWORK, list_in, text_of
from socialcollab.networks.reading import (
    Entry,
    ListPage,
    Place,
    Todo,
    entries_of,
    identifier,
    instant,
    table,
    tables,
)
from socialcollab.networks.responses import object_of, text_in
from socialcollab.transport import Flow, Inconclusive, Published, Request, call

# The account's server passes requests with this header on to the service:
# docs.bsky.app/docs/advanced-guides/api-directory, read 2026-11-30.
_SERVICE: Final = {"atproto-proxy": "did:web:api.bsky.chat#bsky_chat"}
_CONVERSATIONS: Final = 50
_MOST_CONVERSATIONS: Final = 200
_MESSAGES: Final = 100
_AT_ONCE: Final = 10
_MOST_PAGES: Final = 5
_SYSTEM: Final = "chat.bsky.convo.defs#systemMessageView"
_DELETED: Final = "chat.bsky.convo.defs#deletedMessageView"


def direct_messages(server: str, profile: Profile, account: str, place: Place) -> Flow[ListPage]:
    """
    Read the list of conversations, and then the messages of those with new ones.

    A page token contains the conversations that are still to be read.
    """
    todo = Todo.parse(place.page, _MOST_CONVERSATIONS)
    if todo.rest:
        return (yield from _messages(server, profile, account, place, todo))
    params = {"limit": str(_CONVERSATIONS)}
    if todo.after:
        params["cursor"] = todo.after
    response = yield from call(_get(server, "chat.bsky.convo.listConvos", params))
    conversations = list_in(response, "convos")
    times: list[dt.datetime] = []
    queue: list[list[str]] = []
    unread = 0
    for each in conversations:
        last = table(each, "lastMessage")
        if isinstance(each, Mapping) and "lastMessage" not in each:
            continue
        try:
            at, name = instant(last, "sentAt"), identifier(table(each))
        except ValueError:
            unread += 1
            continue
        times.append(at)
        if place.is_new(at):
            queue.append([name, ""])
    after = text_in(object_of(response), "cursor")
    # A reaction moves a conversation to the front without a new message, so a single old one does
    # not mean that the rest is old.
    left = todo.left - len(conversations) if after and queue else 0
    todo = Todo(after=after, left=max(0, left), rest=queue)
    return ListPage(
        entries=(),
        skipped=unread,
        next_page=todo.text(),
        is_sorted=False,
        at=max(times, default=None),
    )


def _messages(
    server: str, profile: Profile, account: str, place: Place, todo: Todo
) -> Flow[ListPage]:
    """Read a page of messages of each of the first conversations that are still to be read."""
    found: list[Entry] = []
    unread, queue = 0, []
    for conversation, after in todo.rest[:_AT_ONCE]:
        params = {"convoId": conversation, "limit": str(_MESSAGES)}
        if after:
            params["cursor"] = after
        response = yield from call(_get(server, "chat.bsky.convo.getMessages", params))
        profiles = tables(object_of(response), "relatedProfiles")
        authors = {text_in(each, "did"): each for each in profiles}

        def read(
            item: Mapping[str, Json],
            conversation: str = conversation,
            authors: Mapping[str, Mapping[str, Json]] = authors,
        ) -> Entry:
            return _entry(item, profile, account, conversation, authors)

        entries, skipped = entries_of(list_in(response, "messages"), read)
        found += entries
        unread += skipped
        token = text_in(object_of(response), "cursor")
        if token and token != after and all(place.is_new(each.at) for each in entries):
            queue.append([conversation, token])
    todo = attrs.evolve(todo, rest=[*queue, *todo.rest[_AT_ONCE:]])
    return ListPage(entries=tuple(found), skipped=unread, next_page=todo.text(), is_sorted=False)


def send_message(server: str, conversation: str, text: str) -> Flow[Published]:
    """
    Send a direct message.

    The service has no keys, in contrast to the records of posts.
    """
    message: dict[str, Json] = {"text": text}
    links = link_facets(text)
    if links:
        message["facets"] = links
    response = yield from call(
        Request(
            method="POST",
            url=f"{server}/xrpc/chat.bsky.convo.sendMessage",
            headers=_SERVICE,
            json={"convoId": conversation, "message": message},
            creates=0,
            repeat="no",
        )
    )
    return Published(network_id=text_of(response, "id", creates=True))


def find_message(
    server: str, account: str, conversation: str, text: str, since: dt.datetime
) -> Flow[Published | Inconclusive | None]:
    """Return the account's message with a text that was sent since an instant, or None."""
    params = {"convoId": conversation, "limit": str(_MESSAGES)}
    for _ in range(_MOST_PAGES):
        response = yield from call(_get(server, "chat.bsky.convo.getMessages", params))
        for each in map(table, list_in(response, "messages")):
            at = instant(each, "sentAt")
            # Newest first.
            if at < since:
                return None
            if text_in(table(each, "sender"), "did") == account and text_in(each, "text") == text:
                return Published(network_id=identifier(each), at=at)
        token = text_in(object_of(response), "cursor")
        if not token:
            return None
        params = {**params, "cursor": token}
    return Inconclusive("the conversation has too many new messages to look through")


def _entry(
    item: Mapping[str, Json],
    profile: Profile,
    account: str,
    conversation: str,
    authors: Mapping[str, Mapping[str, Json]],
) -> Entry:
    at, kind = instant(item, "sentAt"), text_in(item, "$type")
    if kind == _SYSTEM:
        return Entry(at=at)
    did = identifier(table(item, "sender"), "did")
    author = authors.get(did, {})
    return Entry(
        at=at,
        message=Message(
            network=NETWORK,
            profile=profile.id,
            network_id=identifier(item),
            kind="direct",
            author=MessageAuthor(
                id=did, handle=text_in(author, "handle"), name=text_in(author, "displayName")
            ),
            created_at=at,
            text=text_in(item, "text"),
            parent=text_in(table(item, "replyTo"), "id"),
            root=conversation,
            own=did == account,
            deleted=kind == _DELETED,
            version=text_in(item, "rev"),
        ),
    )


def _get(server: str, name: str, params: Mapping[str, str]) -> Request:
    return Request(method="GET", url=f"{server}/xrpc/{name}", params=params, headers=_SERVICE)
