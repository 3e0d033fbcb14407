"""Work that comes again and again."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from socialcollab.directory import PROFILE_KEYS, Principal, Selector, as_principal, as_selector
from socialcollab.document_fields import Id, ListOf, Parsed, PrincipalShape, Section, Text, shape
from socialcollab.identifiers import check_id
from socialcollab.time import EVERY_PATTERN, Every


def _as_every(value: str | Every) -> Every:
    return Every.parse(value) if isinstance(value, str) else value


def _as_words(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


@attrs.frozen(kw_only=True)
class Routine:
    """
    One ``[[routines]]``: a task that comes again and again.

    Attributes:
        id: Its identifier.

        on: The profiles it is about.

        every: When it is due, such as ``first business day of the month 09:00``.

        responsible: Who does it.

        checklist: What belongs to it, in order.
    """

    id: str = attrs.field(metadata=shape(Id("routine")))
    on: Selector = attrs.field(
        metadata=shape(Section(Selector, plain="profile", only=(*PROFILE_KEYS, "excluding"))),
        converter=as_selector,
    )
    every: Every = attrs.field(
        metadata=shape(Parsed(grammar=Every, name="rule", pattern=EVERY_PATTERN)),
        converter=_as_every,
    )
    responsible: Principal = attrs.field(metadata=shape(PrincipalShape()), converter=as_principal)
    checklist: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=300))), default=(), converter=_as_words
    )

    def __attrs_post_init__(self) -> None:
        check_id("routine", self.id)
