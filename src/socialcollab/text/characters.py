"""Character classes for regular expressions, generated from the Unicode table."""

from __future__ import annotations

import re
from functools import cache

from socialcollab.text.tables import unicode as table


def char_class(*properties: str) -> str:
    """Return the contents of a character class for the given properties in the Unicode table."""
    parts = []
    for word in " ".join(properties).split():
        first, _, last = word.partition("-")
        parts.append(re.escape(chr(int(first, 16))))
        if last:
            parts.append("-" + re.escape(chr(int(last, 16))))
    return "".join(parts)


@cache
def word_class() -> str:
    """Return the contents of a class that matches underscores, letters, marks and digits."""
    return char_class(table.LETTER_OR_MARK, table.DIGIT) + "_"


@cache
def mark_class() -> str:
    """Return the contents of a class that matches combining marks in the first Unicode plane."""
    words = (word for word in table.MARK.split() if int(word.partition("-")[0], 16) < 0x10000)
    return char_class(*words)


@cache
def host_class() -> str:
    """
    Return the content of a negated class, which lists the characters not allowed in any domain.

    The negated form is short. A list of the letters in all scripts would consist of hundreds of
    ranges, which the engine tries one after the other.
    """
    punctuation = " ".join(
        word
        # The Tibetan tsheg (0F0B) separates syllables and is allowed in domains.
        for word in table.PUNCTUATION.replace("f04-f12", "f04-f0a f0c-f12").split()
        if 0x80 <= int(word.partition("-")[0], 16) < 0x10000
    )
    return (
        "\\x00-\\x2c\\x2e\\x2f\\x3a-\\x40\\x5b-\\x5e\\x60\\x7b-\\xa9\\xab-\\xb4\\xb6\\xb8\\xb9"
        "\\xbb-\\xbf\\u1680\\u2000-\\u206f\\u2190-\\u2bff\\u3000-\\u3004\\ud800-\\udfff"
        "\\ufe0e\\ufe0f\\ufeff\\ufff0-\\uffff\\U0001f000-\\U0001ffff\\U000e0000-\\U0010ffff"
        f"{char_class(punctuation)}"
    )
