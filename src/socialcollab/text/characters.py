"""Classes of characters, written for regular expressions from the Unicode table."""

from __future__ import annotations

import re
from functools import cache

from socialcollab.text import unicode_table as table


def char_class(*properties: str) -> str:
    """Write the inside of a regular expression's class from the table's ranges."""
    parts = []
    for word in " ".join(properties).split():
        first, _, last = word.partition("-")
        parts.append(re.escape(chr(int(first, 16))))
        if last:
            parts.append("-" + re.escape(chr(int(last, 16))))
    return "".join(parts)


@cache
def word_class() -> str:
    """Letters, marks and digits of every script, and the underscore."""
    return char_class(table.LETTER_OR_MARK, table.DIGIT) + "_"


@cache
def host_class() -> str:
    """
    The inside of a negated class: what no domain of any script holds.

    Negated it is short, where letters of every script would be many ranges.
    """
    punctuation = " ".join(
        word
        # The Tibetan tsheg (0F0B) parts syllables, and domains may hold it.
        for word in table.PUNCTUATION.replace("f04-f12", "f04-f0a f0c-f12").split()
        if 0x80 <= int(word.partition("-")[0], 16) < 0x10000
    )
    return (
        "\\x00-\\x2c\\x2e\\x2f\\x3a-\\x40\\x5b-\\x5e\\x60\\x7b-\\xa9\\xab-\\xb4\\xb6\\xb8\\xb9"
        "\\xbb-\\xbf\\u1680\\u2000-\\u206f\\u2190-\\u2bff\\u3000-\\u3004\\ud800-\\udfff"
        "\\ufe0e\\ufe0f\\ufeff\\ufff0-\\uffff\\U0001f000-\\U0001ffff\\U000e0000-\\U0010ffff"
        f"{char_class(punctuation)}"
    )
