"""
OAuth 2.0: connect an account with the consent of its owner, and renew and revoke its tokens.

`OAuth.begin` returns the address of the page on which the owner of an account gives consent. The
network then redirects the owner's browser to the application, and `OAuth.finish` exchanges the code
in that address for a token. Each network has a subclass. The steps perform no I/O: a driver runs
the flows.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, NoReturn, TypeAlias, TypeVar
from urllib.parse import parse_qs, quote, urlencode

import attrs

from socialcollab.content import Json
from socialcollab.directory import Profile, find_network
from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    NetworkError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.bearer import with_token
from socialcollab.networks.responses import error_for, object_of, text_in, unreadable
from socialcollab.networks.server import check_encrypted
from socialcollab.transport import (
    Clock,
    Driver,
    Flow,
    HttpTransport,
    OnExchange,
    Request,
    Response,
    Token,
    retry_after_s,
    system_clock,
)

if TYPE_CHECKING:
    import httpx

_T = TypeVar("_T")

Callback: TypeAlias = str | Mapping[str, str]
"""The address to which the network redirected the browser, or the parameters in that address."""

_LONGEST_CALLBACK: Final = 16_384
_LONGEST_STATED: Final = 300
_SHORTEST_SECRET: Final = 6
_REDACTED: Final = "[secret]"
# A number of seconds beyond this one is not an expiry but a mistake, and could not be added to a time.
_LONGEST_LIFE_S: Final = 10 * 366 * 86_400
_TEMPORARY: Final = frozenset({"server_error", "temporarily_unavailable"})
_HINTS: Final[Mapping[str, str]] = {
    "invalid_client": "check the client id and the client secret of the app",
    "invalid_grant": "the code or token is invalid, expired or already used; connect again",
    "invalid_scope": "add the requested scopes to the app in the network's developer portal",
    "redirect_uri_mismatch": "register exactly this redirect address with the app",
    "unauthorized_client": "allow the app to use this sign-in in the network's developer portal",
}


def _as_texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True)
class Authorization:
    """
    A sign-in that has begun.

    Keep it where only the browser that began the sign-in can continue it, such as in the session of
    the browser, and remove it when it is used. All values are strings or lists of strings:
    ``Authorization(**values)`` restores it from ``attrs.asdict(authorization)``.

    Attributes:
        profile: The profile to connect.
        url: The address to open in the browser. It contains the state, so repr does not show it.
        redirect_uri: The address to which the network redirects the browser.
        scopes: The requested scopes.
        state: A random value, which the network returns unchanged.
        verifier: The PKCE verifier, or an empty string if the sign-in does not use PKCE.
    """

    profile: str
    url: str = attrs.field(repr=False)
    redirect_uri: str
    scopes: tuple[str, ...] = attrs.field(converter=_as_texts)
    state: str = attrs.field(repr=False)
    verifier: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class ConnectedAccount:
    """
    An account whose owner has given consent.

    Attributes:
        profile: The profile to which the account belongs.
        account: The name of the account on the network.
        token: Its token.
        scopes: The scopes that the owner has granted.
    """

    profile: str
    account: str
    token: Token
    scopes: tuple[str, ...]


class OAuth:
    """
    The sign-in with a network, for one registered app.

    A subclass sets the class attributes and adds the steps of its network.

    Args:
        client_id: The client id of the app.
        client_secret: Its client secret; empty for a public client.
        server: The address of the API, such as that of a proxy. By default, the network's own.
        clock: The clock; the system clock by default.

    Raises:
        InvalidValueError: If there is no client id, or if the connection to the server would not be
            encrypted.
    """

    network: ClassVar[str]
    """The name of the network."""

    scopes: ClassVar[tuple[str, ...]]
    """The scopes that are requested by default: those that publishing needs."""

    default_server: ClassVar[str] = ""
    """The address of the API."""

    uses_pkce: ClassVar[bool] = True
    """Whether the sign-in uses PKCE (RFC 7636)."""

    separator: ClassVar[str] = " "
    """The text between two scopes."""

    options: ClassVar[Mapping[str, str]] = {}
    """More parameters of the address on which the owner of an account gives consent."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str = "",
        server: str = "",
        clock: Clock = system_clock,
    ) -> None:
        if not client_id:
            raise InvalidValueError(
                f"the app of {self.title} has no client id",
                value=client_id,
                expected="the client id from the network's developer portal",
            )
        self._client_id = client_id
        self._client_secret = client_secret
        self._server = (server or self.default_server).rstrip("/")
        self._clock = clock
        check_encrypted(self._server, f"the server of {self.title}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @property
    def client_id(self) -> str:
        """The client id of the app."""
        return self._client_id

    @property
    def client_secret(self) -> str:
        """The client secret of the app, which the application must store and never show."""
        return self._client_secret

    @property
    def title(self) -> str:
        """The name of the network as people write it."""
        description = find_network(self.network)
        return self.network if description is None else description.title

    @property
    def authorize_url(self) -> str:
        """The address of the page on which the owner of an account gives consent."""
        raise NotImplementedError

    @property
    def issuer(self) -> str:
        """The identifier that the network states as ``iss`` (RFC 9207); empty if it is not known."""
        return ""

    def begin(
        self,
        profile: Profile,
        *,
        redirect_uri: str,
        scopes: Iterable[str] | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> Authorization:
        """
        Begin to connect a profile, and return the address to open in the browser.

        Args:
            profile: The profile.
            redirect_uri: The address of the application to which the network redirects the browser.
                It must be registered with the app, and use HTTPS unless it is on this machine.
            scopes: The scopes to request; by default those that publishing needs.
            entropy: Returns random bytes.

        Raises:
            InvalidValueError: If the profile is on another network, or if the redirect address is
                not safe.
        """
        if profile.network != self.network:
            raise InvalidValueError(
                f"profile `{profile.id}` is on {profile.network}, not on {self.title}",
                value=profile.network,
                expected=f'a profile with network = "{self.network}"',
            )
        check_encrypted(redirect_uri, "the redirect address")
        requested = self.scopes if scopes is None else tuple(dict.fromkeys(scopes))
        state = _encoded(entropy(32))
        verifier = _encoded(entropy(32)) if self.uses_pkce else ""
        params = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": self.separator.join(requested),
            "state": state,
            **self.options,
        }
        if verifier:
            params["code_challenge"] = _encoded(hashlib.sha256(verifier.encode()).digest())
            params["code_challenge_method"] = "S256"
        return Authorization(
            profile=profile.id,
            # Some networks do not accept `+` for a space in the scopes.
            url=f"{self.authorize_url}?{urlencode(params, quote_via=quote)}",
            redirect_uri=redirect_uri,
            scopes=requested,
            state=state,
            verifier=verifier,
        )

    def finish(
        self, profile: Profile, authorization: Authorization, callback: Callback
    ) -> Flow[ConnectedAccount]:
        """
        Check the callback, exchange its code for a token, and check the account and its scopes.

        Args:
            profile: The profile to connect.
            authorization: The authorization that `begin` returned for this profile.
            callback: The address to which the network redirected the browser, or its parameters.

        Raises:
            AuthenticationError: If the callback does not belong to the authorization, if the owner
                of the account has denied consent or has not granted all scopes, if the network
                refuses the code, or if the account is not that of the profile.
            NetworkError: If the network does not answer, or not with a token.
        """
        secrets = [authorization.verifier, self._client_secret]
        return _without_secrets(self._finished(profile, authorization, callback, secrets), secrets)

    def _finished(
        self,
        profile: Profile,
        authorization: Authorization,
        callback: Callback,
        secrets: list[str],
    ) -> Flow[ConnectedAccount]:
        code = self._code_in(profile, authorization, callback)
        secrets.append(code)
        connected = yield from self._exchanged(profile, authorization, code, secrets)
        missing = self._missing(authorization.scopes, connected.scopes)
        if missing:
            names = ", ".join(f"`{scope}`" for scope in missing)
            raise AuthenticationError(
                f"{self.title} has not granted {names}; connect `{profile.id}` again, and allow all"
                " permissions that the page lists",
                network=self.network,
            )
        return connected

    def code_of(self, profile: Profile, authorization: Authorization, callback: Callback) -> str:
        """
        Return the code in a callback, after checking that the callback belongs to an authorization.

        Raises:
            AuthenticationError: If the callback belongs to another sign-in, or if the network
                states an error.
            TransientError: If the network states that it is temporarily unavailable.
        """
        try:
            return self._code_in(profile, authorization, callback)
        except NetworkError as error:
            failure = error.with_traceback(None)
        del callback
        raise failure

    def _code_in(self, profile: Profile, authorization: Authorization, callback: Callback) -> str:
        if authorization.profile != profile.id:
            self._refuse(
                f"the sign-in was begun for `{authorization.profile}`, not for `{profile.id}`;"
                " connect the profile again"
            )
        params = self._parameters(authorization, callback)
        stated = params.get("state", "")
        # The comparison takes the same time however many characters are right.
        is_same = hmac.compare_digest(_bytes_of(stated), _bytes_of(authorization.state))
        # An authorization that was restored without its state must not accept every callback.
        if not is_same or not authorization.state:
            self._refuse(
                "the callback does not belong to this sign-in, or the sign-in was already finished;"
                " connect the profile again"
            )
        issuer = params.get("iss", "")
        if issuer and self.issuer and issuer.rstrip("/") != self.issuer.rstrip("/"):
            self._refuse(
                f"the callback comes from `{issuer:.200}`, not from `{self.issuer}`; connect the"
                " profile again"
            )
        error = params.get("error", "") or params.get("error_code", "")
        if error:
            self._raise_stated(error, params)
        # Instagram adds these characters to the code if the browser has removed the fragment.
        code = params.get("code", "").removesuffix("#_")
        if not code:
            self._refuse("the callback contains no code; connect the profile again")
        return code

    def refresh(self, token: Token) -> Flow[Token]:
        """
        Exchange a token for a new one.

        Raises:
            AuthenticationError: If the network refuses the token, or if it cannot be renewed.
            NetworkError: If the network does not answer, or not with a token.
        """
        secrets = [token.access, token.refresh, self._client_secret]
        return _without_secrets(self._refreshed(token, secrets), secrets)

    def revoke(self, token: Token) -> Flow[None]:
        """
        Revoke a token, so that it can no longer be used.

        Raises:
            RejectedError: If the network has no request that revokes a token.
            NetworkError: If the token was not revoked.
        """
        secrets = [token.access, token.refresh, self._client_secret]
        return _without_secrets(self._revoked(token), secrets)

    # The steps of each network.

    def _exchanged(
        self, profile: Profile, authorization: Authorization, code: str, secrets: list[str]
    ) -> Flow[ConnectedAccount]:
        """
        Exchange a code for a token, and return the account to which the token belongs.

        The step adds each new token to *secrets*, which no error shows.
        """
        raise NotImplementedError

    def _refreshed(self, token: Token, secrets: list[str]) -> Flow[Token]:
        raise NotImplementedError

    def _revoked(self, token: Token) -> Flow[None]:
        raise NotImplementedError

    def _missing(self, requested: Iterable[str], granted: Iterable[str]) -> list[str]:
        """Return the requested scopes that were not granted."""
        known = set(granted)
        return [scope for scope in requested if scope not in known]

    # What the steps share.

    def _post(
        self, path: str, values: Mapping[str, str], *, as_json: bool = False, basic: bool = False
    ) -> Request:
        """
        Return a request to the authorization server.

        A code and a refresh token can be used only once, so the request is never repeated after it
        may have reached the server.

        Args:
            path: The path, or the full address.
            values: The values to send.
            as_json: Whether to send them as JSON rather than as a form.
            basic: Whether to send the client secret in the ``Authorization`` header.
        """
        headers = {}
        if basic and self._client_secret:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return Request(
            method="POST",
            url=path if "://" in path else f"{self._server}{path}",
            headers=headers,
            json=dict(values) if as_json else None,
            form=None if as_json else dict(values),
            repeat="no",
        )

    def _get(self, path: str, token: str, params: Mapping[str, str] | None = None) -> Request:
        """Return a request that reads with an access token."""
        request = Request(method="GET", url=f"{self._server}{path}", params=params or {})
        return with_token(request, token)

    def _token_in(
        self, response: Response, action: str, secrets: list[str]
    ) -> tuple[Token, Mapping[str, Json]]:
        """
        Return the token in a response of the authorization server, and all values of the response.

        Raises:
            AuthenticationError: If the server refused the request.
            NetworkError: If the response contains no token.
        """
        values = object_of(response)
        if response.status != 200 or values.get("error"):
            raise self._error_of(response, action)
        access = text_in(values, "access_token")
        if not access:
            raise unreadable(response, "access token", network=self.network)
        kind = text_in(values, "token_type") or "bearer"
        if kind.lower() != "bearer":
            raise unreadable(response, "token of the type `bearer`", network=self.network)
        token = Token(
            access=access,
            refresh=text_in(values, "refresh_token"),
            expires_at=self._expiry(values.get("expires_in")),
        )
        secrets += [token.access, token.refresh]
        return token, values

    def _expiry(self, seconds: Json) -> dt.datetime | None:
        if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit():
            seconds = int(seconds[:12])
        if isinstance(seconds, bool) or not isinstance(seconds, int):
            return None
        if not 0 < seconds <= _LONGEST_LIFE_S:
            return None
        return self._clock() + dt.timedelta(seconds=seconds)

    def _error_of(self, response: Response, action: str) -> NetworkError:
        """Return the error for a response in which the authorization server refused a request."""
        values = object_of(response)
        code = text_in(values, "error")
        stated = text_in(values, "error_description") or text_in(values, "error_message") or code
        hint = f" ({_HINTS[code]})" if code in _HINTS else ""
        message = f"{self.title} refused to {action}{hint}: {stated or 'it stated no reason'}"
        status = response.status
        refused = status == 200 or (400 <= status < 500 and status not in (408, 429))
        if refused and code not in _TEMPORARY:
            return AuthenticationError(message, network=self.network, status=status)
        return error_for(
            status,
            f"{self.title} answered with status {status}" + (f": {stated}" if stated else ""),
            network=self.network,
            retry_after_s=retry_after_s(response.headers),
        )

    def _check_account(self, profile: Profile, actual: str, *others: str) -> str:
        """Return the name of the account, after checking that it is the profile's account."""
        expected = profile.handle.removeprefix("@").lower()
        if expected and expected not in {name.lower() for name in (actual, *others)}:
            raise AuthenticationError(
                f"`{profile.id}` is the account `{expected}`, but the sign-in was with `{actual}`;"
                f" sign in to {self.title} as `{expected}`, and connect again",
                network=self.network,
            )
        return actual

    def _parameters(self, authorization: Authorization, callback: Callback) -> dict[str, str]:
        """Return the parameters of a callback."""
        if isinstance(callback, Mapping):
            return {name: callback[name] for name in callback}
        address = callback.strip()
        if len(address) > _LONGEST_CALLBACK:
            self._refuse("the address of the callback is too long")
        if "://" in address:
            place, _, _ = address.partition("#")[0].partition("?")
            if place != authorization.redirect_uri.partition("?")[0]:
                self._refuse(
                    f"the address does not begin with `{authorization.redirect_uri}`; paste the"
                    " whole address to which the browser was redirected"
                )
            query = address.partition("#")[0].partition("?")[2]
        else:
            query = address.removeprefix("?").partition("#")[0]
        try:
            found = parse_qs(query, keep_blank_values=True, max_num_fields=50)
        except ValueError:
            self._refuse("the address of the callback has too many parameters")
        for name, values in found.items():
            if len(values) > 1:
                self._refuse(f"the callback contains the parameter `{name:.50}` more than once")
        return {name: values[0] for name, values in found.items()}

    def _raise_stated(self, error: str, params: Mapping[str, str]) -> NoReturn:
        """Raise the error that a callback states."""
        stated = (params.get("error_description") or params.get("error_message") or error)[
            :_LONGEST_STATED
        ]
        if error in _TEMPORARY:
            raise TransientError(
                f"{self.title} could not complete the sign-in: {stated}; try again later",
                network=self.network,
            )
        if error == "access_denied":
            self._refuse(
                f"consent was denied on {self.title} ({stated}); connect again, and allow the app"
                " to use the account"
            )
        self._refuse(
            f"{self.title} refused the sign-in: {stated}"
            + (f" ({_HINTS[error]})" if error in _HINTS else "")
        )

    def _refuse(self, problem: str) -> NoReturn:
        raise AuthenticationError(problem, network=self.network)


class Renewal:
    """
    A function that renews tokens with the refresh step of a network, for `RenewedTokens`.

    Args:
        oauth: The sign-in with the network.
        client: The httpx client to use, which the caller must close. By default, connections are
            opened for each renewal.
        on_exchange: A function that is called after each attempt to send a request, for logs and
            metrics.
    """

    def __init__(
        self,
        oauth: OAuth,
        *,
        client: httpx.Client | None = None,
        on_exchange: OnExchange | None = None,
    ) -> None:
        self._oauth = oauth
        self._client = client
        self._on_exchange = on_exchange

    def __repr__(self) -> str:
        return f"Renewal({self._oauth!r})"

    def __call__(self, token: Token) -> Token:
        """
        Return a new token for an old one.

        Raises:
            AuthenticationError: If the network refuses the token, or if it cannot be renewed.
            NetworkError: If the network does not answer, or not with a token.
        """
        return run_oauth(
            self._oauth.refresh(token), client=self._client, on_exchange=self._on_exchange
        )


def run_oauth(
    flow: Flow[_T], *, client: httpx.Client | None = None, on_exchange: OnExchange | None = None
) -> _T:
    """
    Run a flow of `OAuth`, and return its result.

    Args:
        flow: The flow.
        client: The httpx client to use, which the caller must close. By default, connections are
            opened for this flow.
        on_exchange: A function that is called after each attempt to send a request, for logs and
            metrics.

    Raises:
        NetworkError: If the flow fails.
    """
    transport = HttpTransport(client, on_exchange=on_exchange)
    try:
        return Driver().run(flow, transport=transport)
    finally:
        if client is None:
            transport.close()


def cannot_revoke(network: str, repair: str) -> RejectedError:
    """Return the error for a network that has no request that revokes a token."""
    return RejectedError(f"the token cannot be revoked by a request; {repair}", network=network)


def cannot_renew(network: str, title: str) -> AuthenticationError:
    """Return the error for a token that has no refresh token."""
    return AuthenticationError(
        "the access token has expired, and there is no refresh token; connect the account with"
        f" {title} again",
        network=network,
    )


def words_in(values: Mapping[str, Json], key: str, separator: str = " ") -> tuple[str, ...] | None:
    """
    Return the scopes in a response, which are a text or a list; None if there are none.

    >>> words_in({"scope": "read write"}, "scope")
    ('read', 'write')
    """
    value = values.get(key)
    if isinstance(value, str):
        return tuple(word for word in value.replace(separator, " ").split() if word)
    if isinstance(value, list):
        return tuple(word for word in value if isinstance(word, str))
    return None


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes_of(text: str) -> bytes:
    # A text that a person pastes can contain lone surrogates.
    return text.encode("utf-8", "surrogatepass")


def _without_secrets(flow: Flow[_T], secrets: list[str]) -> Flow[_T]:
    """
    Run a flow, and remove secrets from the error that it raises.

    A server can repeat in its message what it received. Tools that record the local variables of a
    traceback would record the secrets in the variables of the flow, so the error is raised here
    without the earlier traceback.
    """
    try:
        return (yield from flow)
    except NetworkError as error:
        failure = error.with_traceback(None)
        failure.args = (_redacted(str(error), secrets), *error.args[1:])
    del secrets
    raise failure


def _redacted(text: str, secrets: Iterable[str]) -> str:
    # No real secret is shorter; a shorter text could be a part of any word.
    for secret in (secret for secret in secrets if len(secret) >= _SHORTEST_SECRET):
        text = text.replace(secret, _REDACTED)
        # The end of a long message has been cut off, and with it the end of the secret.
        begun = next(
            (n for n in range(len(secret), _SHORTEST_SECRET, -1) if text.endswith(secret[:n])), 0
        )
        if begun:
            text = f"{text[:-begun]}{_REDACTED}"
    return text
