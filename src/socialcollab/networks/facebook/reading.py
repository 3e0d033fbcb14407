"""Read comments, tagged posts, conversations, posts and counts of a Facebook Page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Json, Message, MessageAuthor, MessageKind
from socialcollab.directory import Profile
from socialcollab.networks.graph_reading import GraphReader, Nested, Read, total_of
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

NETWORK: Final = "facebook"
_COMMENT: Final = "id,message,created_time,from,parent,permalink_url,is_hidden,attachment"
_TAGGED: Final = "id,message,created_time,permalink_url,from,full_picture"
_MESSAGE: Final = "id,message,created_time,from,attachments"
_POST: Final = "id,message,created_time,permalink_url"


@attrs.frozen(kw_only=True)
class FacebookReader:
    """
    The flows that read from a Page.

    Attributes:
        profile: The profile.
        server: The address of the Graph API, with its version.
    """

    profile: Profile
    server: str

    def sources(self, page: str, kinds: Collection[MessageKind]) -> dict[str, Source]:
        """Return the lists that contain messages of these kinds."""
        lists: dict[str, Source] = {}
        path = f"/{quote(page, safe='')}"
        if "comment" in kinds:
            comments = Nested(
                path=f"{path}/published_posts",
                outer_fields="id",
                edge="comments",
                fields=_COMMENT,
                # Replies to comments are part of the stream.
                params={"filter": "stream", "order": "reverse_chronological"},
                read=lambda post: self._comment(page, post),
            )
            lists["comments"] = lambda place: self._graph.nested_page(comments, place)
        if "mention" in kinds:
            lists["tagged"] = lambda place: self._graph.page(
                f"{path}/tagged", _TAGGED, self._tagged(page), place
            )
        if "direct" in kinds:
            conversations = Nested(
                path=f"{path}/conversations",
                outer_fields="id,link,updated_time,participants",
                edge="messages",
                fields=_MESSAGE,
                read=lambda conversation: self._direct_message(page, conversation),
                sorted_by="updated_time",
            )
            lists["direct"] = lambda place: self._graph.nested_page(conversations, place)
        return lists

    def recent_posts(
        self, page: str, fields: str, since: dt.datetime
    ) -> Flow[tuple[list[Mapping[str, Json]], bool]]:
        """Return the Page's posts since an instant, newest first, and whether these are all."""
        path = f"/{quote(page, safe='')}/published_posts"
        return self._graph.recent(path, fields, "created_time", since)

    def posts_since(self, page: str, since: dt.datetime) -> Flow[OwnPosts]:
        """Read the posts of the Page since an instant."""
        posts, complete = yield from self.recent_posts(page, _POST, since)
        return own_posts(posts, _own_post, since, complete=complete)

    def counts(self, network_ids: Collection[str]) -> Flow[dict[str, Counts]]:
        """Read the counts of posts, one by one, because one missing post would fail them all."""
        found: dict[str, Counts] = {}
        for network_id in dict.fromkeys(network_ids):
            # The id of a video, also that of a reel, has no part for the Page.
            kinds = (_POST_COUNTS, _COMMENT_COUNTS) if "_" in network_id else (_VIDEO_COUNTS,)
            counts = yield from self._graph.counts(network_id, *kinds)
            if counts is not None:
                found[network_id] = counts
        return found

    @property
    def _graph(self) -> GraphReader:
        return GraphReader(server=self.server, network=NETWORK)

    def _comment(self, page: str, post: Mapping[str, Json]) -> Read:
        root = identifier(post)

        def read(item: Mapping[str, Json]) -> Entry:
            picture = text_in(table(item, "attachment", "media", "image"), "src")
            message = self._message(
                item,
                page,
                "comment",
                parent=text_in(table(item, "parent"), "id") or root,
                root=root,
                media=(picture,) if picture else (),
            )
            return Entry(
                at=message.created_at,
                message=attrs.evolve(message, hidden=item.get("is_hidden") is True),
            )

        return read

    def _tagged(self, page: str) -> Read:
        def read(item: Mapping[str, Json]) -> Entry:
            picture = text_in(item, "full_picture")
            message = self._message(item, page, "mention", media=(picture,) if picture else ())
            return Entry(at=message.created_at, message=message)

        return read

    def _direct_message(self, page: str, conversation: Mapping[str, Json]) -> Read:
        # A webhook identifies a conversation by the other account, to which an answer is sent.
        others = [
            text_in(each, "id") for each in tables(table(conversation, "participants"), "data")
        ]
        root = next((each for each in others if each and each != page), identifier(conversation))

        def read(item: Mapping[str, Json]) -> Entry:
            attached = [
                text_in(table(each, kind), "url")
                for each in tables(table(item, "attachments"), "data")
                for kind in ("image_data", "video_data")
            ]
            message = self._message(
                item, page, "direct", root=root, media=tuple(url for url in attached if url)
            )
            return Entry(at=message.created_at, message=message)

        return read

    def _message(
        self,
        item: Mapping[str, Json],
        page: str,
        kind: MessageKind,
        *,
        parent: str = "",
        root: str = "",
        media: tuple[str, ...] = (),
    ) -> Message:
        # Without a permission, the API does not reveal who wrote a comment.
        author = table(item, "from")
        return Message(
            network=NETWORK,
            profile=self.profile.id,
            network_id=identifier(item),
            kind=kind,
            author=MessageAuthor(id=text_in(author, "id"), name=text_in(author, "name")),
            created_at=instant(item, "created_time"),
            text=text_in(item, "message"),
            url=text_in(item, "permalink_url"),
            parent=parent,
            root=root,
            media=media,
            own=text_in(author, "id") == page,
        )


def _own_post(post: Mapping[str, Json]) -> OwnPost:
    return OwnPost(
        network_id=identifier(post),
        text=text_in(post, "message"),
        created_at=instant(post, "created_time"),
        url=text_in(post, "permalink_url"),
    )


def _post_counts(values: Json) -> Counts:
    return Counts(
        likes=total_of(values, "reactions"),
        # A post that was never shared has no such field.
        reposts=number(table(values, "shares"), "count") or 0,
        replies=total_of(values, "comments"),
    )


def _video_counts(values: Json) -> Counts:
    return Counts(
        likes=total_of(values, "likes"),
        replies=total_of(values, "comments"),
        views=number(table(values), "views"),
    )


def _comment_counts(values: Json) -> Counts:
    return Counts(
        likes=number(table(values), "like_count"), replies=number(table(values), "comment_count")
    )


_POST_COUNTS: Final = (
    "comments.limit(0).summary(true),reactions.limit(0).summary(true),shares",
    _post_counts,
)
_COMMENT_COUNTS: Final = ("comment_count,like_count", _comment_counts)
_VIDEO_COUNTS: Final = (
    "comments.limit(0).summary(true),likes.limit(0).summary(true),views",
    _video_counts,
)
