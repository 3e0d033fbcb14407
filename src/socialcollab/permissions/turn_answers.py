"""Who is on duty when: the part of the answers that turns alone decide."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Collection, Iterator

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.permissions.duty_line import DutyLine
from socialcollab.permissions.rota import Turn
from socialcollab.permissions.rulebook import Rulebook
from socialcollab.permissions.stand_ins import StandIns
from socialcollab.time import as_utc

__all__ = ["TurnAnswers"]


class TurnAnswers:
    """
    Who is on duty when, and when somebody may come to have a right.

    Args:
        rulebook: What the lines give and bar.

        stand_ins: Who stands in for whom.
    """

    def __init__(self, rulebook: Rulebook, stand_ins: StandIns) -> None:
        self._rulebook = rulebook
        self._stand_ins = stand_ins
        self._duties = {line.source.id: line for line in rulebook.duties}

    def duty_line(self, duty: str) -> DutyLine:
        """
        Return a duty with everything it names worked out.

        Raises:
            InvalidValueError: If there is no such duty.
        """
        found = self._duties.get(duty)
        if found is None:
            raise InvalidValueError(
                f"`{duty}` is no duty{did_you_mean(duty, self._duties, before='; ')}",
                value=duty,
                expected="a duty's id",
            )
        return found

    @property
    def duty_ids(self) -> tuple[str, ...]:
        """All duties, sorted."""
        return tuple(sorted(self._duties))

    def on_duty(self, duty: str, where: str, *, at: dt.datetime) -> MemberId | None:
        """
        Return who is on duty by the clock of a place, swaps included, or None if nobody is.

        Raises:
            InvalidValueError: If there is no such duty.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        turn = self.duty_line(duty).rota(where).at(at)
        return None if turn is None else turn.member

    def turns(
        self, duty: str, where: str, *, start: dt.datetime, end: dt.datetime
    ) -> tuple[Turn, ...]:
        """
        Return the turns that overlap a time, in order, by the clock of a place.

        Raises:
            InvalidValueError: If there is no such duty.

            NaiveDatetimeError: If an instant has no UTC offset.
        """
        return tuple(self.duty_line(duty).rota(where).between(start, end))

    def next_turn(self, duty: str, where: str, *, after: dt.datetime) -> dt.datetime | None:
        """
        Return when the next turn after an instant begins by the clock of a place, or None.

        Raises:
            InvalidValueError: If there is no such duty.

            NaiveDatetimeError: If *after* has no UTC offset.
        """
        return self.duty_line(duty).rota(where).after(after)

    def begins(
        self, where: str, *, after: dt.datetime, permission: str, roles: Collection[str] = ()
    ) -> Iterator[dt.datetime]:
        """
        Yield the instants after one at which somebody may come to have a right there, in order.

        A grant begins then, a forbid ends, or somebody begins to stand in; or,
        of duties that give *permission* or one of some *roles*, a turn begins:
        each member's next one, and the next after whatever else begins.
        """
        at = as_utc(after)
        away = {one.begins_at for one in self._stand_ins.absences}
        fixed = sorted(one for one in self._rulebook.bounds(where) | away if one > at)
        turns = (
            line.beginnings(where, after=at, bounds=fixed)
            for line in self._rulebook.duties
            if (permission in line.permissions or not line.roles.isdisjoint(roles))
            and line.speaks_of(where)
        )
        yield from heapq.merge(fixed, *turns)
