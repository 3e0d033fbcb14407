"""A string type for HTML, and the escaping of all other strings."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

# HTML forbids control characters and noncharacters. Lone surrogates cannot be encoded as UTF-8.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_LOCAL_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_FRAGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_EMBEDDED_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+")


class Html(str):
    """A string that is already HTML, so that `escape` does not change it."""

    __slots__ = ()


def escape(text: str) -> Html:
    """
    Return HTML that displays *text* literally. `Html` is returned unchanged.

    Characters that are not allowed in HTML are replaced with U+FFFD, the replacement character.

    >>> escape("<b> & 'quotes'")
    '&lt;b&gt; &amp; &#x27;quotes&#x27;'
    """
    if isinstance(text, Html):
        return text
    return Html(html.escape(_FORBIDDEN.sub("\ufffd", text), quote=True))


def join(parts: Iterable[str]) -> Html:
    """Return the concatenated parts. Plain strings are escaped."""
    return Html("\n".join(escape(part) for part in parts))


def safe_href(url: str) -> str:
    """
    Return *url* if it is an http or https address; otherwise return an empty string.

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
    Return *source* if it is an embedded image or a local file; otherwise return an empty string.

    Embedded images (``data:image/...``) are safe, and so are files in the page's folder or one of
    its subfolders.

    >>> safe_source("media/tulips.jpg"), safe_source("https://evil.example/pixel.png")
    ('media/tulips.jpg', '')
    """
    if _EMBEDDED_IMAGE.fullmatch(source):
        return source
    return source if _LOCAL_FILE.fullmatch(source) and len(source) <= 1000 else ""


def safe_file(file: str) -> str:
    """
    Return *file* if it is a file in the folder of the page or a subfolder; otherwise return "".

    It may end with ``#`` and the id of an HTML element in that file.

    >>> safe_file("sandbox/timeline-x.html#post-1"), safe_file("../secret.html")
    ('sandbox/timeline-x.html#post-1', '')
    """
    path, hash_sign, fragment = file.partition("#")
    if not _LOCAL_FILE.fullmatch(path) or len(file) > 1000:
        return ""
    return file if not hash_sign or _FRAGMENT.fullmatch(fragment) else ""
