"""Both transports translate failures into errors that indicate what the caller can do."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import io
import logging
import socket
import socketserver
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, BinaryIO

import httpx
import pytest

from socialcollab.content import media_digest
from socialcollab.errors import (
    InvalidValueError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from socialcollab.stores import MemoryMedia
from socialcollab.transport import (
    AsyncHttpTransport,
    Exchange,
    HttpTransport,
    MediaPart,
    RateLimit,
    Request,
)

URL = "https://network.example/v1/posts"
PICTURE = b"\x89PNG" + bytes(range(256)) * 1024
POST = Request(method="POST", url=URL, json={"text": "é 🌷"}, creates=0, repeat="no")


def raising(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error

    return handler


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_nothing_arrived(transports, error):
    """A failure to connect is a transient error."""
    with pytest.raises(TransientError):
        transports(raising(error("secret"))).send(POST, timeout_s=5)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout,
        httpx.WriteTimeout,
        httpx.ReadError,
        httpx.WriteError,
        httpx.CloseError,
        httpx.RemoteProtocolError,
        httpx.DecodingError,
        httpx.TooManyRedirects,
    ],
)
def test_may_have_arrived(transports, error):
    """A failure after connecting leaves the outcome unknown, and the error hides its cause."""
    with pytest.raises(OutcomeUnknownError) as raised:
        transports(raising(error("secret"))).send(POST, timeout_s=5)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_answer(transports):
    """A response is returned regardless of its status."""

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer t"
        assert request.headers["content-type"] == "application/json"
        assert request.url.params["lang"] == "nl"
        return httpx.Response(429, headers={"Retry-After": "60"}, json={"error": "slow down"})

    request = Request(method="POST", url=URL, json={}, params={"lang": "nl"})
    reply = transports(handler, headers={"authorization": "Bearer t"}).send(request, timeout_s=5)
    assert (reply.status, reply.headers["retry-after"]) == (429, "60")
    assert reply.json() == {"error": "slow down"}


def test_redirect(transports):
    """Redirects are not followed."""
    transport = transports(lambda _: httpx.Response(307, headers={"location": URL}))
    assert transport.send(POST, timeout_s=5).status == 307


def test_bounded_answer(transports):
    """The number and length of headers and the length of bodies are limited."""
    many = {f"x-{number}": "v" for number in range(500)}
    reply = transports(lambda _: httpx.Response(200, headers=many)).send(POST, timeout_s=5)
    assert len(reply.headers) <= 100
    long = transports(
        lambda _: httpx.Response(200, content=b"x" * 2000), longest_response_bytes=1000
    )
    with pytest.raises(OutcomeUnknownError, match="longer than 1000 bytes"):
        long.send(POST, timeout_s=5)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip,identity", "x" * 5000])
def test_encodings(transports, encoding):
    """A response in an encoding that can hide a huge body is not decoded."""
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["accept-encoding"])
        return httpx.Response(200, headers={"content-encoding": encoding}, stream=Unreadable())

    class Unreadable(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            raise AssertionError("the body was read")

        async def __aiter__(self) -> AsyncIterator[bytes]:
            raise AssertionError("the body was read")
            yield b""

    with pytest.raises(OutcomeUnknownError, match="encoding"):
        transports(handler).send(POST, timeout_s=5)
    assert seen == ["gzip, deflate"]


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "identity"])
def test_accepted_encodings(transports, encoding):
    """Compressed responses are decompressed."""
    body = b"{}" if encoding == "identity" else gzip.compress(b"{}")
    headers = {"content-encoding": encoding}
    transport = transports(lambda _: httpx.Response(200, headers=headers, content=body))
    assert transport.send(POST, timeout_s=5).json() == {}


def test_media(transports):
    """Media are read again for every attempt; media that are not stored are rejected."""
    media = MemoryMedia()
    digest = media.put(b"\x89PNG....")
    bodies: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        return httpx.Response(201)

    transport = transports(handler, media=media)
    whole = Request(method="POST", url=URL, media=MediaPart(digest=digest, media_type="image/png"))
    field = Request(
        method="POST",
        url=URL,
        form={"alt": "tulpen"},
        media=MediaPart(digest=digest, field="file", media_type="image/png"),
    )
    for request in (whole, whole, field, field):
        transport.send(request, timeout_s=5)
    assert bodies[:2] == [b"\x89PNG....", b"\x89PNG...."]
    assert all(b"\x89PNG...." in body and b"tulpen" in body for body in bodies[2:])
    missing = Request(method="POST", url=URL, media=MediaPart(digest=media_digest(b"2")))
    with pytest.raises(RejectedError):
        transport.send(missing, timeout_s=5)
    with pytest.raises(InvalidValueError):
        transports(handler).send(whole, timeout_s=5)


def test_invalid_request(transports):
    """An invalid HTTP request is rejected with an error that does not show its headers."""
    transport = transports(own=True)
    for request in (
        Request(method="GET", url="ftp://network.example/"),
        Request(method="GET", url="http://127.0.0.1:9/", headers={"x": "hush\r\nhost: evil"}),
    ):
        with pytest.raises((InvalidValueError, TransientError)) as raised:
            transport.send(request, timeout_s=5)
        assert "hush" not in str(raised.value)
    transport.close()


def test_passed_deadline(transports):
    """Nothing is sent after the deadline."""
    sent: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(201)

    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    late = Request(method="POST", url=URL, creates=0, repeat="no", deadline=past)
    for request, timeout_s in ((late, 5.0), (POST, 0.0)):
        with pytest.raises(TransientError):
            transports(handler).send(request, timeout_s=timeout_s)
    assert sent == []


def test_repr(transports):
    """The repr of a transport hides its headers."""
    transport = transports(own=True, headers={"authorization": "Bearer hush"})
    assert "hush" not in repr(transport)


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one connection on loopback."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            talk(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        listening.close()
        thread.join(5)


def cut_in_the_head(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 201 Cre")


def cut_in_the_body(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{")


def no_http(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"\x00\x01\x02\r\n\r\n")


@pytest.mark.parametrize("talk", [cut_in_the_head, cut_in_the_body, no_http])
def test_incomplete_answer(tcp_transports, talk):
    """After an incomplete response, the outcome is unknown."""
    with server(talk) as url:
        request = Request(method="POST", url=url, json={}, creates=0, repeat="no")
        with pytest.raises(OutcomeUnknownError):
            tcp_transports().send(request, timeout_s=5)


def test_refused_connection(tcp_transports):
    """A refused connection is a transient error."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TransientError):
        tcp_transports().send(Request(method="POST", url=f"http://127.0.0.1:{port}/"), timeout_s=5)


@pytest.mark.integration
@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 201 Created\r\n"])
def test_dripping_server(tcp_transports, first):
    """A server that sends its response byte by byte cannot delay the caller beyond the deadline."""
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        try:
            connection.sendall(first)
            while not over.wait(0.02):
                connection.sendall(b"x: y\r\n" if first else b"")
        except OSError:
            return

    with server(drip) as url:
        request = Request(method="POST", url=url, json={}, creates=0, repeat="no")
        began = time.monotonic()
        with pytest.raises(OutcomeUnknownError):
            tcp_transports().send(request, timeout_s=0.2)
        took_s = time.monotonic() - began
        over.set()
    assert took_s < 2


@contextmanager
def served(reply: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Serve on loopback and send *reply* to each request, or nothing if it is empty."""
    got: list[bytes] = []

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            for line in iter(self.rfile.readline, b"\r\n"):
                if not line:
                    return  # the client hung up early, as cancelled clients do
                if line.lower().startswith(b"content-length"):
                    length = int(line.split(b":")[1])
            got.append(self.rfile.read(length))
            if reply:
                self.wfile.write(reply)
            else:
                self.rfile.read()  # until the client hangs up

        def finish(self) -> None:
            with suppress(ConnectionError):
                super().finish()

    class Server(socketserver.ThreadingTCPServer):
        request_queue_size = 16

        def handle_error(self, request: Any, client_address: Any) -> None:
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    # Leaving the server waits for the thread of each connection.
    with Server(("127.0.0.1", 0), Talk) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_address[1]}/", got
        finally:
            listening.shutdown()
            thread.join()


@asynccontextmanager
async def transport(**options: Any) -> AsyncIterator[AsyncHttpTransport]:
    async with httpx.AsyncClient(trust_env=False) as client:
        made = AsyncHttpTransport(client, **options)
        try:
            yield made
        finally:
            await made.close()


CREATED = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


@pytest.mark.parametrize("field", ["", "file"])
def test_async_media(field: str) -> None:
    """The async transport reads media in a separate thread, and they are sent completely."""
    threads: set[str] = set()

    class Watched(MemoryMedia):
        def open(self, digest: str) -> BinaryIO:
            threads.add(threading.current_thread().name)
            return WatchedFile(super().open(digest).read())

    class WatchedFile(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            threads.add(threading.current_thread().name)
            return super().read(size)

    media = Watched()
    part = MediaPart(digest=media.put(PICTURE), field=field, media_type="image/png")

    async def judge() -> list[bytes]:
        async with transport(media=media) as sending:
            request = Request(method="POST", url=url, media=part, creates=0, repeat="no")
            assert (await sending.send(request, timeout_s=5)).status == 201
            return got

    with served(CREATED) as (url, got):
        [body] = asyncio.run(judge())
    assert PICTURE in body
    assert threads == {"socialcollab-media_0"}


def test_async_concurrency() -> None:
    """One event loop can run many requests concurrently."""

    async def judge() -> None:
        async with transport() as sending:
            request = Request(method="POST", url=url, json={"a": 1}, creates=0, repeat="no")
            replies = await asyncio.gather(*(sending.send(request, timeout_s=5) for _ in range(8)))
            assert [reply.status for reply in replies] == [201] * 8
            assert len(got) == 8

    with served(CREATED) as (url, got):
        asyncio.run(judge())


def test_async_cancellation() -> None:
    """If the caller is cancelled, its request is abandoned immediately."""

    async def judge() -> float:
        async with transport() as sending:
            request = Request(method="POST", url=url, json={}, creates=0, repeat="no")
            task = asyncio.ensure_future(sending.send(request, timeout_s=30))
            while not got:
                await asyncio.sleep(0.001)
            began = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.monotonic() - began

    with served(b"") as (url, got):
        assert asyncio.run(judge()) < 5


def test_async_deadline() -> None:
    """A passed deadline raises an error and does not cancel the calling task."""

    async def judge() -> None:
        async with transport() as sending:
            request = Request(method="POST", url=url, json={}, creates=0, repeat="no")
            with pytest.raises(OutcomeUnknownError, match=r"within 0\.1 s"):
                await sending.send(request, timeout_s=0.1)
            with pytest.raises(TransientError, match="deadline passed"):
                await sending.send(request, timeout_s=0)
            assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]

    with served(b"") as (url, _):
        asyncio.run(judge())


def test_threads_are_reused() -> None:
    """Requests one after another use one thread, which ends when the transport is closed."""
    before = set(threading.enumerate())
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        transport = HttpTransport(client)
        for _ in range(5):
            transport.send(Request(method="GET", url="https://a.example"), timeout_s=5)
        (worker,) = set(threading.enumerate()) - before
        transport.close()
        worker.join(timeout=5)
        assert not worker.is_alive()
        # A closed transport whose client belongs to the caller can still be used.
        transport.send(Request(method="GET", url="https://a.example"), timeout_s=5)
        transport.close()


SECRET_URL = "https://user:hush@network.example/v1/posts?token=hush#hush"


def test_exchanges(transports):
    """Each attempt is reported with its outcome, and without secrets."""
    seen: list[Exchange] = []
    media = MemoryMedia()
    part = MediaPart(digest=media.put(PICTURE), media_type="image/png")
    handlers = [
        lambda request: httpx.Response(201, content=request.read()[:7]),
        raising(httpx.ConnectError("hush")),
        raising(httpx.ReadError("hush")),
    ]
    requests = [
        Request(method="POST", url=SECRET_URL, json={"a": "hush"}, attempt=3),
        Request(method="PUT", url=SECRET_URL, media=part, params={"token": "hush"}),
        Request(method="GET", url=SECRET_URL, form={"token": "hush"}),
    ]
    for handler, request in zip(handlers, requests, strict=True):
        transport = transports(handler, media=media, on_exchange=seen.append)
        try:
            transport.send(request, timeout_s=5)
        except (TransientError, OutcomeUnknownError):
            continue
    assert "hush" not in repr(seen)
    assert [each.method for each in seen] == ["POST", "PUT", "GET"]
    assert {each.url for each in seen} == {URL}
    assert [(each.status, each.error) for each in seen] == [
        (201, ""),
        (None, "TransientError"),
        (None, "OutcomeUnknownError"),
    ]
    assert [each.attempt for each in seen] == [3, 1, 1]
    assert [each.received_bytes for each in seen] == [7, 0, 0]
    assert seen[0].sent_bytes == len(b'{"a":"hush"}')
    assert all(0 < each.duration_s < 5 for each in seen)


def test_exchange_of_upload(transports):
    """The report of an upload has the number of bytes of the media that were read."""
    seen: list[Exchange] = []
    media = MemoryMedia()
    digest = media.put(PICTURE)

    def handler(request: httpx.Request) -> httpx.Response:
        request.read()
        return httpx.Response(201)

    transport = transports(handler, media=media, on_exchange=seen.append)
    for part in (
        MediaPart(digest=digest),
        MediaPart(digest=digest, field="file"),
        MediaPart(digest=digest, start=10, size=100),
    ):
        transport.send(Request(method="POST", url=URL, media=part), timeout_s=5)
    assert [each.sent_bytes for each in seen] == [len(PICTURE), len(PICTURE), 100]


def test_exchange_of_rate_limit(transports):
    """The report contains the rate limit that the response states."""
    seen: list[Exchange] = []
    at = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
    headers = {"x-ratelimit-remaining": "7", "x-ratelimit-reset": "60", "retry-after": "5"}
    for status in (200, 429):
        transport = transports(
            lambda _, status=status: httpx.Response(status, headers=headers),
            on_exchange=seen.append,
            clock=lambda: at,
        )
        transport.send(POST, timeout_s=5)
    # `Retry-After` is a rate limit only if the request was refused.
    assert [each.rate_limit for each in seen] == [
        RateLimit(remaining=7, resets_at=at + dt.timedelta(seconds=60)),
        RateLimit(remaining=0, resets_at=at + dt.timedelta(seconds=5)),
    ]


def test_failing_watcher(transports, caplog):
    """An exception of `on_exchange` is logged, and the outcome stays as it is."""

    def fail(exchange: Exchange) -> None:
        raise ZeroDivisionError

    transport = transports(lambda _: httpx.Response(201), on_exchange=fail)
    assert transport.send(POST, timeout_s=5).status == 201
    with pytest.raises(TransientError):
        transports(raising(httpx.ConnectError("no")), on_exchange=fail).send(POST, timeout_s=5)
    assert [record.name for record in caplog.records if record.exc_info] == [
        "socialcollab.transport"
    ] * 2


@pytest.mark.integration
def test_late_exchange(tcp_transports):
    """An attempt that ends at the deadline is reported once."""
    seen: list[Exchange] = []
    over = threading.Event()

    def wait(connection: socket.socket) -> None:
        connection.recv(65536)
        over.wait(5)

    with server(wait) as url:
        request = Request(method="POST", url=url, json={}, creates=0, repeat="no")
        with pytest.raises(OutcomeUnknownError):
            tcp_transports(on_exchange=seen.append).send(request, timeout_s=0.3)
        over.set()
    (exchange,) = seen
    assert (exchange.status, exchange.error) == (None, "OutcomeUnknownError")
    assert exchange.sent_bytes == 2
    assert 0.3 <= exchange.duration_s < 2


def test_cancelled_exchange() -> None:
    """A request that is abandoned because its caller is cancelled is reported."""
    seen: list[Exchange] = []

    async def judge() -> None:
        async with transport(on_exchange=seen.append) as sending:
            task = asyncio.ensure_future(
                sending.send(Request(method="POST", url=url, json={}), timeout_s=30)
            )
            while not got:
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with served(b"") as (url, got):
        asyncio.run(judge())
    assert [each.error for each in seen] == ["CancelledError"]


def test_logs_of_httpx(transports, caplog):
    """The logs of httpx and the address in a traceback have no query, user name or password."""
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.params["token"] == "hush"
        shown.extend((str(request.url), repr(request.url), repr(request)))
        return httpx.Response(200)

    transports(handler).send(Request(method="GET", url=URL, params={"token": "hush"}), timeout_s=5)
    transports(handler).send(Request(method="GET", url=SECRET_URL), timeout_s=5)
    messages = [record.getMessage() for record in caplog.records if record.name == "httpx"]
    assert len(messages) == 2
    assert all(URL in text and "hush" not in text for text in (*messages, *shown))


def test_traceback_of_long_response(transports):
    """The variables in the traceback of an error do not contain the response."""
    transport = transports(
        lambda _: httpx.Response(200, content=b"hush" * 100), longest_response_bytes=100
    )
    with pytest.raises(OutcomeUnknownError) as raised:
        transport.send(POST, timeout_s=5)
    trace = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    frames = [frame for frame in trace.stack if "test_http" not in frame.filename]
    assert frames
    assert "hush" not in repr([frame.locals for frame in frames])
