"""Inspecting a journal's file changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.stores.test_golden_journals import loaded

from socialcollab.errors import CorruptJournalError, NewerVersionError, StoreUnavailableError
from socialcollab.stores import FileReport, inspect_file
from socialcollab.stores.sqlite import statements as sql


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a desk."""
    return loaded("desk", tmp_path)


def test_intact(path: Path) -> None:
    """An intact file has no faults, is writable, and has the current schema."""
    current = int(sql.SCHEMA)
    assert inspect_file(path) == FileReport(schema=current, current_schema=current)


def test_older_schema(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with an older schema is not migrated."""
    monkeypatch.setattr(sql, "SCHEMA", "2")
    report = inspect_file(path)
    assert (1, 2) == (report.schema, report.current_schema)
    assert report == inspect_file(path)


def test_newer_schema(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a newer version of the library raises an error."""
    monkeypatch.setattr(sql, "SCHEMA", "0")
    with pytest.raises(NewerVersionError, match="newer version of this library"):
        inspect_file(path)


def test_locked(path: Path) -> None:
    """A file that another process is writing cannot be written, but it can be inspected."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "another process has locked it" in inspect_file(path, timeout_s=0.0).unwritable
    other.execute("ROLLBACK")
    assert "" == inspect_file(path, timeout_s=0.0).unwritable
    other.close()


def test_damaged_index(path: Path) -> None:
    """Damage to the structure of the file is a fault."""
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.execute("CREATE TABLE socialcollab_extra (name TEXT NOT NULL)")
    raw.execute("INSERT INTO socialcollab_extra VALUES ('x')")
    raw.execute("PRAGMA writable_schema = ON")
    raw.execute(
        "UPDATE sqlite_master SET sql = replace(sql, 'name TEXT NOT NULL',"
        " 'name TEXT NOT NULL CHECK (name = 1)') WHERE name = 'socialcollab_extra'"
    )
    raw.commit()
    raw.close()
    assert ("CHECK constraint failed in socialcollab_extra",) == inspect_file(path).faults


@pytest.mark.parametrize("content", [b"", b"x" * 5000])
def test_no_journal(tmp_path: Path, content: bytes) -> None:
    """A file without a journal raises an error, and is not changed."""
    path = tmp_path / "agency.db"
    path.write_bytes(content)
    with pytest.raises(CorruptJournalError, match=r"no journal|not an SQLite file"):
        inspect_file(path)
    assert content == path.read_bytes()


def test_folder(tmp_path: Path) -> None:
    """A path that cannot be opened raises an error."""
    with pytest.raises(StoreUnavailableError):
        inspect_file(tmp_path)
