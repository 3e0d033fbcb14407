"""A complete HTML page: self-contained, without scripts, for screens (light or dark) and paper."""

from __future__ import annotations

import re
from typing import Final

from socialcollab.errors import InvalidValueError
from socialcollab.pages.css import CSS
from socialcollab.pages.markup import escape

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
# This is a second line of defence. If a text were not escaped by mistake, the browser would still
# not run any script or load anything from another server.
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; base-uri 'none';"
    " form-action 'none'"
)


def page(title: str, body: str, *, language: str = "en", lede: str = "") -> str:
    """
    Return a complete HTML page.

    Args:
        title: The title of the window and the first heading.
        body: The content. A plain string is escaped, but `Html` is not.
        language: The language tag of the page, such as "nl".
        lede: A line of text below the title.

    Raises:
        InvalidValueError: If *language* is not a language tag.
    """
    if not _LANGUAGE.fullmatch(language):
        raise InvalidValueError(
            f"`{language}` is not a language tag", value=language, expected="a tag such as nl"
        )
    below = f'<p class="lede wrap"><bdi>{escape(lede)}</bdi></p>' if lede else ""
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n<main>\n"
        f'<h1 class="wrap"><bdi>{escape(title)}</bdi></h1>\n{below}\n{escape(body)}\n'
        "</main>\n</body>\n</html>\n"
    )
