"""Actors: members, and the parts of the library that act by themselves."""

from __future__ import annotations

from typing import ClassVar, Self

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id

_SYSTEM = ("publisher", "timer", "rules")


@attrs.frozen
class Actor:
    """
    A member, or a part of the library, that causes events.

    Attributes:
        kind: "member" or "system".
        name: The member's id; or "publisher" (sends deliveries), "timer" (acts when a time has
            come) or "rules" (does what a policy demands after a decision).
    """

    kind: str
    name: str

    PUBLISHER: ClassVar[Actor]
    TIMER: ClassVar[Actor]
    RULES: ClassVar[Actor]

    def __attrs_post_init__(self) -> None:
        if self.kind == "member":
            check_id("member", self.name)
        elif self.kind != "system" or self.name not in _SYSTEM:
            raise InvalidValueError(
                f"`{self.kind}:{self.name}` is not an actor",
                value=f"{self.kind}:{self.name}",
                expected="member:..., system:publisher, system:timer or system:rules",
            )

    @classmethod
    def member(cls, member: str) -> Self:
        """Return a member as an actor."""
        return cls("member", member)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read an actor as `str` prints it.

        >>> Actor.parse("member:ana")
        Actor(kind='member', name='ana')
        """
        kind, _, name = text.partition(":")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


Actor.PUBLISHER = Actor("system", "publisher")
Actor.TIMER = Actor("system", "timer")
Actor.RULES = Actor("system", "rules")
