"""How a flow is carried out, as steps: the blocking and the async driver run the same ones."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

import attrs

from socialcollab.effects import Effects, call, call_cancellable
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
from socialcollab.transport.retry import RetryPolicy
from socialcollab.transport.retry_after import retry_after_s

T = TypeVar("T")


def real_now() -> dt.datetime:
    """Return the machine's instant."""
    return dt.datetime.now(dt.UTC)


@attrs.frozen(kw_only=True)
class Driving:
    """
    Carries flows out, by ports that may be blocking or async.

    Attributes:
        retry: When a request is sent again.

        sleep: Waits for some seconds.

        clock: The real time, in which creating requests have their deadline.

        read_within_s: How long a request that creates nothing may take, in seconds.
    """

    retry: RetryPolicy
    sleep: Callable[[float], object]
    clock: Clock
    read_within_s: float

    def drive(
        self,
        flow: Flow[T],
        *,
        transport: Transport,
        before_create: Callable[[Request], object] | None,
        checkpoint: Callable[[Mapping[str, str]], object] | None,
        send_within_s: float,
    ) -> Effects[T]:
        """Carry *flow* out and return what it ends in; it is closed, however it ends."""
        try:
            op = advance(flow)
            while not isinstance(op, Done):
                answer: object = None
                try:
                    if isinstance(op, Request) and op.creates is None:
                        answer = yield from self._request(op, transport)
                    elif isinstance(op, Request):
                        if before_create is not None:
                            yield from call(before_create, op)
                        answer = yield from self._create(op, transport, send_within_s)
                    elif isinstance(op, (Checkpoint, Created)):
                        if checkpoint is not None:
                            yield from call(checkpoint, op.values)
                    elif isinstance(op, Wait):
                        yield from call_cancellable(self.sleep, op.seconds)
                except NetworkError as error:
                    op = advance(flow, error=error)
                else:
                    op = advance(flow, answer)
            return op.value
        finally:
            flow.close()

    def _request(self, request: Request, transport: Transport) -> Effects[Response]:
        """Send what creates nothing."""

        def attempt() -> Effects[Response | NetworkError]:
            return (yield from _sent(transport, request, self.read_within_s))

        outcome = yield from self._persist(attempt, request, lambda: True)
        if isinstance(outcome, OutcomeUnknownError):
            # Nothing public can have come of it, whatever the server did.
            raise TransientError(str(outcome), network=outcome.network) from outcome
        if isinstance(outcome, NetworkError):
            raise outcome
        return outcome

    def _create(self, request: Request, transport: Transport, within_s: float) -> Effects[Response]:
        """Send what creates something: once, or again under its key until its deadline."""
        until = time.monotonic() + within_s
        instant = self.clock() + dt.timedelta(seconds=within_s)
        request = attrs.evolve(
            request,
            deadline=instant if request.deadline is None else min(instant, request.deadline),
            until=until if request.until is None else min(until, request.until),
        )
        doubt: list[NetworkError] = []

        def attempt() -> Effects[Response | NetworkError]:
            left_s = until - time.monotonic()
            if left_s <= 0:
                return TransientError("the deadline passed before the request was sent")
            outcome = yield from _sent(transport, request, left_s)
            if isinstance(outcome, OutcomeUnknownError):
                doubt.append(outcome)
            elif isinstance(outcome, Response) and outcome.status >= 500:
                doubt.append(_outcome_unknown(outcome))
            return outcome

        if request.repeat == "no":
            outcome = yield from attempt()
        else:
            outcome = yield from self._persist(attempt, request, lambda: time.monotonic() < until)
        made = isinstance(outcome, Response) and outcome.status < 300
        if doubt and not made and not (isinstance(outcome, Response) and outcome.status >= 500):
            # A later refusal says nothing about the request that is in doubt.
            raise doubt[0]
        if isinstance(outcome, NetworkError):
            raise outcome
        return outcome

    def _persist(
        self,
        attempt: Callable[[], Effects[Response | NetworkError]],
        request: Request,
        may_go_on: Callable[[], bool],
    ) -> Effects[Response | NetworkError]:
        """Make attempts until one helps or the policy has enough."""
        outcome = yield from attempt()
        error = self._error(outcome)
        if error is None or self.retry.wait_s(1, error, request) is None:
            return outcome
        # What goes well never pays for tenacity.
        from tenacity import DoAttempt, DoSleep, RetryCallState, Retrying  # noqa: PLC0415

        def wait_s(state: RetryCallState) -> float | None:
            assert state.outcome is not None  # noqa: S101  tenacity asks after an attempt
            failed = self._error(state.outcome.result())
            if failed is None or not may_go_on():
                return None
            return self.retry.wait_s(state.attempt_number, failed, request)

        retrying = Retrying(
            retry=lambda state: wait_s(state) is not None, wait=lambda state: wait_s(state) or 0.0
        )
        retrying.begin()
        state = RetryCallState(retrying, fn=None, args=(), kwargs={})
        first: list[Response | NetworkError] = [outcome]
        # The loop of `Retrying.__call__`, whose attempts and pauses here are steps.
        while True:
            do = retrying.iter(retry_state=state)
            if isinstance(do, DoAttempt):
                state.set_result(first.pop() if first else (yield from attempt()))
            elif isinstance(do, DoSleep):
                state.prepare_for_next_attempt()
                yield from call_cancellable(self.sleep, float(do))
            else:
                ended: Response | NetworkError = do
                return ended

    def _error(self, outcome: Response | NetworkError) -> NetworkError | None:
        """Return what the policy is asked about, or None if a repeat cannot help."""
        if isinstance(outcome, NetworkError):
            return outcome
        if outcome.status == 429:
            asked_s = retry_after_s(outcome.headers, now=self.clock())
            return RateLimitedError("too many requests", retry_after_s=asked_s, status=429)
        if outcome.status in (500, 502, 503, 504):
            return _outcome_unknown(outcome)
        return None


def _sent(
    transport: Transport, request: Request, within_s: float
) -> Generator[Any, Any, Response | NetworkError]:
    try:
        return (yield from call_cancellable(transport.send, request, timeout_s=within_s))
    except NetworkError as error:
        return error


def _outcome_unknown(reply: Response) -> OutcomeUnknownError:
    return OutcomeUnknownError(f"the server failed with {reply.status}", status=reply.status)
