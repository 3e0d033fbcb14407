"""The SQLite store keeps every promise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from socialcollab.stores import SqliteStore, Store
from socialcollab.testing import StoreContract

# Each statement changes one row, without the checks of the store.
DAMAGE = {
    "event": "UPDATE socialcollab_events SET actor = 'member:eve'"
    " WHERE organization = ? AND stream = ? AND version = 1",
    "personal": "UPDATE socialcollab_personal SET value = '\"changed\"'"
    " WHERE organization = ? AND stream = ? AND version = 1 AND name = 'text'",
    "lost": "UPDATE socialcollab_personal SET value = NULL, salt = NULL"
    " WHERE organization = ? AND stream = ? AND version = 1 AND name = 'text'",
    "snapshot": "UPDATE socialcollab_streams SET snapshot = snapshot || x'00'"
    " WHERE organization = ? AND stream = ?",
    "row": "UPDATE socialcollab_projection_posts SET c_state = 'changed' WHERE organization = ? AND stream = ?",
    "row lost": "DELETE FROM socialcollab_projection_posts WHERE organization = ? AND stream = ?",
}


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = SqliteStore(tmp_path / "journal.db", projections=self.projections, durable=False)
        yield store
        store.close()

    @pytest.fixture
    def bare_store(self, tmp_path: Path) -> Iterator[Store]:
        store = SqliteStore(tmp_path / "bare.db", durable=False)
        yield store
        store.close()

    def bytes_kept(self, store: Store) -> bytes:
        assert isinstance(store, SqliteStore)
        path = Path(store.connections.name)
        return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        assert isinstance(store, SqliteStore)
        with store.connections.transaction() as raw:
            changed = raw.execute(DAMAGE[part], (organization, stream))
        return changed.rowcount == 1
