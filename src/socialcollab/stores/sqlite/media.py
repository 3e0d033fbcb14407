"""A media store in an SQLite file."""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import tempfile
from contextlib import suppress
from typing import BinaryIO, cast

from socialcollab.errors import NotFoundError, StoreError
from socialcollab.stores.media import check_claim, check_digest, chunks_of, damaged_media_error
from socialcollab.stores.sqlite.connections import Connections, translated

_TABLE = (
    "CREATE TABLE IF NOT EXISTS socialcollab_media"
    " (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, content BLOB)"
)
_CLAIM_TABLE = (
    "CREATE TABLE IF NOT EXISTS socialcollab_media_claim"
    " (id INTEGER PRIMARY KEY CHECK (id = 1), organization TEXT NOT NULL)"
)
_ADD_CLAIM = "INSERT OR IGNORE INTO socialcollab_media_claim VALUES (1, ?)"
_CLAIM = "SELECT organization FROM socialcollab_media_claim"
_TABLE_EXISTS = "SELECT 1 FROM sqlite_master WHERE name = ?"
_KNOWN = "SELECT id, size FROM socialcollab_media WHERE digest = ?"
_DELETE = "DELETE FROM socialcollab_media WHERE digest = ?"
_ADD = "INSERT INTO socialcollab_media (digest, size, content) VALUES (?, ?, zeroblob(?))"


class SqliteMedia:
    """
    A media store in an SQLite file, which threads and processes can share.

    Content is written and read in chunks, so a video does not have to fit into memory. SQLite
    limits each item to one gigabyte.

    Args:
        path: A path or an SQLite ``file:`` URI.
        timeout_s: The maximum time to wait for a write by another process, in seconds.

    Raises:
        StoreUnavailableError: If the file cannot be opened or created.
        CorruptJournalError: If the file is damaged or is not an SQLite file.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout_s: float = 10.0) -> None:
        self._connections = Connections(
            path,
            # `secure_delete` overwrites deleted content, which would otherwise remain in free
            # pages.
            pragmas=("PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON"),
            timeout_s=timeout_s,
        )
        with self._connections.connection() as connection:
            if connection.execute(_TABLE_EXISTS, ("socialcollab_media",)).fetchone() is None:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(_TABLE)
                connection.execute("COMMIT")

    def put(self, data: bytes | BinaryIO) -> str:
        """Store *data* and return its digest."""
        # The digest is known only after all content has been read. Until then, the content is kept
        # in a temporary file, so that the SQLite file is locked only during the final write.
        with tempfile.SpooledTemporaryFile(max_size=1 << 24) as whole:
            running = hashlib.sha256()
            for chunk in chunks_of(data):
                running.update(chunk)
                whole.write(chunk)
            digest, size = f"sha256:{running.hexdigest()}", whole.tell()
            whole.seek(0)
            with self._connections.transaction() as connection:
                known = connection.execute(_KNOWN, (digest,)).fetchone()
                if known is not None and not _is_whole(connection, known[0], digest):
                    connection.execute(_DELETE, (digest,))
                    known = None
                if known is None:
                    row = connection.execute(_ADD, (digest, size, size)).lastrowid
                    with connection.blobopen(
                        "socialcollab_media", "content", cast("int", row)
                    ) as blob:
                        for chunk in chunks_of(cast("BinaryIO", whole)):
                            blob.write(chunk)
        return digest

    def open(self, digest: str) -> BinaryIO:
        """
        Return a new file object, positioned at the start of the content.

        Raises:
            CorruptJournalError: If the content does not match its digest.
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
        for chunk in chunks_of(cast("BinaryIO", reader)):
            running.update(chunk)
        if f"sha256:{running.hexdigest()}" != digest:
            reader.close()
            raise damaged_media_error(digest)
        reader.seek(0)
        return cast("BinaryIO", io.BufferedReader(reader))

    def size(self, digest: str) -> int:
        """Return the size of the content in bytes."""
        return self._known(digest)[1]

    def public_url(self, digest: str) -> str | None:
        """Return None, because content in an SQLite file has no URL."""
        self._known(digest)
        return None

    def delete(self, digest: str) -> None:
        """Overwrite and delete the content if it exists."""
        check_digest(digest)
        with self._connections.transaction() as connection:
            deleted = connection.execute(_DELETE, (digest,)).rowcount
        if deleted:
            # If a journal shares the file, its write-ahead log still contains the content.
            with suppress(StoreError), self._connections.connection() as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def claim(self, organization: str) -> None:
        """Reserve the media in the file for *organization*."""
        with self._connections.connection() as connection:
            known = connection.execute(_TABLE_EXISTS, ("socialcollab_media_claim",)).fetchone()
            claimed = connection.execute(_CLAIM).fetchone() if known else None
        if claimed is None:
            with self._connections.transaction() as connection:
                connection.execute(_CLAIM_TABLE)
                connection.execute(_ADD_CLAIM, (organization,))
                claimed = connection.execute(_CLAIM).fetchone()
        check_claim(claimed[0], organization)

    def close(self) -> None:
        """Close the file. File objects that are already open remain usable."""
        self._connections.close()

    def _known(self, digest: str) -> tuple[int, int]:
        with self._connections.connection() as connection:
            row = connection.execute(_KNOWN, (check_digest(digest),)).fetchone()
        if row is None:
            raise NotFoundError("media", digest)
        return int(row[0]), int(row[1])


def _is_whole(connection: sqlite3.Connection, row: int, digest: str) -> bool:
    running = hashlib.sha256()
    with connection.blobopen("socialcollab_media", "content", row, readonly=True) as blob:
        for chunk in chunks_of(cast("BinaryIO", blob)):
            running.update(chunk)
    return f"sha256:{running.hexdigest()}" == digest


class _BlobReader(io.RawIOBase):
    """A readable and seekable file object for a blob. Closing it closes the connection."""

    def __init__(self, connection: sqlite3.Connection, blob: sqlite3.Blob) -> None:
        self._connection = connection
        self._blob = blob

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the base class accepts any buffer
        chunk = self._blob.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._blob.tell(), len(self._blob))[whence]
        # In a file, it is possible to seek beyond the end, but a blob raises an error.
        self._blob.seek(min(max(base + offset, 0), len(self._blob)))
        return self._blob.tell()

    def tell(self) -> int:
        return self._blob.tell()

    def close(self) -> None:
        if not self.closed:
            self._blob.close()
            self._connection.close()
        super().close()
