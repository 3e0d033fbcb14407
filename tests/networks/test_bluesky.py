"""Publishing to Bluesky, tested against an in-memory server."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import httpx
import lexrpc.base
import pytest
from tests.networks.accounts import ACCOUNTS, NetworkContract
from tests.networks.desks import desk_of
from tests.networks.pds import DID, HANDLE, PASSWORD, Pds, error
from tests.networks.publishing import NOW, VIDEO, failure_of, find, publish, take_down, verify

from socialcollab.content import Image, LinkCard
from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.bluesky import Bluesky
from socialcollab.networks.bluesky.record import tid
from socialcollab.stores import MemoryMedia
from socialcollab.transport import Found, Missing, OutgoingPost, Published, Request, Response

TULIP = ACCOUNTS["bluesky"]
PROFILE = TULIP.profile
IMAGES = TULIP.images
outgoing = TULIP.outgoing
BENS = "https://bsky.app/profile/ben.bsky.social/post/3mivb25j5k227"
CARD = LinkCard(
    url="https://tulip.nl/lente", title="De lente", description="Is er", image=IMAGES[0]
)
ROOT = {"uri": "at://did:plc:ben/app.bsky.feed.post/3mivb25j5k222", "cid": "bafyroot"}
POSTS = (
    outgoing(),
    outgoing(
        text="👨‍👩‍👧 thuis #gezin @ben.bsky.social (https://tulip.nl/a_(b)) $TSLA", language="nl"
    ),
    outgoing(text="x" * 300, media=IMAGES, labels=("graphic-media",), language="nl-BE"),
    outgoing(text="", media=IMAGES),
    outgoing(text="een", thread=("twee #2", "drie @ben.bsky.social"), media=IMAGES, language="nl"),
    outgoing(text="met video", media=(VIDEO,)),
    outgoing(text="bekijk", links=("https://tulip.nl/lente?x=1&y=2", "https://tulip.nl")),
    outgoing(text="een antwoord", reply_to=BENS, first_comment="#tulpen"),
    outgoing(text="lees dit", quote_of=BENS),
    outgoing(text="lees dit", quote_of=BENS, media=IMAGES),
    outgoing(text="", card=CARD),
    outgoing(text="lees dit", quote_of=BENS, card=CARD),
    outgoing(text="met beeld", card=CARD, media=IMAGES),
)


@pytest.fixture
def pds() -> Pds:
    return with_post_of_ben(Pds())


def with_post_of_ben(pds: Pds) -> Pds:
    """Return a server that knows a post of another account, which is a reply."""
    pds.others["3mivb25j5k227"] = {
        "$type": "app.bsky.feed.post",
        "text": "dag",
        "createdAt": "2026-04-07T07:00:00.000Z",
        "reply": {"root": ROOT, "parent": ROOT},
    }
    return pds


@pytest.fixture
def bluesky(pds: Pds) -> Iterator[Bluesky]:
    with TULIP.connect(pds) as used:
        yield used


class TestAdapter(NetworkContract):
    """The adapter keeps the promises of adapters."""

    account = TULIP
    secrets = (PASSWORD, "access-1", "refresh-1")

    @pytest.fixture
    def outgoing(self) -> OutgoingPost:
        return outgoing(text="De lente is er @ben.bsky.social #tulpen", media=IMAGES)

    @pytest.fixture
    def thread(self) -> OutgoingPost:
        return outgoing(text="een", thread=("twee", "twee", "drie @ben.bsky.social"), media=IMAGES)


class Lexicons:
    """The published lexicons, against which requests, responses and records are checked."""

    def __init__(self, folder: Path) -> None:
        self._base = lexrpc.base.Base(
            lexicons=[json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]
        )
        self.checked: list[str] = []

    def check(self, request: httpx.Request, response: httpx.Response) -> None:
        """Check one exchange, and the record in it."""
        name = request.url.path.removeprefix("/xrpc/")
        self.checked.append(name)
        if request.method == "GET":
            params: dict[str, object] = dict(request.url.params)
            params |= {
                key: int(value) for key, value in request.url.params.items() if key == "limit"
            }
            # Lists have a parameter for each of their values.
            params |= {
                key: request.url.params.get_list(key) for key in {"reasons", "uris"} & set(params)
            }
            self._base.validate(name, "parameters", params)
        elif request.headers.get("content-type") == "application/json":
            body = json.loads(request.content)
            self._base.validate(name, "input", body)
            if "record" in body:
                self._base.validate(body["collection"], "record", body["record"])
        if response.status_code == 200:
            self._base.validate(name, "output", response.json())


def test_lexicons(shared_specs: Callable[[str], Path]) -> None:
    """Every request, response and record is valid according to the published lexicons."""
    lexicons = Lexicons(shared_specs("bluesky") / "lexicons")
    pds = with_post_of_ben(Pds(lexicons.check))
    with TULIP.connect(pds) as bluesky:
        assert verify(bluesky, PROFILE) == HANDLE
        for number, post in enumerate(POSTS):
            if number == 1:
                pds.expire()
            entropy = bytes([number]) * 16
            published = publish(bluesky, post, entropy=entropy)
            assert isinstance(find(bluesky, post, entropy=entropy), Found)
            take_down(bluesky, PROFILE, published.network_id)
    assert set(lexicons.checked) == {
        "com.atproto.identity.resolveHandle",
        "com.atproto.repo.deleteRecord",
        "com.atproto.repo.getRecord",
        "com.atproto.repo.putRecord",
        "com.atproto.repo.uploadBlob",
        "com.atproto.server.createSession",
        "com.atproto.server.getSession",
        "com.atproto.server.refreshSession",
    }


def test_keys(shared_specs: Callable[[str], Path]) -> None:
    """The key of a record is a timestamp identifier, in the order of time."""
    folder = shared_specs("bluesky") / "interop-test-files" / "syntax"
    pattern = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
    for name, valid in (("tid_syntax_valid.txt", True), ("tid_syntax_invalid.txt", False)):
        lines = [line for line in (folder / name).read_text().splitlines() if line.strip("# ")]
        for line in lines:
            if not line.startswith("#"):
                assert bool(pattern.fullmatch(line)) is valid, line
    keys = [
        tid(NOW + dt.timedelta(microseconds=number), clock)
        for number in range(3)
        for clock in (0, 1, 1023)
    ]
    assert keys == sorted(keys)
    assert all(pattern.fullmatch(key) for key in keys)


def test_record(bluesky: Bluesky, pds: Pds) -> None:
    """The record has the text, its links, the language, the images and the labels."""
    published = publish(
        bluesky,
        outgoing(
            text="🌷 @ben.bsky.social @weg.bsky.social #tulpen",
            links=("https://tulip.nl/lente",),
            media=IMAGES,
            language="nl",
            labels=("graphic-media",),
        ),
    )
    ((collection, key), record), *others = pds.records.items()
    assert (collection, others) == ("app.bsky.feed.post", [])
    assert published == Published(
        network_id=f"at://{DID}/app.bsky.feed.post/{key}",
        url=f"https://bsky.app/profile/{DID}/post/{key}",
        at=NOW,
    )
    assert record["text"] == "🌷 @ben.bsky.social @weg.bsky.social #tulpen\nhttps://tulip.nl/lente"
    assert (record["createdAt"], record["langs"]) == ("2026-04-07T07:30:00.000Z", ["nl"])
    text = record["text"].encode()
    linked = {
        text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in record["facets"]
    }
    assert {name: feature["$type"].partition("#")[2] for name, feature in linked.items()} == {
        "@ben.bsky.social": "mention",
        "#tulpen": "tag",
        "https://tulip.nl/lente": "link",
    }
    assert linked["@ben.bsky.social"]["did"] == "did:plc:ben"
    assert [image["alt"] for image in record["embed"]["images"]] == ["tulp 0", "tulp 1"]
    assert record["labels"]["values"] == [{"val": "graphic-media"}]


def test_thread(bluesky: Bluesky, pds: Pds) -> None:
    """The records of a thread refer to the first and the previous record, in chronological order."""
    published = publish(
        bluesky, outgoing(text="een", thread=("twee", "drie"), media=IMAGES, labels=("sexual",))
    )
    records = [pds.records[key] for key in sorted(pds.records)]
    uris = [f"at://{DID}/{collection}/{key}" for collection, key in sorted(pds.records)]
    assert published.network_id == uris[0]
    assert [record["text"] for record in records] == ["een", "twee", "drie"]
    assert "reply" not in records[0]
    replies = [record["reply"] for record in records[1:]]
    assert [(reply["root"]["uri"], reply["parent"]["uri"]) for reply in replies] == [
        (uris[0], uris[0]),
        (uris[0], uris[1]),
    ]
    times = [record["createdAt"] for record in records]
    assert times == sorted(set(times))
    assert ["embed" in record for record in records] == [True, False, False]
    assert all("labels" in record for record in records)


def test_lost_answer(bluesky: Bluesky, pds: Pds) -> None:
    """A post whose response was lost is found by its key, and sending it again changes nothing."""
    assert isinstance(find(bluesky, outgoing()), Missing)
    first = publish(bluesky, outgoing())
    again = publish(bluesky, outgoing())
    found = find(bluesky, outgoing())
    assert isinstance(found, Found)
    assert first == again == found.published
    assert len(pds.records) == 1
    take_down(bluesky, PROFILE, first.network_id)
    assert isinstance(find(bluesky, outgoing()), Missing)


def test_forgotten_images(bluesky: Bluesky, pds: Pds) -> None:
    """Images that the server has forgotten since they were uploaded are uploaded again in the next attempt."""
    progress = {"did": DID}
    for place in range(2):
        blob = {
            "$type": "blob",
            "ref": {"$link": "bafkreigone"},
            "mimeType": "image/png",
            "size": 1,
        }
        progress[f"blob-{place}"] = json.dumps(blob)
    with pytest.raises(TransientError, match="no longer has"):
        publish(bluesky, outgoing(media=IMAGES), progress)
    publish(bluesky, outgoing(media=IMAGES), {"did": DID})
    (record,) = pds.records.values()
    assert {image["image"]["ref"]["$link"] for image in record["embed"]["images"]} == set(pds.blobs)


def test_session(bluesky: Bluesky, pds: Pds) -> None:
    """One session serves all requests, and is renewed when its token has expired."""
    for number in range(3):
        publish(bluesky, outgoing(delivery=f"d{number}"))
    assert pds.sessions == ["create"]
    pds.expire()
    publish(bluesky, outgoing(delivery="d4"))
    assert pds.sessions == ["create", "refresh"]
    pds.valid.clear()
    publish(bluesky, outgoing(delivery="d5"))
    assert pds.sessions == ["create", "refresh", "create"]


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (error(429, "RateLimitExceeded"), RateLimitedError),
        (error(400, "AccountTakedown"), AuthenticationError),
        (error(400, "AuthFactorTokenRequired"), AuthenticationError),
        (error(500, "InternalServerError"), TransientError),
        (httpx.Response(200, text="<html>"), TransientError),
        (httpx.Response(200, json={"handle": HANDLE}), TransientError),
    ],
)
def test_signing_in_fails(pds: Pds, bluesky: Bluesky, response: httpx.Response, kind: type) -> None:
    """If signing in fails, nothing was sent."""
    pds.scripted["POST com.atproto.server.createSession"] = response
    assert type(failure_of(bluesky, outgoing())) is kind


def test_rate_limit_header(bluesky: Bluesky, pds: Pds) -> None:
    """The time in the header `ratelimit-reset` is respected."""
    reset = int(dt.datetime.now(dt.UTC).timestamp()) + 100
    limited = httpx.Response(
        429, json={"error": "RateLimitExceeded"}, headers={"ratelimit-reset": str(reset)}
    )
    pds.scripted["POST com.atproto.repo.putRecord"] = limited
    failure = failure_of(bluesky, outgoing())
    assert isinstance(failure, RateLimitedError)
    assert 90 < failure.retry_after_s <= 100


def test_limits(bluesky: Bluesky) -> None:
    """A post that exceeds a limit of the network is rejected before anything is sent."""
    with pytest.raises(RejectedError, match="301"):
        publish(bluesky, outgoing(text="x" * 301))
    with pytest.raises(RejectedError, match="5 images"):
        publish(bluesky, outgoing(media=IMAGES[:1] * 5))


def test_no_handle(bluesky: Bluesky) -> None:
    """A profile must have a handle, with which the network signs in."""
    with pytest.raises(InvalidValueError, match="has no handle"):
        bluesky.transport(attrs.evolve(PROFILE, handle=""))


def test_desk(pds: Pds) -> None:
    """A desk publishes a post with an image to Bluesky, and takes it down again."""
    media = MemoryMedia()
    with (
        TULIP.connect(pds, media=media) as bluesky,
        desk_of(PROFILE, bluesky, media=media, clock=lambda: NOW) as desk,
    ):
        eva = desk.acting_as("eva")
        image = Image.from_bytes(b"GIF89a" + bytes(40), alt="Een tulp")
        post = eva.publish_now(eva.draft("De lente is er", profiles=[PROFILE.id], media=[image]))
        desk.run_due()
        (delivery,) = desk.deliveries(post)
        assert (delivery.state, delivery.problem) == ("published", "")
        assert delivery.url.startswith(f"https://bsky.app/profile/{DID}/post/3")
        assert len(pds.records) == 1
        eva.take_down(post.id, reason="typo")
        desk.run_due()
        assert pds.records == {}


def test_refused_password_holds_profile(pds: Pds) -> None:
    """If the server refuses the password, the profile is put on hold, and nothing is lost."""
    with TULIP.connect(pds, {}) as bluesky, desk_of(PROFILE, bluesky, clock=lambda: NOW) as desk:
        eva = desk.acting_as("eva")
        post = eva.publish_now(eva.draft("De lente is er", profiles=[PROFILE.id]))
        desk.run_due()
        assert [hold.on.profile for hold in desk.holds()] == [(PROFILE.id,)]
        (delivery,) = desk.deliveries(post)
        assert delivery.state == "waiting"


def test_no_secrets(bluesky: Bluesky) -> None:
    """The reprs of the network and its transport contain neither passwords nor tokens."""
    publish(bluesky, outgoing())
    transport = bluesky.transport(PROFILE)
    shown = repr((bluesky, transport, vars(transport)))
    assert not [word for word in (PASSWORD, "access-1", "refresh-1") if word in shown]


def test_deadline_while_signing_in(pds: Pds) -> None:
    """A deadline that passes during sign-in is a transient error, because nothing was sent."""
    from socialcollab.networks.bluesky.session import SessionTransport

    times = iter([0.0, 1.0, 40.0])

    class Inner:
        def send(self, request: Request, *, timeout_s: float) -> Response:
            body = json.dumps({"handle": HANDLE, "accessJwt": "a", "refreshJwt": "r"}).encode()
            return Response(status=200, body=body)

        def close(self) -> None:
            pass

    transport = SessionTransport(
        Inner(),
        server="https://bsky.social",
        handle=HANDLE,
        password=lambda: PASSWORD,
        monotonic=lambda: next(times),
    )
    with pytest.raises(TransientError, match="signing in"):
        transport.send(Request(method="GET", url="https://bsky.social/xrpc/x"), timeout_s=30)


def test_reply(bluesky: Bluesky, pds: Pds) -> None:
    """A reply refers to the post and to the first post of its thread, as do its own replies."""
    publish(bluesky, POSTS[7])
    reply, comment = pds.records.values()
    assert reply["reply"]["root"] == comment["reply"]["root"] == ROOT
    assert reply["reply"]["parent"]["uri"].endswith("/3mivb25j5k227")
    assert comment["reply"]["parent"]["uri"] == pds.posted[0].id
    pds.others.clear()
    with pytest.raises(RejectedError, match="there is no post `https://bsky"):
        publish(bluesky, POSTS[7], entropy=bytes([1]) * 16)
    assert len(pds.records) == 2


def test_embeds(bluesky: Bluesky, pds: Pds) -> None:
    """A post shows one of media and a card, and a quote in addition."""
    kinds = []
    for number, post in enumerate(POSTS[8:]):
        publish(bluesky, post, entropy=bytes([number]) * 16)
        embed = list(pds.records.values())[-1]["embed"]
        kinds.append((embed["$type"].rpartition(".")[2], embed.get("media", {}).get("$type")))
    assert kinds == [
        ("record", None),
        ("recordWithMedia", "app.bsky.embed.images"),
        ("external", None),
        ("recordWithMedia", "app.bsky.embed.external"),
        ("images", None),
    ]
    texts = [record["text"] for record in pds.records.values()]
    assert texts[-1] == "met beeld\nhttps://tulip.nl/lente"
    external = list(pds.records.values())[2]["embed"]["external"]
    assert external["title"] == "De lente"
    assert external["thumb"]["ref"]["$link"] in pds.blobs
