"""What went wrong on the wire is told by what the caller can do about it, by both transports."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
from socialcollab.transport import MediaPart, Request

URL = "https://network.example/v1/posts"
POST = Request(method="POST", url=URL, json={"text": "é 🌷"}, creates=0, repeat="no")


def raising(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error

    return handler


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_nothing_reached_the_server(transports, error):
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
def test_the_request_may_have_reached_the_server(transports, error):
    with pytest.raises(OutcomeUnknownError) as raised:
        transports(raising(error("secret"))).send(POST, timeout_s=5)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_an_answer_is_returned_whatever_its_status(transports):
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer t"
        assert request.headers["content-type"] == "application/json"
        assert request.url.params["lang"] == "nl"
        return httpx.Response(429, headers={"Retry-After": "60"}, json={"error": "slow down"})

    request = Request(method="POST", url=URL, json={}, params={"lang": "nl"})
    reply = transports(handler, headers={"authorization": "Bearer t"}).send(request, timeout_s=5)
    assert (reply.status, reply.headers["retry-after"]) == (429, "60")
    assert reply.json() == {"error": "slow down"}


def test_a_redirect_is_not_followed(transports):
    transport = transports(lambda _: httpx.Response(307, headers={"location": URL}))
    assert transport.send(POST, timeout_s=5).status == 307


def test_headers_and_bodies_are_bounded(transports):
    many = {f"x-{number}": "v" for number in range(500)}
    reply = transports(lambda _: httpx.Response(200, headers=many)).send(POST, timeout_s=5)
    assert len(reply.headers) <= 100
    long = transports(lambda _: httpx.Response(200, content=b"x" * 2000), longest_reply_bytes=1000)
    with pytest.raises(OutcomeUnknownError, match="longer than 1000 bytes"):
        long.send(POST, timeout_s=5)


def test_media_are_opened_anew_for_every_attempt(transports):
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


def test_what_http_cannot_carry_is_refused_without_showing_it(transports):
    transport = transports(own=True)
    for request in (
        Request(method="GET", url="ftp://network.example/"),
        Request(method="GET", url="http://127.0.0.1:9/", headers={"x": "hush\r\nhost: evil"}),
    ):
        with pytest.raises((InvalidValueError, TransientError)) as raised:
            transport.send(request, timeout_s=5)
        assert "hush" not in str(raised.value)
    transport.close()


def test_a_passed_deadline_sends_nothing(transports):
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


def test_secrets_do_not_show(transports):
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
def test_a_cut_answer_leaves_the_outcome_unknown(transports, talk):
    with server(talk) as url:
        request = Request(method="POST", url=url, json={}, creates=0, repeat="no")
        with pytest.raises(OutcomeUnknownError):
            transports().send(request, timeout_s=5)


def test_a_refused_connection_reached_nobody(transports):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TransientError):
        transports().send(Request(method="POST", url=f"http://127.0.0.1:{port}/"), timeout_s=5)


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 201 Created\r\n"])
def test_a_server_that_drips_cannot_hold_the_caller(transports, first):
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
            transports().send(request, timeout_s=0.2)
        took_s = time.monotonic() - began
        over.set()
    assert took_s < 2
