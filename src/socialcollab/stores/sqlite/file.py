"""The journal tables of an SQLite file, and the projections that are declared for them."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Self

import attrs

from socialcollab.errors import InvalidValueError, StaleProjectionError, StoreUnavailableError
from socialcollab.stores.projections import (
    Projection,
    check_projections,
    declare_projections,
    dump_projections,
)
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.connections import (
    Connections,
    SqlConnection,
    use_write_ahead_log,
)
from socialcollab.stores.sqlite.host_connection import HostConnection
from socialcollab.stores.sqlite.migrations import migrate, schema_version, table_names
from socialcollab.stores.sqlite.statements import ProjectionTable
from socialcollab.stores.toolkit.checks import stale_projection_error


@attrs.frozen
class Declaration:
    """
    The projections that this process has declared.

    Attributes:
        projections: The projections, by name.
        tables: The tables of the projections, by name.
        text: The projections as one string, which is stored once in the file.
        digest: The digest of *text*, which the file stores for each organization.
        current: The organizations whose rows are known to have been written for these projections.
    """

    projections: Mapping[str, Projection]
    tables: Mapping[str, ProjectionTable]
    text: str
    digest: str
    current: set[str] = attrs.field(factory=set)

    @classmethod
    def of(cls, projections: Mapping[str, Projection]) -> Self:
        """Return the declaration of *projections*."""
        text = dump_projections(projections)
        return cls(
            projections,
            {name: ProjectionTable(projection) for name, projection in projections.items()},
            text,
            hashlib.sha256(text.encode()).hexdigest(),
        )


class JournalFile:
    """
    The journal tables of an SQLite file.

    Attributes:
        connections: The pool of connections to the file, or the host's connection.
        declared: The declared projections. `ensure_projections` replaces this object, so each
            method of a journal must read the attribute only once.
    """

    def __init__(
        self, connections: Connections | HostConnection, projections: Sequence[Projection]
    ) -> None:
        self.connections = connections
        self.declared = Declaration.of(check_projections(projections))
        self._declaring = threading.Lock()

    def open(self, timeout_s: float) -> None:
        """
        Create the tables of a new file, or migrate the tables of an older file.

        Raises:
            StoreUnavailableError: If the file contains tables that belong to another program.
        """
        name = self.connections.name
        with self.connections.connection() as connection:
            tables = table_names(connection)
            if not tables:
                use_write_ahead_log(connection, timeout_s)
            elif schema_version(connection, name) is None:
                raise StoreUnavailableError(
                    f"`{name}` belongs to another program: it contains the table `{min(tables)}`"
                    " but no journal; to store journals in the same file, pass its connection to"
                    " SqliteStore.joined"
                )
            self._update(connection, self.declared)

    def join(self) -> None:
        """
        Create the tables in the host's database file, or migrate them from an older schema.

        Raises:
            InvalidValueError: If tables must be changed and the host has an open transaction.
        """
        with self.connections.connection() as connection:
            self._update(connection, self.declared)

    def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """Declare *projections* if none have been declared yet; see `Store.ensure_projections`."""
        with self._declaring:
            known = self.declared.projections
            needed = declare_projections(known, projections)
            if needed is known:
                return
            declared = Declaration.of(needed)
            with self.connections.connection() as connection:
                self._update(connection, declared)
            self.declared = declared

    def check_current(
        self, connection: SqlConnection, organization: str, declared: Declaration
    ) -> None:
        """
        Check that the rows of an organization were written for the declared projections.

        Raises:
            StaleProjectionError: If they were written for other projections.
        """
        if organization in declared.current:
            return
        row = connection.execute(sql.COUNTER, (organization,)).fetchone()
        if row is not None:
            if row[1] != declared.digest:
                raise self.stale(organization, declared)
            declared.current.add(organization)
        elif connection.execute(sql.META, ("projections",)).fetchone() != (declared.text,):
            raise self.stale(organization, declared)

    def begin_journal(
        self, connection: SqlConnection, organization: str, declared: Declaration
    ) -> None:
        """
        Check the projections before the first event of an organization is appended.

        A file without journals adopts the declared projections.

        Raises:
            StaleProjectionError: If other organizations have rows for other projections.
        """
        if connection.execute(sql.META, ("projections",)).fetchone() != (declared.text,):
            if connection.execute(sql.ANY_COUNTER).fetchone() is not None:
                raise self.stale(organization, declared)
            self.create_projection_tables(connection, declared)

    def stale(self, organization: str, declared: Declaration) -> StaleProjectionError:
        """Return the error for rows that were written for other projections."""
        declared.current.discard(organization)
        return stale_projection_error(organization)

    def create_projection_tables(self, connection: SqlConnection, declared: Declaration) -> None:
        """Replace all projection tables with empty tables, which makes every organization stale."""
        for (table,) in connection.execute(sql.PROJECTION_TABLES).fetchall():
            connection.execute(f'DROP TABLE "{table}"')
        for table in declared.tables.values():
            for statement in table.create:
                connection.execute(statement)
        connection.execute(sql.RESET_PROJECTIONS)
        connection.execute(sql.SET_META, ("projections", declared.text))

    def _update(self, connection: SqlConnection, declared: Declaration) -> None:
        """Create or migrate the tables, unless they are already up to date."""
        if self._is_ready(connection, declared):
            return
        if self.connections.in_transaction:
            # If the host rolled back its transaction, the tables would disappear, but this process
            # would assume that they still exist.
            raise InvalidValueError(
                "the host's connection has an open transaction, but the tables of the journal"
                " have to be created first",
                expected="no open transaction the first time that the store is used",
            )
        name = self.connections.name
        with _table_changes(connection):
            # Another process may have changed the tables before this process acquired the lock.
            if schema_version(connection, name) is None:
                for statement in sql.TABLES:
                    connection.execute(statement)
                connection.execute(sql.SET_META, ("schema", sql.SCHEMA))
                self.create_projection_tables(connection, declared)
            migrate(connection, name)
            if _can_declare(connection, declared):
                self.create_projection_tables(connection, declared)

    def _is_ready(self, connection: SqlConnection, declared: Declaration) -> bool:
        version = schema_version(connection, self.connections.name)
        return version == int(sql.SCHEMA) and not _can_declare(connection, declared)


def _can_declare(connection: SqlConnection, declared: Declaration) -> bool:
    """
    Return whether the file must adopt the declared projections and can do so immediately.

    The file can adopt them as long as no organization has rows. Otherwise, `reindex` must rebuild
    the rows. If no projections are declared yet, the file keeps its projections.
    """
    return (
        bool(declared.projections)
        and connection.execute(sql.META, ("projections",)).fetchone() != (declared.text,)
        and connection.execute(sql.ANY_COUNTER).fetchone() is None
    )


@contextmanager
def _table_changes(connection: SqlConnection) -> Iterator[None]:
    """Run the block in a transaction that may change tables."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
