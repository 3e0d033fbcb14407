"""Rules that replace words or patterns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.styleguide.kinds.hit import Hit, alternatives, like
from socialcollab.styleguide.kinds.pattern import Pattern, compile_pattern, matches_any


@attrs.frozen(kw_only=True)
class Substitution:
    """
    Report texts that should be replaced, with their replacements.

    Attributes:
        pattern: A pattern with one group for each entry of *replacements*.
        replacements: The replacements of each group, the best first.
        exceptions: Patterns of matches that are not reported.
        ignore_case: Whether a match that differs from a replacement only in upper and lower case is
            not reported.
        keeps_case: Whether a replacement gets the capitals of the text that it replaces.
    """

    NAME: ClassVar[str] = "substitution"

    pattern: Pattern
    replacements: tuple[tuple[str, ...], ...]
    exceptions: tuple[Pattern, ...] = ()
    ignore_case: bool = True
    keeps_case: bool = True

    def find(self, text: str) -> Iterator[Hit]:
        """Yield the matches that are not equal to a replacement."""
        for found in self.pattern.finditer(text):
            group = found.lastindex
            if not group:
                continue
            start, end = found.start(group), found.end(group)
            match = found.group(group)
            given = self.replacements[group - 1]
            written = match.strip()
            if not written or matches_any(self.exceptions, written):
                continue
            if any(self._is_same(written, each) for each in given):
                continue
            chosen = tuple(like(match, each) if self.keeps_case else each for each in given)
            yield Hit(
                start=start,
                end=end,
                values={"match": match, "replacement": alternatives(given)},
                replacements=chosen,
            )

    def _is_same(self, written: str, replacement: str) -> bool:
        if self.ignore_case:
            return written.casefold() == replacement.casefold()
        return written == replacement


def groups_of(patterns: tuple[str, ...], *, whole_words: bool) -> str:
    """Return a pattern with a group for each of *patterns*, whose own groups are not counted."""
    joined = "|".join(f"({_without_groups(each)})" for each in patterns)
    return rf"\b(?:{joined})\b" if whole_words else joined


def _without_groups(pattern: str) -> str:
    """Return a pattern whose groups do not capture."""
    parts: list[str] = []
    index, in_class = 0, False
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            parts.append(pattern[index : index + 2])
            index += 2
            continue
        if char == "[" and not in_class:
            in_class = True
        elif char == "]" and in_class:
            in_class = False
        elif char == "(" and not in_class and pattern[index + 1 : index + 2] != "?":
            parts.append("(?:")
            index += 1
            continue
        parts.append(char)
        index += 1
    return "".join(parts)


def check_replacements(
    patterns: tuple[str, ...], *, whole_words: bool, ignore_case: bool, trusted: bool
) -> Pattern:
    """
    Compile the pattern of a substitution.

    Raises:
        InvalidValueError: As for `compile_pattern`.
    """
    return compile_pattern(
        groups_of(patterns, whole_words=whole_words), ignore_case=ignore_case, trusted=trusted
    )
