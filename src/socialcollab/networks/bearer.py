"""Networks whose requests are authorized by an access token."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Self, TypeAlias

import attrs

from socialcollab.directory import Profile
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    SocialCollabError,
    TransientError,
)
from socialcollab.networks.server import server_of
from socialcollab.transport import (
    BudgetedTransport,
    Budgets,
    HttpTransport,
    Media,
    OnExchange,
    Request,
    Response,
    Transport,
)

if TYPE_CHECKING:
    import httpx

Secrets: TypeAlias = Mapping[str, str] | Callable[[str], str]
"""The secret of each account, by profile id; or a function that returns it."""

# All characters that a header can contain. RFC 6750 allows fewer, but networks do not keep to it.
_VISIBLE: Final = re.compile(r"[!-~]+")


def secret_of(profile: Profile, secrets: Secrets, kind: str, *, in_header: bool = False) -> str:
    """
    Return the secret of a profile's account.

    Args:
        profile: The profile.
        secrets: The secrets.
        kind: The kind of secret, such as "access token", for the message.
        in_header: Whether the secret is sent in a header, in which only some characters are allowed.

    Raises:
        AuthenticationError: If there is no secret for the profile, or if it is not a text or cannot
            be sent in a header.
    """
    secret: object = secrets(profile.id) if callable(secrets) else secrets.get(profile.id, "")
    if isinstance(secret, str) and secret and (not in_header or _VISIBLE.fullmatch(secret)):
        return secret
    if not secret:
        fault = f"there is no {kind} for profile `{profile.id}`"
    elif not isinstance(secret, str):
        fault = (
            f"the {kind} of profile `{profile.id}` is of type `{type(secret).__name__}`, not text"
        )
    else:
        fault = (
            f"the {kind} of profile `{profile.id}` contains a space, a line break or another"
            " character that cannot be part of it; store it again"
        )
    # Tools that record the local variables of a traceback must not record secrets.
    del secret, secrets
    raise AuthenticationError(fault, network=profile.network)


def fetched(secret: Callable[[], str]) -> str:
    """
    Return the secret that a function of the host returns.

    Raises:
        TransientError: If the function fails, for example because its store is not available.
        NetworkError: As raised by the function.
    """
    try:
        return secret()
    except NetworkError:
        raise
    except SocialCollabError as error:
        # These errors never contain a secret, and say how to make the credentials readable.
        raise TransientError(f"the credentials cannot be read: {error}") from None
    except Exception as error:  # noqa: BLE001  the host's function can raise anything
        # The message could contain the secret.
        raise TransientError(f"the credentials cannot be read ({type(error).__name__})") from None


def with_token(request: Request, token: str) -> Request:
    """
    Return a request that is authorized by an access token.

    A request whose authorization header contains only a scheme, such as ``OAuth``, keeps its scheme.

    Raises:
        AuthenticationError: If the token cannot be sent in a header.
    """
    value: object = token
    is_valid = isinstance(value, str) and _VISIBLE.fullmatch(value) is not None
    if not is_valid:
        del token, value  # as in `secret_of`
        raise AuthenticationError("the access token is not a text of visible ASCII characters")
    scheme = request.headers.get("authorization", "Bearer")
    headers = {**request.headers, "authorization": f"{scheme} {token}"}
    return attrs.evolve(request, headers=headers)


def within_budget(inner: Transport, budgets: Budgets | None, profile: Profile) -> Transport:
    """Return a transport that keeps to the budgets of a profile's account, if there are any."""
    if budgets is None:
        return inner
    return BudgetedTransport(inner, budgets, account=f"{profile.network}/{profile.id}")


class BearerTransport:
    """
    A transport that adds the access token of an account to each request.

    Args:
        inner: The transport that sends the requests.
        token: A function that returns the access token.
    """

    def __init__(self, inner: Transport, *, token: Callable[[], str]) -> None:
        self._inner = inner
        self._token = token

    def __repr__(self) -> str:
        return "BearerTransport()"

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """
        Send one request and return the response, regardless of its status.

        Raises:
            AuthenticationError: If there is no access token.
            TransientError: If nothing reached the server.
            OutcomeUnknownError: If the request may have reached the server, but there was no
                complete response.
        """
        request = with_token(request, fetched(self._token))
        return self._inner.send(request, timeout_s=timeout_s)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class BearerNetwork:
    """
    A network whose requests are authorized by the access token of the profile's account.

    A subclass sets `network` and adds the ``adapter`` method.

    Args:
        tokens: The access tokens.
        media: The media store from which media are uploaded.
        client: The httpx client to use, which the caller must close.
        on_exchange: A function that is called after each attempt to send a request, for logs and
            metrics.
        budgets: The budgets that this network shares with other processes. By default, requests are
            sent until the network refuses one.
    """

    network: ClassVar[str]
    """The name of the network."""

    default_server: ClassVar[str] = ""
    """The server of profiles without a server; if it is empty, profiles must have a server."""

    def __init__(
        self,
        tokens: Secrets,
        *,
        media: Media | None = None,
        client: httpx.Client | None = None,
        on_exchange: OnExchange | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        self._tokens = tokens
        self._budgets = budgets
        self._http = HttpTransport(client, media=media, on_exchange=on_exchange)
        self._lock = threading.Lock()
        self._transports: dict[Profile, Transport] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def server_of(self, profile: Profile) -> str:
        """
        Return the address of a profile's server, without a trailing slash.

        Raises:
            InvalidValueError: If the profile is on another network, or if its server is missing or
                not safe.
        """
        return server_of(profile, self.network, default=self.default_server)

    def transport(self, profile: Profile) -> Transport:
        """
        Return the transport that sends the requests of *profile* with its access token.

        Raises:
            InvalidValueError: As for `server_of`.
        """
        self.server_of(profile)
        with self._lock:
            if profile not in self._transports:
                self._transports[profile] = BearerTransport(
                    within_budget(self._http, self._budgets, profile),
                    token=lambda: secret_of(profile, self._tokens, "access token", in_header=True),
                )
            return self._transports[profile]

    def close(self) -> None:
        """Close all connections, unless they belong to the caller's client."""
        self._http.close()
