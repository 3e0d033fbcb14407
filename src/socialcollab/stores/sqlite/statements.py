"""The tables of a journal in SQLite, and the statements on them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache

from socialcollab.stores.building.appending import Values
from socialcollab.stores.building.envelope import COLUMNS
from socialcollab.stores.building.querying import Where
from socialcollab.stores.rows import DUE, Projection

SCHEMA = "1"
"""The version of these tables; `migrations` has a step from each earlier one."""

# Names that no table of a host application has: a host may keep its own in the same file.
PROJECTION_PREFIX = "socialcollab_projection_"

# Rows may be large, so these are plain tables: WITHOUT ROWID suits small rows alone.
TABLES = (
    "CREATE TABLE socialcollab_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE socialcollab_counters (
        organization TEXT PRIMARY KEY, position INTEGER NOT NULL, projections TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE socialcollab_events (
        organization TEXT NOT NULL, position INTEGER NOT NULL, stream TEXT NOT NULL,
        version INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, schema INTEGER NOT NULL,
        at TEXT NOT NULL, actor TEXT NOT NULL, on_behalf_of TEXT NOT NULL, cause TEXT NOT NULL,
        digest TEXT NOT NULL, body TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL,
        UNIQUE (organization, position), UNIQUE (organization, stream, version),
        UNIQUE (organization, id)
    )""",
    """CREATE TABLE socialcollab_personal (
        organization TEXT NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL,
        name TEXT NOT NULL, salt BLOB, value TEXT,
        UNIQUE (organization, stream, version, name)
    )""",
    """CREATE TABLE socialcollab_streams (
        organization TEXT NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL,
        hash TEXT NOT NULL, snapshot BLOB NOT NULL, rows TEXT NOT NULL, checksum TEXT NOT NULL,
        UNIQUE (organization, stream)
    )""",
)

_EVENT = ", ".join(f"e.{name}" for name in COLUMNS)
_JOIN = (
    " LEFT JOIN socialcollab_personal p ON p.organization = e.organization"
    " AND p.stream = e.stream AND p.version = e.version"
)

SNAPSHOT = (
    "SELECT version, snapshot FROM socialcollab_streams WHERE organization = ? AND stream = ?"
)
READ = (
    f"SELECT {_EVENT}, p.name, p.salt, p.value FROM socialcollab_events e{_JOIN}"  # noqa: S608  # constants
    " WHERE e.organization = ? AND e.stream = ? AND e.version > ? ORDER BY e.version"
)
FOLLOW = (
    f"SELECT {_EVENT}, p.name, p.salt, p.value FROM (SELECT * FROM socialcollab_events"  # noqa: S608  # constants
    f" WHERE organization = ? AND position > ? ORDER BY position LIMIT ?) e{_JOIN}"
    " ORDER BY e.position"
)
STREAMS = "SELECT stream FROM socialcollab_streams WHERE organization = ? ORDER BY stream"
ORGANIZATIONS = "SELECT organization FROM socialcollab_counters ORDER BY organization"
COUNTER = "SELECT position, projections FROM socialcollab_counters WHERE organization = ?"
META = "SELECT value FROM socialcollab_meta WHERE key = ?"

ADD_EVENT = f"INSERT INTO socialcollab_events ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  # constants
ADD_PERSONAL = (
    "INSERT INTO socialcollab_personal (organization, stream, version, name, salt, value)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
ERASE = (
    "UPDATE socialcollab_personal SET salt = NULL, value = NULL"
    " WHERE organization = ? AND stream = ? AND version = ? AND name = ?"
)
ADD_STREAM = (
    "INSERT INTO socialcollab_streams (version, hash, snapshot, rows, checksum, organization, stream)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
SET_STREAM = (
    "UPDATE socialcollab_streams SET version = ?, hash = ?, snapshot = ?, rows = ?, checksum = ?"
    " WHERE organization = ? AND stream = ?"
)
ADD_COUNTER = (
    "INSERT INTO socialcollab_counters (position, organization, projections) VALUES (?, ?, ?)"
)
SET_COUNTER = "UPDATE socialcollab_counters SET position = ? WHERE organization = ?"
SET_PROJECTIONS = "UPDATE socialcollab_counters SET projections = ? WHERE organization = ?"
TOUCH = "UPDATE socialcollab_meta SET value = value WHERE key = 'schema'"
SET_META = "INSERT OR REPLACE INTO socialcollab_meta (key, value) VALUES (?, ?)"
KNOWN_ID = "SELECT 1 FROM socialcollab_events WHERE organization = ? AND id = ?"

ALL_EVENTS = f"SELECT {_EVENT} FROM socialcollab_events e WHERE organization = ? ORDER BY position"  # noqa: S608  # constants
ALL_HEADS = (
    "SELECT stream, version, hash, snapshot, rows, checksum FROM socialcollab_streams"
    " WHERE organization = ? ORDER BY stream"
)
ALL_PERSONAL = (
    "SELECT stream, version, name, salt, value FROM socialcollab_personal WHERE organization = ?"
)
EVENT_STREAMS = "SELECT DISTINCT stream FROM socialcollab_events WHERE organization = ?"


@lru_cache(maxsize=64)
def heads(count: int) -> str:
    """Return the statement that reads the counter and the heads of *count* streams."""
    return (
        "SELECT stream, version, hash, rows FROM socialcollab_streams"  # noqa: S608  # marks alone
        f" WHERE organization = ? AND stream IN ({', '.join('?' * count)})"
        " UNION ALL SELECT '', position, projections, '' FROM socialcollab_counters WHERE organization = ?"
    )


def declaration_of(projections: Mapping[str, Projection]) -> str:
    """Write the declared projections as one text, the same whatever their order."""
    return json.dumps([[i.name, i.columns, i.sorted_by] for _, i in sorted(projections.items())])


def digest_of(declaration: str) -> str:
    """Return what a counter keeps of the declaration that its rows were written under."""
    return hashlib.sha256(declaration.encode()).hexdigest()


class ProjectionStatements:
    """
    The table of one declared projection, and the statements on it.

    Names were checked to be lower-case words when the projection was declared;
    values only ever travel as parameters.
    """

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.table = f"{PROJECTION_PREFIX}{projection.name}"
        columns = [f"c_{name}" for name in projection.columns]
        lease = ["lease_worker TEXT", "lease_until INTEGER"] if projection.name == DUE else []
        order = [*(f"c_{name}" for name in projection.sorted_by), "key"]
        key = "organization = ? AND key = ?"
        ended = ", lease_worker = NULL, lease_until = NULL" if lease else ""
        # Columns have no type, so that a number stays a number and a text a text.
        names = ["organization TEXT NOT NULL", "key TEXT NOT NULL", "stream TEXT NOT NULL"]
        described = ", ".join([*names, *columns, *lease, "PRIMARY KEY (organization, key)"])
        self.create = (
            f"CREATE TABLE {self.table} ({described}) WITHOUT ROWID",
            f"CREATE INDEX socialcollab_sorted_{projection.name} ON {self.table} (organization, {', '.join(order)})",
        )
        marks = ", ".join("?" * (len(columns) + 3))
        filled = ", ".join(["organization", "key", "stream", *columns])
        self.add = f"INSERT INTO {self.table} ({filled}) VALUES ({marks})"  # noqa: S608
        sets = ", ".join(["stream = ?", *(f"{column} = ?" for column in columns)])
        self.set = f"UPDATE {self.table} SET {sets}{ended} WHERE {key}"  # noqa: S608
        self.remove = f"DELETE FROM {self.table} WHERE {key}"  # noqa: S608
        self.owner = f"SELECT stream FROM {self.table} WHERE {key}"  # noqa: S608
        self.clear = f"DELETE FROM {self.table} WHERE organization = ?"  # noqa: S608
        listed = ", ".join(["key", "stream", *columns])
        self._select = f"SELECT {listed} FROM {self.table} WHERE organization = ?"  # noqa: S608
        self.all = f"{self._select} ORDER BY key"
        self._order = order
        self._queries: dict[object, str] = {}
        free = "(lease_until IS NULL OR lease_until <= ? OR lease_worker = ?)"
        self.due = (
            f"{self._select} AND typeof(c_at) = 'integer' AND c_at <= ? AND {free}"
            " ORDER BY c_at, key LIMIT ?"
        )
        self.lease = f"UPDATE {self.table} SET lease_worker = ?, lease_until = ? WHERE {key}"  # noqa: S608
        self.release = (
            f"UPDATE {self.table} SET lease_worker = NULL, lease_until = NULL"  # noqa: S608
            f" WHERE {key} AND lease_worker = ?"
        )

    def query(self, where: Where, start: Values | None) -> tuple[str, list[str | int | None]]:
        """Return the statement of a query and its parameters but organization and limit."""
        shape = (
            tuple((name, len(values), None in values) for name, values in where),
            None if start is None else tuple(value is None for value in start),
        )
        statement = self._queries.get(shape)
        if statement is None:
            if len(self._queries) >= 256:
                self._queries.clear()
            statement = self._queries[shape] = self._query(where, start)
        parameters: list[str | int | None] = [
            value for _, values in where for value in values if value is not None
        ]
        if start is not None:
            parameters += _floor_values(start)
        return statement, parameters

    def _query(self, where: Where, start: Values | None) -> str:
        parts = [self._select]
        for name, values in where:
            count = sum(value is not None for value in values)
            choices = [f"c_{name} IN ({', '.join('?' * count)})"] if count else []
            if None in values:
                choices.append(f"c_{name} IS NULL")
            parts.append(f"AND ({' OR '.join(choices) or '0'})")
        if start is not None:
            parts.append(f"AND {self._floor(start)}")
        parts.append(f"ORDER BY {', '.join(self._order)} LIMIT ?")
        return " ".join(parts)

    def _floor(self, start: Values) -> str:
        """Return the condition for what sorts after *start*, where None sorts first."""
        if None not in start:
            return f"({', '.join(self._order)}) > ({', '.join('?' * len(start))})"
        choices = []
        for place, value in enumerate(start):
            same = [
                f"{column} IS NULL" if earlier is None else f"{column} = ?"
                for column, earlier in zip(self._order[:place], start, strict=False)
            ]
            column = self._order[place]
            past = f"{column} IS NOT NULL" if value is None else f"{column} > ?"
            choices.append(f"({' AND '.join([*same, past])})")
        return f"({' OR '.join(choices)})"


def _floor_values(start: Values) -> list[str | int | None]:
    if None not in start:
        return list(start)
    return [
        value for place in range(len(start)) for value in start[: place + 1] if value is not None
    ]
