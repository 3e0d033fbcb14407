"""Convert the responses of an AT Protocol server into values or errors."""

from __future__ import annotations

from typing import Final

from socialcollab.content import Json
from socialcollab.errors import AuthenticationError, NetworkError
from socialcollab.networks.responses import (
    error_for,
    object_of,
    text_in,
    unreadable,
    wait_s,
)
from socialcollab.transport import Response

NETWORK: Final = "bluesky"
# A server reports these errors with status 400 or 401.
_REFUSES_ACCOUNT: Final = frozenset(
    {
        "AccountDeactivated",
        "AccountSuspended",
        "AccountTakedown",
        "AuthFactorTokenRequired",
        "AuthMissing",
        "AuthenticationRequired",
        "ExpiredToken",
        "InvalidToken",
    }
)


def error_name(response: Response) -> str:
    """Return the name of the error in a response, or an empty string."""
    return text_in(object_of(response), "error")


def text_of(response: Response, key: str, *, creates: bool = False) -> str:
    """
    Return a value of a successful response.

    Args:
        response: The response.
        key: The key of the value.
        creates: Whether the request creates a post.

    Raises:
        NetworkError: If the request failed, or if the response does not contain the value.
    """
    value = value_of(response, key, creates=creates)
    if isinstance(value, str) and value:
        return value
    raise unreadable(response, f"`{key}`", network=NETWORK, creates=creates)


def value_of(response: Response, key: str, *, creates: bool = False) -> Json:
    """Return a value of any type from a successful response; see `text_of`."""
    if response.status != 200:
        raise error_of(response, creates=creates)
    # The other values may be tokens, so they are in no variable: some tools record the variables of
    # a traceback.
    if key not in object_of(response):
        raise unreadable(response, f"`{key}`", network=NETWORK, creates=creates)
    return object_of(response)[key]


def list_in(response: Response, key: str) -> list[Json]:
    """Return a list of a successful response; see `text_of`."""
    found = value_of(response, key)
    if not isinstance(found, list):
        raise unreadable(response, f"list `{key}`", network=NETWORK)
    return found


def error_of(response: Response, *, creates: bool = False) -> NetworkError:
    """Return the error for a failed response. Set *creates* if the request creates a post."""
    status, name = response.status, error_name(response)
    stated = text_in(object_of(response), "message")
    message = (
        f"the server answered with {name}: {stated}"
        if name
        else f"the server answered with status {status}"
    )
    if name in _REFUSES_ACCOUNT:
        return AuthenticationError(message, network=NETWORK, status=status)
    return error_for(
        status,
        message,
        network=NETWORK,
        creates=creates,
        retry_after_s=wait_s(response),
    )
