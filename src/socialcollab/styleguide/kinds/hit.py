"""Places in a text that a kind of rule reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

import attrs


@attrs.frozen(kw_only=True)
class Hit:
    """
    A place in a text that a rule reports.

    Attributes:
        start: The position of the first code point.
        end: The position after the last code point.
        values: Values for the placeholders of the message, such as ``match``.
        replacements: The texts that could replace it, the best first.
    """

    start: int
    end: int
    values: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    replacements: tuple[str, ...] = ()


class Kind(Protocol):
    """A kind of rule with its settings, which finds places in a text."""

    NAME: ClassVar[str]
    """The name of the kind in a guide."""

    def find(self, text: str) -> Iterator[Hit]:
        """
        Yield the places to report, in order.

        Links, mentions, hashtags and code are replaced by U+FFFC, unless the rule concerns them.
        """
        ...


Compile = Callable[..., Any]


def like(written: str, replacement: str) -> str:
    """
    Return a replacement with the capitals of the text that it replaces.

    >>> like("Utilise", "use"), like("UTILISE", "use"), like("utilise", "use")
    ('Use', 'USE', 'use')
    """
    if not replacement.islower():
        return replacement
    if len(written) > 1 and written.isupper():
        return replacement.upper()
    if written[:1].isupper():
        return replacement[:1].upper() + replacement[1:]
    return replacement


def alternatives(words: tuple[str, ...]) -> str:
    """
    Return texts as they are listed in a sentence.

    >>> alternatives(("use", "apply", "employ"))
    'use, apply or employ'
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
