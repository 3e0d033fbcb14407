"""What blocking and async HTTP have in common: all but the waiting."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import attrs

from socialcollab.errors import (
    InvalidValueError,
    NetworkError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    StoreError,
    StoreUnavailableError,
    TransientError,
)
from socialcollab.transport.flow import MediaPart, Request, Response
from socialcollab.transport.ports import Clock, Media

if TYPE_CHECKING:
    import httpx

CHUNK: Final = 64 * 1024
_MOST_HEADERS: Final = 100
_LONGEST_HEADER: Final = 8 * 1024


@attrs.define
class Attempt:
    """
    One sending of one request.

    Attributes:
        until: Where the monotonic clock stands at its deadline.

        instant: Its deadline on the real clock, or None.

        clock: That clock.

        begun: Whether the first byte may have left.

        abandoned: Whether nobody waits for it any more.
    """

    until: float
    instant: dt.datetime | None
    clock: Clock
    begun: bool = False
    abandoned: bool = False

    @classmethod
    def of(cls, request: Request, timeout_s: float, clock: Clock) -> Attempt:
        """
        Begin one.

        Raises:
            TransientError: If its deadline has passed.
        """
        until = time.monotonic() + timeout_s
        if request.until is not None:
            until = min(until, request.until)
        attempt = cls(until=until, instant=request.deadline, clock=clock)
        if not attempt.left_s:
            raise TransientError("the deadline passed before the request was sent")
        return attempt

    @property
    def left_s(self) -> float:
        """Seconds until the deadline; none once nobody waits any more."""
        if self.abandoned or (self.instant is not None and self.clock() >= self.instant):
            return 0.0
        return max(0.0, self.until - time.monotonic())

    def trace(self, event: str, _: Mapping[str, Any]) -> None:
        """Follow what httpcore does: no request begins after its deadline."""
        if event.endswith(".send_request_headers.started"):
            if not self.left_s:
                raise TooLateError
            self.begun = True

    async def atrace(self, event: str, info: Mapping[str, Any]) -> None:
        """Do the same for async code."""
        self.trace(event, info)


class TooLateError(Exception):
    """The deadline passed while the request was on its way out."""


@attrs.define
class _Body:
    """The bytes of an answer, as they come."""

    attempt: Attempt
    status: int
    longest: int
    pieces: bytearray = attrs.field(factory=bytearray)

    def take(self, piece: bytes) -> None:
        """Add a piece, if it is neither too much nor too late."""
        self.pieces += piece
        if len(self.pieces) > self.longest:
            raise OutcomeUnknownError(
                f"the answer is longer than {self.longest} bytes", status=self.status
            )
        if not self.attempt.left_s:
            raise TooLateError


@attrs.frozen(kw_only=True)
class Exchange:
    """
    How requests become bytes, answers values, and failures errors.

    Attributes:
        media: Where media are opened from.

        headers: Headers of every request.

        longest_reply_bytes: The longest answer that is read.

        owner: The transport's name, for its errors.
    """

    media: Media | None
    headers: Mapping[str, str] = attrs.field(repr=False)
    longest_reply_bytes: int
    owner: str

    def build(
        self,
        client: httpx.Client | httpx.AsyncClient,
        request: Request,
        attempt: Attempt,
        stack: ExitStack,
    ) -> httpx.Request:
        """Return the request as httpx sends it; media are opened here, anew, onto the stack."""
        body_headers, body_arguments = self._body(request, attempt, stack)
        return client.build_request(
            request.method,
            request.url,
            params=dict(request.params) or None,
            headers={**body_headers, **self.headers, **request.headers},
            timeout=attempt.left_s or 0.001,
            extensions={"trace": attempt.trace},
            **body_arguments,
        )

    def body_of(self, response: httpx.Response, attempt: Attempt) -> _Body:
        """Return what takes in an answer's bytes: so the request has been sent."""
        attempt.begun = True
        return _Body(attempt, response.status_code, self.longest_reply_bytes)

    def reply(self, response: httpx.Response, body: _Body) -> Response:
        """Return the answer as a value."""
        return Response(
            status=response.status_code,
            headers=_bounded(response.headers),
            body=bytes(body.pieces),
        )

    @contextmanager
    def told(self, attempt: Attempt) -> Iterator[None]:
        """Tell failures by what the caller can do about them."""
        import httpx  # noqa: PLC0415  the room is importable without it

        try:
            yield
        except TooLateError:
            if not attempt.begun:
                raise TransientError("the deadline passed before the request was sent") from None
            raise OutcomeUnknownError("the deadline passed while it was being sent") from None
        except (StoreError, OSError) as e:
            raise _told(e, begun=attempt.begun) from e
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as e:
            raise _told(e, begun=attempt.begun) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as e:
            if attempt.begun:
                raise _told(e, begun=True) from None
            # The message of httpx may hold a header's value.
            raise InvalidValueError(
                f"the request cannot be sent over HTTP ({type(e).__name__})",
                value=None,
                expected="an http or https address, and headers without line breaks",
            ) from None
        except httpx.HTTPError as e:
            raise _told(e, begun=True) from None

    def _body(
        self, request: Request, attempt: Attempt, stack: ExitStack
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the body's headers, and how httpx is told it."""
        if request.media is not None:
            return self._media_body(request, request.media, attempt, stack)
        if request.json is not None:
            body = json.dumps(request.json, separators=(",", ":"))
            return {"content-type": "application/json"}, {"content": body.encode()}
        return {}, {} if request.form is None else {"data": dict(request.form)}

    def _media_body(
        self, request: Request, part: MediaPart, attempt: Attempt, stack: ExitStack
    ) -> tuple[dict[str, str], dict[str, Any]]:
        if self.media is None:
            raise InvalidValueError(
                "the request sends media, and the transport was given none",
                value=part.digest,
                expected=f"{self.owner}(media=...)",
            )
        try:
            size = self.media.size(part.digest)
            opened = stack.enter_context(self.media.open(part.digest))
        except NotFoundError:
            raise RejectedError(f"the bytes of media `{part.digest}` are not kept here") from None
        except StoreUnavailableError as error:
            raise TransientError(f"media cannot be read: {error}") from error
        except StoreError as error:
            raise RejectedError(f"media `{part.digest}` are damaged: {error}") from error
        source = _Paced(opened, attempt)
        if part.field:
            files = {part.field: (part.name, source, part.media_type)}
            return {}, {"files": files, "data": dict(request.form or {})}
        headers = {"content-type": part.media_type, "content-length": str(size)}
        return headers, {"content": source.pieces()}


class _Paced:
    """Media that stop at the deadline: what arrives cut makes nothing."""

    def __init__(self, opened: BinaryIO, attempt: Attempt) -> None:
        self._opened = opened
        self._attempt = attempt

    def read(self, size: int = -1) -> bytes:
        """Read on, unless it is too late."""
        if not self._attempt.left_s:
            raise TooLateError
        return self._opened.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a place, as files do."""
        return self._opened.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._opened.tell()

    def pieces(self) -> Iterator[bytes]:
        """Yield what is left, piece by piece."""
        while piece := self.read(CHUNK):
            yield piece


def _told(error: Exception, *, begun: bool) -> NetworkError:
    # The kind alone: messages and requests of httpx may carry addresses with tokens.
    kind = type(error).__name__
    if begun:
        return OutcomeUnknownError(f"no whole answer came ({kind})")
    return TransientError(f"nothing reached the server ({kind})")


def _bounded(headers: httpx.Headers) -> dict[str, str]:
    """Return header values by lower-case name, as many and as long as is sensible."""
    kept: dict[str, str] = {}
    for name, value in headers.items():
        if len(kept) >= _MOST_HEADERS:
            break
        if len(value) <= _LONGEST_HEADER:
            kept[name.lower()] = value
    return kept
