"""Principals: references to a member, a team, a role, a rotation or the lead."""

from __future__ import annotations

from typing import Self

import attrs

from socialcollab.document_fields import as_items
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id

_KINDS = ("member", "team", "role", "rotation")


@attrs.frozen(order=True)
class Principal:
    """
    A reference to a member, a team, a role, a rotation or the lead.

    It refers to the members whom it includes at the time of the query: the members of the team,
    the members with the role, or the members on duty.

    Attributes:
        kind: "member", "team", "role", "rotation" or "lead".
        name: The identifier, or empty for "lead".
    """

    kind: str
    name: str = ""

    def __attrs_post_init__(self) -> None:
        if self.kind == "lead" and not self.name:
            return
        if self.kind not in _KINDS:
            raise InvalidValueError(
                f"`{self.kind}` is not a kind of principal;"
                " write member:, team:, role:, rotation: or lead",
                value=self.kind,
                expected="member:, team:, role:, rotation: or lead",
            )
        check_id(self.kind, self.name)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Parse ``member:ana``, ``team:social``, ``role:editor``, ``rotation:weekend`` or ``lead``.

        >>> Principal.parse("team:social")
        Principal(kind='team', name='social')

        Raises:
            InvalidValueError: If *text* has another form.
        """
        kind, colon, name = text.partition(":")
        if not colon and kind != "lead":
            raise InvalidValueError(
                f"principal `{text}` has no kind; did you mean `member:{text}`?",
                value=text,
                expected=f"member:{text}, team:{text} or role:{text}",
            )
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


def as_principal(value: str | Principal) -> Principal:
    """
    Convert a string to a principal.

    Raises:
        InvalidValueError: If *value* is neither a principal nor a string that represents one.
    """
    if isinstance(value, Principal):
        return value
    if not isinstance(value, str):
        raise InvalidValueError(
            f"`{value!r}` is not a principal", value=value, expected="a string such as `member:ana`"
        )
    return Principal.parse(value)


def as_principals(
    value: str | Principal | tuple[str | Principal, ...] | list[str | Principal],
) -> tuple[Principal, ...]:
    """Convert one or more principals or strings to a tuple of principals."""
    if isinstance(value, (str, Principal)):
        return (as_principal(value),)
    return tuple(as_principal(item) for item in as_items(value, "principals"))
