"""Publishing to Instagram, against a server in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import httpx
import pytest
from tests.networks.accounts import ACCOUNTS, NetworkContract
from tests.networks.graph_server import ACCOUNT, TOKEN, InstagramServer, graph_error
from tests.networks.meta_nodes import Nodes
from tests.networks.publishing import (
    JPEGS,
    MP4,
    VIDEO,
    compare,
    failure_of,
    find,
    publish,
    take_down,
    verify,
)

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
    outgoing(text="met omslag", media=(attrs.evolve(VIDEO, cover=IMAGES[0]),), format="reel"),
    outgoing(text="", media=(VIDEO,), format="story"),
    outgoing(text="", format="story"),
    outgoing(text="met reactie", first_comment="#tulpen"),
)
REPLY = outgoing(text="een antwoord", reply_to="17900000000000001", media=())


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
        if "-upload/" in path:
            # The upload server is not described.
            return
        if path.endswith(("/comments", "/replies")):
            node = "IGMedia" if path.endswith("/comments") else "IGComment"
            nodes.check(request, node, path.partition("/")[2])
            if request.method == "GET":
                nodes.check_fields(request, "IGComment")
        elif "/" in path:
            nodes.check(request, "IGUser", path.partition("/")[2])
            if path.endswith("/media") and request.method == "GET":
                # The time of a post is described elsewhere.
                request.url = request.url.copy_set_param("fields", "id,caption,permalink")
                nodes.check_fields(request, "IGMedia")
        elif request.method == "DELETE":
            nodes.check(request, "IGMedia")
        elif fields == "status_code,status":
            nodes.check_fields(request, "ShadowIGMediaBuilder")
        elif fields in ("permalink", "id,caption"):
            nodes.check_fields(request, "IGMedia")

    server = InstagramServer(check)
    with TULIP.connect(server) as instagram:
        assert verify(instagram, PROFILE) == "tulipair"
        for post in POSTS:
            published = publish(instagram, post)
            progress = {"container": server.posts[-1]["container"]}
            if post.first_comment:
                progress["part-0"] = published.network_id
            assert isinstance(find(instagram, post, progress), Found)
            assert compare(instagram, post, published.network_id, progress) == ()
            take_down(instagram, PROFILE, published.network_id)
        take_down(instagram, PROFILE, publish(instagram, REPLY).network_id)
        assert isinstance(find(instagram, REPLY), Missing)
    assert server.posts == []
    assert nodes.checked == {
        "DELETE IGMedia",
        "GET IGUser/content_publishing_limit",
        "GET IGUser/media",
        "GET IGComment/replies",
        "GET IGMedia/comments",
        "GET IGUser/stories",
        "POST IGComment/replies",
        "POST IGMedia/comments",
        "fields of IGComment",
        "POST IGUser/media",
        "POST IGUser/media_publish",
        "fields of IGMedia",
        "fields of ShadowIGMediaBuilder",
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


def test_formats(instagram: Instagram, server: InstagramServer) -> None:
    """A reel has a cover, and a story has no caption."""
    for post in POSTS[4:7]:
        publish(instagram, post)
    reel, video, image = server.containers.values()
    assert reel["media_type"] == "REELS"
    assert reel["cover_url"].startswith("https://media.example/")
    assert video["media_type"] == image["media_type"] == "STORIES"
    assert "caption" not in video
    assert "image_url" in image


def test_two_stories(instagram: Instagram, server: InstagramServer) -> None:
    """Stories have no text, so one of several recent stories cannot be recognised."""
    publish(instagram, POSTS[5])
    publish(instagram, POSTS[6])
    container = server.posts[0]["container"]
    found = find(instagram, POSTS[5], {"container": container})
    assert isinstance(found, Inconclusive)
    assert "2 recent stories" in found.reason


def test_comments(instagram: Instagram, server: InstagramServer) -> None:
    """A reply belongs to a comment, and the first comment to the new post."""
    publish(instagram, REPLY)
    published = publish(instagram, POSTS[7])
    first, reply = server.comments
    assert (reply["parent"], reply["edge"]) == ("17900000000000001", "replies")
    assert (first["parent"], first["edge"]) == (published.network_id, "comments")
    assert "limit" not in str(failure_of(instagram, outgoing(reply_to="1", text="x")))


def test_lost_comment(instagram: Instagram, server: InstagramServer) -> None:
    """A lost comment is looked up by its text and its author."""
    post = publish(instagram, POSTS[7]).network_id
    progress = {"part-0": post, "url": "", "at": ""}
    found = find(instagram, POSTS[7], progress)
    assert isinstance(found, Found)
    assert found.published.network_id == server.comments[0]["id"]
    server.comments[0] |= {"from": {"id": "7", "username": "ben"}, "username": "ben"}
    assert isinstance(find(instagram, POSTS[7], progress), Missing)
    for author, kind in (({}, Inconclusive), ({"id": ACCOUNT}, Found), ({"id": "7"}, Missing)):
        server.comments[0] |= {"from": author, "username": ""}
        assert isinstance(find(instagram, POSTS[7], progress), kind)


def test_upload_without_public_url(server: InstagramServer) -> None:
    """A video whose media store has no public URLs is uploaded; an image cannot be."""
    media = MemoryMedia()
    for data in (MP4, *JPEGS):
        media.put(data)
    with TULIP.connect(server, media=media) as instagram:
        publish(instagram, POSTS[2])
        assert server.uploaded == list(server.containers)
        assert "downloads an image itself" in str(failure_of(instagram, POSTS[0]))
        assert "downloads the cover itself" in str(failure_of(instagram, POSTS[4]))
        server.upload_server = "https://evil.example"
        assert "belongs to another server" in str(failure_of(instagram, POSTS[2]))
    assert len(server.uploaded) == 1


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
