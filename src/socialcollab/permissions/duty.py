"""A role that members hold in rotation."""

from __future__ import annotations

import datetime as dt
from typing import TypeAlias

import attrs

from socialcollab.directory import Selector, as_selector
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, check_id
from socialcollab.permissions.rota import Rota, rota
from socialcollab.sections import Date, Id, ListOf, Parsed, Ref, Section, as_words, shape
from socialcollab.time import Every

__all__ = ["Duty", "Timing"]


Timing: TypeAlias = tuple[tuple[str, ...], dt.date, Every, Every | None]
"""All that turns depend on, but for the zone: members, first day, beginnings, ends."""


def _as_every(value: str | Every) -> Every:
    return Every.parse(value) if isinstance(value, str) else value


@attrs.frozen(kw_only=True)
class Duty:
    """
    A role that members hold in rotation.

    Attributes:
        id: Its identifier.

        role: The role that whoever is on duty holds.

        on: Where it holds.

        members: Who takes turns, in order.

        start: The day from which the first of them is on duty.

        every: When a turn begins, such as ``friday 17:00``.

        end: When a turn ends, if before the next begins.

    Raises:
        InvalidValueError: If nobody takes turns, or one is named twice.
    """

    id: str = attrs.field(metadata=shape(Id("duty")))
    role: str = attrs.field(metadata=shape(Ref("role")))
    on: Selector = attrs.field(
        metadata=shape(
            Section(
                Selector,
                plain="profile",
                only=("workspace", "network", "profile", "profile_tag", "excluding"),
            )
        ),
        converter=as_selector,
    )
    members: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Ref("member"), at_least=1)), converter=as_words
    )
    start: dt.date = attrs.field(metadata=shape(Date()))
    every: Every = attrs.field(
        metadata=shape(Parsed(grammar=Every, name="rule", pattern=r"^.+$")), converter=_as_every
    )
    end: Every | None = attrs.field(
        metadata=shape(Parsed(grammar=Every, name="rule", pattern=r"^.+$")),
        default=None,
        converter=attrs.converters.optional(_as_every),
    )

    def __attrs_post_init__(self) -> None:
        check_id("duty", self.id)
        if not self.members:
            raise InvalidValueError(
                f"nobody takes turns in duty `{self.id}`", expected="members = [...]"
            )

    def on_duty(self, at: dt.datetime, *, zone: str) -> MemberId | None:
        """
        Return who is on duty, or None between turns and before the first.

        Args:
            at: The instant.

            zone: The zone in which turns begin and end.
        """
        turn = self.rota(zone).at(at)
        return None if turn is None else turn.member

    def next_turn(self, at: dt.datetime, *, zone: str) -> dt.datetime | None:
        """Return when the next turn after an instant begins, or None if none does."""
        return self.rota(zone).after(at)

    @property
    def timing(self) -> Timing:
        """All that its turns depend on, but for the zone."""
        return self.members, self.start, self.every, self.end

    def rota(self, zone: str) -> Rota:
        """Return its turns in a zone, given by its IANA name."""
        return rota(self.members, self.start, self.every, self.end, zone_name=zone)
