"""Drivers: carry out any flow, blocking or async, for callers that use an adapter without a desk."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar, cast

from socialcollab.effects import Effects, arun, call, run
from socialcollab.transport.adapter import AsyncTransport, Transport
from socialcollab.transport.flow import Checkpoint, Created, Flow, Request
from socialcollab.transport.interpreter import FlowInterpreter, SendWindow
from socialcollab.transport.ports import Clock, system_clock
from socialcollab.transport.retry import RetryPolicy

T = TypeVar("T")


class Driver:
    """
    Carries out flows and blocks until they end.

    A creating request is sent once. If the server honours its idempotency key, it may be sent
    again within the same deadline. Other requests are sent again as the policy says.

    Args:
        retry: Decides which failed requests are sent again.
        sleep: Waits for some seconds.
        clock: The wall clock, for the deadlines of creating requests.
        read_within_s: How long a request that creates nothing may take, in seconds.
    """

    def __init__(
        self,
        *,
        retry: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock = system_clock,
        read_within_s: float = 30.0,
    ) -> None:
        self._interpreter = _interpreter(retry, sleep, clock, read_within_s)

    def run(
        self,
        flow: Flow[T],
        *,
        transport: Transport,
        before_create: Callable[[Request], None] | None = None,
        checkpoint: Callable[[Mapping[str, str]], None] | None = None,
        send_within_s: float = 30.0,
    ) -> T:
        """
        Carry out *flow*, close it, and return its result.

        Args:
            flow: The conversation.
            transport: Sends its requests.
            before_create: Called before each creating request, to store that it is about to be
                sent. If it raises, nothing is sent.
            checkpoint: Called with the progress of the conversation, to store it.
            send_within_s: How long one creating request may take, including its repeats, in
                seconds.

        Raises:
            NetworkError: The subclass says what the caller can do.
            OutcomeUnknownError: If a request may have created something and no answer came; run
                the adapter's ``find`` before publishing again.
        """
        return run(
            _carry_out(
                self._interpreter,
                flow,
                transport,
                before_create=before_create,
                checkpoint=checkpoint,
                send_within_s=send_within_s,
            )
        )


async def _pause(seconds: float) -> None:
    import asyncio  # noqa: PLC0415  # blocking hosts do not load it

    await asyncio.sleep(seconds)


class AsyncDriver:
    """
    Carries out flows on an event loop; otherwise it works like `Driver`.

    Cancelling the caller abandons a request that is on its way, so its outcome is unknown.
    `before_create` and `checkpoint` store something and always run to their end.

    Args:
        retry: Decides which failed requests are sent again.
        sleep: Waits for some seconds.
        clock: The wall clock, for the deadlines of creating requests.
        read_within_s: How long a request that creates nothing may take, in seconds.
    """

    def __init__(
        self,
        *,
        retry: RetryPolicy | None = None,
        sleep: Callable[[float], Awaitable[None]] = _pause,
        clock: Clock = system_clock,
        read_within_s: float = 30.0,
    ) -> None:
        self._interpreter = _interpreter(retry, sleep, clock, read_within_s)

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
        Carry out *flow*, close it, and return its result.

        Args:
            flow: The conversation.
            transport: Sends its requests; `ThreadedTransport` adapts a blocking transport.
            before_create: Called, and awaited if it is async, before each creating request, to
                store that it is about to be sent. If it raises, nothing is sent.
            checkpoint: Called, and awaited if it is async, with the progress of the conversation.
            send_within_s: How long one creating request may take, including its repeats, in
                seconds.

        Raises:
            NetworkError: The subclass says what the caller can do.
            OutcomeUnknownError: If a request may have created something and no answer came; run
                the adapter's ``find`` before publishing again.
        """
        return await arun(
            _carry_out(
                self._interpreter,
                flow,
                # Effects are typed for blocking ports; `arun` awaits the answers of async ones.
                cast("Transport", transport),
                before_create=before_create,
                checkpoint=checkpoint,
                send_within_s=send_within_s,
            )
        )


def _interpreter(
    retry: RetryPolicy | None,
    sleep: Callable[[float], object],
    clock: Clock,
    read_within_s: float,
) -> FlowInterpreter:
    policy = retry or RetryPolicy()
    return FlowInterpreter(
        sleep=sleep, clock=clock, retry=policy, retry_creating=policy, read_within_s=read_within_s
    )


def _carry_out(
    interpreter: FlowInterpreter,
    flow: Flow[T],
    transport: Transport,
    *,
    before_create: Callable[[Request], object] | None,
    checkpoint: Callable[[Mapping[str, str]], object] | None,
    send_within_s: float,
) -> Effects[T]:
    def announce(request: Request) -> Effects[SendWindow]:
        if before_create is not None:
            yield from call(before_create, request)
        # The window begins after the announcement: storing it must not use up the time to send.
        return interpreter.window(send_within_s)

    def remember(op: Checkpoint | Created) -> Effects[None]:
        if checkpoint is not None:
            yield from call(checkpoint, op.values)

    return interpreter.run(flow, transport=transport, before_create=announce, remember=remember)
