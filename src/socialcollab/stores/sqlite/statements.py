"""The SQL of journals: the table definitions and all statements."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache

from socialcollab.stores.projections import DUE, Column, Projection
from socialcollab.stores.toolkit.checks import Conditions, find_index
from socialcollab.stores.toolkit.envelope import SealedEvent
from socialcollab.stores.toolkit.stream_heads import RowValues

SCHEMA = "1"
"""The schema version. `migrations.STEPS` has a migration step for each earlier version."""

# Every table has the prefix `socialcollab_`, because a host application may keep its own tables in
# the same file.
PROJECTION_PREFIX = "socialcollab_projection_"

# Tables with large rows have a rowid, because WITHOUT ROWID is slow for large rows.
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

# A query that filters by an index reads the index once for each combination of values. SQLite
# allows 500 parts of a compound statement, and before 3.32 only 999 parameters.
_MOST_BRANCHES = 64
_MOST_PARAMETERS = 999

_EVENT = ", ".join(f"e.{name}" for name in SealedEvent._fields)
_JOIN_PERSONAL = (
    " LEFT JOIN socialcollab_personal p ON p.organization = e.organization"
    " AND p.stream = e.stream AND p.version = e.version"
)

SNAPSHOT = (
    "SELECT version, snapshot FROM socialcollab_streams WHERE organization = ? AND stream = ?"
)
READ_STREAM = (
    f"SELECT {_EVENT}, p.name, p.salt, p.value FROM socialcollab_events e{_JOIN_PERSONAL}"  # noqa: S608  # constants
    " WHERE e.organization = ? AND e.stream = ? AND e.version > ? ORDER BY e.version"
)
READ_ALL = (
    f"SELECT {_EVENT}, p.name, p.salt, p.value FROM (SELECT * FROM socialcollab_events"  # noqa: S608  # constants
    f" WHERE organization = ? AND position > ? ORDER BY position LIMIT ?) e{_JOIN_PERSONAL}"
    " ORDER BY e.position"
)
STREAMS = "SELECT stream FROM socialcollab_streams WHERE organization = ? ORDER BY stream"
ORGANIZATIONS = "SELECT organization FROM socialcollab_counters ORDER BY organization"
COUNTER = "SELECT position, projections FROM socialcollab_counters WHERE organization = ?"
META = "SELECT value FROM socialcollab_meta WHERE key = ?"

ADD_EVENT = (
    f"INSERT INTO socialcollab_events ({', '.join(SealedEvent._fields)})"  # noqa: S608  # constants
    f" VALUES ({', '.join('?' * len(SealedEvent._fields))})"
)
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
SET_COUNTER_PROJECTIONS = "UPDATE socialcollab_counters SET projections = ? WHERE organization = ?"
# This statement changes nothing. It only acquires the write lock.
TOUCH = "UPDATE socialcollab_meta SET value = value WHERE key = 'schema'"
SET_META = "INSERT OR REPLACE INTO socialcollab_meta (key, value) VALUES (?, ?)"
ANY_COUNTER = "SELECT 1 FROM socialcollab_counters LIMIT 1"
RESET_PROJECTIONS = "UPDATE socialcollab_counters SET projections = ''"
PROJECTION_TABLES = (
    f"SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '{PROJECTION_PREFIX}*'"  # noqa: S608  # a constant
)
EVENT_ID_EXISTS = "SELECT 1 FROM socialcollab_events WHERE organization = ? AND id = ?"

ALL_EVENTS = (
    f"SELECT {_EVENT} FROM socialcollab_events e WHERE organization = ?"  # noqa: S608  # constants
    " ORDER BY stream, version"
)
POSITIONS = (
    "SELECT position, hash FROM socialcollab_events WHERE organization = ? ORDER BY position"
)
EVENT_IDS = (
    "SELECT id, stream, version, position FROM socialcollab_events"
    " WHERE organization = ? ORDER BY id, position"
)
ALL_HEADS = (
    "SELECT stream, version, hash, snapshot, rows, checksum FROM socialcollab_streams"
    " WHERE organization = ? ORDER BY stream"
)
SOME_HEADS = (
    "SELECT stream, version, hash, snapshot, rows, checksum FROM socialcollab_streams"
    " WHERE organization = ? AND stream > ? ORDER BY stream LIMIT ?"
)
ALL_PERSONAL = (
    "SELECT stream, version, name, salt, value FROM socialcollab_personal"
    " WHERE organization = ? ORDER BY stream"
)
STREAM_WITHOUT_HEAD = (
    "SELECT e.stream FROM socialcollab_events e WHERE e.organization = ? AND NOT EXISTS"
    " (SELECT 1 FROM socialcollab_streams s"
    " WHERE s.organization = e.organization AND s.stream = e.stream) LIMIT 1"
)


@lru_cache(maxsize=512)
def snapshots(count: int) -> str:
    """Return the statement that reads the versions and snapshots of *count* streams."""
    return (
        "SELECT stream, version, snapshot FROM socialcollab_streams"  # noqa: S608  # only marks
        f" WHERE organization = ? AND stream IN ({', '.join('?' * count)})"
    )


@lru_cache(maxsize=64)
def heads(count: int) -> str:
    """
    Return the statement that reads the heads of *count* streams and the counter.

    The counter is returned as the ``''`` stream.
    """
    return (
        "SELECT stream, version, hash, rows FROM socialcollab_streams"  # noqa: S608  # only marks
        f" WHERE organization = ? AND stream IN ({', '.join('?' * count)})"
        " UNION ALL SELECT '', position, projections, '' FROM socialcollab_counters WHERE organization = ?"
    )


class ProjectionTable:
    """
    The table of one declared projection, and its statements.

    Names can be inserted into the SQL safely, because `Projection` accepts only lower-case words.
    Values are always passed as parameters.
    """

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.table = f"{PROJECTION_PREFIX}{projection.name}"
        columns = [f"c_{name}" for name in projection.columns]
        lease = ["lease_worker TEXT", "lease_until INTEGER"] if projection.name == DUE else []
        order = [*(f"c_{name}" for name in projection.sorted_by), "key"]
        key = "organization = ? AND key = ?"
        ended = ", lease_worker = NULL, lease_until = NULL" if lease else ""
        # The columns have no type. Otherwise, SQLite would convert the string "1" to a number.
        names = ["organization TEXT NOT NULL", "key TEXT NOT NULL", "stream TEXT NOT NULL"]
        described = ", ".join([*names, *columns, *lease, "PRIMARY KEY (organization, key)"])
        self.create = (
            f"CREATE TABLE {self.table} ({described}) WITHOUT ROWID",
            f"CREATE INDEX socialcollab_sorted_{projection.name} ON {self.table} (organization, {', '.join(order)})",
            *(
                f"CREATE INDEX {self._index_name(index)} ON {self.table}"
                f" ({', '.join(_indexed(index, order))})"
                for index in projection.indexes
            ),
        )
        marks = ", ".join("?" * (len(columns) + 3))
        filled = ", ".join(["organization", "key", "stream", *columns])
        self.add = f"INSERT INTO {self.table} ({filled}) VALUES ({marks})"  # noqa: S608
        self._columns = columns
        self._set_end = f"{ended} WHERE {key}"
        self._sets: dict[tuple[int, ...], str] = {}
        self.remove = f"DELETE FROM {self.table} WHERE {key}"  # noqa: S608
        self.owner = f"SELECT stream FROM {self.table} WHERE {key}"  # noqa: S608
        self.clear = f"DELETE FROM {self.table} WHERE organization = ?"  # noqa: S608
        listed = ", ".join(["key", "stream", *columns])
        self._select = f"SELECT {listed} FROM {self.table} WHERE organization = ?"  # noqa: S608
        self.by_stream = f"{self._select} ORDER BY stream"
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

    def set(
        self, before: RowValues, stream: str, values: RowValues
    ) -> tuple[str, list[str | int | None]]:
        """Return the statement that changes a row, and its parameters except the key's."""
        # SQLite writes every index of a column that a statement sets, even to the same value.
        changed = tuple(n for n, value in enumerate(values) if not _same(value, before[n]))
        if changed not in self._sets:
            names = ["stream", *(self._columns[n] for n in changed)]
            sets = ", ".join(f"{name} = ?" for name in names)
            self._sets[changed] = f"UPDATE {self.table} SET {sets}{self._set_end}"  # noqa: S608
        return self._sets[changed], [stream, *(values[n] for n in changed)]

    def _index_name(self, index: tuple[str, ...]) -> str:
        number = self.projection.indexes.index(index)
        return f"socialcollab_index_{self.projection.name}_{number}"

    def query(
        self, organization: str, conditions: Conditions, start: RowValues | None
    ) -> tuple[str, list[str | int | None]]:
        """Return the statement of a query, and its parameters except the last, which is the limit."""
        floor = [] if start is None else _floor_values(start)
        index = find_index(self.projection, conditions)
        choices = [len(values) for name, values in conditions if name in index]
        each = 1 + sum(len(v) for name, v in conditions if name not in index) + len(floor)
        count = math.prod(choices)
        if not 1 <= count <= _MOST_BRANCHES or count * (each + len(choices)) > _MOST_PARAMETERS:
            index = ()
        branches = _branches(index, conditions)
        parameters: list[str | int | None] = []
        for branch in branches:
            parameters += [organization, *_values(branch), *floor]
        # Queries of the same shape share a statement, so that sqlite3 parses it only once.
        shape = (
            tuple(
                tuple((name, len(values), None in values) for name, values in branch)
                for branch in branches
            ),
            None if start is None else tuple(value is None for value in start),
            index,
        )
        statement = self._queries.get(shape)
        if statement is None:
            if len(self._queries) >= 256:
                self._queries.clear()
            statement = self._queries[shape] = self._query(branches, start, index)
        return statement, parameters

    def _query(
        self, branches: Sequence[Conditions], start: RowValues | None, index: tuple[str, ...]
    ) -> str:
        # With `IN (...)`, SQLite would read and sort all matching rows for each page. With a
        # compound statement, it only merges the branches, each of which is already sorted by an
        # index.
        selects = [self._branch(branch, start, index) for branch in branches]
        return f"{' UNION ALL '.join(selects)} ORDER BY {', '.join(self._order)} LIMIT ?"

    def _branch(
        self, conditions: Conditions, start: RowValues | None, index: tuple[str, ...]
    ) -> str:
        select = self._select
        if index:
            table = f"FROM {self.table}"
            select = select.replace(table, f"{table} INDEXED BY {self._index_name(index)}")
        parts = [select]
        for name, values in conditions:
            count = sum(value is not None for value in values)
            choices = [f"c_{name} = ?"] if count == 1 else []
            if count > 1:
                # With `IN`, SQLite cannot use the order of an index that begins with this column.
                choices = [f"c_{name} IN ({', '.join('?' * count)})"]
            if None in values:
                choices.append(f"c_{name} IS NULL")
            parts.append(f"AND ({' OR '.join(choices) or '0'})")
        if start is not None:
            parts.append(f"AND {self._floor(start)}")
        return " ".join(parts)

    def _floor(self, start: RowValues) -> str:
        """Return the condition for rows that sort after *start*, where None sorts first."""
        # In SQL, a row-value comparison is never true if one of the values is NULL.
        if None not in start:
            return f"({', '.join(self._order)}) > ({', '.join('?' * len(start))})"
        choices = []
        for place, value in enumerate(start):
            same = [
                f"{column} IS NULL" if earlier is None else f"{column} = ?"
                for column, earlier in zip(self._order[:place], start, strict=False)
            ]
            column = self._order[place]
            later = f"{column} IS NOT NULL" if value is None else f"{column} > ?"
            choices.append(f"({' AND '.join([*same, later])})")
        return f"({' OR '.join(choices)})"


def _same(value: Column, before: Column) -> bool:
    return value == before and type(value) is type(before)


def _indexed(index: tuple[str, ...], order: Sequence[str]) -> list[str]:
    """Return the columns of an index, followed by the columns that queries sort by."""
    columns = [f"c_{name}" for name in index]
    return ["organization", *columns, *(column for column in order if column not in columns)]


def _branches(index: tuple[str, ...], conditions: Conditions) -> list[Conditions]:
    """Return the query's conditions once for each combination of index values."""
    choices = [
        [(name, (value,)) for value in dict.fromkeys(values)] if name in index else [(name, values)]
        for name, values in conditions
    ]
    return list(itertools.product(*choices))


def _values(conditions: Conditions) -> list[str | int | None]:
    return [value for _, values in conditions for value in values if value is not None]


def _floor_values(start: RowValues) -> list[str | int | None]:
    if None not in start:
        return list(start)
    return [
        value for place in range(len(start)) for value in start[: place + 1] if value is not None
    ]
