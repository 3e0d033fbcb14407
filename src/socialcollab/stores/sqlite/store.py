"""A store in one SQLite file."""

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
    Journals in one SQLite file, which threads and processes may share.

    The file is created if it does not exist, with a write-ahead log, so readers never wait. A
    file that an older version of this library wrote is migrated in one transaction.

    If the rows in the file were written for other projections than are declared now, events and
    snapshots can be read, but append, query and due raise a StaleProjectionError until `reindex`
    has rebuilt the organization's rows.

    Args:
        path: A path, or a ``file:`` URI of SQLite.
        projections: The projections of its rows; a desk declares its own if there are none.
        durable: Whether an append returns only after the disk has stored it. Without that, a
            power cut may lose the last appends; if it loses a ``send_started``, a post could be
            published twice.
        timeout_s: How long to wait for another process that writes, in seconds.

    Raises:
        StoreUnavailableError: If the file cannot be opened, or belongs to another program.
        NewerVersionError: If a newer version of this library wrote it.
        CorruptJournalError: If it is damaged, or is not an SQLite file.
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
                # Overwrites replaced and erased bytes, which would stay in free pages otherwise.
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
        Return a store in a host application's own file that takes part in its transactions.

        An append is committed or rolled back together with the rows that the host writes in the
        same transaction. A refused append undoes only itself. If no transaction is open, an
        append behaves like an INSERT of the host: on a connection that begins transactions
        implicitly, it begins one; on others, it is committed at once.

        If a transaction has read before it appends, and another connection has written since, the
        append raises a StoreUnavailableError, because what was read no longer holds. A transaction
        that begins with ``BEGIN IMMEDIATE`` waits for the other connection instead.

        Args:
            connection: The host's connection. The store uses it in whatever thread it is called
                in, never closes it, and sets ``PRAGMA secure_delete``.
            projections: The projections of its rows; a desk declares its own if there are none.
            durable: Whether to refuse a connection that does not wait for the disk.

        Raises:
            InvalidValueError: If the connection does not wait for the disk or converts texts, or
                if the tables have to be created while it has an open transaction, whose rollback
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
        Declare *projections* if the store was made without any, else check that it has them.

        Raises:
            InvalidValueError: If the store was made with projections that lack one of these, or if
                tables have to be created while the host has an open transaction.
        """
        self._file.ensure_projections(projections)

    def compact(self) -> None:
        """
        Rewrite the file, so that nothing of erased or replaced values is left in it.

        Reading stops returning an erased value at once. Copies of its bytes may remain in free
        pages or in the write-ahead log until this has run. It needs as much free disk space as
        the size of the file, and exclusive access to the file.

        Raises:
            StoreUnavailableError: If the file is being read or written, or the host has an open
                transaction.
        """
        self.connections.compact()

    def close(self) -> None:
        """Close the file; a method that is still running closes its own connection at its end."""
        self.connections.close()
