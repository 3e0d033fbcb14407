"""The adapter for one Instagram account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Final, NoReturn
from urllib.parse import quote

import attrs

from socialcollab.content import Attachment, Json, Message, MessageKind, Video
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.graph import (
    change,
    delete,
    instant_of,
    is_gone,
    items_of,
    upload_video,
    values_of,
)
from socialcollab.networks.graph_comments import Comments
from socialcollab.networks.graph_messages import DirectMessage
from socialcollab.networks.instagram.reading import NETWORK, InstagramReader
from socialcollab.networks.limits import text_to_send
from socialcollab.networks.lookup import earliest, lookup_result, missing, prepared_at
from socialcollab.networks.moderation import check_offered
from socialcollab.networks.reading import read_messages
from socialcollab.networks.responses import text_in
from socialcollab.networks.thread import id_of_part, next_part, publish_parts
from socialcollab.time import as_utc
from socialcollab.transport import (
    PUBLIC_KINDS,
    Checkpoint,
    Counts,
    Flow,
    Found,
    Inconclusive,
    MessagePage,
    Missing,
    ModerationAction,
    OutgoingPost,
    OwnPosts,
    Prepared,
    Published,
    Request,
    Wait,
    call,
)

_ACCOUNT: Final = "account"
_ITEM: Final = "item-"
_CONTAINER: Final = "container"
_UNREADABLE: Final = "UNREADABLE"
_WAIT_S: Final = 5.0
_MOST_WAITS: Final = 60
_PAGE_SIZE: Final = 100


@attrs.frozen(kw_only=True)
class InstagramAdapter:
    """
    The adapter for one Instagram account.

    A post is published in two steps: its container is created, and then published. The container's
    state shows whether the post was published.

    Attributes:
        profile: The profile.
        description: The limits and features of the network.
        server: The address of the Graph API, with its version.
        public_url: Returns the URL from which Instagram can download media, from their digest.
        send_within_s: The hard deadline of a request that publishes a container, in seconds.
    """

    profile: Profile
    description: NetworkDescription
    server: str
    public_url: Callable[[str], str | None]
    send_within_s: float = 60.0

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:  # noqa: ARG002
        """
        Remember the time, and check the network's limits.

        Raises:
            RejectedError: If the post exceeds limits. The message lists all exceeded limits.
        """
        return prepared_at(self.description, outgoing, now)

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """
        Create the container, wait until its media are ready, publish it, and comment on the post.

        A reply to a comment has no container.
        """
        done, outgoing = dict(progress), prepared.outgoing
        if _ACCOUNT not in done:
            done[_ACCOUNT] = yield from self._account()
            yield from call(Checkpoint(values=dict(done)))
        if outgoing.format == "message":
            return (yield from self._direct_message(outgoing, done[_ACCOUNT]).send())

        def create(part: int, done: Mapping[str, str]) -> Flow[tuple[Published, Mapping[str, str]]]:
            if part == 0 and not outgoing.reply_to:
                return (yield from self._create(prepared, done)), {}
            comments = self._comments(outgoing, done)
            text = outgoing.first_comment if part else text_to_send(self.description, outgoing)
            return (yield from comments.create(text, part=part)), {}

        return (yield from publish_parts(1 + len(outgoing.replies), done, create))

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Read the container's state; if it is published, look for its post. Look for a comment."""
        outgoing = prepared.outgoing
        count = 1 + len(outgoing.replies)
        part = next_part(progress, count)
        found: Published | Found | Missing | Inconclusive | None
        if outgoing.format == "message":
            account = progress.get(_ACCOUNT) or (yield from self._account())
            found = yield from self._direct_message(outgoing, account).find(earliest(prepared))
        elif part or outgoing.reply_to:
            account = progress.get(_ACCOUNT) or (yield from self._account())
            comments = self._comments(outgoing, {**progress, _ACCOUNT: account})
            text = outgoing.first_comment if part else text_to_send(self.description, outgoing)
            found = yield from comments.find(text, since=earliest(prepared))
        else:
            found = yield from self._find_first(prepared, progress)
        return lookup_result(self.description, found, count, progress)

    def _direct_message(self, outgoing: OutgoingPost, account: str) -> DirectMessage:
        return DirectMessage(
            network=NETWORK,
            server=self.server,
            account=account,
            recipient=outgoing.reply_to,
            text=text_to_send(self.description, outgoing),
        )

    def _comments(self, outgoing: OutgoingPost, progress: Mapping[str, str]) -> Comments:
        """Return the comments to which a part belongs."""
        is_reply = bool(outgoing.reply_to)
        return Comments(
            network=NETWORK,
            server=self.server,
            parent=outgoing.reply_to if is_reply else id_of_part(progress, 0),
            account=progress[_ACCOUNT],
            handle=self.profile.handle.removeprefix("@"),
            edge="replies" if is_reply else "comments",
            text_field="text",
            time_field="timestamp",
        )

    def _create(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Publish the post itself."""
        done = dict(progress)
        yield from self._check_quota(done)
        if _CONTAINER in done:
            found = yield from self._find_first(prepared, done)
            if isinstance(found, Found):
                return found.published
            if isinstance(found, Inconclusive):
                raise OutcomeUnknownError(found.reason, network=NETWORK)
        done = yield from self._ready(prepared.outgoing, done)
        request = attrs.evolve(
            self._request(
                "POST",
                f"/{quote(done[_ACCOUNT], safe='')}/media_publish",
                params={"creation_id": done[_CONTAINER]},
            ),
            creates=0,
            repeat="no",
        )
        response = yield from call(request)
        network_id = str(values_of(response, "id", network=NETWORK, creates=True)["id"])
        return Published(network_id=network_id, url=(yield from self._permalink(network_id)))

    def _find_first(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Read the container's state; if it is published, look for its post."""
        container = progress.get(_CONTAINER, "")
        if not container:
            return missing(self.description)
        state, _ = yield from self._state(container)
        # A container that cannot be read may have been published.
        if state not in ("PUBLISHED", _UNREADABLE):
            return missing(self.description)
        account = progress.get(_ACCOUNT) or (yield from self._account())
        since = earliest(prepared)
        if prepared.outgoing.format == "story":
            return (yield from self._find_story(account, since))
        caption = text_to_send(self.description, prepared.outgoing)
        posts, _ = yield from self._reader.recent_posts(account, since)
        for post in posts:
            if " ".join(text_in(post, "caption").split()) == " ".join(caption.split()):
                return Found(
                    Published(
                        network_id=str(post["id"]),
                        url=text_in(post, "permalink"),
                        at=instant_of(post, "timestamp"),
                    )
                )
        return Inconclusive(
            "the container may be published, but the account does not list its post"
        )

    def _find_story(self, account: str, since: dt.datetime) -> Flow[Found | Inconclusive]:
        """Return the only story since the post was prepared. Stories have no caption to compare."""
        params = {"fields": "id,permalink,timestamp", "limit": str(_PAGE_SIZE)}
        response = yield from call(
            self._request("GET", f"/{quote(account, safe='')}/stories", params=params)
        )
        recent = [
            story
            for story in items_of(response, network=NETWORK)
            if (at := instant_of(story, "timestamp")) is None or at >= since
        ]
        if len(recent) != 1:
            return Inconclusive(
                f"the container is published, and the account has {len(recent)} recent stories"
            )
        (story,) = recent
        return Found(
            Published(
                network_id=str(story["id"]),
                url=text_in(story, "permalink"),
                at=instant_of(story, "timestamp"),
            )
        )

    def compare(
        self,
        prepared: Prepared,
        progress: Mapping[str, str],  # noqa: ARG002  as other adapters
        network_id: str,
    ) -> Flow[tuple[str, ...]]:
        """Return ``text`` if the caption differs. Stories and comments are not compared."""
        outgoing = prepared.outgoing
        if outgoing.reply_to or outgoing.format == "story":
            return ()
        path, params = f"/{quote(network_id, safe='')}", {"fields": "id,caption"}
        response = yield from call(self._request("GET", path, params=params))
        caption = text_in(values_of(response, "id", network=NETWORK), "caption")
        expected = text_to_send(self.description, outgoing)
        return () if caption.split() == expected.split() else ("text",)

    def take_down(self, network_id: str) -> Flow[None]:
        """Delete the post. A post that no longer exists counts as deleted."""
        yield from delete(self.server, network_id, network=NETWORK)

    def moderation_actions(self, message: Message) -> frozenset[ModerationAction]:
        """Return the actions that Instagram offers for a message; apps cannot block accounts."""
        if message.kind != "comment":
            return frozenset()
        return frozenset({"delete"}) if message.own else frozenset({"delete", "hide", "unhide"})

    def moderate(self, action: ModerationAction, message: Message) -> Flow[None]:
        """
        Hide or delete a comment; see `ModeratingAdapter.moderate`.

        The permission ``instagram_business_manage_comments`` is needed.
        """
        check_offered(action, message, self.moderation_actions(message), self.description)
        if action == "delete":
            yield from delete(self.server, message.network_id, network=NETWORK)
        else:
            body = {"hide": action == "hide"}
            yield from change(self.server, message.network_id, body, network=NETWORK)

    def verify_credentials(self) -> Flow[str]:
        """Return the name of the account."""
        response = yield from call(
            self._request("GET", "/me", params={"fields": "user_id,username"})
        )
        return str(values_of(response, "username", network=NETWORK)["username"])

    def messages(
        self,
        cursor: str = "",
        *,
        kinds: Collection[MessageKind] = PUBLIC_KINDS,
        since: dt.datetime | None = None,
    ) -> Flow[MessagePage]:
        """
        Read comments on recent posts, and posts in which the account is tagged.

        Comments on posts before the latest 50 posts, and mentions in comments and captions, are not
        read; webhooks deliver them, and direct messages too. See `ReadingAdapter.messages`.
        """
        return read_messages(
            NETWORK,
            self._account,
            lambda account: self._reader.sources(account, kinds),
            cursor,
            kinds=kinds,
            since=since,
        )

    def own_posts(self, since: dt.datetime) -> Flow[OwnPosts]:
        """Read the posts of the account; see `ReadingAdapter.own_posts`."""
        account = yield from self._account()
        return (yield from self._reader.posts_since(account, as_utc(since)))

    def counts(self, network_ids: Collection[str]) -> Flow[Mapping[str, Counts]]:
        """
        Read the counts of posts; see `ReadingAdapter.counts`.

        Views are part of the insights, which are not read.
        """
        return self._reader.counts(network_ids)

    @property
    def _reader(self) -> InstagramReader:
        return InstagramReader(profile=self.profile, server=self.server)

    def _account(self) -> Flow[str]:
        """Return the id of the account, after checking that it is the profile's account."""
        response = yield from call(
            self._request("GET", "/me", params={"fields": "user_id,username"})
        )
        values = values_of(response, "user_id", "username", network=NETWORK)
        expected, actual = self.profile.handle.removeprefix("@"), str(values["username"])
        if expected and actual.lower() != expected.lower():
            raise AuthenticationError(
                f"the profile's account is `{expected}`, but the token belongs to `{actual}`",
                network=NETWORK,
            )
        return str(values["user_id"])

    def _check_quota(self, done: Mapping[str, str]) -> Flow[None]:
        """Check that the account may publish another post within 24 hours."""
        response = yield from call(
            self._request(
                "GET",
                f"/{quote(done[_ACCOUNT], safe='')}/content_publishing_limit",
                params={"fields": "quota_usage,config"},
            )
        )
        data = values_of(response, network=NETWORK).get("data")
        first = data[0] if isinstance(data, list) and data else {}
        limits = first if isinstance(first, Mapping) else {}
        config = limits.get("config")
        total = config.get("quota_total") if isinstance(config, Mapping) else None
        used = limits.get("quota_usage")
        if isinstance(total, int) and isinstance(used, int) and used >= total:
            raise RateLimitedError(
                f"the account has published {used} posts within 24 hours; Instagram allows {total}",
                network=NETWORK,
            )

    def _ready(self, outgoing: OutgoingPost, progress: Mapping[str, str]) -> Flow[dict[str, str]]:
        """Create the containers that do not exist, wait until they are ready, and return them."""
        done = dict(progress)
        caption = text_to_send(self.description, outgoing)
        if len(outgoing.media) == 1:
            one = outgoing.media[0]
            kind = "STORIES" if outgoing.format == "story" else "REELS"
            body = self._item(one, kind if isinstance(one, Video) else "")
            if outgoing.format == "story":
                # A story shows no caption.
                body["media_type"] = kind
            else:
                body["caption"] = caption
            return (yield from self._container(_CONTAINER, body, one, done))
        for place, one in enumerate(outgoing.media):
            item = self._item(one, "VIDEO" if isinstance(one, Video) else "")
            item["is_carousel_item"] = "true"
            done = yield from self._container(f"{_ITEM}{place}", item, one, done)
        children = [done[f"{_ITEM}{place}"] for place in range(len(outgoing.media))]
        body = {"media_type": "CAROUSEL", "children": ",".join(children), "caption": caption}
        return (yield from self._container(_CONTAINER, body, None, done))

    def _container(
        self,
        name: str,
        params: Mapping[str, str],
        one: Attachment | None,
        progress: Mapping[str, str],
    ) -> Flow[dict[str, str]]:
        """Create a container unless it exists, wait until it is ready, and return the progress."""
        done = dict(progress)
        # A container that is not published within 24 hours expires.
        if name in done and (yield from self._finished(done[name])):
            return done
        path = f"/{quote(done[_ACCOUNT], safe='')}/media"
        response = yield from call(self._request("POST", path, params=params))
        values = values_of(response, "id", network=NETWORK)
        if isinstance(one, Video) and "upload_type" in params:
            # The container is remembered only with its video. Otherwise, it would never be ready.
            address = str(values_of(response, "uri", network=NETWORK)["uri"])
            yield from upload_video(self.server, address, one, network=NETWORK)
        done[name] = str(values["id"])
        yield from call(Checkpoint(values=dict(done)))
        if not (yield from self._finished(done[name])):
            raise TransientError("a new container has expired already", network=NETWORK)
        return done

    def _item(self, one: Attachment, media_type: str) -> dict[str, str]:
        """
        Return the parameters of an image or a video.

        Instagram downloads media itself. A video without a public URL is uploaded.
        """
        url = self._url(one)
        if isinstance(one, Video):
            item = {"media_type": media_type}
            item |= {"video_url": url} if url else {"upload_type": "resumable"}
            if one.cover is not None and media_type == "REELS":
                item["cover_url"] = self._url(one.cover) or _no_url("the cover")
            return item
        return {
            "image_url": url or _no_url("an image"),
            **({"alt_text": one.alt} if one.alt else {}),
        }

    def _url(self, one: Attachment) -> str:
        """Return the public URL of an image or a video, or an empty string."""
        try:
            return self.public_url(one.digest) or ""
        except NotFoundError:
            raise RejectedError(
                f"the bytes of media `{one.digest}` are not stored", network=NETWORK
            ) from None

    def _state(self, container: str) -> Flow[tuple[str, str]]:
        """Return the state of a container, and the reason for it or an empty string."""
        response = yield from call(
            self._request(
                "GET", f"/{quote(container, safe='')}", params={"fields": "status_code,status"}
            )
        )
        if is_gone(response):
            return _UNREADABLE, ""
        values = values_of(response, "status_code", network=NETWORK)
        return str(values["status_code"]), text_in(values, "status")

    def _finished(self, container: str) -> Flow[bool]:
        """Wait until a container is ready, and return whether it still exists."""
        for _ in range(_MOST_WAITS):
            state, reason = yield from self._state(container)
            if state == "ERROR":
                raise RejectedError(
                    f"Instagram could not process the media: {reason or 'no reason'}",
                    network=NETWORK,
                )
            if state != "IN_PROGRESS":
                return state not in ("EXPIRED", _UNREADABLE)
            yield from call(Wait(seconds=_WAIT_S))
        raise TransientError("Instagram is still processing the media", network=NETWORK)

    def _permalink(self, network_id: str) -> Flow[str]:
        """Return the address of a new post, or an empty string if it cannot be read."""
        request = self._request(
            "GET", f"/{quote(network_id, safe='')}", params={"fields": "permalink"}
        )
        try:
            values = values_of((yield from call(request)), network=NETWORK)
        except NetworkError:
            # The post is published, so a failure must not look like a failure to publish it.
            return ""
        return text_in(values, "permalink")

    def _request(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None
    ) -> Request:
        if method == "POST":
            body: dict[str, Json] = dict(params or {})
            return Request(method=method, url=f"{self.server}{path}", json=body)
        return Request(method=method, url=f"{self.server}{path}", params=params or {})


def _no_url(what: str) -> NoReturn:
    raise RejectedError(
        f"Instagram downloads {what} itself, but the media store has no public URL for it",
        network=NETWORK,
    )
