"""The adapter for one Facebook Page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Attachment, Json, Video
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.errors import AuthenticationError, OutcomeUnknownError
from socialcollab.networks.graph import (
    delete,
    error_of,
    instant_of,
    is_duplicate,
    is_gone,
    items_of,
    next_page,
    values_of,
)
from socialcollab.networks.limits import upload_size
from socialcollab.networks.lookup import earliest, missing, prepared_at
from socialcollab.networks.responses import text_in
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
_VIDEO: Final = "video"
_PAGE_SIZE: Final = 100
_POST_FIELDS: Final = (
    "id,message,created_time,permalink_url,attachments{target,unshimmed_url,subattachments}"
)
_MOST_PAGES: Final = 3


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
        return prepared_at(self.description, outgoing, now)

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Check the Page, upload the images, and create the post."""
        done, outgoing = dict(progress), prepared.outgoing
        if _PAGE not in done:
            done[_PAGE] = yield from self._page()
            yield from call(Checkpoint(values=dict(done)))
        for place, one in enumerate(outgoing.media):
            name = _VIDEO if isinstance(one, Video) else f"{_PHOTO}{place}"
            if name not in done:
                done[name] = yield from self._upload(one, outgoing, done)
                yield from call(Checkpoint(values=dict(done)))
        if _VIDEO in done:
            return (yield from self._publish_video(done[_VIDEO]))
        response = yield from call(self._feed(outgoing, done))
        if is_duplicate(response):
            found = yield from self.find(prepared, done)
            if isinstance(found, Found):
                return found.published
            error = error_of(response, network=NETWORK)
            if isinstance(found, Missing):
                raise error
            raise OutcomeUnknownError(f"{error}; {found.reason}", network=NETWORK)
        return _published(values_of(response, "id", network=NETWORK, creates=True))

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """
        Look for the post among the Page's posts since it was prepared.

        A video is looked up by its id, because it exists before it is published.
        """
        if any(isinstance(one, Video) for one in prepared.outgoing.media):
            if _VIDEO not in progress:
                return missing(self.description)
            return (yield from self._find_video(progress[_VIDEO]))
        page = progress.get(_PAGE) or (yield from self._page())
        since = earliest(prepared)
        message = " ".join(_message(prepared.outgoing).split())
        params = {"fields": _POST_FIELDS, "limit": str(_PAGE_SIZE)}
        doubtful = False
        for _ in range(_MOST_PAGES):
            response = yield from call(
                self._request("GET", f"/{quote(page, safe='')}/published_posts", params=params)
            )
            posts = items_of(response, network=NETWORK)
            recent = [post for post in posts if _is_since(post, since)]
            for post in recent:
                if " ".join(text_in(post, "message").split()) == message:
                    if _has_attachments(post, prepared.outgoing, progress):
                        return Found(_published(post))
                    doubtful = True
            after = next_page(response) if len(recent) == len(posts) else ""
            if not after and doubtful:
                return Inconclusive("the Page has a post with the same text, but other attachments")
            if not after:
                return missing(self.description)
            params = {**params, "after": after}
        return Inconclusive(
            f"the Page has published more than {_MOST_PAGES * _PAGE_SIZE} posts"
            " since this post was prepared"
        )

    def take_down(self, network_id: str) -> Flow[None]:
        """Delete the post. A post that no longer exists counts as deleted."""
        yield from delete(self.server, network_id, network=NETWORK)

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

    def _upload(
        self, one: Attachment, outgoing: OutgoingPost, done: Mapping[str, str]
    ) -> Flow[str]:
        """Upload an image or a video without publishing it, and return its id."""
        form = {"published": "false"}
        edge = "photos"
        if isinstance(one, Video):
            form["description"] = _message(outgoing)
            edge = "videos"
        elif one.alt:
            form["alt_text_custom"] = one.alt
        request = attrs.evolve(
            self._request("POST", f"/{quote(done[_PAGE], safe='')}/{edge}"),
            form=form,
            media=MediaPart(
                digest=one.digest,
                field="source",
                media_type=one.media_type,
                name="media",
                size=upload_size(one),
            ),
        )
        response = yield from call(request)
        return str(values_of(response, "id", network=NETWORK)["id"])

    def _publish_video(self, video: str) -> Flow[Published]:
        request = attrs.evolve(
            self._request("POST", f"/{quote(video, safe='')}", body={"published": True}),
            creates=0,
            repeat="no",
        )
        response = yield from call(request)
        values_of(response, "success", network=NETWORK, creates=True)
        return _published({"id": video})

    def _find_video(self, video: str) -> Flow[Found | Missing | Inconclusive]:
        params = {"fields": "id,published,created_time,permalink_url"}
        response = yield from call(self._request("GET", f"/{quote(video, safe='')}", params=params))
        if is_gone(response):
            return Inconclusive("the video cannot be read")
        values = values_of(response, "id", network=NETWORK)
        return (
            Found(_published(values))
            if values.get("published") is True
            else missing(self.description)
        )

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


def _is_since(post: Mapping[str, Json], since: dt.datetime) -> bool:
    at = instant_of(post, "created_time")
    return at is None or at >= since


def _has_attachments(
    post: Mapping[str, Json], outgoing: OutgoingPost, progress: Mapping[str, str]
) -> bool:
    """Return whether a post has the images that were uploaded for it, or its link."""
    attached = list(_attachments(post))
    if outgoing.media:
        sent = {progress.get(f"{_PHOTO}{place}", "") for place in range(len(outgoing.media))}
        return sent == {text_in(target, "id") for target in map(_target, attached)} - {""}
    if outgoing.links:
        link = outgoing.links[0].rstrip("/")
        return link in {text_in(each, "unshimmed_url").rstrip("/") for each in attached}
    return True


def _attachments(
    values: Mapping[str, Json], key: str = "attachments"
) -> Iterator[Mapping[str, Json]]:
    """Yield the attachments of a post. Those of an album are attachments of its attachment."""
    table = values.get(key)
    data = table.get("data") if isinstance(table, Mapping) else None
    for each in data if isinstance(data, list) else ():
        if isinstance(each, Mapping):
            inner = list(_attachments(each, "subattachments"))
            yield from inner or [each]


def _target(attachment: Mapping[str, Json]) -> Mapping[str, Json]:
    target = attachment.get("target")
    return target if isinstance(target, Mapping) else {}


def _published(post: Mapping[str, Json]) -> Published:
    network_id = str(post["id"])
    return Published(
        network_id=network_id,
        url=text_in(post, "permalink_url") or f"https://www.facebook.com/{network_id}",
        at=instant_of(post, "created_time"),
    )
