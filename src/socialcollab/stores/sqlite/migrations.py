"""Bring the tables of an older file up to date, or refuse those of a newer one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

from socialcollab.errors import JournalDamagedError, NewerVersionError
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.handle import Handle

__all__ = ["STEPS", "bring_up_to_date", "tables_of"]

_FIRST: Final = frozenset({"journal_meta", "journal_counters", "journal_events", "journal_streams"})
"""Tables of version 1; a host application may have one that is called so, but hardly all."""
_FIRST_META: Final = "SELECT value FROM journal_meta WHERE key = 'schema'"


def _rename_all(connection: Handle) -> None:
    """From 1 to 2: give every table a name that no host application has."""
    [(declared,)] = connection.execute("SELECT value FROM journal_meta WHERE key = 'indexes'")
    for name in ("meta", "counters", "events", "personal", "streams"):
        connection.execute(f"ALTER TABLE journal_{name} RENAME TO socialcollab_{name}")
    for name, _, order in json.loads(declared):
        # An index of SQLite's cannot be renamed; it is made again under the new name.
        connection.execute(f"DROP INDEX sorted_{name}")
        connection.execute(f"ALTER TABLE index_{name} RENAME TO socialcollab_index_{name}")
        by = ", ".join(["organization", *(f"c_{column}" for column in order), "key"])
        connection.execute(
            f"CREATE INDEX socialcollab_sorted_{name} ON socialcollab_index_{name} ({by})"
        )


STEPS: Final[Mapping[int, Callable[[Handle], None]]] = {1: _rename_all}
"""By the version that a step starts from: what makes the next version of it."""


def tables_of(connection: Handle) -> set[str]:
    """Return the names of all tables of a file but those of media."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND name NOT IN ('media', 'socialcollab_media') AND name NOT GLOB 'sqlite_*'"
    )
    return {name for (name,) in rows}


def version_of(connection: Handle, tables: set[str], name: str) -> int | None:
    """
    Return the version of a file's tables, or None if it has none of ours.

    Raises:
        JournalDamagedError: If it is no version.

        NewerVersionError: If it is newer than this library.
    """
    if "socialcollab_meta" in tables:
        found = connection.execute(sql.META, ("schema",)).fetchone()
    elif tables >= _FIRST:
        found = connection.execute(_FIRST_META).fetchone()
    else:
        return None
    said = found[0] if found else None
    if not (isinstance(said, str) and said.isdecimal() and int(said) >= 1):
        raise JournalDamagedError(f"schema version {said!r} is unknown", place=f"`{name}`")
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
            raise JournalDamagedError(
                f"schema {version} cannot be brought up to date ({error})", place=f"`{name}`"
            ) from error
        version += 1
        connection.execute(sql.SET_META, ("schema", str(version)))
