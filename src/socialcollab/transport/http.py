"""Carry requests over HTTP; httpx is imported with the first one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from socialcollab.errors import OutcomeUnknownError
from socialcollab.transport.driving import real_now
from socialcollab.transport.exchange import CHUNK, Attempt, Exchange
from socialcollab.transport.flow import Request, Response
from socialcollab.transport.ports import Clock, Media

if TYPE_CHECKING:
    import httpx


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
        clock: Clock = real_now,
    ) -> None:
        self._client = client
        self._owned = client is None
        self._exchanging = Exchange(
            media=media,
            headers=dict(headers or {}),
            longest_reply_bytes=longest_reply_bytes,
            owner="HttpTransport",
        )
        self._clock = clock
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "HttpTransport()"

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """
        Send one request and return the answer, whatever its status.

        Raises:
            TransientError: If for certain nothing reached the server.

            OutcomeUnknownError: If the request may have reached the server
                and no whole answer came within the deadline.

            RejectedError: If its media are not kept here.

            InvalidValueError: If it is no request that HTTP can carry.
        """
        attempt = Attempt.of(request, timeout_s, self._clock)
        # A server can let its answer drip for ever, each piece within httpx's
        # time limits; so the caller waits for a thread, and for no longer than it said.
        outcome: list[Response | BaseException] = []
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
        if isinstance(result, Response):
            return result
        raise result

    def close(self) -> None:
        """Close the connections, unless they belong to the caller's client."""
        with self._lock:
            if self._owned and self._client is not None:
                self._client.close()
                self._client = None

    def _exchange(self, request: Request, attempt: Attempt) -> Response:
        exchanging = self._exchanging
        with exchanging.told(attempt), ExitStack() as stack:
            client = self._connected()
            built = exchanging.build(client, request, attempt, stack)
            response = client.send(built, stream=True, follow_redirects=False)
            stack.callback(response.close)
            body = exchanging.body_of(response, attempt)
            for piece in response.iter_bytes(CHUNK):
                body.take(piece)
            return exchanging.reply(response, body)

    def _connected(self) -> httpx.Client:
        import httpx  # noqa: PLC0415  the room is importable without it

        with self._lock:
            if self._client is None:
                self._client = httpx.Client(
                    follow_redirects=False, headers={"user-agent": "socialcollab"}
                )
            return self._client
