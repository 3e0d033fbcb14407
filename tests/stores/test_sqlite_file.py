"""The SQLite store handles damaged files, full disks and other processes."""

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
    StaleProjectionError,
    StoreError,
    StoreUnavailableError,
)
from socialcollab.stores import Projection, Row, SqliteStore
from socialcollab.testing.store_laws.organization import PROJECTIONS, FreshOrganization, reducer

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
def org(store: SqliteStore) -> FreshOrganization:
    return FreshOrganization(store.for_organization(ORGANIZATION))


def test_reopen(path: Path, org: FreshOrganization) -> None:
    """A reopened file contains the stored data, regardless of the order of the declarations."""
    org.put("post/a", body={"state": "draft"})
    before = org.everything()
    again = SqliteStore(path, projections=tuple(reversed(PROJECTIONS)))
    assert FreshOrganization(again.for_organization(ORGANIZATION)).everything() == before
    assert again.organizations() == (ORGANIZATION,)
    again.close()


def test_durable(path: Path) -> None:
    """A durable store waits until the data is on disk."""
    for durable, level in ((True, 2), (False, 1)):
        store = SqliteStore(path, durable=durable)
        with store.connections.connection() as connection:
            assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        store.close()


def _count(path: Path, worker: int, rounds: int) -> None:
    store = SqliteStore(path, projections=PROJECTIONS, durable=False, timeout_s=60)
    org = FreshOrganization(store.for_organization(ORGANIZATION))
    journal = org.journal
    for number in range(rounds):
        while True:
            version, snapshot = journal.snapshot("runtime_state")
            row = Row("posts", "count", "runtime_state", {"state": "x", "rank": version})
            try:
                journal.append(
                    [org.new("runtime_state"), org.new(f"post/{worker}-{number}")],
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


@pytest.mark.integration
def test_processes(path: Path) -> None:
    """If several processes create the file and write to it concurrently, no update is lost."""
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
def test_fork(org: FreshOrganization) -> None:
    """A forked child opens its own connections."""
    org.put("post/a")
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if org.put("post/b")[0].position == 2 else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert org.journal.streams() == ("post/a", "post/b")
    assert org.journal.audit().clean


def _fill_up(store: SqliteStore) -> None:
    """Limit the file to its current size."""
    with store.connections.connection() as connection:
        [(pages,)] = connection.execute("PRAGMA page_count")
        connection.execute(f"PRAGMA max_page_count = {pages}")


def test_full_disk(store: SqliteStore, org: FreshOrganization) -> None:
    """If the disk is full, an append changes nothing."""
    org.put("post/a", "post/b", body={"state": "draft"})
    before = org.everything()
    _fill_up(store)
    with pytest.raises(StoreUnavailableError, match="full"):
        org.journal.append(
            [org.new("post/c"), org.new("post/a", {"text": "x" * 200_000})],
            expected_versions={"post/a": 1, "post/c": 0},
            rows=[Row("posts", "c", "post/c", {"state": "draft", "rank": 1})],
            snapshots={"post/a": b"", "post/c": b"y" * 200_000},
        )
    assert org.everything() == before
    assert org.journal.audit(reducer=reducer).clean
    assert [e.position for e in org.put("post/a")] == [3], (
        "with free space, appending must work again"
    )


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
def test_failing_write(store: SqliteStore, org: FreshOrganization, act: str, table: str) -> None:
    """If a write to any table fails, the append changes nothing."""
    org.put("post/a", "post/b", body={"state": "draft", "due": 1})
    before = org.everything()
    with store.connections.connection() as raw:
        raw.execute(
            f"CREATE TRIGGER fault BEFORE {act} ON {table}"
            " BEGIN SELECT RAISE(ABORT, 'the disk is worn out'); END"
        )
    events = [
        org.new("post/a"),
        org.new("post/b", {"state": "sent"}, personal={"t": "x"}, salt=bytes(16)),
        org.new("post/c", {"state": "draft", "due": 2}),
    ]
    with pytest.raises(StoreError):
        org.append(events)
    assert org.everything() == before
    with store.connections.connection() as raw:
        raw.execute("DROP TRIGGER fault")
    assert org.journal.audit(reducer=reducer).clean
    org.append(events)
    assert org.journal.audit(reducer=reducer).clean


def test_read_only_file(path: Path, org: FreshOrganization) -> None:
    """A read-only file can be read, and appending to it fails."""
    org.put("post/a", body={"state": "draft"})
    store = SqliteStore(f"{path.as_uri()}?mode=ro", projections=PROJECTIONS)
    journal = store.for_organization(ORGANIZATION)
    assert journal.read("post/a") == org.journal.read("post/a")
    assert journal.audit(reducer=reducer).clean
    with pytest.raises(StoreUnavailableError, match="read-only"):
        journal.append(
            [org.new("post/b")], expected_versions={"post/b": 0}, snapshots={"post/b": b""}
        )
    assert org.journal.streams() == ("post/a",)
    store.close()


def test_file_cannot_be_created(tmp_path: Path) -> None:
    """The error for a file that cannot be created contains its name."""
    for place in (tmp_path / "absent" / "journal.db", tmp_path):
        with pytest.raises(StoreUnavailableError, match=tmp_path.name):
            SqliteStore(place)
    with pytest.raises(StoreUnavailableError):
        SqliteStore(f"{(tmp_path / 'new.db').as_uri()}?mode=ro")


@pytest.mark.parametrize("path", ["", ":memory:", "file::memory:", "file:x?mode=memory"])
def test_memory_path(path: str) -> None:
    """An in-memory path is rejected, and the error recommends MemoryStore."""
    with pytest.raises(InvalidValueError, match="MemoryStore"):
        SqliteStore(path)


def test_foreign_file(path: Path) -> None:
    """A file of another program is rejected and not changed."""
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE customers (name TEXT)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnavailableError, match="customers"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_not_sqlite(path: Path) -> None:
    """A file that is not an SQLite file is rejected and not changed."""
    path.write_bytes(b"name,text\n" * 500)
    with pytest.raises(CorruptJournalError, match=r"journal\.db"):
        SqliteStore(path)
    assert path.read_bytes() == b"name,text\n" * 500


def test_newer_schema(path: Path, store: SqliteStore) -> None:
    """A newer or unknown schema is rejected."""
    for schema, error in (("3", NewerVersionError), ("x", CorruptJournalError)):
        with store.connections.connection() as raw:
            raw.execute("UPDATE socialcollab_meta SET value = ? WHERE key = 'schema'", (schema,))
        with pytest.raises(error, match=schema):
            SqliteStore(path, projections=PROJECTIONS)


def test_truncated_file(path: Path, store: SqliteStore, org: FreshOrganization) -> None:
    """A truncated file is rejected, and the error contains its name."""
    for number in range(30):
        org.put(f"post/{number}", body={"text": "x" * 500})
    store.close()
    path.write_bytes(path.read_bytes()[:8192])
    with pytest.raises(CorruptJournalError, match=r"journal\.db"):  # noqa: PT012
        cut = SqliteStore(path, projections=PROJECTIONS)
        try:
            cut.for_organization(ORGANIZATION).read_all()
        finally:
            cut.close()


def test_locked_file(path: Path, org: FreshOrganization) -> None:
    """A writer waits for another process until its timeout, and readers never wait."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = SqliteStore(path, projections=PROJECTIONS, timeout_s=0.05)
    with pytest.raises(StoreUnavailableError, match="another process"):
        impatient.for_organization(ORGANIZATION).append(
            [org.new("runtime_state")],
            expected_versions={"runtime_state": 0},
            snapshots={"runtime_state": b""},
        )
    assert impatient.for_organization(ORGANIZATION).streams() == (), "readers must not wait"
    other.execute("ROLLBACK")
    other.close()
    impatient.close()
    org.put("runtime_state")


def test_stale_rows(path: Path, store: SqliteStore, org: FreshOrganization) -> None:
    """If other projections are declared, rows are stale until a reindex, but events can be read."""
    org.put("post/a", "post/b", body={"state": "draft", "rank": 1, "due": 1})
    FreshOrganization(store.for_organization("southwind")).put("post/z", body={"state": "draft"})
    changed = (
        Projection("posts", ("state", "rank", "more")),
        PROJECTIONS[1],
        Projection("new", ("x",)),
    )

    def changed_reducer(stream, events):  # type: ignore[no-untyped-def]
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
            [org.new("runtime_state")],
            expected_versions={"runtime_state": 0},
            snapshots={"runtime_state": b""},
        ),
        lambda: store.for_organization("new").append(
            [org.new("runtime_state")],
            expected_versions={"runtime_state": 0},
            snapshots={"runtime_state": b""},
        ),
    ):
        with pytest.raises(StoreError, match="reindex"):
            act()
    assert any("projections" in finding.place for finding in journal.audit().findings)
    assert journal.reindex(changed_reducer).rows == 4
    assert journal.audit(reducer=changed_reducer).clean
    assert [row.columns["more"] for row in journal.query("posts")] == ["x", "x"]
    with pytest.raises(StoreError, match="reindex"):
        store.for_organization("southwind").query("posts")
    with pytest.raises(StoreError, match="reindex"):
        org.put("runtime_state")
    store.for_organization("southwind").reindex(changed_reducer)
    assert len(store.for_organization("southwind").query("posts")) == 1
    store.for_organization("new").append(
        [org.new("runtime_state")],
        expected_versions={"runtime_state": 0},
        snapshots={"runtime_state": b""},
    )
    store.close()


def test_file_without_journals(path: Path) -> None:
    """A file without journals adopts the declared projections."""
    SqliteStore(path).close()
    SqliteStore(path, projections=PROJECTIONS[:1]).close()
    bare = SqliteStore(path)
    store = SqliteStore(path, projections=PROJECTIONS)
    FreshOrganization(store.for_organization(ORGANIZATION)).put("post/a", body={"state": "draft"})
    with pytest.raises(StaleProjectionError, match="reindex"):
        bare.for_organization("southwind").append(
            [FreshOrganization(store.for_organization("southwind")).new("runtime_state")],
            expected_versions={"runtime_state": 0},
            snapshots={"runtime_state": b""},
        )
    bare.ensure_projections(PROJECTIONS)
    other = FreshOrganization(bare.for_organization("southwind"))
    other.put("post/a", body={"state": "draft"})
    assert len(other.journal.query("posts")) == 1
    store.close()
    bare.close()


def test_bare_store_on_file_without_journals(path: Path) -> None:
    """A store without projections can append to a file that has no journals yet."""
    SqliteStore(path, projections=PROJECTIONS).close()
    store = SqliteStore(path)
    journal = store.for_organization(ORGANIZATION)
    event = FreshOrganization(journal).new("runtime_state")
    journal.append(
        [event], expected_versions={"runtime_state": 0}, snapshots={"runtime_state": b""}
    )
    assert journal.audit().clean
    store.close()


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def test_erased_bytes(path: Path, org: FreshOrganization) -> None:
    """Unless the file is being read, erased bytes disappear even before compact."""
    secret = "Zeepaardje"
    for number in range(40):
        org.append(
            [org.new("post/a", personal={"text": f"{secret} {number}" * 40}, salt=bytes(16))]
        )
    assert bytes_of(path).count(secret.encode()) >= 40 * 40
    org.append([org.new("post/a", erases=dict.fromkeys(range(1, 41), ("text",)))])
    assert path.with_name(f"{path.name}-wal").stat().st_size == 0
    assert secret.encode() not in bytes_of(path)
    assert org.journal.audit(reducer=reducer).erased == 40


def test_compact_while_reading(path: Path, org: FreshOrganization) -> None:
    """Compact fails while the file is being read, but the erasure itself has succeeded."""
    org.append([org.new("post/a", personal={"text": "Zeepaardje"}, salt=bytes(16))])
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM socialcollab_personal").fetchone() == (1,)
    org.append([org.new("post/a", erases={1: ("text",)})])
    impatient = SqliteStore(path, projections=PROJECTIONS, timeout_s=0.05)
    with pytest.raises(StoreUnavailableError, match="compact"):
        impatient.compact()
    assert org.journal.read("post/a")[0].erased == {"text"}
    assert b"Zeepaardje" in bytes_of(path)
    reader.close()
    impatient.compact()
    assert b"Zeepaardje" not in bytes_of(path)
    impatient.close()


def test_closed_store(store: SqliteStore, org: FreshOrganization) -> None:
    """A closed store raises an error."""
    store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        org.put("runtime_state")
    with pytest.raises(StoreUnavailableError, match="closed"):
        org.journal.snapshot("runtime_state")


def test_threads_share_connections(store: SqliteStore, org: FreshOrganization) -> None:
    """When a thread ends, its connection remains in the pool."""
    org.put("runtime_state")
    for _ in range(5):
        thread = threading.Thread(target=org.journal.snapshot, args=("runtime_state",))
        thread.start()
        thread.join()
    assert len(store.connections._idle.connections) == 1


def test_lease_columns(path: Path) -> None:
    """Only the projection `due` has columns for leases."""
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
