"""A test kit that checks media stores against docs/contracts/media.md."""

# ruff: noqa: S101
from __future__ import annotations

import hashlib
import io
import itertools
import os
from collections.abc import Callable, Collection
from functools import partial
from typing import BinaryIO

import pytest

from socialcollab.errors import CorruptJournalError, InvalidValueError, NotFoundError
from socialcollab.testing.promises import find_broken_promises, promise
from socialcollab.testing.threads import run_together
from socialcollab.transport import Media

LARGE = bytes(range(256)) * 9000
HOSTILE = (
    "",
    "tulips.jpg",
    "0" * 64,
    f"sha256:{'0' * 63}",
    f"sha256:{'0' * 65}",
    f"sha256:{'G' * 64}",
    f"sha256:{'A' * 64}",
    f"md5:{'0' * 64}",
    f"sha256:{'0' * 64}\n",
    f"sha256:{'0' * 62}/.",
    "sha256:../../../../etc/passwd",
    f"sha256:{'٣' * 64}",
    f"sha256:{'0' * 63}\0",
)
CLAIMED = "kit"
THREADS = 6
ROUNDS = 6

_numbers = itertools.count(1)


def fresh(size: int = 100) -> bytes:
    """Return content that no law has stored before."""
    start = f"{os.getpid()}-{next(_numbers)} ".encode()
    return (start + LARGE)[:size] if size > len(start) else start


def digest_of(content: bytes) -> str:
    """Return the digest of *content*."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class _Failing(io.BytesIO):
    """A file that raises an error after its first bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise ConnectionError("the upload was interrupted")
        return super().read(10 if size is None or size < 0 else min(size, 10))


class MediaContract:
    """
    Tests for the media store laws. Subclass this class and override the `media` fixture.

    ::

        class TestMyMedia(MediaContract):
            @pytest.fixture
            def media(self) -> Media:
                return MyMedia()
    """

    @pytest.fixture
    def media(self) -> Media:
        """Return the media store to test."""
        raise NotImplementedError("override the `media` fixture to return the media store to test")

    def damage(self, media: Media, digest: str) -> bool:
        """
        Change the content stored under *digest*, bypassing all checks. Return whether this is
        possible.

        The law that needs this method is skipped unless the method is overridden.
        """
        _ = media, digest
        return False

    @promise("M1")
    def test_m01_put_and_open(self, media: Media) -> None:
        """Bytes and files of any length are stored under their digest and returned unchanged."""
        for content in (b"", fresh(), fresh(len(LARGE))):
            digest = media.put(content)
            assert digest == digest_of(content)
            assert media.put(io.BytesIO(content)) == digest
            assert media.size(digest) == len(content)
            with media.open(digest) as file:
                assert file.read() == content

    @promise("M1")
    def test_m01_file_position(self, media: Media) -> None:
        """A file is read from its current position to its end, and is not closed."""
        content = fresh()
        file = io.BytesIO(b"header" + content)
        file.seek(6)
        assert media.put(file) == digest_of(content)
        assert not file.closed

    @promise("M2")
    def test_m02_file_objects(self, media: Media) -> None:
        """Every file object starts at the beginning and has its own position."""
        content = fresh(len(LARGE))
        digest = media.put(content)
        with media.open(digest) as one, media.open(digest) as other:
            one.seek(1_000_000)
            assert one.read(10) == content[1_000_000:1_000_010]
            assert one.tell() == 1_000_010
            assert other.read(3) == content[:3]
            one.seek(-4, io.SEEK_END)
            assert one.read() == content[-4:]
            assert one.read() == b""
            one.seek(5)
            one.seek(2, io.SEEK_CUR)
            assert one.read(1) == content[7:8]
            one.seek(0)
            assert one.read() == content

    @promise("M3")
    def test_m03_missing_content(self, media: Media) -> None:
        """Missing content raises a NotFoundError."""
        absent = digest_of(fresh())
        for method in (media.open, media.size, media.public_url):
            with pytest.raises(NotFoundError):
                method(absent)

    @promise("M4")
    def test_m04_invalid_digest(self, media: Media) -> None:
        """Every method rejects a value that does not have the format of a digest."""
        for method in (media.open, media.size, media.public_url, media.delete):
            for wrong in HOSTILE:
                with pytest.raises(InvalidValueError):
                    method(wrong)
            for kind in (None, 7, digest_of(b"").encode()):
                with pytest.raises(InvalidValueError):
                    method(kind)  # type: ignore[arg-type]  # deliberately wrong

    @promise("M5")
    def test_m05_interrupted_put(self, media: Media) -> None:
        """An interrupted put stores neither the content nor a part of it."""
        content = fresh()
        with pytest.raises(Exception):  # noqa: B017, PT011  # any exception will do
            media.put(_Failing(content))
        for part in (content, content[:10]):
            with pytest.raises(NotFoundError):
                media.size(digest_of(part))
        assert media.put(content) == digest_of(content)

    @promise("M6")
    def test_m06_concurrent_puts(self, media: Media) -> None:
        """Concurrent puts of the same or different content are complete when they return."""
        for _ in range(ROUNDS):
            shared = fresh(300_000)
            own = [fresh(200_000 + n) for n in range(THREADS)]

            def put(content: bytes, shared: bytes = shared) -> None:
                for data in (shared, content, shared):
                    digest = media.put(io.BytesIO(data))
                    assert digest == digest_of(data)
                    with media.open(digest) as file:
                        assert file.read() == data

            assert run_together(*[partial(put, content) for content in own]) == [None] * THREADS

    @promise("M7")
    def test_m07_delete(self, media: Media) -> None:
        """Deleted content is missing but can be put again, and other content is not affected."""
        content, other = fresh(len(LARGE)), fresh()
        digest, kept = media.put(content), media.put(other)
        media.delete(digest)
        for method in (media.open, media.size, media.public_url):
            with pytest.raises(NotFoundError):
                method(digest)
        with media.open(kept) as file:
            assert file.read() == other
        assert media.put(content) == digest
        assert media.size(digest) == len(content)

    @promise("M7")
    def test_m07_delete_twice(self, media: Media) -> None:
        """Deleting missing content has no effect, even in several threads."""
        digest = media.put(fresh())
        media.delete(digest_of(fresh()))
        assert run_together(*[partial(media.delete, digest)] * THREADS) == [None] * THREADS
        media.delete(digest)
        with pytest.raises(NotFoundError):
            media.size(digest)

    @promise("M7")
    def test_m07_put_and_delete(self, media: Media) -> None:
        """After a concurrent put and delete, the content is either complete or missing."""
        for _ in range(ROUNDS):
            content = fresh(200_000)
            digest = media.put(content)
            results = run_together(partial(media.put, content), partial(media.delete, digest))
            assert results == [digest, None]
            try:
                with media.open(digest) as file:
                    assert file.read() == content
            except NotFoundError:
                assert media.put(content) == digest

    @promise("M8")
    def test_m08_damage(self, media: Media) -> None:
        """Opening damaged content raises an error with its digest, and putting it again repairs it."""
        content = fresh()
        digest = media.put(content)
        if not self.damage(media, digest):
            pytest.skip("the kit does not override `damage`")
        with pytest.raises(CorruptJournalError, match=digest):
            media.open(digest)
        assert media.put(content) == digest
        with media.open(digest) as file:
            assert _read_in_parts(file) == content

    @promise("M9")
    def test_m09_claim(self, media: Media) -> None:
        """A media store that is reserved for one organization cannot be reserved for another."""
        digest = media.put(fresh())
        media.claim(CLAIMED)
        media.claim(CLAIMED)
        with pytest.raises(InvalidValueError) as caught:
            media.claim("another")
        assert f"`{CLAIMED}`" in str(caught.value)
        assert "`another`" in str(caught.value)
        media.claim(CLAIMED)
        assert media.size(digest) > 0

    @promise("M9")
    def test_m09_concurrent_claims(self, media: Media) -> None:
        """If several organizations reserve a media store at the same time, one of them succeeds."""
        names = [CLAIMED, *(f"kit-{number}" for number in range(THREADS))]
        results = run_together(*[partial(media.claim, name) for name in names])
        assert sum(result is None for result in results) == 1, results
        assert all(result is None or isinstance(result, InvalidValueError) for result in results)


def _read_in_parts(file: BinaryIO) -> bytes:
    return b"".join(iter(partial(file.read, 7), b""))


def broken_media_promises(
    make: Callable[[], Media],
    *,
    only: Collection[str] = (),
    kit: type[MediaContract] = MediaContract,
) -> dict[str, str]:
    """
    Test a media store outside pytest, and return the promises that it breaks.

    Args:
        make: A function that returns the media store to test. It is called for each law.
        only: The promises to test; if this is empty, all promises are tested.
        kit: The kit to use. A subclass can override `damage`.

    Returns:
        The message of the first failing law, for each broken promise.
    """
    return find_broken_promises(kit, lambda law: law(media=make()), only=only)
