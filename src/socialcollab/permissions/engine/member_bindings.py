"""The lines that mean one member."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import attrs

from socialcollab.permissions.engine.binding import Binding
from socialcollab.permissions.engine.rotation_binding import RotationBinding
from socialcollab.permissions.engine.scope import within

_Line = TypeVar("_Line", Binding, RotationBinding)


@attrs.frozen(eq=False)
class MemberBindings:
    """
    The lines that mean one member, or several whom exactly the same lines mean.

    Attributes:
        grants: The grants that mean them.

        forbids: The forbids that mean them.

        duties: The duties in which they take turns.

        leaving: The instant from which on they have left, if they ever do:
            everything is barred then.
    """

    grants: tuple[Binding, ...] = ()
    forbids: tuple[Binding, ...] = ()
    rotations: tuple[RotationBinding, ...] = ()
    leaving: dt.datetime | None = None

    def grants_at(self, member: str, permission: str, resource: str, at: dt.datetime) -> bool:
        """Tell whether a grant, or a turn of *member*, whose rights these are, gives it then."""
        return bool(active_bindings(self.grants, permission, resource, at)) or any(
            permission in line.permissions
            and resource in line.resources
            and line.shift(member, resource, at) is not None
            for line in self.rotations
        )

    def forbids_at(self, permission: str, resource: str, at: dt.datetime) -> bool:
        """Tell whether a forbid bars it then."""
        if self.leaving is not None and self.leaving <= at:
            return True
        return bool(active_bindings(self.forbids, permission, resource, at))

    def resources_ever(self, permission: str) -> frozenset[str]:
        """Return where a grant or a turn gives it at some time, forbids aside."""
        return frozenset[str]().union(
            *(line.resources for line in self.grants if permission in line.permissions),
            *(line.resources for line in self.rotations if permission in line.permissions),
        )


def active_bindings(
    lines: Iterable[Binding], permission: str, resource: str, at: dt.datetime
) -> list[Binding]:
    """Return the lines that are about a permission and a place, and hold there then."""
    return [
        line
        for line in lines
        if permission in line.permissions
        and resource in line.resources
        and (line.unbounded or within(line.span(resource), at))
    ]


def ordered(lines: list[Binding]) -> list[Binding]:
    """Return lines in the order that does not depend on where they stand."""
    # Most often there is one; what lines are sorted by takes longer to write than all else.
    return sorted(lines, key=lambda line: line.order) if len(lines) > 1 else lines


NO_BINDINGS: Final = MemberBindings()


def bindings_by_member(
    grants: Iterable[Binding],
    forbids: Iterable[Binding],
    rotations: Iterable[RotationBinding],
    *,
    leaving: Mapping[str, dt.datetime],
    only: frozenset[str] | None = None,
) -> dict[str, MemberBindings]:
    """
    Return the lines that mean each member, suspended or not.

    Args:
        grants: All grants.

        forbids: All forbids.

        rotations: All duties.

        leaving: The instant from which on somebody has left, by member.

        only: Whom to look for, if not for everybody.
    """
    found: dict[str, tuple[list[Binding], list[Binding], list[RotationBinding]]] = {
        member: ([], [], []) for member in leaving if only is None or member in only
    }

    def theirs(
        line: Binding | RotationBinding,
    ) -> list[tuple[list[Binding], list[Binding], list[RotationBinding]]]:
        members = line.members if only is None else line.members & only
        return [found.setdefault(member, ([], [], [])) for member in members]

    for grant in _touching(grants, only):
        for given, _, _ in theirs(grant):
            given.append(grant)
    for forbid in _touching(forbids, only):
        for _, barred, _ in theirs(forbid):
            barred.append(forbid)
    for rotation in _touching(rotations, only):
        for _, _, shifts in theirs(rotation):
            shifts.append(rotation)
    # In a team many are meant by the very same lines: they share a row of the table.
    shared: dict[tuple[object, ...], MemberBindings] = {}
    rights: dict[str, MemberBindings] = {}
    for member, (given, barred, shifts) in found.items():
        key = (*given, None, *barred, None, *map(id, shifts), leaving.get(member))
        if key not in shared:
            shared[key] = MemberBindings(
                tuple(given), tuple(barred), tuple(shifts), leaving.get(member)
            )
        rights[member] = shared[key]
    return rights


def _touching(lines: Iterable[_Line], members: frozenset[str] | None) -> Iterable[_Line]:
    if members is None:
        return lines
    return [line for line in lines if not members.isdisjoint(line.members)]
