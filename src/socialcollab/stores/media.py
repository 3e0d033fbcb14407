"""Media stores in memory and in a folder."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
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
_CHUNK = 1 << 20
_MOST_VERIFIED = 64


def check_digest(digest: object) -> str:
    """
    Return *digest* if it is a well-formed media digest.

    Raises:
        InvalidValueError: If it is not ``sha256:`` followed by 64 hexadecimal digits.
    """
    if isinstance(digest, str) and _DIGEST.fullmatch(digest):
        return digest
    raise InvalidValueError(
        f"{digest!r} is not a media digest; use `sha256:` followed by 64 lower-case hexadecimal"
        " digits",
        value=digest,
        expected="sha256: followed by 64 hexadecimal digits in lower case",
    )


def chunks_of(data: bytes | BinaryIO) -> Iterator[bytes]:
    """Yield *data* in chunks of up to a megabyte, so that a video does not have to fit into memory."""
    if isinstance(data, bytes):
        yield data
        return
    while chunk := data.read(_CHUNK):
        yield chunk


def check_claim(claimed: str, organization: str) -> None:
    """
    Check that *organization* can use a media store that is reserved for *claimed*.

    Raises:
        InvalidValueError: If they are different organizations.
    """
    if claimed != organization:
        raise InvalidValueError(
            f"the media store belongs to organization `{claimed}`, so organization"
            f" `{organization}` cannot use it, because erasing a picture in one organization"
            " would delete it in the other; give each organization its own media store",
            value=organization,
            expected=f"a media store of `{organization}`, or a new media store",
        )


def damaged_media_error(digest: str) -> CorruptJournalError:
    """Return the error for content that no longer matches its digest."""
    return CorruptJournalError("the content does not match its digest", place=f"media {digest}")


class MemoryMedia:
    """
    A media store in memory, for tests and one-off scripts.

    >>> media = MemoryMedia()
    >>> media.size(media.put(b"tulips"))
    6
    """

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}
        self._claim: dict[str, str] = {}

    def put(self, data: bytes | BinaryIO) -> str:
        """Store *data* and return its digest."""
        content = b"".join(chunks_of(data))
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self._contents[digest] = content
        return digest

    def open(self, digest: str) -> BinaryIO:
        """Return a new file object, positioned at the start of the content."""
        return io.BytesIO(self._content(digest))

    def size(self, digest: str) -> int:
        """Return the size of the content in bytes."""
        return len(self._content(digest))

    def public_url(self, digest: str) -> str | None:
        """Return None, because content in memory has no URL."""
        self._content(digest)
        return None

    def delete(self, digest: str) -> None:
        """Delete the content if it exists."""
        self._contents.pop(check_digest(digest), None)

    def claim(self, organization: str) -> None:
        """Reserve the store for *organization*."""
        check_claim(self._claim.setdefault("organization", organization), organization)

    def _content(self, digest: str) -> bytes:
        content = self._contents.get(check_digest(digest))
        if content is None:
            raise NotFoundError("media", digest)
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
            raise damaged_media_error(digest)
        return content


class FolderMedia:
    """
    A media store that keeps files in a folder, named after their digests.

    A file gets its final name only after it has been completely written to disk, so a crash leaves
    at most a ``.part`` file behind. `open` first reads the whole file, unless it has not changed
    since it was last opened, and raises an error if the content does not match the digest. The file ``organization/name`` contains the id of the
    organization for which the folder is reserved.

    Args:
        path: The folder, which is created if it does not exist.
        url: A function that returns the public URL for a digest, if the folder is served over HTTP.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, url: Callable[[str], str] | None = None
    ) -> None:
        self._folder = Path(path)
        self._url = url
        self._verified: dict[str, tuple[int, int, int]] = {}

    def put(self, data: bytes | BinaryIO) -> str:
        """Store *data* and return its digest."""
        try:
            _make_folder(self._folder)
            handle, name = tempfile.mkstemp(suffix=".part", dir=self._folder)
        except OSError as error:
            raise self._unavailable(error) from error
        part = Path(name)
        try:
            running = hashlib.sha256()
            with os.fdopen(handle, "wb") as file:
                for chunk in chunks_of(data):
                    running.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            digest = f"sha256:{running.hexdigest()}"
            path = self._path(digest)
            _make_folder(path.parent)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise self._unavailable(error) from error
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        # Without this, the new file name could be lost in a power cut.
        _sync_folder(path.parent)
        return digest

    def open(self, digest: str) -> BinaryIO:
        """
        Return a new file object, positioned at the start of the content.

        Raises:
            CorruptJournalError: If the file does not match its digest.
        """
        file = self._opened(digest)
        try:
            stat = os.fstat(file.fileno())
            state = stat.st_ino, stat.st_size, stat.st_mtime_ns
            # A video that is sent in chunks is opened for each chunk.
            if self._verified.get(digest) == state:
                return file
            running = hashlib.sha256()
            for chunk in chunks_of(file):
                running.update(chunk)
            file.seek(0)
        except OSError as error:
            file.close()
            raise self._unavailable(error) from error
        if f"sha256:{running.hexdigest()}" != digest:
            file.close()
            raise damaged_media_error(digest)
        if len(self._verified) >= _MOST_VERIFIED:
            self._verified.clear()
        self._verified[digest] = state
        return file

    def size(self, digest: str) -> int:
        """Return the size of the content in bytes."""
        with self._opened(digest) as file:
            return os.fstat(file.fileno()).st_size

    def public_url(self, digest: str) -> str | None:
        """Return the public URL of the content, or None if the folder is not served."""
        self._opened(digest).close()
        return self._url(digest) if self._url is not None else None

    def delete(self, digest: str) -> None:
        """Delete the file with the content if it exists."""
        path = self._path(digest)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise self._unavailable(error) from error
        _sync_folder(path.parent)

    def claim(self, organization: str) -> None:
        """Reserve the folder for *organization*."""
        marker = self._folder / "organization"
        try:
            if not marker.is_dir():
                _make_folder(self._folder)
                part = Path(tempfile.mkdtemp(suffix=".part", dir=self._folder))
                try:
                    (part / "name").write_text(organization, encoding="utf-8")
                    # Renaming fails if another process has reserved the folder in the meantime.
                    with suppress(OSError):
                        part.rename(marker)
                finally:
                    shutil.rmtree(part, ignore_errors=True)
                _sync_folder(self._folder)
            claimed = (marker / "name").read_text(encoding="utf-8")
        except OSError as error:
            raise self._unavailable(error) from error
        check_claim(claimed, organization)

    def _path(self, digest: str) -> Path:
        name = check_digest(digest).removeprefix("sha256:")
        return self._folder / name[:2] / name

    def _opened(self, digest: str) -> BinaryIO:
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError:
            raise NotFoundError("media", digest) from None
        except OSError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: OSError) -> StoreUnavailableError:
        return StoreUnavailableError(f"media folder `{self._folder}` is unavailable: {error}")


def _make_folder(folder: Path) -> None:
    """Create a folder and its missing parents, and flush their directory entries to disk."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        if folder.parent == folder:
            break
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
        _sync_folder(new.parent)


def _sync_folder(folder: Path) -> None:
    """Flush the directory entries of a folder to disk, on systems that can open folders."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
