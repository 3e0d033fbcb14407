"""The kit with hooks that access the data of the memory store directly."""

from __future__ import annotations

from socialcollab.stores import MemoryStore, Store
from socialcollab.stores.memory import _Tables
from socialcollab.testing import StoreContract


class MemoryKit(StoreContract):
    """The kit for in-memory stores, including the deliberately broken stores."""

    def bytes_kept(self, store: Store) -> bytes:
        assert isinstance(store, MemoryStore)
        return "".join(str(tables) for tables in store._tables.values()).encode()

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        assert isinstance(store, MemoryStore)
        damage(store._tables[organization], stream, part)
        return True


def damage(tables: _Tables, stream: str, part: str) -> None:
    """Change one value of the stream, bypassing all checks."""
    if part == "event":
        events = tables.streams[stream].events
        first = events[0]
        changed = first._replace(actor="member:eve")
        events[0] = changed
        tables.events[tables.events.index(first)] = changed
    elif part == "personal":
        tables.personal[stream, 1]["text"] = (bytes(16), '"changed"')
    elif part == "lost":
        tables.personal[stream, 1]["text"] = (None, None)
    elif part == "snapshot":
        tables.streams[stream].snapshot += b"\0"
    elif part == "row":
        tables.rows["posts", stream] = (stream, ("changed", None))
    elif part == "row lost":
        del tables.rows["posts", stream]
    else:
        raise AssertionError(part)
