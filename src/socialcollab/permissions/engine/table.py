"""What each member may always do, worked out by place: the table behind the hot path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from socialcollab.permissions.engine.binding import Binding
from socialcollab.permissions.engine.scope import Scope

Row = dict[str | int, int]
"""By place or by kind of place, a bit for each permission."""

_MOST_WIDE: Final = 64


class Table:
    """
    Rows of what grants without bounds give and no forbid ever bars.

    A question takes two keys of a row: the place and the place's kind. Places
    are of one kind if the wide selectors, such as a network, have all of them or
    none; wide is what takes in more than the square root of all places. A row so holds a network as a few numbers, not as hundreds of places,
    and the rows of a large organization stay in the processor's cache.

    Args:
        scope: The permissions and the places there are.

        lines: The lines whose selectors set kinds apart.
    """

    def __init__(self, scope: Scope, *, lines: Iterable[Binding]) -> None:
        names = sorted(scope.roles.permission_names)
        self.bits: Mapping[str, int] = {name: 1 << number for number, name in enumerate(names)}
        within = dict.fromkeys(scope.resources, 0)
        uses = Counter(line.resources for line in lines if len(line.resources) ** 2 > len(within))
        wide = [some for some, _ in uses.most_common(_MOST_WIDE)]
        for number, some in enumerate(wide):
            for resource in some:
                within[resource] |= 1 << number
        # 0 is the kind of what lies in no wide selector; no row has it.
        kinds = {0: 0}
        self.kinds: Mapping[str, int] = {
            resource: kinds.setdefault(these, len(kinds)) for resource, these in within.items()
        }
        self._alike: dict[int, list[str]] = {}
        for resource, kind in self.kinds.items():
            self._alike.setdefault(kind, []).append(resource)
        self._keys = {some: frozenset(self.kinds[resource] for resource in some) for some in wide}
        self._masks: dict[frozenset[str], int] = {}
        self._joined: dict[int, int] = {}

    def row(self, grants: Iterable[Binding], forbids: Iterable[Binding]) -> Row:
        """Return what these lines give always."""
        row: Row = {}
        for line in grants:
            if line.unbounded:
                mask = self.mask(line.permissions)
                for key in self._keys.get(line.resources, line.resources):
                    had = row.get(key)
                    row[key] = mask if had is None else self._join(had | mask)
        for line in forbids:
            self._bar(row, line.resources, ~self.mask(line.permissions))
        return row

    def always(self, row: Row, permission: str, resource: str) -> bool:
        """Tell whether a row allows something at a place."""
        bits = row.get(resource, 0) | row.get(self.kinds.get(resource, 0), 0)
        return bits & self.bits.get(permission, 0) != 0

    def resources(self, row: Row, permission: str) -> set[str]:
        """Return the places at which a row allows something."""
        bit = self.bits[permission]
        found: set[str] = set()
        for key, mask in row.items():
            if mask & bit:
                if isinstance(key, str):
                    found.add(key)
                else:
                    found.update(self._alike[key])
        return found

    def _bar(self, row: Row, resources: frozenset[str], left: int) -> None:
        keys = self._keys.get(resources)
        if keys is None:
            for kind in {self.kinds[resource] for resource in resources} & row.keys():
                # Only some of that kind may be barred: from here on each stands by itself.
                mask = row.pop(kind)
                for resource in self._alike[kind]:
                    row[resource] = self._join(row.get(resource, 0) | mask)
        else:
            for kind in keys & row.keys():
                row[kind] &= left
        for resource in resources & row.keys():
            row[resource] = self._join(row[resource] & left)

    def mask(self, permissions: frozenset[str]) -> int:
        """Return the bits of some permissions."""
        mask = self._masks.get(permissions)
        if mask is None:
            mask = self._masks[permissions] = sum(self.bits[one] for one in permissions)
        return mask

    def _join(self, mask: int) -> int:
        """Return an equal mask, the same object for all rows."""
        return self._joined.setdefault(mask, mask)
