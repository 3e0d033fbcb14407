"""Inspect a journal's SQLite file without changing it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import attrs

from socialcollab.errors import CorruptJournalError
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.connections import Connections, SqlConnection, translated
from socialcollab.stores.sqlite.migrations import schema_version


@attrs.frozen(kw_only=True)
class FileReport:
    """
    The condition of an SQLite file with journals.

    Attributes:
        schema: The schema version of the file's tables.
        current_schema: The schema version that this version of the library uses. If it is higher
            than *schema*, the tables are migrated the next time that the file is opened.
        unwritable: Why the file cannot be written at the moment, or an empty string.
        faults: The problems that SQLite found in the structure of the file.
    """

    schema: int
    current_schema: int
    unwritable: str = ""
    faults: tuple[str, ...] = ()


def inspect_file(path: str | os.PathLike[str], *, timeout_s: float = 5.0) -> FileReport:
    """
    Check whether an SQLite file with journals is intact, writable and up to date.

    The check does not change the file, so it does not migrate it either. It checks the structure of
    the file, but not the events, which `Store.audit` checks.

    Args:
        path: The path of an existing file.
        timeout_s: The maximum time to wait for a write by another process, in seconds.

    Raises:
        StoreUnavailableError: If the file cannot be read.
        NewerVersionError: If the file was written by a newer version of this library.
        CorruptJournalError: If the file is damaged, is not an SQLite file, or has no journal.
    """
    connections = Connections(path, pragmas=(), timeout_s=timeout_s)
    with closing(connections), connections.connection() as connection:
        schema = schema_version(connection, connections.name)
        if schema is None:
            raise CorruptJournalError("the file contains no journal", place=f"`{connections.name}`")
        rows = connection.execute("PRAGMA quick_check").fetchall()
        return FileReport(
            schema=schema,
            current_schema=int(sql.SCHEMA),
            unwritable=_reason_not_to_write(connection, connections.name),
            faults=tuple(text for (text,) in rows if text != "ok"),
        )


def _reason_not_to_write(connection: SqlConnection, name: str) -> str:
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        return str(translated(error, name))
    return ""
