"""The adapter of one account on Bluesky."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Final

import attrs

from socialcollab.content import Image, Json, exceeded_limits
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.errors import RejectedError
from socialcollab.networks.bluesky.record import (
    COLLECTION,
    instant_text,
    mentioned_handles,
    post_record,
    tid,
)
from socialcollab.networks.bluesky.responses import (
    NETWORK,
    error_name,
    error_of,
    text_of,
    value_of,
)
from socialcollab.networks.limits import text_to_send
from socialcollab.time import as_utc
from socialcollab.transport import (
    Checkpoint,
    Flow,
    Found,
    Inconclusive,
    MediaPart,
    Missing,
    OutgoingPost,
    Prepared,
    Published,
    Request,
    Response,
    call,
)

_ACCOUNT: Final = "did"
_BLOB: Final = "blob-"
_MENTION: Final = "mention-"


@attrs.frozen(kw_only=True)
class BlueskyAdapter:
    """
    The adapter of one account on Bluesky.

    The sender chooses the key of the record. A post is therefore created only once, even if the
    request is sent several times, and its outcome can always be looked up.

    Attributes:
        profile: The profile.
        description: The limits and features of the network.
        server: The address of the account's server.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
    """

    profile: Profile
    description: NetworkDescription
    server: str
    send_within_s: float = 30.0

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:
        """
        Choose the key of the record and the time of creation, and check the network's limits.

        Raises:
            RejectedError: If the post exceeds limits. The message lists all exceeded limits.
        """
        broken = exceeded_limits(
            self.description,
            text=text_to_send(self.description, outgoing),
            images=outgoing.images,
            labels=outgoing.labels,
            poll=outgoing.poll,
        )
        if broken:
            messages = "; ".join(finding.message for finding in broken)
            raise RejectedError(messages, network=NETWORK)
        at = as_utc(now)
        key = tid(at, int.from_bytes(entropy[:2], "big") & 1023)
        return Prepared(
            outgoing=outgoing, idempotency_keys={"rkey": key, "created_at": instant_text(at)}
        )

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Upload the images, look up the accounts that the text mentions, and create the post."""
        done = yield from self._ready(prepared, progress)
        response = yield from call(self._create(prepared, done))
        if error_name(response) == "BlobNotFound":
            # A server keeps an image that no record refers to only for a short time.
            kept = {name: value for name, value in done.items() if not name.startswith(_BLOB)}
            done = yield from self._ready(prepared, kept)
            response = yield from call(self._create(prepared, done))
        return self._published(prepared, text_of(response, "uri", creates=True))

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Look up the record under its key."""
        did = progress.get(_ACCOUNT) or (yield from self._account())
        key = prepared.idempotency_keys["rkey"]
        response = yield from call(
            self._request(
                "GET",
                "com.atproto.repo.getRecord",
                params={"repo": did, "collection": COLLECTION, "rkey": key},
            )
        )
        if error_name(response) == "RecordNotFound":
            return Missing(conclusive_after=self.description.create_once.conclusive_after)
        return Found(self._published(prepared, text_of(response, "uri")))

    def take_down(self, network_id: str) -> Flow[None]:
        """Delete the record. A record that no longer exists counts as deleted."""
        did, key = _parts_of(network_id)
        did = did or (yield from self._account())
        response = yield from call(
            self._request(
                "POST",
                "com.atproto.repo.deleteRecord",
                body={"repo": did, "collection": COLLECTION, "rkey": key},
            )
        )
        if response.status != 200:
            raise error_of(response)

    def verify_credentials(self) -> Flow[str]:
        """Return the handle of the account."""
        response = yield from call(self._request("GET", "com.atproto.server.getSession"))
        return text_of(response, "handle")

    def _account(self) -> Flow[str]:
        response = yield from call(self._request("GET", "com.atproto.server.getSession"))
        return text_of(response, "did")

    def _ready(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[dict[str, str]]:
        """Do everything that precedes the creation of the record, and return the progress."""
        done = dict(progress)
        if _ACCOUNT not in done:
            done[_ACCOUNT] = yield from self._account()
            yield from call(Checkpoint(values=dict(done)))
        for place, image in enumerate(prepared.outgoing.images):
            if f"{_BLOB}{place}" in done:
                continue
            response = yield from call(self._upload(image))
            blob = value_of(response, "blob")
            done[f"{_BLOB}{place}"] = json.dumps(blob, sort_keys=True)
            yield from call(Checkpoint(values=dict(done)))
        for handle in mentioned_handles(self._text(prepared.outgoing)):
            if f"{_MENTION}{handle}" in done:
                continue
            response = yield from call(
                self._request(
                    "GET", "com.atproto.identity.resolveHandle", params={"handle": handle}
                )
            )
            done[f"{_MENTION}{handle}"] = _resolved(response)
            yield from call(Checkpoint(values=dict(done)))
        return done

    def _create(self, prepared: Prepared, done: Mapping[str, str]) -> Request:
        outgoing, keys = prepared.outgoing, prepared.idempotency_keys
        record = post_record(
            outgoing,
            self._text(outgoing),
            created_at=keys["created_at"],
            blobs=[json.loads(done[f"{_BLOB}{place}"]) for place in range(len(outgoing.images))],
            dids={
                name.removeprefix(_MENTION): did
                for name, did in done.items()
                if name.startswith(_MENTION) and did
            },
        )
        # `createRecord` fails if the record exists, but putting the same record again changes
        # nothing. `swapRecord` prevents the request from replacing another record under the key.
        request = self._request(
            "POST",
            "com.atproto.repo.putRecord",
            body={
                "repo": done[_ACCOUNT],
                "collection": COLLECTION,
                "rkey": keys["rkey"],
                "record": record,
                "swapRecord": None,
            },
        )
        return attrs.evolve(request, creates=0, repeat="same key")

    def _upload(self, image: Image) -> Request:
        media = MediaPart(digest=image.digest, media_type=image.media_type)
        return attrs.evolve(self._request("POST", "com.atproto.repo.uploadBlob"), media=media)

    def _text(self, outgoing: OutgoingPost) -> str:
        return text_to_send(self.description, outgoing)

    def _published(self, prepared: Prepared, uri: str) -> Published:
        did, key = _parts_of(uri)
        return Published(
            network_id=uri,
            url=f"https://bsky.app/profile/{did}/post/{key}",
            at=dt.datetime.fromisoformat(prepared.idempotency_keys["created_at"]),
        )

    def _request(
        self,
        method: str,
        name: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Json | None = None,
    ) -> Request:
        return Request(
            method=method, url=f"{self.server}/xrpc/{name}", params=params or {}, json=body
        )


def _parts_of(uri: str) -> tuple[str, str]:
    """Return the account and the key in the address of a record, such as ``at://did:.../.../3k``."""
    account, _, rest = uri.removeprefix("at://").partition("/")
    return (account, rest.rpartition("/")[2]) if rest else ("", account)


def _resolved(response: Response) -> str:
    """Return the identifier of an account, or an empty string if there is no such account."""
    if response.status == 400:
        return ""
    return text_of(response, "did")
