"""Carry any flow out, blocking: for those who use an adapter without a desk."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import attrs

from socialcollab.errors import NetworkError, OutcomeUnknownError, RateLimitedError, TemporaryError
from socialcollab.transport.adapter import Transport
from socialcollab.transport.flow import Checkpoint, Done, Flow, Reply, Request, Wait, advance
from socialcollab.transport.ports import Clock
from socialcollab.transport.retry import RetryPolicy
from socialcollab.transport.retry_after import retry_after_s

__all__ = ["Driver"]

T = TypeVar("T")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


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
        clock: Clock = _now,
        read_within_s: float = 30.0,
    ) -> None:
        self._retry = retry or RetryPolicy()
        self._sleep = sleep
        self._clock = clock
        self._read_within_s = read_within_s

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
        try:
            op = advance(flow)
            while not isinstance(op, Done):
                answer: object = None
                try:
                    if isinstance(op, Request) and op.creates is None:
                        answer = self._request(op, transport)
                    elif isinstance(op, Request):
                        if before_create is not None:
                            before_create(op)
                        answer = self._create(op, transport, send_within_s)
                    elif isinstance(op, Checkpoint):
                        if checkpoint is not None:
                            checkpoint(op.values)
                    elif isinstance(op, Wait):
                        self._sleep(op.seconds)
                except NetworkError as error:
                    op = advance(flow, error=error)
                else:
                    op = advance(flow, answer)
            return op.value
        finally:
            flow.close()

    def _request(self, request: Request, transport: Transport) -> Reply:
        """Send what creates nothing."""

        def attempt() -> Reply | NetworkError:
            return _sent(transport, request, self._read_within_s)

        outcome = self._persist(attempt, request, lambda: True)
        if isinstance(outcome, OutcomeUnknownError):
            # Nothing public can have come of it, whatever the server did.
            raise TemporaryError(str(outcome), network=outcome.network) from outcome
        if isinstance(outcome, NetworkError):
            raise outcome
        return outcome

    def _create(self, request: Request, transport: Transport, within_s: float) -> Reply:
        """Send what creates something: once, or again under its key until its deadline."""
        until = time.monotonic() + within_s
        instant = self._clock() + dt.timedelta(seconds=within_s)
        request = attrs.evolve(
            request,
            deadline=instant if request.deadline is None else min(instant, request.deadline),
        )
        doubt: list[NetworkError] = []

        def attempt() -> Reply | NetworkError:
            left_s = until - time.monotonic()
            if left_s <= 0:
                return TemporaryError("the deadline passed before the request was sent")
            outcome = _sent(transport, request, left_s)
            if isinstance(outcome, OutcomeUnknownError):
                doubt.append(outcome)
            elif isinstance(outcome, Reply) and outcome.status >= 500:
                doubt.append(_outcome_unknown(outcome))
            return outcome

        if request.repeat == "no":
            outcome = attempt()
        else:
            outcome = self._persist(attempt, request, lambda: time.monotonic() < until)
        made = isinstance(outcome, Reply) and outcome.status < 300
        if doubt and not made and not (isinstance(outcome, Reply) and outcome.status >= 500):
            # A later refusal says nothing about the request that is in doubt.
            raise doubt[0]
        if isinstance(outcome, NetworkError):
            raise outcome
        return outcome

    def _persist(
        self,
        attempt: Callable[[], Reply | NetworkError],
        request: Request,
        may_go_on: Callable[[], bool],
    ) -> Reply | NetworkError:
        """Make attempts until one helps or the policy has enough."""
        outcome = attempt()
        error = self._error(outcome)
        if error is None or self._retry.wait_s(1, error, request) is None:
            return outcome
        # What goes well never pays for tenacity.
        from tenacity import RetryCallState, Retrying  # noqa: PLC0415

        first: list[Reply | NetworkError] = [outcome]

        def wait_s(state: RetryCallState) -> float | None:
            assert state.outcome is not None  # noqa: S101  tenacity asks after an attempt
            failed = self._error(state.outcome.result())
            if failed is None or not may_go_on():
                return None
            return self._retry.wait_s(state.attempt_number, failed, request)

        retrying = Retrying(
            retry=lambda state: wait_s(state) is not None,
            wait=lambda state: wait_s(state) or 0.0,
            sleep=self._sleep,
        )
        return retrying(lambda: first.pop() if first else attempt())

    def _error(self, outcome: Reply | NetworkError) -> NetworkError | None:
        """Return what the policy is asked about, or None if a repeat cannot help."""
        if isinstance(outcome, NetworkError):
            return outcome
        if outcome.status == 429:
            asked_s = retry_after_s(outcome.headers, now=self._clock())
            return RateLimitedError("too many requests", retry_after_s=asked_s, status=429)
        if outcome.status in (500, 502, 503, 504):
            return _outcome_unknown(outcome)
        return None


def _sent(transport: Transport, request: Request, within_s: float) -> Reply | NetworkError:
    try:
        return transport.send(request, timeout_s=within_s)
    except NetworkError as error:
        return error


def _outcome_unknown(reply: Reply) -> OutcomeUnknownError:
    return OutcomeUnknownError(f"the server failed with {reply.status}", status=reply.status)
