"""How many of those asked have to say yes."""

from __future__ import annotations

import re
from typing import ClassVar, Self

import attrs

from socialcollab.errors import InvalidValueError


@attrs.frozen
class Quorum:
    """
    How many of those asked have to say yes.

    Attributes:
        least: A number from 1 on; 0 means all of them.
    """

    PATTERN: ClassVar[str] = r"^(any|all|[1-9][0-9]{0,2})$"

    least: int

    @classmethod
    def parse(cls, text: str | int, /) -> Self:
        """
        Read "any", "all", or a number.

        >>> Quorum.parse("any").least, Quorum.parse(2).least
        (1, 2)

        Raises:
            InvalidValueError: If it is none of these.
        """
        said = str(text)
        if isinstance(text, bool) or not re.fullmatch(cls.PATTERN[1:-1], said):
            raise InvalidValueError(
                f"`{text}` is no quorum; say `any`, `all`, or a number from 1 on",
                value=text,
                expected="any, all or a number",
            )
        return cls({"any": 1, "all": 0}[said] if said in ("any", "all") else int(said))

    def needed(self, asked: int) -> int:
        """Return how many of *asked* people it takes; at least one, even of nobody."""
        return max(1, asked) if self.least == 0 else self.least

    def __str__(self) -> str:
        return {0: "all", 1: "any"}.get(self.least, str(self.least))
