"""Attempts to send a request: their deadlines, and what they report for logs and metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeAlias

import attrs

from socialcollab.errors import TransientError
from socialcollab.transport.flow import Request, Response
from socialcollab.transport.ports import Clock
from socialcollab.transport.rate_limits import RateLimit, limit_of


@attrs.frozen(kw_only=True)
class Exchange:
    """
    One attempt to send a request, for logs and metrics.

    It contains no query parameters, headers or bodies, because these may contain tokens.

    Attributes:
        method: The HTTP method, such as "POST".
        url: The address without user name, password, query and fragment.
        status: The HTTP status, or None if there was no complete response.
        error: The name of the error's class if there was no complete response, such as
            "OutcomeUnknownError"; otherwise an empty string.
        attempt: The number of the attempt, counted from 1; see `Request.attempt`.
        duration_s: The duration of the attempt in seconds.
        sent_bytes: The size of the body that was sent. For an upload, the number of bytes of the
            media that were read, which is smaller than their size if the upload failed.
        received_bytes: The size of the body that was received, after it was decompressed.
        rate_limit: The rate limit that the response states, or None.
    """

    method: str
    url: str
    status: int | None
    error: str
    attempt: int
    duration_s: float
    sent_bytes: int
    received_bytes: int
    rate_limit: RateLimit | None = None


OnExchange: TypeAlias = Callable[[Exchange], object]
"""
A function that is called after each attempt to send a request.

It is called in the thread or event loop that sends the requests, so it must return quickly. If it
raises an exception, the logger ``socialcollab.transport`` logs it, and the request still has the
same outcome.
"""


@attrs.define
class Attempt:
    """
    One attempt to send one request, which is reported when it ends.

    Attributes:
        request: The request.
        started: The start of the attempt on the monotonic clock.
        until: The deadline on the monotonic clock.
        clock: The wall clock.
        on_exchange: The function that is called when the attempt ends, or None.
        begun: Whether the first byte may have been sent.
        abandoned: Whether the caller has stopped waiting.
        sent_bytes: The number of bytes of the body that were sent.
        received_bytes: The number of decompressed bytes of the response's body that were received.
        response: The response, or None.
    """

    request: Request
    started: float
    until: float
    clock: Clock
    on_exchange: OnExchange | None = None
    begun: bool = False
    abandoned: bool = False
    sent_bytes: int = 0
    received_bytes: int = 0
    response: Response | None = None

    @classmethod
    def begin(
        cls, request: Request, timeout_s: float, clock: Clock, on_exchange: OnExchange | None
    ) -> Attempt:
        """
        Return a new attempt.

        Raises:
            TransientError: If the deadline of the request has passed.
        """
        started = time.monotonic()
        until = started + timeout_s
        if request.until is not None:
            until = min(until, request.until)
        attempt = cls(request, started, until, clock, on_exchange)
        if not attempt.left_s:
            raise TransientError("the deadline passed before the request was sent")
        return attempt

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.abandoned = True
        if self.on_exchange is None:
            return
        try:
            self.on_exchange(self._exchange(kind))
        except Exception:
            # If the exception were raised, the caller would not receive the response, and could
            # send the request again.
            import logging  # noqa: PLC0415  # blocking hosts do not load it

            logging.getLogger("socialcollab.transport").exception("`on_exchange` failed")

    def _exchange(self, kind: type[BaseException] | None) -> Exchange:
        """Return the report of this attempt, which ended with an exception of a *kind* or None."""
        response = self.response if kind is None else None
        return Exchange(
            method=self.request.method,
            url=plain_address(self.request.url),
            status=None if response is None else response.status,
            error="" if kind is None else kind.__name__,
            attempt=self.request.attempt,
            duration_s=time.monotonic() - self.started,
            sent_bytes=self.sent_bytes if self.begun else 0,
            received_bytes=self.received_bytes,
            rate_limit=None if response is None else limit_of(response, now=self.clock()),
        )

    @property
    def left_s(self) -> float:
        """The seconds until the deadline, or 0 if the caller has stopped waiting."""
        deadline = self.request.deadline
        if self.abandoned or (deadline is not None and self.clock() >= deadline):
            return 0.0
        return max(0.0, self.until - time.monotonic())

    def trace(self, event: str, _: Mapping[str, Any]) -> None:
        """Prevent httpcore from sending the first byte after the deadline."""
        if event.endswith(".send_request_headers.started"):
            if not self.left_s:
                raise DeadlinePassedError
            self.begun = True

    async def atrace(self, event: str, info: Mapping[str, Any]) -> None:
        """Call `trace`, for async code."""
        self.trace(event, info)


class DeadlinePassedError(Exception):
    """Raised if the deadline passes before the exchange is complete."""


def plain_address(url: str) -> str:
    """Return an address without the parts that may contain secrets: user, query and fragment."""
    address = url.partition("#")[0].partition("?")[0]
    scheme, separator, rest = address.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
