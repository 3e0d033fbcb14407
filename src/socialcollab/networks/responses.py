"""Functions for responses from any network with an HTTP API."""

from __future__ import annotations

from collections.abc import Mapping

from socialcollab.content import Json
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.transport import Response, retry_after_s, system_clock


def object_of(response: Response) -> Mapping[str, Json]:
    """Return the JSON object in a response, or an empty object if it contains none."""
    try:
        data = response.json()
    except TransientError:
        return {}
    return data if isinstance(data, Mapping) else {}


def text_in(values: Mapping[str, Json], key: str) -> str:
    """Return a text or an integer from a JSON object as a text, or an empty string."""
    value = values.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        # Some networks have changed ids and cursors from numbers to texts, and back.
        return str(value)
    return value if isinstance(value, str) else ""


def states(values: Mapping[str, Json], key: str) -> bool:
    """
    Return whether a JSON object contains a usable value.

    An id must be a text or an integer, and ``success`` and ``deleted`` must be true. Otherwise, the
    response of a wrong server could be taken for a confirmation.

    >>> states({"id": "1"}, "id"), states({"id": {"a": 1}}, "id"), states({"deleted": "no"}, "deleted")
    (True, False, False)
    """
    if key in ("success", "deleted"):
        return values.get(key) is True
    if key == "id" or key.endswith("_id"):
        return bool(text_in(values, key))
    return bool(values.get(key))


def error_for(
    status: int,
    message: str,
    *,
    network: str,
    creates: bool = False,
    retry_after_s: float | None = None,
) -> NetworkError:
    """
    Return the error for the status of an unsuccessful response.

    Args:
        status: The HTTP status.
        message: The server's message.
        network: The name of the network.
        creates: Whether the request creates or changes a post.
        retry_after_s: How long the server asks the client to wait, in seconds.
    """
    if status in (401, 403):
        return AuthenticationError(message, network=network, status=status)
    if status == 429:
        return RateLimitedError(
            message, retry_after_s=retry_after_s, network=network, status=status
        )
    if 400 <= status < 500 and status != 408:
        return RejectedError(message, network=network, status=status)
    # A server that fails may already have created the post.
    kind = OutcomeUnknownError if creates else TransientError
    return kind(message, network=network, status=status)


def unreadable(
    response: Response, missing: str, *, network: str, creates: bool = False
) -> NetworkError:
    """Return the error for a successful response that does not contain *missing*."""
    kind = OutcomeUnknownError if creates else TransientError
    return kind(
        f"the response with status {response.status} contains no {missing}",
        network=network,
        status=response.status,
    )


def wait_s(response: Response) -> float | None:
    """Return how long a response that refuses a request asks the client to wait, or None."""
    return retry_after_s(response.headers, now=system_clock())
