"""The adapter for one account on a Mastodon server."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Attachment, Image, Json, Message, MessageKind, Video
from socialcollab.directory import NetworkDescription, Profile, Visibility
from socialcollab.errors import AuthenticationError, RejectedError, TransientError
from socialcollab.networks.limits import text_to_send, upload_size
from socialcollab.networks.lookup import earliest, missing, prepared_at
from socialcollab.networks.mastodon.reading import (
    counts_of,
    notifications,
    posts_since,
    recent_statuses,
)
from socialcollab.networks.mastodon.responses import (
    NETWORK,
    error_of,
    is_gone,
    is_same_text,
    published_of,
    values_of,
)
from socialcollab.networks.moderation import check_offered
from socialcollab.networks.reading import read_messages
from socialcollab.networks.responses import unreadable
from socialcollab.networks.thread import found_part, id_of_part, next_part, publish_parts
from socialcollab.time import as_utc
from socialcollab.transport import (
    PUBLIC_KINDS,
    Checkpoint,
    Counts,
    Flow,
    Found,
    Inconclusive,
    MediaPart,
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
_MEDIA: Final = "media-"
_REPLY: Final = "reply"
_QUOTE: Final = "quote"
# docs.joinmastodon.org/entities/Instance and /client/quotes, read 2026-11-30: Mastodon 4.5.
_QUOTES_SINCE: Final = 7
_VISIBILITIES: Final[Mapping[Visibility, str]] = {
    "public": "public",
    "unlisted": "unlisted",
    "followers": "private",
    "direct": "direct",
}
_WAIT_S: Final = 2.0
_MOST_WAITS: Final = 60


@attrs.frozen(kw_only=True)
class MastodonAdapter:
    """
    The adapter for one account on a Mastodon server.

    Attributes:
        profile: The profile.
        description: The limits and features of the server.
        server: The server's address.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
        honours_keys: Whether the server is known to create only one post per idempotency key. Some
            servers with Mastodon's API ignore the key.
    """

    profile: Profile
    description: NetworkDescription
    server: str
    send_within_s: float = 30.0
    honours_keys: bool = False

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:
        """
        Choose the idempotency key, and check the server's limits.

        Raises:
            RejectedError: If the post exceeds limits. The message lists all exceeded limits.
        """
        key = hashlib.sha256(outgoing.delivery.encode() + b"/" + entropy).hexdigest()[:32]
        return prepared_at(self.description, outgoing, now, key=key)

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Check the account, upload the images, await their processing, and create the posts."""
        done = dict(progress)
        if _ACCOUNT not in done:
            done[_ACCOUNT] = yield from self._account()
            yield from call(Checkpoint(values=dict(done)))
        done = yield from self._with_references(prepared.outgoing, done)
        media_ids: list[str] = []
        # The media belong to the first part.
        first = () if id_of_part(done, 0) else prepared.outgoing.media
        for place, one in enumerate(first):
            media = done.get(f"{_MEDIA}{place}", "")
            # The server deletes media that were uploaded long ago and never published.
            if not media or not (yield from self._processed(media)):
                media, ready = yield from self._upload(one)
                done[f"{_MEDIA}{place}"] = media
                yield from call(Checkpoint(values=dict(done)))
                if not ready:
                    yield from self._processed(media)
            media_ids.append(media)

        def create(part: int, done: Mapping[str, str]) -> Flow[tuple[Published, Mapping[str, str]]]:
            response = yield from call(self._create(prepared, media_ids, done, part))
            return published_of(values_of(response, "id", creates=True)), {}

        return (yield from publish_parts(1 + len(prepared.outgoing.replies), done, create))

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Look for the first unconfirmed part among the account's posts since the preparation."""
        account = progress.get(_ACCOUNT) or (yield from self._account())
        count = 1 + len(prepared.outgoing.replies)
        statuses, complete = yield from recent_statuses(self.server, account, earliest(prepared))
        for status in statuses:
            if (yield from self._is_part(status, prepared.outgoing, progress)):
                return found_part(published_of(status), count, progress, {})
        if complete:
            return missing(self.description)
        return Inconclusive(
            f"the account has published more than {len(statuses)} posts"
            " since this post was prepared"
        )

    def compare(
        self,
        prepared: Prepared,
        progress: Mapping[str, str],
        network_id: str,
    ) -> Flow[tuple[str, ...]]:
        """Return the fields in which the published post differs."""
        outgoing = prepared.outgoing
        path = f"/api/v1/statuses/{quote(network_id, safe='')}"
        status = values_of((yield from call(self._request("GET", path))), "id")
        is_same = {
            "text": (yield from self._has_text(status, outgoing, 0)),
            "media": _has_media(status, outgoing, progress, 0),
            "visibility": status.get("visibility") == _VISIBILITIES[outgoing.visibility],
            "quote_of": not outgoing.quote_of or status.get("quote") is not None,
        }
        return tuple(name for name, same in is_same.items() if not same)

    def amend(self, prepared: Prepared, network_id: str) -> Flow[None]:
        """
        Replace the content of a published post.

        Raises:
            RejectedError: If the post is a thread, or has a poll, because a change would delete its
                votes.
        """
        outgoing = prepared.outgoing
        if outgoing.replies:
            raise RejectedError("a thread cannot be changed in place", network=NETWORK)
        if outgoing.poll is not None:
            raise RejectedError(
                "a post with a poll cannot be changed without losing its votes", network=NETWORK
            )
        media_ids = []
        for one in outgoing.media:
            media, ready = yield from self._upload(one)
            if not ready:
                yield from self._processed(media)
            media_ids.append(media)
        body = self._body(outgoing, media_ids, 0)
        request = attrs.evolve(
            self._request("PUT", f"/api/v1/statuses/{quote(network_id, safe='')}", body=body),
            creates=0,
            repeat="same key",
        )
        response = yield from call(request)
        values_of(response, "id", creates=True)

    def take_down(self, network_id: str) -> Flow[None]:
        """Delete the post. A post that no longer exists counts as deleted."""
        response = yield from call(
            self._request("DELETE", f"/api/v1/statuses/{quote(network_id, safe='')}")
        )
        if not is_gone(response):
            # The response contains the deleted post.
            values_of(response, "id")

    def moderation_actions(self, message: Message) -> frozenset[ModerationAction]:
        """Return the actions that Mastodon offers for a message; it cannot hide replies."""
        if message.own:
            return frozenset({"delete"})
        return frozenset({"block", "unblock"}) if message.author.id else frozenset()

    def moderate(self, action: ModerationAction, message: Message) -> Flow[None]:
        """
        Delete an own post, or block an author; see `ModeratingAdapter.moderate`.

        Blocking needs the scope ``write:blocks``.
        """
        check_offered(action, message, self.moderation_actions(message), self.description)
        if action == "delete":
            yield from self.take_down(message.network_id)
            return
        path = f"/api/v1/accounts/{quote(message.author.id, safe='')}/{action}"
        response = yield from call(self._request("POST", path))
        if values_of(response, "id").get("blocking") is not (action == "block"):
            raise unreadable(response, f"confirmation of `{action}`", network=NETWORK)

    def verify_credentials(self) -> Flow[str]:
        """Return the name of the account."""
        response = yield from call(self._request("GET", "/api/v1/accounts/verify_credentials"))
        return str(values_of(response, "acct")["acct"])

    def messages(
        self,
        cursor: str = "",
        *,
        kinds: Collection[MessageKind] = PUBLIC_KINDS,
        since: dt.datetime | None = None,
    ) -> Flow[MessagePage]:
        """
        Read notifications of mentions, replies and quotes; see `ReadingAdapter.messages`.

        Posts that only the mentioned accounts can see are direct messages.
        """
        return read_messages(
            NETWORK,
            self._account,
            lambda account: (
                {
                    "notifications": lambda place: notifications(
                        self.server, self.profile, account, kinds, place
                    )
                }
                if {"direct", "mention", "reply"} & set(kinds)
                else {}
            ),
            cursor,
            kinds=kinds,
            since=since,
        )

    def own_posts(self, since: dt.datetime) -> Flow[OwnPosts]:
        """Read the posts of the account; see `ReadingAdapter.own_posts`."""
        account = yield from self._account()
        return (yield from posts_since(self.server, account, as_utc(since)))

    def counts(self, network_ids: Collection[str]) -> Flow[Mapping[str, Counts]]:
        """Read the counts of posts; see `ReadingAdapter.counts`. Views are not available."""
        return counts_of(self.server, network_ids)

    def _account(self) -> Flow[str]:
        """Return the id of the account, after checking that it is the profile's account."""
        response = yield from call(self._request("GET", "/api/v1/accounts/verify_credentials"))
        if response.status == 400:
            # Some servers respond to an invalid token with this status.
            raise AuthenticationError(
                "the server rejected the access token", network=NETWORK, status=400
            )
        values = values_of(response, "id", "acct")
        expected = self.profile.handle.removeprefix("@").partition("@")[0].lower()
        actual = str(values["acct"]).partition("@")[0]
        if expected and actual.lower() != expected:
            raise AuthenticationError(
                f"the profile's account is `{expected}`, but the token belongs to `{actual}`",
                network=NETWORK,
            )
        return str(values["id"])

    def _with_references(
        self, outgoing: OutgoingPost, progress: Mapping[str, str]
    ) -> Flow[dict[str, str]]:
        """Look up the posts to reply to and to quote, and return the progress with their ids."""
        done = dict(progress)
        if outgoing.quote_of and _QUOTE not in done:
            yield from self._check_quotes()
        for name, address in ((_REPLY, outgoing.reply_to), (_QUOTE, outgoing.quote_of)):
            if address and name not in done:
                done[name] = yield from self._id_of(address)
                yield from call(Checkpoint(values=dict(done)))
        return done

    def _check_quotes(self) -> Flow[None]:
        """
        Check that the server supports quotes.

        Other servers ignore the id of the quoted post, and would publish the text without it.
        """
        response = yield from call(self._request("GET", "/api/v2/instance"))
        versions = values_of(response, "domain").get("api_versions")
        version = versions.get("mastodon") if isinstance(versions, Mapping) else None
        if not isinstance(version, int) or version < _QUOTES_SINCE:
            raise RejectedError(
                "the server does not support quotes, which need Mastodon 4.5", network=NETWORK
            )

    def _id_of(self, address: str) -> Flow[str]:
        """Return the server's id of a post, given its id or its address on any server."""
        if not address.startswith("https://"):
            return address
        params = {"q": address, "type": "statuses", "resolve": "true", "limit": "1"}
        response = yield from call(self._request("GET", "/api/v2/search", params=params))
        statuses = values_of(response).get("statuses")
        if not isinstance(statuses, list):
            raise unreadable(response, "list `statuses`", network=NETWORK)
        for status in statuses:
            if isinstance(status, Mapping) and status.get("id"):
                return str(status["id"])
        raise RejectedError(f"the server cannot find the post `{address}`", network=NETWORK)

    def _upload(self, one: Attachment) -> Flow[tuple[str, bool]]:
        """Upload an image or a video, and return its id and whether it has been processed."""
        form = {"description": one.alt} if one.alt else {}
        if isinstance(one, Image) and one.focus is not None:
            form["focus"] = ",".join(map(str, one.focus))
        request = attrs.evolve(
            self._request("POST", "/api/v2/media"),
            form=form,
            media=MediaPart(
                digest=one.digest,
                field="file",
                media_type=one.media_type,
                name="media",
                size=upload_size(one),
            ),
        )
        response = yield from call(request)
        media = str(values_of(response, "id", ok=(200, 202))["id"])
        if isinstance(one, Video) and one.cover is not None:
            yield from self._set_cover(media, one.cover)
        return media, response.status == 200

    def _set_cover(self, media: str, cover: Image) -> Flow[None]:
        request = attrs.evolve(
            self._request("PUT", f"/api/v1/media/{quote(media, safe='')}"),
            media=MediaPart(
                digest=cover.digest,
                field="thumbnail",
                media_type=cover.media_type,
                name="cover",
            ),
        )
        values_of((yield from call(request)), "id", ok=(200, 202, 206))

    def _processed(self, media: str) -> Flow[bool]:
        """Wait until an image has been processed, and return whether the server still has it."""
        path = f"/api/v1/media/{quote(media, safe='')}"
        for _ in range(_MOST_WAITS):
            response = yield from call(self._request("GET", path))
            if response.status in (404, 410):
                return False
            values_of(response, "id", ok=(200, 206))
            if response.status == 200:
                return True
            yield from call(Wait(seconds=_WAIT_S))
        raise TransientError("the server is still processing an image or a video", network=NETWORK)

    def _is_part(
        self, status: Mapping[str, Json], outgoing: OutgoingPost, progress: Mapping[str, str]
    ) -> Flow[bool]:
        """Return whether a post of the account is the first unconfirmed part."""
        part = next_part(progress, 1 + len(outgoing.replies))
        if not _has_media(status, outgoing, progress, part):
            return False
        parent = id_of_part(progress, part - 1) if part else progress.get(_REPLY, "")
        if str(status.get("in_reply_to_id") or "") != parent:
            return False
        # The first part has the poll and the quote.
        for value, name in ((outgoing.poll, "poll"), (outgoing.quote_of, "quote")):
            if bool(status.get(name)) != (bool(value) and part == 0):
                return False
        return (yield from self._has_text(status, outgoing, part))

    def _has_text(
        self, status: Mapping[str, Json], outgoing: OutgoingPost, part: int
    ) -> Flow[bool]:
        """Return whether a post has the text and the warning of a part."""
        text, warning = self._texts(outgoing)[part], _warning(outgoing)
        if not text.strip():
            # A post without a text gets its warning as its text.
            text, warning = warning, ""
        if str(status.get("spoiler_text") or "") != warning:
            return False
        path = f"/api/v1/statuses/{quote(str(status['id']), safe='')}/source"
        response = yield from call(self._request("GET", path))
        if response.status == 200:
            source = values_of(response, "id")
            return str(source.get("text")).strip() == text.strip()
        if response.status in (404, 410, 501):
            # Some servers do not return the source.
            return is_same_text(text, str(status.get("content")))
        raise error_of(response)

    def _create(
        self, prepared: Prepared, media_ids: list[str], done: Mapping[str, str], part: int
    ) -> Request:
        body = self._body(prepared.outgoing, media_ids if part == 0 else [], part)
        body["visibility"] = _VISIBILITIES[prepared.outgoing.visibility]
        parent = id_of_part(done, part - 1) if part else done.get(_REPLY)
        if parent:
            body["in_reply_to_id"] = parent
        if part == 0 and _QUOTE in done:
            body["quoted_status_id"] = done[_QUOTE]
        key = prepared.idempotency_keys["key"]
        return attrs.evolve(
            self._request("POST", "/api/v1/statuses", body=body),
            headers={"idempotency-key": key if part == 0 else f"{key}-{part}"},
            creates=part,
            repeat="same key" if self.honours_keys else "no",
        )

    def _body(self, outgoing: OutgoingPost, media_ids: list[str], part: int) -> dict[str, Json]:
        warning = _warning(outgoing)
        body: dict[str, Json] = {
            "status": self._texts(outgoing)[part],
            "sensitive": bool(warning),
        }
        if warning:
            body["spoiler_text"] = warning
        if outgoing.language:
            # The API knows only the language, without its region.
            body["language"] = outgoing.language.partition("-")[0]
        if media_ids:
            body["media_ids"] = list(media_ids)
        if outgoing.poll is not None and part == 0:
            body["poll"] = {
                "options": list(outgoing.poll.options),
                "expires_in": outgoing.poll.minutes * 60,
                "multiple": outgoing.poll.multiple,
            }
        return body

    def _texts(self, outgoing: OutgoingPost) -> tuple[str, ...]:
        return (text_to_send(self.description, outgoing), *outgoing.replies)

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Json | None = None,
    ) -> Request:
        return Request(method=method, url=f"{self.server}{path}", params=params or {}, json=body)


def _has_media(
    status: Mapping[str, Json], outgoing: OutgoingPost, progress: Mapping[str, str], part: int
) -> bool:
    """Return whether a post has the media of a part."""
    attachments = status.get("media_attachments")
    shown = [
        str(one.get("id"))
        for one in (attachments if isinstance(attachments, list) else ())
        if isinstance(one, Mapping)
    ]
    places = range(len(outgoing.media)) if part == 0 else range(0)
    sent = [progress.get(f"{_MEDIA}{place}", "") for place in places]
    return len(shown) == len(sent) and ("" in sent or shown == sent)


def _warning(outgoing: OutgoingPost) -> str:
    return ", ".join(outgoing.labels)
