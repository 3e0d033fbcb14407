"""Convert the sandbox's responses into values, or into errors that indicate what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from socialcollab.content import Json
from socialcollab.errors import (
    NetworkError,
    TransientError,
)
from socialcollab.networks.responses import error_for, object_of, text_in, unreadable
from socialcollab.transport import Found, Published, Response, retry_after_s


def read_published(response: Response, *, network: str) -> Published:
    """
    Return the post that a request created.

    Raises:
        NetworkError: If the post was not created, or if the response does not show whether it was
            created. The subclass indicates what the caller can do.
    """
    if response.status not in (200, 201):
        raise _error(response, network=network, creates=True)
    try:
        return _published(response.json())
    except (TransientError, KeyError, TypeError, ValueError):
        raise unreadable(response, "post", network=network, creates=True) from None


def read_media_id(response: Response, *, network: str) -> str:
    """
    Return the id of the uploaded media.

    Raises:
        NetworkError: If the upload failed.
    """
    if response.status not in (200, 201):
        raise _error(response, network=network)
    return _text(response, "id", network=network)


def read_found(response: Response, *, network: str) -> Found | None:
    """
    Return the post that a lookup found, or None.

    Raises:
        NetworkError: If the lookup failed.
    """
    if response.status != 200:
        raise _error(response, network=network)
    data = response.json()
    posts = data.get("posts") if isinstance(data, Mapping) else None
    try:
        if not isinstance(posts, list):
            raise TypeError(posts)
        return Found(_published(posts[0])) if posts else None
    except (KeyError, TypeError, ValueError):
        raise unreadable(response, "list of posts", network=network) from None


def check_removed(response: Response, *, network: str) -> None:
    """
    Check that the post is removed. A post that no longer exists counts as removed.

    Raises:
        NetworkError: If the removal failed.
    """
    if response.status not in (200, 204, 404, 410):
        raise _error(response, network=network)


def check_changed(response: Response, *, network: str) -> None:
    """
    Check that the post was changed in place.

    Raises:
        NetworkError: If the post was not changed, for example because it no longer exists. The
            subclass indicates what the caller can do.
    """
    if response.status != 200:
        raise _error(response, network=network, creates=True)
    try:
        _text(response, "id", network=network)
    except TransientError:
        raise unreadable(response, "post", network=network, creates=True) from None


def read_account(response: Response, *, network: str) -> str:
    """
    Return the name of the account.

    Raises:
        NetworkError: If the credentials are rejected, or if the response contains no account name.
    """
    if response.status != 200:
        raise _error(response, network=network)
    return _text(response, "handle", network=network)


def _text(response: Response, key: str, *, network: str) -> str:
    value = text_in(object_of(response), key)
    if not value:
        raise unreadable(response, f"`{key}`", network=network)
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


def _error(response: Response, *, network: str, creates: bool = False) -> NetworkError:
    """Return the error for a failed response. Set *creates* if the request creates a post."""
    stated = text_in(object_of(response), "error")
    return error_for(
        response.status,
        stated or f"the sandbox answered with status {response.status}",
        network=network,
        creates=creates,
        retry_after_s=retry_after_s(response.headers),
    )
