"""An audit detects every change of a stored value and reports its location."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
import tracemalloc
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from socialcollab.errors import CorruptJournalError, StoreError
from socialcollab.identifiers import uuid7
from socialcollab.stores import (
    AuditReport,
    BoundStore,
    MemoryStore,
    NewEvent,
    SqliteStore,
    envelope_hash,
)
from socialcollab.stores.toolkit import head_checksum
from socialcollab.testing.store_laws.organization import (
    PROJECTIONS,
    SALT,
    FreshOrganization,
    reducer,
)

ORGANIZATION = "northwind"
NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
LEASES = {"lease_worker", "lease_until"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small journal with three streams, personal values and rows in two projections."""
    path = tmp_path / "journal.db"
    store = SqliteStore(path, projections=PROJECTIONS, durable=False)
    org = FreshOrganization(store.for_organization(ORGANIZATION))
    org.put("runtime_state")
    org.put("post/a", "post/b", body={"state": "draft", "rank": 1, "due": 5})
    org.append(
        [org.new("post/a", {"state": "é🌷"}, personal={"t": "Noor", "u": 7}, salt=SALT)],
        {"runtime_state": 1},
    )
    org.append([org.new("runtime_state", personal={"note": "hush"}, salt=SALT)])
    org.append([org.new("runtime_state", erases={2: ("note",)})])
    org.put("post/b", body={"state": "sent", "rank": None, "due": 12})
    store.close()
    return path


@pytest.fixture
def journal(path: Path) -> Iterator[BoundStore]:
    store = SqliteStore(path, projections=PROJECTIONS, durable=False)
    yield store.for_organization(ORGANIZATION)
    store.close()


@pytest.fixture
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file that bypasses the store."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    yield connection
    connection.close()


def tables(raw: sqlite3.Connection) -> list[str]:
    rows = raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows]


def mutations(value: object, every: int) -> Iterator[tuple[str, object]]:
    """Yield changes of a value at every *every* bytes, as SQL with its parameter."""
    if isinstance(value, int):
        for digits in {str(value + 1), str(value - 1), f"1{value}", f"{value}0"}:
            yield "CAST(? AS INTEGER)", digits
        yield "?", f"{value}x"
        return
    if value is None:
        yield "?", 0
        yield "?", ""
        return
    kind = "BLOB" if isinstance(value, bytes) else "TEXT"
    assert isinstance(value, (str, bytes))
    raw = value if isinstance(value, bytes) else value.encode()
    for place in range(0, len(raw), every):
        # Changing a low bit results in another character, and changing the high bit usually in
        # invalid UTF-8.
        changed = bytearray(raw)
        changed[place] ^= 0x80 if place % 4 == 3 else 0x01
        yield f"CAST(? AS {kind})", bytes(changed)
    for changed in (raw[:-1], raw + b" "):
        if changed != raw:
            yield f"CAST(? AS {kind})", changed


def names_of(table: str, row: dict[str, object]) -> set[str]:
    """Return the locations that a finding may report for the row."""
    if table == "socialcollab_meta":
        return {f"socialcollab_meta {row['key']}"}
    if table == "socialcollab_counters":
        return {"position counter"}
    if table == "socialcollab_events":
        return {
            f"{row['stream']} version {row['version']}",
            f"position {row['position']}",
            f"positions {row['position']} to {row['position']}",
            f"{row['stream']} versions {row['version']} to {row['version']}",
            f"{row['stream']} head",
        }
    if table == "socialcollab_personal":
        return {f"{row['stream']} version {row['version']}"}
    if table == "socialcollab_streams":
        return {
            f"{row['stream']} head",
            f"{row['stream']} head, snapshot or rows",
            f"{row['stream']} rows",
        }
    return {
        f"projection {table.removeprefix('socialcollab_projection_')}, row {row['key']} of {row['stream']}"
    }


def each_change(
    raw: sqlite3.Connection, every: int
) -> Iterator[tuple[str, dict[str, object], str, str, tuple[object, ...]]]:
    """Yield each table, row, column and changed value of the file."""
    for table in tables(raw):
        cursor = raw.execute(f"SELECT * FROM {table}")
        columns = [description[0] for description in cursor.description]
        for values in cursor.fetchall():
            row = dict(zip(columns, values, strict=True))
            where = " AND ".join(f"{name} IS ?" for name in columns)
            for column in columns:
                if column in LEASES:
                    continue
                for expression, changed in mutations(row[column], every):
                    yield (
                        table,
                        row,
                        column,
                        f"UPDATE {table} SET {column} = {expression} WHERE {where}",
                        (changed, *values),
                    )


def snapshot(raw: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    return {table: raw.execute(f"SELECT * FROM {table}").fetchall() for table in tables(raw)}


def put_back(raw: sqlite3.Connection, table: str, rows: list[tuple[object, ...]]) -> None:
    raw.execute("BEGIN")
    raw.execute(f"DELETE FROM {table}")
    for row in rows:
        raw.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    raw.execute("COMMIT")


@pytest.mark.integration
@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_changed_values(journal: BoundStore, raw: sqlite3.Connection, every: int) -> None:
    """Every changed value is found without a reducer, and its location is reported."""
    assert journal.audit().clean
    before = snapshot(raw)
    changes = 0
    for table, row, column, statement, parameters in each_change(raw, every):
        try:
            done = raw.execute(statement, parameters)
        except sqlite3.IntegrityError:
            continue  # SQLite itself rejects such a value
        assert done.rowcount == 1, (table, row)
        changes += 1
        report = journal.audit()
        names = names_of(table, row)
        assert any(name in finding.place for finding in report.findings for name in names), (
            table,
            column,
            parameters[0],
            report.findings,
        )
        put_back(raw, table, before[table])
    assert changes > 3000 // every
    assert journal.audit(reducer=reducer).clean


def delete(raw: sqlite3.Connection, table: str, where: str, *values: object) -> None:
    raw.execute(f"DELETE FROM {table} WHERE {where}", values)


def test_lost_rows(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """Every lost row of every table is found."""
    before = snapshot(raw)
    for table, rows in before.items():
        for number, row in enumerate(rows):
            put_back(raw, table, [*rows[:number], *rows[number + 1 :]])
            assert not journal.audit().clean, (table, row)
            put_back(raw, table, rows)
    assert journal.audit(reducer=reducer).clean


def test_truncated_streams(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """Every truncated stream is found, even if its head is adjusted."""
    before = snapshot(raw)
    for stream in journal.streams():
        events = journal.read(stream)
        for kept in range(len(events)):
            delete(raw, "socialcollab_events", "stream = ? AND version > ?", stream, kept)
            report = journal.audit()
            assert any(stream in f.place for f in report.findings), (stream, kept)
            delete(raw, "socialcollab_personal", "stream = ? AND version > ?", stream, kept)
            set_head_back(raw, stream, kept, events[kept - 1].hash if kept else "")
            lost = {e.position for e in events[kept:]}
            places = " ".join(f.place for f in journal.audit().findings)
            assert all(names_position(places, position) for position in lost), (places, lost)
            for table in ("socialcollab_events", "socialcollab_personal", "socialcollab_streams"):
                put_back(raw, table, before[table])
    assert journal.audit(reducer=reducer).clean


def set_head_back(raw: sqlite3.Connection, stream: str, version: int, hash_: str) -> None:
    if not version:
        delete(raw, "socialcollab_streams", "stream = ?", stream)
        return
    [(snapshot, rows)] = raw.execute(
        "SELECT snapshot, rows FROM socialcollab_streams WHERE stream = ?", (stream,)
    )
    checksum = head_checksum(ORGANIZATION, stream, version, hash_, rows, snapshot)
    raw.execute(
        "UPDATE socialcollab_streams SET version = ?, hash = ?, checksum = ? WHERE stream = ?",
        (version, hash_, checksum, stream),
    )


def names_position(places: str, position: int) -> bool:
    spans = re.findall(r"positions (\d+) to (\d+)", places)
    return any(int(first) <= position <= int(last) for first, last in spans)


def test_lost_streams(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """If a stream is lost with its head and rows, the gaps are reported."""
    before = snapshot(raw)
    for stream in journal.streams():
        lost = {e.position for e in journal.read(stream)}
        for table in before:
            if table not in {"socialcollab_meta", "socialcollab_counters"}:
                delete(raw, table, "stream = ?", stream)
        places = " ".join(f.place for f in journal.audit().findings)
        assert all(names_position(places, position) for position in lost), (stream, places)
        for table, rows in before.items():
            put_back(raw, table, rows)
    assert journal.audit(reducer=reducer).clean


def test_truncated_journal(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """An anchor detects a truncated journal even if heads and counter were adjusted."""
    anchor = journal.audit().anchor
    last = journal.read_all()[-1]
    delete(raw, "socialcollab_events", "position = ?", last.position)
    set_head_back(raw, last.stream, last.version - 1, last.prev)
    raw.execute("UPDATE socialcollab_counters SET position = position - 1")
    assert journal.audit().clean
    findings = journal.audit(anchor=anchor).findings
    assert [f"positions {last.position} to {last.position}"] == [f.place for f in findings]


def test_foreign_row(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """A row that was not written by an append is found."""
    raw.execute(
        "INSERT INTO socialcollab_projection_posts (organization, key, stream, c_state) VALUES (?, 'z', 'post/z', 'x')",
        (ORGANIZATION,),
    )
    assert [f.place for f in journal.audit().findings] == ["projection posts, row z of post/z"]


def test_changed_type(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """A value with the same bytes but another type is found."""
    for table, column in (
        ("socialcollab_events", "body"),
        ("socialcollab_streams", "rows"),
        ("socialcollab_personal", "value"),
    ):
        before = snapshot(raw)[table]
        raw.execute(f"UPDATE {table} SET {column} = CAST({column} AS BLOB)")
        assert not journal.audit(reducer=reducer).clean
        put_back(raw, table, before)


@pytest.mark.integration
def test_damaged_file(path: Path) -> None:
    """A damaged file leads to findings or to one of the library's errors, never to another exception."""
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.execute("PRAGMA journal_mode = DELETE")
    raw.close()
    whole = path.read_bytes()
    outcomes: list[AuditReport | StoreError] = []
    for place in [*range(120), *range(120, len(whole), len(whole) // 150)]:
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        other = path.with_name("damaged.db")
        other.write_bytes(damaged)
        try:
            store = SqliteStore(other, projections=PROJECTIONS, durable=False)
        except StoreError as error:
            outcomes.append(error)
            continue
        try:
            outcomes.append(store.for_organization(ORGANIZATION).audit(reducer=reducer))
        except StoreError as error:
            outcomes.append(error)
        finally:
            store.close()
        for extra in path.parent.glob("damaged.db*"):
            extra.unlink()
    assert len(outcomes) > 200


def test_reading_damage(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """Reading a damaged or lost event raises an error with its location."""
    raw.execute("UPDATE socialcollab_events SET actor = 'member:eve' WHERE position = 4")
    for read in (
        lambda: journal.read("post/a"),
        journal.read_all,
        lambda: journal.reindex(reducer),
    ):
        with pytest.raises(CorruptJournalError, match=r"post/a version 2 \(position 4\)"):
            read()
    raw.execute("DELETE FROM socialcollab_events WHERE position = 4")
    with pytest.raises(CorruptJournalError, match="position 4"):
        journal.read_all()


def test_deeply_nested_rows(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """A deeply nested list of rows with a matching checksum is a finding."""
    deep = "[" * 100_000 + "]" * 100_000
    stream = journal.streams()[0]
    raw.execute("UPDATE socialcollab_streams SET rows = ? WHERE stream = ?", (deep, stream))
    [(version, hash_, snapshot)] = raw.execute(
        "SELECT version, hash, snapshot FROM socialcollab_streams WHERE stream = ?", (stream,)
    ).fetchall()
    raw.execute(
        "UPDATE socialcollab_streams SET checksum = ? WHERE stream = ?",
        (head_checksum(ORGANIZATION, stream, version, hash_, deep, snapshot), stream),
    )
    assert (f"{stream} rows", "the list of rows cannot be parsed") in {
        (finding.place, finding.problem) for finding in journal.audit().findings
    }


def test_repeated_id() -> None:
    """An event id that is stored twice is found, even if every hash matches."""
    store = MemoryStore()
    journal = store.for_organization(ORGANIZATION)
    for number, stream in enumerate(("post/a", "post/b")):
        event = NewEvent(
            stream=stream,
            type="done",
            id=uuid7(NOW, bytes([number] * 10)),
            at=NOW,
            actor="member:ana",
        )
        journal.append([event], expected_versions={stream: 0}, snapshots={stream: b"{}"})
    events = store._tables[ORGANIZATION].events
    first, second = events
    # The second event gets the first event's id and a matching hash.
    forged = second._replace(id=first.id)
    events[1] = forged._replace(hash=envelope_hash(*forged[:14]))
    problems = {finding.problem: finding.place for finding in journal.audit().findings}
    assert "post/b" in problems["its id is already stored"]


@pytest.mark.integration
@pytest.mark.parametrize("work", ["audit", "reindex"])
def test_memory(tmp_path: Path, work: str) -> None:
    """The memory of an audit and a reindex does not grow with the number of streams."""
    peaks = []
    for count in (200, 1_000):
        store = SqliteStore(tmp_path / f"{count}.db", projections=PROJECTIONS, durable=False)
        org = FreshOrganization(store.for_organization(ORGANIZATION))
        for first in range(0, count, 200):
            names = [f"post/{number:05}" for number in range(first, first + 200)]
            org.put(*names, body={"state": "draft", "rank": 1, "due": 5, "text": "x" * 500})
        call = partial(org.journal.audit, reducer=reducer)
        if work == "reindex":
            call = partial(org.journal.reindex, reducer)
        call()
        tracemalloc.start()
        call()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        store.close()
    assert peaks[1] < 1.5 * peaks[0]
