"""Named sets of permissions, which may include each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs

from socialcollab.document_fields import Id, ListOf, NameShape, as_words, shape
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id, did_you_mean
from socialcollab.permissions.model.permission import ALL, PERMISSIONS


@attrs.frozen(kw_only=True)
class Role:
    """
    A named set of permissions.

    Attributes:
        id: Its name.

        includes: Roles whose permissions it has too.

        permissions: What it allows itself; ``*`` is everything, later
            permissions and own ones too.
    """

    id: str = attrs.field(metadata=shape(Id("role")))
    includes: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=NameShape("role"))), default=(), converter=as_words
    )
    permissions: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=NameShape("permission", also=(ALL,)))),
        default=(),
        converter=as_words,
    )

    def __attrs_post_init__(self) -> None:
        check_id("role", self.id)


@attrs.frozen(slots=False)
class Roles:
    """
    All roles, with what each includes worked out.

    Attributes:
        by_id: The roles, by name.

        custom: Names of the organization's own permissions.

    Raises:
        InvalidValueError: If a role includes itself through others (the
            message shows the cycle), or one that does not exist, or names an
            unknown permission.
    """

    by_id: Mapping[str, Role]
    custom: frozenset[str] = frozenset()

    def __attrs_post_init__(self) -> None:
        for role in self.by_id.values():
            for included in role.includes:
                if included not in self.by_id:
                    raise InvalidValueError(
                        f"role `{role.id}` includes `{included}`, which is no role{did_you_mean(included, self.by_id, before='; ')}",
                        value=included,
                    )
            for permission in role.permissions:
                if permission not in self.permission_names and permission != ALL:
                    raise InvalidValueError(
                        f"role `{role.id}` names `{permission}`, which is no permission"
                        f"{did_you_mean(permission, self.permission_names, before='; ')}",
                        value=permission,
                    )
        cycle = find_cycle({role.id: role.includes for role in self.by_id.values()})
        if cycle:
            raise InvalidValueError(
                f"roles include each other in a circle: {' > '.join(cycle)}", value=cycle
            )

    @cached_property
    def permission_names(self) -> frozenset[str]:
        """Every permission there is, the organization's own included."""
        return frozenset(PERMISSIONS) | self.custom

    @cached_property
    def _closures(self) -> dict[str, frozenset[str]]:
        closures: dict[str, frozenset[str]] = {}
        for role in self.by_id:
            # No circle is left, and no call for each role of a chain, however long.
            waiting = [role]
            while waiting:
                includes = self.by_id[waiting[-1]].includes
                ahead = [other for other in includes if other not in closures]
                if ahead:
                    waiting += ahead
                    continue
                current = waiting.pop()
                included = (closures[other] for other in includes)
                closures[current] = frozenset({current}).union(*included)
        return closures

    def included_in(self, role: str) -> frozenset[str]:
        """Return *role* and every role it includes, directly or through others."""
        return self._closures[role]

    @cached_property
    def _permissions(self) -> dict[str, frozenset[str]]:
        return {
            role: self.spelled_out(
                permission
                for included in closure
                for permission in self.by_id[included].permissions
            )
            for role, closure in self._closures.items()
        }

    def permissions_of(self, role: str) -> frozenset[str]:
        """Return everything *role* allows, ``*`` spelled out."""
        return self._permissions[role]

    def spelled_out(self, permissions: Iterable[str]) -> frozenset[str]:
        """Return the permissions that some words of a line mean, ``*`` spelled out."""
        said = frozenset(permissions)
        return self.permission_names if ALL in said else said

    def smallest_with(self, permission: str) -> str:
        """Return the role with the fewest permissions that has *permission*; empty if none has."""
        having = [
            (len(self.permissions_of(role)), role)
            for role in self.by_id
            if permission in self.permissions_of(role)
        ]
        return min(having)[1] if having else ""


def find_cycle(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """
    Return one cycle, its first name repeated at the end, or nothing.

    >>> find_cycle({"a": ["b"], "b": ["a"]})
    ('a', 'b', 'a')
    """
    done: set[str] = set()
    for start in sorted(edges):
        if start in done:
            continue
        trail: list[str] = []
        on_trail: set[str] = set()
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                on_trail.discard(trail.pop())
                done.add(node)
                continue
            if node in on_trail:
                return (*trail[trail.index(node) :], node)
            if node in done:
                continue
            trail.append(node)
            on_trail.add(node)
            stack.append((node, True))
            stack.extend((other, False) for other in sorted(edges.get(node, ()), reverse=True))
    return ()
