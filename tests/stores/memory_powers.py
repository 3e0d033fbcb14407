"""What the kit needs to look behind the memory store."""

from __future__ import annotations

from socialcollab.stores import MemoryStore, Store
from socialcollab.stores.memory import _Journal
from socialcollab.testing import StoreContract


class MemoryKit(StoreContract):
    """The kit with the powers over a store in memory, or one that is made of it."""

    def bytes_kept(self, store: Store) -> bytes:
        assert isinstance(store, MemoryStore)
        return "".join(str(journal) for journal in store._journals.values()).encode()

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        assert isinstance(store, MemoryStore)
        damage(store._journals[organization], stream, part)
        return True


def damage(journal: _Journal, stream: str, part: str) -> None:
    """Change one thing that the journal keeps of the stream, past all checks."""
    if part == "event":
        first = journal.by_stream[stream][0]
        changed = (*first[:8], "member:eve", *first[9:])
        journal.by_stream[stream][0] = changed
        journal.events[journal.events.index(first)] = changed
    elif part == "personal":
        journal.personal[stream, 1]["text"] = (bytes(16), '"changed"')
    elif part == "lost":
        journal.personal[stream, 1]["text"] = (None, None)
    elif part == "record":
        journal.kept[stream].snapshot += b"\0"
    elif part == "row":
        journal.rows["posts", stream] = (stream, ("changed", None))
    else:
        del journal.rows["posts", stream]
