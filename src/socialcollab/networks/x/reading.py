"""Read mentions, direct messages, posts and counts from X."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Json, Message, MessageAuthor, MessageKind
from socialcollab.directory import Profile
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
from socialcollab.networks.responses import object_of, text_in, unreadable
from socialcollab.networks.x.responses import NETWORK, error_of, posts_of, shown_text
from socialcollab.transport import Counts, Flow, OwnPost, OwnPosts, Request, Response, call

POST_FIELDS: Final = "attachments,conversation_id,created_at,entities,note_post"
_PAGE: Final = 100
_MOST_PAGES: Final = 3
# The limit of GET /2/tweets.
_MOST_IDS: Final = 100
_INCLUDED: Final = {
    "user.fields": "name,username",
    "media.fields": "preview_image_url,type,url",
}


@attrs.frozen(kw_only=True)
class XReader:
    """
    The flows that read from X.

    Attributes:
        profile: The profile.
        server: The address of the API.
        fields_parameter: The name of the parameter that selects a post's fields.
    """

    profile: Profile
    server: str
    fields_parameter: str

    def mentions(
        self, account: str, kinds: Collection[MessageKind], place: Place
    ) -> Flow[ListPage]:
        """Read a page of the posts that mention the account, newest first."""
        params = {
            "max_results": str(_PAGE),
            self.fields_parameter: (
                "attachments,conversation_id,created_at,entities,lang,note_post"
            ),
            # Some fields are only returned together with the users and posts to which they refer.
            "expansions": "author_id,attachments.media_keys,in_reply_to_user_id,referenced_posts",
            **_INCLUDED,
        }
        if place.newest:
            params["since_id"] = place.newest
        elif place.after:
            # X bills older posts too if it returns them.
            params["start_time"] = _text(dt.datetime.fromisoformat(place.after))
        if place.page:
            params["pagination_token"] = place.page
        path = f"/2/users/{quote(account, safe='')}/mentions"
        response = yield from call(self._get(path, params))

        def read(post: Mapping[str, Json], included: _Included) -> Entry:
            return self._mention(post, included, account, kinds)

        return _page_of(response, read)

    def direct_messages(self, account: str, place: Place) -> Flow[ListPage]:
        """Read a page of the direct messages that the account received or sent, newest first."""
        params = {
            "max_results": str(_PAGE),
            "event_types": "MessageCreate",
            "dm_event.fields": "attachments,created_at,dm_conversation_id,entities,id,text",
            "expansions": "sender_id,attachments.media_keys",
            **_INCLUDED,
        }
        if place.page:
            params["pagination_token"] = place.page
        response = yield from call(self._get("/2/dm_events", params))

        def read(event: Mapping[str, Json], included: _Included) -> Entry:
            return self._direct_message(event, included, account)

        return _page_of(response, read)

    def recent_posts(
        self, account: str, since: dt.datetime, *, with_parents: bool = False
    ) -> Flow[tuple[list[Mapping[str, Json]], bool]]:
        """
        Return the account's posts since an instant, newest first, and whether these are all.

        Args:
            account: The id of the account.
            since: The instant.
            with_parents: Whether to read to which posts they reply, which X may bill.
        """
        params = {
            "max_results": str(_PAGE),
            "start_time": _text(since),
            "exclude": "retweets",
            self.fields_parameter: POST_FIELDS,
        }
        if with_parents:
            params["expansions"] = "referenced_posts"
        found: list[Mapping[str, Json]] = []
        path = f"/2/users/{quote(account, safe='')}/tweets"
        for _ in range(_MOST_PAGES):
            page, token = posts_of((yield from call(self._get(path, params))))
            found += page
            if not token:
                return found, True
            params = {**params, "pagination_token": token}
        return found, False

    def posts_since(self, account: str, since: dt.datetime) -> Flow[OwnPosts]:
        """Read the posts of the account since an instant."""
        posts, complete = yield from self.recent_posts(account, since)
        return own_posts(posts, self._own_post, since, complete=complete)

    def counts(self, network_ids: Collection[str]) -> Flow[dict[str, Counts]]:
        """Read the counts of posts."""
        found: dict[str, Counts] = {}
        # Other ids would make X refuse the whole request.
        ids = [one for one in dict.fromkeys(network_ids) if one.isascii() and one.isdigit()]
        for start in range(0, len(ids), _MOST_IDS):
            params = {
                "ids": ",".join(ids[start : start + _MOST_IDS]),
                self.fields_parameter: "public_metrics",
            }
            response = yield from call(self._get("/2/tweets", params))
            if response.status != 200:
                raise error_of(response)
            for post in tables(object_of(response), "data"):
                metrics = table(post, "public_metrics")
                found[str(post.get("id"))] = Counts(
                    likes=number(metrics, "like_count"),
                    reposts=number(metrics, "repost_count"),
                    replies=number(metrics, "reply_count"),
                    quotes=number(metrics, "quote_count"),
                    views=number(metrics, "impression_count"),
                )
        return {one: found[one] for one in ids if one in found}

    def _mention(
        self,
        post: Mapping[str, Json],
        included: _Included,
        account: str,
        kinds: Collection[MessageKind],
    ) -> Entry:
        kind: MessageKind = "mention"
        if str(post.get("in_reply_to_user_id") or "") == account:
            kind = "reply"
        network_id, at = identifier(post), instant(post, "created_at")
        if kind not in kinds:
            return Entry(at=at, position=network_id)
        author = included.author(post, "author_id")
        return Entry(
            at=at,
            message=Message(
                network=NETWORK,
                profile=self.profile.id,
                network_id=network_id,
                kind=kind,
                author=author,
                created_at=at,
                text=shown_text(post).strip(),
                language=text_in(post, "lang").removeprefix("und"),
                url=f"https://x.com/{author.handle or 'i'}/status/{network_id}",
                parent=_parent(post),
                root=str(post.get("conversation_id") or ""),
                media=tuple(included.urls(post)),
                own=author.id == account,
            ),
        )

    def _direct_message(
        self, event: Mapping[str, Json], included: _Included, account: str
    ) -> Entry:
        author, at = included.author(event, "sender_id"), instant(event, "created_at")
        return Entry(
            at=at,
            message=Message(
                network=NETWORK,
                profile=self.profile.id,
                network_id=identifier(event),
                kind="direct",
                author=author,
                created_at=at,
                text=shown_text(event).strip(),
                root=identifier(event, "dm_conversation_id"),
                media=tuple(included.urls(event)),
                own=author.id == account,
            ),
        )

    def _own_post(self, post: Mapping[str, Json]) -> OwnPost:
        name = self.profile.handle.removeprefix("@") or "i"
        return OwnPost(
            network_id=identifier(post),
            text=shown_text(post).strip(),
            created_at=instant(post, "created_at"),
            url=f"https://x.com/{name}/status/{identifier(post)}",
        )

    def _get(self, path: str, params: Mapping[str, str]) -> Request:
        return Request(method="GET", url=f"{self.server}{path}", params=params)


def _text(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@attrs.frozen
class _Included:
    """The users and media to which the items of a response refer, by id."""

    users: Mapping[str, Mapping[str, Json]]
    media: Mapping[str, Mapping[str, Json]]

    def author(self, item: Mapping[str, Json], key: str) -> MessageAuthor:
        author = identifier(item, key)
        user = self.users.get(author, {})
        return MessageAuthor(
            id=author, handle=text_in(user, "username"), name=text_in(user, "name")
        )

    def urls(self, item: Mapping[str, Json]) -> Iterator[str]:
        """Yield the addresses of an item's images and of the first frames of its videos."""
        keys = table(item, "attachments").get("media_keys")
        for key in keys if isinstance(keys, list) else ():
            media = self.media.get(str(key), {})
            url = text_in(media, "url") or text_in(media, "preview_image_url")
            if url:
                yield url


def _page_of(
    response: Response, read: Callable[[Mapping[str, Json], _Included], Entry]
) -> ListPage:
    """Return the entries of a page, which are read by a function of an item."""
    if response.status != 200:
        raise error_of(response)
    page = object_of(response)
    meta = page.get("meta")
    if not isinstance(meta, Mapping):
        raise unreadable(response, "`meta`", network=NETWORK)
    includes = table(page, "includes")
    included = _Included(
        {str(user.get("id")): user for user in tables(includes, "users")},
        {str(media.get("media_key")): media for media in tables(includes, "media")},
    )
    # A page without items has no `data`.
    items = page.get("data", [])
    entries, skipped = entries_of(
        items if isinstance(items, list) else [items], lambda item: read(item, included)
    )
    return ListPage(entries=entries, skipped=skipped, next_page=text_in(meta, "next_token"))


def parent_of(post: Mapping[str, Json]) -> str:
    """Return the id of the post that a post replies to, or an empty string if it is not stated."""
    return _referenced(post).get("replied_to", "")


def _parent(post: Mapping[str, Json]) -> str:
    """Return the id of the post that a post replies to or, otherwise, quotes."""
    return parent_of(post) or _referenced(post).get("quoted", "")


def _referenced(post: Mapping[str, Json]) -> dict[str, str]:
    """Return the ids of the posts to which a post refers, by the kind of reference."""
    return {
        text_in(each, "type"): str(each.get("id") or "")
        for each in tables(post, "referenced_posts")
    }
