"""Publishing to Mastodon, tested against an in-memory server."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import httpx
import pytest
from tests.networks.accounts import ACCOUNTS, NetworkContract
from tests.networks.desks import desk_of
from tests.networks.exchange import Exchange, described_by
from tests.networks.mastodon_server import ACCOUNT, SERVER, TOKEN, MastodonServer, error
from tests.networks.publishing import (
    NOW,
    VIDEO,
    compare,
    driver,
    failure_of,
    find,
    prepare,
    publish,
    take_down,
    verify,
)

from socialcollab.content import Image, Poll
from socialcollab.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.mastodon import Mastodon
from socialcollab.networks.mastodon.responses import is_same_text
from socialcollab.stores import MemoryMedia
from socialcollab.transport import (
    Driver,
    Found,
    Inconclusive,
    Missing,
    OutgoingPost,
    Published,
    RetryPolicy,
)

TULIP = ACCOUNTS["mastodon"]
PROFILE = TULIP.profile
IMAGES = TULIP.images
outgoing = TULIP.outgoing
FOCUSED = attrs.evolve(IMAGES[0], focus=(0.5, -1.0))
COVERED = attrs.evolve(VIDEO, cover=IMAGES[1])
POSTS = (
    outgoing(),
    outgoing(text="Twee\n\nalinea's <b>&</b> een @ben@social.example #tulpen", language="nl-BE"),
    outgoing(text="met beeld", media=IMAGES, labels=("food",), language="nl"),
    outgoing(text="", media=IMAGES),
    outgoing(text="Welke?", poll=Poll(options=("rood", "geel"), minutes=60)),
    outgoing(text="een", thread=("twee #2", "drie"), media=IMAGES, labels=("food",), language="nl"),
    outgoing(text="met video", media=(VIDEO,)),
    outgoing(text="bekijk", links=("https://tulip.nl/lente?x=1&y=2",)),
    outgoing(text="een antwoord", reply_to="https://rose.example/@ben/17", visibility="direct"),
    outgoing(text="lees dit", quote_of="100000000000000999", visibility="unlisted"),
    outgoing(text="met lijst", first_comment="#tulpen", media=(FOCUSED,), visibility="followers"),
    outgoing(text="met omslag", media=(COVERED,)),
)


@pytest.fixture
def server() -> MastodonServer:
    return MastodonServer()


@pytest.fixture
def mastodon(server: MastodonServer) -> Iterator[Mastodon]:
    with TULIP.connect(server) as used:
        yield used


def progress_of(server: MastodonServer, post: OutgoingPost) -> dict[str, str]:
    """Return what the adapter stored before it created the post."""
    return {"reply": server.statuses[-1]["in_reply_to_id"]} if post.reply_to else {}


@pytest.mark.integration
@pytest.mark.parametrize("honours_keys", [True, False])
class TestAdapter(NetworkContract):
    """The adapter keeps the promises of adapters, on servers that respect keys and on others."""

    account = TULIP
    secrets = (TOKEN,)

    @pytest.fixture
    def network(self, server: MastodonServer, honours_keys: bool) -> Iterator[Mastodon]:
        server.honours_keys = honours_keys
        with TULIP.connect(server, honours_keys=[SERVER] if honours_keys else []) as network:
            yield network

    @pytest.fixture
    def outgoing(self) -> OutgoingPost:
        return outgoing(text="De lente is er @ben@social.example #tulpen", media=IMAGES)

    @pytest.fixture
    def thread(self) -> OutgoingPost:
        return outgoing(text="een", thread=("twee", "twee", "drie"), media=IMAGES)


@pytest.mark.filterwarnings("ignore:Unsupported scheme type")
def test_description(shared_specs: Callable[[str], Path]) -> None:
    """Every request and response is valid according to the community's OpenAPI description."""
    # A post with a text and images satisfies two schemas of the description instead of exactly one.
    text = (shared_specs("mastodon") / "schema.json").read_text().replace('"oneOf"', '"anyOf"')
    described = described_by(json.loads(text) | {"servers": [{"url": SERVER}]})
    checked: set[str] = set()

    def check(request: httpx.Request, response: httpx.Response) -> None:
        exchange = Exchange(request, response)
        if exchange.content_type != "multipart/form-data":
            # The description declares binary fields as strings, which no multipart body satisfies.
            described.validate_request(exchange)
        if response.status_code != 206 and request.url.path != "/api/v2/instance":
            described.validate_response(exchange, exchange.response)
        checked.add(f"{request.method} {request.url.path}".replace(ACCOUNT, "{id}"))

    server = MastodonServer(check)
    server.processing = 1
    with TULIP.connect(server) as mastodon:
        mastodon.read_limits(PROFILE)
        assert verify(mastodon, PROFILE) == "tulip"
        for number, post in enumerate(POSTS):
            # Otherwise the idempotency keys of the posts would be equal.
            entropy = bytes([number]) * 16
            published = publish(mastodon, post, entropy=entropy)
            progress = progress_of(server, post)
            assert isinstance(find(mastodon, post, progress, entropy=entropy), Found)
            assert compare(mastodon, post, published.network_id, entropy=entropy) == ()
            if post.poll is None and not post.replies:
                amend(mastodon, post, published.network_id)
            take_down(mastodon, PROFILE, published.network_id)
    assert {
        "GET /api/v1/accounts/verify_credentials",
        "GET /api/v1/accounts/{id}/statuses",
        "GET /api/v2/instance",
        "GET /api/v2/search",
        "POST /api/v1/statuses",
        "POST /api/v2/media",
    } < checked


def test_status(mastodon: Mastodon, server: MastodonServer) -> None:
    """The post has the text, its links, the language, the images and the warning."""
    published = publish(
        mastodon,
        outgoing(
            links=("https://tulip.nl/lente",), media=IMAGES, language="nl-BE", labels=("food",)
        ),
    )
    (status,) = server.statuses
    assert published == Published(
        network_id=status["id"],
        url=f"{SERVER}/@tulip/{status['id']}",
        at=dt.datetime(2026, 4, 7, 7, 30, 1, tzinfo=dt.UTC),
    )
    assert server.texts[status["id"]] == "De lente is er 🌷\nhttps://tulip.nl/lente"
    assert (status["language"], status["spoiler_text"]) == ("nl", "food")
    assert [each["description"] for each in status["media_attachments"]] == ["tulp 0", "tulp 1"]


def test_thread(mastodon: Mastodon, server: MastodonServer) -> None:
    """Each text of a thread replies to the previous text; media and links belong to the first."""
    post = outgoing(
        text="een", thread=("twee", "drie"), links=("https://tulip.nl",), media=IMAGES,
        labels=("food",), poll=None,
    )  # fmt: skip
    published = publish(mastodon, post)
    first, second, third = server.statuses
    assert published.network_id == first["id"] == second["in_reply_to_id"]
    assert third["in_reply_to_id"] == second["id"]
    assert list(server.texts.values()) == ["een\nhttps://tulip.nl", "twee", "drie"]
    assert [len(each["media_attachments"]) for each in server.statuses] == [2, 0, 0]
    assert {each["spoiler_text"] for each in server.statuses} == {"food"}


def test_interrupted_thread(mastodon: Mastodon, server: MastodonServer) -> None:
    """An equal text that does not reply to the previous part is not mistaken for the next part."""
    server.honours_keys = False
    post = outgoing(text="een", thread=("twee",))
    publish(mastodon, outgoing(text="twee"))
    publish(mastodon, outgoing(text="een"))
    progress = {"account": ACCOUNT, "part-0": server.statuses[-1]["id"]}
    assert isinstance(find(mastodon, post, progress), Missing)
    publish(mastodon, post, progress)
    found = find(mastodon, post, progress)
    assert isinstance(found, Found)
    assert (found.part, found.published.network_id) == (1, server.statuses[-1]["id"])
    assert len(server.statuses) == 3


@pytest.mark.parametrize("has_source", [True, False])
@pytest.mark.parametrize("post", [post for post in POSTS if not post.thread])
def test_lost_answer(
    mastodon: Mastodon, server: MastodonServer, post: OutgoingPost, has_source: bool
) -> None:
    """A post whose response was lost is found by its content, with and without its source."""
    server.has_source = has_source
    assert isinstance(find(mastodon, post), Missing)
    other = attrs.evolve(post, text=f"{post.text} niet")
    publish(mastodon, other)
    server.honours_keys = False
    assert isinstance(find(mastodon, post), Missing)
    published = publish(mastodon, post)
    found = find(mastodon, post, progress_of(server, post))
    assert isinstance(found, Found)
    assert found.published == published


@pytest.mark.integration
def test_many_posts(mastodon: Mastodon, server: MastodonServer) -> None:
    """A lookup ends at the first post before the attempt, and after a number of pages."""
    server.honours_keys = False
    for number in range(45):
        publish(mastodon, outgoing(text=f"nummer {number}"))
    assert isinstance(find(mastodon, outgoing(text="nummer 0")), Found)
    assert isinstance(find(mastodon, outgoing(text="geen nummer")), Missing)
    for status in server.statuses[:20]:
        status["created_at"] = "2026-04-07T07:24:59.000Z"
    assert isinstance(find(mastodon, outgoing(text="nummer 0")), Missing)
    for number in range(180):
        publish(mastodon, outgoing(text=f"en {number}"))
    assert isinstance(find(mastodon, outgoing(text="geen nummer")), Inconclusive)


def test_ignored_keys(server: MastodonServer) -> None:
    """A request is repeated with its key only on a server that is known to respect keys."""
    for known in ((), (f"{SERVER}/",)):
        with TULIP.connect(server, honours_keys=known) as mastodon:
            server.scripted["POST /api/v1/statuses"] = error(503, "Remote service unavailable")
            server.requests.clear()
            flow = mastodon.adapter(PROFILE).publish(prepare(mastodon, outgoing()), {})
            used = Driver(retry=RetryPolicy(tries=3), sleep=lambda _: None)
            with pytest.raises(OutcomeUnknownError):
                used.run(flow, transport=mastodon.transport(PROFILE))
            sent = server.requests.count("POST /api/v1/statuses")
            assert sent == (3 if known else 1)


def test_processing(mastodon: Mastodon, server: MastodonServer) -> None:
    """The post is created only after the server has processed all images."""
    server.processing = 3
    publish(mastodon, outgoing(media=IMAGES))
    assert len(server.statuses) == 1
    server.processing = 100
    with pytest.raises(TransientError, match="still processing"):
        publish(mastodon, outgoing(text="anders", media=IMAGES))
    assert len(server.statuses) == 1


def test_unprocessed(mastodon: Mastodon, server: MastodonServer) -> None:
    """If the server reports that an image is still being processed, nothing was created."""
    server.scripted["POST /api/v1/statuses"] = error(
        422, "Cannot attach files that have not finished processing. Try again in a moment!"
    )
    with pytest.raises(TransientError):
        publish(mastodon, outgoing(media=IMAGES))


def test_forgotten_images(mastodon: Mastodon, server: MastodonServer) -> None:
    """Images that the server has deleted since they were uploaded are uploaded again."""
    publish(mastodon, outgoing(media=IMAGES), {"account": ACCOUNT, "media-0": "1", "media-1": "2"})
    (status,) = server.statuses
    assert [each["id"] for each in status["media_attachments"]] == list(server.media)


def amend(mastodon: Mastodon, post: OutgoingPost, network_id: str) -> None:
    """Replace a published post."""
    flow = mastodon.adapter(PROFILE).amend(prepare(mastodon, post), network_id)
    driver().run(flow, transport=mastodon.transport(PROFILE))


def test_amend(mastodon: Mastodon, server: MastodonServer) -> None:
    """A published post can be changed, unless it has a poll, whose votes would be lost."""
    published = publish(mastodon, outgoing(media=IMAGES))
    amend(mastodon, outgoing(text="Toch zomer"), published.network_id)
    (status,) = server.statuses
    assert (server.texts[status["id"]], status["media_attachments"]) == ("Toch zomer", [])
    poll = outgoing(poll=Poll(options=("ja", "nee"), minutes=60))
    with pytest.raises(RejectedError, match="poll"):
        amend(mastodon, poll, published.network_id)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (error(400, "unauthorized"), AuthenticationError),
        (error(401, "The access token was revoked"), AuthenticationError),
        (error(403, "This action is not allowed"), AuthenticationError),
        (error(404, "Record not found"), RejectedError),
        (error(422, "Validation failed: Text can't be blank"), RejectedError),
        (error(429, "Too many requests", retry_after="7"), RateLimitedError),
        (error(500, "Remote SSL certificate could not be verified"), TransientError),
        (error(503, "Remote service unavailable"), TransientError),
        (httpx.Response(502, text="<html>"), TransientError),
        (httpx.Response(200, text="<html>"), TransientError),
        (httpx.Response(200, json=[]), TransientError),
        (httpx.Response(200, json={"id": ACCOUNT}), TransientError),
        (httpx.Response(301, headers={"location": "https://other.example"}), TransientError),
    ],
)
def test_errors(
    mastodon: Mastodon, server: MastodonServer, response: httpx.Response, kind: type
) -> None:
    """Each error of the server is converted to the error that indicates what the caller can do."""
    server.scripted["GET /api/v1/accounts/verify_credentials"] = response
    assert type(failure_of(mastodon, outgoing())) is kind
    assert server.requests == ["GET /api/v1/accounts/verify_credentials"]


@pytest.mark.parametrize("suffix", ["Z", "+00:00"])
def test_rate_limit_header(mastodon: Mastodon, server: MastodonServer, suffix: str) -> None:
    """The time in the header `X-RateLimit-Reset` is respected."""
    reset = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=100)).isoformat()
    server.scripted["POST /api/v1/statuses"] = error(
        429, "Too many requests", X_RateLimit_Reset=reset.replace("+00:00", suffix)
    )
    limited = failure_of(mastodon, outgoing())
    assert isinstance(limited, RateLimitedError)
    assert 90 < limited.retry_after_s <= 100


@pytest.mark.parametrize("reset", ["", "soon", "2026-04-07T07:30:00", "99999999999"])
def test_unreadable_rate_limit(mastodon: Mastodon, server: MastodonServer, reset: str) -> None:
    """If the header contains no time with a time zone, the waiting time is unknown."""
    server.scripted["POST /api/v1/statuses"] = error(429, "Too many", X_RateLimit_Reset=reset)
    limited = failure_of(mastodon, outgoing())
    assert isinstance(limited, RateLimitedError)
    assert limited.retry_after_s is None


def test_limits(mastodon: Mastodon, server: MastodonServer) -> None:
    """The limits that the server states replace those of Mastodon's own servers."""
    with pytest.raises(RejectedError, match="501"):
        publish(mastodon, outgoing(text="x" * 501))
    assert mastodon.description_of(PROFILE) is None
    limits = mastodon.read_limits(PROFILE)
    assert (limits.text.at_most, limits.media.images) == (5000, 6)
    assert mastodon.description_of(PROFILE) == limits
    publish(mastodon, outgoing(text="x" * 5000))
    with pytest.raises(RejectedError, match="5001"):
        publish(mastodon, outgoing(text="x" * 5001))
    assert len(server.statuses) == 1


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, json={}),
        httpx.Response(200, json={"configuration": []}),
        httpx.Response(200, text="<html>"),
        httpx.Response(404, json={"error": "Not found"}),
    ],
)
def test_unreadable_limits(
    mastodon: Mastodon, server: MastodonServer, response: httpx.Response
) -> None:
    """If a server does not state its limits in Mastodon's format, the known limits stay."""
    server.scripted["GET /api/v2/instance"] = response
    with pytest.raises((TransientError, RejectedError)):
        mastodon.read_limits(PROFILE)
    assert mastodon.description_of(PROFILE) is None


@pytest.mark.parametrize(
    ("text", "html", "same"),
    [
        ("De lente\nis er\n\n& de zomer", "<p>De lente<br>is er</p><p>&amp; de zomer</p>", True),
        ("tulip.nl 't", '<p><a href="https://tulip.nl"><span>tulip.nl</span></a> &#39;t</p>', True),
        ("dag @ben@rose.nl!", '<p>dag <a href="#">@<span>ben</span></a>!</p>', True),
        ("De *lente*", "<p>De <em>lente</em></p>", True),
        ("🌷", "<p>🌷</p>", True),
        ("🌷", "<p>🌹</p>", False),
        ("De lente", "<p>De lente niet</p>", False),
        ("", "", True),
        ("a", "<", False),
    ],
)
def test_same_text(text: str, html: str, same: bool) -> None:
    """A text is recognised in the HTML that a server makes of it."""
    assert is_same_text(text, html) is same


def test_reply(mastodon: Mastodon, server: MastodonServer) -> None:
    """A post on another server is looked up on the own server, before anything is created."""
    publish(mastodon, POSTS[8])
    (status,) = server.statuses
    assert int(status["in_reply_to_id"]) > 0
    assert status["visibility"] == "direct"
    server.resolves = False
    with pytest.raises(RejectedError, match="cannot find the post `https://rose"):
        publish(mastodon, POSTS[8], entropy=bytes([1]) * 16)
    assert len(server.statuses) == 1


def test_quote(mastodon: Mastodon, server: MastodonServer) -> None:
    """A quote is published only on a server that supports quotes."""
    publish(mastodon, POSTS[9])
    (status,) = server.statuses
    assert status["quote"]["quoted_status_id"] == "100000000000000999"
    assert status["visibility"] == "unlisted"
    server.api_version = 6
    with pytest.raises(RejectedError, match=r"need Mastodon 4\.5"):
        publish(mastodon, POSTS[9], entropy=bytes([1]) * 16)
    assert len(server.statuses) == 1


@pytest.mark.parametrize("path", ["/api/v2/instance", "/api/v2/search"])
def test_unreadable_references(mastodon: Mastodon, server: MastodonServer, path: str) -> None:
    """An unreadable response does not prove that a post does not exist or cannot be quoted."""
    server.scripted[f"GET {path}"] = httpx.Response(200, json={})
    post = outgoing(text="lees dit", quote_of="https://rose.example/@ben/17")
    assert isinstance(failure_of(mastodon, post), TransientError)


def test_other_posts_with_the_same_text(mastodon: Mastodon, server: MastodonServer) -> None:
    """A reply, a quote or a poll of the account is not taken for a post with the same text."""
    poll = Poll(options=("rood", "geel"), minutes=60)
    posts = [
        outgoing(text="Dank je!"),
        outgoing(text="Dank je!", reply_to="17"),
        outgoing(text="Dank je!", reply_to="18"),
        outgoing(text="Dank je!", quote_of="17"),
        outgoing(text="Dank je!", poll=poll),
    ]
    progress = [{}, {"reply": "17"}, {"reply": "18"}, {"quote": "17"}, {}]
    for published in posts:
        publish(mastodon, published)
        for post, known in zip(posts, progress, strict=True):
            expected = Found if post is published else Missing
            assert isinstance(find(mastodon, post, known), expected)
        server.statuses.clear()
        server.keys.clear()


def test_first_comment(mastodon: Mastodon, server: MastodonServer) -> None:
    """The first comment is a reply with the visibility of the post."""
    publish(mastodon, POSTS[10])
    post, comment = server.statuses
    assert (comment["in_reply_to_id"], server.texts[comment["id"]]) == (post["id"], "#tulpen")
    assert post["visibility"] == comment["visibility"] == "private"
    assert list(server.focus.values()) == ["0.5,-1.0"]


def test_cover(mastodon: Mastodon, server: MastodonServer) -> None:
    """The cover of a video is its thumbnail."""
    publish(mastodon, POSTS[11])
    (content,) = server.covers.values()
    assert b'name="thumbnail"' in content
    assert b"\x89PNG" in content


def test_other_media(mastodon: Mastodon, server: MastodonServer) -> None:
    """A post with other images is another post, even if neither has a text."""
    server.honours_keys = False
    post = outgoing(text="", media=IMAGES)
    publish(mastodon, post)
    adapter, transport = mastodon.adapter(PROFILE), mastodon.transport(PROFILE)
    prepared = adapter.prepare(post, now=NOW, entropy=bytes(16))
    shown = [one["id"] for one in server.statuses[0]["media_attachments"]]
    for ids, kind in ((shown, Found), (["1", "2"], Missing)):
        progress = {"account": ACCOUNT, "media-0": ids[0], "media-1": ids[1]}
        found = driver().run(adapter.find(prepared, progress), transport=transport)
        assert isinstance(found, kind)


def test_warning_without_text(mastodon: Mastodon, server: MastodonServer) -> None:
    """A post without a text gets its warning as its text, and is found nevertheless."""
    post = outgoing(text="", media=IMAGES, labels=("food",))
    published = publish(mastodon, post)
    assert server.texts[published.network_id] == "food"
    found = find(mastodon, post)
    assert isinstance(found, Found)
    assert found.published == published


def test_desk(server: MastodonServer) -> None:
    """A desk publishes a post with an image to Mastodon, amends it, and takes it down again."""
    media = MemoryMedia()
    with (
        TULIP.connect(server, media=media) as mastodon,
        desk_of(PROFILE, mastodon, media=media, clock=lambda: NOW) as desk,
    ):
        eva = desk.acting_as("eva")
        image = Image.from_bytes(b"GIF89a" + bytes(40), alt="Een tulp")
        post = eva.publish_now(eva.draft("De lente is er", profiles=[PROFILE.id], media=[image]))
        desk.run_due()
        (delivery,) = desk.deliveries(post)
        assert (delivery.state, delivery.problem) == ("published", "")
        assert delivery.url == f"{SERVER}/@tulip/{server.statuses[0]['id']}"
        eva.take_down(post.id, reason="typo")
        desk.run_due()
        assert server.statuses == []
