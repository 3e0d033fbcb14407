"""The built-in media stores keep every promise, and the kit rejects broken media stores."""

from __future__ import annotations

import hashlib
import io
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from socialcollab.errors import (
    CorruptJournalError,
    InvalidValueError,
    NotFoundError,
    StoreUnavailableError,
)
from socialcollab.stores import FolderMedia, MemoryMedia, SqliteMedia, SqliteStore
from socialcollab.stores import media as media_module
from socialcollab.stores.media import check_digest
from socialcollab.testing import MediaContract, broken_media_promises
from socialcollab.testing.threads import yield_to_threads
from socialcollab.transport import Media

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "media.md"


@pytest.fixture(params=["memory", "folder", "sqlite"])
def media(request: pytest.FixtureRequest, tmp_path: Path) -> Media:
    factories: dict[str, Callable[[], Media]] = {
        "memory": MemoryMedia,
        "folder": lambda: FolderMedia(tmp_path / "media"),
        "sqlite": lambda: SqliteMedia(tmp_path / "media.db"),
    }
    return factories[request.param]()


def test_public_url(media: Media, tmp_path: Path) -> None:
    """Media have no public address unless the folder is served."""
    assert media.public_url(media.put(b"tulips")) is None
    served = FolderMedia(tmp_path / "served", url=lambda digest: f"https://m.example/{digest}")
    digest = served.put(b"tulips")
    assert served.public_url(digest) == f"https://m.example/{digest}"


def test_failing_read(tmp_path: Path) -> None:
    """A read that fails leaves no file behind."""

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionError
            return super().read(3)

    media = FolderMedia(tmp_path / "media")
    with pytest.raises(StoreUnavailableError):
        media.put(Failing(b"tulips"))
    assert [p for p in (tmp_path / "media").rglob("*") if p.is_file()] == []


def test_invalid_folder(tmp_path: Path) -> None:
    """The error for a folder that cannot be created contains its name."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailableError, match="file"):
        FolderMedia(tmp_path / "file" / "media").put(b"tulips")


def test_shared_file(tmp_path: Path) -> None:
    """Journals and media can share a file."""
    media = SqliteMedia(tmp_path / "agency.db")
    digest = media.put(b"tulips")
    store = SqliteStore(tmp_path / "agency.db")
    assert store.for_organization("northwind").audit().clean
    assert media.size(digest) == 6
    store.close()
    media.close()


def test_synced_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory entries of new folders are flushed to disk before their content."""
    synced: list[Path] = []
    monkeypatch.setattr(media_module, "_sync_folder", synced.append)
    media = FolderMedia(tmp_path / "agency" / "media")
    digest = media.put(b"tulips")
    place = tmp_path / "agency" / "media" / digest.removeprefix("sha256:")[:2]
    assert [tmp_path, tmp_path / "agency", place.parent, place] == synced
    synced.clear()
    media.put(b"tulips")
    assert [place] == synced


def test_host_table(tmp_path: Path) -> None:
    """A table `media` of the host is not changed."""
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


def test_claims_are_kept(tmp_path: Path) -> None:
    """A folder and a file remain reserved when they are opened again."""
    factories: tuple[Callable[[], Media], ...] = (
        lambda: FolderMedia(tmp_path / "media"),
        lambda: SqliteMedia(tmp_path / "media.db"),
    )
    for factory in factories:
        factory().claim("northwind")
        factory().claim("northwind")
        with pytest.raises(InvalidValueError, match="belongs to organization `northwind`"):
            factory().claim("tulip")


class MemoryKit(MediaContract):
    def damage(self, media: Media, digest: str) -> bool:
        assert isinstance(media, MemoryMedia)
        media._contents[digest] = b"turnip"
        return True


class TestMemoryMedia(MemoryKit):
    @pytest.fixture
    def media(self) -> Media:
        return MemoryMedia()


class TestFolderMedia(MediaContract):
    @pytest.fixture
    def media(self, tmp_path: Path) -> Media:
        return FolderMedia(tmp_path / "media")

    def damage(self, media: Media, digest: str) -> bool:
        assert isinstance(media, FolderMedia)
        media._path(digest).write_bytes(b"turnip")
        return True


class TestSqliteMedia(MediaContract):
    @pytest.fixture
    def media(self, tmp_path: Path) -> Iterator[Media]:
        media = SqliteMedia(tmp_path / "media.db")
        yield media
        media.close()

    def damage(self, media: Media, digest: str) -> bool:
        assert isinstance(media, SqliteMedia)
        raw = sqlite3.connect(media._connections.name, isolation_level=None)
        raw.execute("UPDATE socialcollab_media SET content = x'00' WHERE digest = ?", (digest,))
        raw.close()
        return True


class NamedByLength(MemoryMedia):
    """Content of the same length has the same digest."""

    breaks = "M1"

    def put(self, data: bytes | BinaryIO) -> str:
        digest = super().put(data)
        named = f"sha256:{len(self._contents[digest]):064x}"
        self._contents[named] = self._contents.pop(digest)
        return named


class SharesFileObject(MemoryMedia):
    """All readers share one file object."""

    breaks = "M2"

    def __init__(self) -> None:
        super().__init__()
        self._opened: dict[str, io.BytesIO] = {}

    def open(self, digest: str) -> BinaryIO:
        file = self._opened.get(digest)
        if file is None or file.closed:
            self._opened[digest] = file = io.BytesIO(self._content(digest))
        return file


class OpensMissingContent(MemoryMedia):
    """Missing content opens as an empty file."""

    breaks = "M3"

    def open(self, digest: str) -> BinaryIO:
        try:
            return super().open(digest)
        except NotFoundError:
            return io.BytesIO()


class DeletesAnything(MemoryMedia):
    """The digest to delete is not checked."""

    breaks = "M4"

    def delete(self, digest: str) -> None:
        self._contents.pop(digest, None)


class KeepsParts(MemoryMedia):
    """An interrupted upload stores the part that was received."""

    breaks = "M5"

    def put(self, data: bytes | BinaryIO) -> str:
        if isinstance(data, bytes):
            return super().put(data)
        content = b""
        try:
            while part := data.read(10_000):
                content += part
        except OSError:
            super().put(content)
            raise
        return super().put(content)


class SharesBuffer(MemoryMedia):
    """All uploads share one buffer."""

    breaks = "M6"

    def put(self, data: bytes | BinaryIO) -> str:
        content = data if isinstance(data, bytes) else data.read()
        self._buffer = content
        yield_to_threads()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self._contents[digest] = self._buffer
        return digest


class DeletesOnce(MemoryMedia):
    """Deleting missing content fails."""

    breaks = "M7"

    def delete(self, digest: str) -> None:
        self._content(digest)
        super().delete(digest)


class DoesNotCompareDigests(MemoryMedia):
    """Content is returned without comparing its digest."""

    breaks = "M8"

    def _content(self, digest: str) -> bytes:
        content = self._contents.get(check_digest(digest))
        if content is None:
            raise NotFoundError("media", digest)
        return content


class IsShared(MemoryMedia):
    """Every organization can use the store."""

    breaks = "M9"

    def claim(self, organization: str) -> None:
        _ = organization


class LastClaimWins(MemoryMedia):
    """A later claim by another organization replaces the first claim."""

    breaks = "M9"

    def claim(self, organization: str) -> None:
        self._claim = {}
        super().claim(organization)


BROKEN = [
    NamedByLength,
    SharesFileObject,
    OpensMissingContent,
    DeletesAnything,
    KeepsParts,
    SharesBuffer,
    DeletesOnce,
    DoesNotCompareDigests,
    IsShared,
    LastClaimWins,
]


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_media(broken: type[MemoryMedia]) -> None:
    """The kit reports the promise that a broken media store breaks."""
    number: str = broken.breaks  # type: ignore[attr-defined]
    broken_by_kit = broken_media_promises(broken, only=[number], kit=MemoryKit)
    assert broken_by_kit.keys() == {number}


def test_correct_media() -> None:
    """The kit accepts a correct media store outside pytest."""
    assert broken_media_promises(MemoryMedia, kit=MemoryKit) == {}


def test_promises_have_laws() -> None:
    """Every promise has a law whose name contains its number, and a broken media store."""
    written = re.findall(r"^- \*\*(M\d+)\*\* ", CONTRACT.read_text("utf-8"), re.MULTILINE)
    laws = {
        name: getattr(MediaContract, name).promise
        for name in dir(MediaContract)
        if name.startswith("test_")
    }
    assert written == [f"M{number}" for number in range(1, len(written) + 1)]
    assert set(written) == set(laws.values()) == {broken.breaks for broken in BROKEN}  # type: ignore[attr-defined]
    assert all(name.startswith(f"test_m{int(number[1:]):02}_") for name, number in laws.items())


def test_deleted_bytes(tmp_path: Path) -> None:
    """Deleted content is overwritten."""
    media = SqliteMedia(tmp_path / "media.db")
    digest = media.put(b"Zeepaardje" * 5000)
    media.put(b"tulips")
    assert b"Zeepaardje" in (tmp_path / "media.db").read_bytes()
    media.delete(digest)
    assert b"Zeepaardje" not in (tmp_path / "media.db").read_bytes()
    media.close()


def test_verified_once(tmp_path: Path) -> None:
    """A file that has not changed is read only once, and a changed file is verified again."""
    media = FolderMedia(tmp_path)
    digest = media.put(b"tulpen")
    name = digest.removeprefix("sha256:")
    path = tmp_path / name[:2] / name
    media.open(digest).close()
    state = path.stat()
    path.write_bytes(b"rozen!")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    with media.open(digest) as file:
        assert file.read() == b"rozen!"
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    with pytest.raises(CorruptJournalError):
        media.open(digest)
