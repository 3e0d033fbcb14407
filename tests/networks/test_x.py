"""Publishing to X, tested against an in-memory server."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import httpx
import pytest
from tests.networks.accounts import ACCOUNTS, NetworkContract
from tests.networks.exchange import Exchange, described_by
from tests.networks.publishing import (
    NOW,
    VIDEO,
    compare,
    failure_of,
    find,
    publish,
    take_down,
    verify,
)
from tests.networks.x_server import ACCOUNT, TOKEN, XServer, problem

from socialcollab.content import Image, LinkCard, Poll
from socialcollab.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.x import X
from socialcollab.networks.x.responses import is_same_text, shown_text
from socialcollab.transport import (
    Checkpoint,
    Done,
    Found,
    Inconclusive,
    Missing,
    OutgoingPost,
    Published,
    advance,
)

TULIP = ACCOUNTS["x"]
PROFILE = TULIP.profile
IMAGES = TULIP.images
outgoing = TULIP.outgoing
CARD = LinkCard(url="https://tulip.nl/lente", title="De lente", image=IMAGES[0])
POSTS = (
    outgoing(),
    outgoing(text="Twee\n\nalinea's <b>&</b> een @ben #tulpen tulip.nl/lente en https://tulip.nl"),
    outgoing(text="met beeld https://tulip.nl", media=IMAGES),
    outgoing(text="", media=IMAGES),
    outgoing(text="Welke?", poll=Poll(options=("rood", "geel"), minutes=60)),
    outgoing(text="een", thread=("twee #2", "drie"), media=IMAGES),
    outgoing(text="met video", media=(VIDEO,)),
    outgoing(text="bekijk", links=("https://tulip.nl/lente?x=1&y=2",)),
    outgoing(text="een antwoord", reply_to="https://x.com/ben/status/1900000000000000001"),
    outgoing(text="lees dit", quote_of="1900000000000000001", paid_partnership=True),
    outgoing(text="lees ook", card=CARD, first_comment="#tulpen"),
    outgoing(text="nog een", reply_to="1900000000000000001", first_comment="#rozen"),
)


@pytest.fixture
def server() -> XServer:
    return XServer()


@pytest.fixture
def x(server: XServer) -> Iterator[X]:
    with TULIP.connect(server) as used:
        yield used


class TestAdapter(NetworkContract):
    """The adapter keeps the promises of adapters."""

    account = TULIP
    secrets = (TOKEN,)

    @pytest.fixture
    def server(self, server: XServer) -> XServer:
        # The laws publish the same texts several times.
        server.refuses_duplicates = False
        return server

    @pytest.fixture
    def outgoing(self) -> OutgoingPost:
        return outgoing(text="De lente is er @ben #tulpen https://tulip.nl", media=IMAGES)

    @pytest.fixture
    def thread(self) -> OutgoingPost:
        return outgoing(text="een", thread=("twee", "drie", "vier"), media=IMAGES)


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:Unsupported scheme type")
def test_description(shared_specs: Callable[[str], Path]) -> None:
    """Every request and response is valid according to X's own OpenAPI description."""
    described = described_by(json.loads((shared_specs("x") / "xdk/openapi.json").read_text()))
    checked: set[str] = set()

    def check(request: httpx.Request, response: httpx.Response) -> None:
        exchange = Exchange(request, response)
        if exchange.content_type != "multipart/form-data":
            described.validate_request(exchange)
        described.validate_response(exchange, exchange.response)
        path = re.sub(r"/\d{5,}", "/{id}", request.url.path)
        checked.add(f"{request.method} {path}" if request.method != "DELETE" else "DELETE")

    server = XServer(check)
    server.processing = 1
    with TULIP.connect(server) as x:
        assert verify(x, PROFILE) == "tulipair"
        for post in POSTS:
            published = publish(x, post)
            assert isinstance(find(x, post), Found)
            assert compare(x, post, published.network_id) == ()
            take_down(x, PROFILE, published.network_id)
    assert checked == {
        "DELETE",
        "GET /2/media/upload",
        "GET /2/tweets/{id}",
        "GET /2/users/me",
        "GET /2/users/{id}/tweets",
        "POST /2/media/metadata",
        "POST /2/media/upload",
        "POST /2/media/upload/initialize",
        "POST /2/media/upload/{id}/append",
        "POST /2/media/upload/{id}/finalize",
        "POST /2/tweets",
    }


def test_post(x: X, server: XServer) -> None:
    """The post has the text, its links and the images with their alt texts."""
    published = publish(x, outgoing(links=("https://tulip.nl/lente",), media=IMAGES))
    (post,) = server.posts
    assert published == Published(
        network_id=post["id"], url=f"https://x.com/TulipAir/status/{post['id']}"
    )
    assert server.sent == ["De lente is er 🌷\nhttps://tulip.nl/lente"]
    assert [server.alts[media] for media in post["media"]] == ["tulp 0", "tulp 1"]


@pytest.mark.parametrize("post", [post for post in POSTS if not post.thread])
def test_lost_answer(x: X, server: XServer, post: OutgoingPost) -> None:
    """A post whose response was lost is found by its text in the form that X shows."""
    assert isinstance(find(x, post), Missing)
    publish(x, attrs.evolve(post, text=f"{post.text} niet", first_comment=""))
    assert isinstance(find(x, post), Missing)
    published = publish(x, post)
    found = find(x, post)
    assert isinstance(found, Found)
    assert found.published.network_id == published.network_id
    assert found.published.at == server.now


@pytest.mark.integration
def test_earlier_posts(x: X, server: XServer) -> None:
    """A lookup reads only posts since the attempt, and ends after a number of pages."""
    server.now = NOW - dt.timedelta(minutes=6)
    publish(x, outgoing())
    server.now = NOW
    assert isinstance(find(x, outgoing()), Missing)
    for number in range(301):
        publish(x, outgoing(text=f"nummer {number}"))
    assert isinstance(find(x, outgoing(text="nummer 150")), Found)
    assert isinstance(find(x, outgoing()), Inconclusive)


def test_duplicate(x: X, server: XServer) -> None:
    """If X refuses a text as a duplicate, only the post of this delivery is found."""
    first = publish(x, outgoing())
    assert publish(x, outgoing()).network_id == first.network_id
    assert len(server.posts) == 1
    server.posts[0]["created_at"] = "2026-04-06T10:00:00.000Z"
    with pytest.raises(RejectedError, match="published earlier"):
        publish(x, outgoing())
    with TULIP.connect(server, reads=False) as blind:
        with pytest.raises(OutcomeUnknownError, match="reading posts is switched off"):
            publish(blind, outgoing())
        assert isinstance(find(blind, outgoing()), Inconclusive)
        assert not blind.adapter(PROFILE).description.create_once.finds


def test_thread(x: X, server: XServer) -> None:
    """Each text of a thread replies to the previous text; images belong to the first text."""
    published = publish(x, outgoing(text="een", thread=("twee", "drie"), media=IMAGES))
    first, second, third = server.posts
    assert published.network_id == first["id"] == second["parent"]
    assert third["parent"] == second["id"]
    assert [len(post["media"]) for post in server.posts] == [2, 0, 0]


def test_continued_thread(x: X, server: XServer) -> None:
    """A thread continues after the known parts, and equal texts elsewhere are ignored."""
    post = outgoing(text="een", thread=("twee", "drie"))
    publish(x, outgoing(text="een"))
    progress = {"account": ACCOUNT, "part-0": server.posts[0]["id"]}
    assert isinstance(find(x, post, progress), Missing)
    publish(x, post, progress)
    found = find(x, post, progress)
    assert isinstance(found, Found)
    assert (found.part, found.published.network_id) == (1, server.posts[1]["id"])
    assert server.sent == ["een", "twee", "drie"]


def test_processing(x: X, server: XServer) -> None:
    """The post is created only after X has processed all images."""
    server.processing = 3
    publish(x, outgoing(media=IMAGES))
    assert server.requests.count("GET /2/media/upload") == 6
    server.processing = 100
    with pytest.raises(TransientError, match="still processing"):
        publish(x, outgoing(text="anders", media=IMAGES))
    failed = {"data": {"id": "1", "processing_info": {"state": "failed"}}}
    server.scripted["POST /2/media/upload"] = httpx.Response(200, json=failed)
    with pytest.raises(RejectedError, match="could not process"):
        publish(x, outgoing(text="anders", media=IMAGES))
    assert len(server.posts) == 1


def test_forgotten_images(x: X, server: XServer) -> None:
    """Images that X has deleted since they were uploaded are uploaded again in the next attempt."""
    stale = {"account": ACCOUNT, "media-0": "1", "media-1": "2"}
    adapter = x.adapter(PROFILE)
    prepared = adapter.prepare(outgoing(media=IMAGES), now=NOW, entropy=bytes(16))
    kept: list[dict[str, str]] = []

    def run() -> None:
        flow = adapter.publish(prepared, stale)
        op = advance(flow)
        while not isinstance(op, Done):
            answer = None
            if isinstance(op, Checkpoint):
                kept.append(dict(op.values))
            else:
                answer = x.transport(PROFILE).send(op, timeout_s=5)
            op = advance(flow, answer)

    with pytest.raises(TransientError, match="no longer has"):
        run()
    assert kept == [{"account": ACCOUNT}]
    publish(x, outgoing(media=IMAGES), kept[0])
    (post,) = server.posts
    assert post["media"] == list(server.media)
    # If the media were just uploaded, uploading them again would not help.
    server.scripted["POST /2/tweets"] = problem(400, "Your media IDs are invalid.")
    with pytest.raises(RejectedError, match="just uploaded"):
        publish(x, outgoing(media=IMAGES))


def test_equal_texts(x: X, server: XServer) -> None:
    """A text that occurs twice in a thread is refused by X, and is not mistaken for itself."""
    with pytest.raises(RejectedError, match="duplicate"):
        publish(x, outgoing(text="Nieuw!", thread=("Lees dit", "Nieuw!")))
    assert server.sent == ["Nieuw!", "Lees dit"]


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (problem(400, "One or more parameters to your request was invalid."), RejectedError),
        (problem(401, "Unauthorized"), AuthenticationError),
        (problem(403, "Your client app is not configured"), AuthenticationError),
        (problem(429, "Too Many Requests", retry_after="7"), RateLimitedError),
        (problem(500, "Internal Server Error"), OutcomeUnknownError),
        (problem(503, "Service Unavailable"), OutcomeUnknownError),
        (httpx.Response(502, text="<html>"), OutcomeUnknownError),
        (httpx.Response(201, text="<html>"), OutcomeUnknownError),
        (httpx.Response(201, json={"data": {}}), OutcomeUnknownError),
        (httpx.Response(200, json={"errors": [{"title": "?"}]}), OutcomeUnknownError),
    ],
)
def test_errors(x: X, server: XServer, response: httpx.Response, kind: type) -> None:
    """Each error of X is converted to an error that indicates what the caller can do."""
    server.scripted["POST /2/tweets"] = response
    assert type(failure_of(x, outgoing())) is kind
    assert server.requests == ["GET /2/users/me", "POST /2/tweets"]


@pytest.mark.parametrize(
    ("remaining", "waits"),
    [
        ({"x-rate-limit": ("0", 100), "x-user-limit-24hour": ("9", 5000)}, 100),
        ({"x-rate-limit": ("9", 100), "x-user-limit-24hour": ("0", 5000)}, 5000),
        ({"x-rate-limit": ("9", 100)}, None),
        ({}, None),
    ],
)
def test_rate_limit_headers(x: X, server: XServer, remaining, waits) -> None:
    """The waiting time is determined by the exhausted limit."""
    now = int(dt.datetime.now(dt.UTC).timestamp())
    response = problem(429, "Too Many Requests")
    for name, (left, seconds) in remaining.items():
        response.headers[f"{name}-remaining"] = left
        response.headers[f"{name}-reset"] = str(now + seconds)
    server.scripted["POST /2/tweets"] = response
    error = failure_of(x, outgoing())
    assert isinstance(error, RateLimitedError)
    if waits is None:
        assert error.retry_after_s is None
    else:
        assert waits - 10 < error.retry_after_s <= waits


@pytest.mark.parametrize(
    ("sent", "shown", "same"),
    [
        ("De lente", "De lente", True),
        ("De lente", "De lente!", False),
        ("é", "e\u0301", True),
        ("een\n\ntwee ", "een\n\ntwee", True),
        ("zie tulip.nl", "zie http://tulip.nl", True),
        ("zie https://Tulip.nl/A?b=1", "zie https://tulip.nl/A?b=1", True),
        ("zie https://tulip.nl/A", "zie https://tulip.nl/a", False),
        ("zie tulip.nl", "zie http://rose.nl", False),
        ("zie tulip.nl", "zie tulip", False),
    ],
)
def test_same_text(sent: str, shown: str, same: bool) -> None:
    """Texts are equal regardless of white space, normal form, and the scheme of links."""
    assert is_same_text(sent, shown) is same


def test_shown_text() -> None:
    """X's short links stand for the original links, or for media, and characters are escaped."""
    urls = [
        {"url": "https://t.co/a", "expanded_url": "https://tulip.nl"},
        {"url": "https://t.co/b", "expanded_url": "https://x.com/1", "media_key": "3_1"},
    ]
    post = {
        "text": "a &amp; https://t.co/a https://t.co/c https://t.co/b",
        "entities": {"urls": urls},
    }
    assert shown_text(post) == "a & https://tulip.nl https://t.co/c "
    long = {**post, "note_post": {"text": "lang https://t.co/a", "entities": {"urls": urls}}}
    assert shown_text(long) == "lang https://tulip.nl"
    for damaged in ({}, {"entities": 5}, {"entities": {"urls": [5, {}]}}, {"note_post": 5}):
        assert shown_text({"text": "a", **damaged}) == "a"


def test_reply_and_quote(x: X, server: XServer) -> None:
    """A reply and a quote refer to the posts, and a first comment is a reply to the own post."""
    publish(x, POSTS[8])
    publish(x, POSTS[9])
    publish(x, POSTS[10])
    reply, quote, shown, comment = server.posts
    assert reply["parent"] == quote["quoted"] == "1900000000000000001"
    assert (quote["paid"], reply["paid"]) == (True, False)
    assert shown["sent"] == "lees ook\nhttps://tulip.nl/lente"
    assert (comment["sent"], comment["parent"]) == ("#tulpen", shown["id"])


def test_other_conversation(x: X, server: XServer) -> None:
    """A post of the account with the same text that is no reply is not taken for the reply."""
    publish(x, outgoing(text="een antwoord"))
    assert isinstance(find(x, POSTS[8]), Missing)
    server.refuses_duplicates = False
    publish(x, POSTS[8])
    assert isinstance(find(x, POSTS[8]), Found)
    assert isinstance(find(x, outgoing(text="een antwoord")), Found)


def test_same_answer(x: X, server: XServer) -> None:
    """The same answer to another post is not taken for the reply, and names are ignored."""
    server.refuses_duplicates = False
    other = outgoing(text="een antwoord", reply_to="1900000000000000009")
    publish(x, other)
    assert server.posts[0]["text"] == "@ben een antwoord"
    assert isinstance(find(x, POSTS[8]), Missing)
    assert isinstance(find(x, other), Found)
    assert compare(x, other, server.posts[0]["id"]) == ()
    server.posts[0]["referenced_posts"] = []
    assert isinstance(find(x, other), Inconclusive)


def test_same_text_without_quote(x: X, server: XServer) -> None:
    """A post that does not show the quoted post leaves a doubt."""
    server.refuses_duplicates = False
    publish(x, outgoing(text=POSTS[9].text))
    assert isinstance(find(x, POSTS[9]), Inconclusive)
    publish(x, POSTS[9])
    assert isinstance(find(x, POSTS[9]), Found)


def test_gif(x: X) -> None:
    """A GIF is published alone."""
    gif = Image.from_bytes(b"GIF89a" + bytes(40))
    assert "at most 1 GIF" in str(failure_of(x, outgoing(media=(gif, *IMAGES))))
    assert "at most 1 GIF" in str(failure_of(x, outgoing(media=(gif, gif))))


def test_other_links(x: X, server: XServer) -> None:
    """A post with other links is not taken for this one, and leaves a doubt."""
    publish(x, outgoing(text="Lees https://rose.nl"))
    assert isinstance(find(x, outgoing(text="Lees https://tulip.nl")), Inconclusive)
    publish(x, outgoing(text="Lees https://tulip.nl"))
    assert isinstance(find(x, outgoing(text="Lees https://tulip.nl")), Found)


def test_other_media(x: X, server: XServer) -> None:
    """A post with other media, or with a poll, is another post."""
    server.refuses_duplicates = False
    publish(x, outgoing(text="", media=IMAGES))
    first = list(server.media)
    assert isinstance(find(x, outgoing(text="", media=IMAGES[:1])), Missing)
    assert isinstance(find(x, outgoing(text="x")), Missing)
    known = {f"media-{place}": media for place, media in enumerate(first)}
    assert isinstance(find(x, outgoing(text="", media=IMAGES), known), Found)
    other = {"media-0": first[0], "media-1": "7"}
    assert isinstance(find(x, outgoing(text="", media=IMAGES), other), Missing)
    poll = Poll(options=("rood", "geel"), minutes=60)
    publish(x, outgoing(text="Welke?"))
    assert isinstance(find(x, outgoing(text="Welke?", poll=poll)), Missing)
