"""How the sandbox is talked to: the same kind of conversation as with a real network."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Image, Json
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.errors import RejectedError
from socialcollab.networks.limits import limits_broken, text_to_send
from socialcollab.networks.sandbox.read import (
    read_account,
    read_changed,
    read_found,
    read_media_id,
    read_published,
    read_removed,
)
from socialcollab.time import as_utc
from socialcollab.transport import (
    Checkpoint,
    Created,
    Flow,
    Found,
    Inconclusive,
    MediaPart,
    Missing,
    OutgoingPost,
    Prepared,
    Published,
    Request,
    call,
)

_MEDIA: Final = "media-"
_PART: Final = "part-"
_URL: Final = "url-"
_AT: Final = "at-"


def token_of(profile: str) -> str:
    """Return the token that the sandbox takes for a profile: staging has tokens, and no secrets."""
    return hashlib.sha256(f"sandbox/{profile}".encode()).hexdigest()


@attrs.frozen(kw_only=True)
class SandboxAdapter:
    """
    The sandbox's conversations for one profile.

    Attributes:
        profile: The profile that it talks for.

        description: What the profile's own network takes.

        send_within_s: How long a creating request may take, in seconds.

        honours_keys: Whether the server is known to make one post per key.

        conclusive_after: How long after the sender's deadline a look that
            finds nothing proves that nothing was made.

        thread_mark: What separates the parts of a thread in a text, or empty.
    """

    profile: Profile
    description: NetworkDescription
    send_within_s: float = 30.0
    honours_keys: bool = True
    conclusive_after: dt.timedelta = dt.timedelta(0)
    thread_mark: str = ""

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:
        """
        Fix the key and the time it was created; check the network's limits.

        Raises:
            RejectedError: If a limit is broken; all broken ones are named.
        """
        broken = [
            problem
            for part, text in enumerate(self._texts(outgoing))
            for problem in limits_broken(
                self.description,
                text=text,
                images=outgoing.images if part == 0 else (),
                labels=outgoing.labels,
                poll=outgoing.poll if part == 0 else None,
            )
        ]
        if broken:
            raise RejectedError("; ".join(broken), network=self.profile.network)
        key = hashlib.sha256(outgoing.delivery.encode() + b"/" + entropy).hexdigest()[:32]
        return Prepared(
            outgoing=outgoing, idempotency_keys={"key": key, "created_at": as_utc(now).isoformat()}
        )

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Upload what is not uploaded yet, then make the post: a request for each of its parts."""
        done = dict(progress)
        for place, image in enumerate(prepared.outgoing.images):
            name = f"{_MEDIA}{place}"
            if name in done:
                continue
            reply = yield from call(self._upload(image))
            done[name] = read_media_id(reply, network=self.profile.network)
            yield from call(Checkpoint(values=dict(done)))
        texts = self._texts(prepared.outgoing)
        published = _first(done)
        for part in range(len(texts)):
            if f"{_PART}{part}" in done:
                continue
            reply = yield from call(self._post(prepared, done, part))
            made = read_published(reply, network=self.profile.network)
            done |= _progress(made, part)
            published = published or made
            if len(texts) > 1:
                yield from call(
                    Created(
                        part=part,
                        network_id=made.network_id,
                        url=made.url,
                        at=made.at,
                        values=dict(done),
                    )
                )
        if published is None:
            raise RejectedError("the post has no parts", network=self.profile.network)
        return published

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Look by the key of the first part that is not known; a removed post counts as found."""
        count = len(self._texts(prepared.outgoing))
        part = next((one for one in range(count) if f"{_PART}{one}" not in progress), count - 1)
        key = _key(prepared.idempotency_keys["key"], part)
        reply = yield from call(self._request("GET", "/posts", params={"key": key}))
        found = read_found(reply, network=self.profile.network)
        if found is None:
            # The sandbox looks under its write lock and makes nothing after a deadline.
            return Missing(conclusive_after=self.conclusive_after)
        if count == 1:
            return found
        values = {**progress, **_progress(found.published, part)}
        whole = _first(values) if part == count - 1 else None
        return Found(found.published, part=part, progress=values, whole=whole)

    def amend(self, prepared: Prepared, network_id: str) -> Flow[None]:
        """Let a post carry something else; the same again is harmless."""
        if "edit" not in self.description.features:
            raise RejectedError(
                f"{self.description.title} changes nothing in place", network=self.profile.network
            )
        if len(self._texts(prepared.outgoing)) > 1:
            raise RejectedError("a thread is not changed in place", network=self.profile.network)
        done: dict[str, str] = {}
        for place, image in enumerate(prepared.outgoing.images):
            reply = yield from call(self._upload(image))
            done[f"{_MEDIA}{place}"] = read_media_id(reply, network=self.profile.network)
        request = attrs.evolve(
            self._post(prepared, done, 0),
            method="PUT",
            url=self._request("PUT", f"/posts/{quote(network_id, safe='')}").url,
            headers=self._headers(),
            repeat="same key",
        )
        reply = yield from call(request)
        read_changed(reply, network=self.profile.network)

    def take_down(self, network_id: str) -> Flow[None]:
        """Remove a post; one that is gone already counts as removed."""
        reply = yield from call(self._request("DELETE", f"/posts/{quote(network_id, safe='')}"))
        read_removed(reply, network=self.profile.network)

    def verify_credentials(self) -> Flow[str]:
        """Return the account's name."""
        reply = yield from call(self._request("GET", "/account"))
        return read_account(reply, network=self.profile.network)

    def _upload(self, image: Image) -> Request:
        return attrs.evolve(
            self._request("POST", "/media"),
            form={
                "alt": image.alt,
                "media_type": image.media_type,
                "size_bytes": str(image.size_bytes),
                "name": image.name,
            },
            media=MediaPart(
                digest=image.digest, field="file", media_type=image.media_type, name="image"
            ),
        )

    def _texts(self, outgoing: OutgoingPost) -> tuple[str, ...]:
        """Return the text of each part."""
        text = text_to_send(self.description, outgoing)
        if not self.thread_mark:
            return (text,)
        return tuple(part.strip() for part in text.split(self.thread_mark))

    def _post(self, prepared: Prepared, done: Mapping[str, str], part: int) -> Request:
        outgoing, keys = prepared.outgoing, prepared.idempotency_keys
        poll = outgoing.poll if part == 0 else None
        places = range(len(outgoing.images)) if part == 0 else range(0)
        body: dict[str, Json] = {
            "text": self._texts(outgoing)[part],
            "media": [done[f"{_MEDIA}{place}"] for place in places],
            "in_reply_to": done.get(f"{_PART}{part - 1}", ""),
            "links": list(outgoing.links),
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
        self, method: str, path: str, *, params: Mapping[str, str] | None = None
    ) -> Request:
        return Request(
            method=method,
            url=f"https://{self.profile.network}.sandbox.invalid/v1{path}",
            params=params or {},
            headers=self._headers(),
        )


def _key(key: str, part: int) -> str:
    return key if part == 0 else f"{key}-{part}"


def _progress(made: Published, part: int) -> dict[str, str]:
    """Return what is remembered of a part; the first one stands for the whole."""
    known = {f"{_PART}{part}": made.network_id}
    if part == 0:
        known[f"{_URL}{part}"] = made.url
        known[f"{_AT}{part}"] = "" if made.at is None else made.at.isoformat()
    return known


def _first(progress: Mapping[str, str]) -> Published | None:
    """Return the first part, if it is out."""
    network_id = progress.get(f"{_PART}0", "")
    if not network_id:
        return None
    at = progress.get(f"{_AT}0", "")
    return Published(
        network_id=network_id,
        url=progress.get(f"{_URL}0", ""),
        at=dt.datetime.fromisoformat(at) if at else None,
    )
