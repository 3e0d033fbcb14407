"""A store in one SQLite file."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from typing import Self

from socialcollab.errors import InvalidValueError, StaleProjectionError, StoreUnavailableError
from socialcollab.identifiers import check_id
from socialcollab.stores.rows import Projection, check_projections
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.connections import Connections, translated
from socialcollab.stores.sqlite.handle import Connecting, Handle
from socialcollab.stores.sqlite.joined import JoinedConnection
from socialcollab.stores.sqlite.journal import SqliteJournal
from socialcollab.stores.sqlite.migrations import bring_up_to_date, tables_of, version_of
from socialcollab.stores.sqlite.statements import ProjectionStatements, declaration_of, digest_of


class SqliteStore:
    """
    Journals in one SQLite file, which threads and processes may share.

    The file is made if it is absent, in write-ahead mode: readers never wait.
    One that an older version of this library wrote is brought up to date, in
    one transaction: it is that or untouched, whatever stops it.

    If its rows were written under other indexes than are declared now, it can
    be read, but append, query and due refuse until `reindex` has rebuilt the
    organization's rows.

    Args:
        path: A path, or a ``file:`` URI as SQLite reads it.

        indexes: The indexes that rows may be in.

        durable: Whether an append returns only once the disk has it. Without
            that a power cut may take the last appends with it, and a post
            whose ``send_started`` was lost so could go out twice.

        timeout_s: How long to wait for another process that writes.

    Raises:
        StoreUnavailableError: If the file cannot be opened, or is another program's.

        NewerVersionError: If a newer version of this library wrote it.

        CorruptJournalError: If it is damaged, or no SQLite file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        projections: Sequence[Projection] = (),
        durable: bool = True,
        timeout_s: float = 10.0,
    ) -> None:
        self._declare(
            Connections(
                path,
                pragmas=(
                    f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}",
                    f"PRAGMA fullfsync = {int(durable)}",
                    # What is replaced or erased is overwritten, not merely forgotten.
                    "PRAGMA secure_delete = ON",
                ),
                timeout_s=timeout_s,
            ),
            projections,
        )
        try:
            with self.connections.lend() as connection:
                self._open(connection, timeout_s)
        except UnicodeDecodeError as error:
            self.connections.close()
            raise translated(error, self.connections.name) from error
        except BaseException:
            self.connections.close()
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
        Keep journals in a host application's own file, in its own transactions.

        What is appended commits with the rows that the host writes in the same
        transaction, and is undone with them. A refused append undoes itself
        alone. Outside a transaction an append does as an INSERT of the host's
        own would: on a connection that begins transactions by itself it begins
        one, on others it commits.

        A transaction that has read before it appends may be refused as if
        somebody held the file: another wrote meanwhile, and what was read no
        longer holds. Begin it with ``BEGIN IMMEDIATE``, and it waits instead.

        Args:
            connection: The host's connection. The store uses it in whatever
                thread it is called in, never closes it, and lets it overwrite
                what is deleted (``PRAGMA secure_delete``).

            projections: The indexes that rows may be in.

            durable: Whether to refuse a connection that does not wait for the disk.

        Raises:
            InvalidValueError: If the connection does not wait for the disk or
                changes texts, or the tables are still to be made while it is
                in a transaction, with which they would be undone.
        """
        store = cls.__new__(cls)
        joined = JoinedConnection(connection, durable=durable)
        store._declare(joined, projections)
        with joined.lend() as handle:
            store._join(handle, in_transaction=joined.in_transaction)
        return store

    def _declare(self, connections: Connecting, projections: Sequence[Projection]) -> None:
        self.connections = connections
        self.projections = check_projections(projections)
        self.statements = {
            name: ProjectionStatements(projection) for name, projection in self.projections.items()
        }
        self.declaration = declaration_of(self.projections)
        self.digest = digest_of(self.declaration)
        self._current: set[str] = set()

    def __repr__(self) -> str:
        return f"SqliteStore({self.connections.name!r})"

    def for_organization(self, organization: str) -> SqliteJournal:
        """Return the journal of *organization*, which need not exist yet."""
        return SqliteJournal(check_id("organization", organization), self)

    def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have an event, sorted."""
        with self.connections.lend() as connection:
            return tuple(row[0] for row in connection.execute(sql.ORGANIZATIONS))

    def compact(self) -> None:
        """
        Write the file anew, so that nothing of what was erased or replaced is left in it.

        An erasure takes values out of every answer at once; copies of their
        bytes may stay in pages that are free or in the write-ahead log until
        this has run. It needs as much free disk as the file has, and the file
        alone.

        Raises:
            StoreUnavailableError: If somebody else is reading or writing now,
                or a host's connection is in a transaction.
        """
        self.connections.compact()

    def close(self) -> None:
        """Close the file; a method still running closes its own connection at its end."""
        self.connections.close()

    def check_current(self, connection: Handle, organization: str) -> None:
        """Refuse an organization whose rows were written under other indexes."""
        if organization in self._current:
            return
        found = connection.execute(sql.COUNTER, (organization,)).fetchone()
        if found is not None:
            if found[1] != self.digest:
                raise self.outdated(organization)
            self._current.add(organization)
        elif connection.execute(sql.META, ("projections",)).fetchone() != (self.declaration,):
            raise self.outdated(organization)

    def outdated(self, organization: str) -> StaleProjectionError:
        """Make the error for rows that were written under other indexes."""
        self._current.discard(organization)
        return StaleProjectionError(
            f"the projection rows of `{organization}` in `{self.connections.name}` were written under"
            " other indexes than are declared now; rebuild them with reindex(fold)"
        )

    def create_projections(self, connection: Handle) -> None:
        """Make the declared tables in place of those there are; every organization is outdated."""
        old = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'socialcollab_projection_*'"
        ).fetchall()
        for (table,) in old:
            connection.execute(f'DROP TABLE "{table}"')
        for statements in self.statements.values():
            for statement in statements.create:
                connection.execute(statement)
        connection.execute("UPDATE socialcollab_counters SET projections = ''")
        connection.execute(sql.SET_META, ("projections", self.declaration))

    def _open(self, connection: Handle, timeout_s: float) -> None:
        name = self.connections.name
        tables = tables_of(connection)
        if not tables:
            _go_write_ahead(connection, timeout_s)
            connection.execute("BEGIN IMMEDIATE")
            if not tables_of(connection):  # or another process was first
                self._create(connection)
            connection.execute("COMMIT")
            tables = tables_of(connection)
        version = version_of(connection, tables, name)
        if version is None:
            raise StoreUnavailableError(
                f"`{name}` is an SQLite file of another program:"
                f" it has the table `{min(tables)}`, but no journal; to keep journals beside it,"
                " give its connection to SqliteStore.joined"
            )
        if version < int(sql.SCHEMA):
            connection.execute("BEGIN IMMEDIATE")
            bring_up_to_date(connection, name)
            connection.execute("COMMIT")
        if self._needs_projections(connection):
            connection.execute("BEGIN IMMEDIATE")
            if self._needs_projections(connection):
                self.create_projections(connection)
            connection.execute("COMMIT")

    def _join(self, handle: Handle, *, in_transaction: bool) -> None:
        name = self.connections.name
        version = version_of(handle, tables_of(handle), name)
        if version == int(sql.SCHEMA) and not self._needs_projections(handle):
            return
        if in_transaction:
            raise InvalidValueError(
                "the host's connection is in a transaction, but the tables of the journal are"
                " still to be made",
                expected="SqliteStore.joined outside a transaction, the first time",
            )
        handle.execute("BEGIN IMMEDIATE")
        try:
            version = version_of(handle, tables_of(handle), name)
            if version is None:
                self._create(handle)
            else:
                bring_up_to_date(handle, name)
                if self._needs_projections(handle):
                    self.create_projections(handle)
            handle.execute("COMMIT")
        except BaseException:
            handle.execute("ROLLBACK")
            raise

    def _create(self, connection: Handle) -> None:
        for statement in sql.TABLES:
            connection.execute(statement)
        connection.execute(sql.SET_META, ("schema", sql.SCHEMA))
        self.create_projections(connection)

    def _needs_projections(self, connection: Handle) -> bool:
        """Tell whether other indexes are declared while no organization has a row to rebuild."""
        declared = connection.execute(sql.META, ("projections",)).fetchone()
        return (
            declared != (self.declaration,)
            and connection.execute("SELECT 1 FROM socialcollab_counters LIMIT 1").fetchone() is None
        )


def _go_write_ahead(connection: Handle, timeout_s: float) -> None:
    # Changing the mode needs the file alone, and SQLite does not wait for that by itself.
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
