"""Blocking calls and transports for async code, on threads of their own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from socialcollab.errors import StoreUnavailableError
from socialcollab.transport.adapter import Transport
from socialcollab.transport.flow import Request, Response

if TYPE_CHECKING:
    # `concurrent.futures` loads `logging`, and asyncio would slow down every blocking host.
    from concurrent.futures import Future, ThreadPoolExecutor

P = ParamSpec("P")
R = TypeVar("R")


def _nothing() -> None: ...


class DedicatedThread:
    """
    Makes blocking calls for async code, one after the other, on one thread of its own.

    It does not use the default executor of the event loop, so work that fills that executor does
    not delay a journal.

    Args:
        name: The name of the thread.
    """

    def __init__(self, name: str) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # it loads `logging`

        self._name = name
        self._executor: ThreadPoolExecutor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._last: Future[Any] | None = None

    def __repr__(self) -> str:
        return f"DedicatedThread({self._name!r})"

    async def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """
        Call *function* on the thread and return its result.

        If the caller is cancelled while the call runs, the cancellation is delivered after the
        call has ended. A call that has not begun by then is never made.

        Raises:
            StoreUnavailableError: If the thread has been closed.
        """
        if self._last is not None:
            raise StoreUnavailableError(f"{self._name} has been closed")
        import asyncio  # noqa: PLC0415  # blocking hosts do not load it

        job = self._executor.submit(function, *args, **kwargs)
        try:
            return await asyncio.wrap_future(job)
        except asyncio.CancelledError:
            # Cancelling the wrapper cancels the job as well, unless the job has begun.
            if not job.cancelled():
                with suppress(Exception):
                    await _outlast(job)
            raise

    async def close(self, last: Callable[[], object] = _nothing) -> None:
        """
        Call *last* after all calls made so far, and end the thread.

        A second call of `close` waits for the end as well.
        """
        if self._last is None:
            self._last = self._executor.submit(last)
            self._executor.shutdown(wait=False)
        await _outlast(self._last)


async def _outlast(job: Future[Any]) -> None:
    """
    Wait until *job* has ended, even if the waiter is cancelled, and raise the exception of *job*.

    The first cancellation takes precedence over that exception.
    """
    import asyncio  # noqa: PLC0415  # blocking hosts do not load it

    waiting = asyncio.wrap_future(job)
    cancelled: asyncio.CancelledError | None = None
    while not waiting.done():
        try:
            # `asyncio.shield` would log an error of the job if nothing awaits the job any more.
            await asyncio.wait([waiting])
        except asyncio.CancelledError as error:
            cancelled = cancelled or error
    failure = waiting.exception()
    if cancelled is not None:
        raise cancelled
    if failure is not None:
        raise failure


class ThreadedTransport:
    """
    A blocking transport for async code: each request is sent on a thread.

    If the caller is cancelled, the answer is lost; the request itself ends by its deadline.

    Args:
        transport: The blocking transport, which threads must be able to share.
        threads: How many requests may be under way at once.
        owns: Whether closing also closes the transport, and not only the threads.
    """

    def __init__(self, transport: Transport, *, threads: int = 8, owns: bool = True) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # it loads `logging`

        self._transport = transport
        self._owns = owns
        self._threads: ThreadPoolExecutor = ThreadPoolExecutor(
            threads, thread_name_prefix="socialcollab-network"
        )

    def __repr__(self) -> str:
        return f"ThreadedTransport({self._transport!r})"

    async def send(self, request: Request, *, timeout_s: float) -> Response:
        """Send one request and return the answer, whatever its status."""
        import asyncio  # noqa: PLC0415  # blocking hosts do not load it

        job = self._threads.submit(self._transport.send, request, timeout_s=timeout_s)
        return await asyncio.wrap_future(job)

    async def close(self) -> None:
        """End the threads once their requests have ended, and close an owned transport."""
        self._threads.shutdown(wait=False)
        if self._owns:
            self._transport.close()
