"""
Deliberately broken stores, each with the promise that it breaks.

Read them to see what goes wrong with stores, and run your own kit on them: it must reject each of
them by the promise in its attribute ``breaks``.
"""

from __future__ import annotations

from typing import Final

from socialcollab.testing.broken_stores import append, concurrency, maintenance, projections
from socialcollab.testing.broken_stores.broken import (
    BrokenJournal,
    BrokenStore,
    StoreFactory,
    factory_of,
)

__all__ = [
    "BROKEN_STORES",
    "BrokenJournal",
    "BrokenStore",
    "StoreFactory",
    "factory_of",
]

BROKEN_STORES: Final[tuple[type[BrokenJournal] | type[BrokenStore], ...]] = tuple(
    value
    for module in (append, projections, maintenance, concurrency)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, (BrokenJournal, BrokenStore)) and value.breaks
)
"""All broken stores; the docstring of each says what is wrong with it."""
