"""A host application's own connection, in whose transactions a store takes part."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from socialcollab.errors import InvalidValueError, StoreUnavailableError
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.connections import translated
from socialcollab.stores.sqlite.handle import Handle

_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


class _HostHandle:
    """The host's connection with rows as plain tuples, whatever rows the host likes."""

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


class JoinedConnection:
    """
    One connection that belongs to a host application.

    What is written becomes part of the transaction that the host is in, inside
    a savepoint of ours. If the host is in none, it goes as an INSERT of the
    host's own would: where its connection begins transactions by itself one is
    begun, for the host to commit; where it commits each statement, ours commit.

    Args:
        connection: The host's connection.

        durable: Whether to refuse one that does not wait for the disk.

    Raises:
        InvalidValueError: If it is no such connection.
    """

    name = "the host's connection"

    def __init__(self, connection: sqlite3.Connection, *, durable: bool) -> None:
        if not isinstance(connection, sqlite3.Connection):
            raise InvalidValueError(
                f"{connection!r} is no connection of sqlite3",
                value=connection,
                expected="an sqlite3.Connection",
            )
        if connection.text_factory is not str:
            raise InvalidValueError(
                "the host's connection has a text_factory of its own, but texts have to come"
                " back as they were stored",
                value=connection.text_factory,
                expected="text_factory = str",
            )
        self._connection = connection
        self._handle = _HostHandle(connection)
        self._lock = threading.RLock()
        self._closed = False
        [(level,)] = self._handle.execute("PRAGMA synchronous")
        if durable and level < 2:
            raise InvalidValueError(
                f"the host's connection runs with synchronous = {_SYNCHRONOUS[level]}, so that a"
                " power cut could take back what was said to be stored",
                value=level,
                expected="PRAGMA synchronous = FULL, or durable=False",
            )
        self._handle.execute("PRAGMA secure_delete = ON")

    @property
    def in_transaction(self) -> bool:
        """Whether the host is in a transaction."""
        return self._connection.in_transaction

    def take(self) -> Handle:
        """Return the host's connection, which no other thread uses through this store."""
        self._lock.acquire()
        if self._closed:
            self._lock.release()
            raise StoreUnavailableError(f"the store on {self.name} has been closed")
        return self._handle

    def give(self, _: Any) -> None:
        """Let other threads have it."""
        self._lock.release()

    drop = give

    @contextmanager
    def lend(self) -> Iterator[Handle]:
        """Lend the connection for reading; translate errors."""
        handle = self.take()
        try:
            yield handle
        except sqlite3.Error as error:
            raise translated(error, self.name) from error
        finally:
            self.give(handle)

    @contextmanager
    def writing(self) -> Iterator[Handle]:
        """Lend the connection inside a savepoint of the host's transaction."""
        with self.lend() as handle:
            connection = self._connection
            commits = not connection.in_transaction and _commits_each_statement(connection)
            if not connection.in_transaction:
                handle.execute("BEGIN IMMEDIATE")
            handle.execute("SAVEPOINT socialcollab")
            try:
                # A transaction of the host may only have read until now. Writing first takes
                # the lock, or fails if another has written since: what is read next then holds.
                handle.execute(sql.TOUCH)
                yield handle
                handle.execute("RELEASE socialcollab")
                if commits:
                    handle.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    handle.execute("ROLLBACK TO socialcollab")
                    handle.execute("RELEASE socialcollab")
                if commits:
                    with suppress(sqlite3.Error):
                        handle.execute("ROLLBACK")
                raise

    @contextmanager
    def auditing(self) -> Iterator[Handle]:
        """Lend the connection inside a savepoint, so that all is read from one snapshot."""
        with self.lend() as handle:
            self._connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            try:
                handle.execute("SAVEPOINT socialcollab")
                yield handle
            finally:
                self._connection.text_factory = str
                with suppress(sqlite3.Error):
                    handle.execute("RELEASE socialcollab")

    def compact(self) -> None:
        """Write the host's file anew, and empty its log."""
        with self.lend() as handle:
            if self._connection.in_transaction:
                raise StoreUnavailableError(
                    "the host is in a transaction, in which its file cannot be written anew;"
                    " commit it and call compact again"
                )
            handle.execute("VACUUM")
            busy, _, _ = handle.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreUnavailableError(
                "the host's file is being read, so that its write-ahead log cannot be emptied"
                " now; call compact again"
            )

    def checkpoint(self) -> None:
        """Leave it to the host when to empty its log; `compact` does."""

    def close(self) -> None:
        """Use the connection no more; it stays the host's, and open."""
        with self._lock:
            self._closed = True


def _commits_each_statement(connection: sqlite3.Connection) -> bool:
    """Tell whether a statement of the host's own would be committed at once."""
    # Python 3.12 has an attribute for it; -1 there means the older one decides.
    mode = getattr(connection, "autocommit", -1)
    return mode is True or (mode is not False and connection.isolation_level is None)
