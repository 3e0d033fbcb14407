"""The memory store keeps every promise."""

from __future__ import annotations

import pytest

from socialcollab.stores import MemoryStore, Store
from socialcollab.testing import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(indexes=self.indexes)
