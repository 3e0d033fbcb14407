"""What the sandbox's answers mean: values, or errors by what the caller can do."""

from __future__ import annotations

import datetime as dt
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
from socialcollab.transport import Found, Published, Response, retry_after_s


def read_published(reply: Response, *, network: str) -> Published:
    """
    Read the answer to a creating request.

    Raises:
        NetworkError: Of the kind that says what the caller can do. An answer
            that does not say whether the post was made leaves that unknown.
    """
    if reply.status not in (200, 201):
        raise _error(reply, network=network, created=True)
    try:
        return _published(reply.json())
    except (TransientError, KeyError, TypeError, ValueError):
        raise OutcomeUnknownError(
            f"the answer with status {reply.status} names no post",
            network=network,
            status=reply.status,
        ) from None


def read_media_id(reply: Response, *, network: str) -> str:
    """
    Read the answer to an upload.

    Raises:
        NetworkError: If it was not taken.
    """
    if reply.status not in (200, 201):
        raise _error(reply, network=network)
    return _text(reply, "id", network=network)


def read_found(reply: Response, *, network: str) -> Found | None:
    """
    Read the answer to a look; None if nothing is there.

    Raises:
        NetworkError: If the look itself failed.
    """
    if reply.status != 200:
        raise _error(reply, network=network)
    data = reply.json()
    posts = data.get("posts") if isinstance(data, Mapping) else None
    try:
        if not isinstance(posts, list):
            raise TypeError(posts)
        return Found(_published(posts[0])) if posts else None
    except (KeyError, TypeError, ValueError):
        raise TransientError("the answer lists no posts", network=network, status=200) from None


def read_removed(reply: Response, *, network: str) -> None:
    """
    Read the answer to a removal; what is not there any more is removed.

    Raises:
        NetworkError: If it still stands.
    """
    if reply.status not in (200, 204, 404, 410):
        raise _error(reply, network=network)


def read_changed(reply: Response, *, network: str) -> None:
    """
    Read the answer to a change in place.

    Raises:
        NetworkError: Of the kind that says what the caller can do; what is not
            there any more cannot be changed.
    """
    if reply.status != 200:
        raise _error(reply, network=network, created=True)
    try:
        _text(reply, "id", network=network)
    except TransientError:
        raise OutcomeUnknownError(
            "the answer names no post", network=network, status=reply.status
        ) from None


def read_account(reply: Response, *, network: str) -> str:
    """
    Read the account's name.

    Raises:
        NetworkError: If the credentials are refused, or no account is named.
    """
    if reply.status != 200:
        raise _error(reply, network=network)
    return _text(reply, "handle", network=network)


def _text(reply: Response, key: str, *, network: str) -> str:
    data = reply.json()
    value = data.get(key) if isinstance(data, Mapping) else None
    if not isinstance(value, str) or not value:
        raise TransientError(f"the answer has no `{key}`", network=network, status=reply.status)
    return value


def _published(data: Json) -> Published:
    if not isinstance(data, Mapping):
        raise TypeError(data)
    network_id, url, created_at = data["id"], data["url"], data["created_at"]
    if not isinstance(network_id, str) or not network_id:
        raise ValueError(network_id)
    at = dt.datetime.fromisoformat(str(created_at))
    if at.utcoffset() is None:
        raise ValueError(created_at)
    return Published(network_id=network_id, url=str(url), at=at.astimezone(dt.UTC))


def _error(reply: Response, *, network: str, created: bool = False) -> NetworkError:
    """Return the error for a refusal; with *created*, of a request that creates."""
    status, said = reply.status, _said(reply)
    if status in (401, 403):
        return AuthenticationError(said, network=network, status=status)
    if status == 429:
        return RateLimitedError(
            said,
            retry_after_s=retry_after_s(reply.headers),
            network=network,
            status=status,
        )
    if 400 <= status < 500 and status != 408:
        return RejectedError(said, network=network, status=status)
    # A server that fails may have made the post before it failed.
    kind = OutcomeUnknownError if created else TransientError
    return kind(said, network=network, status=status)


def _said(reply: Response) -> str:
    try:
        data = reply.json()
    except TransientError:
        data = None
    said = data.get("error") if isinstance(data, Mapping) else None
    return said if isinstance(said, str) and said else f"the sandbox answered {reply.status}"
