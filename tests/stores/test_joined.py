"""A host's rows and ours commit together, in the host's connection and transaction."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.stores.processes import other_processes
from tests.stores.test_sqlite import DAMAGE

from socialcollab.desk import Desk
from socialcollab.errors import (
    ConflictError,
    InvalidValueError,
    NewerVersionError,
    StoreUnavailableError,
)
from socialcollab.organization import Organization
from socialcollab.stores import MemoryMedia, SqliteStore, Store
from socialcollab.testing import StoreContract
from socialcollab.testing.store_laws.scene import PROJECTIONS, Scene, reducer


class TestJoinedStore(StoreContract):
    """The whole kit, on a connection that commits each statement."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        host = sqlite3.connect(tmp_path / "host.db", isolation_level=None, check_same_thread=False)
        host.row_factory = sqlite3.Row
        host.execute("PRAGMA journal_mode = WAL")
        host.execute("PRAGMA synchronous = OFF")
        yield SqliteStore.joined(host, projections=self.projections, durable=False)
        host.close()

    def bytes_kept(self, store: Store) -> bytes:
        assert isinstance(store, SqliteStore)
        with store.connections.lend() as raw:
            path = Path(raw.execute("PRAGMA database_list").fetchone()[2])
        return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        assert isinstance(store, SqliteStore)
        with store.connections.writing() as raw:
            return raw.execute(DAMAGE[part], (organization, stream)).rowcount == 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A host's file, with a table of its own."""
    path = tmp_path / "host.db"
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("CREATE TABLE orders (name TEXT UNIQUE)")
    raw.close()
    return path


@pytest.fixture(params=["begins by itself", "commits each"])
def host(request: pytest.FixtureRequest, path: Path) -> Iterator[sqlite3.Connection]:
    """A host's connection, of either habit."""
    by_itself = request.param == "begins by itself"
    made = sqlite3.connect(path, isolation_level="" if by_itself else None)
    yield made
    made.close()


@pytest.fixture
def here(host: sqlite3.Connection) -> Scene:
    return Scene(SqliteStore.joined(host, projections=PROJECTIONS).for_organization("northwind"))


def orders(host: sqlite3.Connection) -> list[str]:
    return [name for (name,) in host.execute("SELECT name FROM orders ORDER BY name")]


def test_what_the_host_commits_is_there_for_others(
    here: Scene, host: sqlite3.Connection, path: Path
) -> None:
    if not host.in_transaction and host.isolation_level is None:
        host.execute("BEGIN")
    host.execute("INSERT INTO orders VALUES ('tulips')")
    here.put("post/a", body={"state": "draft"})
    other = SqliteStore(path, projections=PROJECTIONS)
    assert other.for_organization("northwind").streams() == ()
    host.commit()
    assert other.for_organization("northwind").streams() == ("post/a",)
    assert other.for_organization("northwind").audit(reducer=reducer).clean
    other.close()


def test_what_the_host_rolls_back_never_was(here: Scene, host: sqlite3.Connection) -> None:
    here.put("post/a", body={"state": "draft"})
    host.commit()
    before = here.everything()
    host.execute("BEGIN")
    host.execute("INSERT INTO orders VALUES ('tulips')")
    here.journal.append(
        [here.new("post/a"), here.new("post/b")],
        expected_versions={"post/a": 1, "post/b": 0},
        rows=[here.row("post/b", "sent")],
        snapshots={"post/a": b"", "post/b": b""},
    )
    assert here.journal.snapshot("post/b")[0] == 1, "its own transaction sees it"
    host.rollback()
    assert here.everything() == before
    assert orders(host) == []
    assert here.journal.audit(reducer=reducer).clean
    assert [event.position for event in here.put("post/b")] == [2]


def test_the_first_organization_may_be_rolled_back_too(
    here: Scene, host: sqlite3.Connection
) -> None:
    host.execute("BEGIN")
    here.journal.append(
        [here.new("runtime_state")],
        expected_versions={"runtime_state": 0},
        snapshots={"runtime_state": b""},
    )
    host.rollback()
    assert here.journal.audit().clean
    assert here.put("runtime_state")[0].position == 1


def test_a_refused_append_undoes_itself_alone(here: Scene, host: sqlite3.Connection) -> None:
    here.put("post/a", body={"state": "draft"})
    host.commit()
    host.execute("BEGIN")
    host.execute("INSERT INTO orders VALUES ('tulips')")
    with pytest.raises(ConflictError):
        here.journal.append(
            [here.new("post/a")], expected_versions={"post/a": 7}, snapshots={"post/a": b""}
        )
    known = here.journal.read("post/a")[0].id
    with pytest.raises(InvalidValueError):
        here.append([here.new("post/b"), here.new("post/c", id=known)])
    assert host.in_transaction
    here.put("post/d")
    host.commit()
    assert orders(host) == ["tulips"]
    assert here.journal.streams() == ("post/a", "post/d")
    assert here.journal.audit(reducer=reducer).clean


def test_an_append_commits_as_the_hosts_own_insert_would(
    here: Scene, host: sqlite3.Connection
) -> None:
    here.put("post/a")
    by_itself = host.isolation_level is not None
    assert host.in_transaction == by_itself
    host.rollback()
    assert here.journal.streams() == (() if by_itself else ("post/a",))


def test_the_hosts_savepoints_hold_ours(here: Scene, host: sqlite3.Connection) -> None:
    host.execute("BEGIN")
    host.execute("SAVEPOINT one")
    here.put("post/a")
    host.execute("ROLLBACK TO one")
    host.commit()
    assert here.journal.streams() == ()


def test_a_transaction_that_read_before_another_wrote_is_told(
    here: Scene, host: sqlite3.Connection, path: Path
) -> None:
    """What it read no longer holds; nothing of it is stored."""
    here.put("runtime_state")
    host.commit()
    host.execute("PRAGMA busy_timeout = 50")
    host.execute("BEGIN")
    assert orders(host) == []
    other = SqliteStore(path, projections=PROJECTIONS)
    Scene(other.for_organization("southwind")).put("runtime_state")
    with pytest.raises(StoreUnavailableError, match="another"):
        here.put("post/a")
    host.rollback()
    here.put("post/a")
    host.commit()
    assert other.for_organization("northwind").streams() == ("post/a", "runtime_state")
    other.close()


def test_tables_are_made_outside_a_transaction(host: sqlite3.Connection) -> None:
    host.execute("BEGIN")
    with pytest.raises(InvalidValueError, match="transaction"):
        SqliteStore.joined(host, projections=PROJECTIONS)
    host.rollback()
    SqliteStore.joined(host, projections=PROJECTIONS)
    host.execute("BEGIN")
    SqliteStore.joined(host, projections=PROJECTIONS)
    host.rollback()


def test_connections_that_would_break_a_promise_are_refused(path: Path) -> None:
    with pytest.raises(InvalidValueError, match="no connection"):
        SqliteStore.joined(str(path))  # type: ignore[arg-type]
    host = sqlite3.connect(path)
    host.execute("PRAGMA synchronous = NORMAL")
    with pytest.raises(InvalidValueError, match="NORMAL"):
        SqliteStore.joined(host)
    SqliteStore.joined(host, durable=False)
    host.text_factory = bytes
    with pytest.raises(InvalidValueError, match="text_factory"):
        SqliteStore.joined(host, durable=False)
    host.text_factory = str
    host.execute("UPDATE socialcollab_meta SET value = '999' WHERE key = 'schema'")
    host.commit()
    with pytest.raises(NewerVersionError, match="999"):
        SqliteStore.joined(host, durable=False)
    host.close()


def test_no_table_of_ours_has_a_hosts_name(host: sqlite3.Connection) -> None:
    SqliteStore.joined(host, projections=PROJECTIONS)
    names = [n for (n,) in host.execute("SELECT name FROM sqlite_master WHERE sql IS NOT NULL")]
    assert len(names) > 10
    assert {name for name in names if not name.startswith("socialcollab_")} == {"orders"}


def test_compact_waits_for_the_hosts_commit(here: Scene, host: sqlite3.Connection) -> None:
    store = SqliteStore.joined(host, projections=PROJECTIONS)
    host.execute("BEGIN")
    here.put("post/a")
    with pytest.raises(StoreUnavailableError, match="commit"):
        store.compact()
    host.commit()
    store.compact()
    assert here.journal.streams() == ("post/a",)


def test_closing_the_store_leaves_the_connection_open(host: sqlite3.Connection) -> None:
    store = SqliteStore.joined(host, projections=PROJECTIONS)
    store.close()
    store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        store.organizations()
    assert orders(host) == []


def _order(path: Path, worker: int, rounds: int) -> None:
    host = sqlite3.connect(path, timeout=60, isolation_level=None)
    journal = SqliteStore.joined(host, projections=PROJECTIONS).for_organization("northwind")
    scene = Scene(journal)
    for number in range(rounds):
        host.execute("BEGIN IMMEDIATE")
        host.execute("INSERT INTO orders VALUES (?)", (f"{worker}-{number}",))
        version, snapshot = journal.snapshot("runtime_state")
        journal.append(
            [scene.new("runtime_state")],
            expected_versions={"runtime_state": version},
            snapshots={"runtime_state": b"%d" % (int(snapshot or b"0") + 1)},
        )
        host.execute("ROLLBACK" if number % 3 == 2 else "COMMIT")
    host.close()


def test_processes_that_share_a_hosts_file_lose_nothing(path: Path) -> None:
    """Every third transaction is rolled back; as many events as rows are left."""
    host = sqlite3.connect(path)
    store = SqliteStore.joined(host, projections=PROJECTIONS)
    context = other_processes()
    workers = [context.Process(target=_order, args=(path, n, 30)) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    journal = store.for_organization("northwind")
    assert len(orders(host)) == 40
    assert journal.snapshot("runtime_state") == (40, b"40")
    assert journal.audit().clean
    host.close()


def test_a_desk_works_in_a_hosts_transaction(path: Path) -> None:
    """A post is drafted, and the order that it is for stored, or neither."""
    host = sqlite3.connect(path, isolation_level=None)
    store = SqliteStore.joined(host, projections=Desk.PROJECTIONS)
    at = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
    desk = Desk.create(
        store,
        Organization.template("northwind"),
        owner="eva",
        media=MemoryMedia(),
        clock=lambda: at,
    )
    ana = desk.acting_as("ana")
    for kept in (False, True):
        host.execute("BEGIN IMMEDIATE")
        host.execute("INSERT INTO orders VALUES ('tulips')")
        ana.draft("De lente is er", profiles=["tulip-x"], external_id="tulips")
        host.execute("COMMIT" if kept else "ROLLBACK")
        assert len(orders(host)) == len(desk.posts()) == int(kept)
    assert desk.audit().clean
    host.close()
