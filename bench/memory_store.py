"""
Compare queries of the in-memory store at two sizes.

The store has 20 workspaces with 10 or with 1,000 posts each. If the cost of a query depends only on
the size of its result, the query takes as long in the large store as in the small store, so the
ratio should be near one.

    python bench/memory_store.py [--rounds 30]
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import time
from collections.abc import Callable
from functools import partial

from socialcollab.identifiers import uuid7
from socialcollab.stores import BoundStore, MemoryStore, NewEvent, Projection, Row

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
PROJECTIONS = (
    Projection("posts", ("workspace", "state", "planned_at"), ("planned_at",), ("workspace",)),
    Projection("due", ("at", "kind"), ("at",)),
)
WORKSPACES = 20


def filled(posts: int) -> BoundStore:
    """Return a journal with *posts* posts in each workspace."""
    journal = MemoryStore(PROJECTIONS).for_organization("northwind")
    for number in range(posts * WORKSPACES):
        stream = f"post/{number}"
        event = NewEvent(
            stream=stream,
            type="edited",
            id=uuid7(NOW, number.to_bytes(10, "big")),
            at=NOW,
            actor="member:ana",
            digest="4e6f",
            body={},
        )
        columns = {"workspace": f"w{number % WORKSPACES}", "state": "draft", "planned_at": number}
        rows = (
            Row("posts", stream, stream, columns),
            Row("due", stream, stream, {"at": number, "kind": "expiry"}),
        )
        journal.append([event], expected_versions={stream: 0}, rows=rows, snapshots={stream: b""})
    return journal


def first_page(journal: BoundStore) -> object:
    return journal.query("posts", where={"workspace": "w7"}, limit=10)


def page_in_the_middle(journal: BoundStore) -> object:
    [row] = journal.query("posts", where={"workspace": "w7"}, limit=1)
    return journal.query("posts", after=row, limit=10)


def due(journal: BoundStore) -> object:
    return journal.due(before=NOW, now=NOW, limit=10, worker="w", lease_s=60)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare queries in memory at two sizes.")
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    small, large = filled(10), filled(1000)
    print(f"{'10 rows, median':<24}{'20,000 posts':>16}{'200 posts':>16}{'ratio':>8}")
    for query in (first_page, page_in_the_middle, due):
        times: dict[str, list[float]] = {"large": [], "small": []}
        for _ in range(rounds):
            for size, journal in (("large", large), ("small", small)):
                times[size].append(timed(partial(query, journal)))
        first, second = (statistics.median(times[size]) * 1e6 for size in ("large", "small"))
        name = query.__name__.replace("_", " ")
        print(f"{name:<24}{first:>13.1f} us{second:>13.1f} us{first / second:>8.2f}")


if __name__ == "__main__":
    main()
