"""Requests and responses of Meta's Graph API, which Facebook and Instagram share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar, Final
from urllib.parse import quote, urlsplit

from socialcollab.content import Json, Video
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.oauth import OAuth
from socialcollab.networks.responses import (
    error_for,
    object_of,
    states,
    text_in,
    unreadable,
    wait_s,
)
from socialcollab.transport import Flow, MediaPart, Request, Response, call

_UPLOAD_HOST: Final = "rupload.facebook.com"
VERSION: Final = "v25.0"
# developers.facebook.com/docs/graph-api/guides/error-handling, read 2026-11-30. The status of a
# response does not tell these errors apart; a throttled request can even have status 200.
_REFUSES_TOKEN: Final = frozenset({10, 102, 190, *range(200, 300)})
_THROTTLES: Final = frozenset({4, 17, 32, 613, *range(80001, 80015)})
# An account can be written to only within 24 hours of its own message.
_CLOSED_CONVERSATION: Final = frozenset({2018278, 2534022})
_TEMPORARY: Final = frozenset({-2, -1, 1, 2})
_DUPLICATE: Final = 506
# "Object does not exist": code 100 with this subcode.
_NOT_FOUND: Final = 33


class GraphOAuth(OAuth):
    """The sign-in with a network of Meta, which documents PKCE only for sign-ins with OpenID Connect."""

    uses_pkce: ClassVar[bool] = False
    separator: ClassVar[str] = ","

    def _error_of(self, response: Response, action: str) -> NetworkError:
        # The Graph API states errors as an object, in contrast to the OAuth standard.
        if not _error(response):
            return super()._error_of(response, action)
        error = error_of(response, network=self.network)
        if isinstance(error, RejectedError):
            # The code or the app was refused; there is no post that could be changed.
            return AuthenticationError(
                f"{self.title} refused to {action}: {error}",
                network=self.network,
                status=response.status,
            )
        return error


def values_of(
    response: Response, *keys: str, network: str, creates: bool = False
) -> Mapping[str, Json]:
    """
    Return the values of a successful response.

    Args:
        response: The response.
        keys: The keys that the response must contain.
        network: The name of the network.
        creates: Whether the request creates a post.

    Raises:
        NetworkError: If the request failed, or if the response does not contain the values.
    """
    values = object_of(response)
    if response.status != 200 or "error" in values:
        raise error_of(response, network=network, creates=creates)
    for key in keys:
        if not states(values, key):
            raise unreadable(response, f"`{key}`", network=network, creates=creates)
    return values


def items_of(response: Response, *, network: str) -> list[Mapping[str, Json]]:
    """
    Return the items of a list, which all have an `id`.

    Raises:
        NetworkError: If the request failed, or if the response is not such a list.
    """
    values = values_of(response, network=network)
    data = values.get("data")
    items = data if isinstance(data, list) else [None]
    found = [item for item in items if isinstance(item, Mapping) and states(item, "id")]
    if len(found) < len(items):
        raise unreadable(response, "list of items with an `id`", network=network)
    return found


def next_page(response: Response) -> str:
    """Return the cursor of the next page of a list, or an empty string."""
    paging = object_of(response).get("paging")
    if not isinstance(paging, Mapping) or not paging.get("next"):
        return ""
    cursors = paging.get("cursors")
    return text_in(cursors, "after") if isinstance(cursors, Mapping) else ""


def is_gone(response: Response) -> bool:
    """Return whether a request failed because the object does not exist."""
    error = _error(response)
    # Any server can answer with status 404, but not with an error of the Graph API.
    return bool(error) and (
        response.status == 404
        or (error.get("code") == 100 and error.get("error_subcode") == _NOT_FOUND)
    )


def is_duplicate(response: Response) -> bool:
    """Return whether a post was refused because it duplicates an earlier post."""
    return _error(response).get("code") == _DUPLICATE


def delete(server: str, network_id: str, *, network: str) -> Flow[None]:
    """
    Delete a post. A post that no longer exists counts as deleted.

    Raises:
        NetworkError: If the post was not deleted.
    """
    url = f"{server}/{quote(network_id, safe='')}"
    response = yield from call(Request(method="DELETE", url=url))
    if not is_gone(response):
        values_of(response, "success", network=network)
        return
    # The API also answers this way if the token lacks a permission.
    shown = yield from call(Request(method="GET", url=url, params={"fields": "id"}))
    if shown.status == 200:
        raise error_of(response, network=network)


def change(server: str, network_id: str, body: Mapping[str, Json], *, network: str) -> Flow[None]:
    """
    Change values of an object, such as whether a comment is hidden.

    Raises:
        NetworkError: If the values were not changed.
    """
    url = f"{server}/{quote(network_id, safe='')}"
    response = yield from call(Request(method="POST", url=url, json=body))
    values_of(response, "success", network=network)


def upload_video(server: str, address: str, video: Video, *, network: str) -> Flow[None]:
    """
    Upload a video to the address that the Graph API returned for it.

    Args:
        server: The address of the Graph API.
        address: The address to upload to. It must belong to Meta's upload server, or to *server*,
            because the access token is sent there.
        video: The video.
        network: The name of the network.

    Raises:
        TransientError: If the address belongs to another server.
        NetworkError: If the upload failed.

    Source:
        developers.facebook.com/docs/video-api/guides/reels-publishing and
        developers.facebook.com/docs/instagram-platform/content-publishing/resumable-uploads, read
        2026-11-30.
    """
    parts, own = urlsplit(address), urlsplit(server)
    if (parts.scheme, parts.netloc) not in (("https", _UPLOAD_HOST), (own.scheme, own.netloc)):
        raise TransientError("the upload address belongs to another server", network=network)
    request = Request(
        method="POST",
        url=address,
        # The upload server expects another scheme than the Graph API.
        headers={
            "authorization": "OAuth",
            "offset": "0",
            "file_size": str(video.size_bytes),
        },
        media=MediaPart(digest=video.digest, media_type=video.media_type, size=video.size_bytes),
    )
    response = yield from call(request)
    values_of(response, "success", network=network)


def error_of(response: Response, *, network: str, creates: bool = False) -> NetworkError:
    """Return the error for an unsuccessful response; *creates* marks requests that create posts."""
    error, status = _error(response), response.status
    code = error.get("code")
    stated = text_in(error, "error_user_msg") or text_in(error, "message")
    message = f"the Graph API answered with status {status}"
    if isinstance(code, int):
        message = f"{message} and code {code}"
    # The message of a refused token can contain the token.
    if stated and code not in (102, 190):
        message = f"{message}: {stated}"
    if code in _THROTTLES or status == 429:
        return RateLimitedError(
            message, retry_after_s=wait_s(response), network=network, status=status
        )
    if error.get("error_subcode") in _CLOSED_CONVERSATION:
        return RejectedError(message, network=network, status=status)
    if code in _REFUSES_TOKEN:
        return AuthenticationError(message, network=network, status=status)
    if code in _TEMPORARY or error.get("is_transient") is True or status >= 500:
        # The request may have created the post before it failed.
        return error_for(500, message, network=network, creates=creates)
    if isinstance(code, int):
        return RejectedError(message, network=network, status=status)
    return error_for(status, message, network=network, creates=creates)


def instant_of(values: Mapping[str, Json], key: str) -> dt.datetime | None:
    """Return the time in a response, or None if it is missing or has another format."""
    try:
        at = dt.datetime.fromisoformat(text_in(values, key))
    except ValueError:
        return None
    return None if at.utcoffset() is None else at.astimezone(dt.UTC)


def _error(response: Response) -> Mapping[str, Json]:
    error = object_of(response).get("error")
    return error if isinstance(error, Mapping) else {}
