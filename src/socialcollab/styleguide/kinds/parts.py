"""The parts of a text that a rule looks at one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

PARTS: Final = ("text", "line", "sentence", "paragraph")
"""The parts of a text that a rule can look at one by one."""

_PATTERNS: Final = {
    "line": re.compile(r"[^\n]+"),
    "sentence": re.compile(r"[^\s.!?…][^.!?…\n]*(?:[.!?…](?=\S)[^.!?…\n]*)*[.!?…]*"),
    "paragraph": re.compile(r"[^\n]+(?:\n[^\n]+)*"),
}


def parts_of(text: str, part: str) -> Iterator[tuple[int, int]]:
    """Yield the positions of the lines, sentences or paragraphs of a text, or of the whole text."""
    if part == "text":
        if text.strip():
            yield 0, len(text)
        return
    for found in _PATTERNS[part].finditer(text):
        yield found.span()
