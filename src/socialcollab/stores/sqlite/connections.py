"""Connections to one SQLite file, and what its errors mean to a caller."""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from socialcollab.errors import (
    CorruptJournalError,
    InvalidValueError,
    StoreError,
    StoreUnavailableError,
)

_UNAVAILABLE = {
    sqlite3.SQLITE_PERM: "it may not be opened",
    sqlite3.SQLITE_BUSY: "another process holds it",
    sqlite3.SQLITE_LOCKED: "another connection holds it",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_IOERR: "reading or writing failed",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_PROTOCOL: "another process holds it",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
    sqlite3.SQLITE_AUTH: "writing is not allowed",
    sqlite3.SQLITE_INTERRUPT: "the work was interrupted",
    sqlite3.SQLITE_TOOBIG: "a value is larger than SQLite takes",
}

# Connections that a process inherited by fork: SQLite forbids even to close them.
_inherited: list[sqlite3.Connection] = []


class _Idle:
    """Connections that nobody uses, and the process that opened them."""

    def __init__(self) -> None:
        self.connections: list[sqlite3.Connection] = []
        self._pid = os.getpid()

    def leave_to_parent(self) -> None:
        """Forget, after a fork, what the parent opened."""
        if self._pid != os.getpid():
            _inherited.extend(self.connections)
            self.connections.clear()
            self._pid = os.getpid()

    def close(self) -> None:
        """Close them."""
        self.leave_to_parent()
        while self.connections:
            self.connections.pop().close()


def translated(error: sqlite3.Error | UnicodeDecodeError, name: str) -> StoreError:
    """
    Return the library's error for one of SQLite's, on the file *name*.

    Where a file is so damaged that SQLite's message quotes its bytes, sqlite3
    cannot make an error of its own.
    """
    code = getattr(error, "sqlite_errorcode", None)
    reason = _UNAVAILABLE.get(code & 0xFF) if code is not None else None
    if reason is not None:
        return StoreUnavailableError(f"store `{name}` is unavailable: {reason} ({error})")
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreUnavailableError(f"store `{name}` has been closed")
    if code == sqlite3.SQLITE_NOTADB:
        return CorruptJournalError("no SQLite file, or its beginning is damaged", place=f"`{name}`")
    return CorruptJournalError(f"the file is damaged or no journal ({error})", place=f"`{name}`")


class Connections:
    """
    Idle connections to one file; a connection serves one thread at a time.

    Args:
        path: A path, or a ``file:`` URI as SQLite reads it.

        pragmas: Statements for each new connection.

        timeout_s: How long to wait for another writer.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, pragmas: tuple[str, ...], timeout_s: float
    ) -> None:
        text = os.fspath(path)
        if not text or ":memory:" in text or "mode=memory" in text:
            raise InvalidValueError(
                f"path {text!r} names no file; use MemoryStore to keep a journal in memory",
                value=text,
                expected="a path",
            )
        self.name = text
        self.is_new = not text.startswith("file:") and not Path(text).exists()
        self._uri = text if text.startswith("file:") else Path(text).absolute().as_uri()
        self._pragmas = pragmas
        self._timeout_s = timeout_s
        self._idle = _Idle()
        self._closed = False
        # Nothing is pending on idle connections: a store that is forgotten closes them, unwarned.
        weakref.finalize(self, self._idle.close)

    def connect(self) -> sqlite3.Connection:
        """Open one more connection, which the caller closes or gives back."""
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

    def take(self) -> sqlite3.Connection:
        """Return a connection that no other thread uses."""
        self._idle.leave_to_parent()
        try:
            return self._idle.connections.pop()
        except IndexError:
            return self.connect()

    def give(self, connection: sqlite3.Connection) -> None:
        """Put a connection back that is in no transaction."""
        if self._closed:
            connection.close()
        else:
            self._idle.connections.append(connection)

    def drop(self, connection: sqlite3.Connection) -> None:
        """Undo what a connection was doing, and close it: something went wrong on it."""
        with suppress(sqlite3.Error):
            connection.rollback()
        with suppress(sqlite3.Error):
            connection.close()

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection; translate errors, and undo what they interrupted."""
        connection = self.take()
        try:
            yield connection
        except sqlite3.Error as error:
            self.drop(connection)
            raise translated(error, self.name) from error
        except BaseException:
            self.drop(connection)
            raise
        self.give(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a transaction that holds the write lock; commit at the end."""
        with self.lend() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def auditing(self) -> Iterator[sqlite3.Connection]:
        """Lend a new connection for one snapshot in which damaged text comes through."""
        with closing(self.connect()) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            with suppress(sqlite3.Error):
                connection.execute("BEGIN")
            yield connection

    def compact(self) -> None:
        """Write the file anew, and empty its log."""
        with self.lend() as connection:
            connection.execute("VACUUM")
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreUnavailableError(
                f"store `{self.name}` is being read, so that its write-ahead log"
                " cannot be emptied now; call compact again"
            )

    def checkpoint(self) -> None:
        """Empty the write-ahead log if nobody is reading now; `compact` says if that fails."""
        with suppress(StoreError), self.lend() as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute(f"PRAGMA busy_timeout = {round(self._timeout_s * 1000)}")

    def close(self) -> None:
        """Close the idle connections, and each other one when it is given back."""
        self._closed = True
        self._idle.close()
