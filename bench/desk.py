"""
Compare the time of a command at a blocking and at an async desk on the same kind of store.

The command adds a comment to a post, in memory and in a file with durable writes.

    python bench/desk.py
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
    times = []
    for number in range(COMMANDS):
        start = time.perf_counter()
        ana.comment(post, f"comment {number % 10}")
        times.append(time.perf_counter() - start)
    return times


async def awaited(store: MemoryStore | SqliteStore) -> list[float]:
    organization = Organization.template("northwind")
    async with await AsyncDesk.create(store, organization, owner="eva") as desk:
        ana = await desk.acting_as("ana")
        post = await ana.draft("De lente is er", profiles=["tulip-x"])
        times = []
        for number in range(COMMANDS):
            start = time.perf_counter()
            await ana.comment(post, f"comment {number % 10}")
            times.append(time.perf_counter() - start)
        return times


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(
            f"{'a comment, median of ' + str(COMMANDS):<28}{'blocking':>12}{'async':>12}{'ratio':>8}"
        )
        for name in ("memory", "sqlite"):
            medians = []
            for kind in ("blocking", "async"):
                store: MemoryStore | SqliteStore = MemoryStore()
                if name == "sqlite":
                    store = SqliteStore(Path(folder, f"{kind}.db"), projections=Desk.PROJECTIONS)
                times = blocking(store) if kind == "blocking" else asyncio.run(awaited(store))
                medians.append(statistics.median(times))
                store.close()
            first, second = (median * 1e3 for median in medians)
            print(f"{name:<28}{first:>9.2f} ms{second:>9.2f} ms{second / first:>8.2f}")


if __name__ == "__main__":
    main()
