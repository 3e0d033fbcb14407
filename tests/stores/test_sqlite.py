"""The SQLite store keeps every promise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from socialcollab.stores import SqliteStore, Store
from socialcollab.testing import StoreContract


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = SqliteStore(tmp_path / "journal.db", indexes=self.indexes, durable=False)
        yield store
        store.close()
