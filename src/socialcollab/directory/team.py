"""Teams: groups of members."""

from __future__ import annotations

import attrs

from socialcollab.document_fields import Id, ListOf, NameShape, Text, as_words, shape
from socialcollab.identifiers import check_id


@attrs.frozen(kw_only=True)
class Team:
    """
    A group of members to which grants and policies can refer by a single name.

    Attributes:
        id: The identifier.
        name: The name to display.
        members: The members of the team.
        includes: Other teams, whose members also belong to this team.
    """

    id: str = attrs.field(metadata=shape(Id("team")))
    name: str = attrs.field(metadata=shape(Text(at_most=200, personal=True)), default="")
    members: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=NameShape("member"))), default=(), converter=as_words
    )
    includes: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=NameShape("team"))), default=(), converter=as_words
    )

    def __attrs_post_init__(self) -> None:
        check_id("team", self.id)
