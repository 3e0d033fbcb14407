"""Servers that redirect, lie, never end or change, and credentials and media that change meanwhile."""

from __future__ import annotations

import datetime as dt
import json
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import httpx
import pytest
import trustme
from tests.networks.accounts import ACCOUNTS
from tests.networks.desks import desk_of
from tests.networks.fake_server import FakeServer
from tests.networks.loopback import served
from tests.networks.publishing import (
    MEDIA,
    NOW,
    PublicMedia,
    driver,
    failure_of,
    find,
    prepare,
    take_down,
    verify,
)

from socialcollab.content import Image
from socialcollab.errors import (
    NetworkError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from socialcollab.transport import Found, Inconclusive

NAMES = sorted(ACCOUNTS)


class Answering(httpx.BaseTransport):
    """A server that answers some requests differently from the inner server."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        answer: Callable[[httpx.Request], httpx.Response | None],
    ) -> None:
        self.inner = inner
        self.answer = answer
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request) or self.inner.handle_request(request)


def creates(name: str) -> Callable[[httpx.Request], bool]:
    """Return a function that recognizes the requests that create a post on a network."""
    path = {
        "bluesky": "com.atproto.repo.putRecord",
        "facebook": "/feed",
        "instagram": "/media_publish",
        "mastodon": "/api/v1/statuses",
        "x": "/2/tweets",
    }[name]
    return lambda request: request.method == "POST" and request.url.path.endswith(path)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(name: str, status: int) -> None:
    """A redirect is never followed, neither with the credentials nor with the post."""
    account, is_creating = ACCOUNTS[name], creates(name)
    redirect = httpx.Response(status, headers={"location": "https://evil.example/2/tweets"})
    for condition in (lambda _: True, is_creating):
        inner = account.server()
        server = Answering(
            inner, lambda request, when=condition: redirect if when(request) else None
        )  # type: ignore[misc]
        with account.connect(server) as network:
            error = failure_of(network, account.outgoing())
        assert isinstance(error, (TransientError, OutcomeUnknownError))
        assert {request.url.host for request in server.requests} <= {
            httpx.URL(network_server(name)).host
        }
        assert len([each for each in server.requests if is_creating(each)]) <= 1
        assert inner.posted == []


def network_server(name: str) -> str:
    return {
        "bluesky": "https://bsky.social",
        "facebook": "https://graph.facebook.com",
        "instagram": "https://graph.instagram.com",
        "x": "https://api.x.com",
    }.get(name) or ACCOUNTS[name].profile.server


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.integration
def test_untrusted_certificate(name: str) -> None:
    """The credentials are not sent to a server whose certificate is not trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    received: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        try:
            with connection, context.wrap_socket(connection, server_side=True) as encrypted:
                received.append(encrypted.recv(65536))
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    account = ACCOUNTS[name]
    address = f"https://127.0.0.1:{listening.getsockname()[1]}"
    profile = attrs.evolve(account.profile, server=address)
    with account.network({profile.id: account.secret}, media=MEDIA) as network:
        error = failure_of(network, account.outgoing(profile=profile))
    thread.join(5)
    listening.close()
    assert isinstance(error, TransientError)
    assert account.secret not in str(error)
    assert not any(received)


@pytest.mark.parametrize(
    ("name", "other"), [(name, other) for name in NAMES for other in NAMES if name != other]
)
def test_other_network(name: str, other: str) -> None:
    """If the server belongs to another network, a typed error is raised, and nothing is published."""
    account, server = ACCOUNTS[name], ACCOUNTS[other].server()
    with account.connect(server) as network:
        error = failure_of(network, account.outgoing())
        if {name, other} != {"facebook", "instagram"}:  # both have the same API
            with pytest.raises(NetworkError):
                verify(network, account.profile)
            with pytest.raises(NetworkError):
                take_down(network, account.profile, "1")
    assert type(error) is not NetworkError
    assert server.posted == []


PAGE = (
    httpx.Response(200, text="<html><title>Sign in</title></html>"),
    httpx.Response(404, text="<html><title>Not found</title></html>"),
    httpx.Response(410, text="Gone"),
    httpx.Response(200, json={"id": {"not": "an id"}, "data": {"id": [1], "deleted": "no"}}),
    httpx.Response(200, json={"id": True, "data": {"id": 1.5}, "success": "false"}),
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", PAGE)
def test_other_server(name: str, answer: httpx.Response) -> None:
    """A page of any other server neither confirms a post nor its deletion."""
    account, is_creating = ACCOUNTS[name], creates(name)

    def page(_: httpx.Request) -> httpx.Response:
        return httpx.Response(answer.status_code, content=answer.content)

    server = Answering(
        account.server(), lambda request: page(request) if is_creating(request) else None
    )
    with account.connect(server) as network:
        error = failure_of(network, account.outgoing())
        assert isinstance(error, (OutcomeUnknownError, RejectedError))
    with account.connect(httpx.MockTransport(page)) as network, pytest.raises(NetworkError):
        take_down(network, account.profile, "1")


def with_numbers(value: Any) -> Any:
    """Return JSON in which texts of digits are numbers."""
    if isinstance(value, dict):
        return {key: with_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_numbers(item) for item in value]
    return int(value) if isinstance(value, str) and value.isdecimal() else value


@pytest.mark.parametrize("name", [name for name in NAMES if name != "bluesky"])
@pytest.mark.parametrize("images", [0, 1, 2])
def test_numbers(name: str, images: int) -> None:
    """Ids that are numbers instead of texts identify the same posts, media and pages."""
    account = ACCOUNTS[name]
    inner = account.server()
    inner.now = NOW

    class Numbers(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = inner.handle_request(request)
            response.read()
            try:
                values = with_numbers(json.loads(response.content))
            except ValueError:
                return response
            return httpx.Response(response.status_code, json=values)

    media = account.images[:images] or account.media
    thread = ("Tweede", "Derde") if name in ("mastodon", "x") else ()
    post = account.outgoing(media=media, thread=thread)
    with account.connect(Numbers()) as network:
        flow = network.adapter(post.profile).publish(prepare(network, post), {})
        transport = network.transport(post.profile)
        progress: dict[str, str] = {}
        published = driver().run(flow, transport=transport, checkpoint=progress.update)
        assert published.network_id == inner.posted[0].id
        kept = {key: value for key, value in progress.items() if not key.startswith("part")}
        found = find(network, post, kept)
        assert isinstance(found, Found)
        assert found.published.network_id == published.network_id
        take_down(network, account.profile, published.network_id)
    assert published.network_id not in [posted.id for posted in inner.posted]


ENDLESS: dict[str, Callable[[int], Any]] = {
    "facebook": lambda number: {
        "data": [{"id": f"1_{number}", "message": "x", "created_time": NOW.isoformat()}] * 100,
        "paging": {"cursors": {"after": str(number)}, "next": "https://graph.facebook.com/next"},
    },
    "instagram": lambda number: {
        "data": [{"id": f"{number}", "caption": "x", "timestamp": NOW.isoformat()}] * 100,
        "paging": {"cursors": {"after": "the same"}, "next": "https://graph.instagram.com/next"},
    },
    "mastodon": lambda number: [
        {"id": f"{number}", "content": "x", "created_at": NOW.isoformat()} for _ in range(40)
    ],
    "x": lambda number: {
        "data": [{"id": f"{number}", "text": "x", "created_at": NOW.isoformat()}] * 100,
        "meta": {"next_token": "the same"},
    },
}


@pytest.mark.parametrize("name", sorted(ENDLESS))
def test_endless_pages(name: str) -> None:
    """A lookup on a server whose pages never end is inconclusive after some pages."""
    account = ACCOUNTS[name]
    inner = account.server()
    paths = ("/published_posts", "/media", "/statuses", "/tweets", "/feed")

    def page(request: httpx.Request) -> httpx.Response | None:
        if request.method == "GET" and request.url.path.endswith(paths):
            return httpx.Response(200, json=ENDLESS[name](len(server.requests)))
        if request.url.params.get("fields") == "status_code,status":
            return httpx.Response(200, json={"status_code": "PUBLISHED", "id": "1"})
        return None

    server = Answering(inner, page)
    with account.connect(server) as network:
        progress = {"account": "1", "page": "1", "container": "1"}
        assert isinstance(find(network, account.outgoing(), progress), Inconclusive)
    # Mastodon's adapter also reads the source of each post.
    assert 2 <= len(server.requests) <= 250


def endless(chunk: bytes, counts: list[int]) -> Iterator[bytes]:
    """Yield ten gigabytes."""
    for _ in range(10_000_000_000 // len(chunk)):
        counts.append(len(chunk))
        yield chunk


class Body(httpx.SyncByteStream):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "encoding",
    [
        "gzip",
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("", "br", "zstd", "gzip, gzip")),
    ],
)
@pytest.mark.integration
def test_huge_bodies(name: str, encoding: str) -> None:
    """A body of ten gigabytes is not read to its end, compressed or not."""
    account, counts = ACCOUNTS[name], list[int]()
    compressor = zlib.compressobj(wbits=31)
    chunk = bytes(1 << 16)
    if encoding == "gzip":
        chunk = compressor.compress(bytes(16 << 20)) + compressor.flush(zlib.Z_SYNC_FLUSH)

    def answer(_: httpx.Request) -> httpx.Response:
        headers = {"content-encoding": encoding} if encoding else {}
        return httpx.Response(200, headers=headers, stream=Body(endless(chunk, counts)))

    with account.connect(httpx.MockTransport(answer)) as network, pytest.raises(TransientError):
        verify(network, account.profile)
    assert sum(counts) < 9 << 20


@contextmanager
def dropping(server: FakeServer, when: Callable[[httpx.Request], bool]) -> Iterator[str]:
    """Serve on loopback, but hang up instead of answering some requests."""

    class Dropping(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = server.handle_request(request)
            if when(request):
                raise ConnectionResetError
            return response

    with served(Dropping()) as address:
        yield address


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "retries", [None, *(pytest.param(retries, marks=pytest.mark.slow) for retries in (0, 5))]
)
@pytest.mark.integration
def test_no_hidden_retries(name: str, retries: int | None) -> None:
    """If the connection breaks after a post was sent, neither httpx nor httpcore sends it again."""
    account, is_creating = ACCOUNTS[name], creates(name)
    server = account.server()
    server.now = dt.datetime.now(dt.UTC)
    client = (
        None if retries is None else httpx.Client(transport=httpx.HTTPTransport(retries=retries))
    )
    with dropping(server, is_creating) as address:
        profile = attrs.evolve(account.profile, server=address)
        with account.network({profile.id: account.secret}, media=MEDIA, client=client) as network:
            error = failure_of(network, account.outgoing(profile=profile))
    if client is not None:
        client.close()
    assert isinstance(error, OutcomeUnknownError)
    assert len(server.posted) == 1


class Changeable(PublicMedia):
    """A media store whose content can be damaged."""

    def damage(self, digest: str) -> None:
        self._contents[digest] = b"other bytes"


@pytest.mark.parametrize("name", NAMES)
def test_changed_media(name: str) -> None:
    """Media that were changed after the approval are not published."""
    account, media = ACCOUNTS[name], Changeable()
    server = account.server()
    now = server.now = dt.datetime.now(dt.UTC)
    with (
        account.connect(server, media=media) as network,
        desk_of(account.profile, network, media=media, clock=lambda: now) as desk,
    ):
        eva = desk.acting_as("eva")
        image = Image.from_bytes(account.files[0], alt="tulp")
        post = eva.publish_now(eva.draft("Lente", profiles=[account.profile.id], media=[image]))
        media.damage(image.digest)
        desk.run_due()
        (delivery,) = desk.deliveries(post)
    assert delivery.state == "failed"
    assert "damaged" in delivery.problem
    assert server.posted == []


WITHDRAWN = {
    "bluesky": httpx.Response(501, json={"error": "MethodNotImplemented", "message": "gone"}),
    "facebook": httpx.Response(
        400, json={"error": {"code": 2635, "message": "version v25.0 is deprecated"}}
    ),
    "instagram": httpx.Response(
        400, json={"error": {"code": 2635, "message": "version v25.0 is deprecated"}}
    ),
    "mastodon": httpx.Response(404, text="<html>The page you are looking for"),
    "x": httpx.Response(410, json={"title": "Gone", "detail": "This version was withdrawn."}),
}


@pytest.mark.parametrize("name", NAMES)
def test_withdrawn_version(name: str) -> None:
    """If the network has withdrawn the version of its API, the error says so; nothing is recorded."""
    account, response = ACCOUNTS[name], WITHDRAWN[name]

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            response.status_code, content=response.content, headers=response.headers
        )

    with account.connect(httpx.MockTransport(answer)) as network:
        error = failure_of(network, account.outgoing())
        assert isinstance(error, (RejectedError, TransientError))
        assert error.status == response.status_code
        with pytest.raises(NetworkError):
            take_down(network, account.profile, "1")


@pytest.mark.parametrize("name", ["bluesky", "mastodon", "x"])
def test_revoked_token(name: str) -> None:
    """If a token is revoked between two parts of a thread, the thread continues after a new sign-in."""
    account, is_creating = ACCOUNTS[name], creates(name)
    inner = account.server()
    now = inner.now = dt.datetime.now(dt.UTC)
    revoked = [False]

    def answer(request: httpx.Request) -> httpx.Response | None:
        if revoked[0]:
            body = {"error": "AuthenticationRequired", "message": "revoked"}
            return httpx.Response(401, json=body)
        revoked[0] = is_creating(request)
        return None

    with (
        account.connect(Answering(inner, answer)) as network,
        desk_of(account.profile, network, media=MEDIA, clock=lambda: now) as desk,
    ):
        eva = desk.acting_as("eva")
        post = eva.publish_now(eva.draft("Een", thread=["Twee"], profiles=[account.profile.id]))
        desk.run_due()
        (delivery,) = desk.deliveries(post)
        assert (delivery.state, delivery.problem) == ("waiting", "credentials_refused")
        assert [posted.text for posted in inner.posted] == ["Een"]
        revoked[0] = False
        is_creating = lambda _: False  # noqa: E731  the token is not revoked again
        (hold,) = desk.holds()
        eva.resume(hold.id)
        now += dt.timedelta(minutes=10)
        desk.run_due()
        assert desk.summary(post) == "published"
    assert [posted.text for posted in inner.posted] == ["Een", "Twee"]


@pytest.mark.parametrize("name", NAMES)
def test_renamed_account(name: str) -> None:
    """If the account was renamed on the network, the profile is put on hold, and nothing is sent."""
    account = ACCOUNTS[name]
    server = account.server()
    server.handle = "renamed.example"
    now = server.now = dt.datetime.now(dt.UTC)
    with (
        account.connect(server) as network,
        desk_of(account.profile, network, media=MEDIA, clock=lambda: now) as desk,
    ):
        eva = desk.acting_as("eva")
        image = Image.from_bytes(account.files[0], alt="tulp")
        post = eva.publish_now(eva.draft("Lente", profiles=[account.profile.id], media=[image]))
        desk.run_due()
        (delivery,) = desk.deliveries(post)
        assert (delivery.state, delivery.problem) == ("waiting", "credentials_refused")
        assert len(desk.holds()) == 1
        failed = [attempt for attempt in delivery.attempts if attempt]
        assert failed == []
    assert server.posted == []
