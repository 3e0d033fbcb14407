"""Read notifications, posts and counts from an AT Protocol server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from socialcollab.content import Json, Message, MessageAuthor, MessageKind
from socialcollab.directory import Profile
from socialcollab.networks.bluesky.record import COLLECTION
from socialcollab.networks.bluesky.responses import NETWORK, list_in
from socialcollab.networks.reading import (
    Entry,
    ListPage,
    Place,
    entries_of,
    identifier,
    instant,
    number,
    own_posts,
    table,
    tables,
)
from socialcollab.networks.responses import object_of, text_in
from socialcollab.transport import Counts, Flow, OwnPost, OwnPosts, Request, call

_PAGE: Final = 100
_MOST_PAGES: Final = 10
# The limit of app.bsky.feed.getPosts.
_MOST_URIS: Final = 25
_REASONS: Final[Mapping[str, MessageKind]] = {
    "mention": "mention",
    "quote": "mention",
    "reply": "reply",
}


def notifications(
    server: str, profile: Profile, kinds: Collection[MessageKind], place: Place
) -> Flow[ListPage]:
    """Read a page of the account's notifications about posts, newest first."""
    reasons = tuple(reason for reason, kind in _REASONS.items() if kind in kinds)
    params: dict[str, str | tuple[str, ...]] = {"limit": str(_PAGE), "reasons": reasons}
    if place.page:
        params["cursor"] = place.page
    response = yield from call(_get(server, "app.bsky.notification.listNotifications", params))
    items = list_in(response, "notifications")
    entries, skipped = entries_of(items, lambda item: _entry(item, profile, kinds))
    return ListPage(
        entries=entries, skipped=skipped, next_page=text_in(object_of(response), "cursor")
    )


def posts_since(server: str, did: str, since: dt.datetime) -> Flow[OwnPosts]:
    """Read the posts in the account's repository, sorted by their keys, which contain a time."""
    found: list[Mapping[str, Json]] = []
    params = {"repo": did, "collection": COLLECTION, "limit": str(_PAGE)}
    complete = False
    for _ in range(_MOST_PAGES):
        response = yield from call(_get(server, "com.atproto.repo.listRecords", params))
        page = [item for item in list_in(response, "records") if isinstance(item, Mapping)]
        found += page
        token = text_in(object_of(response), "cursor")
        complete = not page or not token or any(_is_before(item, since) for item in page)
        if complete or token == params.get("cursor"):
            break
        params = {**params, "cursor": token}
    return own_posts(found, _own_post, since, complete=complete)


def counts_of(server: str, network_ids: Collection[str]) -> Flow[dict[str, Counts]]:
    """Read the counts of posts."""
    found: dict[str, Counts] = {}
    # Other ids would make the server refuse the whole request.
    uris = [uri for uri in dict.fromkeys(network_ids) if uri.startswith("at://")]
    for start in range(0, len(uris), _MOST_URIS):
        params = {"uris": tuple(uris[start : start + _MOST_URIS])}
        response = yield from call(_get(server, "app.bsky.feed.getPosts", params))
        for post in list_in(response, "posts"):
            if isinstance(post, Mapping) and text_in(post, "uri") in uris:
                found[text_in(post, "uri")] = Counts(
                    likes=number(post, "likeCount"),
                    reposts=number(post, "repostCount"),
                    replies=number(post, "replyCount"),
                    quotes=number(post, "quoteCount"),
                )
    return found


def post_url(uri: str) -> str:
    """Return the address at which people see a post, from the address of its record."""
    did, _, rest = uri.removeprefix("at://").partition("/")
    return f"https://bsky.app/profile/{did}/post/{rest.rpartition('/')[2]}"


def _entry(item: Mapping[str, Json], profile: Profile, kinds: Collection[MessageKind]) -> Entry:
    reason, at = text_in(item, "reason"), instant(item, "indexedAt")
    kind = _REASONS.get(reason)
    if kind is None or kind not in kinds:
        # Servers that do not know the parameter `reasons` return every notification.
        return Entry(at=at)
    uri = identifier(item, "uri")
    record, author = table(item, "record"), table(item, "author")
    did = identifier(author, "did")
    reply = table(record, "reply")
    languages = record.get("langs")
    return Entry(
        at=at,
        message=Message(
            network=NETWORK,
            profile=profile.id,
            network_id=uri,
            kind=kind,
            author=MessageAuthor(
                id=did, handle=text_in(author, "handle"), name=text_in(author, "displayName")
            ),
            # The sender chooses the time in the record.
            created_at=min(at, _claimed(record, at)),
            text=text_in(record, "text"),
            language=str(languages[0]) if isinstance(languages, list) and languages else "",
            url=post_url(uri),
            parent=_quoted(record) if reason == "quote" else text_in(table(reply, "parent"), "uri"),
            root=text_in(table(reply, "root"), "uri"),
            media=tuple(_media(record, did)),
            version=text_in(item, "cid"),
        ),
    )


def _claimed(record: Mapping[str, Json], otherwise: dt.datetime) -> dt.datetime:
    try:
        return instant(record, "createdAt")
    except ValueError:
        return otherwise


def _quoted(record: Mapping[str, Json]) -> str:
    """Return the address of the quoted post; with media, it is one level deeper."""
    embed = table(record, "embed")
    inner = table(embed, "record")
    return text_in(inner, "uri") or text_in(table(inner, "record"), "uri")


def _media(record: Mapping[str, Json], did: str) -> Iterator[str]:
    """Yield the addresses of the images and the video in a record."""
    embed = table(record, "embed")
    embed = table(embed, "media") or embed
    for image in tables(embed, "images"):
        cid = text_in(table(image, "image", "ref"), "$link")
        if cid:
            yield f"https://cdn.bsky.app/img/feed_fullsize/plain/{did}/{cid}@jpeg"
    cid = text_in(table(embed, "video", "ref"), "$link")
    if cid:
        yield f"https://video.bsky.app/watch/{did}/{cid}/playlist.m3u8"


def _own_post(item: Mapping[str, Json]) -> OwnPost:
    uri, record = identifier(item, "uri"), table(item, "value")
    return OwnPost(
        network_id=uri,
        text=text_in(record, "text"),
        created_at=instant(record, "createdAt"),
        url=post_url(uri),
    )


def _is_before(item: Mapping[str, Json], since: dt.datetime) -> bool:
    try:
        return instant(table(item, "value"), "createdAt") < since
    except ValueError:
        return False


def _get(server: str, name: str, params: Mapping[str, str | tuple[str, ...]]) -> Request:
    return Request(method="GET", url=f"{server}/xrpc/{name}", params=params)
