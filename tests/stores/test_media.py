"""Media are kept by what they are, wherever they are kept."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from socialcollab.errors import (
    InvalidValueError,
    JournalDamagedError,
    NotFoundError,
    StoreUnavailableError,
)
from socialcollab.stores import FolderMedia, MemoryMedia, SqliteMedia, SqliteStore
from socialcollab.transport.ports import Media

LARGE = bytes(range(256)) * 9000


@pytest.fixture(params=["memory", "folder", "sqlite"])
def media(request: pytest.FixtureRequest, tmp_path: Path) -> Media:
    made: dict[str, Callable[[], Media]] = {
        "memory": MemoryMedia,
        "folder": lambda: FolderMedia(tmp_path / "media"),
        "sqlite": lambda: SqliteMedia(tmp_path / "media.db"),
    }
    return made[request.param]()


@pytest.mark.parametrize("content", [b"", b"tulips", LARGE], ids=["empty", "small", "large"])
def test_what_is_put_is_named_by_its_digest_and_comes_back(media: Media, content: bytes) -> None:
    digest = media.put(content)
    assert digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert media.put(io.BytesIO(content)) == digest, "bytes and files alike, once or twice"
    assert media.size(digest) == len(content)
    with media.open(digest) as file:
        assert file.read() == content


def test_handles_are_fresh_and_can_seek(media: Media) -> None:
    digest = media.put(LARGE)
    with media.open(digest) as one, media.open(digest) as two:
        one.seek(1_000_000)
        assert one.read(10) == LARGE[1_000_000:1_000_010]
        assert one.tell() == 1_000_010
        assert two.read(3) == LARGE[:3]
        one.seek(-4, io.SEEK_END)
        assert one.read() == LARGE[-4:]
        one.seek(5)
        one.seek(2, io.SEEK_CUR)
        assert one.read(1) == LARGE[7:8]


def test_a_file_is_put_from_where_it_stands(media: Media) -> None:
    file = io.BytesIO(b"header tulips")
    file.seek(7)
    assert media.put(file) == media.put(b"tulips")


def test_what_is_not_there_is_not_found(media: Media) -> None:
    absent = f"sha256:{'0' * 64}"
    for ask in (media.open, media.size, media.public_url):
        with pytest.raises(NotFoundError):
            ask(absent)
        for wrong in ("", "0" * 64, "sha256:" + "G" * 64, "sha256:../../etc/passwd"):
            with pytest.raises(InvalidValueError):
                ask(wrong)


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


def test_a_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    media = FolderMedia(tmp_path)
    digest = media.put(b"tulips")
    [file] = [p for p in tmp_path.rglob("*") if p.is_file()]
    file.write_bytes(b"turnip")
    with pytest.raises(JournalDamagedError, match=digest):
        media.open(digest)
    assert media.put(b"tulips") == digest
    media.open(digest).close()


def test_a_blob_that_was_changed_is_refused(tmp_path: Path) -> None:
    media = SqliteMedia(tmp_path / "media.db")
    digest = media.put(b"tulips")
    raw = sqlite3.connect(tmp_path / "media.db")
    raw.execute("UPDATE media SET content = x'00'")
    raw.commit()
    raw.close()
    with pytest.raises(JournalDamagedError, match=digest):
        media.open(digest)
    media.close()


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
