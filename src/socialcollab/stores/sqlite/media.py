"""Media in an SQLite file."""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import tempfile
from contextlib import suppress
from typing import BinaryIO, cast

from socialcollab.errors import CorruptJournalError, NotFoundError, StoreError
from socialcollab.stores.media import check_digest, parts_of
from socialcollab.stores.sqlite.connections import Connections, translated

_TABLE = (
    "CREATE TABLE IF NOT EXISTS socialcollab_media"
    " (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, content BLOB)"
)
_IS_THERE = "SELECT 1 FROM sqlite_master WHERE name = 'socialcollab_media'"
_KNOWN = "SELECT id, size FROM socialcollab_media WHERE digest = ?"
_DELETE = "DELETE FROM socialcollab_media WHERE digest = ?"
_ADD = "INSERT INTO socialcollab_media (digest, size, content) VALUES (?, ?, zeroblob(?))"


class SqliteMedia:
    """
    Media in one SQLite file of their own, which threads and processes may share.

    Both ways they travel in parts, so that a video never fills the memory.
    SQLite takes up to a gigabyte a piece.

    Args:
        path: A path, or a ``file:`` URI as SQLite reads it.

        timeout_s: How long to wait for another process that writes.

    Raises:
        StoreUnavailableError: If the file cannot be opened or made.

        CorruptJournalError: If it is damaged, or no SQLite file.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout_s: float = 10.0) -> None:
        self._connections = Connections(
            path,
            # What is deleted is overwritten, not merely forgotten.
            pragmas=("PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON"),
            timeout_s=timeout_s,
        )
        with self._connections.lend() as connection:
            if connection.execute(_IS_THERE).fetchone() is None:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(_TABLE)
                connection.execute("COMMIT")

    def put(self, data: bytes | BinaryIO) -> str:
        """Keep *data* and return its digest."""
        # The digest is known only at the end, so the whole waits outside the file until then.
        with tempfile.SpooledTemporaryFile(max_size=1 << 24) as whole:
            running = hashlib.sha256()
            for part in parts_of(data):
                running.update(part)
                whole.write(part)
            digest, size = f"sha256:{running.hexdigest()}", whole.tell()
            whole.seek(0)
            with self._connections.writing() as connection:
                known = connection.execute(_KNOWN, (digest,)).fetchone()
                if known is not None and not _is_whole(connection, known[0], digest):
                    connection.execute(_DELETE, (digest,))
                    known = None
                if known is None:
                    row = connection.execute(_ADD, (digest, size, size)).lastrowid
                    with connection.blobopen(
                        "socialcollab_media", "content", cast("int", row)
                    ) as blob:
                        for part in parts_of(cast("BinaryIO", whole)):
                            blob.write(part)
        return digest

    def open(self, digest: str) -> BinaryIO:
        """
        Return a fresh handle on what the digest names, at its start.

        Raises:
            CorruptJournalError: If it is no longer what was put there.
        """
        row, _ = self._known(digest)
        connection = self._connections.connect()
        try:
            blob = connection.blobopen("socialcollab_media", "content", row, readonly=True)
            reader = _BlobReader(connection, blob)
        except sqlite3.Error as error:
            connection.close()
            raise translated(error, self._connections.name) from error
        running = hashlib.sha256()
        for part in parts_of(cast("BinaryIO", reader)):
            running.update(part)
        if f"sha256:{running.hexdigest()}" != digest:
            reader.close()
            raise CorruptJournalError("it is not what was put there", place=f"media {digest}")
        reader.seek(0)
        return cast("BinaryIO", io.BufferedReader(reader))

    def size(self, digest: str) -> int:
        """Return how many bytes it has."""
        return self._known(digest)[1]

    def public_url(self, digest: str) -> str | None:
        """Return None: a file of media has no address."""
        self._known(digest)
        return None

    def delete(self, digest: str) -> None:
        """Overwrite and remove what the digest names; if nothing of it is kept, do nothing."""
        check_digest(digest)
        with self._connections.writing() as connection:
            deleted = connection.execute(_DELETE, (digest,)).rowcount
        if deleted:
            # A journal may share the file, whose write-ahead log still has it; see its `compact`.
            with suppress(StoreError), self._connections.lend() as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file; open handles stay good until they are closed."""
        self._connections.close()

    def _known(self, digest: str) -> tuple[int, int]:
        with self._connections.lend() as connection:
            found = connection.execute(_KNOWN, (check_digest(digest),)).fetchone()
        if found is None:
            raise NotFoundError("media", digest)
        return int(found[0]), int(found[1])


def _is_whole(connection: sqlite3.Connection, row: int, digest: str) -> bool:
    running = hashlib.sha256()
    with connection.blobopen("socialcollab_media", "content", row, readonly=True) as blob:
        for part in parts_of(cast("BinaryIO", blob)):
            running.update(part)
    return f"sha256:{running.hexdigest()}" == digest


class _BlobReader(io.RawIOBase):
    """A blob as a file that reads and seeks, and owns its connection."""

    def __init__(self, connection: sqlite3.Connection, blob: sqlite3.Blob) -> None:
        self._connection = connection
        self._blob = blob

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        part = self._blob.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._blob.tell(), len(self._blob))[whence]
        # Files may be sought past their end, blobs may not.
        self._blob.seek(min(max(base + offset, 0), len(self._blob)))
        return self._blob.tell()

    def tell(self) -> int:
        return self._blob.tell()

    def close(self) -> None:
        if not self.closed:
            self._blob.close()
            self._connection.close()
        super().close()
