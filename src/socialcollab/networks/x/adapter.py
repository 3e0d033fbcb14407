"""The adapter for one account on X."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Attachment, Json, Message, MessageKind, Video
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.limits import text_to_send
from socialcollab.networks.lookup import earliest, lookup_result, missing, prepared_at
from socialcollab.networks.moderation import check_offered
from socialcollab.networks.reading import Source, read_messages
from socialcollab.networks.responses import text_in, unreadable
from socialcollab.networks.thread import found_part, id_of_part, next_part, publish_parts
from socialcollab.networks.x.direct_message import DirectMessage
from socialcollab.networks.x.reading import POST_FIELDS, XReader, parent_of
from socialcollab.networks.x.responses import (
    NETWORK,
    data_of,
    error_of,
    is_duplicate,
    is_gone,
    is_same_text,
    is_without_media,
    shown_text,
)
from socialcollab.text import post_id
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
_MOST_WAITS: Final = 60
# X documents chunks of 1 MB, and accepts up to 1,000 chunks.
_CHUNK: Final = 1_000_000
_ACCEPTED: Final = (200, 201, 202)
_LONGEST_WAIT_S: Final = 30.0
_NAMES: Final = re.compile(r"^(?:@\w+\s+)+", re.ASCII)


@attrs.frozen(kw_only=True)
class XAdapter:
    """
    The adapter for one account on X.

    X has no idempotency keys, so a request that creates a post is never repeated before its outcome
    has been looked up. X rejects a text that the account has already published, which is also
    resolved by a lookup.

    Attributes:
        profile: The profile.
        description: The limits and features of the network.
        server: The address of the API.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
        reads: Whether posts and messages may be read, which X bills.
        fields_parameter: The name of the parameter that selects a post's fields.
    """

    profile: Profile
    description: NetworkDescription
    server: str
    send_within_s: float = 30.0
    reads: bool = True
    fields_parameter: str = "post.fields"

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:  # noqa: ARG002
        """
        Record the current time, and check the network's limits.

        Raises:
            RejectedError: If the post exceeds limits. The message lists all exceeded limits.
        """
        return prepared_at(self.description, outgoing, now)

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Check the account, upload the media, and create the posts."""
        done = dict(progress)
        if _ACCOUNT not in done:
            done[_ACCOUNT] = yield from self._account()
            yield from call(Checkpoint(values=dict(done)))
        if prepared.outgoing.format == "message":
            return (yield from self._direct_messages(prepared).send())
        if not id_of_part(done, 0):
            done = yield from self._with_media(prepared, done)

        def create(part: int, done: Mapping[str, str]) -> Flow[tuple[Published, Mapping[str, str]]]:
            response = yield from call(self._create(prepared, done, part))
            if part == 0 and is_without_media(response):
                yield from self._forget_media(progress, done)
            if is_duplicate(response):
                return (yield from self._duplicate(prepared, done)), {}
            data = data_of(response, "id", ok=(200, 201), creates=True)
            return self._published(str(data["id"]), None), {}

        return (yield from publish_parts(1 + len(prepared.outgoing.replies), done, create))

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Look for the first unconfirmed part among the account's posts since it was prepared."""
        if not self.reads:
            return Inconclusive("reading posts is switched off for X")
        account = progress.get(_ACCOUNT) or (yield from self._account())
        if prepared.outgoing.format == "message":
            sent = yield from self._direct_messages(prepared).find(account, earliest(prepared))
            return lookup_result(self.description, sent, 1, progress)
        posts, complete = yield from self._reader.recent_posts(
            account, earliest(prepared), with_parents=bool(prepared.outgoing.reply_to)
        )
        count = 1 + len(prepared.outgoing.replies)
        part = next_part(progress, count)
        doubtful = False
        for post in posts:
            same = self._is_part(post, prepared.outgoing, progress, part)
            doubtful = doubtful or same is None
            if same:
                at = _instant(text_in(post, "created_at"))
                return found_part(self._published(str(post["id"]), at), count, progress, {})
        if not complete:
            return Inconclusive(
                f"the account has published more than {len(posts)} posts"
                " since this post was prepared"
            )
        if doubtful:
            return Inconclusive(
                "the account has a post with the same text, but with other links, or it is not known"
                " to which post it refers"
            )
        return missing(self.description)

    def compare(
        self, prepared: Prepared, progress: Mapping[str, str], network_id: str
    ) -> Flow[tuple[str, ...]]:
        """
        Return the fields in which the published post differs, unless reading is switched off.

        Direct messages are not compared.
        """
        if not self.reads or prepared.outgoing.format == "message":
            return ()
        response = yield from call(
            self._request(
                "GET",
                f"/2/tweets/{quote(network_id, safe='')}",
                params={self.fields_parameter: POST_FIELDS},
            )
        )
        post, outgoing = data_of(response, "id"), prepared.outgoing
        text, actual = self._texts(outgoing)[0], _text_of(post, outgoing, 0)
        is_same = {
            "text": _is_same_part(text, actual, outgoing),
            "media": _has_attachments(post, outgoing, progress, 0),
        }
        return tuple(name for name, same in is_same.items() if not same)

    def take_down(self, network_id: str) -> Flow[None]:
        """Delete the post. A post that no longer exists counts as deleted."""
        response = yield from call(
            self._request("DELETE", f"/2/tweets/{quote(network_id, safe='')}")
        )
        if not is_gone(response):
            data_of(response, "deleted")

    def moderation_actions(self, message: Message) -> frozenset[ModerationAction]:
        """
        Return the actions that X offers for a message.

        Replies can be hidden, and the authors of direct messages can be blocked. X does not let apps
        block the authors of posts.
        """
        if message.own:
            return frozenset({"delete"}) if message.kind != "direct" else frozenset()
        if message.kind == "reply":
            return frozenset({"hide", "unhide"})
        if message.kind == "direct" and message.author.id:
            return frozenset({"block", "unblock"})
        return frozenset()

    def moderate(self, action: ModerationAction, message: Message) -> Flow[None]:
        """
        Hide a reply, delete an own post, or block an author; see `ModeratingAdapter.moderate`.

        Hiding needs the scope ``tweet.moderate.write``, and blocking the scope ``dm.write``. X
        rejects hiding a reply in a conversation that another account began.
        """
        check_offered(action, message, self.moderation_actions(message), self.description)
        if action == "delete":
            yield from self.take_down(message.network_id)
            return
        if action in ("block", "unblock"):
            path = f"/2/users/{quote(message.author.id, safe='')}/dm/{action}"
            key, request = "blocked", self._request("POST", path)
        else:
            path = f"/2/tweets/{quote(message.network_id, safe='')}/hidden"
            key, request = "hidden", self._request("PUT", path, body={"hidden": action == "hide"})
        response = yield from call(request)
        if data_of(response).get(key) is not (action in ("block", "hide")):
            raise unreadable(response, f"confirmation of `{action}`", network=NETWORK)

    def verify_credentials(self) -> Flow[str]:
        """Return the name of the account."""
        response = yield from call(self._request("GET", "/2/users/me"))
        return str(data_of(response, "username")["username"])

    def messages(
        self,
        cursor: str = "",
        *,
        kinds: Collection[MessageKind] = PUBLIC_KINDS,
        since: dt.datetime | None = None,
    ) -> Flow[MessagePage]:
        """
        Read mentions, replies and direct messages; see `ReadingAdapter.messages`.

        Direct messages need the scope ``dm.read``.

        Raises:
            RejectedError: If reading is switched off.
        """
        self._check_reads()
        reader = self._reader

        def sources(account: str) -> dict[str, Source]:
            lists: dict[str, Source] = {}
            if {"mention", "reply"} & set(kinds):
                lists["mentions"] = lambda place: reader.mentions(account, kinds, place)
            if "direct" in kinds:
                lists["direct"] = lambda place: reader.direct_messages(account, place)
            return lists

        return (
            yield from read_messages(
                NETWORK, self._account, sources, cursor, kinds=kinds, since=since
            )
        )

    def own_posts(self, since: dt.datetime) -> Flow[OwnPosts]:
        """Read the posts of the account, unless reading is switched off."""
        self._check_reads()
        account = yield from self._account()
        return (yield from self._reader.posts_since(account, as_utc(since)))

    def counts(self, network_ids: Collection[str]) -> Flow[Mapping[str, Counts]]:
        """Read the counts of posts, unless reading is switched off."""
        self._check_reads()
        return (yield from self._reader.counts(network_ids))

    @property
    def _reader(self) -> XReader:
        return XReader(
            profile=self.profile, server=self.server, fields_parameter=self.fields_parameter
        )

    def _check_reads(self) -> None:
        if not self.reads:
            raise RejectedError(
                "reading is switched off for X; to switch it on, pass `reads=True`",
                network=NETWORK,
            )

    def _direct_messages(self, prepared: Prepared) -> DirectMessage:
        outgoing = prepared.outgoing
        return DirectMessage(
            server=self.server,
            conversation=outgoing.reply_to,
            text=text_to_send(self.description, outgoing),
        )

    def _account(self) -> Flow[str]:
        """Return the id of the account, after checking that it is the profile's account."""
        response = yield from call(self._request("GET", "/2/users/me"))
        data = data_of(response, "id", "username")
        expected, actual = self.profile.handle.removeprefix("@"), str(data["username"])
        if expected and actual.lower() != expected.lower():
            raise AuthenticationError(
                f"the profile's account is `{expected}`, but the token belongs to `{actual}`",
                network=NETWORK,
            )
        return str(data["id"])

    def _with_media(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[dict[str, str]]:
        """Upload the media that are not uploaded yet, and return the progress."""
        done = dict(progress)
        for place, one in enumerate(prepared.outgoing.media):
            if f"{_MEDIA}{place}" not in done:
                done[f"{_MEDIA}{place}"] = yield from self._upload(one)
                yield from call(Checkpoint(values=dict(done)))
        return done

    def _forget_media(self, before: Mapping[str, str], done: Mapping[str, str]) -> Flow[None]:
        """
        Forget media that X has deleted since they were uploaded, so that they are uploaded again.

        Raises:
            TransientError: If the media were uploaded in an earlier attempt.
            RejectedError: If they were uploaded in this attempt.
        """
        if not any(name.startswith(_MEDIA) for name in before):
            raise RejectedError("X rejected the media that were just uploaded", network=NETWORK)
        kept = {name: value for name, value in done.items() if not name.startswith(_MEDIA)}
        yield from call(Checkpoint(values=kept))
        raise TransientError("X no longer has the uploaded media", network=NETWORK)

    def _upload(self, one: Attachment) -> Flow[str]:
        """Upload media with their alt text, wait until they are processed, and return their id."""
        if isinstance(one, Video):
            data = yield from self._upload_in_chunks(one)
        else:
            category = "tweet_gif" if one.media_type == "image/gif" else "tweet_image"
            request = attrs.evolve(
                self._request("POST", "/2/media/upload"),
                form={"media_category": category},
                media=MediaPart(
                    digest=one.digest, field="media", media_type=one.media_type, name="media"
                ),
            )
            data = data_of((yield from call(request)), "id", ok=_ACCEPTED)
        media = str(data["id"])
        yield from self._processed(media, data)
        if one.alt:
            body: dict[str, Json] = {"id": media, "metadata": {"alt_text": {"text": one.alt}}}
            response = yield from call(self._request("POST", "/2/media/metadata", body=body))
            if response.status not in _ACCEPTED:
                raise error_of(response)
        return media

    def _upload_in_chunks(self, video: Video) -> Flow[Mapping[str, Json]]:
        """Upload a video in chunks, and return its data."""
        body: dict[str, Json] = {
            "media_type": video.media_type,
            "total_bytes": video.size_bytes,
            "media_category": "tweet_video",
        }
        response = yield from call(self._request("POST", "/2/media/upload/initialize", body=body))
        path = f"/2/media/upload/{quote(str(data_of(response, 'id', ok=_ACCEPTED)['id']), safe='')}"
        for number, start in enumerate(range(0, video.size_bytes, _CHUNK)):
            request = attrs.evolve(
                self._request("POST", f"{path}/append"),
                form={"segment_index": str(number)},
                media=MediaPart(
                    digest=video.digest,
                    field="media",
                    media_type="application/octet-stream",
                    start=start,
                    size=_CHUNK,
                ),
            )
            response = yield from call(request)
            if response.status not in (*_ACCEPTED, 204):
                raise error_of(response)
        response = yield from call(self._request("POST", f"{path}/finalize"))
        return data_of(response, "id", ok=_ACCEPTED)

    def _processed(self, media: str, data: Mapping[str, Json]) -> Flow[None]:
        """Wait until media are processed."""
        for _ in range(_MOST_WAITS):
            info = data.get("processing_info")
            state = text_in(info, "state") if isinstance(info, Mapping) else ""
            if state == "failed":
                raise RejectedError("X could not process an image or a video", network=NETWORK)
            if state not in ("pending", "in_progress"):
                return
            yield from call(Wait(seconds=_seconds(info)))
            response = yield from call(
                self._request("GET", "/2/media/upload", params={"media_id": media})
            )
            data = data_of(response)
        raise TransientError("X is still processing an image or a video", network=NETWORK)

    def _duplicate(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Return the existing post with the same text, provided that this delivery created it."""
        message = "X rejected the text as a duplicate"
        if not self.reads:
            raise OutcomeUnknownError(
                f"{message}, and reading posts is switched off", network=NETWORK, status=403
            )
        found = yield from self.find(prepared, progress)
        if isinstance(found, Found):
            return found.published
        if isinstance(found, Missing):
            raise RejectedError(
                f"{message} of a post that the account published earlier",
                network=NETWORK,
                status=403,
            )
        raise OutcomeUnknownError(f"{message}; {found.reason}", network=NETWORK, status=403)

    def _is_part(
        self,
        post: Mapping[str, Json],
        outgoing: OutgoingPost,
        progress: Mapping[str, str],
        part: int,
    ) -> bool | None:
        """Return whether a post is the part, or None if only its links or references may differ."""
        if str(post["id"]) in {id_of_part(progress, known) for known in range(part)}:
            # A thread can contain the same text twice.
            return False
        # All posts of a thread have the id of its first post as their conversation.
        own, first = str(post["id"]), id_of_part(progress, 0) if part else str(post["id"])
        conversation = text_in(post, "conversation_id") or own
        if outgoing.reply_to:
            # The conversation began with another account's post, or with an earlier one.
            if conversation in (own, first):
                return False
            parent = parent_of(post)
            expected = (
                id_of_part(progress, part - 1) if part else post_id(NETWORK, outgoing.reply_to)
            )
            if parent and parent != expected:
                return False
        elif conversation != first:
            return False
        if not _has_attachments(post, outgoing, progress, part):
            return False
        text, actual = self._texts(outgoing)[part], _text_of(post, outgoing, part)
        if _is_same_part(text, actual, outgoing):
            stated = parent_of(post) if outgoing.reply_to else own
            quotes = part > 0 or not outgoing.quote_of or actual != shown_text(post)
            return True if stated and quotes else None
        return None if _is_same_part(text, actual, outgoing, any_links=True) else False

    def _create(self, prepared: Prepared, done: Mapping[str, str], part: int) -> Request:
        outgoing = prepared.outgoing
        body: dict[str, Json] = {"text": self._texts(outgoing)[part]}
        parent = id_of_part(done, part - 1) if part else post_id(NETWORK, outgoing.reply_to)
        if parent:
            body["reply"] = {"in_reply_to_tweet_id": parent}
        quoted = post_id(NETWORK, outgoing.quote_of) if part == 0 else None
        if quoted:
            body["quote_tweet_id"] = quoted
        if outgoing.paid_partnership and part == 0:
            body["paid_partnership"] = True
        if outgoing.media and part == 0:
            media = [done[f"{_MEDIA}{place}"] for place in range(len(outgoing.media))]
            body["media"] = {"media_ids": media}
        if outgoing.poll is not None and part == 0:
            body["poll"] = {
                "options": list(outgoing.poll.options),
                "duration_minutes": outgoing.poll.minutes,
            }
        return attrs.evolve(
            self._request("POST", "/2/tweets", body=body), creates=part, repeat="no"
        )

    def _texts(self, outgoing: OutgoingPost) -> tuple[str, ...]:
        return (text_to_send(self.description, outgoing), *outgoing.replies)

    def _published(self, network_id: str, at: dt.datetime | None) -> Published:
        name = self.profile.handle.removeprefix("@") or "i"
        return Published(
            network_id=network_id, url=f"https://x.com/{name}/status/{network_id}", at=at
        )

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Json | None = None,
    ) -> Request:
        return Request(method=method, url=f"{self.server}{path}", params=params or {}, json=body)


def _has_attachments(
    post: Mapping[str, Json], outgoing: OutgoingPost, progress: Mapping[str, str], part: int
) -> bool:
    """Return whether a post has the media and the poll of a part."""
    attached = post.get("attachments")
    attachments = attached if isinstance(attached, Mapping) else {}
    if bool(attachments.get("poll_ids")) != (outgoing.poll is not None and part == 0):
        return False
    keys = attachments.get("media_keys")
    # A media key consists of the kind and the id of the media, such as "3_1900000000000000001".
    shown = {str(key).rpartition("_")[2] for key in (keys if isinstance(keys, list) else ())}
    places = range(len(outgoing.media)) if part == 0 else range(0)
    sent = {progress.get(f"{_MEDIA}{place}", "") for place in places}
    return len(shown) == len(places) and ("" in sent or shown == sent)


def _text_of(post: Mapping[str, Json], outgoing: OutgoingPost, part: int) -> str:
    """Return the text of a post, without the address of the post that it quotes."""
    quoted = post_id(NETWORK, outgoing.quote_of) if part == 0 else None
    actual = shown_text(post)
    if not quoted:
        return actual
    # X shows the address of the quoted post at the end of the text.
    return re.sub(rf"\s*https?://\S+/status/{quoted}\S*\s*$", "", actual)


def _is_same_part(
    sent: str, shown: str, outgoing: OutgoingPost, *, any_links: bool = False
) -> bool:
    """Return whether a text is shown as it was sent, regardless of what X adds to a reply."""
    if outgoing.reply_to:
        # X begins a reply with the names of the accounts in the conversation.
        sent, shown = (_NAMES.sub("", text) for text in (sent, shown))
    return is_same_text(sent, shown, any_links=any_links)


def _instant(text: str) -> dt.datetime | None:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.utcoffset() is None else at.astimezone(dt.UTC)


def _seconds(info: object) -> float:
    """Return how many seconds X asks the client to wait before it requests the state again."""
    seconds = info.get("check_after_secs") if isinstance(info, Mapping) else None
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return 1.0
    return min(max(float(seconds), 1.0), _LONGEST_WAIT_S)
