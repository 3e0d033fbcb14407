"""Rules about several words near each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.styleguide.kinds.hit import Hit
from socialcollab.styleguide.kinds.pattern import Pattern


@attrs.frozen(kw_only=True)
class Element:
    """
    One word of a sequence.

    Attributes:
        pattern: The pattern that the whole word must match; None for any word.
        negated: Whether the word must not match.
        skip: How many other words may precede it.
    """

    pattern: Pattern | None = None
    negated: bool = False
    skip: int = 0

    def accepts(self, word: str) -> bool:
        """Return whether a word fits."""
        return self.pattern is None or (self.pattern.fullmatch(word) is not None) != self.negated


@attrs.frozen(kw_only=True)
class Sequence:
    """
    Report words that follow each other within one sentence.

    Attributes:
        words: The pattern that finds the words of a text.
        ends: The pattern that finds the ends of sentences.
        elements: The words of the sequence, in order.
    """

    NAME: ClassVar[str] = "sequence"

    words: Pattern
    ends: Pattern
    elements: tuple[Element, ...]

    def find(self, text: str) -> Iterator[Hit]:
        """Yield the texts from the first to the last word of each sequence."""
        tokens = [(found.start(), found.end()) for found in self.words.finditer(text)]
        ends = sorted(found.start() for found in self.ends.finditer(text))
        done = 0
        for index, (start, _) in enumerate(tokens):
            if start < done:
                continue
            last = self._match(text, tokens, index)
            if last is None:
                continue
            end = tokens[last][1]
            # A sequence never continues in the next sentence.
            if any(start <= each < end for each in ends):
                continue
            done = end
            yield Hit(start=start, end=end, values={"match": text[start:end]})

    def _match(self, text: str, tokens: list[tuple[int, int]], index: int) -> int | None:
        """Return the last word of the sequence that begins at a word, or None."""
        first, *others = self.elements
        if not first.accepts(text[slice(*tokens[index])]):
            return None
        at = index
        for element in others:
            window = range(at + 1, min(at + 2 + element.skip, len(tokens)))
            found = next((n for n in window if element.accepts(text[slice(*tokens[n])])), None)
            if found is None:
                return None
            at = found
        return at
