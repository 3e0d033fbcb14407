"""How the sandbox is talked to: the same kind of conversation as with a real network."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Image, Json
from socialcollab.directory import Profile
from socialcollab.directory.network import NetworkDescription
from socialcollab.errors import RejectedError
from socialcollab.networks.limits import limits_broken, text_to_send
from socialcollab.networks.sandbox.read import (
    read_account,
    read_found,
    read_media_id,
    read_published,
    read_removed,
)
from socialcollab.time import as_utc
from socialcollab.transport.adapter import Absent, CannotTell, Found, Outgoing, Prepared, Published
from socialcollab.transport.flow import Checkpoint, Flow, MediaPart, Request, ask

__all__ = ["SandboxAdapter", "token_of"]

_MEDIA: Final = "media-"


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
    """

    profile: Profile
    description: NetworkDescription
    send_within_s: float = 30.0
    honours_keys: bool = True

    def prepare(self, outgoing: Outgoing, *, now: dt.datetime, entropy: bytes) -> Prepared:
        """
        Fix the key and the time it was created; check the network's limits.

        Raises:
            RejectedError: If a limit is broken; all broken ones are named.
        """
        broken = limits_broken(
            self.description,
            text=text_to_send(self.description, outgoing),
            images=outgoing.images,
            labels=outgoing.labels,
            poll=outgoing.poll,
        )
        if broken:
            raise RejectedError("; ".join(broken), network=self.profile.network)
        key = hashlib.sha256(outgoing.delivery.encode() + b"/" + entropy).hexdigest()[:32]
        return Prepared(outgoing=outgoing, keys={"key": key, "created_at": as_utc(now).isoformat()})

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Upload what is not uploaded yet, then make the post in one request."""
        done = {key: value for key, value in progress.items() if key.startswith(_MEDIA)}
        for place, image in enumerate(prepared.outgoing.images):
            name = f"{_MEDIA}{place}"
            if name in done:
                continue
            reply = yield from ask(self._upload(image))
            done[name] = read_media_id(reply, network=self.profile.network)
            yield from ask(Checkpoint(values=dict(done)))
        media = [done[f"{_MEDIA}{place}"] for place in range(len(prepared.outgoing.images))]
        reply = yield from ask(self._post(prepared, media))
        return read_published(reply, network=self.profile.network)

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Absent | CannotTell]:
        """Look by the key; a removed post counts as found."""
        del progress  # the key says it all
        reply = yield from ask(self._request("GET", "/posts", params={"key": prepared.keys["key"]}))
        found = read_found(reply, network=self.profile.network)
        # The sandbox looks under its write lock and makes nothing after a deadline.
        return found or Absent(conclusive_after=dt.timedelta(0))

    def take_down(self, network_id: str) -> Flow[None]:
        """Remove a post; one that is gone already counts as removed."""
        reply = yield from ask(self._request("DELETE", f"/posts/{quote(network_id, safe='')}"))
        read_removed(reply, network=self.profile.network)

    def verify_credentials(self) -> Flow[str]:
        """Return the account's name."""
        reply = yield from ask(self._request("GET", "/account"))
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

    def _post(self, prepared: Prepared, media: list[str]) -> Request:
        outgoing, keys = prepared.outgoing, prepared.keys
        poll = outgoing.poll
        body: dict[str, Json] = {
            "text": text_to_send(self.description, outgoing),
            "media": media,
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
            headers={**self._headers(), "idempotency-key": keys["key"]},
            creates=0,
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
