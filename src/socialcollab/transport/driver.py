"""Carry any flow out, blocking: for those who use an adapter without a desk."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from socialcollab.effects import run
from socialcollab.transport.adapter import Transport
from socialcollab.transport.driving import Driving, real_now
from socialcollab.transport.flow import Flow, Request
from socialcollab.transport.ports import Clock
from socialcollab.transport.retry import RetryPolicy

T = TypeVar("T")


class Driver:
    """
    Carries flows out and blocks until they end.

    A request that creates something is sent once, unless the server knows its
    key; then again within its one deadline. Other requests are sent again as
    the policy says.

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
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock = real_now,
        read_within_s: float = 30.0,
    ) -> None:
        self._driving = Driving(
            retry=retry or RetryPolicy(), sleep=sleep, clock=clock, read_within_s=read_within_s
        )

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
        Carry *flow* out and return what it ends in.

        Args:
            flow: The conversation; closed at the end, however it ends.

            transport: What carries its requests.

            before_create: Called before each creating request: the place to
                store that it is being sent. If it raises, nothing is sent.

            checkpoint: Given how far the conversation has come.

            send_within_s: How long one creating request may take, its
                repeats included, in seconds.

        Raises:
            NetworkError: Of the kind that says what the caller can do.

            OutcomeUnknownError: If something may have been made and no answer
                came: look with the adapter's ``find`` before publishing again.
        """
        return run(
            self._driving.drive(
                flow,
                transport=transport,
                before_create=before_create,
                checkpoint=checkpoint,
                send_within_s=send_within_s,
            )
        )
