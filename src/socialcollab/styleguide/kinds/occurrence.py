"""Rules that limit how often something occurs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.styleguide.kinds.hit import Hit
from socialcollab.styleguide.kinds.pattern import Pattern


@attrs.frozen(kw_only=True)
class Occurrence:
    """
    Report a text in which a pattern occurs too often or too rarely.

    Attributes:
        pattern: The pattern.
        at_most: The maximum number of matches, or None.
        at_least: The minimum number of matches.
    """

    NAME: ClassVar[str] = "occurrence"

    pattern: Pattern
    at_most: int | None = None
    at_least: int = 0

    def find(self, text: str) -> Iterator[Hit]:
        """Yield the first match above the maximum, or the beginning of a text with too few."""
        if not text.strip():
            return
        spans = [(found.start(), found.end()) for found in self.pattern.finditer(text)]
        count = str(len(spans))
        if self.at_most is not None and len(spans) > self.at_most:
            start, end = spans[self.at_most]
            values = {"match": text[start:end], "count": count, "limit": str(self.at_most)}
            yield Hit(start=start, end=end, values=values)
        elif len(spans) < self.at_least:
            start, end = spans[0] if spans else (0, 0)
            values = {"match": text[start:end], "count": count, "limit": str(self.at_least)}
            yield Hit(start=start, end=end, values=values)
