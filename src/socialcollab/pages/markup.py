"""Text that is HTML, told apart from text that is not."""

from __future__ import annotations

import re
from html import escape as _escape
from urllib.parse import urlsplit

__all__ = ["Html", "escape", "safe_href", "safe_source"]

# What HTML does not allow in a text, and lone halves of surrogate pairs.
_IMPOSSIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


class Html(str):
    """A string that is HTML already, and is not escaped again."""

    __slots__ = ()


def escape(text: str) -> Html:
    """
    Make HTML that shows *text*, whatever it holds; `Html` is returned as it is.

    Characters that HTML cannot hold are shown as a replacement character.

    >>> escape("<b> & 'quotes'")
    '&lt;b&gt; &amp; &#x27;quotes&#x27;'
    """
    if isinstance(text, Html):
        return text
    return Html(_escape(_IMPOSSIBLE.sub("\ufffd", text), quote=True))


def safe_href(url: str) -> str:
    """
    Return *url* if following it can do no more than open a page, else an empty string.

    >>> safe_href("https://tulip.nl/"), safe_href("javascript:alert(1)")
    ('https://tulip.nl/', '')
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return url if known and not _IMPOSSIBLE.search(url) and len(url) <= 4096 else ""


def safe_source(source: str) -> str:
    """
    Return *source* if an image there can be shown without asking any server, else an empty string.

    These are embedded images and files beside the page.

    >>> safe_source("media/tulips.jpg"), safe_source("https://evil.example/pixel.png")
    ('media/tulips.jpg', '')
    """
    if re.match(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+\Z", source):
        return source
    beside = re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*", source)
    return source if beside and len(source) <= 1000 else ""
