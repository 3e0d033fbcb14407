"""A desk declares its projections in the store that it opens, or rejects the store."""

from __future__ import annotations

import sqlite3

import pytest
from tests.desk.agency import DOCUMENT
from tests.desk.awaited import AwaitedDesk

from socialcollab.desk import Desk
from socialcollab.errors import InvalidValueError
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore, Projection, SqliteStore, ThreadedStore

ORGANIZATION = Organization.loads(DOCUMENT)
WITHOUT_DUE = tuple(projection for projection in Desk.PROJECTIONS if projection.name != "due")
WITHOUT_PLANS = tuple(projection for projection in Desk.PROJECTIONS if projection.name != "plans")
OTHER_PLANS = (*WITHOUT_PLANS, Projection("plans", ("at",), ("at",)))


@pytest.mark.parametrize("kind", [Desk, AwaitedDesk])
@pytest.mark.parametrize("place", ["memory", "sqlite", "host"])
def test_store_without_projections(kind, place, tmp_path) -> None:
    """A desk can be created and opened on a store that was made without projections."""
    host = sqlite3.connect(tmp_path / "host.db", isolation_level=None, check_same_thread=False)
    memory = MemoryStore()

    def store():
        if place == "memory":
            return memory
        if place == "sqlite":
            return SqliteStore(tmp_path / "desk.db")
        return SqliteStore.joined(host)

    desk = kind.create(store(), ORGANIZATION, owner="eva")
    post = desk.acting_as("ana").draft("Zon!", profiles=["tulip-x"])
    again = kind.open(store())
    assert [known.id for known in again.posts()] == [post.id]
    assert again.audit().clean
    host.close()


@pytest.mark.parametrize("kind", [Desk, AwaitedDesk])
@pytest.mark.parametrize(
    ("projections", "lacking"),
    [(WITHOUT_DUE, ("due",)), (OTHER_PLANS, ("plans",))],
    ids=["one missing", "one different"],
)
def test_store_with_other_projections(kind, projections, lacking, tmp_path) -> None:
    """A store that was made with other projections is refused, and nothing is stored."""
    sqlite = SqliteStore(tmp_path / "desk.db", projections=projections)
    for store in (MemoryStore(projections), sqlite):
        with pytest.raises(InvalidValueError, match=r"was created with do not include") as caught:
            kind.create(store, ORGANIZATION, owner="eva")
        assert lacking == caught.value.value
        assert not store.organizations()
    sqlite.close()


def test_existing_desk_with_other_projections(tmp_path) -> None:
    """A store with other projections is rejected for an existing desk, which remains intact."""
    path = tmp_path / "desk.db"
    Desk.create(path, ORGANIZATION, owner="eva").close()
    store = SqliteStore(path, projections=WITHOUT_DUE)
    with pytest.raises(InvalidValueError, match="`due`"):
        Desk.open(store)
    store.close()
    with Desk.open(path) as desk:
        assert "northwind" == desk.id
        assert desk.audit().clean


def test_async_store_without_projections(tmp_path) -> None:
    """An async desk declares its projections in an async store."""
    desk = AwaitedDesk.create(ThreadedStore(MemoryStore()), ORGANIZATION, owner="eva")
    desk.acting_as("ana").draft("Zon!", profiles=["tulip-x"])
    assert len(desk.posts()) == 1
