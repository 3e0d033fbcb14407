"""Bring the tables of an older file up to date, or refuse those of a newer one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

from socialcollab.errors import CorruptJournalError, NewerVersionError
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.handle import Handle

STEPS: Final[Mapping[int, Callable[[Handle], None]]] = {}
"""By the version that a step starts from: what makes the next version of it."""


def tables_of(connection: Handle) -> set[str]:
    """Return the names of all tables of a file but those of media."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND name <> 'socialcollab_media' AND name NOT GLOB 'sqlite_*'"
    )
    return {name for (name,) in rows}


def version_of(connection: Handle, tables: set[str], name: str) -> int | None:
    """
    Return the version of a file's tables, or None if it has none of ours.

    Raises:
        CorruptJournalError: If it is no version.

        NewerVersionError: If it is newer than this library.
    """
    if "socialcollab_meta" not in tables:
        return None
    found = connection.execute(sql.META, ("schema",)).fetchone()
    said = found[0] if found else None
    if not (isinstance(said, str) and said.isdecimal() and int(said) >= 1):
        raise CorruptJournalError(f"schema version {said!r} is unknown", place=f"`{name}`")
    if int(said) > int(sql.SCHEMA):
        raise NewerVersionError(
            f"`{name}` was written by a newer version of this library"
            f" (schema {said}; this one reads up to {sql.SCHEMA})"
        )
    return int(said)


def bring_up_to_date(connection: Handle, name: str) -> None:
    """
    Take every step from the version that the tables have, inside the caller's transaction.

    Whatever stops it undoes all steps with the transaction: the file is left
    as it was.
    """
    version = version_of(connection, tables_of(connection), name)
    while version is not None and version < int(sql.SCHEMA):
        try:
            STEPS[version](connection)
        except (ValueError, KeyError, sqlite3.IntegrityError) as error:
            raise CorruptJournalError(
                f"schema {version} cannot be brought up to date ({error})", place=f"`{name}`"
            ) from error
        version += 1
        connection.execute(sql.SET_META, ("schema", str(version)))
