"""The stores for presence and claims keep their contract, and the kit rejects broken stores."""

from __future__ import annotations

import datetime as dt
import itertools
import multiprocessing
from pathlib import Path

import attrs
import pytest

from socialcollab.collisions import Claim, Signal
from socialcollab.errors import StoreUnavailableError
from socialcollab.stores import CollisionStore, MemoryCollisions, SqliteCollisions
from socialcollab.testing import CollisionContract, broken_collision_promises

NOW = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)


class TestMemory(CollisionContract):
    @pytest.fixture
    def collisions(self) -> CollisionStore:
        return MemoryCollisions()


class TestSqlite(CollisionContract):
    @pytest.fixture
    def collisions(self, tmp_path: Path) -> CollisionStore:
        return SqliteCollisions(tmp_path / "presence.db")


class RoundsInstants(MemoryCollisions):
    def put_signal(self, organization, signal, *, until):
        at = signal.at.replace(microsecond=0)
        super().put_signal(organization, attrs.evolve(signal, at=at), until=until)


class IgnoresDevices(MemoryCollisions):
    def put_signal(self, organization, signal, *, until):
        self.remove_signals(organization, signal.member, item=signal.item)
        super().put_signal(organization, signal, until=until)


class NeverExpires(MemoryCollisions):
    def put_signal(self, organization, signal, *, until):
        super().put_signal(organization, signal, until=until + dt.timedelta(days=1))


class RemovesAllDevices(MemoryCollisions):
    def remove_signals(self, organization, member, *, item=None, device=None):
        super().remove_signals(organization, member, item=item)


class AlwaysReplaces(MemoryCollisions):
    def replace_claim(self, organization, before, after):
        self._claims[organization, after.item] = after
        return True


class ComparesOnlyTokens(MemoryCollisions):
    def replace_claim(self, organization, before, after):
        now = self.claim(organization, after.item)
        if now is None or before is None or now.token != before.token:
            return super().replace_claim(organization, before, after)
        return super().replace_claim(organization, now, after)


class DropsEndedClaims(MemoryCollisions):
    def put_signal(self, organization, signal, *, until):
        self._claims = {key: one for key, one in self._claims.items() if one.until > signal.at}
        super().put_signal(organization, signal, until=until)


class SharesOrganizations(MemoryCollisions):
    def replace_claim(self, organization, before, after):
        return super().replace_claim("", before, after)

    def claim(self, organization, item):
        return super().claim("", item)


@pytest.mark.parametrize(
    ("store", "number"),
    [
        (RoundsInstants, "P1"),
        (IgnoresDevices, "P2"),
        (NeverExpires, "P3"),
        (RemovesAllDevices, "P4"),
        (AlwaysReplaces, "P5"),
        (ComparesOnlyTokens, "P5"),
        (DropsEndedClaims, "P6"),
        (SharesOrganizations, "P7"),
    ],
)
def test_kit_rejects_broken_stores(store: type[MemoryCollisions], number: str) -> None:
    """A store with one fault breaks the promise about it."""
    shared = store()
    assert number in broken_collision_promises(lambda: shared)


def test_every_promise_has_a_law_and_a_line() -> None:
    """The contract's page lists exactly the promises that the kit tests."""
    page = Path(__file__).parents[2] / "docs" / "contracts" / "presence-and-claims.md"
    listed = [line[4:6] for line in page.read_text().splitlines() if line.startswith("- **P")]
    tested = {getattr(law, "promise", None) for law in vars(CollisionContract).values()} - {None}
    assert sorted(listed) == sorted(tested)


def test_file_appears_with_the_first_write(tmp_path: Path) -> None:
    """Reading does not create a file, and the file of one store is read by another."""
    path = tmp_path / "presence.db"
    assert SqliteCollisions(path).claim("org", "post/1") is None
    assert not path.exists()
    claim = Claim(item="post/1", holder="ben", token=1, since=NOW, until=NOW)
    assert SqliteCollisions(path).replace_claim("org", None, claim)
    assert SqliteCollisions(path).claim("org", "post/1") == claim


def test_unusable_file(tmp_path: Path) -> None:
    """A file that is not an SQLite file is one clear error."""
    path = tmp_path / "presence.db"
    path.write_text("no database, but long enough to be read as its header" * 20)
    with pytest.raises(StoreUnavailableError, match="cannot be used"):
        SqliteCollisions(path).signals("org", "post/1", at=NOW)


def _count(path: Path, holder: str, rounds: int) -> None:
    store = SqliteCollisions(path)
    for number in itertools.count():
        before = store.claim("org", "post/1")
        token = 1 if before is None else before.token + 1
        after = Claim(item="post/1", holder=holder, token=token, since=NOW, until=NOW)
        rounds -= store.replace_claim("org", before, after)
        if not rounds or number > 10_000:
            return


@pytest.mark.integration
def test_tokens_across_processes(tmp_path: Path) -> None:
    """Processes that claim one item never get the same fencing token."""
    path = tmp_path / "presence.db"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_count, args=(path, f"m{n}", 25)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    latest = SqliteCollisions(path).claim("org", "post/1")
    assert latest is not None
    assert latest.token == 75


def _signal_forever(path: Path) -> None:
    store = SqliteCollisions(path)
    signal = Signal(
        member="ben",
        item="post/1",
        device="a",
        activity="typing",
        unsaved=False,
        hidden=False,
        at=NOW,
        active_at=NOW,
    )
    while True:
        store.put_signal("org", signal, until=NOW + dt.timedelta(seconds=1))


@pytest.mark.integration
def test_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    """After a process is killed while writing, other processes still read and write."""
    path = tmp_path / "presence.db"
    worker = multiprocessing.get_context("spawn").Process(target=_signal_forever, args=(path,))
    worker.start()
    store = SqliteCollisions(path)
    while not store.signals("org", "post/1", at=NOW):
        assert worker.is_alive()
    worker.kill()
    worker.join(60)
    store.remove_signals("org", "ben")
    assert store.signals("org", "post/1", at=NOW) == ()
