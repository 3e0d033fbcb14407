"""Rules that ask for one spelling throughout a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.styleguide.kinds.hit import Hit, like
from socialcollab.styleguide.kinds.pattern import Pattern


@attrs.frozen(kw_only=True)
class Consistency:
    """
    Report a text that contains two spellings of a word.

    Attributes:
        pattern: A pattern with two groups for each entry of *pairs*.
        pairs: The pairs of spellings.
    """

    NAME: ClassVar[str] = "consistency"

    pattern: Pattern
    pairs: tuple[tuple[str, str], ...]

    def find(self, text: str) -> Iterator[Hit]:
        """Yield each spelling that differs from the one that occurs first."""
        first: dict[int, int] = {}
        for found in self.pattern.finditer(text):
            group = found.lastindex
            if not group:
                continue
            pair, side = divmod(group - 1, 2)
            chosen = first.setdefault(pair, side)
            if side != chosen:
                match = found.group(group)
                other = self.pairs[pair][chosen]
                yield Hit(
                    start=found.start(group),
                    end=found.end(group),
                    values={"match": match, "replacement": other},
                    replacements=(like(match, other),),
                )
