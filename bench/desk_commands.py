"""
Time commands at a desk beside raw sqlite3 that writes the same rows in the same transactions.

Both sides have a file of their own, made alike. What the store wrote for each
command is kept as statements and values; the raw side carries out the same
statements in one transaction, from the same prepared texts. Rounds are
interleaved and both files hold the same in the end: that is compared.

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

BEGIN = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)


class Clock:
    """A clock that goes on by a second whenever it is looked at: no command meets its own instant."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now


class Noting:
    """A connection that notes what is carried out on it between BEGIN and COMMIT."""

    def __init__(self, connection: Any, notes: list[tuple[str, Any]]) -> None:
        self._connection = connection
        self._notes = notes

    def execute(self, statement: str, parameters: Any = ()) -> Any:
        self._notes.append((statement, parameters))
        return self._connection.execute(statement, parameters)

    def executemany(self, statement: str, parameters: Any) -> Any:
        rows = list(parameters)
        self._notes += [(statement, row) for row in rows]
        return self._connection.executemany(statement, rows)


def note_writes(store: SqliteStore, notes: list[tuple[str, Any]]) -> None:
    """Let the store note every statement of its transactions."""
    writing = store.connections.transaction

    @contextmanager
    def noting() -> Iterator[Noting]:
        with writing() as connection:
            yield Noting(connection, notes)

    store.connections.transaction = noting  # type: ignore[method-assign]


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
        notes: list[tuple[str, Any]] = []
        note_writes(store, notes)
        ours: dict[str, list[float]] = {}
        theirs: dict[str, list[float]] = {}

        def timed(name: str, command: Callable[[], Any]) -> Any:
            notes.clear()
            start = time.perf_counter()
            answer = command()
            middle = time.perf_counter()
            raw.execute("BEGIN IMMEDIATE")
            for statement, parameters in notes:
                raw.execute(statement, parameters).fetchall()
            raw.execute("COMMIT")
            ours.setdefault(name, []).append(middle - start)
            theirs.setdefault(name, []).append(time.perf_counter() - middle)
            return answer

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
        assert contents(path) == contents(other), "the two files differ"
    print(f"synchronous={'NORMAL' if options.quick_disk else 'FULL'}, medians")
    times = [time for each in ours.values() for time in each]
    print(f"all      desk {statistics.median(times) * 1e3:7.3f} ms")
    for name, times in ours.items():
        mine, plain = statistics.median(times) * 1e3, statistics.median(theirs[name]) * 1e3
        print(f"{name:8} desk {mine:7.3f} ms   raw {plain:7.3f} ms   ratio {plain / mine:.2f}")


if __name__ == "__main__":
    main()
