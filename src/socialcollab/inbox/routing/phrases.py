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
_START: Final = 3
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

# Most texts are ASCII, for which a simple pattern is several times as fast.
_ASCII_WORD: Final = re.compile("\\w+(?:'\\w+)*|[^\\w\\s'.,;:!?\"()\\[\\]-]", re.ASCII)


def words(text: str) -> list[str]:
    """
    Return the words and symbols of a text in the form in which they are compared.

    Case, accents, punctuation and the kind of apostrophe make no difference.

    >>> words("Café closed? I can’t believe it!")
    ['cafe', 'closed', 'i', "can't", 'believe', 'it']
    """
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
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
        first = self.words[0]
        if len(self.words) > 1:
            return any(
                word == first and self.is_at(message, start) for start, word in enumerate(message)
            )
        return first in message or (self.stem and any(word.startswith(first) for word in message))

    def is_at(self, message: Sequence[str], start: int) -> bool:
        """Return whether the phrase occurs in the words of a message from a position on."""
        end = start + len(self.words) - 1
        if end >= len(message):
            return False
        last = message[end]
        if last != self.words[-1] and not (self.stem and last.startswith(self.words[-1])):
            return False
        return all(message[start + at] == word for at, word in enumerate(self.words[:-1]))

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
        # Stems by their first three characters, or by two if they are no longer.
        self._stems: dict[str, list[tuple[str, int]]] = {}
        # Phrases of several words by their longest word, which is likely to be rare in messages,
        # each with the number of words before that word and with all of its words.
        self._longer: dict[str, list[tuple[int, Phrase, int]]] = {}
        for phrase, rules in merged.items():
            *whole, last = phrase.words
            if whole:
                words = whole if phrase.stem else phrase.words
                anchor = max(words, key=len)
                entry = words.index(anchor), phrase, rules
                self._longer.setdefault(anchor, []).append(entry)
            elif phrase.stem:
                self._stems.setdefault(last[:_START], []).append((last, rules))
            else:
                self._words[last] = rules
        self._shortest = any(len(start) < _START for start in self._stems)

    def find(self, message: Sequence[str]) -> int:
        """Return the bit set of the rules with a phrase that occurs in the words of a message."""
        found = 0
        distinct = set(message)
        for word in distinct & self._words.keys():
            found |= self._words[word]
        if self._stems:
            starts = self._stems
            for word in distinct:
                for stem, rules in starts.get(word[:_START], ()):
                    if word.startswith(stem):
                        found |= rules
                if self._shortest and len(word) >= _START:
                    for _, rules in starts.get(word[:_SHORTEST_STEM], ()):
                        found |= rules
        if not distinct.isdisjoint(self._longer):
            for number, word in enumerate(message):
                for before, phrase, rules in self._longer.get(word, ()):
                    start = number - before
                    if start >= 0 and phrase.is_at(message, start):
                        found |= rules
        return found
