"""The sign-in with Instagram."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar, Final

import attrs

from socialcollab.directory import Profile
from socialcollab.networks.graph import VERSION, GraphOAuth, values_of
from socialcollab.networks.oauth import (
    Authorization,
    ConnectedAccount,
    cannot_revoke,
    words_in,
)
from socialcollab.networks.responses import object_of
from socialcollab.transport import Flow, Request, Response, Token, call

_SIGN_IN: Final = "https://api.instagram.com"


class InstagramOAuth(GraphOAuth):
    """
    The sign-in with Instagram, for business and creator accounts ("Instagram login").

    The code is exchanged for a token that is valid for one hour, and this token for a long-lived
    one that is valid for 60 days. A long-lived token that is at least 24 hours old and has not
    expired can be renewed, so renew it some days before it expires. The sign-in does not
    use PKCE, and Instagram has no request that revokes a token.

    >>> InstagramOAuth(client_id="1234", client_secret="a secret")
    InstagramOAuth()

    Source:
        developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login, read
        2026-11-30.
    """

    network: ClassVar[str] = "instagram"
    default_server: ClassVar[str] = "https://graph.instagram.com"
    scopes: ClassVar[tuple[str, ...]] = (
        "instagram_business_basic",
        "instagram_business_content_publish",
    )

    @property
    def authorize_url(self) -> str:
        """The address of the page on which the owner of an account gives consent."""
        return "https://www.instagram.com/oauth/authorize"

    def _exchanged(
        self, profile: Profile, authorization: Authorization, code: str, secrets: list[str]
    ) -> Flow[ConnectedAccount]:
        form = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "redirect_uri": authorization.redirect_uri,
            "code": code,
        }
        # This request has a server of its own; a proxy receives it like all others.
        server = _SIGN_IN if self._server == self.default_server else self._server
        response = yield from call(self._post(f"{server}/oauth/access_token", form))
        stated = _first_item(response)
        short, values = self._token_in(stated, "exchange the code", secrets)
        params = {
            "grant_type": "ig_exchange_token",
            "client_secret": self._client_secret,
            "access_token": short.access,
        }
        token = yield from self._long_lived("/access_token", params, secrets)
        request = self._get(f"/{VERSION}/me", token.access, {"fields": "user_id,username"})
        response = yield from call(request)
        name = str(values_of(response, "username", network=self.network)["username"])
        granted = words_in(values, "permissions", ",")
        return ConnectedAccount(
            profile=profile.id,
            account=self._check_account(profile, name),
            token=token,
            scopes=authorization.scopes if granted is None else granted,
        )

    def _refreshed(self, token: Token, secrets: list[str]) -> Flow[Token]:
        params = {"grant_type": "ig_refresh_token", "access_token": token.access}
        return (yield from self._long_lived("/refresh_access_token", params, secrets))

    def _revoked(self, token: Token) -> Flow[None]:  # noqa: ARG002
        raise cannot_revoke(
            self.network, "remove the app in the account's settings, under *Apps and websites*"
        )
        yield  # makes this a flow

    def _long_lived(self, path: str, params: dict[str, str], secrets: list[str]) -> Flow[Token]:
        # The documentation describes these requests only with the secrets in the address.
        request = Request(method="GET", url=f"{self._server}{path}", params=params, repeat="no")
        response = yield from call(request)
        token, _ = self._token_in(response, "exchange the token for a long-lived one", secrets)
        return token


def _first_item(response: Response) -> Response:
    """Return a response with the object that some versions of the API wrap in a list `data`."""
    data = object_of(response).get("data")
    if not (isinstance(data, list) and data and isinstance(data[0], Mapping)):
        return response
    return attrs.evolve(response, body=json.dumps(data[0]).encode())
