"""Actors: members, and parts of the library that act automatically."""

from __future__ import annotations

from typing import ClassVar, Self

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id

_SYSTEM = ("publisher", "timer", "rules")


@attrs.frozen
class Actor:
    """
    A member or a part of the library that causes events.

    Attributes:
        kind: "member" or "system".
        name: The member's id; or "publisher" (sends deliveries), "timer" (performs time-based
            actions) or "rules" (performs actions that a policy requires after a decision).
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
        """Return the actor for a member."""
        return cls("member", member)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Parse an actor in the form that `str` returns.

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
