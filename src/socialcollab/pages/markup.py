"""HTML as a type of its own, and the escaping of everything that is not HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

# Control characters and noncharacters, which HTML forbids, and lone surrogates, which no file can hold.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_LOCAL_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_EMBEDDED_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+")


class Html(str):
    """A string that already is HTML, so that `escape` leaves it unchanged."""

    __slots__ = ()


def escape(text: str) -> Html:
    """
    Return HTML that displays *text* literally; `Html` is returned unchanged.

    Characters that HTML cannot contain become U+FFFD, the replacement character.

    >>> escape("<b> & 'quotes'")
    '&lt;b&gt; &amp; &#x27;quotes&#x27;'
    """
    if isinstance(text, Html):
        return text
    return Html(html.escape(_FORBIDDEN.sub("\ufffd", text), quote=True))


def join(parts: Iterable[str]) -> Html:
    """Return the parts one below the other; plain strings are escaped."""
    return Html("\n".join(escape(part) for part in parts))


def safe_href(url: str) -> str:
    """
    Return *url* if it is an http or https address, else an empty string.

    >>> safe_href("https://tulip.nl/"), safe_href("javascript:alert(1)")
    ('https://tulip.nl/', '')
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return url if is_web and not _FORBIDDEN.search(url) and len(url) <= 4096 else ""


def safe_source(source: str) -> str:
    """
    Return *source* if an image can be loaded from it without a server, else an empty string.

    Embedded images (``data:image/...``) and files in the folder of the page, or below it, are safe.

    >>> safe_source("media/tulips.jpg"), safe_source("https://evil.example/pixel.png")
    ('media/tulips.jpg', '')
    """
    if _EMBEDDED_IMAGE.fullmatch(source):
        return source
    return source if _LOCAL_FILE.fullmatch(source) and len(source) <= 1000 else ""
