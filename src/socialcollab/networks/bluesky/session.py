"""A transport that signs in to an AT Protocol server and renews its session."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import attrs

from socialcollab.content import Json
from socialcollab.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    TransientError,
)
from socialcollab.networks.bearer import fetched, with_token
from socialcollab.networks.bluesky.responses import (
    NETWORK,
    error_name,
    error_of,
    text_of,
)
from socialcollab.transport import Request, Response, Transport

_EXPIRED = ("ExpiredToken", "InvalidToken")


@attrs.frozen
class _Session:
    access: str = attrs.field(repr=False)
    refresh: str = attrs.field(repr=False)


class SessionTransport:
    """
    A transport that adds the access token of an account to each request.

    It signs in with the first request, and renews the session when the server reports that the
    token has expired. The tokens stay in memory. Threads can share a transport; only one of them
    signs in.

    Args:
        inner: The transport that sends the requests.
        server: The server's address.
        handle: The handle of the account, without ``@``.
        password: A function that returns the app password of the account.
        monotonic: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        inner: Transport,
        *,
        server: str,
        handle: str,
        password: Callable[[], str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._server = server
        self._handle = handle
        self._password = password
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._session: _Session | None = None

    def __repr__(self) -> str:
        return f"SessionTransport({self._server!r}, {self._handle!r})"

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """
        Send one request and return the response, regardless of its status.

        Raises:
            AuthenticationError: If the server rejects the password, or if the password belongs to
                another account.
            NetworkError: If signing in fails for another reason, in which case *request* was not
                sent.
            OutcomeUnknownError: If *request* may have reached the server, but there was no complete
                response.
        """
        until = self._monotonic() + timeout_s
        session = self._signed_in(until, renew=None)
        response = self._inner.send(
            with_token(request, session.access), timeout_s=self._left(until)
        )
        if error_name(response) not in _EXPIRED:
            return response
        # The server rejected the token before it did anything, so the request can be repeated.
        session = self._signed_in(until, renew=session)
        return self._inner.send(with_token(request, session.access), timeout_s=self._left(until))

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _left(self, until: float) -> float:
        left = until - self._monotonic()
        if left <= 0:
            raise TransientError("the deadline passed while signing in", network=NETWORK)
        return left

    def _signed_in(self, until: float, *, renew: _Session | None) -> _Session:
        """Return a valid session, which is not the expired session *renew*."""
        with self._lock:
            if self._session is not None and self._session is not renew:
                return self._session
            self._session = self._renewed(renew, until) or self._created(until)
            return self._session

    def _renewed(self, session: _Session | None, until: float) -> _Session | None:
        if session is None:
            return None
        request = self._request("com.atproto.server.refreshSession")
        response = self._exchange(with_token(request, session.refresh), until)
        return self._read(response) if response.status == 200 else None

    def _created(self, until: float) -> _Session:
        # The password is in no variable, because some tools record the variables of a traceback.
        request = self._request(
            "com.atproto.server.createSession",
            body={"identifier": self._handle, "password": fetched(self._password)},
        )
        response = self._exchange(request, until)
        if response.status != 200:
            raise error_of(response)
        return self._read(response)

    def _read(self, response: Response) -> _Session:
        handle = text_of(response, "handle")
        if handle.lower() != self._handle.lower():
            # The handle has changed, or the password belongs to another account.
            raise AuthenticationError(
                f"the profile's account is `{self._handle}`, but the server signed in `{handle}`",
                network=NETWORK,
            )
        return _Session(text_of(response, "accessJwt"), text_of(response, "refreshJwt"))

    def _exchange(self, request: Request, until: float) -> Response:
        try:
            return self._inner.send(request, timeout_s=self._left(until))
        except OutcomeUnknownError as error:
            # Signing in creates nothing that the public could see.
            raise TransientError(str(error), network=NETWORK) from None

    def _request(self, name: str, *, body: Json | None = None) -> Request:
        return Request(method="POST", url=f"{self._server}/xrpc/{name}", json=body)
