"""The sandbox's adapter, which sends the same kinds of requests as real networks' adapters."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterator, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Attachment, Json, LinkCard, Message, MessageKind, Video
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.errors import RejectedError
from socialcollab.networks.limits import check_limits, outgoing_links, text_to_send
from socialcollab.networks.moderation import check_offered
from socialcollab.networks.reading import check_kinds
from socialcollab.networks.sandbox.messages import (
    check_cursor,
    read_counts,
    read_page,
    read_posts,
)
from socialcollab.networks.sandbox.responses import (
    check_changed,
    check_removed,
    read_account,
    read_found,
    read_media_id,
    read_published,
)
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
    call,
)

_MEDIA: Final = "media-"
_COVER: Final = "cover-"
_CARD: Final = "card"


def token_of(profile: str) -> str:
    """Return the token that the sandbox accepts for a profile; anyone can compute it."""
    return hashlib.sha256(f"sandbox/{profile}".encode()).hexdigest()


@attrs.frozen(kw_only=True)
class SandboxAdapter:
    """
    The adapter for one profile in the sandbox.

    Attributes:
        profile: The profile.
        description: The limits and features of the profile's network.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
        honours_keys: Whether the server is known to create only one post per idempotency key.
        conclusive_after: How long after the sender's deadline a lookup without a result proves that
            no post was created.
    """

    profile: Profile
    description: NetworkDescription
    send_within_s: float = 30.0
    honours_keys: bool = True
    conclusive_after: dt.timedelta = dt.timedelta(0)

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:
        """
        Choose the idempotency key and the creation time, and check the network's limits.

        Raises:
            RejectedError: If the post exceeds limits. The message lists all exceeded limits.
        """
        check_limits(self.description, outgoing)
        key = hashlib.sha256(outgoing.delivery.encode() + b"/" + entropy).hexdigest()[:32]
        return Prepared(
            outgoing=outgoing, idempotency_keys={"key": key, "created_at": as_utc(now).isoformat()}
        )

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Upload the media that have not been uploaded yet, then create each part of the post."""
        done = dict(progress)
        for name, one in self._files(prepared.outgoing):
            if name in done:
                continue
            response = yield from call(self._upload(one))
            done[name] = read_media_id(response, network=self.profile.network)
            yield from call(Checkpoint(values=dict(done)))

        def create(part: int, done: Mapping[str, str]) -> Flow[tuple[Published, Mapping[str, str]]]:
            response = yield from call(self._post(prepared, done, part))
            return read_published(response, network=self.profile.network), {}

        return (yield from publish_parts(len(self._texts(prepared.outgoing)), done, create))

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Look up the key of the first unconfirmed part. A removed post counts as found."""
        count = len(self._texts(prepared.outgoing))
        part = next_part(progress, count)
        key = _key(prepared.idempotency_keys["key"], part)
        response = yield from call(self._request("GET", "/posts", params={"key": key}))
        found = read_found(response, network=self.profile.network)
        if found is None:
            # The sandbox looks up posts while holding its write lock, and never creates a post
            # after the deadline. Only injected faults therefore need a non-zero wait.
            return Missing(conclusive_after=self.conclusive_after)
        return found_part(found.published, count, progress, {})

    def amend(self, prepared: Prepared, network_id: str) -> Flow[None]:
        """Replace the content of a published post. The request is idempotent."""
        if "edit" not in self.description.features:
            raise RejectedError(
                f"{self.description.title} cannot change a post in place",
                network=self.profile.network,
            )
        if len(self._texts(prepared.outgoing)) > 1:
            raise RejectedError("a thread cannot be changed in place", network=self.profile.network)
        done: dict[str, str] = {}
        for name, one in self._files(prepared.outgoing):
            response = yield from call(self._upload(one))
            done[name] = read_media_id(response, network=self.profile.network)
        request = attrs.evolve(
            self._post(prepared, done, 0),
            method="PUT",
            url=self._request("PUT", f"/posts/{quote(network_id, safe='')}").url,
            headers=self._headers(),
            repeat="same key",
        )
        response = yield from call(request)
        check_changed(response, network=self.profile.network)

    def take_down(self, network_id: str) -> Flow[None]:
        """Remove a post. A post that no longer exists counts as removed."""
        response = yield from call(self._request("DELETE", f"/posts/{quote(network_id, safe='')}"))
        check_removed(response, network=self.profile.network)

    def messages(
        self,
        cursor: str = "",
        *,
        kinds: Collection[MessageKind] = PUBLIC_KINDS,
        since: dt.datetime | None = None,
    ) -> Flow[MessagePage]:
        """Read the messages that were added with `Sandbox.add_message`, oldest first."""
        check_kinds(kinds)
        check_cursor(cursor)
        first = None if cursor or since is None else as_utc(since)
        response = yield from call(self._request("GET", "/messages", params={"after": cursor}))
        return read_page(response, self.profile, cursor, kinds, first)

    def moderation_actions(self, message: Message) -> frozenset[ModerationAction]:
        """Return the actions that the sandbox offers for a message."""
        if message.own:
            return frozenset({"delete"})
        actions: set[ModerationAction] = {"block", "unblock"} if message.author.id else set()
        if message.kind in ("comment", "reply"):
            actions |= {"delete", "hide", "unhide"}
        return frozenset(actions)

    def moderate(self, action: ModerationAction, message: Message) -> Flow[None]:
        """Hide or delete a message, or block its author; see `ModeratingAdapter.moderate`."""
        check_offered(action, message, self.moderation_actions(message), self.description)
        if action == "delete" and message.own:
            yield from self.take_down(message.network_id)
            return
        subject = message.author.id if action in ("block", "unblock") else message.network_id
        response = yield from call(
            self._request("POST", f"/moderation/{action}", params={"id": subject})
        )
        check_removed(response, network=self.profile.network)

    def own_posts(self, since: dt.datetime) -> Flow[OwnPosts]:
        """Read the posts of the profile; see `ReadingAdapter.own_posts`."""
        params = {"since": as_utc(since).isoformat()}
        response = yield from call(self._request("GET", "/account/posts", params=params))
        return read_posts(response, self.profile)

    def counts(self, network_ids: Collection[str]) -> Flow[Mapping[str, Counts]]:
        """Read how many of the added messages reply to each post; see `ReadingAdapter.counts`."""
        if not network_ids:
            return {}
        params = {"id": tuple(dict.fromkeys(network_ids))}
        response = yield from call(self._request("GET", "/counts", params=params))
        return read_counts(response, self.profile)

    def verify_credentials(self) -> Flow[str]:
        """Return the name of the account."""
        response = yield from call(self._request("GET", "/account"))
        return read_account(response, network=self.profile.network)

    def _upload(self, one: Attachment) -> Request:
        return attrs.evolve(
            self._request("POST", "/media"),
            form={
                "alt": one.alt,
                "media_type": one.media_type,
                "size_bytes": str(one.size_bytes),
                "name": one.name,
            },
            media=MediaPart(
                digest=one.digest, field="file", media_type=one.media_type, name="media"
            ),
        )

    def _card(self, outgoing: OutgoingPost) -> LinkCard | None:
        """Return the link card that the network shows, or None if it receives only the link."""
        shows_card = "card" in self.description.features and not outgoing.media
        return outgoing.card if shows_card else None

    def _files(self, outgoing: OutgoingPost) -> Iterator[tuple[str, Attachment]]:
        """Yield the files to upload, each with the name of its id in the progress."""
        has_covers = "cover" in self.description.features
        for place, one in enumerate(outgoing.media):
            yield f"{_MEDIA}{place}", one
            if isinstance(one, Video) and one.cover is not None and has_covers:
                yield f"{_COVER}{place}", one.cover
        card = self._card(outgoing)
        if card is not None and card.image is not None:
            yield _CARD, card.image

    def _details(self, outgoing: OutgoingPost, done: Mapping[str, str]) -> dict[str, Json]:
        """Return the details of a post that differ from those of most posts."""
        card = self._card(outgoing)
        details: dict[str, Json] = {
            "format": "" if outgoing.format == "post" else outgoing.format,
            "visibility": "" if outgoing.visibility == "public" else outgoing.visibility,
            "reply_to": outgoing.reply_to,
            "quote_of": outgoing.quote_of,
            "paid_partnership": outgoing.paid_partnership,
            "covers": {
                name.removeprefix(_COVER): media
                for name, media in done.items()
                if name.startswith(_COVER)
            },
            "card": None
            if card is None
            else {
                "url": card.url,
                "title": card.title,
                "description": card.description,
                "image": done.get(_CARD, ""),
            },
        }
        return {name: value for name, value in details.items() if value}

    def _texts(self, outgoing: OutgoingPost) -> tuple[str, ...]:
        """Return the texts of all parts, in order."""
        return (text_to_send(self.description, outgoing), *outgoing.replies)

    def _post(self, prepared: Prepared, done: Mapping[str, str], part: int) -> Request:
        outgoing, keys = prepared.outgoing, prepared.idempotency_keys
        poll = outgoing.poll if part == 0 else None
        places = range(len(outgoing.media)) if part == 0 else range(0)
        body: dict[str, Json] = {
            "text": self._texts(outgoing)[part],
            "media": [done[f"{_MEDIA}{place}"] for place in places],
            "in_reply_to": id_of_part(done, part - 1),
            "links": list(outgoing_links(self.description, outgoing)) if part == 0 else [],
            "language": outgoing.language,
            "labels": list(outgoing.labels),
            "poll": None
            if poll is None
            else {
                "options": list(poll.options),
                "minutes": poll.minutes,
                "multiple": poll.multiple,
            },
            "created_at": keys["created_at"],
        }
        details = self._details(outgoing, done) if part == 0 else {}
        if details:
            body["details"] = details
        return attrs.evolve(
            self._request("POST", "/posts"),
            json=body,
            headers={**self._headers(), "idempotency-key": _key(keys["key"], part)},
            creates=part,
            repeat="same key" if self.honours_keys else "no",
        )

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {token_of(self.profile.id)}"}

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> Request:
        return Request(
            method=method,
            url=f"https://{self.profile.network}.sandbox.invalid/v1{path}",
            params=params or {},
            headers=self._headers(),
        )


def _key(key: str, part: int) -> str:
    return key if part == 0 else f"{key}-{part}"
