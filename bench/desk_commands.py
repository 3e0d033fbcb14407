"""
Compare commands at a desk with raw sqlite3 calls that write the same rows in the same transactions.

Each side has its own file. The statements and values that the store executes for a command are
recorded, and the raw side executes them in one transaction. The rounds are interleaved, and at the
end both files must have the same contents.

    python bench/desk_commands.py [--posts 60] [--quick-disk]
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from socialcollab.desk import Desk
from socialcollab.organization import Organization
from socialcollab.stores import MemoryMedia, SqliteStore

START = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)


class Clock:
    """A clock that advances by a second per read, so that all commands have different instants."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now


class Recorder:
    """A connection that records the statements of a transaction."""

    def __init__(self, connection: Any, statements: list[tuple[str, Any]]) -> None:
        self._connection = connection
        self._statements = statements

    def execute(self, statement: str, parameters: Any = ()) -> Any:
        self._statements.append((statement, parameters))
        return self._connection.execute(statement, parameters)

    def executemany(self, statement: str, parameters: Any) -> Any:
        rows = list(parameters)
        self._statements += [(statement, row) for row in rows]
        return self._connection.executemany(statement, rows)


def record_writes(store: SqliteStore, statements: list[tuple[str, Any]]) -> None:
    """Make the store record every statement of its transactions."""
    transaction = store.connections.transaction

    @contextmanager
    def recording() -> Iterator[Recorder]:
        with transaction() as connection:
            yield Recorder(connection, statements)

    store.connections.transaction = recording  # type: ignore[method-assign]


def contents(path: Path) -> list[str]:
    raw = sqlite3.connect(path)
    lines = sorted(line for line in raw.iterdump() if line.startswith("INSERT"))
    raw.close()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--posts", type=int, default=60)
    parser.add_argument("--quick-disk", action="store_true", help="synchronous=NORMAL on both")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, other = Path(folder, "desk.db"), Path(folder, "raw.db")
        store = SqliteStore(path, projections=Desk.PROJECTIONS, durable=not options.quick_disk)
        desk = Desk.create(
            store,
            Organization.template("northwind"),
            owner="eva",
            media=MemoryMedia(),
            clock=Clock(),
        )
        ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
        with store.connections.connection() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(path, other)
        raw = sqlite3.connect(other, isolation_level=None, cached_statements=256)
        raw.execute(f"PRAGMA synchronous = {'NORMAL' if options.quick_disk else 'FULL'}")
        statements: list[tuple[str, Any]] = []
        record_writes(store, statements)
        ours: dict[str, list[float]] = {}
        theirs: dict[str, list[float]] = {}

        def timed(name: str, command: Callable[[], Any]) -> Any:
            statements.clear()
            start = time.perf_counter()
            result = command()
            middle = time.perf_counter()
            raw.execute("BEGIN IMMEDIATE")
            for statement, parameters in statements:
                raw.execute(statement, parameters).fetchall()
            raw.execute("COMMIT")
            ours.setdefault(name, []).append(middle - start)
            theirs.setdefault(name, []).append(time.perf_counter() - middle)
            return result

        for number in range(options.posts):
            post = timed(
                "draft",
                lambda number=number: ana.draft(
                    f"De lente is er {number}", profiles=["tulip-x"], planned_at="2026-05-07 09:30"
                ),
            )
            post = timed("edit", lambda post=post: ana.edit(post, text="Lente!"))
            post = timed("comment", lambda post=post: ben.comment(post, "Mooi"))
            post = timed("submit", lambda post=post: ana.submit(post))
            timed("approve", lambda post=post: ben.approve(post))
        desk.close()
        store.close()
        raw.close()
        assert contents(path) == contents(other), "the contents of the two files differ"
    print(f"synchronous={'NORMAL' if options.quick_disk else 'FULL'}, medians")
    times = [duration for durations in ours.values() for duration in durations]
    print(f"all      desk {statistics.median(times) * 1e3:7.3f} ms")
    for name, times in ours.items():
        mine, plain = statistics.median(times) * 1e3, statistics.median(theirs[name]) * 1e3
        print(f"{name:8} desk {mine:7.3f} ms   raw {plain:7.3f} ms   ratio {plain / mine:.2f}")


if __name__ == "__main__":
    main()
