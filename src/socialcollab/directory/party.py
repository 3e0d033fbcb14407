"""Say who is meant: a member, a team, a role, a duty, or the lead."""

from __future__ import annotations

from typing import Self

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id

__all__ = ["Party", "as_parties", "as_party"]

_KINDS = ("member", "team", "role", "duty")


@attrs.frozen(order=True)
class Party:
    """
    Who is meant, by one of five kinds.

    Attributes:
        kind: "member", "team", "role", "duty" or "lead".

        name: The identifier of that kind; empty for "lead".
    """

    kind: str
    name: str = ""

    def __attrs_post_init__(self) -> None:
        if self.kind == "lead" and not self.name:
            return
        if self.kind not in _KINDS:
            raise InvalidValueError(
                f"`{self.kind}` is no kind of party; say member:, team:, role:, duty: or lead",
                value=self.kind,
                expected="member:, team:, role:, duty: or lead",
            )
        check_id(self.kind, self.name)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read ``member:ana``, ``team:social``, ``role:editor``, ``duty:weekend`` or ``lead``.

        >>> Party.parse("team:social")
        Party(kind='team', name='social')

        Raises:
            InvalidValueError: If it is none of these.
        """
        kind, colon, name = text.partition(":")
        if not colon and kind != "lead":
            raise InvalidValueError(
                f"party `{text}` does not say what it is; did you mean `member:{text}`?",
                value=text,
                expected=f"member:{text}, team:{text} or role:{text}",
            )
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


def as_party(value: str | Party) -> Party:
    """Convert what a class is given as a party."""
    return Party.parse(value) if isinstance(value, str) else value


def as_parties(
    value: str | Party | tuple[str | Party, ...] | list[str | Party],
) -> tuple[Party, ...]:
    """Convert what a class is given as one party or several."""
    if isinstance(value, (str, Party)):
        return (as_party(value),)
    return tuple(as_party(item) for item in value)
