"""Convert the responses of a Mastodon server into values, or into errors."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from html import unescape
from typing import Final

from socialcollab.content import Json
from socialcollab.errors import NetworkError, TransientError
from socialcollab.networks.responses import (
    error_for,
    object_of,
    states,
    text_in,
    unreadable,
    wait_s,
)
from socialcollab.transport import Published, Response

NETWORK: Final = "mastodon"
_MARKUP: Final = re.compile(r"[\s!-/:-@\[-`{-~]+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_TAG: Final = re.compile(r"(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*)")
_BREAKS: Final = {
    **dict.fromkeys(
        ("blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "ul"), "\n\n"
    ),
    "br": "\n",
    "li": "\n",
}
_HOST: Final = re.compile(r"(@\w+)@[\w.-]*\w")


def values_of(
    response: Response, *keys: str, ok: tuple[int, ...] = (200,), creates: bool = False
) -> Mapping[str, Json]:
    """
    Return the values of a successful response.

    Args:
        response: The response.
        keys: The keys that the response must contain.
        ok: The statuses of a successful response.
        creates: Whether the request creates or changes a post.

    Raises:
        NetworkError: If the request failed, or if the response does not contain the values.
    """
    if response.status not in ok:
        raise error_of(response, creates=creates)
    data = object_of(response)
    for key in keys:
        if not states(data, key):
            raise unreadable(response, f"`{key}`", network=NETWORK, creates=creates)
    return data


def list_of(response: Response) -> list[Mapping[str, Json]]:
    """
    Return the items of a successful response, all of which have an `id`.

    Raises:
        NetworkError: If the request failed, or if the response is not such a list.
    """
    if response.status != 200:
        raise error_of(response)
    data = response.json()
    items = data if isinstance(data, list) else [None]
    found = [item for item in items if isinstance(item, Mapping) and states(item, "id")]
    if len(found) < len(items):
        raise unreadable(response, "list of items with an `id`", network=NETWORK)
    return found


def is_gone(response: Response) -> bool:
    """Return whether a request failed because the post does not exist."""
    # Any server can answer with this status, but not with an error of the API.
    return response.status in (404, 410) and bool(text_in(object_of(response), "error"))


def published_of(status: Mapping[str, Json]) -> Published:
    """Return the post that a response with an `id` describes."""
    try:
        at = dt.datetime.fromisoformat(str(status.get("created_at")))
    except ValueError:
        at = None
    return Published(
        network_id=str(status["id"]),
        url=str(status.get("url") or status.get("uri") or ""),
        at=None if at is None or at.utcoffset() is None else at.astimezone(dt.UTC),
    )


def error_of(response: Response, *, creates: bool = False) -> NetworkError:
    """Return the error for a failed response. Set *creates* if the request creates a post."""
    status, stated = response.status, text_in(object_of(response), "error")
    message = f"the server answered with status {status}"
    if stated:
        message = f"{message}: {stated}"
    if status == 422 and "processing" in stated.lower():
        # The images are not ready yet, and nothing was created.
        return TransientError(message, network=NETWORK, status=status)
    return error_for(
        status,
        message,
        network=NETWORK,
        creates=creates,
        retry_after_s=wait_s(response),
    )


def is_same_text(sent: str, html: str) -> bool:
    """
    Return whether a post's HTML shows a text that was sent.

    White space, ASCII punctuation and the hosts of mentions are ignored, because a server can
    interpret markup and shorten mentions.

    >>> is_same_text("De *lente* @ben@rose.nl", '<p>De <em>lente</em> <a href="#">@ben</a></p>')
    True
    """
    return _comparable(sent) == _comparable(plain_text(html))


def plain_text(html: str) -> str:
    r"""
    Return the text of a post's HTML, with empty lines between paragraphs.

    >>> plain_text("<p>De <em>lente</em><br>is er</p><p>&amp; hoe</p>")
    'De lente\nis er\n\n& hoe'
    """
    # The parser of the standard library takes minutes for some damaged texts.
    first, *rest = html.split("<")
    parts, hidden = [first], False
    for piece in rest:
        inside, closed, text = piece.partition(">")
        tag = _TAG.match(inside)
        if not closed or tag is None:
            parts.append(f"<{piece}")
            continue
        name = tag["name"].lower()
        if name in ("script", "style"):
            hidden = not tag["end"]
        parts.append(_BREAKS.get(name, ""))
        parts.append("" if hidden else text)
    return _EMPTY_LINES.sub("\n\n", unescape("".join(parts))).strip()


def _comparable(text: str) -> str:
    return _MARKUP.sub("", _HOST.sub(r"\1", text))
