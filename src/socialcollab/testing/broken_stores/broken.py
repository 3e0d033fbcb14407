"""The base classes of deliberately broken stores, which are memory stores with a single fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

from socialcollab.stores import MemoryJournal, MemoryStore, Projection, Store

StoreFactory: TypeAlias = Callable[[tuple[Projection, ...]], Store]
"""A function that returns a store with the given projections."""


class BrokenJournal(MemoryJournal):
    """
    An in-memory journal with a single fault.

    Attributes:
        breaks: The promise that it breaks. It may break other promises as a consequence.
    """

    breaks: ClassVar[str] = ""
    _store: MemoryStore


class BrokenStore(MemoryStore):
    """
    An in-memory store with a single fault outside its journals.

    Attributes:
        breaks: The promise that it breaks. It may break other promises as a consequence.
    """

    breaks: ClassVar[str] = ""


def factory_of(broken: type[BrokenJournal] | type[BrokenStore]) -> StoreFactory:
    """Return a factory that creates stores with this fault, for `broken_promises`."""
    if issubclass(broken, BrokenStore):
        return broken
    journal_class: type[BrokenJournal] = broken

    class _Store(MemoryStore):
        def __init__(self, projections: Sequence[Projection] = ()) -> None:
            super().__init__(projections)
            self._journals: dict[str, MemoryJournal] = {}

        def for_organization(self, organization: str) -> MemoryJournal:
            # A broken journal may have additional state, which must survive this call.
            journal = self._journals.get(organization)
            if journal is None:
                super().for_organization(organization)  # raises an error for an invalid name
                journal = self._journals.setdefault(organization, journal_class(organization, self))
            return journal

    return _Store


def present_versions(journal: BrokenJournal, streams: Any) -> Mapping[str, int]:
    """Return the current version of each stream in *streams*."""
    return {stream: journal.snapshot(stream)[0] for stream in streams}
