"""Publishing to Instagram, against a server in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from tests.networks.graph_server import ACCOUNT, TOKEN, InstagramServer, graph_error
from tests.networks.meta_nodes import Nodes

from socialcollab.content import Image, Video
from socialcollab.desk import Desk
from socialcollab.directory import Profile
from socialcollab.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.instagram import Instagram
from socialcollab.organization import Organization
from socialcollab.stores import MemoryMedia, MemoryStore
from socialcollab.testing import AdapterContract
from socialcollab.transport import (
    Adapter,
    Driver,
    Found,
    Inconclusive,
    Missing,
    OutgoingPost,
    Published,
    Response,
    RetryPolicy,
    Transport,
)

PROFILE = Profile(id="tulip-instagram", workspace="tulip", network="instagram", handle="@TulipAir")
NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
JPEG = b"\xff\xd8\xff"
MP4 = bytes.fromhex("00000018") + b"ftypmp42" + bytes(12)


class PublicMedia(MemoryMedia):
    """A media store whose media can be downloaded."""

    def public_url(self, digest: str) -> str | None:
        return f"https://media.example/{digest.removeprefix('sha256:')}"


MEDIA = PublicMedia()
IMAGES = tuple(
    attrs.evolve(Image.from_bytes(JPEG + bytes([number]), alt=f"tulp {number}"), data=None)
    for number in range(2)
)
VIDEO = attrs.evolve(Video.from_stream(BytesIO(MP4), alt="wind"), source=None)


def outgoing(**options: Any) -> OutgoingPost:
    fields = {
        "delivery": "d1",
        "profile": PROFILE,
        "text": "De lente is er 🌷",
        "media": IMAGES[:1],
    }
    return OutgoingPost(**fields | options)


POSTS = (
    outgoing(),
    outgoing(text="", media=IMAGES),
    outgoing(text="een film", media=(VIDEO,)),
    outgoing(text="alles", media=(*IMAGES, VIDEO), links=("https://tulip.nl",)),
)


@pytest.fixture
def server() -> InstagramServer:
    return InstagramServer()


@pytest.fixture
def instagram(server: InstagramServer) -> Iterator[Instagram]:
    with (
        server.client() as client,
        Instagram({PROFILE.id: TOKEN}, media=MEDIA, client=client) as used,
    ):
        yield used


def driver() -> Driver:
    """Return a driver that never repeats a request and does not wait."""
    return Driver(retry=RetryPolicy(tries=1), sleep=lambda _: None)


def publish(
    instagram: Instagram, post: OutgoingPost, progress: dict[str, str] | None = None
) -> Published:
    adapter = instagram.adapter(PROFILE)
    flow = adapter.publish(adapter.prepare(post, now=NOW, entropy=bytes(16)), progress or {})
    return driver().run(flow, transport=instagram.transport(PROFILE))


def find(instagram: Instagram, post: OutgoingPost, progress: dict[str, str]):
    adapter = instagram.adapter(PROFILE)
    flow = adapter.find(adapter.prepare(post, now=NOW, entropy=bytes(16)), progress)
    return driver().run(flow, transport=instagram.transport(PROFILE))


class TestAdapter(AdapterContract):
    """The adapter keeps the promises of adapters."""

    secrets = (TOKEN,)
    refused = Response(status=400, body=graph_error(400, 190, "expired").content)
    rejected = Response(status=400, body=graph_error(400, 100, "Invalid parameter").content)
    limited = Response(
        status=400,
        headers={"retry-after": "60"},
        body=graph_error(400, 4, "Application request limit reached").content,
    )
    failed = Response(status=500, body=graph_error(500, 1, "unknown error").content)

    @pytest.fixture
    def server(self) -> InstagramServer:
        server = InstagramServer()
        server.now = dt.datetime.now(dt.UTC)
        return server

    @pytest.fixture
    def adapter(self, instagram: Instagram) -> Adapter:
        return instagram.adapter(PROFILE)

    @pytest.fixture
    def transport(self, instagram: Instagram) -> Transport:
        return instagram.transport(PROFILE)

    @pytest.fixture
    def outgoing(self) -> OutgoingPost:
        return outgoing(media=IMAGES)


def test_description(shared_specs: Callable[[str], Path]) -> None:
    """Every request uses edges, parameters and fields that Meta's description contains."""
    nodes = Nodes(shared_specs("meta") / "api_specs/specs")

    def check(request: httpx.Request, _: httpx.Response) -> None:
        path = request.url.path.removeprefix("/v25.0/")
        fields = request.url.params.get("fields", "")
        if "/" in path:
            nodes.check(request, "IGUser", path.partition("/")[2])
            if path.endswith("/media") and request.method == "GET":
                # The time of a post is described elsewhere.
                request.url = request.url.copy_set_param("fields", "id,caption,permalink")
                nodes.check_fields(request, "IGMedia")
        elif request.method == "DELETE":
            nodes.check(request, "IGMedia")
        elif fields == "permalink":
            nodes.check_fields(request, "IGMedia")

    server = InstagramServer(check)
    with (
        server.client() as client,
        Instagram({PROFILE.id: TOKEN}, media=MEDIA, client=client) as used,
    ):
        adapter, transport = used.adapter(PROFILE), used.transport(PROFILE)
        assert driver().run(adapter.verify_credentials(), transport=transport) == "tulipair"
        for post in POSTS:
            prepared = adapter.prepare(post, now=NOW, entropy=bytes(16))
            published = driver().run(adapter.publish(prepared, {}), transport=transport)
            container = server.posts[-1]["container"]
            found = driver().run(
                adapter.find(prepared, {"container": container}), transport=transport
            )
            assert isinstance(found, Found)
            driver().run(adapter.take_down(published.network_id), transport=transport)
    assert server.posts == []
    assert nodes.checked == {
        "DELETE IGMedia",
        "GET IGUser/content_publishing_limit",
        "GET IGUser/media",
        "POST IGUser/media",
        "POST IGUser/media_publish",
        "fields of IGMedia",
    }


def test_containers(instagram: Instagram, server: InstagramServer) -> None:
    """One image, a carousel and a reel have different containers."""
    published = publish(instagram, POSTS[0])
    assert published.url == f"https://www.instagram.com/p/{published.network_id}/"
    (single,) = server.containers.values()
    url = f"https://media.example/{IMAGES[0].digest.removeprefix('sha256:')}"
    assert (single["image_url"], single["alt_text"]) == (url, "tulp 0")
    assert single["caption"] == "De lente is er 🌷"
    server.containers.clear()
    publish(instagram, POSTS[3])
    *items, carousel = server.containers.values()
    assert [item.get("is_carousel_item") for item in items] == ["true"] * 3
    assert [item.get("media_type", "") for item in items] == ["", "", "REELS"]
    assert carousel["media_type"] == "CAROUSEL"
    assert carousel["children"].split(",") == list(server.containers)[:3]
    assert carousel["caption"] == "alles\nhttps://tulip.nl"


def test_lost_answer(instagram: Instagram, server: InstagramServer) -> None:
    """The state of the container shows whether a post was published."""
    assert isinstance(find(instagram, POSTS[0], {}), Missing)
    published = publish(instagram, POSTS[0])
    container = server.posts[0]["container"]
    # A container that cannot be read may have been published.
    assert isinstance(find(instagram, POSTS[1], {"container": "1"}), Inconclusive)
    server.containers["1"] = {"state": "ERROR", "left": 0}
    assert isinstance(find(instagram, POSTS[0], {"container": "1"}), Missing)
    found = find(instagram, POSTS[0], {"container": container})
    assert isinstance(found, Found)
    assert found.published.network_id == published.network_id
    assert found.published.at == server.now
    # A published container is never published again.
    again = publish(instagram, POSTS[0], {"account": ACCOUNT, "container": container})
    assert again.network_id == published.network_id
    server.posts[0]["caption"] = "changed on Instagram"
    assert isinstance(find(instagram, POSTS[0], {"container": container}), Inconclusive)
    with pytest.raises(OutcomeUnknownError, match="does not list its post"):
        publish(instagram, POSTS[0], {"account": ACCOUNT, "container": container})
    assert len(server.posts) == 1


def test_processing(instagram: Instagram, server: InstagramServer) -> None:
    """A container is published only when Instagram has downloaded and processed the media."""
    server.processing = 3
    publish(instagram, POSTS[3])
    assert len(server.posts) == 1
    server.processing = 100
    with pytest.raises(TransientError, match="still processing"):
        publish(instagram, POSTS[0])
    server.processing = 0
    container = publish_container(instagram, server, "ERROR")
    with pytest.raises(RejectedError, match="wrong ratio"):
        publish(instagram, POSTS[0], {"account": ACCOUNT, "container": container})
    container = publish_container(instagram, server, "EXPIRED")
    publish(instagram, POSTS[0], {"account": ACCOUNT, "container": container})
    assert server.posts[-1]["container"] != container


def publish_container(instagram: Instagram, server: InstagramServer, state: str) -> str:
    """Return a container that is in a state."""
    publish(instagram, POSTS[0])
    container: str = server.posts.pop()["container"]
    server.containers[container]["state"] = state
    return container


def test_quota(instagram: Instagram, server: InstagramServer) -> None:
    """If the account has used its daily limit, nothing is sent and the desk waits."""
    server.quota = 1
    publish(instagram, POSTS[0])
    with pytest.raises(RateLimitedError, match="1 posts within 24 hours; Instagram allows 1"):
        publish(instagram, POSTS[1])
    assert len(server.containers) == 1


def test_private_media(server: InstagramServer) -> None:
    """Without public URLs, or without the bytes, Instagram cannot download the media."""
    media = MemoryMedia()
    with (
        server.client() as client,
        Instagram({PROFILE.id: TOKEN}, media=media, client=client) as instagram,
    ):
        with pytest.raises(RejectedError, match="are not stored"):
            publish(instagram, POSTS[0])
        media.put(JPEG + bytes([0]))
        with pytest.raises(RejectedError, match="has no public URL"):
            publish(instagram, POSTS[0])
    assert server.containers == {}


def test_wrong_token(server: InstagramServer) -> None:
    """A refused or missing token, or one of another account, is an error about the credentials."""
    for tokens, message in (
        ({PROFILE.id: "wrong"}, "190"),
        ({}, "no access token"),
        ({PROFILE.id: TOKEN}, r"`TulipAir`.*`other`"),
    ):
        server.username = "other"
        with server.client() as client, Instagram(tokens, media=MEDIA, client=client) as instagram:
            with pytest.raises(AuthenticationError, match=message) as caught:
                publish(instagram, POSTS[0])
            assert "wrong" not in str(caught.value)
    assert server.containers == {}


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (graph_error(400, 190, "expired"), AuthenticationError),
        (graph_error(400, 9007, "Media ID is not available"), RejectedError),
        (graph_error(403, 4, "request limit"), RateLimitedError),
        (graph_error(500, 2, "temporary"), OutcomeUnknownError),
        (httpx.Response(502, text="<html>"), OutcomeUnknownError),
        (httpx.Response(200, json={}), OutcomeUnknownError),
    ],
)
def test_errors(
    instagram: Instagram, server: InstagramServer, response: httpx.Response, kind: type
) -> None:
    """Each error becomes the error that says what the caller can do, and a post is sent once."""
    server.scripted[f"POST /{ACCOUNT}/media_publish"] = response
    with pytest.raises(kind) as caught:
        publish(instagram, POSTS[0])
    assert type(caught.value) is kind
    assert server.requests.count(f"POST /{ACCOUNT}/media_publish") == 1


class Fault(httpx.MockTransport):
    """A connection that breaks at one request: before it is sent, or after it was carried out."""

    def __init__(self, server: InstagramServer, at: int, *, arrives: bool) -> None:
        super().__init__(server.answer)
        self.at = at
        self.arrives = arrives

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.at -= 1
        if self.at != 0:
            return super().handle_request(request)
        if self.arrives:
            super().handle_request(request)
        raise httpx.ReadError("the connection broke", request=request)


DOCUMENT = """
[organization]
id = "tulip"
timezone = "Europe/Amsterdam"
[[workspaces]]
id = "tulip"
lead = "eva"
default_approval = "none"
[[profiles]]
id = "tulip-instagram"
workspace = "tulip"
network = "instagram"
handle = "@tulipair"
[[members]]
id = "eva"
[roles.owner]
permissions = ["*"]
[[grants]]
to = "member:eva"
role = "owner"
on = { workspace = "*" }
"""


@pytest.mark.slow
@pytest.mark.parametrize("arrives", [True, False])
def test_broken_connections(server: InstagramServer, arrives: bool) -> None:
    """Wherever the connection breaks, there is exactly one post, and the desk knows it."""
    # The account, the quota, three containers with their states, the post, its address, a lookup.
    for at in range(1, 13):
        now, media = [dt.datetime.now(dt.UTC)], PublicMedia()
        server.now = now[0]
        with (
            httpx.Client(transport=Fault(server, at, arrives=arrives)) as client,
            Instagram({PROFILE.id: TOKEN}, media=media, client=client) as instagram,
            Desk.create(
                MemoryStore(),
                Organization.loads(DOCUMENT),
                owner="eva",
                networks={"instagram": instagram},
                media=media,
                clock=lambda now=now: now[0],
                real_clock=lambda now=now: now[0],
            ) as desk,
        ):
            eva = desk.acting_as("eva")
            images = [Image.from_bytes(JPEG + bytes([number]), alt="x") for number in range(2)]
            post = eva.draft(f"Poging {at}", profiles=[PROFILE.id], media=images)
            post = eva.publish_now(post)
            for _ in range(4):
                desk.run_due()
                now[0] += dt.timedelta(minutes=10)
                server.now = now[0]
            (delivery,) = desk.deliveries(post)
            assert (delivery.state, delivery.problem) == ("published", "")
            assert [one["caption"] for one in server.posts] == [
                f"Poging {number}" for number in range(1, at + 1)
            ]
            assert delivery.network_id == server.posts[-1]["id"]
