"""Rules that report words or patterns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.styleguide.kinds.hit import Hit
from socialcollab.styleguide.kinds.pattern import Pattern, matches_any


@attrs.frozen(kw_only=True)
class Existence:
    """
    Report every match of a pattern.

    Attributes:
        pattern: The pattern.
        exceptions: Patterns of matches that are not reported.
    """

    NAME: ClassVar[str] = "existence"

    pattern: Pattern
    exceptions: tuple[Pattern, ...] = ()

    def find(self, text: str) -> Iterator[Hit]:
        """Yield the matches."""
        for found in self.pattern.finditer(text):
            match = found.group()
            if match and not matches_any(self.exceptions, match):
                yield Hit(start=found.start(), end=found.end(), values={"match": match})
