"""Carry any flow out, async: for those who use an adapter without a desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar, cast

from socialcollab.effects import arun
from socialcollab.transport.adapter import AsyncTransport, Transport
from socialcollab.transport.driving import Driving, real_now
from socialcollab.transport.flow import Flow, Request
from socialcollab.transport.ports import Clock
from socialcollab.transport.retry import RetryPolicy

T = TypeVar("T")


async def _pause(seconds: float) -> None:
    import asyncio  # noqa: PLC0415  the room is importable without it

    await asyncio.sleep(seconds)


class AsyncDriver:
    """
    Carries flows out while the event loop goes on; in all else it is a `Driver`.

    Whoever is cancelled while a request is on its way gives it up, and has to
    take its outcome for unknown. `before_create` and `checkpoint` store
    something: they are awaited to their end.

    Args:
        retry: When a request is sent again.

        sleep: Waits for some seconds.

        clock: The real time, in which creating requests have their deadline.

        read_within_s: How long a request that creates nothing may take, in seconds.
    """

    def __init__(
        self,
        *,
        retry: RetryPolicy | None = None,
        sleep: Callable[[float], Awaitable[None]] = _pause,
        clock: Clock = real_now,
        read_within_s: float = 30.0,
    ) -> None:
        self._driving = Driving(
            retry=retry or RetryPolicy(), sleep=sleep, clock=clock, read_within_s=read_within_s
        )

    async def run(
        self,
        flow: Flow[T],
        *,
        transport: AsyncTransport,
        before_create: Callable[[Request], Awaitable[None] | None] | None = None,
        checkpoint: Callable[[Mapping[str, str]], Awaitable[None] | None] | None = None,
        send_within_s: float = 30.0,
    ) -> T:
        """
        Carry *flow* out and return what it ends in.

        Args:
            flow: The conversation; closed at the end, however it ends.

            transport: What carries its requests; `ThreadedTransport` makes one
                of a blocking transport.

            before_create: Called, and awaited if need be, before each creating
                request: the place to store that it is being sent. If it
                raises, nothing is sent.

            checkpoint: Given how far the conversation has come.

            send_within_s: How long one creating request may take, its
                repeats included, in seconds.

        Raises:
            NetworkError: Of the kind that says what the caller can do.

            OutcomeUnknownError: If something may have been made and no answer
                came: look with the adapter's ``find`` before publishing again.
        """
        return await arun(
            self._driving.drive(
                flow,
                # Steps are written for blocking ports; `arun` awaits what they answer.
                transport=cast("Transport", transport),
                before_create=before_create,
                checkpoint=checkpoint,
                send_within_s=send_within_s,
            )
        )
