"""Carry requests over HTTP while the event loop goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from socialcollab.errors import OutcomeUnknownError
from socialcollab.transport.driving import real_now
from socialcollab.transport.exchange import CHUNK, Attempt, Exchange
from socialcollab.transport.flow import Request, Response
from socialcollab.transport.ports import Clock, Media

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    import httpx


class AsyncHttpTransport:
    """
    Sends requests with httpx, each within a hard deadline; awaited, else an `HttpTransport`.

    Use it on one event loop: its connections belong to that. Whoever is
    cancelled while a request is on its way gives it up. Media are read on a
    thread of its own.

    Args:
        client: What to send with; the caller closes it. Without one, the
            transport makes its own.

        media: Where media are opened from, anew for every attempt.

        headers: Headers of every request, such as the authorization; never
            shown in repr, errors or logs of this library.

        longest_reply_bytes: The longest answer that is read.

        clock: The real time, for deadlines given as instants.
    """

    def __init__(
        self,
        client: httpx.AsyncClient | None = None,
        *,
        media: Media | None = None,
        headers: Mapping[str, str] | None = None,
        longest_reply_bytes: int = 8 * 1024 * 1024,
        clock: Clock = real_now,
    ) -> None:
        self._client = client
        self._owned = client is None
        self._exchanging = Exchange(
            media=media,
            headers=dict(headers or {}),
            longest_reply_bytes=longest_reply_bytes,
            owner="AsyncHttpTransport",
        )
        self._clock = clock
        self._reading: ThreadPoolExecutor | None = None

    def __repr__(self) -> str:
        return "AsyncHttpTransport()"

    async def send(self, request: Request, *, timeout_s: float) -> Response:
        """
        Send one request and return the answer, whatever its status.

        Raises:
            TransientError: If for certain nothing reached the server.

            OutcomeUnknownError: If the request may have reached the server
                and no whole answer came within the deadline.

            RejectedError: If its media are not kept here.

            InvalidValueError: If it is no request that HTTP can carry.
        """
        import asyncio  # noqa: PLC0415  the room is importable without it

        attempt = Attempt.of(request, timeout_s, self._clock)
        try:
            async with asyncio.timeout(attempt.left_s):
                return await self._exchange(request, attempt)
        except TimeoutError:
            raise OutcomeUnknownError(f"no whole answer came within {timeout_s:g} s") from None
        finally:
            attempt.abandoned = True

    async def close(self) -> None:
        """Close the connections, unless they belong to the caller's client."""
        if self._reading is not None:
            self._reading.shutdown(wait=False)
            self._reading = None
        if self._owned and self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def _exchange(self, request: Request, attempt: Attempt) -> Response:
        exchanging = self._exchanging
        with exchanging.told(attempt):
            client = self._connected()
            built, stack = await self._built(client, request, attempt)
            with stack:
                response = await client.send(built, stream=True, follow_redirects=False)
                try:
                    body = exchanging.body_of(response, attempt)
                    async for piece in response.aiter_bytes(CHUNK):
                        body.take(piece)
                    return exchanging.reply(response, body)
                finally:
                    await response.aclose()

    async def _built(
        self, client: httpx.AsyncClient, request: Request, attempt: Attempt
    ) -> tuple[httpx.Request, ExitStack]:
        """Return the request as httpx sends it, and what to close after it."""

        def build() -> tuple[httpx.Request, ExitStack]:
            with ExitStack() as stack:
                made = self._exchanging.build(client, request, attempt, stack)
                return made, stack.pop_all()

        if request.media is None:
            built, stack = build()
        else:
            import asyncio  # noqa: PLC0415

            job = self._thread().submit(build)
            try:
                built, stack = await asyncio.wrap_future(job)
            except asyncio.CancelledError:
                job.add_done_callback(_close_what_was_built)
                raise
            built.stream = self._read_elsewhere(built)
        built.extensions["trace"] = attempt.atrace
        return built, stack

    def _read_elsewhere(self, built: httpx.Request) -> httpx.AsyncByteStream:
        """Return a request's body, read on the thread: disks may be slow."""
        import httpx  # noqa: PLC0415

        assert isinstance(built.stream, httpx.SyncByteStream)  # noqa: S101  what media are built as
        pieces: Iterator[bytes] = iter(built.stream)
        thread = self._thread()

        class Elsewhere(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                import asyncio  # noqa: PLC0415

                while (
                    piece := await asyncio.wrap_future(thread.submit(next, pieces, None))
                ) is not None:
                    yield piece

        return Elsewhere()

    def _thread(self) -> ThreadPoolExecutor:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  it loads `logging`

        if self._reading is None:
            self._reading = ThreadPoolExecutor(1, thread_name_prefix="socialcollab-media")
        return self._reading

    def _connected(self) -> httpx.AsyncClient:
        import httpx  # noqa: PLC0415  the room is importable without it

        if self._client is None:
            self._client = httpx.AsyncClient(
                follow_redirects=False, headers={"user-agent": "socialcollab"}
            )
        return self._client


def _close_what_was_built(job: Future[Any]) -> None:
    with suppress(BaseException):
        job.result()[1].close()
