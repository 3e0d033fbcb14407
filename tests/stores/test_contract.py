"""The contract page and the kit have the same promises."""

from __future__ import annotations

import re
from pathlib import Path

from socialcollab.stores import (
    BoundStore,
    FolderMedia,
    MemoryJournal,
    MemoryMedia,
    MemoryStore,
    SqliteMedia,
    SqliteStore,
    Store,
)
from socialcollab.testing import StoreContract
from socialcollab.transport.ports import Media

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "stores.md"


def laws() -> dict[str, str]:
    members = {name: getattr(StoreContract, name) for name in dir(StoreContract)}
    return {name: law.promise for name, law in members.items() if hasattr(law, "promise")}


def test_promises_have_laws() -> None:
    """Every promise has a law, and every law a promise."""
    written = re.findall(r"^- \*\*(S\d+)\*\* ", CONTRACT.read_text("utf-8"), re.MULTILINE)
    assert written == [f"S{number}" for number in range(1, len(written) + 1)]
    assert set(written) == set(laws().values())


def test_law_names() -> None:
    """The name of every law contains the number of its promise."""
    tests = {name for name in dir(StoreContract) if name.startswith("test_")}
    assert tests == laws().keys()
    for name, number in laws().items():
        assert name.startswith(f"test_s{int(number[1:]):02}_")


def test_protocols() -> None:
    """The built-in classes have all methods of their protocols."""
    for protocol, classes in (
        (BoundStore, [MemoryJournal]),
        (Store, [MemoryStore, SqliteStore]),
        (Media, [MemoryMedia, FolderMedia, SqliteMedia]),
    ):
        methods = {name for name in vars(protocol) if not name.startswith("_")}
        for cls in classes:
            assert methods <= set(dir(cls)), cls
