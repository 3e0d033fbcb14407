"""Read comments, tagged media, posts and counts of an Instagram account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Json, Message, MessageAuthor, MessageKind
from socialcollab.directory import Profile
from socialcollab.networks.graph_reading import GraphReader, Nested, Read
from socialcollab.networks.reading import (
    Entry,
    Source,
    identifier,
    instant,
    number,
    own_posts,
    table,
    tables,
)
from socialcollab.networks.responses import text_in
from socialcollab.transport import Counts, Flow, OwnPost, OwnPosts

NETWORK: Final = "instagram"
_COMMENT: Final = "id,text,timestamp,username,from,hidden,parent_id"
_TAGGED: Final = "id,caption,timestamp,permalink,username,media_url"
_POST: Final = "id,caption,permalink,timestamp"
_REPLIES: Final = 25


@attrs.frozen(kw_only=True)
class InstagramReader:
    """
    The flows that read from an Instagram account.

    Attributes:
        profile: The profile.
        server: The address of the Graph API, with its version.
    """

    profile: Profile
    server: str

    def sources(self, account: str, kinds: Collection[MessageKind]) -> dict[str, Source]:
        """Return the lists that contain messages of these kinds."""
        lists: dict[str, Source] = {}
        path = f"/{quote(account, safe='')}"
        if "comment" in kinds:
            comments = Nested(
                path=f"{path}/media",
                outer_fields="id,permalink",
                edge="comments",
                fields=f"{_COMMENT},replies.limit({_REPLIES}){{{_COMMENT}}}",
                read=lambda post: self._comment(account, post),
                more=lambda comment: list(tables(table(comment, "replies"), "data")),
                time_key="timestamp",
            )
            lists["comments"] = lambda place: self._graph.nested_page(comments, place)
        if "mention" in kinds:
            lists["tags"] = lambda place: self._graph.page(
                f"{path}/tags", _TAGGED, self._tagged, place
            )
        return lists

    def recent_posts(
        self, account: str, since: dt.datetime
    ) -> Flow[tuple[list[Mapping[str, Json]], bool]]:
        """Return the account's posts since an instant, newest first, and whether these are all."""
        path = f"/{quote(account, safe='')}/media"
        return self._graph.recent(path, _POST, "timestamp", since)

    def posts_since(self, account: str, since: dt.datetime) -> Flow[OwnPosts]:
        """Read the posts of the account since an instant."""
        posts, complete = yield from self.recent_posts(account, since)
        return own_posts(posts, _own_post, since, complete=complete)

    def counts(self, network_ids: Collection[str]) -> Flow[dict[str, Counts]]:
        """Read the counts of posts, one by one."""
        found: dict[str, Counts] = {}
        for network_id in dict.fromkeys(network_ids):
            counts = yield from self._graph.counts(network_id, _POST_COUNTS, _COMMENT_COUNTS)
            if counts is not None:
                found[network_id] = counts
        return found

    @property
    def _graph(self) -> GraphReader:
        return GraphReader(server=self.server, network=NETWORK)

    def _comment(self, account: str, post: Mapping[str, Json]) -> Read:
        root, url = identifier(post), text_in(post, "permalink")

        def read(item: Mapping[str, Json]) -> Entry:
            author, at = table(item, "from"), instant(item, "timestamp")
            handle = text_in(author, "username") or text_in(item, "username")
            own = self.profile.handle.removeprefix("@").lower()
            return Entry(
                at=at,
                message=Message(
                    network=NETWORK,
                    profile=self.profile.id,
                    network_id=identifier(item),
                    kind="comment",
                    author=MessageAuthor(id=text_in(author, "id"), handle=handle),
                    created_at=at,
                    text=text_in(item, "text"),
                    url=url,
                    parent=text_in(item, "parent_id") or root,
                    root=root,
                    own=text_in(author, "id") == account or (own != "" and handle.lower() == own),
                    hidden=item.get("hidden") is True,
                ),
            )

        return read

    def _tagged(self, item: Mapping[str, Json]) -> Entry:
        at, media = instant(item, "timestamp"), text_in(item, "media_url")
        return Entry(
            at=at,
            message=Message(
                network=NETWORK,
                profile=self.profile.id,
                network_id=identifier(item),
                kind="mention",
                author=MessageAuthor(handle=text_in(item, "username")),
                created_at=at,
                text=text_in(item, "caption"),
                url=text_in(item, "permalink"),
                media=(media,) if media else (),
            ),
        )


def _own_post(post: Mapping[str, Json]) -> OwnPost:
    return OwnPost(
        network_id=identifier(post),
        text=text_in(post, "caption"),
        created_at=instant(post, "timestamp"),
        url=text_in(post, "permalink"),
    )


def _post_counts(values: Json) -> Counts:
    post = table(values)
    return Counts(likes=number(post, "like_count"), replies=number(post, "comments_count"))


def _comment_counts(values: Json) -> Counts:
    return Counts(likes=number(table(values), "like_count"))


_POST_COUNTS: Final = ("comments_count,like_count", _post_counts)
_COMMENT_COUNTS: Final = ("like_count", _comment_counts)
