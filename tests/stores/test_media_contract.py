"""Ours keep every promise of media, and the kit rejects media that break one."""

from __future__ import annotations

import hashlib
import io
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from socialcollab.errors import NotFoundError
from socialcollab.stores import FolderMedia, MemoryMedia, SqliteMedia
from socialcollab.testing import MediaContract, broken_media_promises
from socialcollab.testing.store_laws.scene import anothers_turn
from socialcollab.transport import Media

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "media.md"


class MemoryKit(MediaContract):
    def damage(self, media: Media, digest: str) -> bool:
        assert isinstance(media, MemoryMedia)
        media._kept[digest] = b"turnip"
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
        media._place(digest).write_bytes(b"turnip")
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
    """What is as long as something else replaces it."""

    breaks = "M1"

    def put(self, data: bytes | BinaryIO) -> str:
        digest = super().put(data)
        named = f"sha256:{len(self._kept[digest]):064x}"
        self._kept[named] = self._kept.pop(digest)
        return named


class SharesHandles(MemoryMedia):
    """Whoever opens it reads on where another stopped."""

    breaks = "M2"

    def __init__(self) -> None:
        super().__init__()
        self._opened: dict[str, io.BytesIO] = {}

    def open(self, digest: str) -> BinaryIO:
        found = self._opened.get(digest)
        if found is None or found.closed:
            self._opened[digest] = found = io.BytesIO(self._content(digest))
        return found


class OpensNothing(MemoryMedia):
    """What is absent opens as an empty file."""

    breaks = "M3"

    def open(self, digest: str) -> BinaryIO:
        try:
            return super().open(digest)
        except NotFoundError:
            return io.BytesIO()


class DeletesAnything(MemoryMedia):
    """It does not look at what it is told to delete."""

    breaks = "M4"

    def delete(self, digest: str) -> None:
        self._kept.pop(digest, None)


class KeepsParts(MemoryMedia):
    """An upload that breaks off leaves what had arrived."""

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


class SharesItsDesk(MemoryMedia):
    """It gathers every upload in one place."""

    breaks = "M6"

    def put(self, data: bytes | BinaryIO) -> str:
        content = data if isinstance(data, bytes) else data.read()
        self._desk = content
        anothers_turn()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self._kept[digest] = self._desk
        return digest


class DeletesOnce(MemoryMedia):
    """It fails if what is to be deleted is gone."""

    breaks = "M7"

    def delete(self, digest: str) -> None:
        self._content(digest)
        super().delete(digest)


class Trusts(MemoryMedia):
    """It hands out whatever is there."""

    breaks = "M8"

    def _content(self, digest: str) -> bytes:
        from socialcollab.stores.media import check_digest

        content = self._kept.get(check_digest(digest))
        if content is None:
            raise NotFoundError("media", digest)
        return content


BROKEN = [
    NamedByLength,
    SharesHandles,
    OpensNothing,
    DeletesAnything,
    KeepsParts,
    SharesItsDesk,
    DeletesOnce,
    Trusts,
]


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_media_are_rejected_by_the_promise_they_break(broken: type[MemoryMedia]) -> None:
    number: str = broken.breaks  # type: ignore[attr-defined]
    found = broken_media_promises(broken, only=[number], kit=MemoryKit)
    assert found.keys() == {number}


def test_with_nothing_wrong_they_break_no_promise() -> None:
    assert broken_media_promises(MemoryMedia, kit=MemoryKit) == {}


def test_every_promise_has_a_law_every_law_a_promise_and_each_is_broken_once() -> None:
    written = re.findall(r"^- \*\*(M\d+)\*\* ", CONTRACT.read_text("utf-8"), re.MULTILINE)
    laws = {
        name: getattr(MediaContract, name).promise
        for name in dir(MediaContract)
        if name.startswith("test_")
    }
    assert written == [f"M{number}" for number in range(1, len(written) + 1)]
    assert set(written) == set(laws.values()) == {broken.breaks for broken in BROKEN}  # type: ignore[attr-defined]
    assert all(name.startswith(f"test_m{int(number[1:]):02}_") for name, number in laws.items())


def test_what_is_deleted_is_overwritten(tmp_path: Path) -> None:
    media = SqliteMedia(tmp_path / "media.db")
    digest = media.put(b"Zeepaardje" * 5000)
    media.put(b"tulips")
    assert b"Zeepaardje" in (tmp_path / "media.db").read_bytes()
    media.delete(digest)
    assert b"Zeepaardje" not in (tmp_path / "media.db").read_bytes()
    media.close()
