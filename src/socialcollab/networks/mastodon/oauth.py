"""The sign-in with a Mastodon server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from socialcollab.directory import Profile
from socialcollab.networks.mastodon.responses import error_of, values_of
from socialcollab.networks.oauth import (
    Authorization,
    ConnectedAccount,
    OAuth,
    cannot_renew,
    words_in,
)
from socialcollab.networks.server import check_encrypted, server_of
from socialcollab.transport import Clock, Flow, Request, Token, call, system_clock


class MastodonOAuth(OAuth):
    """
    The sign-in with one Mastodon server.

    Each server has its own apps: `register_app` registers one. Servers before version 4.3 ignore
    PKCE. The access token does not expire; if a compatible server returns a refresh token, it is
    used.

    >>> MastodonOAuth(server="https://mastodon.example", client_id="tulip", client_secret="a secret")
    MastodonOAuth()

    Source:
        docs.joinmastodon.org/methods/oauth and /methods/apps, read 2026-11-30.
    """

    network: ClassVar[str] = "mastodon"
    # The server would otherwise use the account with which the browser is signed in.
    options: ClassVar[Mapping[str, str]] = {"force_login": "true"}
    scopes: ClassVar[tuple[str, ...]] = (
        "read:accounts",
        "read:statuses",
        "write:statuses",
        "write:media",
    )

    @property
    def authorize_url(self) -> str:
        """The address of the page on which the owner of an account gives consent."""
        return f"{self._server}/oauth/authorize"

    @property
    def issuer(self) -> str:
        """The identifier that the server states as ``iss`` (RFC 9207), if it states one."""
        return self._server

    def _exchanged(
        self, profile: Profile, authorization: Authorization, code: str, secrets: list[str]
    ) -> Flow[ConnectedAccount]:
        if server_of(profile, self.network) != self._server:
            self._refuse(
                f"`{profile.id}` is on `{profile.server}`, but the sign-in is with"
                f" `{self._server}`; sign in with the server of the profile"
            )
        values = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "redirect_uri": authorization.redirect_uri,
            "code_verifier": authorization.verifier,
            "scope": " ".join(authorization.scopes),
        }
        response = yield from call(self._post("/oauth/token", values, as_json=True))
        token, stated = self._token_in(response, "exchange the code", secrets)
        path = "/api/v1/accounts/verify_credentials"
        response = yield from call(self._get(path, token.access))
        name = str(values_of(response, "acct")["acct"]).partition("@")[0]
        local = attrs.evolve(profile, handle=profile.handle.removeprefix("@").partition("@")[0])
        granted = words_in(stated, "scope")
        return ConnectedAccount(
            profile=profile.id,
            account=self._check_account(local, name),
            token=token,
            # A server that grants what was requested need not state it (RFC 6749 section 5.1).
            scopes=authorization.scopes if granted is None else granted,
        )

    def _refreshed(self, token: Token, secrets: list[str]) -> Flow[Token]:
        if not token.refresh:
            raise cannot_renew(self.network, self.title)
        values = {
            "grant_type": "refresh_token",
            "refresh_token": token.refresh,
            "client_id": self._client_id,
            "client_secret": self._client_secret,
        }
        response = yield from call(self._post("/oauth/token", values, as_json=True))
        new, _ = self._token_in(response, "renew the access token", secrets)
        return new

    def _revoked(self, token: Token) -> Flow[None]:
        values = {
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "token": token.access,
        }
        response = yield from call(self._post("/oauth/revoke", values, as_json=True))
        if response.status != 200:
            raise self._error_of(response, "revoke the token")

    def _missing(self, requested: Iterable[str], granted: Iterable[str]) -> list[str]:
        """Return the requested scopes that were not granted; ``write`` contains ``write:media``."""
        known = set(granted)
        return [scope for scope in requested if not {scope, scope.partition(":")[0]} & known]


def register_app(
    server: str,
    *,
    redirect_uri: str,
    scopes: Iterable[str] = MastodonOAuth.scopes,
    name: str = "socialcollab",
    website: str = "",
    clock: Clock = system_clock,
) -> Flow[MastodonOAuth]:
    """
    Register an app with a Mastodon server, and return the sign-in for it.

    Args:
        server: The address of the server, such as ``https://mastodon.example``.
        redirect_uri: The address of the application to which the server redirects the browser.
        scopes: All scopes that the app may request.
        name: The name of the app, which the owner of an account sees.
        website: The address of the application, or an empty string.
        clock: The clock; the system clock by default.

    Raises:
        InvalidValueError: If the connection to the server would not be encrypted.
        NetworkError: If the server does not register the app.
    """
    server = server.rstrip("/")
    check_encrypted(server, "the server of Mastodon")
    values = {
        "client_name": name,
        "redirect_uris": redirect_uri,
        "scopes": " ".join(scopes),
        **({"website": website} if website else {}),
    }
    url = f"{server}/api/v1/apps"
    response = yield from call(Request(method="POST", url=url, json=values, repeat="no"))
    if response.status != 200:
        raise error_of(response)
    app = values_of(response, "client_id", "client_secret")
    return MastodonOAuth(
        server=server,
        client_id=str(app["client_id"]),
        client_secret=str(app["client_secret"]),
        clock=clock,
    )
