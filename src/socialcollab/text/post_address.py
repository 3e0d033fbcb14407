"""The ids of posts and comments in their addresses on the networks, and web addresses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

_LONGEST: Final = 2048
_HOST: Final = r"https://(?:www\.|mobile\.|m\.)?"
_FORMS: Final[Mapping[str, tuple[re.Pattern[str], ...]]] = {
    network: tuple(re.compile(form, re.ASCII) for form in forms)
    for network, forms in {
        "bluesky": (
            r"(at://[a-zA-Z0-9._:%-]+/app\.bsky\.feed\.post/[a-zA-Z0-9._:~-]+)",
            r"https://bsky\.app/profile/([a-zA-Z0-9._:%-]+)/post/([a-zA-Z0-9._:~-]+)/?",
        ),
        "facebook": (r"([0-9]+(?:_[0-9]+)?)",),
        "instagram": (r"([0-9]+)",),
        "mastodon": (r"([0-9a-zA-Z]+)", r"(https://[^\s/]+/\S+)"),
        "x": (
            r"([0-9]{1,19})",
            _HOST
            + r"(?:x|twitter)\.com/(?:i/web|[A-Za-z0-9_]+)/status/([0-9]{1,19})/?(?:[?#]\S*)?",
        ),
    }.items()
}


def post_id(network: str, address: str) -> str | None:
    """
    Return the id of a post or comment, given its address or id; None if *address* is neither.

    The id of a post on Bluesky is the address of its record, and may contain a handle instead of an
    account identifier. A post on Mastodon can be on another server, so its address is returned as
    it is. For networks that are not built in, every address is returned as it is.

    >>> post_id("x", "https://x.com/TulipAir/status/1900000000000000001")
    '1900000000000000001'
    >>> post_id("bluesky", "https://bsky.app/profile/tulip.example/post/3mivb25j5k227")
    'at://tulip.example/app.bsky.feed.post/3mivb25j5k227'
    """
    forms = _FORMS.get(network)
    if forms is None:
        return address
    if len(address) > _LONGEST:
        return None
    for form in forms:
        match = form.fullmatch(address)
        if match is not None:
            parts = match.groups()
            return parts[0] if len(parts) == 1 else "at://{}/app.bsky.feed.post/{}".format(*parts)
    return None


def is_web_address(link: str) -> bool:
    """
    Return whether *link* is an http or https address with a host, without spaces or line breaks.

    >>> is_web_address("https://tulip.nl/lente"), is_web_address("javascript:alert(1)")
    (True, False)
    """
    if any(character.isspace() or not character.isprintable() for character in link):
        return False
    try:
        parts = urlsplit(link)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def is_blank(text: str) -> bool:
    """
    Return whether nothing of *text* is visible: it is empty, or only spaces and format characters.

    >>> is_blank(" \u200b\ufeff"), is_blank("🌷")
    (True, False)
    """
    return all(
        character.isspace()
        or character in "\u115f\u1160\u3164\uffa0\u2800\ufe0e\ufe0f"
        or unicodedata.category(character) in ("Cf", "Cc")
        for character in text
    )
