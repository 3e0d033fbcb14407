"""
Flows: sequences of requests to a network, written as generators that perform no I/O themselves.

A flow yields operations and receives their results. A driver carries out the operations. With
``response = yield from call(request)``, type checkers infer the type of the result.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Generator, Mapping
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast

import attrs

from socialcollab.content import Json
from socialcollab.errors import InvalidValueError, TransientError

R = TypeVar("R")
T = TypeVar("T")

Repeat = Literal["safe", "same key", "no"]
"""
Whether a request may be sent again if there was no response.

A ``safe`` request creates nothing. A ``same key`` request contains an idempotency key that the
server honours. A ``no`` request must not be sent again.
"""


class Op(Generic[R]):
    """An operation that a flow yields, with a result of type ``R``."""

    __slots__ = ()


Flow: TypeAlias = Generator[Op[Any], Any, T]
"""A generator that yields operations and returns a value of type ``T``."""


@attrs.frozen(kw_only=True)
class MediaPart:
    """
    Media to send, identified by digest. The transport opens them again for every attempt.

    Attributes:
        digest: The digest of the media.
        field: The name of the multipart field. If it is empty, the media are the whole body.
        media_type: The media type, such as "image/jpeg".
        name: The file name.
        start: The position of the first byte to send.
        size: The number of bytes to send, or None for all bytes from *start*.
    """

    digest: str
    field: str = ""
    media_type: str = "application/octet-stream"
    name: str = "file"
    start: int = 0
    size: int | None = None


@attrs.frozen(kw_only=True)
class Response:
    """
    The response of a server.

    Attributes:
        status: The HTTP status.
        headers: Header values by lower-case name.
        body: The bytes of the body.
    """

    status: int
    # A response may contain cookies and tokens, so repr shows neither headers nor body.
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)

    def json(self) -> Json:
        """
        Return the body parsed as JSON.

        Raises:
            TransientError: If the body is not JSON, for example because a proxy has responded.
        """
        try:
            return cast("Json", json.loads(self.body, parse_constant=_reject))
        except (ValueError, RecursionError):
            raise TransientError(
                f"the response with status {self.status} is not JSON", status=self.status
            ) from None


def _reject(constant: str) -> None:
    """Reject `NaN` and the infinities, which are not JSON."""
    raise ValueError(constant)


@attrs.frozen(kw_only=True)
class Request(Op[Response]):
    """
    One HTTP request.

    Attributes:
        method: The HTTP method, such as "POST".
        url: The full address.
        params: Query parameters. A parameter that occurs several times has a tuple of values.
        headers: Headers to send in addition to the transport's headers.
        json: A JSON body, or None.
        form: Form fields, or None.
        media: Media to send, or None.
        creates: The number of the part of the post that the request creates, counted from 0; None
            if it creates nothing that the public could see.
        repeat: Whether the request may be sent again if there was no response.
        deadline: The instant after which the request must not reach the server. The driver or desk
            sets it, in addition to the time limit that it passes to `Transport.send`.
        until: The value of `time.monotonic` at the deadline. It applies even if the wall clock is
            set back while the process is suspended.
        attempt: The number of the attempt, counted from 1. The driver sets it when it sends the
            request again. The desk counts its own attempts, and sends each request with 1.

    Raises:
        InvalidValueError: If the request creates something, but its `repeat` is ``safe``.
    """

    method: str
    url: str
    # Parameters, headers and bodies may contain tokens, so repr does not show them.
    params: Mapping[str, str | tuple[str, ...]] = attrs.field(factory=dict, repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    json: Json | None = attrs.field(default=None, repr=False)
    form: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    media: MediaPart | None = None
    creates: int | None = None
    repeat: Repeat = "safe"
    deadline: dt.datetime | None = None
    until: float | None = None
    attempt: int = attrs.field(default=1, eq=False)

    def __attrs_post_init__(self) -> None:
        if self.creates is not None and self.repeat == "safe":
            raise InvalidValueError(
                f"{self.method} request creates part {self.creates}, so `repeat` cannot be `safe`",
                value=self.repeat,
                expected="`same key` if the server honours the request's idempotency key, otherwise `no`",
            )


@attrs.frozen(kw_only=True)
class Wait(Op[None]):
    """An operation that waits, for example while the network processes a video."""

    seconds: float


@attrs.frozen(kw_only=True)
class Checkpoint(Op[None]):
    """An operation that stores the flow's progress, so that a later flow can resume there."""

    values: Mapping[str, str]


@attrs.frozen(kw_only=True)
class Created(Op[None]):
    """
    An operation that records that one part of a thread has been created.

    A flow yields it for every part, including the last one, before it requests anything else. It is
    not needed for a post with a single part, because the flow returns the post's id.

    Attributes:
        part: The number of the part, as in `Request.creates`.
        network_id: The network's id for the part.
        url: The address of the part, or an empty string.
        at: When the part was published, in UTC; None if the network does not report the time.
        values: The progress of the flow after this part, as in a `Checkpoint`.
    """

    part: int
    network_id: str
    url: str = ""
    at: dt.datetime | None = None
    values: Mapping[str, str] = attrs.field(factory=dict, hash=False)


def call(op: Op[R]) -> Generator[Op[R], Any, R]:
    """Yield *op* and return its result, preserving the type of the result."""
    return cast("R", (yield op))


@attrs.frozen
class Done(Generic[T]):
    """The end of a flow, with the value that it returned."""

    value: T


def advance(
    flow: Flow[T], answer: object = None, *, error: Exception | None = None
) -> Op[Any] | Done[T]:
    """
    Send *answer* into the flow, or throw *error* into it, and return its next operation.

    Raises:
        Exception: If the flow raises an exception, or does not catch *error*.
    """
    try:
        return flow.throw(error) if error is not None else flow.send(answer)
    except StopIteration as stop:
        return Done(cast("T", stop.value))
