"""Migrate the tables of older files, and reject files that a newer version has written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

from socialcollab.errors import CorruptJournalError, NewerVersionError
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.connections import SqlConnection

STEPS: Final[Mapping[int, Callable[[SqlConnection], None]]] = {}
"""For each older schema version, the function that changes its tables to the next version."""


def table_names(connection: SqlConnection) -> set[str]:
    """Return the names of all tables in a file, except SQLite's own tables and the media tables."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND name <> 'socialcollab_media' AND name NOT GLOB 'sqlite_*'"
    )
    return {name for (name,) in rows}


def schema_version(connection: SqlConnection, name: str) -> int | None:
    """
    Return the schema version of the file *name*, or None if it has no journal tables.

    Raises:
        CorruptJournalError: If the stored version is not a number.
        NewerVersionError: If a newer version of this library wrote the file.
    """
    if "socialcollab_meta" not in table_names(connection):
        return None
    row = connection.execute(sql.META, ("schema",)).fetchone()
    text = row[0] if row else None
    if not (isinstance(text, str) and text.isdecimal() and int(text) >= 1):
        raise CorruptJournalError(f"schema version {text!r} is not valid", place=f"`{name}`")
    if int(text) > int(sql.SCHEMA):
        raise NewerVersionError(
            f"`{name}` was written by a newer version of this library"
            f" (schema {text}; this version reads up to {sql.SCHEMA})"
        )
    return int(text)


def migrate(connection: SqlConnection, name: str) -> None:
    """
    Migrate the tables from the file's schema version to the current version.

    The caller must have begun a transaction, so that the file remains unchanged if a step fails.

    Raises:
        CorruptJournalError: If the tables cannot be migrated.
    """
    version = schema_version(connection, name)
    while version is not None and version < int(sql.SCHEMA):
        try:
            STEPS[version](connection)
        except (ValueError, KeyError, sqlite3.IntegrityError) as error:
            raise CorruptJournalError(
                f"the tables of schema {version} cannot be migrated ({error})", place=f"`{name}`"
            ) from error
        version += 1
        connection.execute(sql.SET_META, ("schema", str(version)))
