"""The adapter for one Facebook Page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Image, Json, Video
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.errors import AuthenticationError, OutcomeUnknownError
from socialcollab.networks.graph import (
    error_of,
    instant_of,
    is_duplicate,
    is_gone,
    items_of,
    next_page,
    values_of,
)
from socialcollab.networks.limits import check_limits
from socialcollab.networks.responses import text_in
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
    call,
)

NETWORK: Final = "facebook"
_PAGE: Final = "page"
_PHOTO: Final = "photo-"
_PAGE_SIZE: Final = 100
_MOST_PAGES: Final = 3
_CLOCK_SKEW: Final = dt.timedelta(minutes=5)


@attrs.frozen(kw_only=True)
class FacebookAdapter:
    """
    The adapter for one Facebook Page.

    Facebook has no idempotency keys, so a request that creates a post is never repeated before its
    outcome has been looked up.

    Attributes:
        profile: The profile.
        description: The limits and features of the network.
        server: The address of the Graph API, with its version.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
    """

    profile: Profile
    description: NetworkDescription
    server: str
    send_within_s: float = 60.0

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:  # noqa: ARG002
        """
        Remember the time, and check the network's limits.

        Raises:
            RejectedError: If the post exceeds limits. The message lists all exceeded limits.
        """
        check_limits(self.description, outgoing)
        return Prepared(outgoing=outgoing, idempotency_keys={"created_at": as_utc(now).isoformat()})

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Check the Page, upload the images, and create the post."""
        done, outgoing = dict(progress), prepared.outgoing
        if _PAGE not in done:
            done[_PAGE] = yield from self._page()
            yield from call(Checkpoint(values=dict(done)))
        videos = [one for one in outgoing.media if isinstance(one, Video)]
        if videos:
            return (yield from self._create(prepared, done, self._video(outgoing, videos[0], done)))
        for place, image in enumerate(outgoing.media):
            if isinstance(image, Image) and f"{_PHOTO}{place}" not in done:
                done[f"{_PHOTO}{place}"] = yield from self._upload(image, done)
                yield from call(Checkpoint(values=dict(done)))
        return (yield from self._create(prepared, done, self._feed(outgoing, done)))

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Look for the post among the Page's posts since it was prepared."""
        page = progress.get(_PAGE) or (yield from self._page())
        created_at = dt.datetime.fromisoformat(prepared.idempotency_keys["created_at"])
        since, after = created_at - _CLOCK_SKEW, ""
        message = _message(prepared.outgoing)
        for _ in range(_MOST_PAGES):
            params = {
                "fields": "id,message,created_time,permalink_url",
                "limit": str(_PAGE_SIZE),
            }
            if after:
                params["after"] = after
            response = yield from call(
                self._request("GET", f"/{quote(page, safe='')}/published_posts", params=params)
            )
            for post in items_of(response, network=NETWORK):
                at = instant_of(post, "created_time")
                if at is not None and at < since:
                    return self._missing()
                if " ".join(text_in(post, "message").split()) == " ".join(message.split()):
                    return Found(_published(post))
            after = next_page(response)
            if not after:
                return self._missing()
        return Inconclusive(f"the Page has more than {_MOST_PAGES * _PAGE_SIZE} posts since then")

    def take_down(self, network_id: str) -> Flow[None]:
        """Delete the post. A post that no longer exists counts as deleted."""
        response = yield from call(self._request("DELETE", f"/{quote(network_id, safe='')}"))
        if is_gone(response):
            # The API also answers this way if the token lacks a permission.
            shown = yield from call(
                self._request("GET", f"/{quote(network_id, safe='')}", params={"fields": "id"})
            )
            if shown.status == 200:
                raise error_of(response, network=NETWORK)
            return
        values_of(response, "success", network=NETWORK)

    def verify_credentials(self) -> Flow[str]:
        """Return the name of the Page."""
        response = yield from call(
            self._request("GET", "/me", params={"fields": "id,name,username"})
        )
        return str(values_of(response, "id", "name", network=NETWORK)["name"])

    def _page(self) -> Flow[str]:
        """Return the id of the Page, after checking that it is the profile's Page."""
        response = yield from call(
            self._request("GET", "/me", params={"fields": "id,name,username"})
        )
        values = values_of(response, "id", network=NETWORK)
        expected = self.profile.handle.removeprefix("@").lower()
        names = {str(values["id"]), text_in(values, "username"), text_in(values, "name")}
        if expected and expected not in {name.lower() for name in names}:
            actual = text_in(values, "username") or str(values["id"])
            raise AuthenticationError(
                f"the profile's Page is `{expected}`, but the token belongs to `{actual}`",
                network=NETWORK,
            )
        return str(values["id"])

    def _upload(self, image: Image, done: Mapping[str, str]) -> Flow[str]:
        """Upload an image without publishing it, and return its id."""
        form = {"published": "false"}
        if image.alt:
            form["alt_text_custom"] = image.alt
        request = attrs.evolve(
            self._request("POST", f"/{quote(done[_PAGE], safe='')}/photos"),
            form=form,
            media=MediaPart(
                digest=image.digest, field="source", media_type=image.media_type, name="image"
            ),
        )
        response = yield from call(request)
        return str(values_of(response, "id", network=NETWORK)["id"])

    def _feed(self, outgoing: OutgoingPost, done: Mapping[str, str]) -> Request:
        body: dict[str, Json] = {}
        message = _message(outgoing)
        if message:
            body["message"] = message
        if outgoing.media:
            places = range(len(outgoing.media))
            body["attached_media"] = [{"media_fbid": done[f"{_PHOTO}{place}"]} for place in places]
        elif outgoing.links:
            # Facebook shows a card of this link.
            body["link"] = outgoing.links[0]
        path = f"/{quote(done[_PAGE], safe='')}/feed"
        return attrs.evolve(self._request("POST", path, body=body), creates=0, repeat="no")

    def _video(self, outgoing: OutgoingPost, video: Video, done: Mapping[str, str]) -> Request:
        return attrs.evolve(
            self._request("POST", f"/{quote(done[_PAGE], safe='')}/videos"),
            form={"description": _message(outgoing)},
            media=MediaPart(
                digest=video.digest, field="source", media_type=video.media_type, name="video"
            ),
            creates=0,
            repeat="no",
        )

    def _create(
        self, prepared: Prepared, done: Mapping[str, str], request: Request
    ) -> Flow[Published]:
        response = yield from call(request)
        if is_duplicate(response):
            found = yield from self.find(prepared, done)
            if isinstance(found, Found):
                return found.published
            error = error_of(response, network=NETWORK)
            if isinstance(found, Missing):
                raise error
            raise OutcomeUnknownError(f"{error}; {found.reason}", network=NETWORK)
        return _published(values_of(response, "id", network=NETWORK, creates=True))

    def _missing(self) -> Missing:
        return Missing(conclusive_after=self.description.create_once.conclusive_after)

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Json | None = None,
    ) -> Request:
        return Request(method=method, url=f"{self.server}{path}", params=params or {}, json=body)


def _message(outgoing: OutgoingPost) -> str:
    """Return a post's text, with the links that are not shown as its card."""
    links = outgoing.links if outgoing.media else outgoing.links[1:]
    return "\n".join(part for part in (outgoing.text, *links) if part)


def _published(post: Mapping[str, Json]) -> Published:
    network_id = str(post["id"])
    return Published(
        network_id=network_id,
        url=text_in(post, "permalink_url") or f"https://www.facebook.com/{network_id}",
        at=instant_of(post, "created_time"),
    )
