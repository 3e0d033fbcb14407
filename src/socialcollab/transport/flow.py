"""
Conversations with a network, written as generators that send nothing.

A flow yields operations and is sent their answers; a driver carries them out.
``reply = yield from ask(operation)`` gives the answer its type.
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
"""Why a request may be sent again: it changes nothing; the server knows its key; it may not."""


class Op(Generic[R]):
    """One operation that a flow asks for, answered with an ``R``."""

    __slots__ = ()


Flow: TypeAlias = Generator[Op[Any], Any, T]
"""A conversation that ends in a ``T``."""


@attrs.frozen(kw_only=True)
class MediaPart:
    """
    Media to send, by digest: the driver opens it anew for every attempt.

    Attributes:
        digest: What to send.

        field: The multipart field's name; empty sends it as the whole body.

        media_type: Such as "image/jpeg".

        name: The file's name.
    """

    digest: str
    field: str = ""
    media_type: str = "application/octet-stream"
    name: str = "file"


@attrs.frozen(kw_only=True)
class Response:
    """
    What a server answered.

    Attributes:
        status: The HTTP status.

        headers: Header values by lower-case name.

        body: The bytes of the answer.
    """

    status: int
    # A server may answer with cookies and tokens; repr shows none of them.
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)

    def json(self) -> Json:
        """
        Read the body as JSON.

        Raises:
            TransientError: If it is none: something between us and the network answered.
        """
        try:
            return cast("Json", json.loads(self.body))
        except ValueError:
            raise TransientError(
                f"the answer with status {self.status} is no JSON", status=self.status
            ) from None


@attrs.frozen(kw_only=True)
class Request(Op[Response]):
    """
    One HTTP request.

    Attributes:
        method: Such as "POST".

        url: The whole address.

        params: Query parameters.

        headers: Headers beside those of the driver.

        json: A JSON body, or None.

        form: Form fields, or None.

        media: Media to send, or None.

        creates: Which part of the post it creates, counting from 0; None if it
            creates nothing that the public could see.

        repeat: Whether it may be sent again after no answer came.

        deadline: The instant from which on it may not reach the server; set by
            whoever carries the flow out, beside the span it passes to `Transport.send`.

        until: Where `time.monotonic` stands then: a wall clock that is set
            back while the process is frozen does not put the deadline off.

    Raises:
        InvalidValueError: If it creates something and calls a repeat safe.
    """

    method: str
    url: str
    # Tokens travel in headers, parameters and bodies; repr shows none of them.
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
                f"{self.method} creates part {self.creates}, so a repeat is not `safe`",
                value=self.repeat,
                expected="`same key` if the server knows the request's key, else `no`",
            )


@attrs.frozen(kw_only=True)
class Wait(Op[None]):
    """Wait for some seconds, for example while the network works on a video."""

    seconds: float


@attrs.frozen(kw_only=True)
class Checkpoint(Op[None]):
    """Remember how far the conversation has come, so that a later one goes on from there."""

    values: Mapping[str, str]


@attrs.frozen(kw_only=True)
class Created(Op[None]):
    """
    Remember that one part of several is out, the last one too, before anything else is asked for.

    What goes out whole says nothing of the kind: the conversation ends in it.

    Attributes:
        part: Which part, as its request said.

        network_id: The network's own id of it.

        url: Its address, or empty.

        at: When, in UTC, if the network says; else None.

        values: How far the conversation has come with it, as of a `Checkpoint`.
    """

    part: int
    network_id: str
    url: str = ""
    at: dt.datetime | None = None
    values: Mapping[str, str] = attrs.field(factory=dict, hash=False)


def call(op: Op[R]) -> Generator[Op[R], Any, R]:
    """Yield *op* and return its answer, with its type."""
    return cast("R", (yield op))


@attrs.frozen
class Done(Generic[T]):
    """A flow's end and what it came to."""

    value: T


def advance(
    flow: Flow[T], answer: object = None, *, error: Exception | None = None
) -> Op[Any] | Done[T]:
    """
    Send *answer* into the flow, or throw *error*, and return what it asks next.

    Raises:
        Exception: Whatever the flow raises; *error* itself if it does not catch it.
    """
    try:
        return flow.throw(error) if error is not None else flow.send(answer)
    except StopIteration as stop:
        return Done(cast("T", stop.value))
