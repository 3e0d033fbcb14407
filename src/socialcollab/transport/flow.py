"""
Conversations with a network, written as generators that send nothing themselves.

A flow yields operations and receives their answers; a driver carries the operations out.
``response = yield from call(request)`` gives the answer its type.
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
Whether a request may be sent again after no answer came.

``safe`` requests create nothing, ``same key`` requests carry an idempotency key that the
server honours, and ``no`` forbids a repeat.
"""


class Op(Generic[R]):
    """One operation that a flow requests; its answer is an ``R``."""

    __slots__ = ()


Flow: TypeAlias = Generator[Op[Any], Any, T]
"""A conversation that returns a ``T``."""


@attrs.frozen(kw_only=True)
class MediaPart:
    """
    Media to send, named by digest; the transport opens them afresh for every attempt.

    Attributes:
        digest: The digest of the media.
        field: The name of the multipart field; if empty, the media are the whole body.
        media_type: Such as "image/jpeg".
        name: The file name.
    """

    digest: str
    field: str = ""
    media_type: str = "application/octet-stream"
    name: str = "file"


@attrs.frozen(kw_only=True)
class Response:
    """
    The answer of a server.

    Attributes:
        status: The HTTP status.
        headers: Header values by lower-case name.
        body: The bytes of the body.
    """

    status: int
    # A server may answer with cookies and tokens, so repr shows neither headers nor body.
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)

    def json(self) -> Json:
        """
        Return the body parsed as JSON.

        Raises:
            TransientError: If the body is not JSON, as when a proxy answers for the network.
        """
        try:
            return cast("Json", json.loads(self.body))
        except ValueError:
            raise TransientError(
                f"the answer with status {self.status} is not JSON", status=self.status
            ) from None


@attrs.frozen(kw_only=True)
class Request(Op[Response]):
    """
    One HTTP request.

    Attributes:
        method: Such as "POST".
        url: The full address.
        params: Query parameters.
        headers: Headers to send beside those of the transport.
        json: A JSON body, or None.
        form: Form fields, or None.
        media: Media to send, or None.
        creates: Which part of the post the request creates, counting from 0; None if it creates
            nothing that the public could see.
        repeat: Whether the request may be sent again after no answer came.
        deadline: The instant from which the request must not reach the server. The driver or desk
            sets it, in addition to the time limit that it passes to `Transport.send`.
        until: The reading of `time.monotonic` at the deadline. It holds even if the wall clock is
            set back while the process is frozen.

    Raises:
        InvalidValueError: If the request creates something and declares its repeat ``safe``.
    """

    method: str
    url: str
    # Tokens travel in parameters, headers and bodies, so repr shows none of them.
    params: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    json: Json | None = attrs.field(default=None, repr=False)
    form: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    media: MediaPart | None = None
    creates: int | None = None
    repeat: Repeat = "safe"
    deadline: dt.datetime | None = None
    until: float | None = None

    def __attrs_post_init__(self) -> None:
        if self.creates is not None and self.repeat == "safe":
            raise InvalidValueError(
                f"{self.method} request creates part {self.creates}, so `repeat` cannot be `safe`",
                value=self.repeat,
                expected="`same key` if the server honours the request's idempotency key, else `no`",
            )


@attrs.frozen(kw_only=True)
class Wait(Op[None]):
    """Wait for some seconds, for example while the network processes a video."""

    seconds: float


@attrs.frozen(kw_only=True)
class Checkpoint(Op[None]):
    """Store the progress of the conversation, so that a later one can continue from there."""

    values: Mapping[str, str]


@attrs.frozen(kw_only=True)
class Created(Op[None]):
    """
    Store that one part of a post of several parts exists, before the flow requests anything else.

    A flow yields it for every part, the last one included. A post of a single part needs none,
    because the flow returns its id.

    Attributes:
        part: The number of the part, as in `Request.creates`.
        network_id: The network's own id of the part.
        url: The address of the part, or empty.
        at: When the part was published, in UTC; None if the network does not say.
        values: The progress of the conversation after this part, as in a `Checkpoint`.
    """

    part: int
    network_id: str
    url: str = ""
    at: dt.datetime | None = None
    values: Mapping[str, str] = attrs.field(factory=dict, hash=False)


def call(op: Op[R]) -> Generator[Op[R], Any, R]:
    """Yield *op* and return its answer, with the type of the answer."""
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
        Exception: Any exception that the flow raises; *error* itself if the flow does not catch it.
    """
    try:
        return flow.throw(error) if error is not None else flow.send(answer)
    except StopIteration as stop:
        return Done(cast("T", stop.value))
