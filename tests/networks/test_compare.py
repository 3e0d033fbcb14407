"""The live post is compared with the approved post, and unused uploads are deleted."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx
import pytest
from tests.networks.accounts import ACCOUNTS, Account
from tests.networks.desks import desk_of
from tests.networks.faults import TEN_MINUTES
from tests.networks.graph_server import PAGE, FacebookServer, graph_error
from tests.networks.publishing import MP4, PublicMedia

from socialcollab.content import Delivery, Image, Video
from socialcollab.desk import Desk


def other_text(name: str, server: Any) -> None:
    """Change the text of the only post on a server."""
    if name == "bluesky":
        (record,) = server.records.values()
        record["text"] = "anders"
    elif name == "mastodon":
        server.texts[server.statuses[0]["id"]] = "anders"
    else:
        (post,) = server.posts
        post[{"x": "text", "facebook": "message", "instagram": "caption"}[name]] = "anders"


def publish(
    account: Account, alter: Callable[[Any], None] | None = None, **options: Any
) -> tuple[Desk, Delivery, Any]:
    """Publish a post with two images, change it on the network, and return its delivery."""
    server, media = account.server(), PublicMedia()

    class Altered(httpx.BaseTransport):
        """A server on which posts change before they are read."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = server.handle_request(request)
            if request.method == "POST" and server.posted and alter is not None:
                alter(server)
            return response

    with (
        account.connect(Altered(), media=media, **options) as network,
        desk_of(account.profile, network, media=media, clock=lambda: server.now) as desk,
    ):
        eva = desk.acting_as("eva")
        images = [Image.from_bytes(data, alt="tulp") for data in account.files]
        post = eva.submit(
            eva.draft(
                "Lees https://tulip.nl 🌷",
                profiles=[account.profile.id],
                media=images,
                planned_at=server.now + TEN_MINUTES,
            )
        )
        server.now += TEN_MINUTES
        desk.run_due()
        (delivery,) = desk.deliveries(post)
        assert desk.audit().clean
        assert delivery.state == "published", delivery.problem
        notified = [each.kind for each in desk.notifications()]
        assert ("published_differently" in notified) == bool(delivery.differences)
        return desk, delivery, server


@pytest.mark.parametrize("name", ACCOUNTS)
def test_same_post(name: str) -> None:
    """A post that looks as approved has no differences."""
    _, delivery, _ = publish(ACCOUNTS[name])
    assert delivery.differences == ()


@pytest.mark.parametrize("name", ACCOUNTS)
def test_other_text(name: str) -> None:
    """A network that shows another text is reported to the author."""
    _, delivery, _ = publish(ACCOUNTS[name], lambda server: other_text(name, server))
    assert delivery.differences == ("text",)


def test_found_post() -> None:
    """A post whose response was lost is compared when the lookup has found it."""
    account, lost = ACCOUNTS["bluesky"], list[str]()

    class LosesResponse(httpx.BaseTransport):
        """A server that changes the post, and whose response to its creation is lost."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = server.handle_request(request)
            if request.url.path.endswith("putRecord") and not lost:
                lost.append(request.url.path)
                other_text("bluesky", server)
                raise httpx.ReadError("the connection broke", request=request)
            return response

    server, media = account.server(), PublicMedia()
    with (
        account.connect(LosesResponse(), media=media) as network,
        desk_of(account.profile, network, media=media, clock=lambda: server.now) as desk,
    ):
        eva = desk.acting_as("eva")
        post = eva.publish_now(eva.draft("De lente is er", profiles=[account.profile.id]))
        for _ in range(4):
            desk.run_due()
            server.now += TEN_MINUTES
        (delivery,) = desk.deliveries(post)
        assert (delivery.state, delivery.differences) == ("published", ("text",))
        notified = [each.kind for each in desk.notifications()]
        assert notified.count("published_differently") == 1


def test_other_visibility() -> None:
    """A server that ignores the visibility, or the media, is reported."""

    def alter(server: Any) -> None:
        server.statuses[0] |= {"visibility": "private", "media_attachments": []}

    _, delivery, _ = publish(ACCOUNTS["mastodon"], alter)
    assert delivery.differences == ("media", "visibility")


def test_reading_is_switched_off() -> None:
    """Without permission to read from X, nothing is compared."""
    _, delivery, server = publish(
        ACCOUNTS["x"], lambda server: other_text("x", server), reads=False
    )
    assert delivery.differences == ()
    assert not [request for request in server.requests if request.startswith("GET /2/tweets")]


@pytest.mark.parametrize("kind", ["images", "video"])
def test_unused_uploads(kind: str) -> None:
    """If Facebook refuses a post, the images or the video that were uploaded for it are deleted."""
    account, server, media = ACCOUNTS["facebook"], FacebookServer(), PublicMedia()
    server.scripted[f"POST /{PAGE}/feed"] = graph_error(400, 368, "Blocked")
    server.scripted["POST /5001"] = graph_error(400, 368, "Blocked")
    with (
        account.connect(server, media=media) as network,
        desk_of(account.profile, network, media=media, clock=lambda: server.now) as desk,
    ):
        eva = desk.acting_as("eva")
        images = [Image.from_bytes(data) for data in account.files]
        files = images if kind == "images" else [Video.from_stream(BytesIO(MP4))]
        profile = account.profile.id
        post = eva.draft(
            "Lente", profiles=[profile], media=files, planned_at=server.now + TEN_MINUTES
        )
        eva.submit(post)
        server.now += TEN_MINUTES
        desk.run_due()
        (delivery,) = desk.deliveries(post)
        assert delivery.state == "failed"
        assert delivery.progress
        assert (server.photos, server.videos, server.posts) == ({}, {}, [])


@pytest.mark.parametrize("kind", ["images", "video"])
def test_uploads_of_a_live_post(kind: str) -> None:
    """If Facebook refuses only the first comment, the media of the live post are not deleted."""
    account, server, media = ACCOUNTS["facebook"], FacebookServer(), PublicMedia()
    refused = graph_error(400, 368, "Blocked")

    class Refusing(httpx.BaseTransport):
        """A server that refuses comments."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            is_comment = request.method == "POST" and request.url.path.endswith("/comments")
            return refused if is_comment else server.handle_request(request)

    with (
        account.connect(Refusing(), media=media) as network,
        desk_of(account.profile, network, media=media, clock=lambda: server.now) as desk,
    ):
        eva = desk.acting_as("eva")
        images = [Image.from_bytes(data) for data in account.files]
        files = images if kind == "images" else [Video.from_stream(BytesIO(MP4))]
        post = eva.publish_now(
            eva.draft("Lente", profiles=[account.profile.id], media=files, first_comment="#tulpen")
        )
        desk.run_due()
        (delivery,) = desk.deliveries(post)
        assert (delivery.state, len(delivery.known_ids)) == ("failed", 1)
        assert len(server.posts) == 1
        assert not [request for request in server.requests if request.startswith("DELETE")]
