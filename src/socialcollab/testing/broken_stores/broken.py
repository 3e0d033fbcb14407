"""What a deliberately broken store is made of: the memory store, with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

from socialcollab.stores import MemoryJournal, MemoryStore, Projection, Store

Make: TypeAlias = Callable[[tuple[Projection, ...]], Store]


class BrokenJournal(MemoryJournal):
    """
    A journal in memory with one thing wrong.

    Attributes:
        breaks: The promise that it breaks; the nearest, as it may break others with it.

        store: The store that it is of.
    """

    breaks: ClassVar[str] = ""
    store: MemoryStore


class BrokenStore(MemoryStore):
    """A store in memory with one thing wrong that shows in no single journal."""

    breaks: ClassVar[str] = ""


def make_of(broken: type[BrokenJournal] | type[BrokenStore]) -> Make:
    """Return what makes a store that is broken so, as `broken_promises` takes it."""
    if issubclass(broken, BrokenStore):
        return broken
    journal: type[BrokenJournal] = broken

    class _Store(MemoryStore):
        def __init__(self, projections: Sequence[Projection] = ()) -> None:
            super().__init__(projections)
            self._made: dict[str, MemoryJournal] = {}

        def for_organization(self, organization: str) -> MemoryJournal:
            right = super().for_organization(organization)
            made = journal(organization, right._journal, right._projections, right._lock)
            made.store = self
            return self._made.setdefault(organization, made)

    return _Store


def versions(journal: BrokenJournal, streams: Any) -> Mapping[str, int]:
    """Return where each of *streams* is now."""
    return {stream: journal.snapshot(stream)[0] for stream in streams}
