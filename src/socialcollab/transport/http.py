"""Carry requests over HTTP; httpx is imported with the first one."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
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
    TemporaryError,
)
from socialcollab.transport.flow import MediaPart, Reply, Request
from socialcollab.transport.ports import Clock, Media

if TYPE_CHECKING:
    import httpx

__all__ = ["HttpTransport"]

_CHUNK: Final = 64 * 1024
_MOST_HEADERS: Final = 100
_LONGEST_HEADER: Final = 8 * 1024


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@attrs.define
class _Attempt:
    """
    One sending of one request.

    Attributes:
        until: Where the monotonic clock stands at its deadline.

        instant: Its deadline on the real clock, or None.

        clock: That clock.

        begun: Whether the first byte may have left.
    """

    until: float
    instant: dt.datetime | None
    clock: Clock
    begun: bool = False
    abandoned: bool = False

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
                raise _TooLateError
            self.begun = True


class _TooLateError(Exception):
    """The deadline passed while the request was on its way out."""


class HttpTransport:
    """
    Sends requests with httpx, each within a hard deadline.

    Redirects are not followed: a creating request that is sent on might arrive twice.

    Args:
        client: What to send with; the caller closes it. Without one, the
            transport makes its own.

        media: Where media are opened from, anew for every attempt.

        headers: Headers of every request, such as the authorization; never
            shown in repr, errors or logs of this library.

        longest_reply_bytes: The longest answer that is read.

        clock: The real time, for deadlines given as instants.
    """

    def __init__(
        self,
        client: httpx.Client | None = None,
        *,
        media: Media | None = None,
        headers: Mapping[str, str] | None = None,
        longest_reply_bytes: int = 8 * 1024 * 1024,
        clock: Clock = _now,
    ) -> None:
        self._client = client
        self._owned = client is None
        self._media = media
        self._headers = dict(headers or {})
        self._longest_reply_bytes = longest_reply_bytes
        self._clock = clock
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "HttpTransport()"

    def send(self, request: Request, *, timeout_s: float) -> Reply:
        """
        Send one request and return the answer, whatever its status.

        Raises:
            TemporaryError: If for certain nothing reached the server.

            OutcomeUnknownError: If the request may have reached the server
                and no whole answer came within the deadline.

            RejectedError: If its media are not kept here.

            InvalidValueError: If it is no request that HTTP can carry.
        """
        attempt = _Attempt(
            until=time.monotonic() + timeout_s, instant=request.deadline, clock=self._clock
        )
        if not attempt.left_s:
            raise TemporaryError("the deadline passed before the request was sent")
        # A server can let its answer drip for ever, each piece within httpx's
        # time limits; so the caller waits for a thread, and for no longer than it said.
        outcome: list[Reply | BaseException] = []
        done = threading.Event()

        def work() -> None:
            try:
                outcome.append(self._exchange(request, attempt))
            except BaseException as error:  # noqa: BLE001  handed to the caller below
                outcome.append(error)
            finally:
                done.set()

        threading.Thread(target=work, name="socialcollab-send", daemon=True).start()
        try:
            done.wait(attempt.left_s)
        finally:
            attempt.abandoned = not done.is_set()
        if not outcome:
            raise OutcomeUnknownError(f"no whole answer came within {timeout_s:g} s")
        result = outcome[0]
        if isinstance(result, Reply):
            return result
        raise result

    def close(self) -> None:
        """Close the connections, unless they belong to the caller's client."""
        with self._lock:
            if self._owned and self._client is not None:
                self._client.close()
                self._client = None

    def _exchange(self, request: Request, attempt: _Attempt) -> Reply:
        import httpx  # noqa: PLC0415  the room is importable without it

        try:
            with ExitStack() as stack:
                return self._converse(request, attempt, stack)
        except _TooLateError:
            if not attempt.begun:
                raise TemporaryError("the deadline passed before the request was sent") from None
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

    def _converse(self, request: Request, attempt: _Attempt, stack: ExitStack) -> Reply:
        client = self._connected()
        body_headers, body_arguments = self._body(request, attempt, stack)
        built = client.build_request(
            request.method,
            request.url,
            params=dict(request.params) or None,
            headers={**body_headers, **self._headers, **request.headers},
            timeout=attempt.left_s or 0.001,
            extensions={"trace": attempt.trace},
            **body_arguments,
        )
        response = client.send(built, stream=True, follow_redirects=False)
        stack.callback(response.close)
        attempt.begun = True
        body = bytearray()
        for piece in response.iter_bytes(_CHUNK):
            body += piece
            if len(body) > self._longest_reply_bytes:
                raise OutcomeUnknownError(
                    f"the answer is longer than {self._longest_reply_bytes} bytes",
                    status=response.status_code,
                )
            if not attempt.left_s:
                raise _TooLateError
        return Reply(
            status=response.status_code, headers=_bounded(response.headers), body=bytes(body)
        )

    def _connected(self) -> httpx.Client:
        import httpx  # noqa: PLC0415

        with self._lock:
            if self._client is None:
                self._client = httpx.Client(
                    follow_redirects=False, headers={"user-agent": "socialcollab"}
                )
            return self._client

    def _body(
        self, request: Request, attempt: _Attempt, stack: ExitStack
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the body's headers, and how httpx is told it; media are opened here, anew."""
        if request.media is not None:
            return self._media_body(request, request.media, attempt, stack)
        if request.json is not None:
            body = json.dumps(request.json, separators=(",", ":"))
            return {"content-type": "application/json"}, {"content": body.encode()}
        return {}, {} if request.form is None else {"data": dict(request.form)}

    def _media_body(
        self, request: Request, part: MediaPart, attempt: _Attempt, stack: ExitStack
    ) -> tuple[dict[str, str], dict[str, Any]]:
        if self._media is None:
            raise InvalidValueError(
                "the request sends media, and the transport was given none",
                value=part.digest,
                expected="HttpTransport(media=...)",
            )
        try:
            size = self._media.size(part.digest)
            opened = stack.enter_context(self._media.open(part.digest))
        except NotFoundError:
            raise RejectedError(f"the bytes of media `{part.digest}` are not kept here") from None
        except StoreUnavailableError as error:
            raise TemporaryError(f"media cannot be read: {error}") from error
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

    def __init__(self, opened: BinaryIO, attempt: _Attempt) -> None:
        self._opened = opened
        self._attempt = attempt

    def read(self, size: int = -1) -> bytes:
        """Read on, unless it is too late."""
        if not self._attempt.left_s:
            raise _TooLateError
        return self._opened.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a place, as files do."""
        return self._opened.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._opened.tell()

    def pieces(self) -> Iterator[bytes]:
        """Yield what is left, piece by piece."""
        while piece := self.read(_CHUNK):
            yield piece


def _told(error: Exception, *, begun: bool) -> NetworkError:
    # The kind alone: messages and requests of httpx may carry addresses with tokens.
    kind = type(error).__name__
    if begun:
        return OutcomeUnknownError(f"no whole answer came ({kind})")
    return TemporaryError(f"nothing reached the server ({kind})")


def _bounded(headers: httpx.Headers) -> dict[str, str]:
    """Return header values by lower-case name, as many and as long as is sensible."""
    kept: dict[str, str] = {}
    for name, value in headers.items():
        if len(kept) >= _MOST_HEADERS:
            break
        if len(value) <= _LONGEST_HEADER:
            kept[name.lower()] = value
    return kept
