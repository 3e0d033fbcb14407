"""The table behind the hot path: what each member may do at any time, by resource."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from socialcollab.permissions.engine.binding import Binding
from socialcollab.permissions.engine.scope import Scope

Row = dict[str | int, int]
"""The permissions of one member, as a bit mask by resource or by class of resources."""

_MAX_WIDE_SETS: Final = 64


class Table:
    """
    Rows of the permissions that grants without bounds give and no forbid ever takes.

    A question looks up two keys of a row: the resource and its class. Two resources are in one
    class if every *wide* set of resources, such as all profiles on one network, contains both or
    neither. A set is wide if it holds more than the square root of all resources. So a grant on a
    network takes a few keys of a row instead of hundreds, and the rows of a large organization
    stay in the processor's cache.

    Args:
        scope: The permissions and resources that exist.
        bindings: The rules whose resources decide which sets are wide.
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
        # Resources in no wide set are in class 0, which no row has as a key.
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
        """Return the permissions that these rules give at any time."""
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
        """Return whether a row has a permission on a resource."""
        mask = row.get(resource, 0) | row.get(self.classes.get(resource, 0), 0)
        return mask & self.bits.get(permission, 0) != 0

    def resources(self, row: Row, permission: str) -> set[str]:
        """Return the resources on which a row has a permission."""
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
                # The forbid may cover only some resources of this class, so that one mask no
                # longer fits all of them: from here on each has its own key.
                mask = row.pop(number)
                for resource in self._resources_by_class[number]:
                    row[resource] = self._intern(row.get(resource, 0) | mask)
        else:
            for number in wide & row.keys():
                row[number] &= kept
        for resource in resources & row.keys():
            row[resource] = self._intern(row[resource] & kept)

    def mask(self, permissions: frozenset[str]) -> int:
        """Return the bit mask of some permissions."""
        mask = self._masks.get(permissions)
        if mask is None:
            mask = self._masks[permissions] = sum(self.bits[name] for name in permissions)
        return mask

    def _intern(self, mask: int) -> int:
        """Return an equal mask that all rows share, to save memory."""
        return self._interned.setdefault(mask, mask)
