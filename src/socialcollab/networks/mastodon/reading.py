"""Read notifications, posts and counts from a Mastodon server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import quote

from socialcollab.content import Json, Message, MessageAuthor, MessageKind
from socialcollab.directory import Profile
from socialcollab.errors import TransientError
from socialcollab.networks.mastodon.responses import (
    NETWORK,
    error_of,
    list_of,
    plain_text,
    published_of,
    values_of,
)
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
from socialcollab.networks.responses import text_in
from socialcollab.transport import Counts, Flow, OwnPost, OwnPosts, Request, Response, call

_PAGE: Final = 40
_MOST_PAGES: Final = 5
# The limit of GET /api/v1/statuses, which servers have had since Mastodon 4.3.
_MOST_IDS: Final = 20


def notifications(
    server: str, profile: Profile, account: str, kinds: Collection[MessageKind], place: Place
) -> Flow[ListPage]:
    """Read a page of the account's notifications of mentions and quotes, newest first."""
    params: dict[str, str | tuple[str, ...]] = {
        "limit": str(_PAGE),
        "types[]": ("mention", "quote"),
    }
    if place.newest:
        params["since_id"] = place.newest
    if place.page:
        params["max_id"] = place.page
    response = yield from call(_get(server, "/api/v1/notifications", params))
    if response.status in (400, 422):
        # Some compatible servers reject types that they do not know.
        params = {**params, "types[]": ("mention",)}
        response = yield from call(_get(server, "/api/v1/notifications", params))
    items = _items(response)

    def read(item: Mapping[str, Json]) -> Entry:
        return _entry(item, profile, account, kinds)

    entries, skipped = entries_of(items, read)
    oldest = items[-1] if items and _has_next(response, len(items)) else None
    return ListPage(
        entries=entries,
        skipped=skipped,
        next_page=str(oldest.get("id") or "") if isinstance(oldest, Mapping) else "",
    )


def recent_statuses(
    server: str, account: str, since: dt.datetime
) -> Flow[tuple[list[Mapping[str, Json]], bool]]:
    """Return the account's posts since an instant, newest first, and whether these are all."""
    found: list[Mapping[str, Json]] = []
    params = {"limit": str(_PAGE), "exclude_reblogs": "true"}
    path = f"/api/v1/accounts/{quote(account, safe='')}/statuses"
    for _ in range(_MOST_PAGES):
        page = list_of((yield from call(_get(server, path, params))))
        for status in page:
            at = published_of(status).at
            if at is not None and at < since:
                return found, True
            found.append(status)
        if len(page) < _PAGE:
            return found, True
        params = {**params, "max_id": str(page[-1]["id"])}
    return found, False


def posts_since(server: str, account: str, since: dt.datetime) -> Flow[OwnPosts]:
    """Read the posts of the account since an instant."""
    statuses, complete = yield from recent_statuses(server, account, since)
    return own_posts(statuses, _own_post, since, complete=complete)


def counts_of(server: str, network_ids: Collection[str]) -> Flow[dict[str, Counts]]:
    """Read the counts of posts, one by one if the server cannot return several posts."""
    found: dict[str, Counts] = {}
    ids = list(dict.fromkeys(network_ids))
    for start in range(0, len(ids), _MOST_IDS):
        batch = tuple(ids[start : start + _MOST_IDS])
        response = yield from call(_get(server, "/api/v1/statuses", {"id[]": batch}))
        if response.status in (404, 405, 422):
            statuses = []
            for one in batch:
                path = f"/api/v1/statuses/{quote(one, safe='')}"
                single = yield from call(_get(server, path, {}))
                if single.status not in (404, 410):
                    statuses.append(values_of(single, "id"))
        else:
            statuses = list_of(response)
        for status in statuses:
            if str(status["id"]) in batch:
                found[str(status["id"])] = Counts(
                    likes=number(status, "favourites_count"),
                    reposts=number(status, "reblogs_count"),
                    replies=number(status, "replies_count"),
                    quotes=number(status, "quotes_count"),
                )
    return found


def _entry(
    item: Mapping[str, Json], profile: Profile, account: str, kinds: Collection[MessageKind]
) -> Entry:
    position, at, status = identifier(item), instant(item, "created_at"), table(item, "status")
    kind: MessageKind = "mention"
    if text_in(status, "visibility") == "direct":
        kind = "direct"
    elif str(status.get("in_reply_to_account_id") or "") == account:
        kind = "reply"
    if kind not in kinds or text_in(item, "type") not in ("mention", "quote"):
        return Entry(at=at, position=position)
    author = table(status, "account")
    texts = text_in(status, "spoiler_text"), plain_text(text_in(status, "content"))
    quoted = table(status, "quote", "quoted_status")
    return Entry(
        at=at,
        position=position,
        message=Message(
            network=NETWORK,
            profile=profile.id,
            network_id=identifier(status),
            kind=kind,
            author=MessageAuthor(
                id=identifier(author),
                handle=text_in(author, "acct"),
                name=text_in(author, "display_name"),
            ),
            created_at=instant(status, "created_at"),
            text="\n\n".join(text for text in texts if text),
            language=text_in(status, "language"),
            url=text_in(status, "url") or text_in(status, "uri"),
            parent=str(status.get("in_reply_to_id") or quoted.get("id") or ""),
            media=tuple(
                url
                for each in tables(status, "media_attachments")
                if (url := text_in(each, "url") or text_in(each, "remote_url"))
            ),
            own=identifier(author) == account,
            version=text_in(status, "edited_at"),
        ),
    )


def _own_post(status: Mapping[str, Json]) -> OwnPost:
    return OwnPost(
        network_id=identifier(status),
        text=plain_text(text_in(status, "content")),
        created_at=instant(status, "created_at"),
        url=text_in(status, "url") or text_in(status, "uri"),
    )


def _items(response: Response) -> list[Json]:
    if response.status != 200:
        raise error_of(response)
    items = response.json()
    if not isinstance(items, list):
        raise TransientError("the response is not a list of notifications", network=NETWORK)
    return items


def _has_next(response: Response, count: int) -> bool:
    """Return whether there is another page. Mastodon can omit entries, so pages need not be full."""
    return 'rel="next"' in response.headers.get("link", "") or count >= _PAGE


def _get(server: str, path: str, params: Mapping[str, str | tuple[str, ...]]) -> Request:
    return Request(method="GET", url=f"{server}{path}", params=params)
