"""Every change of a stored value of an SQLite journal is found, and its place is named."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from socialcollab.errors import CorruptJournalError, StoreError
from socialcollab.stores import AuditReport, BoundStore, SqliteStore
from socialcollab.stores.building.appending import checksum_of
from socialcollab.testing.store_laws.scene import PROJECTIONS, SALT, Scene, reducer

ORGANIZATION = "northwind"
LEASES = {"lease_worker", "lease_until"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small journal: three streams, personal values, rows in two indexes, some due."""
    path = tmp_path / "journal.db"
    store = SqliteStore(path, projections=PROJECTIONS, durable=False)
    here = Scene(store.for_organization(ORGANIZATION))
    here.put("runtime_state")
    here.put("post/a", "post/b", body={"state": "draft", "rank": 1, "due": 5})
    here.append(
        [here.new("post/a", {"state": "é🌷"}, personal={"t": "Noor", "u": 7}, salt=SALT)],
        {"runtime_state": 1},
    )
    here.append([here.new("runtime_state", personal={"note": "hush"}, salt=SALT)])
    here.append([here.new("runtime_state", erases={2: ("note",)})])
    here.put("post/b", body={"state": "sent", "rank": None, "due": 12})
    store.close()
    return path


@pytest.fixture
def journal(path: Path) -> Iterator[BoundStore]:
    store = SqliteStore(path, projections=PROJECTIONS, durable=False)
    yield store.for_organization(ORGANIZATION)
    store.close()


@pytest.fixture
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as somebody with an editor for SQLite files has it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    yield connection
    connection.close()


def tables(raw: sqlite3.Connection) -> list[str]:
    found = raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in found]


def mutations(value: object, every: int) -> Iterator[tuple[str, object]]:
    """Yield changes of a value, of each byte or of every so many, as SQL and its parameter."""
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
        # A low bit makes another character, the high one mostly no text at all.
        changed = bytearray(raw)
        changed[place] ^= 0x80 if place % 4 == 3 else 0x01
        yield f"CAST(? AS {kind})", bytes(changed)
    for changed in (raw[:-1], raw + b" "):
        if changed != raw:
            yield f"CAST(? AS {kind})", changed


def names_of(table: str, row: dict[str, object]) -> set[str]:
    """Return what a finding about the row may name it by."""
    if table == "socialcollab_meta":
        return {f"socialcollab_meta {row['key']}"}
    if table == "socialcollab_counters":
        return {"counter of positions"}
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
        return {f"{row['stream']} head", f"{row['stream']} record", f"{row['stream']} rows"}
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


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_every_changed_byte_of_every_value_is_found_and_its_place_named(
    journal: BoundStore, raw: sqlite3.Connection, every: int
) -> None:
    """Without the fold too: what is kept beside the events has its own checksum."""
    assert journal.audit().clean
    before = snapshot(raw)
    changes = 0
    for table, row, column, statement, parameters in each_change(raw, every):
        try:
            done = raw.execute(statement, parameters)
        except sqlite3.IntegrityError:
            continue  # the file itself refuses such a value
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


def test_every_lost_row_of_every_table_is_found(
    journal: BoundStore, raw: sqlite3.Connection
) -> None:
    before = snapshot(raw)
    for table, rows in before.items():
        for number, row in enumerate(rows):
            put_back(raw, table, [*rows[:number], *rows[number + 1 :]])
            assert not journal.audit().clean, (table, row)
            put_back(raw, table, rows)
    assert journal.audit(reducer=reducer).clean


def test_every_cut_tail_is_found(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """Of a stream with its head set back as if nothing had been, and of the whole journal."""
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
    checksum = checksum_of(ORGANIZATION, stream, version, hash_, rows, snapshot)
    raw.execute(
        "UPDATE socialcollab_streams SET version = ?, hash = ?, checksum = ? WHERE stream = ?",
        (version, hash_, checksum, stream),
    )


def names_position(places: str, position: int) -> bool:
    spans = re.findall(r"positions (\d+) to (\d+)", places)
    return any(int(first) <= position <= int(last) for first, last in spans)


def test_every_lost_stream_is_found(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """With its head, its rows and its personal values: the holes it leaves are named."""
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


def test_a_cut_of_the_very_end_is_found_by_an_anchor(
    journal: BoundStore, raw: sqlite3.Connection
) -> None:
    """With heads, counter and all set back the journal is whole again, but shorter."""
    anchor = journal.audit().anchor
    last = journal.read_all()[-1]
    delete(raw, "socialcollab_events", "position = ?", last.position)
    set_head_back(raw, last.stream, last.version - 1, last.prev)
    raw.execute("UPDATE socialcollab_counters SET position = position - 1")
    assert journal.audit().clean
    findings = journal.audit(anchor=anchor).findings
    assert [f"positions {last.position} to {last.position}"] == [f.place for f in findings]


def test_rows_that_nobody_wrote_are_found(journal: BoundStore, raw: sqlite3.Connection) -> None:
    raw.execute(
        "INSERT INTO socialcollab_projection_posts (organization, key, stream, c_state) VALUES (?, 'z', 'post/z', 'x')",
        (ORGANIZATION,),
    )
    assert [f.place for f in journal.audit().findings] == ["projection posts, row z of post/z"]


def test_a_change_of_kind_is_found(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """The same characters as another kind of value are another value."""
    for table, column in (
        ("socialcollab_events", "body"),
        ("socialcollab_streams", "rows"),
        ("socialcollab_personal", "value"),
    ):
        before = snapshot(raw)[table]
        raw.execute(f"UPDATE {table} SET {column} = CAST({column} AS BLOB)")
        assert not journal.audit(reducer=reducer).clean
        put_back(raw, table, before)


def test_flipped_bytes_of_the_file_never_make_the_audit_fail(path: Path) -> None:
    """Wherever a disk damages the file, the answer is a report or one of the library's errors."""
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.execute("PRAGMA journal_mode = DELETE")
    raw.close()
    whole = path.read_bytes()
    found: list[AuditReport | StoreError] = []
    for place in [*range(120), *range(120, len(whole), len(whole) // 150)]:
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        other = path.with_name("damaged.db")
        other.write_bytes(damaged)
        try:
            store = SqliteStore(other, projections=PROJECTIONS, durable=False)
        except StoreError as error:
            found.append(error)
            continue
        try:
            found.append(store.for_organization(ORGANIZATION).audit(reducer=reducer))
        except StoreError as error:
            found.append(error)
        finally:
            store.close()
        for extra in path.parent.glob("damaged.db*"):
            extra.unlink()
    assert len(found) > 200


def test_a_damaged_event_is_refused_by_name(journal: BoundStore, raw: sqlite3.Connection) -> None:
    """Reading does not hand out what was not written."""
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


def test_a_list_of_rows_nested_without_end_is_damage_and_no_crash(
    journal: BoundStore, raw: sqlite3.Connection
) -> None:
    """Under a checksum that fits, so that the text itself is read."""
    deep = "[" * 100_000 + "]" * 100_000
    stream = journal.streams()[0]
    raw.execute("UPDATE socialcollab_streams SET rows = ? WHERE stream = ?", (deep, stream))
    [(version, hash_, snapshot)] = raw.execute(
        "SELECT version, hash, snapshot FROM socialcollab_streams WHERE stream = ?", (stream,)
    ).fetchall()
    raw.execute(
        "UPDATE socialcollab_streams SET checksum = ? WHERE stream = ?",
        (checksum_of(ORGANIZATION, stream, version, hash_, deep, snapshot), stream),
    )
    assert (f"{stream} rows", "the list of rows does not parse") in {
        (one.place, one.problem) for one in journal.audit().findings
    }
