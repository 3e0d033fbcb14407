"""An older file is migrated in one transaction or remains unchanged."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.stores.processes import other_processes
from tests.stores.test_golden_journals import loaded

from socialcollab.desk.journal.streams import PROJECTIONS, reducer
from socialcollab.errors import CorruptJournalError, StoreUnavailableError
from socialcollab.stores import SqliteStore
from socialcollab.stores.sqlite import migrations
from socialcollab.stores.sqlite import statements as sql


def contents_of(path: Path) -> list[str]:
    raw = sqlite3.connect(path)
    lines = list(raw.iterdump())
    raw.close()
    return lines


def _add_a_column(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE socialcollab_media_notes ADD COLUMN author TEXT")


def _step(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE socialcollab_media_notes (id INTEGER PRIMARY KEY)")
    _add_a_column(connection)


def _use_version_2(step: Callable[[sqlite3.Connection], None]) -> None:
    """Make schema 2 the newest schema in this process, with *step* as its migration."""
    sql.SCHEMA = "2"
    migrations.STEPS = {1: step}  # type: ignore[misc,dict-item]


@pytest.fixture
def version_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make schema 2 the newest schema during a test."""
    monkeypatch.setattr(sql, "SCHEMA", "2")
    monkeypatch.setattr(migrations, "STEPS", {1: _step})


def test_steps() -> None:
    """There is a migration step from every earlier schema version."""
    assert set(migrations.STEPS) == set(range(1, int(sql.SCHEMA)))


@pytest.mark.usefixtures("version_2")
def test_migration(tmp_path: Path) -> None:
    """An older file is migrated when it is opened, and its journal remains intact."""
    path = loaded("desk", tmp_path)
    store = SqliteStore(path, projections=PROJECTIONS)
    journal = store.for_organization("northwind")
    journal.reindex(reducer)
    assert journal.audit(reducer=reducer).clean
    store.close()
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT value FROM socialcollab_meta WHERE key = 'schema'").fetchone() == (
        "2",
    )
    assert [row[1] for row in raw.execute("PRAGMA table_info(socialcollab_media_notes)")] == [
        "id",
        "author",
    ]
    raw.close()


def _die_half_way(path: Path) -> None:
    def step(connection: sqlite3.Connection) -> None:
        _step(connection)
        os.kill(os.getpid(), signal.SIGKILL)

    _use_version_2(step)
    SqliteStore(path, projections=PROJECTIONS)


@pytest.mark.integration
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_killed_migration(tmp_path: Path) -> None:
    """If a migration is killed, the file remains unchanged."""
    path = loaded("desk", tmp_path)
    before = contents_of(path)
    process = other_processes().Process(target=_die_half_way, args=(path,))
    process.start()
    process.join(timeout=60)
    assert process.exitcode == -signal.SIGKILL
    assert contents_of(path) == before


def test_failing_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a migration fails, the file remains unchanged."""
    path = loaded("desk", tmp_path)
    before = contents_of(path)

    def failing(connection: sqlite3.Connection) -> None:
        _step(connection)
        raise KeyError("nothing of that name")

    monkeypatch.setattr(sql, "SCHEMA", "2")
    monkeypatch.setattr(migrations, "STEPS", {1: failing})
    with pytest.raises(CorruptJournalError, match="schema 1"):
        SqliteStore(path, projections=PROJECTIONS)
    assert contents_of(path) == before


def _open(path: Path, gate: object, count: int) -> None:
    _use_version_2(_step)
    gate.wait()  # type: ignore[attr-defined]
    store = SqliteStore(path, projections=PROJECTIONS)
    assert len(store.for_organization("northwind").read_all(limit=1000)) == count
    store.close()


@pytest.mark.integration
def test_concurrent_migrations(tmp_path: Path) -> None:
    """Two processes can migrate a file at the same time."""
    path = loaded("desk", tmp_path)
    raw = sqlite3.connect(path)
    [(count,)] = raw.execute("SELECT count(*) FROM socialcollab_events")
    raw.close()
    context = other_processes()
    gate = context.Barrier(2)
    processes = [context.Process(target=_open, args=(path, gate, count)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0, 0]


@pytest.mark.usefixtures("version_2")
def test_read_only_file(tmp_path: Path) -> None:
    """An older file that is not writable is rejected."""
    path = loaded("desk", tmp_path)
    with pytest.raises(StoreUnavailableError, match="read-only"):
        SqliteStore(f"{path.as_uri()}?mode=ro", projections=PROJECTIONS)
