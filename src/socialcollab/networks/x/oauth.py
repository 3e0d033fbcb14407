"""The sign-in with X."""

from __future__ import annotations

from typing import ClassVar

from socialcollab.directory import Profile
from socialcollab.networks.oauth import (
    Authorization,
    ConnectedAccount,
    OAuth,
    cannot_renew,
    words_in,
)
from socialcollab.networks.responses import object_of
from socialcollab.networks.x.responses import data_of
from socialcollab.transport import Flow, Token, call


class XOAuth(OAuth):
    """
    The sign-in with X, with OAuth 2.0 and PKCE.

    An access token is valid for two hours. With the scope ``offline.access``, X also returns a
    refresh token, which it replaces each time, and which can be used once.

    >>> XOAuth(client_id="tulip")
    XOAuth()

    Source:
        docs.x.com/fundamentals/authentication/oauth-2-0, read 2026-11-30.
    """

    network: ClassVar[str] = "x"
    default_server: ClassVar[str] = "https://api.x.com"
    scopes: ClassVar[tuple[str, ...]] = (
        "users.read",
        "tweet.read",
        "tweet.write",
        "media.write",
        "offline.access",
    )

    @property
    def authorize_url(self) -> str:
        """The address of the page on which the owner of an account gives consent."""
        return "https://x.com/i/oauth2/authorize"

    def _exchanged(
        self, profile: Profile, authorization: Authorization, code: str, secrets: list[str]
    ) -> Flow[ConnectedAccount]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": authorization.redirect_uri,
            "code_verifier": authorization.verifier,
            "client_id": self._client_id,
        }
        response = yield from call(self._post("/2/oauth2/token", form, basic=True))
        token, values = self._token_in(response, "exchange the code", secrets)
        response = yield from call(self._get("/2/users/me", token.access))
        name = str(data_of(response, "username")["username"])
        granted = words_in(values, "scope")
        return ConnectedAccount(
            profile=profile.id,
            account=self._check_account(profile, name),
            token=token,
            # A server that grants what was requested need not state it (RFC 6749 section 5.1).
            scopes=authorization.scopes if granted is None else granted,
        )

    def _refreshed(self, token: Token, secrets: list[str]) -> Flow[Token]:
        if not token.refresh:
            raise cannot_renew(self.network, self.title)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token.refresh,
            "client_id": self._client_id,
        }
        response = yield from call(self._post("/2/oauth2/token", form, basic=True))
        new, _ = self._token_in(response, "renew the access token", secrets)
        return new

    def _revoked(self, token: Token) -> Flow[None]:
        # If the refresh token were kept, it could still be exchanged for a new access token.
        for kind, value in (("refresh_token", token.refresh), ("access_token", token.access)):
            if value:
                form = {"token": value, "token_type_hint": kind, "client_id": self._client_id}
                response = yield from call(self._post("/2/oauth2/revoke", form, basic=True))
                if response.status != 200 or object_of(response).get("revoked") is False:
                    raise self._error_of(response, "revoke the token")
