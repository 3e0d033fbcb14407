"""Rules that require one thing if there is another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.styleguide.kinds.hit import Hit
from socialcollab.styleguide.kinds.pattern import Pattern, matches_any


@attrs.frozen(kw_only=True)
class Conditional:
    """
    Report matches of one pattern if there is no match of another, such as acronyms without their
    definition.

    Attributes:
        if_found: The pattern of the things that need something.
        needs: The pattern of what they need. If it has a group, the text of the group must be equal
            to the match, as in the definition of an acronym.
        exceptions: Patterns of matches that are not reported.
        per_match: Whether the text of a group of *needs* must be equal to the match.
    """

    NAME: ClassVar[str] = "conditional"

    if_found: Pattern
    needs: Pattern
    exceptions: tuple[Pattern, ...] = ()
    per_match: bool = False

    def find(self, text: str) -> Iterator[Hit]:
        """Yield the matches whose condition is not met."""
        known: set[str] = set()
        for found in self.needs.finditer(text):
            groups = (found.group(number) for number in range(1, (found.lastindex or 0) + 1))
            known.update(group for group in groups if group)
            known.add(found.group())
        if known and not self.per_match:
            return
        for found in self.if_found.finditer(text):
            match = found.group()
            if match and match not in known and not matches_any(self.exceptions, match):
                yield Hit(start=found.start(), end=found.end(), values={"match": match})
