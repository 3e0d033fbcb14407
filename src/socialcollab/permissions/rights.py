"""The lines that mean one member."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import attrs

from socialcollab.permissions.duty_line import DutyLine
from socialcollab.permissions.line import Line
from socialcollab.permissions.scope import within

_Line = TypeVar("_Line", Line, DutyLine)

__all__ = ["NO_RIGHTS", "Rights", "in_force", "ordered", "sort_out"]


@attrs.frozen(eq=False)
class Rights:
    """
    The lines that mean one member, or several whom exactly the same lines mean.

    Attributes:
        grants: The grants that mean them.

        forbids: The forbids that mean them.

        duties: The duties in which they take turns.

        leaving: The instant from which on they have left, if they ever do:
            everything is barred then.
    """

    grants: tuple[Line, ...] = ()
    forbids: tuple[Line, ...] = ()
    duties: tuple[DutyLine, ...] = ()
    leaving: dt.datetime | None = None

    def gives(self, member: str, permission: str, where: str, at: dt.datetime) -> bool:
        """Tell whether a grant, or a turn of *member*, whose rights these are, gives it then."""
        return bool(in_force(self.grants, permission, where, at)) or any(
            permission in line.permissions
            and where in line.places
            and line.turn(member, where, at) is not None
            for line in self.duties
        )

    def bars(self, permission: str, where: str, at: dt.datetime) -> bool:
        """Tell whether a forbid bars it then."""
        if self.leaving is not None and self.leaving <= at:
            return True
        return bool(in_force(self.forbids, permission, where, at))

    def places_ever(self, permission: str) -> frozenset[str]:
        """Return where a grant or a turn gives it at some time, forbids aside."""
        return frozenset[str]().union(
            *(line.places for line in self.grants if permission in line.permissions),
            *(line.places for line in self.duties if permission in line.permissions),
        )


def in_force(lines: Iterable[Line], permission: str, where: str, at: dt.datetime) -> list[Line]:
    """Return the lines that are about a permission and a place, and hold there then."""
    return [
        line
        for line in lines
        if permission in line.permissions
        and where in line.places
        and (line.unbounded or within(line.span(where), at))
    ]


def ordered(lines: list[Line]) -> list[Line]:
    """Return lines in the order that does not depend on where they stand."""
    # Most often there is one; what lines are sorted by takes longer to write than all else.
    return sorted(lines, key=lambda line: line.order) if len(lines) > 1 else lines


NO_RIGHTS: Final = Rights()


def sort_out(
    grants: Iterable[Line],
    forbids: Iterable[Line],
    duties: Iterable[DutyLine],
    *,
    leaving: Mapping[str, dt.datetime],
    only: frozenset[str] | None = None,
) -> dict[str, Rights]:
    """
    Return the lines that mean each member, suspended or not.

    Args:
        grants: All grants.

        forbids: All forbids.

        duties: All duties.

        leaving: The instant from which on somebody has left, by member.

        only: Whom to look for, if not for everybody.
    """
    found: dict[str, tuple[list[Line], list[Line], list[DutyLine]]] = {
        member: ([], [], []) for member in leaving if only is None or member in only
    }

    def theirs(line: Line | DutyLine) -> list[tuple[list[Line], list[Line], list[DutyLine]]]:
        members = line.members if only is None else line.members & only
        return [found.setdefault(member, ([], [], [])) for member in members]

    for grant in _touching(grants, only):
        for given, _, _ in theirs(grant):
            given.append(grant)
    for forbid in _touching(forbids, only):
        for _, barred, _ in theirs(forbid):
            barred.append(forbid)
    for duty in _touching(duties, only):
        for _, _, turns in theirs(duty):
            turns.append(duty)
    # In a team many are meant by the very same lines: they share a row of the table.
    shared: dict[tuple[object, ...], Rights] = {}
    rights: dict[str, Rights] = {}
    for member, (given, barred, turns) in found.items():
        key = (*given, None, *barred, None, *map(id, turns), leaving.get(member))
        if key not in shared:
            shared[key] = Rights(tuple(given), tuple(barred), tuple(turns), leaving.get(member))
        rights[member] = shared[key]
    return rights


def _touching(lines: Iterable[_Line], members: frozenset[str] | None) -> Iterable[_Line]:
    if members is None:
        return lines
    return [line for line in lines if not members.isdisjoint(line.members)]
