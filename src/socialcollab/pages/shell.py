"""The page around a body: self-contained, without scripts, light and dark, printable."""

from __future__ import annotations

import re

from socialcollab.errors import InvalidValueError
from socialcollab.pages.css import CSS
from socialcollab.showing import escape

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
# Nothing may run, and nothing may be asked of a server, even if an escape were forgotten.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'"


def page(title: str, body: str, *, language: str = "en", lede: str = "") -> str:
    """
    Return a whole HTML page.

    Args:
        title: What it is called, in the window and as its first heading.

        body: The rest; a plain string is escaped, `Html` is not.

        language: The language that it is in, such as "nl".

        lede: One line below the title.

    Raises:
        InvalidValueError: If *language* is no language tag.
    """
    if not _LANGUAGE.fullmatch(language):
        raise InvalidValueError(
            f"`{language}` is no language tag", value=language, expected="a tag such as nl"
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
