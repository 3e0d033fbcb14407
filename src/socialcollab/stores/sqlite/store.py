"""A store in an SQLite file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from typing import Self

from socialcollab.identifiers import check_id
from socialcollab.stores.projections import Projection
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.connections import Connections, translated
from socialcollab.stores.sqlite.file import JournalFile
from socialcollab.stores.sqlite.host_connection import HostConnection
from socialcollab.stores.sqlite.journal import SqliteJournal


class SqliteStore:
    """
    A store in an SQLite file, which threads and processes can share.

    The file is created if it does not exist. It uses a write-ahead log, so readers never wait for
    writers. A file that was written by an older version of this library is migrated in one
    transaction.

    If the rows in the file were written for projections other than the declared ones, events and
    snapshots can still be read, but append, query and due raise a StaleProjectionError until
    `reindex` has rebuilt the organization's rows.

    Args:
        path: A path or an SQLite ``file:`` URI.
        projections: The store's projections. If this is empty, a desk declares the projections that
            it needs.
        durable: Whether an append returns only after the data is on disk. If False, a power
            failure can lose the last appends. If a ``send_started`` event is lost, a post may be
            published twice.
        timeout_s: The maximum time to wait for a write by another process, in seconds.

    Raises:
        StoreUnavailableError: If the file cannot be opened or belongs to another program.
        NewerVersionError: If the file was written by a newer version of this library.
        CorruptJournalError: If the file is damaged or is not an SQLite file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        projections: Sequence[Projection] = (),
        durable: bool = True,
        timeout_s: float = 10.0,
    ) -> None:
        connections = Connections(
            path,
            pragmas=(
                f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}",
                f"PRAGMA fullfsync = {int(durable)}",
                # `secure_delete` overwrites replaced and erased bytes, which would otherwise
                # remain in free pages.
                "PRAGMA secure_delete = ON",
            ),
            timeout_s=timeout_s,
        )
        self._file = JournalFile(connections, projections)
        self.connections = self._file.connections
        try:
            self._file.open(timeout_s)
        except UnicodeDecodeError as error:
            connections.close()
            raise translated(error, connections.name) from error
        except BaseException:
            connections.close()
            raise

    @classmethod
    def joined(
        cls,
        connection: sqlite3.Connection,
        *,
        projections: Sequence[Projection] = (),
        durable: bool = True,
    ) -> Self:
        """
        Return a store that uses a host application's connection and its transactions.

        An append is committed or rolled back together with the rows that the host writes in the
        same transaction. If an append fails, only its own changes are undone. If there is no open
        transaction, an append behaves like an INSERT by the host. On a connection that begins
        transactions implicitly, it begins a transaction. On a connection in autocommit mode, it is
        committed immediately.

        If the host's transaction has already read data and another connection has written since,
        an append raises a StoreUnavailableError, because the data may be out of date. A
        transaction that begins with ``BEGIN IMMEDIATE`` waits for the other connection instead.

        Args:
            connection: The host's connection. The store uses it in the calling thread, never closes
                it, and sets ``PRAGMA secure_delete``.
            projections: The store's projections. If this is empty, a desk declares the projections
                that it needs.
            durable: Whether to reject a connection that does not wait until the data is on disk.

        Raises:
            InvalidValueError: If the connection is not durable or converts strings, or if the
                tables must be created while the host has an open transaction, whose rollback
                would remove them.
        """
        store = cls.__new__(cls)
        store._file = JournalFile(HostConnection(connection, durable=durable), projections)
        store.connections = store._file.connections
        store._file.join()
        return store

    def __repr__(self) -> str:
        return f"SqliteStore({self.connections.name!r})"

    def for_organization(self, organization: str) -> SqliteJournal:
        """Return the journal of *organization*, which need not exist yet."""
        return SqliteJournal(check_id("organization", organization), self._file)

    def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have events, sorted."""
        with self.connections.connection() as connection:
            return tuple(row[0] for row in connection.execute(sql.ORGANIZATIONS))

    def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """
        Declare *projections* if the store has none yet; otherwise check that it has all of them.

        Raises:
            InvalidValueError: If the store was created with projections that do not include all of
                *projections*, or if tables must be created while the host has an open transaction.
        """
        self._file.ensure_projections(projections)

    def compact(self) -> None:
        """
        Rewrite the file to remove all traces of erased and replaced values.

        An erased value can no longer be read through the store, but copies of its bytes may remain
        in free pages or in the write-ahead log until this method is called. It requires exclusive
        access to the file, and as much free disk space as the size of the file.

        Raises:
            StoreUnavailableError: If the file is being read or written, or if the host has an open
                transaction.
        """
        self.connections.compact()

    def close(self) -> None:
        """Close the file. A method that is still running closes its connection when it returns."""
        self.connections.close()
