"""Say who is meant: a member, a team, a role, a duty, or the lead."""

from __future__ import annotations

from typing import Self

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id

_KINDS = ("member", "team", "role", "rotation")


@attrs.frozen(order=True)
class Principal:
    """
    Who is meant, by one of five kinds.

    Attributes:
        kind: "member", "team", "role", "rotation" or "lead".
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
        Read ``member:ana``, ``team:social``, ``role:editor``, ``rotation:weekend`` or ``lead``.

        >>> Principal.parse("team:social")
        Principal(kind='team', name='social')

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


def as_principal(value: str | Principal) -> Principal:
    """Convert what a class is given as a party."""
    return Principal.parse(value) if isinstance(value, str) else value


def as_principals(
    value: str | Principal | tuple[str | Principal, ...] | list[str | Principal],
) -> tuple[Principal, ...]:
    """Convert what a class is given as one party or several."""
    if isinstance(value, (str, Principal)):
        return (as_principal(value),)
    return tuple(as_principal(item) for item in value)
