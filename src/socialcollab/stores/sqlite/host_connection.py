"""A wrapper for a host application's connection, so that appends are part of its transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from socialcollab.errors import InvalidValueError, StoreUnavailableError
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.connections import SqlConnection, translated

_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


class _PlainRows:
    """The host's connection, returning rows as tuples regardless of the host's row factory."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _cursor(self) -> sqlite3.Cursor:
        cursor = self._connection.cursor()
        cursor.row_factory = None
        return cursor

    def execute(self, statement: str, parameters: Any = (), /) -> sqlite3.Cursor:
        return self._cursor().execute(statement, parameters)

    def executemany(self, statement: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        return self._cursor().executemany(statement, parameters)


class HostConnection:
    """
    A connection that belongs to a host application.

    If the host has an open transaction, a write becomes part of it, inside a savepoint. If there
    is no open transaction, a write behaves like an INSERT by the host. On a connection that begins
    transactions implicitly, it begins a transaction that the host must commit. On a connection in
    autocommit mode, it is committed immediately.

    Args:
        connection: The host's connection.
        durable: Whether to reject a connection that does not wait until the data is on disk.

    Raises:
        InvalidValueError: If the settings of the connection are incompatible with the store's
            guarantees.
    """

    name = "the host's connection"

    def __init__(self, connection: sqlite3.Connection, *, durable: bool) -> None:
        if not isinstance(connection, sqlite3.Connection):
            raise InvalidValueError(
                f"{connection!r} is not an sqlite3 connection",
                value=connection,
                expected="an sqlite3.Connection",
            )
        if connection.text_factory is not str:
            raise InvalidValueError(
                "the host's connection has a custom text_factory, but strings must be returned as"
                " they were stored",
                value=connection.text_factory,
                expected="text_factory = str",
            )
        self._connection = connection
        self._rows = _PlainRows(connection)
        self._lock = threading.RLock()
        self._closed = False
        [(level,)] = self._rows.execute("PRAGMA synchronous")
        if durable and level < 2:
            raise InvalidValueError(
                f"the host's connection has synchronous = {_SYNCHRONOUS[level]}, so a power failure"
                " could undo an append that was reported as stored",
                value=level,
                expected="PRAGMA synchronous = FULL, or durable=False",
            )
        self._rows.execute("PRAGMA secure_delete = ON")

    @property
    def in_transaction(self) -> bool:
        """Whether the host has an open transaction."""
        return self._connection.in_transaction

    def acquire(self) -> SqlConnection:
        """Lock the host's connection for this thread and return it."""
        self._lock.acquire()
        if self._closed:
            self._lock.release()
            raise StoreUnavailableError(f"the store on {self.name} has been closed")
        return self._rows

    def release(self, _: Any) -> None:
        """Unlock the connection, so that other threads can use it."""
        self._lock.release()

    discard = release

    @contextmanager
    def connection(self) -> Iterator[SqlConnection]:
        """Provide the connection, and translate SQLite errors."""
        rows = self.acquire()
        try:
            yield rows
        except sqlite3.Error as error:
            raise translated(error, self.name) from error
        finally:
            self.release(rows)

    @contextmanager
    def transaction(self) -> Iterator[SqlConnection]:
        """Run the block inside a savepoint of the host's transaction."""
        with self.connection() as rows:
            host = self._connection
            commits = not host.in_transaction and _commits_each_statement(host)
            if not host.in_transaction:
                rows.execute("BEGIN IMMEDIATE")
            rows.execute("SAVEPOINT socialcollab")
            try:
                # So far, the host's transaction may only have read. This first write acquires the
                # write lock, or fails if another connection has written in the meantime. Without
                # it, the values that are read below could change before the commit.
                rows.execute(sql.TOUCH)
                yield rows
                rows.execute("RELEASE socialcollab")
                if commits:
                    rows.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    rows.execute("ROLLBACK TO socialcollab")
                    rows.execute("RELEASE socialcollab")
                if commits:
                    with suppress(sqlite3.Error):
                        rows.execute("ROLLBACK")
                raise

    @contextmanager
    def audit_connection(self) -> Iterator[SqlConnection]:
        """Provide a connection that reads a consistent snapshot and can read damaged text."""
        with self.connection() as rows:
            self._connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            try:
                rows.execute("SAVEPOINT socialcollab")
                yield rows
            finally:
                self._connection.text_factory = str
                with suppress(sqlite3.Error):
                    rows.execute("RELEASE socialcollab")

    def compact(self) -> None:
        """Rewrite the host's file and empty its write-ahead log."""
        with self.connection() as rows:
            if self._connection.in_transaction:
                raise StoreUnavailableError(
                    "the host's file cannot be rewritten while the host has an open transaction;"
                    " commit it and call compact again"
                )
            rows.execute("VACUUM")
            busy, _, _ = rows.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreUnavailableError(
                "the write-ahead log of the host's file cannot be emptied while the file is being"
                " read; call compact again"
            )

    def checkpoint(self) -> None:
        """Do nothing, because the host decides when its log is emptied. `compact` also empties it."""

    def close(self) -> None:
        """Stop using the connection, which stays open and belongs to the host."""
        with self._lock:
            self._closed = True


def _commits_each_statement(connection: sqlite3.Connection) -> bool:
    """Return whether the connection is in autocommit mode."""
    # Python 3.12 added `autocommit`; its value -1 means that `isolation_level` decides.
    mode = getattr(connection, "autocommit", -1)
    return mode is True or (mode is not False and connection.isolation_level is None)
