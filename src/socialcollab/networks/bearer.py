"""A transport that adds an access token to each request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import attrs

from socialcollab.directory import Profile
from socialcollab.errors import AuthenticationError
from socialcollab.transport import Request, Response, Transport

Secrets: TypeAlias = Mapping[str, str] | Callable[[str], str]
"""The secret of each account, by profile id; or a function that returns it."""


def secret_of(profile: Profile, secrets: Secrets, kind: str) -> str:
    """
    Return the secret of a profile's account.

    Args:
        profile: The profile.
        secrets: The secrets.
        kind: The kind of secret, such as "access token", for the message.

    Raises:
        AuthenticationError: If there is no secret for the profile.
    """
    secret = secrets(profile.id) if callable(secrets) else secrets.get(profile.id, "")
    if not secret:
        raise AuthenticationError(
            f"there is no {kind} for profile `{profile.id}`", network=profile.network
        )
    return secret


def with_token(request: Request, token: str) -> Request:
    """Return a request that is authorized by an access token."""
    headers = {**request.headers, "authorization": f"Bearer {token}"}
    return attrs.evolve(request, headers=headers)


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
        return self._inner.send(with_token(request, self._token()), timeout_s=timeout_s)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()
