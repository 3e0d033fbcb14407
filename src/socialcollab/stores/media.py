"""Media in memory and in a folder."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from socialcollab.errors import (
    CorruptJournalError,
    InvalidValueError,
    NotFoundError,
    StoreUnavailableError,
)

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PART = 1 << 20


def check_digest(digest: object) -> str:
    """
    Return *digest* if it has the form of one, else refuse it.

    Raises:
        InvalidValueError: If it is not ``sha256:`` and 64 hexadecimal digits.
    """
    if isinstance(digest, str) and _DIGEST.fullmatch(digest):
        return digest
    raise InvalidValueError(
        f"{digest!r} is no digest of media",
        value=digest,
        expected="sha256: and 64 hexadecimal digits in lower case",
    )


def parts_of(data: bytes | BinaryIO) -> Iterator[bytes]:
    """Yield *data* in parts of at most a megabyte, so that a video never fills the memory."""
    if isinstance(data, bytes):
        yield data
        return
    while part := data.read(_PART):
        yield part


class MemoryMedia:
    """
    Media in memory, for tests and one-off runs.

    >>> media = MemoryMedia()
    >>> media.size(media.put(b"tulips"))
    6
    """

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, data: bytes | BinaryIO) -> str:
        """Keep *data* and return its digest."""
        content = b"".join(parts_of(data))
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self._kept[digest] = content
        return digest

    def open(self, digest: str) -> BinaryIO:
        """Return a fresh handle on what the digest names, at its start."""
        return io.BytesIO(self._content(digest))

    def size(self, digest: str) -> int:
        """Return how many bytes it has."""
        return len(self._content(digest))

    def public_url(self, digest: str) -> str | None:
        """Return None: memory has no address."""
        self._content(digest)
        return None

    def delete(self, digest: str) -> None:
        """Let go of what the digest names; if nothing of it is kept, do nothing."""
        self._kept.pop(check_digest(digest), None)

    def _content(self, digest: str) -> bytes:
        content = self._kept.get(check_digest(digest))
        if content is None:
            raise NotFoundError("media", digest)
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
            raise CorruptJournalError("it is not what was put there", place=f"media {digest}")
        return content


class FolderMedia:
    """
    Media as files of a folder, named by their digest.

    A file appears under its name only when it is whole and on the disk, so
    that a crash leaves at most a stray ``.part`` file. Opening reads the file
    through once and refuses one that is no longer what its name says.

    Args:
        path: The folder, made if it is absent.

        url: Makes a public address from a digest, where the folder is served.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, url: Callable[[str], str] | None = None
    ) -> None:
        self._folder = Path(path)
        self._url = url

    def put(self, data: bytes | BinaryIO) -> str:
        """Keep *data* and return its digest."""
        try:
            _make_folder(self._folder)
            handle, name = tempfile.mkstemp(suffix=".part", dir=self._folder)
        except OSError as error:
            raise self._unavailable(error) from error
        part = Path(name)
        try:
            running = hashlib.sha256()
            with os.fdopen(handle, "wb") as file:
                for piece in parts_of(data):
                    running.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            digest = f"sha256:{running.hexdigest()}"
            place = self._place(digest)
            _make_folder(place.parent)
            part.replace(place)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise self._unavailable(error) from error
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(place.parent)
        return digest

    def open(self, digest: str) -> BinaryIO:
        """
        Return a fresh handle on what the digest names, at its start.

        Raises:
            CorruptJournalError: If the file is no longer what was put there.
        """
        file = self._opened(digest)
        try:
            running = hashlib.sha256()
            for piece in parts_of(file):
                running.update(piece)
            file.seek(0)
        except OSError as error:
            file.close()
            raise self._unavailable(error) from error
        if f"sha256:{running.hexdigest()}" != digest:
            file.close()
            raise CorruptJournalError("the file is not what was put there", place=f"media {digest}")
        return file

    def size(self, digest: str) -> int:
        """Return how many bytes it has."""
        with self._opened(digest) as file:
            return os.fstat(file.fileno()).st_size

    def public_url(self, digest: str) -> str | None:
        """Return its address if the folder is served, else None."""
        self._opened(digest).close()
        return self._url(digest) if self._url is not None else None

    def delete(self, digest: str) -> None:
        """Remove the file of what the digest names; if there is none, do nothing."""
        place = self._place(digest)
        try:
            place.unlink(missing_ok=True)
        except OSError as error:
            raise self._unavailable(error) from error
        _sync_folder(place.parent)

    def _place(self, digest: str) -> Path:
        name = check_digest(digest).removeprefix("sha256:")
        return self._folder / name[:2] / name

    def _opened(self, digest: str) -> BinaryIO:
        try:
            return self._place(digest).open("rb")
        except FileNotFoundError:
            raise NotFoundError("media", digest) from None
        except OSError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: OSError) -> StoreUnavailableError:
        return StoreUnavailableError(f"media folder `{self._folder}` is unavailable: {error}")


def _make_folder(folder: Path) -> None:
    """Make a folder with those around it, and the disk keep the names of all that were made."""
    made = []
    while not folder.is_dir():
        made.append(folder)
        if folder.parent == folder:
            break
        folder = folder.parent
    for one in reversed(made):
        one.mkdir(exist_ok=True)
        _sync_folder(one.parent)


def _sync_folder(folder: Path) -> None:
    """Make the disk keep a folder's new names; where folders cannot be opened, they are kept."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
