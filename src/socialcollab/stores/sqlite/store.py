"""A store in one SQLite file."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress

from socialcollab.errors import JournalDamagedError, StoreError, StoreUnavailableError
from socialcollab.identifiers import check_id
from socialcollab.stores.rows import Index, check_indexes
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.connections import Connections
from socialcollab.stores.sqlite.journal import SqliteJournal
from socialcollab.stores.sqlite.statements import IndexStatements, declaration_of, digest_of

__all__ = ["SqliteStore"]


class SqliteStore:
    """
    Journals in one SQLite file, which threads and processes may share.

    The file is made if it is absent, in write-ahead mode: readers never wait.

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

        JournalDamagedError: If it is damaged, or no SQLite file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        indexes: Sequence[Index] = (),
        durable: bool = True,
        timeout_s: float = 10.0,
    ) -> None:
        self.indexes = check_indexes(indexes)
        self.statements = {name: IndexStatements(index) for name, index in self.indexes.items()}
        self.declaration = declaration_of(self.indexes)
        self.digest = digest_of(self.declaration)
        self.connections = Connections(
            path,
            pragmas=(
                f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}",
                f"PRAGMA fullfsync = {int(durable)}",
                # What is replaced or erased is overwritten, not merely forgotten.
                "PRAGMA secure_delete = ON",
            ),
            timeout_s=timeout_s,
        )
        self._timeout_s = timeout_s
        self._current: set[str] = set()
        try:
            with self.connections.lend() as connection:
                self._open(connection)
        except BaseException:
            self.connections.close()
            raise

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
            StoreUnavailableError: If somebody else is reading or writing now.
        """
        with self.connections.lend() as connection:
            connection.execute("VACUUM")
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreUnavailableError(
                f"store `{self.connections.name}` is being read, so that its write-ahead log"
                " cannot be emptied now; call compact again"
            )

    def checkpoint(self) -> None:
        """Empty the write-ahead log if nobody is reading now; `compact` says if that fails."""
        with suppress(StoreError), self.connections.lend() as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute(f"PRAGMA busy_timeout = {round(self._timeout_s * 1000)}")

    def close(self) -> None:
        """Close the file; a method still running closes its own connection at its end."""
        self.connections.close()

    def check_current(self, connection: sqlite3.Connection, organization: str) -> None:
        """Refuse an organization whose rows were written under other indexes."""
        if organization in self._current:
            return
        found = connection.execute(sql.COUNTER, (organization,)).fetchone()
        if found is not None:
            if found[1] != self.digest:
                raise self.outdated(organization)
            self._current.add(organization)
        elif connection.execute(sql.META, ("indexes",)).fetchone() != (self.declaration,):
            raise self.outdated(organization)

    def outdated(self, organization: str) -> StoreError:
        """Make the error for rows that were written under other indexes."""
        self._current.discard(organization)
        return StoreError(
            f"the index rows of `{organization}` in `{self.connections.name}` were written under"
            " other indexes than are declared now; rebuild them with reindex(fold)"
        )

    def create_indexes(self, connection: sqlite3.Connection) -> None:
        """Make the declared tables in place of those there are; every organization is outdated."""
        old = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'index_*'"
        ).fetchall()
        for (table,) in old:
            connection.execute(f'DROP TABLE "{table}"')
        for statements in self.statements.values():
            for statement in statements.create:
                connection.execute(statement)
        connection.execute("UPDATE journal_counters SET indexes = ''")
        connection.execute(sql.SET_META, ("indexes", self.declaration))

    def _open(self, connection: sqlite3.Connection) -> None:
        tables = _tables(connection)
        if not tables:
            self._go_write_ahead(connection)
            connection.execute("BEGIN IMMEDIATE")
            tables = _tables(connection)  # another process may have been first
            if not tables:
                for statement in sql.TABLES:
                    connection.execute(statement)
                connection.execute(sql.SET_META, ("schema", sql.SCHEMA))
                self.create_indexes(connection)
                connection.execute("COMMIT")
                return
            connection.execute("ROLLBACK")
        if "journal_meta" not in tables:
            raise StoreUnavailableError(
                f"`{self.connections.name}` is an SQLite file of another program:"
                f" it has the table `{min(tables)}`, but no journal"
            )
        schema = connection.execute(sql.META, ("schema",)).fetchone()
        if schema != (sql.SCHEMA,):
            if schema and schema[0].isdecimal() and int(schema[0]) > int(sql.SCHEMA):
                raise StoreUnavailableError(
                    f"`{self.connections.name}` was written by a newer version of this library"
                    f" (schema {schema[0]}; this one reads up to {sql.SCHEMA})"
                )
            raise JournalDamagedError(
                f"schema version {schema and schema[0]!r} is unknown",
                place=f"`{self.connections.name}`",
            )
        declared = connection.execute(sql.META, ("indexes",)).fetchone()
        if (
            declared != (self.declaration,)
            and not connection.execute("SELECT 1 FROM journal_counters LIMIT 1").fetchone()
        ):
            # No organization has a row yet, so there is nothing to rebuild.
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("SELECT 1 FROM journal_counters LIMIT 1").fetchone() is None:
                self.create_indexes(connection)
            connection.execute("COMMIT")

    def _go_write_ahead(self, connection: sqlite3.Connection) -> None:
        # Changing the mode needs the file alone, and SQLite does not wait for that by itself.
        end = time.monotonic() + self._timeout_s
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(0.005)
            else:
                return


def _tables(connection: sqlite3.Connection) -> set[str]:
    # `SqliteMedia` may have had the file first.
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'media'"
    )
    return {name for (name,) in rows}
