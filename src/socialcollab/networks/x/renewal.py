"""Renew the access tokens of X."""

from __future__ import annotations

import base64
import datetime as dt
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from socialcollab.errors import AuthenticationError, TransientError
from socialcollab.networks.responses import object_of, text_in
from socialcollab.networks.x.responses import NETWORK, error_of
from socialcollab.transport import (
    Clock,
    Driver,
    Flow,
    HttpTransport,
    Request,
    Response,
    RetryPolicy,
    Token,
    call,
    system_clock,
)

if TYPE_CHECKING:
    import httpx

_SERVER: Final = "https://api.x.com"


class XRenewal:
    """
    Renews the access tokens of X, for `RenewedTokens`.

    X replaces the refresh token each time, and each refresh token can be used once.

    >>> XRenewal(client_id="tulip")
    XRenewal()

    Args:
        client_id: The client id of the app.
        client_secret: Its client secret; empty for a public client.
        client: The httpx client to use, which the caller must close. By default,
            connections are opened for each renewal.
        server: The address of the API.
        clock: The clock; the system clock by default.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str = "",
        client: httpx.Client | None = None,
        server: str = _SERVER,
        clock: Clock = system_clock,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._client = client
        self._server = server.rstrip("/")
        self._clock = clock

    def __repr__(self) -> str:
        return "XRenewal()"

    def __call__(self, token: Token) -> Token:
        """
        Return a new token for an old one.

        Raises:
            AuthenticationError: If X refuses the refresh token, or if there is none.
            NetworkError: If X does not answer, or not with a token.
        """
        if not token.refresh:
            raise AuthenticationError(
                "the access token has expired, and there is no refresh token", network=NETWORK
            )
        transport = HttpTransport(self._client)
        try:
            # If a response is lost, the refresh token may have been used, so nothing is repeated.
            driver = Driver(retry=RetryPolicy(tries=1))
            return driver.run(self._renewed(token), transport=transport)
        finally:
            if self._client is None:
                transport.close()

    def _renewed(self, token: Token) -> Flow[Token]:
        # The secrets are in no variable of this function, because some tools record the variables
        # of a traceback.
        response = yield from call(self._request(token))
        if response.status in (400, 401, 403):
            stated = text_in(object_of(response), "error_description") or "no reason"
            raise AuthenticationError(
                f"X refused to renew the access token: {stated}",
                network=NETWORK,
                status=response.status,
            )
        if response.status != 200:
            raise error_of(response)
        if not text_in(object_of(response), "access_token"):
            raise TransientError("the response contains no access token", network=NETWORK)
        return self._token_of(response)

    def _request(self, token: Token) -> Request:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token.refresh,
            "client_id": self._client_id,
        }
        headers = {}
        if self._client_secret:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return Request(
            method="POST",
            url=f"{self._server}/2/oauth2/token",
            form=form,
            headers=headers,
            repeat="no",
        )

    def _token_of(self, response: Response) -> Token:
        values = object_of(response)
        seconds = values.get("expires_in")
        known = isinstance(seconds, int) and not isinstance(seconds, bool)
        return Token(
            access=text_in(values, "access_token"),
            refresh=text_in(values, "refresh_token"),
            expires_at=self._clock() + dt.timedelta(seconds=seconds)  # type: ignore[arg-type]
            if known
            else None,
        )
