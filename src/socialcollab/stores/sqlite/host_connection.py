"""The connection of a host application, in whose transactions a store takes part."""

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
    """The host's connection with tuples as rows, whatever row factory the host has set."""

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
    One connection that belongs to a host application.

    Writes become part of the host's open transaction, inside a savepoint. If no transaction is
    open, a write behaves like an INSERT of the host: on a connection that begins transactions
    implicitly, it begins one, which the host commits; on one that commits each statement, it is
    committed at once.

    Args:
        connection: The host's connection.
        durable: Whether to refuse a connection that does not wait for the disk.

    Raises:
        InvalidValueError: If the connection would break a promise of the store.
    """

    name = "the host's connection"

    def __init__(self, connection: sqlite3.Connection, *, durable: bool) -> None:
        if not isinstance(connection, sqlite3.Connection):
            raise InvalidValueError(
                f"{connection!r} is not a connection of sqlite3",
                value=connection,
                expected="an sqlite3.Connection",
            )
        if connection.text_factory is not str:
            raise InvalidValueError(
                "the host's connection has its own text_factory, but texts must be returned as"
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
                f"the host's connection has synchronous = {_SYNCHRONOUS[level]}, so a power cut"
                " could take back what was reported as stored",
                value=level,
                expected="PRAGMA synchronous = FULL, or durable=False",
            )
        self._rows.execute("PRAGMA secure_delete = ON")

    @property
    def in_transaction(self) -> bool:
        """Whether the host has an open transaction."""
        return self._connection.in_transaction

    def acquire(self) -> SqlConnection:
        """Return the host's connection, which no other thread uses through this store."""
        self._lock.acquire()
        if self._closed:
            self._lock.release()
            raise StoreUnavailableError(f"the store on {self.name} has been closed")
        return self._rows

    def release(self, _: Any) -> None:
        """Let other threads use the connection."""
        self._lock.release()

    discard = release

    @contextmanager
    def connection(self) -> Iterator[SqlConnection]:
        """Return a context with the connection, which translates errors."""
        rows = self.acquire()
        try:
            yield rows
        except sqlite3.Error as error:
            raise translated(error, self.name) from error
        finally:
            self.release(rows)

    @contextmanager
    def transaction(self) -> Iterator[SqlConnection]:
        """Return a context inside a savepoint of the host's transaction."""
        with self.connection() as rows:
            host = self._connection
            commits = not host.in_transaction and _commits_each_statement(host)
            if not host.in_transaction:
                rows.execute("BEGIN IMMEDIATE")
            rows.execute("SAVEPOINT socialcollab")
            try:
                # The host's transaction may only have read until now. This first write takes the
                # write lock, or fails if another connection has written since. Without it, what
                # is read below could change before the commit.
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
        """Return a context inside a savepoint, which reads one snapshot of damaged text, too."""
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
        """Do nothing: the host decides when its log is emptied, and `compact` empties it."""

    def close(self) -> None:
        """Stop using the connection, which stays open and belongs to the host."""
        with self._lock:
            self._closed = True


def _commits_each_statement(connection: sqlite3.Connection) -> bool:
    """Return whether a statement of the host would be committed at once."""
    # Python 3.12 added `autocommit`; its value -1 means that `isolation_level` decides.
    mode = getattr(connection, "autocommit", -1)
    return mode is True or (mode is not False and connection.isolation_level is None)
