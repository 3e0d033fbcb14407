"""The kit that holds media to the promises of docs/contracts/media.md."""

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
from socialcollab.testing.judging import judge
from socialcollab.testing.store_laws.scene import at_once, promise
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
THREADS = 6
ROUNDS = 6

_numbers = itertools.count(1)


def fresh(size: int = 100) -> bytes:
    """Make content that no law has put before."""
    start = f"{os.getpid()}-{next(_numbers)} ".encode()
    return (start + LARGE)[:size] if size > len(start) else start


def digest_of(content: bytes) -> str:
    """Return the digest of *content*."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class _Failing(io.BytesIO):
    """A file that cannot be read past its first bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise ConnectionError("the upload broke off")
        return super().read(10 if size is None or size < 0 else min(size, 10))


class MediaContract:
    """
    The laws of media; subclass it, and give the media.

    ::

        class TestMyMedia(MediaContract):
            @pytest.fixture
            def media(self) -> Media:
                return MyMedia()
    """

    @pytest.fixture
    def media(self) -> Media:
        """Return the media to be judged."""
        raise NotImplementedError("give the media: override the fixture `media`")

    def damage(self, media: Media, digest: str) -> bool:
        """
        Change what is kept under *digest*, past all checks; return whether it could.

        Laws that need it are skipped, by name, unless it is overridden.
        """
        _ = media, digest
        return False

    @promise("M1")
    def test_m01_what_is_put_is_named_by_its_digest_and_comes_back(self, media: Media) -> None:
        """Bytes and files alike, empty ones too, once or twice."""
        for content in (b"", fresh(), fresh(len(LARGE))):
            digest = media.put(content)
            assert digest == digest_of(content)
            assert media.put(io.BytesIO(content)) == digest
            assert media.size(digest) == len(content)
            with media.open(digest) as file:
                assert file.read() == content

    @promise("M1")
    def test_m01_a_file_is_put_from_where_it_stands(self, media: Media) -> None:
        """To its end, and left open."""
        content = fresh()
        file = io.BytesIO(b"header" + content)
        file.seek(6)
        assert media.put(file) == digest_of(content)
        assert not file.closed

    @promise("M2")
    def test_m02_handles_are_fresh_and_can_seek(self, media: Media) -> None:
        """Each stands where its own reader left it."""
        content = fresh(len(LARGE))
        digest = media.put(content)
        with media.open(digest) as one, media.open(digest) as two:
            one.seek(1_000_000)
            assert one.read(10) == content[1_000_000:1_000_010]
            assert one.tell() == 1_000_010
            assert two.read(3) == content[:3]
            one.seek(-4, io.SEEK_END)
            assert one.read() == content[-4:]
            assert one.read() == b""
            one.seek(5)
            one.seek(2, io.SEEK_CUR)
            assert one.read(1) == content[7:8]
            one.seek(0)
            assert one.read() == content

    @promise("M3")
    def test_m03_what_is_not_there_is_not_found(self, media: Media) -> None:
        """By any method that asks for it."""
        absent = digest_of(fresh())
        for ask in (media.open, media.size, media.public_url):
            with pytest.raises(NotFoundError):
                ask(absent)

    @promise("M4")
    def test_m04_what_is_no_digest_is_refused(self, media: Media) -> None:
        """Before it comes near a path or a statement; also by delete."""
        for ask in (media.open, media.size, media.public_url, media.delete):
            for wrong in HOSTILE:
                with pytest.raises(InvalidValueError):
                    ask(wrong)
            for kind in (None, 7, digest_of(b"").encode()):
                with pytest.raises(InvalidValueError):
                    ask(kind)  # type: ignore[arg-type]  # wrong on purpose

    @promise("M5")
    def test_m05_a_put_that_breaks_off_keeps_nothing(self, media: Media) -> None:
        """Neither the whole nor the part that had been read."""
        content = fresh()
        with pytest.raises(Exception):  # noqa: B017, PT011  # whichever: it must not return
            media.put(_Failing(content))
        for part in (content, content[:10]):
            with pytest.raises(NotFoundError):
                media.size(digest_of(part))
        assert media.put(content) == digest_of(content)

    @promise("M6")
    def test_m06_puts_at_once_do_not_meet(self, media: Media) -> None:
        """Of the same content and of others; each is whole as soon as it is put."""
        for _ in range(ROUNDS):
            shared = fresh(300_000)
            own = [fresh(200_000 + n) for n in range(THREADS)]

            def put(content: bytes, shared: bytes = shared) -> None:
                for one in (shared, content, shared):
                    digest = media.put(io.BytesIO(one))
                    assert digest == digest_of(one)
                    with media.open(digest) as file:
                        assert file.read() == one

            assert at_once(*[partial(put, content) for content in own]) == [None] * THREADS

    @promise("M7")
    def test_m07_what_is_deleted_is_gone(self, media: Media) -> None:
        """Nothing else is; and it may be put again."""
        content, other = fresh(len(LARGE)), fresh()
        digest, kept = media.put(content), media.put(other)
        media.delete(digest)
        for ask in (media.open, media.size, media.public_url):
            with pytest.raises(NotFoundError):
                ask(digest)
        with media.open(kept) as file:
            assert file.read() == other
        assert media.put(content) == digest
        assert media.size(digest) == len(content)

    @promise("M7")
    def test_m07_deleting_again_is_harmless(self, media: Media) -> None:
        """Also what was never there, and by many at once."""
        digest = media.put(fresh())
        media.delete(digest_of(fresh()))
        assert at_once(*[partial(media.delete, digest)] * THREADS) == [None] * THREADS
        media.delete(digest)
        with pytest.raises(NotFoundError):
            media.size(digest)

    @promise("M7")
    def test_m07_put_and_delete_at_once_leave_all_or_nothing(self, media: Media) -> None:
        """Whichever was last."""
        for _ in range(ROUNDS):
            content = fresh(200_000)
            digest = media.put(content)
            results = at_once(partial(media.put, content), partial(media.delete, digest))
            assert results == [digest, None]
            try:
                with media.open(digest) as file:
                    assert file.read() == content
            except NotFoundError:
                assert media.put(content) == digest

    @promise("M8")
    def test_m08_what_was_changed_is_refused(self, media: Media) -> None:
        """By open, which names it; and putting it again mends it."""
        content = fresh()
        digest = media.put(content)
        if not self.damage(media, digest):
            pytest.skip("the media do not say how to damage them")
        with pytest.raises(CorruptJournalError, match=digest):
            media.open(digest)
        assert media.put(content) == digest
        with media.open(digest) as file:
            assert _whole(file) == content


def _whole(file: BinaryIO) -> bytes:
    return b"".join(iter(partial(file.read, 7), b""))


def broken_media_promises(
    make: Callable[[], Media],
    *,
    only: Collection[str] = (),
    kit: type[MediaContract] = MediaContract,
) -> dict[str, str]:
    """
    Judge media outside pytest, law by law.

    Args:
        make: Makes the media; called once per law.

        only: The promises to judge by, or none for all.

        kit: The kit to judge by: a subclass may override `damage`.

    Returns:
        For each promise that they break, what the first broken law says.
    """
    return judge(kit, lambda law: law(media=make()), only=only)
