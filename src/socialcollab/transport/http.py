"""Send requests over HTTP, blocking or async. httpx is imported with the first request."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, suppress
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import attrs

from socialcollab.errors import (
    InvalidValueError,
    NetworkError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    SocialCollabError,
    StoreError,
    StoreUnavailableError,
    TransientError,
)
from socialcollab.transport.exchange import (
    Attempt,
    DeadlinePassedError,
    OnExchange,
    plain_address,
)
from socialcollab.transport.flow import MediaPart, Request, Response
from socialcollab.transport.ports import Clock, Media, system_clock
from socialcollab.transport.threads import Workers

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor
    from http.cookiejar import CookieJar

    import httpx

    from socialcollab.transport.connections import DeadlineConnections

_CHUNK: Final = 64 * 1024
_MOST_HEADERS: Final = 100
_LONGEST_HEADER: Final = 8 * 1024
_USER_AGENT: Final = {"user-agent": "socialcollab"}
# A few kilobytes in other encodings, or in several encodings at once, can contain gigabytes.
_ENCODINGS: Final = {"accept-encoding": "gzip, deflate"}
_ACCEPTED_ENCODINGS: Final = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
_HEADERS: Final = {**_USER_AGENT, "accept": "*/*"}


class HttpTransport:
    """
    A blocking transport that sends requests with httpx, each within a hard deadline.

    Redirects are not followed, because a redirected request might create a post twice.

    Args:
        client: The httpx client to use, which the caller must close. By default, the transport
            opens its own connections, which are faster, use the proxies of the environment, and
            store no cookies.
        media: The media store. Media are read again for every attempt.
        headers: Headers for every request, such as ``Authorization``. They never appear in a repr,
            an error or a log of this library.
        longest_response_bytes: The maximum size of a response body.
        clock: The wall clock, for deadlines that are instants.
        on_exchange: A function that is called after each attempt, for logs and metrics.
    """

    def __init__(
        self,
        client: httpx.Client | None = None,
        *,
        media: Media | None = None,
        headers: Mapping[str, str] | None = None,
        longest_response_bytes: int = 8 * 1024 * 1024,
        clock: Clock = system_clock,
        on_exchange: OnExchange | None = None,
    ) -> None:
        self._client = client
        self._own: httpx.Client | DeadlineConnections | None = None
        self._process = os.getpid()
        self._messages = _Messages(
            media=media,
            headers=dict(headers or {}),
            longest_response_bytes=longest_response_bytes,
            owner="HttpTransport",
        )
        self._clock = clock
        self._on_exchange = on_exchange
        self._lock = threading.Lock()
        self._workers = Workers()

    def __repr__(self) -> str:
        return "HttpTransport()"

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """
        Send one request and return the response, regardless of its status.

        Raises:
            TransientError: If nothing reached the server.
            OutcomeUnknownError: If the request may have reached the server, but there was no
                complete response within the deadline.
            RejectedError: If the media of the request are not in the media store.
            InvalidValueError: If the request is not a valid HTTP request.
        """
        with Attempt.begin(request, timeout_s, self._clock, self._on_exchange) as attempt:
            attempt.response = self._send(request, attempt, timeout_s)
            return attempt.response

    def close(self) -> None:
        """Close the connections, unless they belong to the caller's client."""
        self._workers.stop()
        with self._lock:
            own, self._own = self._own, None
        if own is not None and self._process == os.getpid():
            own.close()

    def _send(self, request: Request, attempt: Attempt, timeout_s: float) -> Response:
        import httpx  # noqa: PLC0415  # the package is importable without it

        connections = self._connected()
        if request.media is None and not isinstance(connections, httpx.Client):
            return self._exchange(request, attempt, connections)
        # A client of httpx has only timeouts for each operation, so that a server can send its
        # response byte by byte without end. A media store can be slow, too. The request therefore
        # runs in a separate thread, and the caller stops waiting at the deadline.
        try:
            return self._workers.call(
                lambda: self._exchange(request, attempt, connections),
                attempt.left_s,
                discard=lambda _: None,
            )
        except DeadlinePassedError:
            pass
        raise OutcomeUnknownError(f"there was no complete response within {timeout_s:g} s")

    def _exchange(
        self, request: Request, attempt: Attempt, connections: httpx.Client | DeadlineConnections
    ) -> Response:
        try:
            return self._received(request, attempt, connections)
        except Exception as error:  # noqa: BLE001  unknown exceptions are raised again
            failure = _failure_of(error, attempt)
        # The error is raised outside the `except` block and without the earlier traceback. Tools
        # that record the local variables of a traceback would otherwise record tokens.
        raise failure

    def _received(
        self, request: Request, attempt: Attempt, connections: httpx.Client | DeadlineConnections
    ) -> Response:
        import httpx  # noqa: PLC0415  # the package is importable without it

        with ExitStack() as stack:
            if isinstance(connections, httpx.Client):
                built = self._messages.build(connections, request, attempt, stack)
                response = connections.send(built, stream=True, follow_redirects=False)
            else:
                built = self._messages.build(None, request, attempt, stack)
                response = connections.send(built, attempt)
            stack.callback(response.close)
            body = self._messages.body_of(response, attempt)
            for chunk in response.iter_bytes(_CHUNK):
                body.add(chunk)
            return body.received()

    def _connected(self) -> httpx.Client | DeadlineConnections:
        if self._client is not None:
            return self._client
        with self._lock:
            if self._own is None or self._process != os.getpid():
                # A forked process must not use the connections of its parent, because it could
                # receive the responses to the parent's requests.
                self._own, self._process = _connections(self._workers), os.getpid()
            return self._own


def _connections(workers: Workers) -> httpx.Client | DeadlineConnections:
    """Return new connections, which use the proxies of the environment."""
    from urllib.request import getproxies  # noqa: PLC0415  # loaded with httpx

    import httpx  # noqa: PLC0415  # the package is importable without it

    from socialcollab.transport.connections import DeadlineConnections  # noqa: PLC0415  # as above

    if getproxies().keys() & {"http", "https", "all"}:
        return httpx.Client(headers=_USER_AGENT, cookies=_no_cookies())
    return DeadlineConnections(workers)


def _no_cookies() -> CookieJar:
    """Return a jar that stores no cookies, which could belong to the account of another profile."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy  # noqa: PLC0415  # loaded with httpx

    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


class AsyncHttpTransport:
    """
    An async transport that sends requests with httpx; otherwise it works like `HttpTransport`.

    It can be used only in the event loop in which it was first used. If the caller is cancelled,
    the current request is abandoned. Media are read in a separate thread.

    Args:
        client: The httpx client to use, which the caller must close. By default, the transport
            creates a client, which stores no cookies.
        media: The media store. Media are read again for every attempt.
        headers: Headers for every request, such as ``Authorization``. They never appear in a repr,
            an error or a log of this library.
        longest_response_bytes: The maximum size of a response body.
        clock: The wall clock, for deadlines that are instants.
        on_exchange: A function that is called after each attempt, for logs and metrics.
    """

    def __init__(
        self,
        client: httpx.AsyncClient | None = None,
        *,
        media: Media | None = None,
        headers: Mapping[str, str] | None = None,
        longest_response_bytes: int = 8 * 1024 * 1024,
        clock: Clock = system_clock,
        on_exchange: OnExchange | None = None,
    ) -> None:
        self._client = client
        self._owned = client is None
        self._messages = _Messages(
            media=media,
            headers=dict(headers or {}),
            longest_response_bytes=longest_response_bytes,
            owner="AsyncHttpTransport",
        )
        self._clock = clock
        self._on_exchange = on_exchange
        self._reading: ThreadPoolExecutor | None = None

    def __repr__(self) -> str:
        return "AsyncHttpTransport()"

    async def send(self, request: Request, *, timeout_s: float) -> Response:
        """
        Send one request and return the response, regardless of its status.

        Raises:
            TransientError: If nothing reached the server.
            OutcomeUnknownError: If the request may have reached the server, but there was no
                complete response within the deadline.
            RejectedError: If the media of the request are not in the media store.
            InvalidValueError: If the request is not a valid HTTP request.
        """
        import asyncio  # noqa: PLC0415  # blocking hosts do not load it

        with Attempt.begin(request, timeout_s, self._clock, self._on_exchange) as attempt:
            try:
                async with asyncio.timeout(attempt.left_s):
                    attempt.response = await self._exchange(request, attempt)
            except TimeoutError:
                raise OutcomeUnknownError(
                    f"there was no complete response within {timeout_s:g} s"
                ) from None
            return attempt.response

    async def close(self) -> None:
        """Close the connections, unless they belong to the caller's client."""
        if self._reading is not None:
            self._reading.shutdown(wait=False)
            self._reading = None
        if self._owned and self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def _exchange(self, request: Request, attempt: Attempt) -> Response:
        try:
            return await self._received(request, attempt)
        except Exception as error:  # noqa: BLE001  unknown exceptions are raised again
            failure = _failure_of(error, attempt)
        raise failure  # as in `HttpTransport`

    async def _received(self, request: Request, attempt: Attempt) -> Response:
        client = self._connected()
        built, stack = await self._build(client, request, attempt)
        with stack:
            response = await client.send(built, stream=True, follow_redirects=False)
            try:
                body = self._messages.body_of(response, attempt)
                async for chunk in response.aiter_bytes(_CHUNK):
                    body.add(chunk)
                return body.received()
            finally:
                await response.aclose()

    async def _build(
        self, client: httpx.AsyncClient, request: Request, attempt: Attempt
    ) -> tuple[httpx.Request, ExitStack]:
        """Return the request for httpx, and a stack that closes its media."""

        def build() -> tuple[httpx.Request, ExitStack]:
            with ExitStack() as stack:
                built = self._messages.build(client, request, attempt, stack)
                return built, stack.pop_all()

        if request.media is None:
            built, stack = build()
        else:
            import asyncio  # noqa: PLC0415  # blocking hosts do not load it

            job = self._thread().submit(build)
            try:
                built, stack = await asyncio.wrap_future(job)
            except asyncio.CancelledError:
                # The thread may still open the media. Without this callback, they would not be
                # closed.
                job.add_done_callback(_close_media)
                raise
            built.stream = self._read_on_thread(built)
        built.extensions["trace"] = attempt.atrace
        return built, stack

    def _read_on_thread(self, built: httpx.Request) -> httpx.AsyncByteStream:
        """Return the body of *built*, read in a thread so that a slow disk does not block the loop."""
        import httpx  # noqa: PLC0415  # the package is importable without it

        assert isinstance(built.stream, httpx.SyncByteStream)  # noqa: S101  # media make such a body
        chunks: Iterator[bytes] = iter(built.stream)
        thread = self._thread()

        class ThreadedStream(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                import asyncio  # noqa: PLC0415  # blocking hosts do not load it

                while (
                    chunk := await asyncio.wrap_future(thread.submit(next, chunks, None))
                ) is not None:
                    yield chunk

        return ThreadedStream()

    def _thread(self) -> ThreadPoolExecutor:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # it loads `logging`

        if self._reading is None:
            self._reading = ThreadPoolExecutor(1, thread_name_prefix="socialcollab-media")
        return self._reading

    def _connected(self) -> httpx.AsyncClient:
        import httpx  # noqa: PLC0415  # the package is importable without it

        if self._client is None:
            self._client = httpx.AsyncClient(headers=_USER_AGENT, cookies=_no_cookies())
        return self._client


def _close_media(job: Future[Any]) -> None:
    with suppress(BaseException):
        job.result()[1].close()


@attrs.define
class _Body:
    """The body of a response that is being received."""

    attempt: Attempt
    response: httpx.Response
    longest_bytes: int
    content: bytearray = attrs.field(factory=bytearray)

    def add(self, chunk: bytes) -> None:
        """Add a chunk. Raise an error if the body is too long or the deadline has passed."""
        self.content += chunk
        self.attempt.received_bytes = len(self.content)
        if len(self.content) > self.longest_bytes:
            raise OutcomeUnknownError(
                f"the response is longer than {self.longest_bytes} bytes",
                status=self.response.status_code,
            )
        if not self.attempt.left_s:
            raise DeadlinePassedError

    def received(self) -> Response:
        """Return the response with this body, and with limits on the number and size of headers."""
        headers: dict[str, str] = {}
        for name, value in self.response.headers.items():
            if len(headers) >= _MOST_HEADERS:
                break
            if len(value) <= _LONGEST_HEADER:
                headers[name.lower()] = value
        return Response(status=self.response.status_code, headers=headers, body=bytes(self.content))


@attrs.frozen(kw_only=True)
class _Messages:
    """
    A builder for the requests of a blocking or async transport.

    Attributes:
        media: The media store, or None.
        headers: Headers for every request.
        longest_response_bytes: The maximum size of a response body.
        owner: The class name of the transport, for error messages.
    """

    media: Media | None
    headers: Mapping[str, str] = attrs.field(repr=False)
    longest_response_bytes: int
    owner: str

    def build(
        self,
        client: httpx.Client | httpx.AsyncClient | None,
        request: Request,
        attempt: Attempt,
        stack: ExitStack,
    ) -> httpx.Request:
        """
        Return the httpx request. The *stack* closes the media that are opened for it.

        The headers, cookies and other settings of the client are applied, if there is a client.
        """
        import httpx  # noqa: PLC0415  # the package is importable without it

        body_headers, body_arguments = self._body(request, attempt, stack)
        headers = {**_ENCODINGS, **body_headers, **self.headers, **request.headers}
        params = dict(request.params) or None
        timeout_s = attempt.left_s or 0.001
        if client is None:
            built = httpx.Request(
                request.method,
                request.url,
                params=params,
                headers={**_HEADERS, **headers},
                extensions={"timeout": {"pool": timeout_s}},
                **body_arguments,
            )
        else:
            built = client.build_request(
                request.method,
                request.url,
                params=params,
                headers=headers,
                timeout=timeout_s,
                extensions={"trace": attempt.trace},
                **body_arguments,
            )
        built.url = _loggable_url()(built.url)
        if request.media is None:
            attempt.sent_bytes = int(built.headers.get("content-length", 0))
        return built

    def body_of(self, response: httpx.Response, attempt: Attempt) -> _Body:
        """
        Return an empty body for a response, and record that the request has been sent.

        Raises:
            OutcomeUnknownError: If the response has an encoding that was not requested.
        """
        attempt.begun = True
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in _ACCEPTED_ENCODINGS:
            raise OutcomeUnknownError(
                f"the response has the encoding `{encoding[:40]}`", status=response.status_code
            )
        return _Body(attempt, response, self.longest_response_bytes)

    def _body(
        self, request: Request, attempt: Attempt, stack: ExitStack
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the headers of the body, and the arguments that pass the body to httpx."""
        if request.media is not None:
            return self._media_body(request, request.media, attempt, stack)
        if request.json is not None:
            body = json.dumps(request.json, separators=(",", ":"))
            return {"content-type": "application/json"}, {"content": body.encode()}
        return {}, {} if request.form is None else {"data": dict(request.form)}

    def _media_body(
        self, request: Request, part: MediaPart, attempt: Attempt, stack: ExitStack
    ) -> tuple[dict[str, str], dict[str, Any]]:
        if self.media is None:
            raise InvalidValueError(
                f"the request contains media `{part.digest}`, but the transport has no media store",
                value=part.digest,
                expected=f"{self.owner}(media=...)",
            )
        try:
            size = self.media.size(part.digest)
            opened = stack.enter_context(self.media.open(part.digest))
        except NotFoundError:
            raise RejectedError(f"the bytes of media `{part.digest}` are not stored") from None
        except StoreUnavailableError as error:
            raise TransientError(f"media `{part.digest}` cannot be read: {error}") from error
        except StoreError as error:
            raise RejectedError(f"media `{part.digest}` are damaged: {error}") from error
        size = min(size - part.start, size if part.size is None else part.size)
        opened.seek(part.start)
        source = _DeadlineReader(opened, attempt, start=part.start, size=size)
        if part.field:
            files = {part.field: (part.name, source, part.media_type)}
            return {}, {"files": files, "data": dict(request.form or {})}
        headers = {"content-type": part.media_type, "content-length": str(size)}
        return headers, {"content": source.chunks()}


class _DeadlineReader:
    """
    A file that raises an error if it is read after the deadline.

    The server then receives an incomplete upload and ignores it. Positions are relative to *start*,
    and the file ends after *size* bytes.
    """

    def __init__(self, opened: BinaryIO, attempt: Attempt, *, start: int, size: int) -> None:
        self._opened = opened
        self._attempt = attempt
        self._start = start
        self._size = size

    def read(self, size: int = -1) -> bytes:
        """Read up to *size* bytes. Raise an error if the deadline has passed."""
        if not self._attempt.left_s:
            raise DeadlinePassedError
        left = max(0, self._size - self.tell())
        chunk = self._opened.read(left if size < 0 else min(size, left))
        self._attempt.sent_bytes += len(chunk)
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        """Change the position, like `io.IOBase.seek`."""
        bases = {0: 0, 1: self.tell(), 2: self._size}
        return self._opened.seek(self._start + bases[whence] + offset) - self._start

    def tell(self) -> int:
        """Return the position."""
        return self._opened.tell() - self._start

    def chunks(self) -> Iterator[bytes]:
        """Yield the remainder of the file in chunks."""
        while chunk := self.read(_CHUNK):
            yield chunk


@cache
def _loggable_url() -> type[httpx.URL]:
    """Return a class of addresses that can be logged."""
    import httpx  # noqa: PLC0415  # the package is importable without it

    class LoggableURL(httpx.URL):
        """An address whose text has no query, because httpx logs the text of each address."""

        def __str__(self) -> str:
            return plain_address(super().__str__())

        def __repr__(self) -> str:
            return f"URL({str(self)!r})"

    return LoggableURL


def _failure_of(error: Exception, attempt: Attempt) -> Exception:
    """
    Return the error to raise for an exception, which indicates what the caller can do.

    An exception that is not known, such as one of the media store, is returned unchanged.
    """
    import httpcore  # noqa: PLC0415  # the package is importable without it
    import httpx  # noqa: PLC0415  # as above

    begun = attempt.begun
    if isinstance(error, DeadlinePassedError):
        if begun:
            return OutcomeUnknownError("there was no complete response before the deadline")
        return TransientError("the deadline passed before the request was sent")
    if isinstance(error, (StoreError, OSError)):
        failure = _failure(error, begun=begun)
        failure.__cause__ = error
        return failure
    if isinstance(error, SocialCollabError):
        return error.with_traceback(None)
    for module in (httpx, httpcore):
        if isinstance(
            error,
            (module.ConnectError, module.ConnectTimeout, module.PoolTimeout, module.ProxyError),
        ):
            return _failure(error, begun=begun)
        if not begun and isinstance(error, (module.UnsupportedProtocol, module.LocalProtocolError)):
            return _invalid(error)
    if not begun and isinstance(error, (httpx.InvalidURL, UnicodeError)):
        return _invalid(error)
    if isinstance(
        error,
        (
            httpx.HTTPError,
            httpx.InvalidURL,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
        ),
    ):
        return _failure(error, begun=True)
    return error


def _invalid(error: Exception) -> InvalidValueError:
    # The message of the exception may contain the value of a header.
    return InvalidValueError(
        f"the request cannot be sent over HTTP ({type(error).__name__})",
        value=None,
        expected="an http or https address, and headers in ASCII without line breaks",
    )


def _failure(error: Exception, *, begun: bool) -> NetworkError:
    # The error contains only the class name, because httpx messages and requests may contain
    # addresses with tokens.
    kind = type(error).__name__
    if begun:
        return OutcomeUnknownError(f"there was no complete response ({kind})")
    return TransientError(f"nothing reached the server ({kind})")
