"""The sign-in with Facebook, which connects a Page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import attrs

from socialcollab.content import Json
from socialcollab.directory import Profile
from socialcollab.errors import AuthenticationError
from socialcollab.networks.graph import VERSION, GraphOAuth, items_of, next_page, values_of
from socialcollab.networks.oauth import Authorization, ConnectedAccount, cannot_renew
from socialcollab.networks.responses import text_in
from socialcollab.transport import Clock, Flow, Response, Token, call, system_clock

_PAGE: Final = 100
_MOST_PAGES: Final = 10
_LISTED: Final = 10


class FacebookOAuth(GraphOAuth):
    """
    The sign-in with Facebook, which connects one Page of the person who signs in.

    The code is exchanged for a token of the person, this token for a long-lived one, and the
    long-lived token for the Page's own token. A Page token does not expire after a fixed time. The
    person's token is kept as its refresh token, with which the Page token can be read again or
    revoked. The sign-in does not use PKCE.

    >>> FacebookOAuth(client_id="1234", client_secret="a secret")
    FacebookOAuth()

    Args:
        client_id: The id of the app.
        client_secret: The secret of the app.
        server: The address of the API; by default ``https://graph.facebook.com``.
        version: The version of the Graph API.
        clock: The clock; the system clock by default.

    Source:
        developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow and
        /guides/access-tokens/get-long-lived, read 2026-11-30.
    """

    network: ClassVar[str] = "facebook"
    default_server: ClassVar[str] = "https://graph.facebook.com"
    # Facebook otherwise does not ask again for a permission that the person has declined before.
    options: ClassVar[Mapping[str, str]] = {"auth_type": "rerequest"}
    scopes: ClassVar[tuple[str, ...]] = (
        "pages_show_list",
        "pages_read_engagement",
        "pages_manage_posts",
    )

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str = "",
        server: str = "",
        version: str = VERSION,
        clock: Clock = system_clock,
    ) -> None:
        super().__init__(
            client_id=client_id, client_secret=client_secret, server=server, clock=clock
        )
        self._version = version

    @property
    def authorize_url(self) -> str:
        """The address of the page on which the owner of an account gives consent."""
        return f"https://www.facebook.com/{self._version}/dialog/oauth"

    def _exchanged(
        self, profile: Profile, authorization: Authorization, code: str, secrets: list[str]
    ) -> Flow[ConnectedAccount]:
        short = yield from self._token_for(
            {"code": code, "redirect_uri": authorization.redirect_uri},
            "exchange the code",
            secrets,
        )
        person = yield from self._long_lived(short.access, secrets)
        request = self._get(f"/{self._version}/me/permissions", person.access)
        response = yield from call(request)
        values_of(response, network=self.network)
        page = yield from self._page_of(profile, person.access, secrets)
        name = text_in(page, "username") or str(page["id"])
        return ConnectedAccount(
            profile=profile.id,
            account=name,
            token=Token(access=text_in(page, "access_token"), refresh=person.access),
            scopes=_granted(response),
        )

    def _refreshed(self, token: Token, secrets: list[str]) -> Flow[Token]:
        if not token.refresh:
            raise cannot_renew(self.network, self.title)
        person = yield from self._long_lived(token.refresh, secrets)
        # A Page token can read only its own Page, so this names the Page whose token is renewed.
        params = {"fields": "id"}
        response = yield from call(self._get(f"/{self._version}/me", token.access, params))
        page = str(values_of(response, "id", network=self.network)["id"])
        params = {"fields": "access_token"}
        request = self._get(f"/{self._version}/{page}", person.access, params)
        values = values_of((yield from call(request)), "access_token", network=self.network)
        secrets.append(text_in(values, "access_token"))
        return Token(access=text_in(values, "access_token"), refresh=person.access)

    def _revoked(self, token: Token) -> Flow[None]:
        # The permissions belong to the person; the token of a Page cannot remove them.
        person = token.refresh or token.access
        request = self._get(f"/{self._version}/me/permissions", person)
        response = yield from call(attrs.evolve(request, method="DELETE"))
        values_of(response, "success", network=self.network)

    def _token_for(self, values: Mapping[str, str], action: str, secrets: list[str]) -> Flow[Token]:
        """Exchange a code or a token for another token."""
        form = {"client_id": self._client_id, "client_secret": self._client_secret, **values}
        path = f"/{self._version}/oauth/access_token"
        response = yield from call(self._post(path, form))
        token, _ = self._token_in(response, action, secrets)
        return token

    def _long_lived(self, token: str, secrets: list[str]) -> Flow[Token]:
        values = {"grant_type": "fb_exchange_token", "fb_exchange_token": token}
        return self._token_for(values, "exchange the token for a long-lived one", secrets)

    def _page_of(
        self, profile: Profile, person: str, secrets: list[str]
    ) -> Flow[Mapping[str, Json]]:
        """Return the Page of a profile, which the person who signed in manages."""
        pages: list[Mapping[str, Json]] = []
        after = ""
        for _ in range(_MOST_PAGES):
            params = {"fields": "id,name,username,access_token", "limit": str(_PAGE)}
            if after:
                params["after"] = after
            request = self._get(f"/{self._version}/me/accounts", person, params)
            response = yield from call(request)
            pages += items_of(response, network=self.network)
            after = next_page(response)
            if not after:
                break
        secrets += [text_in(page, "access_token") for page in pages]
        expected = profile.handle.removeprefix("@").lower()
        found = [page for page in pages if not expected or expected in _names_of(page)]
        if len(found) == 1 and text_in(found[0], "access_token"):
            return found[0]
        if len(found) == 1:
            raise AuthenticationError(
                f"Facebook has returned no token for the Page `{expected}`; connect again as a"
                " person who manages the Page",
                network=self.network,
            )
        listed = ", ".join(
            f"`{text_in(page, 'username') or page['id']}`" for page in pages[:_LISTED]
        )
        wanted = f"the Page `{expected}`" if expected else "exactly one Page"
        raise AuthenticationError(
            f"`{profile.id}` needs {wanted}, but the person who signed in has selected"
            f" {listed or 'no Page'}; connect again, and select only the Page of the profile",
            network=self.network,
        )


def _names_of(page: Mapping[str, Json]) -> set[str]:
    names = (str(page["id"]), text_in(page, "username"), text_in(page, "name"))
    return {name.lower() for name in names if name}


def _granted(response: Response) -> tuple[str, ...]:
    """Return the granted permissions in a response, whose items have no id."""
    data = values_of(response, network="facebook").get("data")
    return tuple(
        text_in(item, "permission")
        for item in (data if isinstance(data, list) else ())
        if isinstance(item, Mapping) and item.get("status") == "granted"
    )
