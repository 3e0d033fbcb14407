"""Rules about capital letters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final, Literal, TypeAlias

import attrs

from socialcollab.styleguide.kinds.hit import Hit
from socialcollab.styleguide.kinds.parts import parts_of
from socialcollab.styleguide.kinds.pattern import Pattern, matches_any

CapitalStyle: TypeAlias = Literal["sentence", "title", "lower", "upper", "pattern"]
"""How words are capitalised: as in a sentence, as in a title, or all in one case."""

_WORD: Final = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
# Articles, conjunctions and prepositions of up to three letters: The Associated Press Stylebook,
# entry "composition titles".
_SMALL: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "but",
        "by",
        "en",
        "for",
        "from",
        "if",
        "in",
        "nor",
        "of",
        "off",
        "on",
        "or",
        "per",
        "so",
        "the",
        "to",
        "up",
        "via",
        "vs",
        "with",
        "yet",
        "aan",
        "bij",
        "de",
        "den",
        "der",
        "des",
        "een",
        "het",
        "met",
        "na",
        "naar",
        "om",
        "op",
        "te",
        "tot",
        "uit",
        "van",
        "voor",
    ]
)
_UPPER_SHARE: Final = 0.8


@attrs.frozen(kw_only=True)
class Capitalization:
    """
    Report texts that are not capitalised in the chosen way.

    Attributes:
        style: How words are capitalised.
        pattern: The pattern that a text must match if *style* is "pattern".
        exceptions: Patterns of words that may be written in any way, such as names.
        part: The parts that are checked: whole texts, lines or sentences.
        threshold: The share of the words that must be right for a title or a sentence.
    """

    NAME: ClassVar[str] = "capitalization"

    style: CapitalStyle = "sentence"
    pattern: Pattern | None = None
    exceptions: tuple[Pattern, ...] = ()
    part: Literal["text", "line", "sentence"] = "text"
    threshold: float = _UPPER_SHARE

    def find(self, text: str) -> Iterator[Hit]:
        """Yield the parts that are not capitalised as they should be."""
        for start, end in parts_of(text, self.part):
            piece = text[start:end]
            if not any(map(str.isalpha, piece)) or self._is_right(piece):
                continue
            fixed = self._fixed(piece)
            yield Hit(
                start=start,
                end=end,
                values={"match": piece},
                replacements=(fixed,) if fixed and fixed != piece else (),
            )

    def _is_right(self, piece: str) -> bool:
        if self.style == "pattern":
            return self.pattern is not None and self.pattern.search(piece) is not None
        if self.style == "lower":
            return piece == piece.lower()
        if self.style == "upper":
            return piece == piece.upper()
        words = [found.group() for found in _WORD.finditer(piece)]
        right = 0.0
        for index, word in enumerate(words):
            if matches_any(self.exceptions, word) or (word.isupper() and len(word) > 1):
                right += 1
            elif self.style == "title":
                small = word.lower() in _SMALL and 0 < index < len(words) - 1
                right += small or word[:1].isupper() or not word[:1].isalpha()
            elif index == 0:
                right += word[:1].isupper() or not word[:1].isalpha()
            else:
                right += word == word.lower()
        return not words or right / len(words) > self.threshold

    def _fixed(self, piece: str) -> str:
        if self.style == "lower":
            return piece.lower()
        if self.style == "upper":
            return piece.upper()
        if self.style == "sentence":
            first = next((i for i, char in enumerate(piece) if char.isalpha()), None)
            if first is not None and piece[first].islower():
                return piece[:first] + piece[first].upper() + piece[first + 1 :]
        return ""
