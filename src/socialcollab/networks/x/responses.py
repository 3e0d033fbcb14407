"""Convert the responses of X into values, or into errors."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from socialcollab.content import Json
from socialcollab.errors import NetworkError
from socialcollab.networks.responses import (
    error_for,
    object_of,
    states,
    text_in,
    unreadable,
    wait_s,
)
from socialcollab.text import entities
from socialcollab.transport import Response

NETWORK: Final = "x"
# X replaces each link with a t.co link, and adds a t.co link for a post's media.
_SHORT_LINK: Final = re.compile(r"https?://t\.co/\w+")
_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)
_LINK: Final = "\0"


def data_of(
    response: Response, *keys: str, ok: tuple[int, ...] = (200,), creates: bool = False
) -> Mapping[str, Json]:
    """
    Return the object `data` of a successful response.

    Args:
        response: The response.
        keys: The keys that the object must contain.
        ok: The statuses of a successful response.
        creates: Whether the request creates a post.

    Raises:
        NetworkError: If the request failed, or if the response does not contain the values.
    """
    if response.status not in ok:
        raise error_of(response, creates=creates)
    data = object_of(response).get("data")
    if not isinstance(data, Mapping):
        raise unreadable(response, "`data`", network=NETWORK, creates=creates)
    for key in keys:
        if not states(data, key):
            raise unreadable(response, f"`{key}`", network=NETWORK, creates=creates)
    return data


def posts_of(response: Response) -> tuple[list[Mapping[str, Json]], str]:
    """
    Return the posts on a page, and the token of the next page, which is empty on the last page.

    Raises:
        NetworkError: If the request failed, or if the response is not a page of posts.
    """
    if response.status != 200:
        raise error_of(response)
    page = object_of(response)
    meta = page.get("meta")
    if not isinstance(meta, Mapping):
        raise unreadable(response, "`meta`", network=NETWORK)
    # A page without posts has no `data`.
    posts = page.get("data", [])
    items = posts if isinstance(posts, list) else [None]
    found = [item for item in items if isinstance(item, Mapping) and states(item, "id")]
    if len(found) < len(items):
        raise unreadable(response, "list of posts with an `id`", network=NETWORK)
    return found, text_in(meta, "next_token")


def is_gone(response: Response) -> bool:
    """Return whether a request failed because the post does not exist."""
    # Any server can answer with status 404, but not with a problem document.
    return response.status == 404 and bool(_stated(response))


def is_duplicate(response: Response) -> bool:
    """Return whether X rejected a post because the account has published the same text before."""
    return response.status == 403 and "duplicate content" in _stated(response).lower()


def is_without_media(response: Response) -> bool:
    """Return whether X rejected a post because X no longer has the uploaded media."""
    return response.status == 400 and "media id" in _stated(response).lower()


def error_of(response: Response, *, creates: bool = False) -> NetworkError:
    """Return the error for a failed response. Set *creates* if the request creates a post."""
    stated = _stated(response)
    message = f"X answered with status {response.status}"
    return error_for(
        response.status,
        f"{message}: {stated}" if stated else message,
        network=NETWORK,
        creates=creates,
        retry_after_s=wait_s(response),
    )


def shown_text(post: Mapping[str, Json]) -> str:
    """Return the text of a post as it was sent: with the original links, and without media links."""
    note = post.get("note_post")
    text = text_in(note, "text") if isinstance(note, Mapping) else ""
    source = note if text and isinstance(note, Mapping) else post
    links: dict[str, str] = {}
    tables = source.get("entities"), post.get("entities")
    for table in tables:
        urls = table.get("urls") if isinstance(table, Mapping) else None
        for entity in urls if isinstance(urls, list) else ():
            if isinstance(entity, Mapping) and entity.get("url"):
                original = "" if entity.get("media_key") else text_in(entity, "expanded_url")
                links.setdefault(str(entity["url"]), original)
    plain = html.unescape(text or text_in(post, "text"))
    return _SHORT_LINK.sub(lambda match: links.get(match[0], match[0]), plain)


def is_same_text(sent: str, shown: str, *, any_links: bool = False) -> bool:
    """
    Return whether two texts are equal, regardless of white space and of the scheme of links.

    >>> is_same_text("Kijk op tulip.nl & geniet", "Kijk op http://tulip.nl/ & geniet")
    True

    Args:
        sent: The text that was sent.
        shown: The text that X shows; see `shown_text`.
        any_links: Whether each link equals every other link.
    """
    return _comparable(sent, any_links=any_links) == _comparable(shown, any_links=any_links)


def _comparable(text: str, *, any_links: bool) -> str:
    """Return a text with its links replaced by a form in which equal links are equal."""
    done, parts = 0, []
    for entity in entities("x", text):
        if entity.kind == "url":
            link = _SCHEME.sub("", entity.text).rstrip("/")
            host, slash, rest = link.partition("/")
            target = "" if any_links else f"{host.lower()}{slash}{rest}"
            parts += [text[done : entity.start], f"{_LINK}{target}{_LINK}"]
            done = entity.end
    return _plain("".join([*parts, text[done:]]))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _stated(response: Response) -> str:
    """Return the message of a problem document."""
    problem = object_of(response)
    errors = problem.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    named = first if isinstance(first, Mapping) else {}
    return (
        text_in(problem, "detail")
        or text_in(named, "message")
        or text_in(named, "detail")
        or text_in(problem, "title")
    )
