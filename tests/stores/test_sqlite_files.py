"""What files, disks and other processes can do to the SQLite store."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.stores.processes import other_processes

from socialcollab.errors import (
    ConflictError,
    CorruptJournalError,
    InvalidValueError,
    NewerVersionError,
    StoreError,
    StoreUnavailableError,
)
from socialcollab.stores import Projection, Row, SqliteStore
from socialcollab.testing.store_laws.scene import PROJECTIONS, Scene, reducer

ORGANIZATION = "northwind"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path, projections=PROJECTIONS, durable=False)
    yield store
    store.close()


@pytest.fixture
def here(store: SqliteStore) -> Scene:
    return Scene(store.for_organization(ORGANIZATION))


def test_what_was_stored_is_there_after_opening_again(path: Path, here: Scene) -> None:
    here.put("post/a", body={"state": "draft"})
    before = here.everything()
    again = SqliteStore(path, projections=tuple(reversed(PROJECTIONS)))
    assert Scene(again.for_organization(ORGANIZATION)).everything() == before
    assert again.organizations() == (ORGANIZATION,)
    again.close()


def test_durable_stores_wait_for_the_disk(path: Path) -> None:
    """FULL is 2, NORMAL is 1; and both write ahead."""
    for durable, level in ((True, 2), (False, 1)):
        store = SqliteStore(path, durable=durable)
        with store.connections.lend() as connection:
            assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        store.close()


def _count(path: Path, worker: int, rounds: int) -> None:
    store = SqliteStore(path, projections=PROJECTIONS, durable=False, timeout_s=60)
    scene = Scene(store.for_organization(ORGANIZATION))
    journal = scene.journal
    for number in range(rounds):
        while True:
            version, snapshot = journal.snapshot("runtime_state")
            row = Row("posts", "count", "runtime_state", {"state": "x", "rank": version})
            try:
                journal.append(
                    [scene.new("runtime_state"), scene.new(f"post/{worker}-{number}")],
                    expected_versions={"runtime_state": version, f"post/{worker}-{number}": 0},
                    rows=[row],
                    snapshots={
                        "runtime_state": str(int(snapshot or b"0") + 1).encode(),
                        f"post/{worker}-{number}": b"",
                    },
                )
                break
            except ConflictError:
                continue
    store.close()


def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    """They make the file at once, too; each addition to a shared count counts."""
    context = other_processes()
    workers = [context.Process(target=_count, args=(path, n, 25)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    store = SqliteStore(path, projections=PROJECTIONS)
    journal = store.for_organization(ORGANIZATION)
    assert journal.snapshot("runtime_state") == (75, b"75")
    assert [e.position for e in journal.read_all()] == list(range(1, 151))
    assert journal.audit().clean
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_does_not_use_its_parents_connections(here: Scene) -> None:
    here.put("post/a")
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if here.put("post/b")[0].position == 2 else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert here.journal.streams() == ("post/a", "post/b")
    assert here.journal.audit().clean


def _fill_up(store: SqliteStore) -> None:
    """Let every connection of the store find the disk full."""
    with store.connections.lend() as connection:
        [(pages,)] = connection.execute("PRAGMA page_count")
        connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_leaves_nothing_half_done(store: SqliteStore, here: Scene) -> None:
    here.put("post/a", "post/b", body={"state": "draft"})
    before = here.everything()
    _fill_up(store)
    with pytest.raises(StoreUnavailableError, match="full"):
        here.journal.append(
            [here.new("post/c"), here.new("post/a", {"text": "x" * 200_000})],
            expected_versions={"post/a": 1, "post/c": 0},
            rows=[Row("posts", "c", "post/c", {"state": "draft", "rank": 1})],
            snapshots={"post/a": b"", "post/c": b"y" * 200_000},
        )
    assert here.everything() == before
    assert here.journal.audit(reducer=reducer).clean
    assert [e.position for e in here.put("post/a")] == [3], "with room again, it goes on"


@pytest.mark.parametrize(
    ("act", "table"),
    [
        ("INSERT", "socialcollab_events"),
        ("INSERT", "socialcollab_personal"),
        ("INSERT", "socialcollab_streams"),
        ("UPDATE", "socialcollab_streams"),
        ("UPDATE", "socialcollab_counters"),
        ("INSERT", "socialcollab_projection_posts"),
        ("UPDATE", "socialcollab_projection_posts"),
        ("DELETE", "socialcollab_projection_posts"),
        ("INSERT", "socialcollab_projection_due"),
        ("DELETE", "socialcollab_projection_due"),
    ],
)
def test_a_write_that_fails_half_way_leaves_nothing(
    store: SqliteStore, here: Scene, act: str, table: str
) -> None:
    here.put("post/a", "post/b", body={"state": "draft", "due": 1})
    before = here.everything()
    with store.connections.lend() as raw:
        raw.execute(
            f"CREATE TRIGGER fault BEFORE {act} ON {table}"
            " BEGIN SELECT RAISE(ABORT, 'the disk is worn out'); END"
        )
    events = [
        here.new("post/a"),
        here.new("post/b", {"state": "sent"}, personal={"t": "x"}, salt=bytes(16)),
        here.new("post/c", {"state": "draft", "due": 2}),
    ]
    with pytest.raises(StoreError):
        here.append(events)
    assert here.everything() == before
    with store.connections.lend() as raw:
        raw.execute("DROP TRIGGER fault")
    assert here.journal.audit(reducer=reducer).clean
    here.append(events)
    assert here.journal.audit(reducer=reducer).clean


def test_a_read_only_file_is_read_and_not_written(path: Path, here: Scene) -> None:
    here.put("post/a", body={"state": "draft"})
    store = SqliteStore(f"{path.as_uri()}?mode=ro", projections=PROJECTIONS)
    journal = store.for_organization(ORGANIZATION)
    assert journal.read("post/a") == here.journal.read("post/a")
    assert journal.audit(reducer=reducer).clean
    with pytest.raises(StoreUnavailableError, match="read-only"):
        journal.append(
            [here.new("post/b")], expected_versions={"post/b": 0}, snapshots={"post/b": b""}
        )
    assert here.journal.streams() == ("post/a",)
    store.close()


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    for place in (tmp_path / "absent" / "journal.db", tmp_path):
        with pytest.raises(StoreUnavailableError, match=tmp_path.name):
            SqliteStore(place)
    with pytest.raises(StoreUnavailableError):
        SqliteStore(f"{(tmp_path / 'new.db').as_uri()}?mode=ro")


@pytest.mark.parametrize("path", ["", ":memory:", "file::memory:", "file:x?mode=memory"])
def test_memory_is_refused_in_favour_of_the_memory_store(path: str) -> None:
    with pytest.raises(InvalidValueError, match="MemoryStore"):
        SqliteStore(path)


def test_a_file_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE customers (name TEXT)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnavailableError, match="customers"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_sqlite_file_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"name,text\n" * 500)
    with pytest.raises(CorruptJournalError, match=r"journal\.db"):
        SqliteStore(path)
    assert path.read_bytes() == b"name,text\n" * 500


def test_a_journal_of_a_newer_version_is_refused(path: Path, store: SqliteStore) -> None:
    for schema, error in (("3", NewerVersionError), ("x", CorruptJournalError)):
        with store.connections.lend() as raw:
            raw.execute("UPDATE socialcollab_meta SET value = ? WHERE key = 'schema'", (schema,))
        with pytest.raises(error, match=schema):
            SqliteStore(path, projections=PROJECTIONS)


def test_a_cut_file_is_refused_with_its_name(path: Path, store: SqliteStore, here: Scene) -> None:
    for number in range(30):
        here.put(f"post/{number}", body={"text": "x" * 500})
    store.close()
    path.write_bytes(path.read_bytes()[:8192])
    with pytest.raises(CorruptJournalError, match=r"journal\.db"):  # noqa: PT012
        cut = SqliteStore(path, projections=PROJECTIONS)
        try:
            cut.for_organization(ORGANIZATION).read_all()
        finally:
            cut.close()


def test_another_writer_is_waited_for_and_then_named(path: Path, here: Scene) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    hasty = SqliteStore(path, projections=PROJECTIONS, timeout_s=0.05)
    with pytest.raises(StoreUnavailableError, match="another process"):
        hasty.for_organization(ORGANIZATION).append(
            [here.new("runtime_state")],
            expected_versions={"runtime_state": 0},
            snapshots={"runtime_state": b""},
        )
    assert hasty.for_organization(ORGANIZATION).streams() == (), "readers never wait"
    other.execute("ROLLBACK")
    other.close()
    hasty.close()
    here.put("runtime_state")


def test_other_indexes_are_noticed_and_rebuilt(path: Path, store: SqliteStore, here: Scene) -> None:
    """Reading goes on; what needs the rows says that they have to be rebuilt."""
    here.put("post/a", "post/b", body={"state": "draft", "rank": 1, "due": 1})
    Scene(store.for_organization("southwind")).put("post/z", body={"state": "draft"})
    changed = (
        Projection("posts", ("state", "rank", "more")),
        PROJECTIONS[1],
        Projection("new", ("x",)),
    )

    def refold(stream, events):  # type: ignore[no-untyped-def]
        snapshot, rows = reducer(stream, events)
        return snapshot, [
            Row(r.projection, r.key, r.stream, {**r.columns, "more": "x"})
            if r.projection == "posts"
            else r
            for r in rows
        ]

    store = SqliteStore(path, projections=changed)
    journal = store.for_organization(ORGANIZATION)
    assert len(journal.read_all()) == 2
    for act in (
        lambda: journal.query("posts"),
        lambda: journal.append(
            [here.new("runtime_state")],
            expected_versions={"runtime_state": 0},
            snapshots={"runtime_state": b""},
        ),
        lambda: store.for_organization("new").append(
            [here.new("runtime_state")],
            expected_versions={"runtime_state": 0},
            snapshots={"runtime_state": b""},
        ),
    ):
        with pytest.raises(StoreError, match="reindex"):
            act()
    assert any("indexes" in finding.place for finding in journal.audit().findings)
    assert journal.reindex(refold).rows == 4
    assert journal.audit(reducer=refold).clean
    assert [row.columns["more"] for row in journal.query("posts")] == ["x", "x"]
    with pytest.raises(StoreError, match="reindex"):
        store.for_organization("southwind").query("posts")
    with pytest.raises(StoreError, match="reindex"):
        here.put("runtime_state")
    store.for_organization("southwind").reindex(refold)
    assert len(store.for_organization("southwind").query("posts")) == 1
    store.for_organization("new").append(
        [here.new("runtime_state")],
        expected_versions={"runtime_state": 0},
        snapshots={"runtime_state": b""},
    )
    store.close()


def test_an_empty_file_takes_whatever_indexes_are_declared(path: Path) -> None:
    SqliteStore(path).close()
    store = SqliteStore(path, projections=PROJECTIONS)
    Scene(store.for_organization(ORGANIZATION)).put("post/a", body={"state": "draft"})
    store.close()


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def test_an_erasure_leaves_nothing_in_the_file_and_its_logs(path: Path, here: Scene) -> None:
    """Where nobody reads meanwhile, not even before compact."""
    secret = "Zeepaardje"
    for number in range(40):
        here.append(
            [here.new("post/a", personal={"text": f"{secret} {number}" * 40}, salt=bytes(16))]
        )
    assert bytes_of(path).count(secret.encode()) >= 40 * 40
    here.append([here.new("post/a", erases=dict.fromkeys(range(1, 41), ("text",)))])
    assert path.with_name(f"{path.name}-wal").stat().st_size == 0
    assert secret.encode() not in bytes_of(path)
    assert here.journal.audit(reducer=reducer).erased == 40


def test_compact_says_when_somebody_reads(path: Path, here: Scene) -> None:
    """An erasure stands all the same; its bytes go when the reader has gone."""
    here.append([here.new("post/a", personal={"text": "Zeepaardje"}, salt=bytes(16))])
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM socialcollab_personal").fetchone() == (1,)
    here.append([here.new("post/a", erases={1: ("text",)})])
    hasty = SqliteStore(path, projections=PROJECTIONS, timeout_s=0.05)
    with pytest.raises(StoreUnavailableError, match="compact"):
        hasty.compact()
    assert here.journal.read("post/a")[0].erased == {"text"}
    assert b"Zeepaardje" in bytes_of(path)
    reader.close()
    hasty.compact()
    assert b"Zeepaardje" not in bytes_of(path)
    hasty.close()


def test_a_closed_store_says_so(store: SqliteStore, here: Scene) -> None:
    store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        here.put("runtime_state")
    with pytest.raises(StoreUnavailableError, match="closed"):
        here.journal.snapshot("runtime_state")


def test_a_thread_that_ends_keeps_no_connection(store: SqliteStore, here: Scene) -> None:
    here.put("runtime_state")
    for _ in range(5):
        thread = threading.Thread(target=here.journal.snapshot, args=("runtime_state",))
        thread.start()
        thread.join()
    assert len(store.connections._idle.connections) == 1


def test_only_due_rows_can_be_leased(path: Path) -> None:
    """An projection of any other name, before it or after it, has its own columns and no others."""
    SqliteStore(
        path,
        projections=(Projection("alarms", ("at",)), Projection("due", ("at", "kind"), ("at",))),
    )
    raw = sqlite3.connect(path)
    columns = {
        name: {row[1] for row in raw.execute(f"PRAGMA table_info(socialcollab_projection_{name})")}
        for name in ("alarms", "due")
    }
    raw.close()
    assert {"organization", "key", "stream", "c_at"} == columns["alarms"]
    assert {"lease_worker", "lease_until"} <= columns["due"]
