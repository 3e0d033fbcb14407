"""A pool of connections to an SQLite file, and the translation of SQLite errors."""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from socialcollab.errors import (
    CorruptJournalError,
    InvalidValueError,
    StoreError,
    StoreUnavailableError,
)

_UNAVAILABLE = {
    sqlite3.SQLITE_PERM: "permission to open it is denied",
    sqlite3.SQLITE_BUSY: "another process has locked it",
    sqlite3.SQLITE_LOCKED: "another connection has locked it",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_IOERR: "reading or writing failed",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_PROTOCOL: "another process has locked it",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
    sqlite3.SQLITE_AUTH: "writing is not allowed",
    sqlite3.SQLITE_INTERRUPT: "the operation was interrupted",
    sqlite3.SQLITE_TOOBIG: "a value is larger than SQLite allows",
}

# Connections that this process inherited through a fork. SQLite forbids closing them in the child
# process. These references keep the garbage collector from doing so.
_inherited: list[sqlite3.Connection] = []


class SqlConnection(Protocol):
    """The methods of a connection that stores use."""

    def execute(self, statement: str, parameters: Any = ..., /) -> sqlite3.Cursor:
        """Execute one statement."""
        ...

    def executemany(self, statement: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """Execute a statement once for each set of parameters."""
        ...


class _Idle:
    """Idle connections, and the process that opened them."""

    def __init__(self) -> None:
        self.connections: list[sqlite3.Connection] = []
        self._pid = os.getpid()

    def leave_to_parent(self) -> None:
        """After a fork, stop using the connections of the parent process."""
        if self._pid != os.getpid():
            _inherited.extend(self.connections)
            self.connections.clear()
            self._pid = os.getpid()

    def close(self) -> None:
        """Close the connections."""
        self.leave_to_parent()
        while self.connections:
            self.connections.pop().close()


def translated(error: sqlite3.Error | UnicodeDecodeError, name: str) -> StoreError:
    """
    Return the library's error for an SQLite error in the file *name*.

    If a file is so badly damaged that SQLite's error message contains invalid bytes, the sqlite3
    module raises a UnicodeDecodeError instead of an sqlite3 error.
    """
    code = getattr(error, "sqlite_errorcode", None)
    reason = _UNAVAILABLE.get(code & 0xFF) if code is not None else None
    if reason is not None:
        return StoreUnavailableError(f"store `{name}` is unavailable: {reason} ({error})")
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreUnavailableError(f"store `{name}` has been closed")
    if code == sqlite3.SQLITE_NOTADB:
        return CorruptJournalError(
            "the file is not an SQLite file, or its beginning is damaged", place=f"`{name}`"
        )
    return CorruptJournalError(
        f"the file is damaged or contains no journal ({error})", place=f"`{name}`"
    )


def use_write_ahead_log(connection: SqlConnection, timeout_s: float) -> None:
    """Make an SQLite file use a write-ahead log, and wait until no other process uses the file."""
    # This change requires exclusive access to the file, and SQLite does not wait for it.
    end = time.monotonic() + timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.005)
        else:
            return


class Connections:
    """
    A pool of connections to one file. Each connection is used by one thread at a time.

    Args:
        path: A path or an SQLite ``file:`` URI.
        pragmas: Statements to execute on each new connection.
        timeout_s: The maximum time to wait for another writer, in seconds.
    """

    # A host's connection may have an open transaction. The connections in this pool never do.
    in_transaction = False

    def __init__(
        self, path: str | os.PathLike[str], *, pragmas: tuple[str, ...], timeout_s: float
    ) -> None:
        text = os.fspath(path)
        if not text or ":memory:" in text or "mode=memory" in text:
            raise InvalidValueError(
                f"path {text!r} is not a file; use MemoryStore to keep a journal in memory",
                value=text,
                expected="a path",
            )
        self.name = text
        self._uri = text if text.startswith("file:") else Path(text).absolute().as_uri()
        self._pragmas = pragmas
        self._timeout_s = timeout_s
        self._idle = _Idle()
        self._closed = False
        # Without this, a store that is garbage-collected before `close` is called would leave its
        # idle connections open and cause ResourceWarnings.
        weakref.finalize(self, self._idle.close)

    def connect(self) -> sqlite3.Connection:
        """Open a connection, which the caller must close or release."""
        if self._closed:
            raise StoreUnavailableError(f"store `{self.name}` has been closed")
        connection = None
        try:
            connection = sqlite3.connect(
                self._uri,
                uri=True,
                isolation_level=None,
                timeout=self._timeout_s,
                check_same_thread=False,
                cached_statements=256,
            )
            for pragma in self._pragmas:
                connection.execute(pragma)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if connection is not None:
                connection.close()
            raise translated(error, self.name) from error
        return connection

    def acquire(self) -> sqlite3.Connection:
        """Return a connection that no other thread uses."""
        self._idle.leave_to_parent()
        try:
            return self._idle.connections.pop()
        except IndexError:
            return self.connect()

    def release(self, connection: Any) -> None:
        """Return a connection to the pool. It must not have an open transaction."""
        if self._closed:
            connection.close()
        else:
            self._idle.connections.append(connection)

    def discard(self, connection: Any) -> None:
        """Roll back and close a connection after an error."""
        with suppress(sqlite3.Error):
            connection.rollback()
        with suppress(sqlite3.Error):
            connection.close()

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Provide a connection, translate SQLite errors, and roll back after an exception."""
        connection = self.acquire()
        try:
            yield connection
        except sqlite3.Error as error:
            self.discard(connection)
            raise translated(error, self.name) from error
        except BaseException:
            self.discard(connection)
            raise
        self.release(connection)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block with the write lock of the file, and commit at the end."""
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def audit_connection(self) -> Iterator[sqlite3.Connection]:
        """Provide a new connection that reads a consistent snapshot and can read damaged text."""
        with closing(self.connect()) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            with suppress(sqlite3.Error):
                connection.execute("BEGIN")
            yield connection

    def compact(self) -> None:
        """Rewrite the file and empty its write-ahead log."""
        with self.connection() as connection:
            connection.execute("VACUUM")
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreUnavailableError(
                f"the write-ahead log of store `{self.name}` cannot be emptied while the file is"
                " being read; call compact again"
            )

    def checkpoint(self) -> None:
        """Empty the write-ahead log unless the file is being read."""
        with suppress(StoreError), self.connection() as connection:
            # Waiting for readers here would delay the append that has just been made.
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute(f"PRAGMA busy_timeout = {round(self._timeout_s * 1000)}")

    def close(self) -> None:
        """Close idle connections now, and the other connections when they are released."""
        self._closed = True
        self._idle.close()
