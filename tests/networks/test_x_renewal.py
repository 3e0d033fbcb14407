"""Tokens of X are renewed with their refresh token."""

from __future__ import annotations

import base64
import datetime as dt
from urllib.parse import parse_qs

import httpx
import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.publishing import NOW, verify
from tests.networks.x_server import TOKEN, XServer

from socialcollab.errors import AuthenticationError, NetworkError, RateLimitedError, TransientError
from socialcollab.networks import Renewal
from socialcollab.networks.x import XOAuth
from socialcollab.transport import MemoryCredentials, RenewedTokens, Token

OLD = Token(access="old", refresh="refresh-1", expires_at=NOW)


def renewal(answer, **options) -> Renewal:
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return Renewal(XOAuth(client_id="tulip", clock=lambda: NOW, **options), client=client)


def test_renewal() -> None:
    """The refresh token is exchanged for a new pair of tokens, which expire as X states."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(
            200, json={"access_token": "new", "refresh_token": "refresh-2", "expires_in": 7200}
        )

    new = renewal(answer, client_secret="s:1")(OLD)
    assert new == Token(
        access="new", refresh="refresh-2", expires_at=NOW + dt.timedelta(seconds=7200)
    )
    (request,) = seen
    assert str(request.url) == "https://api.x.com/2/oauth2/token"
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh-1"],
        "client_id": ["tulip"],
    }
    pair = request.headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(pair) == b"tulip:s%3A1"


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (httpx.Response(400, json={"error": "invalid_request"}), AuthenticationError),
        (
            httpx.Response(401, json={"error_description": "Value was invalid"}),
            AuthenticationError,
        ),
        (httpx.Response(429), RateLimitedError),
        (httpx.Response(503), TransientError),
        (httpx.Response(200, text="<html>"), TransientError),
        (httpx.Response(200, json={"access_token": ""}), TransientError),
    ],
)
def test_failures(response: httpx.Response, kind: type[NetworkError]) -> None:
    """A refused renewal is an error about the credentials; no error contains a token."""
    with pytest.raises(kind) as caught:
        renewal(lambda _: response)(OLD)
    assert type(caught.value) is kind
    assert "refresh-1" not in str(caught.value)


def test_no_refresh_token() -> None:
    """An expired token without a refresh token is an error about the credentials."""
    with pytest.raises(AuthenticationError, match="no refresh token"):
        renewal(lambda _: pytest.fail("sent"))(Token(access="a", expires_at=NOW))


def test_network() -> None:
    """A network renews an expired token before it sends a request."""
    server = XServer()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/2/oauth2/token":
            return httpx.Response(200, json={"access_token": TOKEN, "expires_in": 7200})
        return server.handle_request(request)

    profile = ACCOUNTS["x"].profile
    credentials = MemoryCredentials({profile.id: OLD})
    tokens = RenewedTokens(credentials, renewal(answer), clock=lambda: NOW)
    with ACCOUNTS["x"].connect(httpx.MockTransport(answer), tokens) as x:
        for _ in range(2):
            assert verify(x, profile) == "tulipair"
    assert credentials.read(profile.id) == Token(
        access=TOKEN, refresh="refresh-1", expires_at=NOW + dt.timedelta(hours=2)
    )
