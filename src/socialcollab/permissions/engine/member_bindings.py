"""The rules and rotations that name one member."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import attrs

from socialcollab.permissions.engine.binding import Binding, span_contains
from socialcollab.permissions.engine.rotation_binding import RotationBinding

_Bound = TypeVar("_Bound", Binding, RotationBinding)


@attrs.frozen(eq=False)
class MemberBindings:
    """
    The rules and rotations that name a member.

    Members who are named by exactly the same rules and rotations share one instance.

    Attributes:
        grants: The grants.
        forbids: The forbids.
        rotations: The rotations in which the member takes shifts.
        leaving: The instant at which the member leaves, or None; everything is forbidden from then
            on.
    """

    grants: tuple[Binding, ...] = ()
    forbids: tuple[Binding, ...] = ()
    rotations: tuple[RotationBinding, ...] = ()
    leaving: dt.datetime | None = None

    def grants_at(self, member: str, permission: str, resource: str, at: dt.datetime) -> bool:
        """Return whether a grant, or a shift of *member*, gives a permission at an instant."""
        return bool(active_bindings(self.grants, permission, resource, at)) or any(
            permission in rotation.permissions
            and resource in rotation.resources
            and rotation.shift(member, resource, at) is not None
            for rotation in self.rotations
        )

    def forbids_at(self, permission: str, resource: str, at: dt.datetime) -> bool:
        """Return whether a permission is forbidden at an instant."""
        if self.leaving is not None and self.leaving <= at:
            return True
        return bool(active_bindings(self.forbids, permission, resource, at))

    def possible_resources(self, permission: str) -> frozenset[str]:
        """Return the resources on which a grant or shift gives a permission, ignoring forbids."""
        return frozenset[str]().union(
            *(grant.resources for grant in self.grants if permission in grant.permissions),
            *(
                rotation.resources
                for rotation in self.rotations
                if permission in rotation.permissions
            ),
        )


def active_bindings(
    bindings: Iterable[Binding], permission: str, resource: str, at: dt.datetime
) -> list[Binding]:
    """Return the rules about a permission and a resource that are active at an instant."""
    return [
        binding
        for binding in bindings
        if permission in binding.permissions
        and resource in binding.resources
        and (binding.unbounded or span_contains(binding.span(resource), at))
    ]


def ordered(bindings: list[Binding]) -> list[Binding]:
    """Return bindings in an order that does not depend on their order in the document."""
    # Computing the sort key is the slowest part, and usually there is only one binding.
    return sorted(bindings, key=lambda binding: binding.order) if len(bindings) > 1 else bindings


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
    Return the rules and rotations that name each member, including suspended members.

    Args:
        grants: All grants.
        forbids: All forbids.
        rotations: All rotations.
        leaving: The instants at which members leave.
        only: The members to return, or None for all members.
    """
    lists: dict[str, tuple[list[Binding], list[Binding], list[RotationBinding]]] = {
        member: ([], [], []) for member in leaving if only is None or member in only
    }

    def lists_of(
        bound: Binding | RotationBinding,
    ) -> list[tuple[list[Binding], list[Binding], list[RotationBinding]]]:
        members = bound.members if only is None else bound.members & only
        return [lists.setdefault(member, ([], [], [])) for member in members]

    for grant in _naming(grants, only):
        for own_grants, _, _ in lists_of(grant):
            own_grants.append(grant)
    for forbid in _naming(forbids, only):
        for _, own_forbids, _ in lists_of(forbid):
            own_forbids.append(forbid)
    for rotation in _naming(rotations, only):
        for _, _, own_rotations in lists_of(rotation):
            own_rotations.append(rotation)
    # Many members of a team are named by exactly the same rules; they share one row in the table.
    shared: dict[tuple[object, ...], MemberBindings] = {}
    by_member: dict[str, MemberBindings] = {}
    for member, (own_grants, own_forbids, own_rotations) in lists.items():
        key = (
            *own_grants,
            None,
            *own_forbids,
            None,
            *map(id, own_rotations),
            leaving.get(member),
        )
        if key not in shared:
            shared[key] = MemberBindings(
                tuple(own_grants), tuple(own_forbids), tuple(own_rotations), leaving.get(member)
            )
        by_member[member] = shared[key]
    return by_member


def _naming(bound: Iterable[_Bound], members: frozenset[str] | None) -> Iterable[_Bound]:
    if members is None:
        return bound
    return [one for one in bound if not members.isdisjoint(one.members)]
