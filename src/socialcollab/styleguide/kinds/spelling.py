"""Rules that check the spelling of words against a dictionary."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.styleguide.kinds.hit import Hit
from socialcollab.styleguide.kinds.pattern import Pattern, matches_any

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MOST_SUGGESTIONS: Final = 5


@runtime_checkable
class Dictionary(Protocol):
    """A spelling dictionary."""

    def knows(self, word: str) -> bool:
        """Return whether a word is spelt right."""
        ...

    def suggest(self, word: str) -> Iterable[str]:
        """Return similar words that are spelt right, the most likely first."""
        ...


def _as_words(words: Iterable[str]) -> frozenset[str]:
    return frozenset(words)


@attrs.frozen
class WordList:
    """
    A dictionary that consists of a list of words.

    Attributes:
        words: The words, in lower case if upper and lower case are the same.
    """

    words: frozenset[str] = attrs.field(converter=_as_words, repr=False)

    def knows(self, word: str) -> bool:
        """Return whether the list contains the word, also in lower case."""
        return word in self.words or word.lower() in self.words

    def suggest(self, word: str) -> tuple[str, ...]:
        """Return nothing: a list of words has no suggestions."""
        del word
        return ()


class Hunspell:
    """
    A dictionary in the format of Hunspell, as LibreOffice and browsers use it.

    Args:
        path: The path of the files without their extensions ``.aff`` and ``.dic``.

    Raises:
        InvalidValueError: If spylls is not installed.
        OSError: If a file cannot be read.
    """

    def __init__(self, path: str) -> None:
        try:
            hunspell: Any = importlib.import_module("spylls.hunspell")
        except ImportError:
            raise InvalidValueError(
                "Hunspell dictionaries cannot be read, because spylls is not installed",
                value=path,
                expected="`pip install socialcollab[spelling]`",
            ) from None
        self._dictionary = hunspell.Dictionary.from_files(str(path))

    def knows(self, word: str) -> bool:
        """Return whether a word is spelt right."""
        return bool(self._dictionary.lookup(word))

    def suggest(self, word: str) -> Iterator[str]:
        """Yield similar words, the most likely first."""
        yield from self._dictionary.suggest(word)


@attrs.frozen(kw_only=True)
class Spelling:
    """
    Report words that no dictionary knows.

    Attributes:
        dictionaries: The dictionaries. A word that one of them knows is right.
        exceptions: Patterns of words that are right, such as names.
    """

    NAME: ClassVar[str] = "spelling"

    dictionaries: tuple[Dictionary, ...]
    exceptions: tuple[Pattern, ...] = ()

    def find(self, text: str) -> Iterator[Hit]:
        """Yield the unknown words, with suggestions."""
        for found in _WORD.finditer(text):
            word = found.group()
            plain = word.replace("’", "'")
            if len(word) == 1 or any(each.knows(plain) for each in self.dictionaries):
                continue
            if matches_any(self.exceptions, word):
                continue
            yield Hit(
                start=found.start(),
                end=found.end(),
                values={"match": word},
                replacements=self._suggestions(plain),
            )

    def _suggestions(self, word: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for each in self.dictionaries:
            for suggestion in each.suggest(word):
                found[suggestion] = None
                if len(found) == _MOST_SUGGESTIONS:
                    return tuple(found)
        return tuple(found)
