"""Publishing to Instagram, against a server in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.networks.accounts import ACCOUNTS, NetworkContract
from tests.networks.broken_connection import check_each_break
from tests.networks.graph_server import ACCOUNT, TOKEN, InstagramServer, graph_error
from tests.networks.meta_nodes import Nodes
from tests.networks.publishing import JPEGS, VIDEO, failure_of, find, publish, take_down, verify

from socialcollab.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.instagram import Instagram
from socialcollab.stores import MemoryMedia
from socialcollab.transport import Found, Inconclusive, Missing, OutgoingPost, Response

TULIP = ACCOUNTS["instagram"]
PROFILE = TULIP.profile
IMAGES = TULIP.images
outgoing = TULIP.outgoing
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
    with TULIP.connect(server) as used:
        yield used


class TestAdapter(NetworkContract):
    """The adapter keeps the promises of adapters."""

    account = TULIP
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
    with TULIP.connect(server) as instagram:
        assert verify(instagram, PROFILE) == "tulipair"
        for post in POSTS:
            published = publish(instagram, post)
            container = server.posts[-1]["container"]
            assert isinstance(find(instagram, post, {"container": container}), Found)
            take_down(instagram, PROFILE, published.network_id)
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
    assert [item.get("media_type", "") for item in items] == ["", "", "VIDEO"]
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
    with TULIP.connect(server, media=media) as instagram:
        with pytest.raises(RejectedError, match="are not stored"):
            publish(instagram, POSTS[0])
        media.put(JPEGS[0])
        with pytest.raises(RejectedError, match="has no public URL"):
            publish(instagram, POSTS[0])
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
    assert type(failure_of(instagram, POSTS[0])) is kind
    assert server.requests.count(f"POST /{ACCOUNT}/media_publish") == 1


@pytest.mark.slow
@pytest.mark.parametrize("arrives", [True, False])
def test_broken_connections(server: InstagramServer, arrives: bool) -> None:
    """Wherever the connection breaks, there is exactly one post, and the desk has recorded it."""
    # The requests: the account, the quota, three containers and their states, the post, its URL.
    check_each_break(TULIP, server, ["Poging {}"], images=2, requests=10, arrives=arrives)
