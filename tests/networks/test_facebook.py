"""Publishing to a Facebook Page, against a server in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from tests.networks.graph_server import PAGE, TOKEN, FacebookServer, graph_error
from tests.networks.meta_nodes import Nodes

from socialcollab.content import Image, Video
from socialcollab.desk import Desk
from socialcollab.directory import Profile
from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.facebook import Facebook
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

PROFILE = Profile(id="tulip-facebook", workspace="tulip", network="facebook", handle="TulipAir")
NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
MEDIA = MemoryMedia()
IMAGES = tuple(
    attrs.evolve(
        Image.from_bytes(b"GIF89a" + bytes([number]) * 40, alt=f"tulp {number}"), data=None
    )
    for number in range(2)
)
for _number in range(2):
    MEDIA.put(b"GIF89a" + bytes([_number]) * 40)
MP4 = bytes.fromhex("00000018") + b"ftypmp42" + bytes(12)
VIDEO = attrs.evolve(Video.from_stream(BytesIO(MP4), alt="wind"), source=None)
MEDIA.put(MP4)


def outgoing(**options: Any) -> OutgoingPost:
    return OutgoingPost(
        **{"delivery": "d1", "profile": PROFILE, "text": "De lente is er 🌷", **options}
    )


POSTS = (
    outgoing(),
    outgoing(text="met beeld", media=IMAGES, links=("https://tulip.nl",)),
    outgoing(text="", media=IMAGES),
    outgoing(text="met video", media=(VIDEO,)),
    outgoing(text="bekijk", links=("https://tulip.nl/lente?x=1&y=2", "https://tulip.nl")),
)


@pytest.fixture
def server() -> FacebookServer:
    return FacebookServer()


@pytest.fixture
def facebook(server: FacebookServer) -> Iterator[Facebook]:
    with (
        server.client() as client,
        Facebook({PROFILE.id: TOKEN}, media=MEDIA, client=client) as used,
    ):
        yield used


def publish(
    facebook: Facebook, post: OutgoingPost, progress: dict[str, str] | None = None
) -> Published:
    adapter = facebook.adapter(PROFILE)
    flow = adapter.publish(adapter.prepare(post, now=NOW, entropy=bytes(16)), progress or {})
    return Driver(retry=RetryPolicy(tries=1)).run(flow, transport=facebook.transport(PROFILE))


def progress_of(server: FacebookServer, post: OutgoingPost) -> dict[str, str]:
    """Return the progress after the media of a post were uploaded as the last ones."""
    if VIDEO in post.media:
        return {"video": list(server.videos)[-1]} if server.videos else {}
    photos = list(server.photos)[-len(post.media) :] if post.media else []
    return {f"photo-{place}": photo for place, photo in enumerate(photos)}


def find(facebook: Facebook, post: OutgoingPost, progress: dict[str, str] | None = None):
    adapter = facebook.adapter(PROFILE)
    flow = adapter.find(adapter.prepare(post, now=NOW, entropy=bytes(16)), progress or {})
    return Driver(retry=RetryPolicy(tries=1)).run(flow, transport=facebook.transport(PROFILE))


class TestAdapter(AdapterContract):
    """The adapter keeps the promises of adapters."""

    secrets = (TOKEN,)
    refused = Response(status=400, body=graph_error(400, 190, "expired").content)
    rejected = Response(status=400, body=graph_error(400, 100, "Invalid parameter").content)
    limited = Response(
        status=400,
        headers={"retry-after": "60"},
        body=graph_error(400, 32, "Page request limit reached").content,
    )
    failed = Response(status=500, body=graph_error(500, 1, "unknown error").content)

    @pytest.fixture
    def server(self) -> FacebookServer:
        server = FacebookServer()
        server.now = dt.datetime.now(dt.UTC)
        return server

    @pytest.fixture
    def adapter(self, facebook: Facebook) -> Adapter:
        return facebook.adapter(PROFILE)

    @pytest.fixture
    def transport(self, facebook: Facebook) -> Transport:
        return facebook.transport(PROFILE)

    @pytest.fixture
    def outgoing(self) -> OutgoingPost:
        return outgoing(media=IMAGES)


def test_description(shared_specs: Callable[[str], Path]) -> None:
    """Every request uses edges, parameters and fields that Meta's description contains."""
    nodes = Nodes(shared_specs("meta") / "api_specs/specs")

    def check(request: httpx.Request, _: httpx.Response) -> None:
        path = request.url.path.removeprefix("/v25.0/")
        if path == "me":
            nodes.check_fields(request, "Page")
        elif "/" in path:
            nodes.check(request, "Page", path.partition("/")[2])
            if request.method == "GET":
                nodes.check_fields(request, "PagePost")
        elif path in server.videos:
            nodes.check(request, "AdVideo")
            if request.method == "GET":
                nodes.check_fields(request, "AdVideo")
        elif request.method == "GET":
            nodes.check_fields(request, "PagePost")
        else:
            nodes.check(request, "PagePost")

    server = FacebookServer(check)
    with (
        server.client() as client,
        Facebook({PROFILE.id: TOKEN}, media=MEDIA, client=client) as used,
    ):
        adapter, transport = used.adapter(PROFILE), used.transport(PROFILE)
        assert Driver().run(adapter.verify_credentials(), transport=transport) == "Tulip Air"
        for post in POSTS:
            prepared = adapter.prepare(post, now=NOW, entropy=bytes(16))
            published = Driver().run(adapter.publish(prepared, {}), transport=transport)
            progress = progress_of(server, post)
            found = Driver().run(adapter.find(prepared, progress), transport=transport)
            assert isinstance(found, Found)
            Driver().run(adapter.take_down(published.network_id), transport=transport)
    assert server.posts == []
    assert nodes.checked == {
        "DELETE PagePost",
        "GET AdVideo",
        "POST AdVideo",
        "fields of AdVideo",
        "GET Page/published_posts",
        "POST Page/feed",
        "POST Page/photos",
        "POST Page/videos",
        "fields of Page",
        "fields of PagePost",
    }


def test_post(facebook: Facebook, server: FacebookServer) -> None:
    """A link is shown as a card; with images, all links are part of the text."""
    links = ("https://tulip.nl/lente", "https://tulip.nl")
    publish(facebook, outgoing(links=links))
    publish(facebook, outgoing(links=links, media=IMAGES))
    first, second = server.posts
    assert (first["message"], first["link"]) == ("De lente is er 🌷\nhttps://tulip.nl", links[0])
    assert (second["message"], second["link"]) == ("\n".join(["De lente is er 🌷", *links]), "")
    assert [server.photos[photo] for photo in second["photos"]] == ["tulp 0", "tulp 1"]


@pytest.mark.parametrize("post", POSTS)
def test_lost_answer(facebook: Facebook, server: FacebookServer, post: OutgoingPost) -> None:
    """A post whose response was lost is found by its text and by what is attached to it."""
    assert isinstance(find(facebook, post), Missing)
    publish(facebook, attrs.evolve(post, text=f"{post.text} niet"))
    assert isinstance(find(facebook, post), Missing)
    published = publish(facebook, post)
    found = find(facebook, post, progress_of(server, post))
    assert isinstance(found, Found)
    assert found.published.network_id == published.network_id
    assert found.published.url.startswith("https://www.facebook.com/")


def test_other_attachments(facebook: Facebook, server: FacebookServer) -> None:
    """A post with the same text, but with other images or another link, leaves a doubt."""
    for post in (outgoing(media=IMAGES), outgoing(text="", media=IMAGES[:1])):
        publish(facebook, post)
        other = {f"photo-{place}": f"7{place}" for place in range(2)}
        assert isinstance(find(facebook, post, other), Inconclusive)
        assert isinstance(find(facebook, post, progress_of(server, post)), Found)
    publish(facebook, outgoing(text="Lees", links=("https://rose.nl",)))
    post = outgoing(text="Lees", links=("https://tulip.nl",))
    assert isinstance(find(facebook, post), Inconclusive)
    publish(facebook, post)
    assert isinstance(find(facebook, post), Found)


def test_video(facebook: Facebook, server: FacebookServer) -> None:
    """A video is uploaded first and then published, so it is looked up by its id."""
    post = outgoing(text="met video", media=(VIDEO,))
    server.scripted["POST /5001"] = graph_error(500, 2, "temporary")
    with pytest.raises(OutcomeUnknownError):
        publish(facebook, post)
    progress = {"page": PAGE, **progress_of(server, post)}
    assert isinstance(find(facebook, post, progress), Missing)
    server.scripted.clear()
    published = publish(facebook, post, progress)
    found = find(facebook, post, progress)
    assert isinstance(found, Found)
    assert found.published.network_id == published.network_id == progress["video"]
    assert server.requests.count(f"POST /{PAGE}/videos") == 1
    server.videos.clear()
    assert isinstance(find(facebook, post, progress), Inconclusive)


def test_many_posts(facebook: Facebook, server: FacebookServer) -> None:
    """A lookup ends at the first post before the attempt, and after a number of pages."""
    server.now = NOW - dt.timedelta(minutes=6)
    publish(facebook, outgoing())
    server.now = NOW
    assert isinstance(find(facebook, outgoing()), Missing)
    for number in range(301):
        publish(facebook, outgoing(text=f"nummer {number}"))
    assert isinstance(find(facebook, outgoing(text="nummer 150")), Found)
    assert isinstance(find(facebook, outgoing(text="geen nummer")), Inconclusive)


def test_duplicate(facebook: Facebook, server: FacebookServer) -> None:
    """If a text is refused as a duplicate, the post of this delivery is found, and no other one."""
    server.refuses_duplicates = True
    first = publish(facebook, outgoing())
    assert publish(facebook, outgoing()).network_id == first.network_id
    server.posts[0]["created_time"] = "2026-04-06T10:00:00+0000"
    with pytest.raises(RejectedError, match="Duplicate status message"):
        publish(facebook, outgoing())
    assert len(server.posts) == 1


@pytest.mark.parametrize("handle", ["TulipAir", "@tulipair", PAGE, "Tulip Air", ""])
def test_handles(facebook: Facebook, handle: str) -> None:
    """A profile names its Page by its user name, its name or its id, or not at all."""
    adapter = facebook.adapter(attrs.evolve(PROFILE, handle=handle))
    flow = adapter.publish(adapter.prepare(outgoing(), now=NOW, entropy=bytes(16)), {})
    assert Driver().run(flow, transport=facebook.transport(PROFILE)).network_id


def test_wrong_token(server: FacebookServer) -> None:
    """A refused or missing token, or one of another Page, is an error about the credentials."""
    for tokens in ({PROFILE.id: "wrong"}, {}, lambda _: "wrong"):
        with server.client() as client, Facebook(tokens, client=client) as facebook:
            with pytest.raises(AuthenticationError) as caught:
                publish(facebook, outgoing())
            assert "wrong" not in str(caught.value)
    server.username = "other"
    other = attrs.evolve(PROFILE, handle="someone")
    with server.client() as client, Facebook(lambda _: TOKEN, client=client) as facebook:
        adapter = facebook.adapter(other)
        flow = adapter.publish(adapter.prepare(outgoing(), now=NOW, entropy=bytes(16)), {})
        with pytest.raises(AuthenticationError, match=r"`someone`.*`other`"):
            Driver().run(flow, transport=facebook.transport(other))
    assert server.posts == []


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (graph_error(400, 190, "Error validating access token"), AuthenticationError),
        (graph_error(403, 200, "Requires pages_manage_posts"), AuthenticationError),
        (graph_error(403, 10, "Permission denied"), AuthenticationError),
        (graph_error(400, 100, "Invalid parameter"), RejectedError),
        (graph_error(400, 368, "deemed abusive"), RejectedError),
        (graph_error(403, 4, "Application request limit reached"), RateLimitedError),
        (graph_error(200, 80001, "too many calls to this Page account"), RateLimitedError),
        (graph_error(400, 2, "Service temporarily unavailable"), OutcomeUnknownError),
        (graph_error(500, 1, "An unknown error occurred"), OutcomeUnknownError),
        (graph_error(400, 1363037, "try later", is_transient=True), OutcomeUnknownError),
        (httpx.Response(502, text="<html>"), OutcomeUnknownError),
        (httpx.Response(200, text="<html>"), OutcomeUnknownError),
        (httpx.Response(200, json={"success": True}), OutcomeUnknownError),
    ],
)
def test_errors(
    facebook: Facebook, server: FacebookServer, response: httpx.Response, kind: type
) -> None:
    """The code of an error, not its status, tells what the caller can do; a post is sent once."""
    server.scripted[f"POST /{PAGE}/feed"] = response
    with pytest.raises(kind) as caught:
        publish(facebook, outgoing())
    assert type(caught.value) is kind
    assert server.requests == ["GET /me", f"POST /{PAGE}/feed"]


@pytest.mark.parametrize(
    ("usage", "waits"),
    [
        ('{"1": [{"type": "pages", "estimated_time_to_regain_access": 7}]}', 420),
        ('{"1": [{"estimated_time_to_regain_access": 0}]}', None),
        ('{"1": [{"estimated_time_to_regain_access": "7"}]}', None),
        ("[1]", None),
        ("{", None),
        ("", None),
    ],
)
def test_usage_header(
    facebook: Facebook, server: FacebookServer, usage: str, waits: float | None
) -> None:
    """The time of the header `X-Business-Use-Case-Usage`, which is in minutes, is respected."""
    headers = {"x-business-use-case-usage": usage}
    server.scripted[f"POST /{PAGE}/feed"] = graph_error(400, 32, "limit", headers)
    with pytest.raises(RateLimitedError) as caught:
        publish(facebook, outgoing())
    assert caught.value.retry_after_s == waits


def test_server_errors(facebook: Facebook, server: FacebookServer) -> None:
    """An error of Meta's servers leaves the outcome unknown, whatever its code."""
    for response in (graph_error(400, -1, "server error"), graph_error(503, 12345, "broken")):
        server.scripted[f"POST /{PAGE}/feed"] = response
        with pytest.raises(OutcomeUnknownError):
            publish(facebook, outgoing())


def test_quoted_token(facebook: Facebook, server: FacebookServer) -> None:
    """The message of a refused token, which can contain the token, is not repeated."""
    server.scripted[f"POST /{PAGE}/feed"] = graph_error(400, 190, f"Malformed access token {TOKEN}")
    with pytest.raises(AuthenticationError) as caught:
        publish(facebook, outgoing())
    assert TOKEN not in str(caught.value)


def test_refused_takedown(facebook: Facebook, server: FacebookServer) -> None:
    """A post that is still shown is not taken for deleted, although the API calls it unknown."""
    published = publish(facebook, outgoing())
    path = f"/{published.network_id}"
    server.scripted[f"DELETE {path}"] = graph_error(400, 100, "no permission", error_subcode=33)
    server.scripted[f"GET {path}"] = httpx.Response(200, json={"id": published.network_id})
    adapter = facebook.adapter(PROFILE)
    with pytest.raises(RejectedError, match="no permission"):
        Driver().run(adapter.take_down(published.network_id), transport=facebook.transport(PROFILE))
    assert len(server.posts) == 1


def test_failing_secret_store(server: FacebookServer) -> None:
    """If the host's secret store fails, nothing was sent, and the error hides its message."""

    def fails(_: str) -> str:
        raise KeyError(TOKEN)

    with server.client() as client, Facebook(fails, client=client) as facebook:
        with pytest.raises(TransientError, match="KeyError") as caught:
            publish(facebook, outgoing())
        assert TOKEN not in str(caught.value)
    assert server.requests == []


def test_failing_upload(facebook: Facebook, server: FacebookServer) -> None:
    """If an upload fails, nothing was published, and the upload can be repeated."""
    server.scripted[f"POST /{PAGE}/photos"] = graph_error(500, 2, "temporary")
    with pytest.raises(TransientError):
        publish(facebook, outgoing(media=IMAGES))
    assert server.posts == []


def test_invalid_profiles(facebook: Facebook) -> None:
    """A profile must be on Facebook, and its server must receive the token with encryption."""
    for options, message in (
        ({"network": "x"}, "is on x, not on Facebook"),
        ({"server": "http://proxy.example"}, "without encryption"),
    ):
        for used in (facebook.transport, facebook.adapter):
            with pytest.raises(InvalidValueError, match=message):
                used(attrs.evolve(PROFILE, **options))


class Fault(httpx.MockTransport):
    """A connection that breaks at one request: before it is sent, or after it was carried out."""

    def __init__(self, server: FacebookServer, at: int, *, arrives: bool) -> None:
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
id = "tulip-facebook"
workspace = "tulip"
network = "facebook"
handle = "tulipair"
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
def test_broken_connections(server: FacebookServer, arrives: bool) -> None:
    """Wherever the connection breaks, there is exactly one post, and the desk knows it."""
    # The Page, the image, the post, its lookup, and one more.
    for at in range(1, 6):
        now, media = [dt.datetime.now(dt.UTC)], MemoryMedia()
        server.now = now[0]
        with (
            httpx.Client(transport=Fault(server, at, arrives=arrives)) as client,
            Facebook({PROFILE.id: TOKEN}, media=media, client=client) as facebook,
            Desk.create(
                MemoryStore(),
                Organization.loads(DOCUMENT),
                owner="eva",
                networks={"facebook": facebook},
                media=media,
                clock=lambda now=now: now[0],
                real_clock=lambda now=now: now[0],
            ) as desk,
        ):
            eva = desk.acting_as("eva")
            image = Image.from_bytes(b"GIF89a" + bytes(40), alt="Een tulp")
            post = eva.draft(f"Poging {at}", profiles=[PROFILE.id], media=[image])
            post = eva.publish_now(post)
            for _ in range(4):
                desk.run_due()
                now[0] += dt.timedelta(minutes=10)
                server.now = now[0]
            (delivery,) = desk.deliveries(post)
            assert (delivery.state, delivery.problem) == ("published", "")
            assert [one["message"] for one in server.posts] == [
                f"Poging {number}" for number in range(1, at + 1)
            ]
            assert delivery.network_id == server.posts[-1]["id"]
