"""Convert the responses of a server of the AT Protocol into values, or into errors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from socialcollab.content import Json
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.transport import Response, retry_after_s

NETWORK: Final = "bluesky"
# A server states these errors with status 400 or 401.
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
_LONGEST_MESSAGE: Final = 300


def error_name(response: Response) -> str:
    """Return the name of the error that a response states, or an empty string."""
    return _stated(response, "error")


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
    raise _unreadable(response, key, creates=creates)


def value_of(response: Response, key: str, *, creates: bool = False) -> Json:
    """Return a value of any type from a successful response; see `text_of`."""
    if response.status != 200:
        raise error_of(response, creates=creates)
    try:
        data = response.json()
    except TransientError:
        data = None
    if not isinstance(data, Mapping) or key not in data:
        raise _unreadable(response, key, creates=creates)
    return data[key]


def error_of(response: Response, *, creates: bool = False) -> NetworkError:
    """Return the error for an unsuccessful response; *creates* marks requests that create posts."""
    status, name = response.status, error_name(response)
    message = f"{name}: {_stated(response, 'message')}" if name else f"status {status}"
    message = f"the server answered with {message}"[:_LONGEST_MESSAGE]
    if status in (401, 403) or name in _REFUSES_ACCOUNT:
        return AuthenticationError(message, network=NETWORK, status=status)
    if status == 429:
        return RateLimitedError(
            message, retry_after_s=_wait_s(response.headers), network=NETWORK, status=status
        )
    if 400 <= status < 500 and status != 408:
        return RejectedError(message, network=NETWORK, status=status)
    # A server that fails may already have created the post.
    kind = OutcomeUnknownError if creates else TransientError
    return kind(message, network=NETWORK, status=status)


def _wait_s(headers: Mapping[str, str]) -> float | None:
    """Return how long the server asks the client to wait, by one of the two headers that exist."""
    wait_s = retry_after_s(headers)
    if wait_s is not None:
        return wait_s
    reset = headers.get("ratelimit-reset", "").strip()
    if not (reset.isascii() and reset.isdigit()):
        return None
    return max(0.0, float(reset[:12]) - dt.datetime.now(dt.UTC).timestamp())


def _unreadable(response: Response, key: str, *, creates: bool) -> NetworkError:
    kind = OutcomeUnknownError if creates else TransientError
    return kind(
        f"the response with status {response.status} contains no `{key}`",
        network=NETWORK,
        status=response.status,
    )


def _stated(response: Response, key: str) -> str:
    try:
        data = response.json()
    except TransientError:
        return ""
    value = data.get(key) if isinstance(data, Mapping) else None
    return value if isinstance(value, str) else ""
