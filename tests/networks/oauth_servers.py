"""In-memory authorization servers of the networks, in front of the servers of their accounts."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import attrs
import httpx
from tests.networks import graph_server, mastodon_server
from tests.networks.accounts import ACCOUNTS
from tests.networks.fake_server import Check

from socialcollab.networks import OAuth
from socialcollab.networks.facebook import FacebookOAuth
from socialcollab.networks.instagram import InstagramOAuth
from socialcollab.networks.mastodon import MastodonOAuth
from socialcollab.networks.x import XOAuth

CLIENT_ID = "client-1"
CLIENT_SECRET = "client-secret-c0de99"
REDIRECT = "https://app.example/callback"


class OAuthServer(httpx.BaseTransport):
    """
    A server on which the owner of an account gives consent.

    Attributes:
        account: The server of the account, which receives all other requests.
        granted: The scopes that the owner grants; None for all that are requested.
        lasts_s: How long an access token is valid, in seconds.
        requests: The method and path of each request to the authorization server.
        scripted: Responses that replace the usual responses, by path.
        revoked: The revoked tokens.
    """

    network = "x"
    code = "code-1a2b3c"
    refresh = ""

    def __init__(self, check: Check | None = None) -> None:
        self.account = ACCOUNTS[self.network].server(check)
        self.token = self.account.token
        self.check = check
        self.granted: str | None = None
        self.lasts_s = 7200
        self.requests: list[str] = []
        self.scripted: dict[str, httpx.Response] = {}
        self.revoked: list[str] = []
        self._pending: dict[str, dict[str, str]] = {}

    def client(self) -> httpx.Client:
        """Return a client that is connected to this server."""
        return httpx.Client(transport=self)

    def consent(self, url: str, *, denies: bool = False) -> str:
        """Give consent in the browser, and return the address to which it is redirected."""
        params = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
        assert params["client_id"] == CLIENT_ID
        assert params["response_type"] == "code"
        assert params["redirect_uri"].startswith(("https://", "http://127.0.0.1"))
        if denies:
            return self._redirect(
                params, error="access_denied", error_description="The user denied your request"
            )
        self._pending[self.code] = params
        return self._redirect(params, code=self.code)

    def _redirect(self, params: Mapping[str, str], **values: str) -> str:
        return f"{params['redirect_uri']}?{urlencode({**values, 'state': params['state']})}"

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        path = request.url.path
        step = self.steps().get((request.method, path))
        if step is None and path not in self.scripted:
            return self.account.handle_request(request)
        self.requests.append(f"{request.method} {path}")
        response = self.scripted.get(path)
        if response is None:
            assert step is not None
            response = step(request)
        if self.check is not None:
            self.check(request, response)
        return response

    def steps(self) -> dict[tuple[str, str], Callable[[httpx.Request], httpx.Response]]:
        """Return the steps of this server, by method and path."""
        raise NotImplementedError

    def redeemed(self, values: Mapping[str, str]) -> dict[str, str] | None:
        """Return what was authorized with a code, which can be used once."""
        params = self._pending.pop(values["code"], None)
        if params is None or params["redirect_uri"] != values["redirect_uri"]:
            return None
        challenge = params.get("code_challenge")
        if challenge is not None:
            digest = hashlib.sha256(values["code_verifier"].encode()).digest()
            assert params["code_challenge_method"] == "S256"
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
                return None
        return params

    def scopes_of(self, params: Mapping[str, str]) -> str:
        return params["scope"] if self.granted is None else self.granted


def form_of(request: httpx.Request) -> dict[str, str]:
    return dict(parse_qsl(request.content.decode(), strict_parsing=True))


def refusal(code: str, description: str = "", status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"error": code, "error_description": description})


class XOAuthServer(OAuthServer):
    network = "x"
    refresh = "x-refresh-77e1"

    def steps(self) -> dict[tuple[str, str], Callable[[httpx.Request], httpx.Response]]:
        return {
            ("POST", "/2/oauth2/token"): self._token,
            ("POST", "/2/oauth2/revoke"): self._revoke,
        }

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return refusal("invalid_client", "Invalid client credentials", 401)
        scope = "tweet.read"
        if form["grant_type"] == "authorization_code":
            params = self.redeemed(form)
            if params is None:
                return refusal(
                    "invalid_grant", "Value passed for the authorization code was invalid."
                )
            scope = self.scopes_of(params)
        elif form["refresh_token"] != self.refresh:
            return refusal("invalid_grant", "Value passed for the token was invalid.")
        values = {
            "token_type": "bearer",
            "expires_in": self.lasts_s,
            "access_token": self.token,
            "refresh_token": self.refresh,
            "scope": scope,
        }
        return httpx.Response(200, json=values)

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        self.revoked.append(form_of(request)["token"])
        return httpx.Response(200, json={"revoked": True})


class MastodonOAuthServer(OAuthServer):
    network = "mastodon"

    def steps(self) -> dict[tuple[str, str], Callable[[httpx.Request], httpx.Response]]:
        return {
            ("POST", "/api/v1/apps"): self._app,
            ("POST", "/oauth/token"): self._token,
            ("POST", "/oauth/revoke"): self._revoke,
        }

    def _app(self, request: httpx.Request) -> httpx.Response:
        values = json.loads(request.content)
        if not values["redirect_uris"].startswith("http"):
            return httpx.Response(422, json={"error": "Redirect URI must be an absolute URI."})
        app = {
            "id": "1",
            "name": values["client_name"],
            "website": values.get("website"),
            "scopes": values["scopes"].split(),
            "redirect_uri": values["redirect_uris"],
            "redirect_uris": [values["redirect_uris"]],
            "vapid_key": "key",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "client_secret_expires_at": 0,
        }
        return httpx.Response(200, json=app)

    def _token(self, request: httpx.Request) -> httpx.Response:
        values = json.loads(request.content)
        if (values["client_id"], values["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            return refusal("invalid_client", "Client authentication failed", 401)
        params = self.redeemed(values)
        if params is None:
            return refusal("invalid_grant", "The provided authorization grant is invalid")
        return httpx.Response(
            200,
            json={
                "access_token": self.token,
                "token_type": "Bearer",
                "scope": self.scopes_of(params),
                "created_at": 1775547001,
            },
        )

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        self.revoked.append(json.loads(request.content)["token"])
        return httpx.Response(200, json={})


class FacebookOAuthServer(OAuthServer):
    """The attribute *pages* has the Pages that the person has selected."""

    network = "facebook"
    refresh = "fb-person-long-5d1e"
    short = "fb-person-short-9c0a"

    def __init__(self, check: Check | None = None) -> None:
        super().__init__(check)
        self.scope = ""
        self.pages: list[dict[str, Any]] = [
            {"id": "104000", "name": "Rose Rail", "access_token": "other-page-token-1f"},
            {
                "id": graph_server.PAGE,
                "name": "Tulip Air",
                "username": "TulipAir",
                "access_token": self.token,
            },
        ]

    def steps(self) -> dict[tuple[str, str], Callable[[httpx.Request], httpx.Response]]:
        root = "/v25.0"
        return {
            ("POST", f"{root}/oauth/access_token"): self._token,
            ("GET", f"{root}/me/permissions"): self._permissions,
            ("DELETE", f"{root}/me/permissions"): self._revoke,
            ("GET", f"{root}/me/accounts"): self._accounts,
            ("GET", f"{root}/{graph_server.PAGE}"): self._page,
        }

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        if (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            return graph_server.graph_error(400, 101, "Error validating application.")
        if form.get("grant_type") == "fb_exchange_token":
            assert form["fb_exchange_token"] in (self.short, self.refresh)
            values = {"access_token": self.refresh, "token_type": "bearer", "expires_in": 5183944}
            return httpx.Response(200, json=values)
        params = self.redeemed(form)
        if params is None:
            return graph_server.graph_error(400, 100, "This authorization code has been used.")
        self.scope = self.scopes_of(params)
        values = {"access_token": self.short, "token_type": "bearer", "expires_in": 5000}
        return httpx.Response(200, json=values)

    def _is_person(self, request: httpx.Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.refresh}"

    def _permissions(self, request: httpx.Request) -> httpx.Response:
        assert self._is_person(request)
        data = [{"permission": name, "status": "granted"} for name in self.scope.split(",") if name]
        data.append({"permission": "email", "status": "declined"})
        return httpx.Response(200, json={"data": data})

    def _accounts(self, request: httpx.Request) -> httpx.Response:
        assert self._is_person(request)
        return httpx.Response(200, json={"data": self.pages, "paging": {"cursors": {}}})

    def _page(self, request: httpx.Request) -> httpx.Response:
        assert self._is_person(request)
        return httpx.Response(200, json={"access_token": self.token, "id": graph_server.PAGE})

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        assert self._is_person(request)
        self.revoked.append(self.refresh)
        return httpx.Response(200, json={"success": True})


class InstagramOAuthServer(OAuthServer):
    network = "instagram"
    short = "ig-short-3b7d"

    def __init__(self, check: Check | None = None) -> None:
        super().__init__(check)
        self.lasts_s = 5183944

    def _redirect(self, params: Mapping[str, str], **values: str) -> str:
        # Instagram ends the address with a fragment.
        return f"{super()._redirect(params, **values)}#_"

    def steps(self) -> dict[tuple[str, str], Callable[[httpx.Request], httpx.Response]]:
        return {
            ("POST", "/oauth/access_token"): self._short,
            ("GET", "/access_token"): self._long,
            ("GET", "/refresh_access_token"): self._renew,
        }

    def _short(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        assert request.url.host == "api.instagram.com"
        if form["client_secret"] != CLIENT_SECRET:
            return self._refused("Invalid client secret")
        params = self.redeemed(form)
        if params is None:
            return self._refused("This authorization code has been used")
        item = {
            "access_token": self.short,
            "user_id": graph_server.ACCOUNT,
            "permissions": self.scopes_of(params),
        }
        return httpx.Response(200, json={"data": [item]})

    @staticmethod
    def _refused(message: str) -> httpx.Response:
        values = {"error_type": "OAuthException", "code": 400, "error_message": message}
        return httpx.Response(400, json=values)

    def _long(self, request: httpx.Request) -> httpx.Response:
        params = parse_qs(request.url.query.decode())
        assert params == {
            "grant_type": ["ig_exchange_token"],
            "client_secret": [CLIENT_SECRET],
            "access_token": [self.short],
        }
        return self._token()

    def _renew(self, request: httpx.Request) -> httpx.Response:
        params = parse_qs(request.url.query.decode())
        if params != {"grant_type": ["ig_refresh_token"], "access_token": [self.token]}:
            return graph_server.graph_error(400, 190, "Session has expired")
        return self._token()

    def _token(self) -> httpx.Response:
        values = {
            "access_token": self.token,
            "token_type": "bearer",
            "expires_in": self.lasts_s,
        }
        return httpx.Response(200, json=values)


@attrs.frozen(kw_only=True)
class SignIn:
    """The sign-in with a network on its in-memory server."""

    server: Callable[..., OAuthServer]
    oauth: Callable[..., OAuth]
    token_path: str

    def app(self, **options: Any) -> OAuth:
        """Return the sign-in with the registered app."""
        return self.oauth(**{"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET} | options)


def _mastodon(**options: Any) -> OAuth:
    return MastodonOAuth(**{"server": mastodon_server.SERVER} | options)


SIGN_INS = {
    "facebook": SignIn(
        server=FacebookOAuthServer,
        oauth=FacebookOAuth,
        token_path="/v25.0/oauth/access_token",
    ),
    "instagram": SignIn(
        server=InstagramOAuthServer, oauth=InstagramOAuth, token_path="/oauth/access_token"
    ),
    "mastodon": SignIn(server=MastodonOAuthServer, oauth=_mastodon, token_path="/oauth/token"),
    "x": SignIn(server=XOAuthServer, oauth=XOAuth, token_path="/2/oauth2/token"),
}
