"""A thread of one's own, on which async code has blocking calls made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from socialcollab.errors import StoreUnavailableError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

P = ParamSpec("P")
R = TypeVar("R")


def _nothing() -> None: ...


class OwnThread:
    """
    Makes blocking calls for async code, one after the other, on one dedicated thread.

    The event loop's default executor is left alone: whoever fills that one
    does not keep a journal waiting.

    Args:
        name: What the thread is called.
    """

    def __init__(self, name: str) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  it loads `logging`

        self._name = name
        self._executor: ThreadPoolExecutor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._last: Future[Any] | None = None

    def __repr__(self) -> str:
        return f"OwnThread({self._name!r})"

    async def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """
        Have *function* called on the thread, and return its answer.

        Whoever is cancelled meanwhile waits until the call has ended, and only
        then is; a call that has not begun by then is never made.

        Raises:
            StoreUnavailableError: If it has been closed.
        """
        if self._last is not None:
            raise StoreUnavailableError(f"{self._name} has been closed")
        import asyncio  # noqa: PLC0415  the room is importable without it

        job = self._executor.submit(function, *args, **kwargs)
        try:
            return await asyncio.wrap_future(job)
        except asyncio.CancelledError:
            # Cancelling reaches the job, too, and succeeds if that has not begun.
            if not job.cancelled():
                with suppress(Exception):
                    await _outlast(job)
            raise

    async def close(self, last: Callable[[], object] = _nothing) -> None:
        """Call *last* after all calls made so far and end the thread; a second closing waits too."""
        if self._last is None:
            self._last = self._executor.submit(last)
            self._executor.shutdown(wait=False)
        await _outlast(self._last)


async def _outlast(job: Future[Any]) -> None:
    """Wait until *job* has ended, whoever cancels meanwhile; raise what it raised if nobody did."""
    import asyncio  # noqa: PLC0415  the room is importable without it

    waiting = asyncio.wrap_future(job)
    cancelled: asyncio.CancelledError | None = None
    while not waiting.done():
        try:
            # Unlike `shield`, this never reports an error that nobody is left to hear.
            await asyncio.wait([waiting])
        except asyncio.CancelledError as error:
            cancelled = cancelled or error
    failed = waiting.exception()
    if cancelled is not None:
        raise cancelled
    if failed is not None:
        raise failed
