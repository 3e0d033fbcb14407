"""The memory store keeps every promise."""

from __future__ import annotations

import pytest
from tests.stores.memory_kit import MemoryKit

from socialcollab.stores import MemoryStore, Store


class TestMemoryStore(MemoryKit):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(projections=self.projections)

    @pytest.fixture
    def bare_store(self) -> Store:
        return MemoryStore()
