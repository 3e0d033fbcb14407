"""
What a command costs at a blocking and at an async desk, on one store.

Each command is a remark on a post, in memory and in a file that waits for the
disk. Run it with ``python bench/desk.py``.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from socialcollab import AsyncDesk, Desk, MemoryStore, Organization, SqliteStore

COMMANDS = 300


def blocking(store: MemoryStore | SqliteStore) -> list[float]:
    desk = Desk.create(store, Organization.template("northwind"), owner="eva")
    ana = desk.acting_as("ana")
    post = ana.draft("De lente is er", profiles=["tulip-x"])
    took = []
    for number in range(COMMANDS):
        began = time.perf_counter()
        ana.comment(post, f"remark {number % 10}")
        took.append(time.perf_counter() - began)
    return took


async def awaited(store: MemoryStore | SqliteStore) -> list[float]:
    organization = Organization.template("northwind")
    async with await AsyncDesk.create(store, organization, owner="eva") as desk:
        ana = await desk.acting_as("ana")
        post = await ana.draft("De lente is er", profiles=["tulip-x"])
        took = []
        for number in range(COMMANDS):
            began = time.perf_counter()
            await ana.comment(post, f"remark {number % 10}")
            took.append(time.perf_counter() - began)
        return took


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(
            f"{'a remark, median of ' + str(COMMANDS):<28}{'blocking':>12}{'async':>12}{'ratio':>8}"
        )
        for name in ("memory", "sqlite"):
            medians = []
            for kind in ("blocking", "async"):
                store: MemoryStore | SqliteStore = MemoryStore()
                if name == "sqlite":
                    store = SqliteStore(Path(folder, f"{kind}.db"), projections=Desk.PROJECTIONS)
                took = blocking(store) if kind == "blocking" else asyncio.run(awaited(store))
                medians.append(statistics.median(took))
                store.close()
            one, two = medians
            print(f"{name:<28}{one * 1e3:>9.2f} ms{two * 1e3:>9.2f} ms{two / one:>8.2f}")


if __name__ == "__main__":
    main()
