"""Find the emoji in a text."""

from __future__ import annotations

import re
from functools import cache

from socialcollab.text.characters import char_class
from socialcollab.text.tables import unicode as table

_STYLE = "\ufe0f"
_TONES = "\U0001f3fb-\U0001f3ff"


@cache
def _emoji() -> re.Pattern[str]:
    text_forms, bases = char_class(table.TEXT_EMOJI), char_class(table.EMOJI_BASE)
    every = char_class(table.EMOJI)
    tone = f"(?:(?<=[{bases}])|(?<=[{bases}]{_STYLE}))[{_TONES}]"
    # A character with a text form is an emoji if a variation selector or a skin tone follows.
    first = f"(?![{text_forms}](?!{_STYLE}|[{_TONES}]))[{every}](?!\ufe0e){_STYLE}?+(?:{tone})?+"
    # Inside of a sequence, variation selectors may be missing.
    later = f"[{every}]{_STYLE}?+(?:{tone})?+"
    return re.compile(
        f"[0-9#*]{_STYLE}?+\u20e3"
        "|[\U0001f1e6-\U0001f1ff]{2}"
        "|\U0001f3f4[\U000e0020-\U000e007e]++\U000e007f"
        f"|{first}(?:\u200d{later})*+"
        f"|[{every}]{_STYLE}?+(?:{tone})?+(?:\u200d{later})++"
    )


@cache
def _trigger() -> re.Pattern[str]:
    # Most texts contain no emoji, and this class is fast to search for.
    low = " ".join(word for word in table.EMOJI.split() if len(word.partition("-")[0]) <= 4)
    return re.compile(f"[\u20e3{char_class(low)}\U0001f000-\U0001faff]")


def find_emoji(text: str) -> tuple[tuple[int, int], ...]:
    """
    Return the positions of the emoji in *text*: of their first code point, and after their last.

    A sequence such as a family or a flag is one emoji. A character that is shown as text by default,
    such as ``©`` or ``❤``, is an emoji only if a variation selector or a skin tone follows.

    >>> find_emoji("De 🌷 van 👨‍👩‍👧 © 2026")
    ((3, 4), (9, 14))

    Source:
        Unicode Technical Standard 51, sections 1.4 and 2, read 2026-11-30.
    """
    if text.isascii() or _trigger().search(text) is None:
        return ()
    return tuple(match.span() for match in _emoji().finditer(text))
