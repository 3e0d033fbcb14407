"""Roles: named sets of permissions, which may include other roles."""

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
        id: The role's name.
        includes: Roles whose permissions this role includes.
        permissions: The role's own permissions; ``*`` means every permission, including custom
            permissions and permissions added in later versions.
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
    All roles, with their includes resolved.

    Attributes:
        by_id: The roles, by id.
        custom: The names of the organization's custom permissions.

    Raises:
        InvalidValueError: If a role includes an unknown role, includes itself directly or through
            other roles (the message shows the cycle), or names an unknown permission.
    """

    by_id: Mapping[str, Role]
    custom: frozenset[str] = frozenset()

    def __attrs_post_init__(self) -> None:
        for role in self.by_id.values():
            for included in role.includes:
                if included not in self.by_id:
                    raise InvalidValueError(
                        f"role `{role.id}` includes `{included}`, which is not a role"
                        f"{did_you_mean(included, self.by_id, before='; ')}",
                        value=included,
                    )
            for permission in role.permissions:
                if permission not in self.permission_names and permission != ALL:
                    raise InvalidValueError(
                        f"role `{role.id}` names `{permission}`, which is not a permission"
                        f"{did_you_mean(permission, self.permission_names, before='; ')}",
                        value=permission,
                    )
        cycle = find_cycle({role.id: role.includes for role in self.by_id.values()})
        if cycle:
            raise InvalidValueError(
                f"roles include each other in a cycle: {' > '.join(cycle)}", value=cycle
            )

    @cached_property
    def permission_names(self) -> frozenset[str]:
        """The names of all permissions, including custom permissions."""
        return frozenset(PERMISSIONS) | self.custom

    @cached_property
    def _closures(self) -> dict[str, frozenset[str]]:
        closures: dict[str, frozenset[str]] = {}
        for name in self.by_id:
            # This uses a stack, because a long chain of includes could exceed Python's recursion
            # limit.
            waiting = [name]
            while waiting:
                includes = self.by_id[waiting[-1]].includes
                unresolved = [other for other in includes if other not in closures]
                if unresolved:
                    waiting += unresolved
                    continue
                role = waiting.pop()
                included = (closures[other] for other in includes)
                closures[role] = frozenset({role}).union(*included)
        return closures

    def included_in(self, role: str) -> frozenset[str]:
        """Return *role* and every role it includes, directly or through others."""
        return self._closures[role]

    @cached_property
    def _permissions(self) -> dict[str, frozenset[str]]:
        return {
            role: self.expand(
                permission
                for included in closure
                for permission in self.by_id[included].permissions
            )
            for role, closure in self._closures.items()
        }

    def permissions_of(self, role: str) -> frozenset[str]:
        """Return every permission of *role*, with ``*`` expanded."""
        return self._permissions[role]

    def expand(self, permissions: Iterable[str]) -> frozenset[str]:
        """Return the named permissions, with ``*`` expanded."""
        names = frozenset(permissions)
        return self.permission_names if ALL in names else names


def find_cycle(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """
    Return one cycle of a graph, or an empty tuple if there is none.

    The first name is repeated at the end.

    >>> find_cycle({"a": ["b"], "b": ["a"]})
    ('a', 'b', 'a')
    """
    done: set[str] = set()
    for start in sorted(edges):
        if start in done:
            continue
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                on_path.discard(path.pop())
                done.add(node)
                continue
            if node in on_path:
                return (*path[path.index(node) :], node)
            if node in done:
                continue
            path.append(node)
            on_path.add(node)
            stack.append((node, True))
            stack.extend((other, False) for other in sorted(edges.get(node, ()), reverse=True))
    return ()
