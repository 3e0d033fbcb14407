"""Drivers, which run an adapter's flows without a desk, in blocking or async code."""

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
    A blocking driver, which runs each flow until it ends.

    A request that creates a post is sent only once, unless the server honours its idempotency key.
    It is then retried within the same deadline. All other requests are retried according to the
    retry policy.

    Args:
        retry: The policy that determines which failed requests are retried.
        sleep: A function that waits for a number of seconds.
        clock: The wall clock, for the deadlines of requests that create a post.
        read_within_s: The time limit for requests that create nothing, in seconds.
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
        Run *flow*, close it, and return its result.

        Args:
            flow: The flow.
            transport: The transport that sends the flow's requests.
            before_create: A function that is called before each request that creates a post. It can
                store that the request is about to be sent. If it raises an exception, nothing is
                sent.
            checkpoint: A function that is called with the flow's progress, and can store it.
            send_within_s: The time limit for a request that creates a post, including retries, in
                seconds.

        Raises:
            NetworkError: If the flow fails. The subclass indicates what the caller can do.
            OutcomeUnknownError: If a request may have created something, but there was no response.
                Run the adapter's ``find`` before publishing again.
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
    An async driver, which otherwise works like `Driver`.

    If the caller is cancelled, the current request is abandoned, so its outcome is unknown. Calls
    to `before_create` and `checkpoint` are always completed.

    Args:
        retry: The policy that determines which failed requests are retried.
        sleep: An async function that waits for a number of seconds.
        clock: The wall clock, for the deadlines of requests that create a post.
        read_within_s: The time limit for requests that create nothing, in seconds.
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
        Run *flow*, close it, and return its result.

        Args:
            flow: The flow.
            transport: The transport that sends the flow's requests. `ThreadedTransport` wraps a
                blocking transport.
            before_create: A blocking or async function that is called before each request that
                creates a post. It can store that the request is about to be sent. If it raises an
                exception, nothing is sent.
            checkpoint: A blocking or async function that is called with the flow's progress.
            send_within_s: The time limit for a request that creates a post, including retries, in
                seconds.

        Raises:
            NetworkError: If the flow fails. The subclass indicates what the caller can do.
            OutcomeUnknownError: If a request may have created something, but there was no response.
                Run the adapter's ``find`` before publishing again.
        """
        return await arun(
            _carry_out(
                self._interpreter,
                flow,
                # Effects are typed for blocking ports, but `arun` also awaits the results of async ports.
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
        # The window begins after `before_create` has returned, so that the time it takes does not
        # reduce the time for sending.
        return interpreter.window(send_within_s)

    def remember(op: Checkpoint | Created) -> Effects[None]:
        if checkpoint is not None:
            yield from call(checkpoint, op.values)

    return interpreter.run(flow, transport=transport, before_create=announce, remember=remember)
