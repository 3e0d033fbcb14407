"""Who is on duty when: the part of the answers that turns alone decide."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Collection, Iterator

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.permissions.engine.binding_set import BindingSet
from socialcollab.permissions.engine.delegations import Delegations
from socialcollab.permissions.engine.rotation_binding import RotationBinding
from socialcollab.permissions.rotations.roster import Shift
from socialcollab.time import as_utc


class ShiftAnswers:
    """
    Who is on duty when, and when somebody may come to have a right.

    Args:
        rulebook: What the lines give and bar.

        delegations: Who stands in for whom.
    """

    def __init__(self, bindings: BindingSet, delegations: Delegations) -> None:
        self._bindings = bindings
        self._delegations = delegations
        self._rotations = {line.source.id: line for line in bindings.rotations}

    def rotation_binding(self, rotation: str) -> RotationBinding:
        """
        Return a duty with everything it names worked out.

        Raises:
            InvalidValueError: If there is no such duty.
        """
        found = self._rotations.get(rotation)
        if found is None:
            raise InvalidValueError(
                f"`{rotation}` is no duty{did_you_mean(rotation, self._rotations, before='; ')}",
                value=rotation,
                expected="a duty's id",
            )
        return found

    @property
    def rotation_ids(self) -> tuple[str, ...]:
        """All duties, sorted."""
        return tuple(sorted(self._rotations))

    def on_duty(self, rotation: str, resource: str, *, at: dt.datetime) -> MemberId | None:
        """
        Return who is on duty by the clock of a place, swaps included, or None if nobody is.

        Raises:
            InvalidValueError: If there is no such duty.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        shift = self.rotation_binding(rotation).roster(resource).at(at)
        return None if shift is None else shift.member

    def shifts(
        self, rotation: str, resource: str, *, start: dt.datetime, end: dt.datetime
    ) -> tuple[Shift, ...]:
        """
        Return the turns that overlap a time, in order, by the clock of a place.

        Raises:
            InvalidValueError: If there is no such duty.

            NaiveDatetimeError: If an instant has no UTC offset.
        """
        return tuple(self.rotation_binding(rotation).roster(resource).between(start, end))

    def next_shift(self, rotation: str, resource: str, *, after: dt.datetime) -> dt.datetime | None:
        """
        Return when the next turn after an instant begins by the clock of a place, or None.

        Raises:
            InvalidValueError: If there is no such duty.

            NaiveDatetimeError: If *after* has no UTC offset.
        """
        return self.rotation_binding(rotation).roster(resource).after(after)

    def begins(
        self, resource: str, *, after: dt.datetime, permission: str, roles: Collection[str] = ()
    ) -> Iterator[dt.datetime]:
        """
        Yield the instants after one at which somebody may come to have a right there, in order.

        A grant begins then, a forbid ends, or somebody begins to stand in; or,
        of duties that give *permission* or one of some *roles*, a turn begins:
        each member's next one, and the next after whatever else begins.
        """
        at = as_utc(after)
        away = {one.begins_at for one in self._delegations.absences}
        fixed = sorted(one for one in self._bindings.bounds(resource) | away if one > at)
        shifts = (
            line.beginnings(resource, after=at, bounds=fixed)
            for line in self._bindings.rotations
            if (permission in line.permissions or not line.roles.isdisjoint(roles))
            and line.applies_to(resource)
        )
        yield from heapq.merge(fixed, *shifts)
