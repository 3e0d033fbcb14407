"""Run calls in separate threads, for async code and within deadlines."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from socialcollab.errors import StoreUnavailableError
from socialcollab.transport.adapter import Transport
from socialcollab.transport.exchange import DeadlinePassedError
from socialcollab.transport.flow import Request, Response

if TYPE_CHECKING:
    # These modules are imported lazily, because they would slow down the start of blocking programs.
    from concurrent.futures import Future, ThreadPoolExecutor

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def _nothing() -> None: ...


class DedicatedThread:
    """
    A thread that makes blocking calls for async code, one at a time.

    It does not use the default executor of the event loop, so a busy executor does not delay the
    calls.

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
        Call *function* in the thread and return its result.

        If the caller is cancelled while the call is running, the cancellation takes effect after
        the call has ended. If the call has not begun yet, it is never made.

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
            # Cancelling the wrapper also cancels the job, unless the job has already begun.
            if not job.cancelled():
                with suppress(Exception):
                    await _outlast(job)
            raise

    async def close(self, last: Callable[[], object] = _nothing) -> None:
        """
        Call *last* after all pending calls, and stop the thread.

        If `close` is called again, it also waits until the thread has stopped.
        """
        if self._last is None:
            self._last = self._executor.submit(last)
            self._executor.shutdown(wait=False)
        await _outlast(self._last)


async def _outlast(job: Future[Any]) -> None:
    """
    Wait until *job* has ended, even if the waiting task is cancelled, and raise its exception.

    If the waiting task was cancelled, raise the first cancellation instead.
    """
    import asyncio  # noqa: PLC0415  # blocking hosts do not load it

    waiting = asyncio.wrap_future(job)
    cancelled: asyncio.CancelledError | None = None
    while not waiting.done():
        try:
            # `asyncio.shield` would log an exception of the job if nothing awaits it any longer.
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
    An async wrapper around a blocking transport, which sends each request in a thread.

    If the caller is cancelled, the response is lost, but the request still runs until its deadline.

    Args:
        transport: The blocking transport, which must be thread-safe.
        threads: The maximum number of concurrent requests.
        owns: Whether `close` also closes the transport, in addition to the threads.
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
        """Send one request and return the response, regardless of its status."""
        import asyncio  # noqa: PLC0415  # blocking hosts do not load it

        job = self._threads.submit(self._transport.send, request, timeout_s=timeout_s)
        return await asyncio.wrap_future(job)

    async def close(self) -> None:
        """Stop the threads after their requests have ended, and close the transport if it is owned."""
        self._threads.shutdown(wait=False)
        if self._owns:
            self._transport.close()


class Workers:
    """Threads that are reused, because starting a thread takes as long as a short request."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[_Job[Any] | None]] = []
        self._process = os.getpid()
        self._lock = threading.Lock()

    def call(
        self, function: Callable[[], T], within_s: float, *, discard: Callable[[T], object]
    ) -> T:
        """
        Call a function in a thread, and return its result.

        Args:
            function: The function.
            within_s: The seconds after which the caller stops waiting.
            discard: Called in the thread with a result for which the caller no longer waits.

        Raises:
            DeadlinePassedError: If the function does not return in time. It continues to run.
        """
        job = _Job(function, discard)
        self._start(job)
        return job.result(within_s)

    def stop(self) -> None:
        """End the idle threads. Later calls run in new threads."""
        with self._lock:
            idle, self._idle = self._idle, []
        for jobs in idle:
            jobs.put(None)

    def _start(self, job: _Job[Any]) -> None:
        with self._lock:
            if self._process != os.getpid():
                # The threads of the parent process do not exist in a forked process.
                self._idle.clear()
                self._process = os.getpid()
            jobs = self._idle.pop() if self._idle else None
        if jobs is None:
            jobs = SimpleQueue()
            threading.Thread(
                target=self._work, args=(jobs,), name="socialcollab-send", daemon=True
            ).start()
        jobs.put(job)

    def _work(self, jobs: SimpleQueue[_Job[Any] | None]) -> None:
        while (job := jobs.get()) is not None:
            job.run()
            # The thread must be idle when the caller continues, and keep nothing of the job alive.
            with self._lock:
                self._idle.append(jobs)
            job.finish()
            del job


class _Job(Generic[T]):
    """A call of a function in another thread."""

    def __init__(self, function: Callable[[], T], discard: Callable[[T], object]) -> None:
        self._function = function
        self._discard = discard
        self._lock = threading.Lock()
        self._done = threading.Lock()
        self._done.acquire()
        self._abandoned = False
        self._value: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        """Call the function in the current thread."""
        try:
            value = self._function()
        except BaseException as error:  # noqa: BLE001  # raised in the caller's thread
            self._error = error
            return
        with self._lock:
            if not self._abandoned:
                self._value.append(value)
                return
        with suppress(Exception):
            self._discard(value)

    def finish(self) -> None:
        """Let the caller continue."""
        self._done.release()

    def result(self, within_s: float) -> T:
        """Wait for the result; see `Workers.call`."""
        try:
            self._done.acquire(timeout=within_s)
        finally:
            with self._lock:
                self._abandoned = True
        if self._value:
            return self._value[0]
        if self._error is None:
            raise DeadlinePassedError
        error, self._error = self._error, None
        raise error
