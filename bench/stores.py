"""
Compare the speed of the SQLite store with raw sqlite3 calls that read and write the same rows.

Both run in the same process, in interleaved rounds, with the same schema and durability. The
result is the ratio of the medians.

    python bench/stores.py [--rounds 30] [--batch 200] [--quick-disk]
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from socialcollab.identifiers import uuid7
from socialcollab.stores import NewEvent, Projection, Row, SqliteStore
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.toolkit import SealedEvent

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
PROJECTIONS = (
    Projection("posts", ("workspace", "state", "planned_at"), ("planned_at",)),
    Projection("due", ("at", "kind"), ("at",)),
)
BODY = {"post": "p1", "field": "text", "targets": ["tulip-x", "tulip-mastodon"], "revision": 3}
SNAPSHOT = b'{"id":"p1","state":"in_review","revisions":[' + b'"0123456789abcdef",' * 40 + b'""]}'


def rows_of(stream: str, number: int) -> tuple[Row, ...]:
    state = ("draft", "in_review", "approved")[number % 3]
    return (
        Row("posts", stream, stream, {"workspace": "tulip", "state": state, "planned_at": number}),
        Row("due", stream, stream, {"at": number, "kind": "expiry"}),
    )


class Side:
    """One of the two sides, with the same operations."""

    def append(self, stream: str, number: int) -> None:
        raise NotImplementedError

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        raise NotImplementedError

    def run(self, name: str, round_: int, number: int) -> None:
        stream = f"post/{number % 50}"
        if name == "append":
            self.append(stream, number + round_)
        else:
            self.snapshot(stream)


class Ours(Side):
    def __init__(self, path: Path, *, durable: bool) -> None:
        self.store = SqliteStore(path, projections=PROJECTIONS, durable=durable)
        self.journal = self.store.for_organization("northwind")
        self.versions: dict[str, int] = {}
        for stream in ("organization", "runtime_state"):
            self.journal.append(
                [self.event(stream)], expected_versions={stream: 0}, snapshots={stream: SNAPSHOT}
            )

    def event(self, stream: str) -> NewEvent:
        return NewEvent(
            stream=stream,
            type="edited",
            id=uuid7(NOW, os.urandom(10)),
            at=NOW,
            actor="member:ana",
            digest="4e6f",
            body=BODY,
        )

    def append(self, stream: str, number: int) -> None:
        version = self.versions.get(stream, 0)
        self.journal.append(
            [self.event(stream)],
            expected_versions={stream: version, "organization": 1, "runtime_state": 1},
            rows=rows_of(stream, number),
            snapshots={stream: SNAPSHOT},
        )
        self.versions[stream] = version + 1

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        return self.journal.snapshot(stream)


class Raw(Side):
    """The same rows in the same transactions, written directly, with values prepared beforehand."""

    def __init__(self, path: Path, template: Path, *, durable: bool) -> None:
        SqliteStore(path, projections=PROJECTIONS, durable=durable).close()
        self.connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        self.connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self.versions: dict[str, int] = {}
        source = sqlite3.connect(template)
        for table in ("socialcollab_events", "socialcollab_streams", "socialcollab_counters"):
            rows = source.execute(f"SELECT * FROM {table}").fetchall()
            self.connection.executemany(
                f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows
            )
        self.event = list(
            source.execute(
                f"SELECT {', '.join(SealedEvent._fields)} FROM socialcollab_events"
            ).fetchone()
        )
        source.close()
        self.position = 2
        self.heads = sql.heads(3)
        self.add = {
            "posts": "INSERT INTO socialcollab_projection_posts (organization, key, stream, c_workspace, c_state,"
            " c_planned_at) VALUES (?, ?, ?, ?, ?, ?)",
            "due": "INSERT INTO socialcollab_projection_due (organization, key, stream, c_at, c_kind)"
            " VALUES (?, ?, ?, ?, ?)",
        }
        self.set = {
            "posts": "UPDATE socialcollab_projection_posts SET stream = ?, c_workspace = ?, c_state = ?,"
            " c_planned_at = ? WHERE organization = ? AND key = ?",
            "due": "UPDATE socialcollab_projection_due SET stream = ?, c_at = ?, c_kind = ?, lease_worker = NULL,"
            " lease_until = NULL WHERE organization = ? AND key = ?",
        }

    def append(self, stream: str, number: int) -> None:
        execute = self.connection.execute
        version = self.versions.get(stream, 0)
        execute("BEGIN IMMEDIATE")
        execute(
            self.heads, ("northwind", "runtime_state", "organization", stream, "northwind")
        ).fetchall()
        self.position += 1
        values = list(self.event)
        values[1:5] = [self.position, stream, version + 1, str(self.position)]
        execute(sql.ADD_EVENT, values)
        rows = rows_of(stream, number)
        text = f'[["due","{stream}",{number},"expiry"],["posts","{stream}","tulip","x",{number}]]'
        execute(
            sql.SET_STREAM if version else sql.ADD_STREAM,
            (version + 1, values[14], SNAPSHOT, text, values[14], "northwind", stream),
        )
        for row in rows:
            filled = (stream, *row.columns.values())
            if version:
                execute(self.set[row.projection], (*filled, "northwind", row.key))
            else:
                execute(self.add[row.projection], ("northwind", row.key, *filled))
        execute(sql.SET_COUNTER, (self.position, "northwind"))
        execute("COMMIT")
        self.versions[stream] = version + 1

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        row: tuple[int, bytes] = self.connection.execute(
            sql.SNAPSHOT, ("northwind", stream)
        ).fetchone()
        return row


def timed(operation: Callable[[int], None], batch: int) -> float:
    start = time.perf_counter()
    for number in range(batch):
        operation(number)
    return (time.perf_counter() - start) / batch


COMPARED = (
    "SELECT organization, position, stream, version FROM socialcollab_events ORDER BY position",
    "SELECT organization, stream, version, snapshot FROM socialcollab_streams ORDER BY stream",
    "SELECT organization, position FROM socialcollab_counters",
    "SELECT * FROM socialcollab_projection_posts ORDER BY key",
    "SELECT * FROM socialcollab_projection_due ORDER BY key",
)


def compare(ours: Path, raw: Path) -> None:
    """Check that both sides wrote the same data; otherwise the results would be meaningless."""
    for statement in COMPARED:
        first, second = (
            sqlite3.connect(path).execute(statement).fetchall() for path in (ours, raw)
        )
        assert first == second, f"the two files differ in: {statement}"
        assert first


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the SQLite store with raw sqlite3.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--quick-disk", action="store_true", help="synchronous=NORMAL on both")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        durable = not options.quick_disk
        ours = Ours(Path(folder, "ours.db"), durable=durable)
        raw = Raw(Path(folder, "raw.db"), Path(folder, "ours.db"), durable=durable)
        print(f"synchronous={'FULL' if durable else 'NORMAL'}, SQLite {sqlite3.sqlite_version}")
        for name in ("append", "snapshot"):
            times: dict[str, list[float]] = {"ours": [], "raw": []}
            for round_ in range(options.rounds):
                sides: list[tuple[str, Side]] = [("ours", ours), ("raw", raw)]
                for side, journal in sides if round_ % 2 else reversed(sides):
                    operation = partial(journal.run, name, round_)
                    times[side].append(timed(operation, options.batch))
            mine, theirs = (statistics.median(times[side]) for side in ("ours", "raw"))
            print(
                f"{name:12} ours {mine * 1e6:8.1f} us   raw {theirs * 1e6:8.1f} us"
                f"   ratio {theirs / mine:.2f} of raw"
            )
        for number in range(50):
            stream = f"post/{number}"
            assert ours.snapshot(stream) == raw.snapshot(stream), "the two sides answer differently"
        ours.store.close()
        raw.connection.close()
        compare(Path(folder, "ours.db"), Path(folder, "raw.db"))


if __name__ == "__main__":
    main()
