"""An older file is brought up to date in one transaction, or left as it was."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
from pathlib import Path

import pytest
from tests.stores.processes import other_processes
from tests.stores.test_golden_journals import loaded

from socialcollab.desk.streams import INDEXES, fold
from socialcollab.errors import JournalDamagedError, StoreUnavailableError
from socialcollab.stores import SqliteMedia, SqliteStore
from socialcollab.stores.sqlite import migrations
from socialcollab.stores.sqlite import statements as sql


def test_there_is_a_step_from_every_earlier_version() -> None:
    assert set(migrations.STEPS) == set(range(1, int(sql.SCHEMA)))


def shape_of(path: Path) -> list[tuple[str, str]]:
    """Return how the tables and indexes of a file are made, but for spaces and quotes."""
    raw = sqlite3.connect(path)
    rows = raw.execute("SELECT type, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    raw.close()
    return sorted((kind, " ".join(text.replace('"', "").split())) for kind, text in rows)


def contents_of(path: Path) -> list[str]:
    raw = sqlite3.connect(path)
    lines = list(raw.iterdump())
    raw.close()
    return lines


def test_a_file_brought_up_to_date_is_made_like_a_new_one(tmp_path: Path) -> None:
    old, new = loaded("desk", tmp_path), tmp_path / "new.db"
    SqliteStore(old, indexes=INDEXES).close()
    SqliteStore(new, indexes=INDEXES).close()
    left = {line for line in shape_of(old) if "socialcollab_index" not in line[1]}
    assert left == {line for line in shape_of(new) if "socialcollab_index" not in line[1]}
    assert not any("journal_" in text or " index_" in text for _, text in shape_of(old))


def _die_half_way(path: Path) -> None:
    right = migrations.STEPS[1]

    def step(connection: object) -> None:
        right(connection)  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGKILL)

    migrations.STEPS = {1: step}  # type: ignore[misc]
    SqliteStore(path, indexes=INDEXES)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system does not kill so")
def test_a_killed_migration_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = loaded("desk", tmp_path)
    before = contents_of(path)
    process = other_processes().Process(target=_die_half_way, args=(path,))
    process.start()
    process.join(timeout=60)
    assert process.exitcode == -signal.SIGKILL
    assert contents_of(path) == before
    store = SqliteStore(path, indexes=INDEXES)
    journal = store.for_organization("northwind")
    journal.reindex(fold)
    assert journal.audit(fold=fold).clean
    store.close()


def test_a_step_that_fails_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = loaded("desk", tmp_path)
    before = contents_of(path)

    def failing(connection: sqlite3.Connection) -> None:
        migrations._rename_all(connection)
        raise KeyError("nothing of that name")

    monkeypatch.setattr(migrations, "STEPS", {1: failing})
    with pytest.raises(JournalDamagedError, match="schema 1"):
        SqliteStore(path, indexes=INDEXES)
    assert contents_of(path) == before


def _open(path: Path, gate: object) -> None:
    gate.wait()  # type: ignore[attr-defined]
    store = SqliteStore(path, indexes=INDEXES)
    assert len(store.for_organization("northwind").follow()) == 38
    store.close()


def test_processes_that_bring_it_up_to_date_at_once_do_not_meet(tmp_path: Path) -> None:
    path = loaded("desk", tmp_path)
    context = other_processes()
    gate = context.Barrier(2)
    processes = [context.Process(target=_open, args=(path, gate)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0, 0]


def test_an_older_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    path = loaded("desk", tmp_path)
    with pytest.raises(StoreUnavailableError, match="read-only"):
        SqliteStore(f"{path.as_uri()}?mode=ro", indexes=INDEXES)


def test_media_of_the_first_version_are_found(tmp_path: Path) -> None:
    path = tmp_path / "media.db"
    digest = f"sha256:{hashlib.sha256(b'tulips').hexdigest()}"
    raw = sqlite3.connect(path)
    raw.execute(
        "CREATE TABLE IF NOT EXISTS media"
        " (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, content BLOB)"
    )
    raw.execute("INSERT INTO media (digest, size, content) VALUES (?, 6, ?)", (digest, b"tulips"))
    raw.commit()
    raw.close()
    media = SqliteMedia(path)
    with media.open(digest) as file:
        assert file.read() == b"tulips"
    media.close()


def test_a_table_of_a_host_that_is_called_media_stays_the_hosts(tmp_path: Path) -> None:
    path = tmp_path / "host.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE media (id INTEGER PRIMARY KEY, title TEXT)")
    raw.close()
    media = SqliteMedia(path)
    assert media.size(media.put(b"tulips")) == 6
    media.close()
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT * FROM media").fetchall() == []
    raw.close()
