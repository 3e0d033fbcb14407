"""
Deliberately broken stores, each of which breaks one promise.

They show typical mistakes in stores. You can also use them to test your own kit. For each of these
stores, the kit must report the promise in its ``breaks`` attribute.
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
"""All broken stores. The docstring of each store describes its fault."""
