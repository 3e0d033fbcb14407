"""Two organizations cannot share a media store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from socialcollab import AsyncDesk, Desk, MemoryStore, Organization
from socialcollab.errors import InvalidValueError
from socialcollab.stores import FolderMedia, MemoryMedia, SqliteMedia
from socialcollab.transport import Media

NORTHWIND = Organization.template("northwind")
OTHER = Organization.loads(
    NORTHWIND.to_toml().replace("northwind", "southwind"), files=NORTHWIND.files
)
MESSAGE = "`northwind`, so organization `southwind` cannot use it"


@pytest.fixture(params=["memory", "folder", "sqlite"])
def media(request: pytest.FixtureRequest, tmp_path: Path) -> Media:
    factories: dict[str, Callable[[], Media]] = {
        "memory": MemoryMedia,
        "folder": lambda: FolderMedia(tmp_path / "media"),
        "sqlite": lambda: SqliteMedia(tmp_path / "media.db"),
    }
    return factories[request.param]()


def test_create(media: Media) -> None:
    """A desk cannot be created with the media store of another organization."""
    store = MemoryStore()
    Desk.create(store, NORTHWIND, owner="eva", media=media)
    with pytest.raises(InvalidValueError, match=MESSAGE):
        Desk.create(store, OTHER, owner="eva", media=media)
    assert store.organizations() == ("northwind",)
    Desk.create(store, OTHER, owner="eva", media=MemoryMedia())


def test_open(media: Media) -> None:
    """A desk cannot be opened with the media store of another organization."""
    store = MemoryStore()
    Desk.create(store, NORTHWIND, owner="eva", media=media)
    Desk.create(store, OTHER, owner="eva")
    with pytest.raises(InvalidValueError, match=MESSAGE):
        Desk.open(store, organization="southwind", media=media)
    assert Desk.open(store, organization="northwind", media=media).id == "northwind"


def test_rejected_creation_claims_nothing(media: Media) -> None:
    """If creating a desk fails for another reason, the media store is not reserved."""
    with pytest.raises(Exception, match="ben"):
        Desk.create(MemoryStore(), OTHER, owner="ben", media=media)
    Desk.create(MemoryStore(), NORTHWIND, owner="eva", media=media)


def test_async_desk(media: Media) -> None:
    """An async desk cannot be opened with the media store of another organization."""

    async def share() -> None:
        store = MemoryStore()
        async with await AsyncDesk.create(store, NORTHWIND, owner="eva", media=media):
            with pytest.raises(InvalidValueError, match=MESSAGE):
                await AsyncDesk.create(store, OTHER, owner="eva", media=media)
        async with await AsyncDesk.create(store, OTHER, owner="eva"):
            pass
        with pytest.raises(InvalidValueError, match=MESSAGE):
            await AsyncDesk.open(store, organization="southwind", media=media)

    asyncio.run(share())


def test_one_file(tmp_path: Path) -> None:
    """The organizations in one file have separate folders."""
    path = tmp_path / "agency.db"
    for organization in (NORTHWIND, OTHER):
        with Desk.create(path, organization, owner="eva"):
            pass
    for organization in (NORTHWIND, OTHER):
        with Desk.open(path, organization=organization.id) as desk:
            assert desk.id == organization.id
