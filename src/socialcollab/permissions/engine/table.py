"""The permission table used on the hot path: permissions that do not depend on the time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from socialcollab.permissions.engine.binding import Binding
from socialcollab.permissions.engine.scope import Scope

Row = dict[str | int, int]
"""The permissions of one member: a bit mask for each resource or class of resources."""

_MAX_WIDE_SETS: Final = 64


class Table:
    """
    A table of the permissions that unbounded grants give and that no forbid ever withholds.

    Answering a question requires looking up two keys in a row: the resource and its class. Two
    resources are in the same class if every *wide* set of resources, such as all profiles on one
    network, contains both or neither of them. A set is wide if its size exceeds the square root of
    the number of resources. A grant on a network therefore adds a few keys to a row instead of
    hundreds, and the rows of a large organization fit into the processor's cache.

    Args:
        scope: The existing permissions and resources.
        bindings: The rules whose sets of resources are considered as wide sets.
    """

    def __init__(self, scope: Scope, *, bindings: Iterable[Binding]) -> None:
        names = sorted(scope.roles.permission_names)
        self.bits: Mapping[str, int] = {name: 1 << number for number, name in enumerate(names)}
        membership = dict.fromkeys(scope.resources, 0)
        uses = Counter(
            binding.resources
            for binding in bindings
            if len(binding.resources) ** 2 > len(membership)
        )
        wide = [resources for resources, _ in uses.most_common(_MAX_WIDE_SETS)]
        for number, resources in enumerate(wide):
            for resource in resources:
                membership[resource] |= 1 << number
        # Resources that are not in any wide set belong to class 0, which is never a key of a row.
        classes = {0: 0}
        self.classes: Mapping[str, int] = {
            resource: classes.setdefault(sets, len(classes))
            for resource, sets in membership.items()
        }
        self._resources_by_class: dict[int, list[str]] = {}
        for resource, number in self.classes.items():
            self._resources_by_class.setdefault(number, []).append(resource)
        self._wide = {
            resources: frozenset(self.classes[resource] for resource in resources)
            for resources in wide
        }
        self._masks: dict[frozenset[str], int] = {}
        self._interned: dict[int, int] = {}

    def row(self, grants: Iterable[Binding], forbids: Iterable[Binding]) -> Row:
        """Return the row of the permissions that these rules always give."""
        row: Row = {}
        for grant in grants:
            if grant.unbounded:
                mask = self.mask(grant.permissions)
                for key in self._wide.get(grant.resources, grant.resources):
                    present = row.get(key)
                    row[key] = mask if present is None else self._intern(present | mask)
        for forbid in forbids:
            self._forbid(row, forbid.resources, ~self.mask(forbid.permissions))
        return row

    def allows(self, row: Row, permission: str, resource: str) -> bool:
        """Return whether a row contains a permission on a resource."""
        mask = row.get(resource, 0) | row.get(self.classes.get(resource, 0), 0)
        return mask & self.bits.get(permission, 0) != 0

    def resources(self, row: Row, permission: str) -> set[str]:
        """Return the resources for which a row contains a permission."""
        bit = self.bits[permission]
        resources: set[str] = set()
        for key, mask in row.items():
            if mask & bit:
                if isinstance(key, str):
                    resources.add(key)
                else:
                    resources.update(self._resources_by_class[key])
        return resources

    def _forbid(self, row: Row, resources: frozenset[str], kept: int) -> None:
        wide = self._wide.get(resources)
        if wide is None:
            for number in {self.classes[resource] for resource in resources} & row.keys():
                # The forbid may apply to only some resources of this class. One mask is then no
                # longer correct for all of them, so each resource gets a separate key.
                mask = row.pop(number)
                for resource in self._resources_by_class[number]:
                    row[resource] = self._intern(row.get(resource, 0) | mask)
        else:
            for number in wide & row.keys():
                row[number] &= kept
        for resource in resources & row.keys():
            row[resource] = self._intern(row[resource] & kept)

    def mask(self, permissions: frozenset[str]) -> int:
        """Return the bit mask for the given permissions."""
        mask = self._masks.get(permissions)
        if mask is None:
            mask = self._masks[permissions] = sum(self.bits[name] for name in permissions)
        return mask

    def _intern(self, mask: int) -> int:
        """Return an equal mask object that all rows share, to save memory."""
        return self._interned.setdefault(mask, mask)
