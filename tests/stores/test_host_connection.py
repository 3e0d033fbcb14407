"""The operations of a store on a host's connection are part of the host's transactions."""

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
from socialcollab.testing.store_laws.organization import PROJECTIONS, FreshOrganization, reducer


@pytest.mark.integration
class TestJoinedStore(StoreContract):
    """The whole kit, on a connection in autocommit mode."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        host = sqlite3.connect(tmp_path / "host.db", isolation_level=None, check_same_thread=False)
        host.row_factory = sqlite3.Row
        host.execute("PRAGMA journal_mode = WAL")
        host.execute("PRAGMA synchronous = OFF")
        yield SqliteStore.joined(host, projections=self.projections, durable=False)
        host.close()

    @pytest.fixture
    def bare_store(self, tmp_path: Path) -> Iterator[Store]:
        host = sqlite3.connect(tmp_path / "bare.db", isolation_level=None)
        yield SqliteStore.joined(host)
        host.close()

    def bytes_kept(self, store: Store) -> bytes:
        assert isinstance(store, SqliteStore)
        with store.connections.connection() as raw:
            path = Path(raw.execute("PRAGMA database_list").fetchone()[2])
        return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        assert isinstance(store, SqliteStore)
        with store.connections.transaction() as raw:
            return raw.execute(DAMAGE[part], (organization, stream)).rowcount == 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the file of a host, which contains a table of the host."""
    path = tmp_path / "host.db"
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("CREATE TABLE orders (name TEXT UNIQUE)")
    raw.close()
    return path


@pytest.fixture(params=["implicit transactions", "autocommit"])
def host(request: pytest.FixtureRequest, path: Path) -> Iterator[sqlite3.Connection]:
    """Return a host's connection, in autocommit mode or with implicit transactions."""
    implicit = request.param == "implicit transactions"
    connection = sqlite3.connect(path, isolation_level="" if implicit else None)
    yield connection
    connection.close()


@pytest.fixture
def org(host: sqlite3.Connection) -> FreshOrganization:
    return FreshOrganization(
        SqliteStore.joined(host, projections=PROJECTIONS).for_organization("northwind")
    )


def orders(host: sqlite3.Connection) -> list[str]:
    return [name for (name,) in host.execute("SELECT name FROM orders ORDER BY name")]


def test_commit(org: FreshOrganization, host: sqlite3.Connection, path: Path) -> None:
    """Events become visible to others when the host commits."""
    if not host.in_transaction and host.isolation_level is None:
        host.execute("BEGIN")
    host.execute("INSERT INTO orders VALUES ('tulips')")
    org.put("post/a", body={"state": "draft"})
    other = SqliteStore(path, projections=PROJECTIONS)
    assert other.for_organization("northwind").streams() == ()
    host.commit()
    assert other.for_organization("northwind").streams() == ("post/a",)
    assert other.for_organization("northwind").audit(reducer=reducer).clean
    other.close()


def test_rollback(org: FreshOrganization, host: sqlite3.Connection) -> None:
    """A rollback of the host removes the events and their rows."""
    org.put("post/a", body={"state": "draft"})
    host.commit()
    before = org.everything()
    host.execute("BEGIN")
    host.execute("INSERT INTO orders VALUES ('tulips')")
    org.journal.append(
        [org.new("post/a"), org.new("post/b")],
        expected_versions={"post/a": 1, "post/b": 0},
        rows=[org.row("post/b", "sent")],
        snapshots={"post/a": b"", "post/b": b""},
    )
    assert org.journal.snapshot("post/b")[0] == 1, "the transaction itself must see it"
    host.rollback()
    assert org.everything() == before
    assert orders(host) == []
    assert org.journal.audit(reducer=reducer).clean
    assert [event.position for event in org.put("post/b")] == [2]


def test_rollback_of_first_event(org: FreshOrganization, host: sqlite3.Connection) -> None:
    """The first event of an organization can also be rolled back."""
    host.execute("BEGIN")
    org.journal.append(
        [org.new("runtime_state")],
        expected_versions={"runtime_state": 0},
        snapshots={"runtime_state": b""},
    )
    host.rollback()
    assert org.journal.audit().clean
    assert org.put("runtime_state")[0].position == 1


def test_refused_append(org: FreshOrganization, host: sqlite3.Connection) -> None:
    """If an append fails, only its own changes are undone, and the host can continue."""
    org.put("post/a", body={"state": "draft"})
    host.commit()
    host.execute("BEGIN")
    host.execute("INSERT INTO orders VALUES ('tulips')")
    with pytest.raises(ConflictError):
        org.journal.append(
            [org.new("post/a")], expected_versions={"post/a": 7}, snapshots={"post/a": b""}
        )
    known = org.journal.read("post/a")[0].id
    with pytest.raises(InvalidValueError):
        org.append([org.new("post/b"), org.new("post/c", id=known)])
    assert host.in_transaction
    org.put("post/d")
    host.commit()
    assert orders(host) == ["tulips"]
    assert org.journal.streams() == ("post/a", "post/d")
    assert org.journal.audit(reducer=reducer).clean


def test_append_outside_transaction(org: FreshOrganization, host: sqlite3.Connection) -> None:
    """If there is no open transaction, an append behaves like an INSERT by the host."""
    org.put("post/a")
    implicit = host.isolation_level is not None
    assert host.in_transaction == implicit
    host.rollback()
    assert org.journal.streams() == (() if implicit else ("post/a",))


def test_savepoints(org: FreshOrganization, host: sqlite3.Connection) -> None:
    """An append can be rolled back to a savepoint of the host."""
    host.execute("BEGIN")
    host.execute("SAVEPOINT one")
    org.put("post/a")
    host.execute("ROLLBACK TO one")
    host.commit()
    assert org.journal.streams() == ()


def test_outdated_read(org: FreshOrganization, host: sqlite3.Connection, path: Path) -> None:
    """If another connection wrote after the transaction read, the append fails and stores nothing."""
    org.put("runtime_state")
    host.commit()
    host.execute("PRAGMA busy_timeout = 50")
    host.execute("BEGIN")
    assert orders(host) == []
    other = SqliteStore(path, projections=PROJECTIONS)
    FreshOrganization(other.for_organization("southwind")).put("runtime_state")
    with pytest.raises(StoreUnavailableError, match="another"):
        org.put("post/a")
    host.rollback()
    org.put("post/a")
    host.commit()
    assert other.for_organization("northwind").streams() == ("post/a", "runtime_state")
    other.close()


def test_tables_in_transaction(host: sqlite3.Connection) -> None:
    """Tables can only be created outside a transaction of the host."""
    host.execute("BEGIN")
    with pytest.raises(InvalidValueError, match="transaction"):
        SqliteStore.joined(host, projections=PROJECTIONS)
    host.rollback()
    bare = SqliteStore.joined(host)
    host.execute("BEGIN")
    with pytest.raises(InvalidValueError, match="transaction"):
        bare.ensure_projections(PROJECTIONS)
    host.rollback()
    bare.ensure_projections(PROJECTIONS)
    host.execute("BEGIN")
    SqliteStore.joined(host, projections=PROJECTIONS)
    SqliteStore.joined(host).ensure_projections(PROJECTIONS)
    host.rollback()


def test_unsuitable_connections(path: Path) -> None:
    """Connections with incompatible settings are rejected."""
    with pytest.raises(InvalidValueError, match="not an sqlite3 connection"):
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


def test_table_names(host: sqlite3.Connection) -> None:
    """All tables of the store have the prefix `socialcollab_`."""
    SqliteStore.joined(host, projections=PROJECTIONS)
    names = [n for (n,) in host.execute("SELECT name FROM sqlite_master WHERE sql IS NOT NULL")]
    assert len(names) > 10
    assert {name for name in names if not name.startswith("socialcollab_")} == {"orders"}


def test_compact(org: FreshOrganization, host: sqlite3.Connection) -> None:
    """The file cannot be compacted while the host has an open transaction."""
    store = SqliteStore.joined(host, projections=PROJECTIONS)
    host.execute("BEGIN")
    org.put("post/a")
    with pytest.raises(StoreUnavailableError, match="commit"):
        store.compact()
    host.commit()
    store.compact()
    assert org.journal.streams() == ("post/a",)


def test_close(host: sqlite3.Connection) -> None:
    """Closing the store leaves the host's connection open."""
    store = SqliteStore.joined(host, projections=PROJECTIONS)
    store.close()
    store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        store.organizations()
    assert orders(host) == []


def _order(path: Path, worker: int, rounds: int) -> None:
    host = sqlite3.connect(path, timeout=60, isolation_level=None)
    journal = SqliteStore.joined(host, projections=PROJECTIONS).for_organization("northwind")
    org = FreshOrganization(journal)
    for number in range(rounds):
        host.execute("BEGIN IMMEDIATE")
        host.execute("INSERT INTO orders VALUES (?)", (f"{worker}-{number}",))
        version, snapshot = journal.snapshot("runtime_state")
        journal.append(
            [org.new("runtime_state")],
            expected_versions={"runtime_state": version},
            snapshots={"runtime_state": b"%d" % (int(snapshot or b"0") + 1)},
        )
        host.execute("ROLLBACK" if number % 3 == 2 else "COMMIT")
    host.close()


@pytest.mark.integration
def test_processes(path: Path) -> None:
    """Processes that share a file store equal numbers of events and rows, even after rollbacks."""
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


def test_desk(path: Path) -> None:
    """A draft is committed or rolled back with the host's transaction, even if it is the first write."""
    host = sqlite3.connect(path, isolation_level=None)
    store = SqliteStore.joined(host)
    at = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
    desk = Desk.create(
        store,
        Organization.template("northwind"),
        owner="eva",
        media=MemoryMedia(),
        clock=lambda: at,
    )
    ana = desk.acting_as("ana")
    for commits in (False, True):
        host.execute("BEGIN IMMEDIATE")
        host.execute("INSERT INTO orders VALUES ('tulips')")
        ana.draft("De lente is er", profiles=["tulip-x"], external_id="tulips")
        host.execute("COMMIT" if commits else "ROLLBACK")
        assert len(orders(host)) == len(desk.posts()) == int(commits)
    assert desk.audit().clean
    host.close()
