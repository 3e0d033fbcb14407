"""The adapter of one account on Postbox. It defines the requests; the desk sends them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Attachment, Json
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.errors import AuthenticationError, NetworkError
from socialcollab.networks import (
    check_limits,
    error_for,
    found_part,
    id_of_part,
    next_part,
    object_of,
    publish_parts,
    text_in,
    text_to_send,
    unreadable,
)
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
    retry_after_s,
)

_NETWORK: Final = "postbox"
_MOST_PAGES: Final = 5
# The clock of the server may be ahead of or behind the clock of the sender.
_CLOCK_SKEW: Final = dt.timedelta(minutes=5)


@attrs.frozen(kw_only=True)
class PostboxAdapter:
    """The adapter of one account on Postbox."""

    profile: Profile
    description: NetworkDescription
    server: str
    send_within_s: float = 30.0

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:  # noqa: ARG002
        """Check the limits, and record the current time, from which a lookup starts."""
        check_limits(self.description, outgoing)
        return Prepared(outgoing=outgoing, idempotency_keys={"prepared_at": now.isoformat()})

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Check the account, upload the images, and create the posts of the thread in order."""
        yield from self._check_account()
        done = dict(progress)
        for place, image in enumerate(prepared.outgoing.media):
            if _media_key(place) not in done:
                done[_media_key(place)] = yield from self._upload(image)
                # If the process ends here, the next attempt does not upload this image again.
                yield from call(Checkpoint(values=dict(done)))

        def create(part: int, done: Mapping[str, str]) -> Flow[tuple[Published, Mapping[str, str]]]:
            # `creates` marks the request that the public can see. With `repeat="no"`, nobody sends
            # it again before `find` has returned that the post does not exist.
            request = attrs.evolve(
                self._request("POST", "posts"),
                json=_content(self.description, prepared, done, part),
                creates=part,
                repeat="no",
            )
            response = yield from call(request)
            return _published(_values(response, "id", status=201, creates=True)), {}

        # This function skips the parts that `done` contains, and records each new part.
        return (yield from publish_parts(1 + len(prepared.outgoing.thread), done, create))

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Look for the first unconfirmed part among the account's recent posts."""
        count = 1 + len(prepared.outgoing.thread)
        expected = _content(self.description, prepared, progress, next_part(progress, count))
        since = dt.datetime.fromisoformat(prepared.idempotency_keys["prepared_at"]) - _CLOCK_SKEW
        params = {"since": since.astimezone(dt.UTC).isoformat()}
        for _ in range(_MOST_PAGES):
            response = yield from call(self._request("GET", "posts", params=params))
            page = _values(response, "posts")
            for post in _posts(response, page):
                if all(post.get(key) == value for key, value in expected.items()):
                    return found_part(_published(post), count, progress, {})
            if not text_in(page, "next"):
                return Missing(conclusive_after=self.description.create_once.conclusive_after)
            params = {**params, "page": text_in(page, "next")}
        return Inconclusive("the account has published too many posts to search all of them")

    def take_down(self, network_id: str) -> Flow[None]:
        """Delete a post. A post that no longer exists counts as deleted."""
        response = yield from call(self._request("DELETE", f"posts/{quote(network_id, safe='')}"))
        if response.status not in (204, 404):
            raise _error(response)

    def verify_credentials(self) -> Flow[str]:
        """Return the name of the account."""
        response = yield from call(self._request("GET", "me"))
        return str(_values(response, "name")["name"])

    def _check_account(self) -> Flow[None]:
        """Check that the token belongs to the account of the profile."""
        actual, expected = (yield from self.verify_credentials()), self.profile.handle
        if expected and actual != expected.removeprefix("@"):
            raise AuthenticationError(
                f"the account of the profile is `{expected}`, but the token belongs to `{actual}`",
                network=_NETWORK,
            )

    def _upload(self, image: Attachment) -> Flow[str]:
        """Upload an image with its alt text, and return its id."""
        request = attrs.evolve(
            self._request("POST", "media"),
            form={"alt": image.alt},
            # The transport reads the bytes from the media store when it sends the request.
            media=MediaPart(digest=image.digest, field="file", media_type=image.media_type),
        )
        return str(_values((yield from call(request)), "id", status=201)["id"])

    def _request(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None
    ) -> Request:
        return Request(method=method, url=f"{self.server}/{path}", params=params or {})


def _media_key(place: int) -> str:
    return f"media-{place}"


def _content(
    description: NetworkDescription, prepared: Prepared, done: Mapping[str, str], part: int
) -> dict[str, Json]:
    """Return the content of a part: what `publish` sends, and what `find` looks for."""
    outgoing = prepared.outgoing
    if part:
        text, reply_to = outgoing.thread[part - 1], id_of_part(done, part - 1)
        return {"text": text, "media": [], "reply_to": reply_to}
    # The images belong to the first part. Their ids identify the post, even if the account has
    # published the same text before.
    media: list[Json] = [done.get(_media_key(place), "") for place in range(len(outgoing.media))]
    return {"text": text_to_send(description, outgoing), "media": media, "reply_to": ""}


def _values(
    response: Response, key: str, *, status: int = 200, creates: bool = False
) -> Mapping[str, Json]:
    """Return the object in a successful response, which must contain *key*."""
    if response.status != status:
        raise _error(response, creates=creates)
    values = object_of(response)
    if values.get(key) in (None, ""):
        raise unreadable(response, f"`{key}`", network=_NETWORK, creates=creates)
    return values


def _posts(response: Response, page: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """Return the posts on a page, each of which must have an id."""
    posts = page["posts"] if isinstance(page["posts"], list) else [None]
    found = [post for post in posts if isinstance(post, Mapping) and text_in(post, "id")]
    if len(found) < len(posts):
        raise unreadable(response, "list of posts with an `id`", network=_NETWORK)
    return found


def _published(post: Mapping[str, Json]) -> Published:
    return Published(network_id=str(post["id"]), url=text_in(post, "url"))


def _error(response: Response, *, creates: bool = False) -> NetworkError:
    """Return the error for a failed response. Set *creates* if the request creates a post."""
    stated = text_in(object_of(response), "error")
    return error_for(
        response.status,
        f"Postbox answered with status {response.status}: {stated or 'no message'}",
        network=_NETWORK,
        creates=creates,
        retry_after_s=retry_after_s(response.headers),
    )
