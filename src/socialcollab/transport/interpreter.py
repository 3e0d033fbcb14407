"""The interpreter of flows, which the drivers and the desk share."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Final, TypeVar

import attrs

from socialcollab.effects import Effects, call, call_cancellable, shielded
from socialcollab.errors import NetworkError, OutcomeUnknownError, RateLimitedError, TransientError
from socialcollab.transport.adapter import Transport
from socialcollab.transport.flow import (
    Checkpoint,
    Created,
    Done,
    Flow,
    Request,
    Response,
    Wait,
    advance,
)
from socialcollab.transport.ports import Clock
from socialcollab.transport.rate_limits import retry_after_s
from socialcollab.transport.retry import RetryPolicy

T = TypeVar("T")

# An upload may take as long as on a connection of this speed, in bytes per second.
_SLOWEST_UPLOAD: Final = 100_000


@attrs.frozen(kw_only=True)
class SendWindow:
    """
    The period in which a request that creates a post may reach the server.

    Attributes:
        deadline: The end of the window on the wall clock.
        until: The end of the window on the monotonic clock, which applies even if the wall clock
            is set back.
    """

    deadline: dt.datetime
    until: float


@attrs.frozen(kw_only=True)
class FlowInterpreter:
    """
    An interpreter that runs flows, using blocking or async ports.

    Attributes:
        sleep: A function that waits for a number of seconds.
        clock: The wall clock, for the deadlines of requests that create a post.
        monotonic: A monotonic clock, in seconds.
        retry: The retry policy for requests that create nothing.
        retry_creating: The retry policy for requests that create a post, which are retried only
            within their window and only if their `repeat` is ``same key``.
        read_within_s: The time limit for requests that create nothing, in seconds. For an upload
            whose size is known, it is longer.
        abandon_creating: Whether a request that creates a post is abandoned if an async caller is
            cancelled. If False, its response is awaited first, so that the caller can store it.
    """

    sleep: Callable[[float], object]
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    retry: RetryPolicy = attrs.field(factory=RetryPolicy)
    retry_creating: RetryPolicy = attrs.field(factory=RetryPolicy)
    read_within_s: float = 30.0
    abandon_creating: bool = True

    def window(self, within_s: float) -> SendWindow:
        """Return a window that begins now and lasts *within_s* seconds."""
        return SendWindow(
            deadline=self.clock() + dt.timedelta(seconds=within_s),
            until=self.monotonic() + within_s,
        )

    def run(
        self,
        flow: Flow[T],
        *,
        transport: Transport,
        before_create: Callable[[Request], Effects[SendWindow]],
        remember: Callable[[Checkpoint | Created], Effects[None]],
    ) -> Effects[T]:
        """
        Run *flow*, close it, and return its result.

        A `NetworkError` from a request or a hook is thrown into the flow. Any other exception ends
        the flow and is raised.

        Args:
            flow: The flow.
            transport: The transport that sends the flow's requests.
            before_create: A function that is called before each request that creates a post. It
                stores that the request is about to be sent, and returns the window for sending.
            remember: A function that stores a checkpoint, or a part that was created.
        """
        try:
            op = advance(flow)
            while not isinstance(op, Done):
                answer: object = None
                try:
                    if isinstance(op, Request) and op.creates is None:
                        answer = yield from self._read(op, transport)
                    elif isinstance(op, Request):
                        window = yield from before_create(op)
                        answer = yield from self._create(op, transport, window)
                    elif isinstance(op, (Checkpoint, Created)):
                        yield from remember(op)
                    elif isinstance(op, Wait):
                        yield from call_cancellable(self.sleep, op.seconds)
                except NetworkError as error:
                    op = advance(flow, error=error)
                else:
                    op = advance(flow, answer)
            return op.value
        finally:
            flow.close()

    def _read(self, request: Request, transport: Transport) -> Effects[Response]:
        """Send a request that creates nothing."""
        within_s = self.read_within_s
        if request.media is not None and request.media.size is not None:
            within_s += request.media.size / _SLOWEST_UPLOAD

        def attempt(number: int) -> Effects[Response | NetworkError]:
            sent = attrs.evolve(request, attempt=number)
            return _outcome(call_cancellable(transport.send, sent, timeout_s=within_s))

        outcome = yield from self._persist(attempt, request, self.retry, lambda: True)
        if isinstance(outcome, OutcomeUnknownError):
            # The request creates nothing, so it does not matter whether it reached the server.
            raise TransientError(str(outcome), network=outcome.network) from outcome
        if isinstance(outcome, NetworkError):
            raise outcome
        return outcome

    def _create(
        self, request: Request, transport: Transport, window: SendWindow
    ) -> Effects[Response]:
        """Send a request that creates a post, and retry it within the window if it has a key."""
        # The deadline is part of the request. If the process is paused before the request is sent,
        # the transport compares the deadline with the clocks once more.
        request = attrs.evolve(
            request,
            deadline=min(window.deadline, request.deadline or window.deadline),
            until=window.until if request.until is None else min(window.until, request.until),
        )
        doubts: list[NetworkError] = []

        def attempt(number: int) -> Effects[Response | NetworkError]:
            # If the wall clock was set back, it would allow too much time. The minimum of both
            # clocks is therefore used.
            left_s = min(
                (window.deadline - self.clock()).total_seconds(), window.until - self.monotonic()
            )
            if left_s <= 0:
                return TransientError("the deadline passed before the request was sent")
            sent = attrs.evolve(request, attempt=number)
            if self.abandon_creating:
                sending = call_cancellable(transport.send, sent, timeout_s=left_s)
            else:
                sending = shielded(call(transport.send, sent, timeout_s=left_s))
            outcome = yield from _outcome(sending)
            if isinstance(outcome, OutcomeUnknownError):
                doubts.append(outcome)
            elif isinstance(outcome, Response) and outcome.status >= 500:
                doubts.append(_server_failed(outcome))
            return outcome

        if request.repeat == "no":
            outcome = yield from attempt(1)
        else:
            outcome = yield from self._persist(
                attempt, request, self.retry_creating, lambda: self.monotonic() < window.until
            )
        if isinstance(outcome, NetworkError) or 300 <= outcome.status < 500:
            if doubts:
                # If a retry is rejected, it is still unknown whether the first request created
                # something.
                raise doubts[0]
            if isinstance(outcome, NetworkError):
                raise outcome
        return outcome

    def _persist(
        self,
        attempt: Callable[[int], Effects[Response | NetworkError]],
        request: Request,
        retry: RetryPolicy,
        may_repeat: Callable[[], bool],
    ) -> Effects[Response | NetworkError]:
        """
        Repeat *attempt* until it succeeds or *retry* does not allow another attempt.

        The attempts are counted from 1, and *attempt* is called with the number.
        """
        outcome = yield from attempt(1)
        failure = self._failure(outcome, retry)
        if failure is None or retry.wait_s(1, failure, request) is None:
            return outcome
        # The import is lazy, so that tenacity is loaded only if a request fails.
        from tenacity import DoAttempt, DoSleep, RetryCallState, Retrying  # noqa: PLC0415

        def wait_s(state: RetryCallState) -> float | None:
            assert state.outcome is not None  # noqa: S101  # tenacity calls it after an attempt
            failure = self._failure(state.outcome.result(), retry)
            if failure is None or not may_repeat():
                return None
            return retry.wait_s(state.attempt_number, failure, request)

        retrying = Retrying(
            retry=lambda state: wait_s(state) is not None, wait=lambda state: wait_s(state) or 0.0
        )
        retrying.begin()
        state = RetryCallState(retrying, fn=None, args=(), kwargs={})
        first: list[Response | NetworkError] = [outcome]
        # `Retrying.__call__` would block, but here attempts and waits must be effects.
        while True:
            action = retrying.iter(retry_state=state)
            if isinstance(action, DoAttempt):
                state.set_result(
                    first.pop() if first else (yield from attempt(state.attempt_number))
                )
            elif isinstance(action, DoSleep):
                state.prepare_for_next_attempt()
                yield from call_cancellable(self.sleep, float(action))
            else:
                last: Response | NetworkError = action
                return last

    def _failure(self, outcome: Response | NetworkError, retry: RetryPolicy) -> NetworkError | None:
        """Return the error to pass to the retry policy, or None if the outcome is final."""
        if isinstance(outcome, NetworkError):
            return outcome
        if outcome.status not in retry.statuses:
            return None
        if outcome.status == 429:
            asked_s = retry_after_s(outcome.headers, now=self.clock())
            return RateLimitedError("too many requests", retry_after_s=asked_s, status=429)
        return _server_failed(outcome)


def _outcome(sending: Effects[Response]) -> Effects[Response | NetworkError]:
    """Return the response, or the network error as a value instead of raising it."""
    try:
        return (yield from sending)
    except NetworkError as error:
        return error


def _server_failed(response: Response) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"the server failed with status {response.status}", status=response.status
    )
