"""The connections of a transport without a client keep to deadlines in each phase of a request."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from socialcollab.errors import OutcomeUnknownError, TransientError
from socialcollab.stores import MemoryMedia
from socialcollab.transport import AsyncHttpTransport, HttpTransport, MediaPart, Request, Response

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Server:
    """
    A TCP server on loopback.

    Args:
        talk: Talks with a client in a thread of its own.
        wrap: Changes each accepted connection, for example into an encrypted connection.
    """

    def __init__(
        self,
        talk: Callable[[socket.socket], None],
        wrap: Callable[[socket.socket], socket.socket] = lambda connection: connection,
    ) -> None:
        self.over = threading.Event()
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self._talk, self._wrap = talk, wrap
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        with socket.create_connection(self._listening.getsockname()):
            for thread in self._threads:
                thread.join(5)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            if self.over.is_set():
                connection.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, self._wrap(connection) as wrapped:
                self._open.append(wrapped)
                self._talk(wrapped)
        except OSError:
            return


def received(connection: socket.socket) -> bytes:
    """Return a whole request, or nothing if the client has hung up."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    size = int(sizes[0].split(b":")[1]) if sizes else 0
    while len(body) < size:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(answer: bytes = ANSWER, log: list[bytes] | None = None) -> Callable[..., None]:
    def talk(connection: socket.socket) -> None:
        while request := received(connection):
            if log is not None:
                log.append(request)
            connection.sendall(answer)

    return talk


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    made = HttpTransport()
    made._connected()  # creating the TLS settings takes longer than some deadlines below
    yield made
    made.close()


def post(url: str, **options: Any) -> Request:
    return Request(method="POST", url=url, **{"json": {}, **options}, creates=0, repeat="no")


@contextmanager
def late(within_s: float = 2.0) -> Iterator[None]:
    """Check that a block ends in time."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < within_s


def test_one_connection(transport: HttpTransport) -> None:
    """Requests one after another use one connection, and no thread sends them."""
    before = set(threading.enumerate())
    with Server(answering()) as server:
        for _ in range(5):
            assert transport.send(post(server.url), timeout_s=5).json() == {}
        assert server.connections == 1
        (opener,) = (
            each for each in set(threading.enumerate()) - before if each.name == "socialcollab-send"
        )
        transport.close()
        opener.join(5)
        assert not opener.is_alive()


def test_unknown_host(transport: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host name that is not resolved in time is a transient error, because nothing was sent."""
    over = threading.Event()

    def slow(*_: object, **__: object) -> Any:
        over.wait(10)
        raise OSError

    with Server(answering()) as server:
        with monkeypatch.context() as patch, late():
            patch.setattr(socket, "getaddrinfo", slow)
            with pytest.raises(TransientError, match="before the request was sent"):
                transport.send(post("http://network.example/"), timeout_s=0.2)
        over.set()
        assert transport.send(post(server.url), timeout_s=5).status == 200


def test_late_connection_is_closed(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is opened after the deadline is closed, and nothing is sent on it."""
    log: list[bytes] = []
    ended, go = threading.Event(), threading.Event()

    def talk(connection: socket.socket) -> None:
        log.append(connection.recv(65536))
        ended.set()

    real = socket.create_connection

    def slow(*args: Any, **options: Any) -> socket.socket:
        go.wait(10)
        return real(*args, **options)

    with Server(talk) as server, monkeypatch.context() as patch:
        patch.setattr(socket, "create_connection", slow)
        with pytest.raises(TransientError):
            transport.send(post(server.url), timeout_s=0.1)
        go.set()
        assert ended.wait(5)
    assert log == [b""]


@pytest.mark.integration
def test_slow_handshake(transport: HttpTransport) -> None:
    """A server that does not complete the TLS handshake in time is a transient error."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        # A TLS record that never ends.
        connection.sendall(b"\x16\x03\x03\x40\x00")
        while not server.over.wait(0.02):
            connection.sendall(b"\x00")

    with Server(talk) as server, late(), pytest.raises(TransientError):
        transport.send(post(server.url.replace("http:", "https:")), timeout_s=0.3)


@pytest.mark.integration
def test_slow_reader(transport: HttpTransport) -> None:
    """A server that reads a request slowly cannot delay the caller beyond the deadline."""

    def talk(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while not server.over.wait(0.01):
            connection.recv(1000)

    with Server(talk) as server, late(4), pytest.raises(OutcomeUnknownError, match="deadline"):
        transport.send(post(server.url, json={"text": "x" * 8_000_000}), timeout_s=1)


@pytest.mark.integration
@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\n", ANSWER[:-2]])
def test_dripping(transport: HttpTransport, first: bytes) -> None:
    """A response that drips is late in its headers and in its body, also on a used connection."""

    def talk(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(ANSWER)
        received(connection)
        connection.sendall(first.replace(b": 2", b": 9999999"))
        while not server.over.wait(0.02):
            connection.sendall(b"x: y\r\n")

    with Server(talk) as server:
        assert transport.send(post(server.url), timeout_s=5).status == 200
        with late(), pytest.raises(OutcomeUnknownError):
            transport.send(post(server.url), timeout_s=0.2)
        assert server.connections == 1


def test_connection_after_late_response(transport: HttpTransport) -> None:
    """After a late response, the connection is not used again, so that no response is mixed up."""
    first = threading.Event()

    def talk(connection: socket.socket) -> None:
        received(connection)
        if not first.is_set():
            first.set()
            server.over.wait(0.4)
            connection.sendall(ANSWER.replace(b"200 OK", b"201 OK"))
        else:
            connection.sendall(ANSWER)

    with Server(talk) as server:
        with pytest.raises(OutcomeUnknownError):
            transport.send(post(server.url), timeout_s=0.1)
        assert transport.send(post(server.url), timeout_s=5).status == 200
        assert server.connections == 2


def test_closed_connection(transport: HttpTransport) -> None:
    """A connection that the server has closed in the meantime is replaced."""

    def talk(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(ANSWER)

    with Server(talk) as server:
        for _ in range(3):
            assert transport.send(post(server.url), timeout_s=5).status == 200
            time.sleep(0.01)


@pytest.mark.integration
def test_threads(transport: HttpTransport) -> None:
    """Threads share the connections, each with its own deadline."""
    outcomes: list[str] = []

    def talk(connection: socket.socket) -> None:
        while request := received(connection):
            if b"slow" in request:
                server.over.wait(5)
                return
            connection.sendall(ANSWER)

    def send(body: str, timeout_s: float) -> None:
        try:
            for _ in range(5):
                response = transport.send(post(server.url, json=body), timeout_s=timeout_s)
                outcomes.append(str(response.status))
        except OutcomeUnknownError:
            outcomes.append("late")

    with Server(talk) as server:
        threads = [
            threading.Thread(target=send, args=arguments)
            for arguments in [("slow", 0.3), *[("fast", 5.0)] * 6]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
    assert sorted(outcomes) == ["200"] * 30 + ["late"]


def test_upload(transport: HttpTransport) -> None:
    """Media are uploaded on the same connections."""
    log: list[bytes] = []
    media = MemoryMedia()
    digest = media.put(b"\x89PNG" + bytes(200_000))
    with Server(answering(log=log)) as server:
        uploading = HttpTransport(media=media)
        for field in ("", "file"):
            request = post(server.url, json=None, media=MediaPart(digest=digest, field=field))
            assert uploading.send(request, timeout_s=5).status == 200
        uploading.close()
        assert server.connections == 1
    assert all(b"\x89PNG" + bytes(200_000) in each for each in log)


def test_slow_media() -> None:
    """A media store that does not answer cannot delay the caller beyond the deadline."""
    over = threading.Event()

    class Slow(MemoryMedia):
        def open(self, digest: str) -> Any:
            over.wait(10)
            return super().open(digest)

    media = Slow()
    request = post("http://127.0.0.1:9/", json=None, media=MediaPart(digest=media.put(b"1")))
    with late(), pytest.raises(OutcomeUnknownError, match=r"within 0\.1 s"):
        HttpTransport(media=media).send(request, timeout_s=0.1)
    over.set()


SETS_COOKIE = ANSWER.replace(b"content-length", b"set-cookie: session=eva\r\ncontent-length")


def test_no_cookies(transport: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cookies are not sent back, because they could belong to the account of another profile."""
    log: list[bytes] = []
    with Server(answering(SETS_COOKIE, log)) as server:
        for _ in range(2):
            transport.send(post(server.url), timeout_s=5)
        monkeypatch.setenv("http_proxy", server.url)
        monkeypatch.setenv("no_proxy", "")
        proxied = HttpTransport()
        for _ in range(2):
            proxied.send(post("http://network.example/"), timeout_s=5)
        proxied.close()
    assert len(log) == 4
    assert not any(b"cookie" in each.lower() for each in log)


def test_no_cookies_async() -> None:
    """The client of an async transport stores no cookies either."""
    log: list[bytes] = []

    async def send() -> None:
        transport = AsyncHttpTransport()
        for _ in range(2):
            await transport.send(post(server.url), timeout_s=5)
        await transport.close()

    with Server(answering(SETS_COOKIE, log)) as server:
        asyncio.run(send())
    assert len(log) == 2
    assert not any(b"cookie" in each.lower() for each in log)


def test_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy of the environment is used, and it cannot delay the caller either."""
    log: list[bytes] = []
    with Server(answering(log=log)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        transport = HttpTransport()
        assert transport.send(post("http://network.example/a"), timeout_s=5).status == 200
        transport.close()
    assert log[0].startswith(b"POST http://network.example/a HTTP/1.1")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def encrypted(certificate: trustme.LeafCert) -> Callable[[socket.socket], socket.socket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return lambda connection: context.wrap_socket(connection, server_side=True)


@pytest.mark.parametrize(
    ("name", "is_trusted"), [("127.0.0.1", True), ("127.0.0.1", False), ("other.example", True)]
)
def test_certificates(
    authority: trustme.CA,
    name: str,
    is_trusted: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is sent to a server whose certificate is not trusted or belongs to another server."""
    if is_trusted:
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    log: list[bytes] = []
    transport = HttpTransport(headers={"authorization": "Bearer hush"})
    with Server(answering(log=log), encrypted(authority.issue_cert(name))) as server:
        request = post(server.url.replace("http:", "https:"))
        if is_trusted and name == "127.0.0.1":
            assert transport.send(request, timeout_s=5).status == 200
            assert len(log) == 1
        else:
            with pytest.raises(TransientError, match="nothing reached the server") as raised:
                transport.send(request, timeout_s=5)
            assert "hush" not in str(raised.value)
            assert log == []
    transport.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("with_media", [False, True])
@pytest.mark.integration
def test_fork(with_media: bool) -> None:
    """A forked process does not use the connections and threads of its parent."""
    media = MemoryMedia()
    part = MediaPart(digest=media.put(b"1")) if with_media else None
    transport = HttpTransport(media=media)

    def send() -> Response:
        request = post(server.url, media=part, json=None if with_media else {})
        return transport.send(request, timeout_s=5)

    with Server(answering()) as server:
        assert send().status == 200
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if send().status == 200 else 1
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert send().status == 200
        assert server.connections == 2
    transport.close()
