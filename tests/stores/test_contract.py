"""The contract in the docs and the kit have the same promises."""

from __future__ import annotations

import re
from pathlib import Path

from socialcollab.stores import (
    BoundStore,
    FolderMedia,
    MemoryMedia,
    MemoryStore,
    SqliteMedia,
    SqliteStore,
)
from socialcollab.testing import StoreContract
from socialcollab.transport.ports import Media

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "stores.md"


def laws() -> dict[str, str]:
    found = {name: getattr(StoreContract, name) for name in dir(StoreContract)}
    return {name: law.promise for name, law in found.items() if hasattr(law, "promise")}


def test_every_promise_has_a_law_and_every_law_a_promise() -> None:
    written = re.findall(r"^- \*\*(S\d+)\*\* ", CONTRACT.read_text("utf-8"), re.MULTILINE)
    assert written == [f"S{number}" for number in range(1, len(written) + 1)]
    assert set(written) == set(laws().values())


def test_every_test_of_the_kit_cites_its_promise_in_its_name() -> None:
    tests = {name for name in dir(StoreContract) if name.startswith("test_")}
    assert tests == laws().keys()
    for name, number in laws().items():
        assert name.startswith(f"test_s{int(number[1:]):02}_")


def test_the_protocols_are_met_in_full() -> None:
    for protocol, classes in (
        (BoundStore, [type(MemoryStore().for_organization("northwind"))]),
        (Media, [MemoryMedia, FolderMedia, SqliteMedia]),
    ):
        wanted = {name for name in vars(protocol) if not name.startswith("_")}
        for cls in classes:
            assert wanted <= set(dir(cls)), cls
    assert {"for_organization", "organizations", "compact", "close"} <= set(dir(SqliteStore))
