"""Rules that report repeated words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.styleguide.kinds.hit import Hit
from socialcollab.styleguide.kinds.pattern import Pattern


@attrs.frozen(kw_only=True)
class Repetition:
    """
    Report matches that are repeated immediately, such as "the the".

    Attributes:
        pattern: The pattern of one item, such as a word.
        ignore_case: Whether upper and lower case are the same.
        letters_only: Whether only items that consist of letters are reported.
        at_most: How often an item may be repeated.
        exceptions: Items that may be repeated, such as "haha".
    """

    NAME: ClassVar[str] = "repetition"

    pattern: Pattern
    ignore_case: bool = True
    letters_only: bool = True
    at_most: int = 0
    exceptions: frozenset[str] = frozenset()

    def find(self, text: str) -> Iterator[Hit]:
        """Yield the item with the one before it; one copy of it is the replacement."""
        previous, start, end, count = "", 0, 0, 0
        for found in self.pattern.finditer(text):
            item = found.group().strip()
            compared = item.casefold() if self.ignore_case else item
            same = bool(item) and compared == previous
            same = same and (not self.letters_only or item.isalpha())
            same = same and not text[end : found.start()].strip()
            count = count + 1 if same else 0
            if same and count > self.at_most and compared not in self.exceptions:
                if "\n" not in text[start : found.end()]:
                    yield Hit(
                        start=start,
                        end=found.end(),
                        values={"match": item},
                        replacements=(text[start:end],),
                    )
                count = 0
            previous, start, end = compared, found.start(), found.end()
