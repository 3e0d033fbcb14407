"""What is particular to media in memory, in folders and in SQLite files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from socialcollab.errors import StoreUnavailableError
from socialcollab.stores import FolderMedia, MemoryMedia, SqliteMedia, SqliteStore
from socialcollab.stores import media as kept_media
from socialcollab.transport.ports import Media


@pytest.fixture(params=["memory", "folder", "sqlite"])
def media(request: pytest.FixtureRequest, tmp_path: Path) -> Media:
    made: dict[str, Callable[[], Media]] = {
        "memory": MemoryMedia,
        "folder": lambda: FolderMedia(tmp_path / "media"),
        "sqlite": lambda: SqliteMedia(tmp_path / "media.db"),
    }
    return made[request.param]()


def test_media_have_no_address_unless_one_is_given(media: Media, tmp_path: Path) -> None:
    assert media.public_url(media.put(b"tulips")) is None
    served = FolderMedia(tmp_path / "served", url=lambda digest: f"https://m.example/{digest}")
    digest = served.put(b"tulips")
    assert served.public_url(digest) == f"https://m.example/{digest}"


def test_a_read_that_fails_leaves_no_part_behind(tmp_path: Path) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionError
            return super().read(3)

    media = FolderMedia(tmp_path / "media")
    with pytest.raises(StoreUnavailableError):
        media.put(Failing(b"tulips"))
    assert [p for p in (tmp_path / "media").rglob("*") if p.is_file()] == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailableError, match="file"):
        FolderMedia(tmp_path / "file" / "media").put(b"tulips")


def test_journals_and_media_may_share_a_file(tmp_path: Path) -> None:
    media = SqliteMedia(tmp_path / "agency.db")
    digest = media.put(b"tulips")
    store = SqliteStore(tmp_path / "agency.db")
    assert store.for_organization("northwind").audit().clean
    assert media.size(digest) == 6
    store.close()
    media.close()


def test_the_disk_keeps_the_names_of_all_folders_that_were_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(kept_media, "_sync_folder", synced.append)
    media = FolderMedia(tmp_path / "agency" / "media")
    digest = media.put(b"tulips")
    place = tmp_path / "agency" / "media" / digest.removeprefix("sha256:")[:2]
    # Each name is on the disk before what lies under it is.
    assert [tmp_path, tmp_path / "agency", place.parent, place] == synced
    synced.clear()
    media.put(b"tulips")
    assert [place] == synced
