"""
Deliberately broken stores, each with the promise that it breaks.

The kit rejects every one of them by that promise: a test says so. Read them
for what goes wrong with stores, and run a kit of your own on them.
"""

from __future__ import annotations

from typing import Final

from socialcollab.testing.broken_stores import appending, indexing, keeping, racing
from socialcollab.testing.broken_stores.broken import BrokenJournal, BrokenStore, Make, make_of

__all__ = [
    "BROKEN_STORES",
    "BrokenJournal",
    "BrokenStore",
    "Make",
    "make_of",
]

BROKEN_STORES: Final[tuple[type[BrokenJournal] | type[BrokenStore], ...]] = tuple(
    kind
    for module in (appending, indexing, keeping, racing)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, (BrokenJournal, BrokenStore)) and kind.breaks
)
"""All of them; each class has its promise in ``breaks`` and says in its docstring what is wrong."""
