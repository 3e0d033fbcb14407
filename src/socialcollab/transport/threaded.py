"""A blocking transport for async code, on threads of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialcollab.transport.adapter import Transport
from socialcollab.transport.flow import Request, Response

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


class ThreadedTransport:
    """
    A blocking transport used from async code: each request is sent on a thread.

    Whoever is cancelled meanwhile gives the answer up; the sending itself ends
    by its hard deadline.

    Args:
        transport: The blocking transport; threads have to be able to share it.

        threads: How many requests may be under way at once.
    """

    def __init__(self, transport: Transport, *, threads: int = 8) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  it loads `logging`

        self._transport = transport
        self._threads: ThreadPoolExecutor = ThreadPoolExecutor(
            threads, thread_name_prefix="socialcollab-network"
        )

    def __repr__(self) -> str:
        return f"ThreadedTransport({self._transport!r})"

    async def send(self, request: Request, *, timeout_s: float) -> Response:
        """Send one request and return the answer, whatever its status."""
        import asyncio  # noqa: PLC0415  the room is importable without it

        job = self._threads.submit(self._transport.send, request, timeout_s=timeout_s)
        return await asyncio.wrap_future(job)

    async def let_go(self) -> None:
        """End the threads once what they send has ended, and leave the transport open."""
        self._threads.shutdown(wait=False)

    async def close(self) -> None:
        """End the threads, and let go of connections."""
        await self.let_go()
        self._transport.close()
