"""Connections that keep to deadlines, without a thread for each request."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from socialcollab.transport.exchange import Attempt, DeadlinePassedError
from socialcollab.transport.threads import Workers


class DeadlineConnections:
    """
    A pool of connections on which each operation ends at the deadline of the current attempt.

    The timeouts of httpx apply to each operation on a socket, so that a server that sends its
    response byte by byte is never too late. Here, the timeout of each operation is the time that is
    left. A host name is resolved in a thread, because that has no timeout at all.

    There are no cookies, because the accounts of all profiles share the connections.

    Args:
        workers: The threads in which connections are opened.
    """

    def __init__(self, workers: Workers) -> None:
        self._current = _Current()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            # These are the limits of httpx.
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_Backend(self._current, workers),
        )

    def send(self, request: httpx.Request, attempt: Attempt) -> httpx.Response:
        """
        Send a request, and return the response without its body.

        Until the response is closed, the calling thread must not send another request.

        Raises:
            DeadlinePassedError: If the deadline of the attempt passes (also when the body is read).
        """
        self._current.attempt = attempt
        url = request.url
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class _Current(threading.local):
    """The attempt for which the current thread uses connections."""

    attempt: Attempt

    def left_s(self) -> float:
        """
        Return the seconds until the deadline.

        Raises:
            DeadlinePassedError: If the deadline has passed.
        """
        left_s = self.attempt.left_s
        if not left_s:
            raise DeadlinePassedError
        return left_s


class _Body(httpx.SyncByteStream):
    """The body of a response."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Backend(httpcore.NetworkBackend):
    """Opens connections within the deadline of the current attempt."""

    def __init__(self, current: _Current, workers: Workers) -> None:
        self._current = current
        self._workers = workers
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  # the deadline applies instead
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left_s = self._current.left_s()

        def connect() -> httpcore.NetworkStream:
            return self._inner.connect_tcp(host, port, left_s, local_address, socket_options)

        stream = self._workers.call(connect, left_s, discard=lambda late: late.close())
        return _Stream(stream, self._current, self._workers)


class _Stream(httpcore.NetworkStream):
    """A connection whose operations end at the deadline of the current attempt."""

    def __init__(self, inner: httpcore.NetworkStream, current: _Current, workers: Workers) -> None:
        self._inner = inner
        self._socket: socket.socket = inner.get_extra_info("socket")
        self._current = current
        self._workers = workers

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        try:
            return self._inner.read(max_bytes, self._current.left_s())
        except httpcore.ReadTimeout:
            raise DeadlinePassedError from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        view = memoryview(buffer)
        try:
            # `SyncStream.write` would use the same timeout for each part that the server accepts.
            while view:
                self._socket.settimeout(self._current.left_s())
                self._current.attempt.begun = True
                view = view[self._socket.send(view) :]
        except TimeoutError:
            raise DeadlinePassedError from None
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        left_s = self._current.left_s()

        def start() -> httpcore.NetworkStream:
            return self._inner.start_tls(ssl_context, server_hostname, left_s)

        try:
            stream = self._workers.call(start, left_s, discard=lambda late: late.close())
        except DeadlinePassedError:
            # This also ends the thread.
            self.close()
            raise
        return _Stream(stream, self._current, self._workers)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
