"""Words and phrases in messages: how they are written in a rule, and an index that finds them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.text import mark_class

LONGEST_PHRASE: Final = 200
"""The maximum length of a phrase in characters."""

_SHORTEST_STEM: Final = 2
_APOSTROPHES: Final = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
# Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces, so each character of
# these scripts is a word of its own. The first alternative keeps "don't" one word.
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_MARKS: Final = mark_class()
_WORD: Final = re.compile(
    f"[{_UNSPACED}]"
    f"|(?:(?![{_UNSPACED}])[\\w{_MARKS}])+(?:'(?:(?![{_UNSPACED}])[\\w{_MARKS}])+)*"
    "|[^\\w\\s'.,;:!?\"()\\[\\]-]"
)


def words(text: str) -> list[str]:
    """
    Return the words and symbols of a text in the form in which they are compared.

    Case, accents, punctuation and the kind of apostrophe make no difference.

    >>> words("Café closed? I can’t believe it!")
    ['cafe', 'closed', 'i', "can't", 'believe', 'it']
    """
    if text.isascii():
        return _WORD.findall(text.lower())
    plain = _ACCENTS.sub("", unicodedata.normalize("NFD", text.translate(_APOSTROPHES)))
    return _WORD.findall(unicodedata.normalize("NFC", plain).casefold())


@attrs.frozen
class Phrase:
    """
    A phrase in the form in which it is compared.

    Attributes:
        words: The words. If *stem* is set, the last one is the beginning of a word.
        stem: Whether the last word may continue, as in ``cancel*``.
    """

    words: tuple[str, ...]
    stem: bool

    @classmethod
    def parse(cls, text: str) -> Phrase:
        """
        Parse a word or phrase.

        Raises:
            InvalidValueError: If it has no word, is too long, or has a ``*`` in another place than
                after at least two characters of its last word.
        """
        return _parse(text)

    def found_in(self, message: Sequence[str]) -> bool:
        """Return whether the phrase occurs in the words of a message."""
        whole, last = self.words[:-1], self.words[-1]
        for start in range(len(message) - len(whole)):
            word = message[start + len(whole)]
            if (word.startswith(last) if self.stem else word == last) and tuple(
                message[start : start + len(whole)]
            ) == whole:
                return True
        return False

    def implies(self, other: Phrase) -> bool:
        """Return whether every text that contains this phrase also contains *other*."""
        if not self.stem:
            return other.found_in(self.words)
        # The last word may continue, so only a stem can be sure to match it.
        if other.found_in(self.words[:-1]):
            return True
        size = len(other.words)
        return (
            other.stem
            and size <= len(self.words)
            and self.words[-1].startswith(other.words[-1])
            and self.words[len(self.words) - size : -1] == other.words[:-1]
        )


@lru_cache(maxsize=16384)
def _parse(text: str) -> Phrase:
    stripped = text.strip()
    stem = stripped.endswith("*")
    found = words(stripped.removesuffix("*"))
    if (
        not found
        or len(text) > LONGEST_PHRASE
        or "*" in stripped[:-1]
        or (stem and (len(found[-1]) < _SHORTEST_STEM or stripped[-2].isspace()))
    ):
        raise InvalidValueError(
            f"`{text[:60]}` is not a word or phrase; write up to {LONGEST_PHRASE} characters with a"
            " word or symbol, and `*` only after the beginning of the last word, as in `cancel*`",
            value=text,
            expected="a word or phrase such as `lost bag` or `cancel*`",
        )
    return Phrase(tuple(found), stem)


class PhraseIndex:
    """
    Phrases that are looked up together: the time depends on the message, not on their number.

    Args:
        phrases: The phrases, each with a bit set of the rules that contain it.
    """

    def __init__(self, phrases: Iterable[tuple[Phrase, int]]) -> None:
        merged: dict[Phrase, int] = {}
        for phrase, rules in phrases:
            merged[phrase] = merged.get(phrase, 0) | rules
        self._words: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        # Longer phrases by their first word, each with its length, rest and rules.
        self._longer: dict[str, list[tuple[int, Phrase, int]]] = {}
        for phrase, rules in merged.items():
            if len(phrase.words) > 1:
                self._longer.setdefault(phrase.words[0], []).append(
                    (len(phrase.words), phrase, rules)
                )
            else:
                single = self._stems if phrase.stem else self._words
                single[phrase.words[0]] = rules
        self._stem_lengths = sorted({len(stem) for stem in self._stems})

    def find(self, message: Sequence[str]) -> int:
        """Return the bit set of the rules with a phrase that occurs in the words of a message."""
        found = 0
        distinct = set(message)
        for word in distinct & self._words.keys():
            found |= self._words[word]
        if self._stems:
            get, lengths = self._stems.get, self._stem_lengths
            for word in distinct:
                size = len(word)
                for length in lengths:
                    if length > size:
                        break
                    found |= get(word[:length], 0)
        if not distinct.isdisjoint(self._longer):
            for start, word in enumerate(message):
                for size, phrase, rules in self._longer.get(word, ()):
                    if phrase.found_in(message[start : start + size]):
                        found |= rules
        return found
