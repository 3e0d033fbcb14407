"""The journal of one organization in an SQLite file."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from typing import TypeAlias, cast

from socialcollab.errors import CorruptJournalError, InvalidValueError
from socialcollab.stores.events import Event, NewEvent, microseconds
from socialcollab.stores.projections import DUE, Column, Row
from socialcollab.stores.protocols import Progress, Reducer
from socialcollab.stores.reports import Anchor, AuditReport, Damage, ReindexReport
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.connections import SqlConnection, translated
from socialcollab.stores.sqlite.file import Declaration, JournalFile
from socialcollab.stores.toolkit.audit import (
    SortedGroups,
    StoredJournal,
    audit_journal,
    stream_order,
)
from socialcollab.stores.toolkit.checks import (
    AppendPlan,
    check_append,
    check_due,
    check_expected_versions,
    check_limit,
    check_query,
    collect_rows,
    duplicate_id_error,
    key_taken_error,
    lease_end,
    make_row,
    nothing_to_erase_error,
)
from socialcollab.stores.toolkit.envelope import (
    PersonalValues,
    SealedEvent,
    event_place,
    open_event,
    open_new,
    personal_values,
    seal,
)
from socialcollab.stores.toolkit.stream_heads import (
    RowValues,
    StreamHead,
    StreamRows,
    dump_rows,
    head_checksum,
    load_rows,
)

# SQLite before 3.32 accepts at most 999 parameters in a statement.
_STREAMS_AT_ONCE = 400
# Heads contain snapshots, which may be large.
_HEADS_AT_ONCE = 50

_OwnedRows: TypeAlias = dict[tuple[str, str], tuple[str, RowValues]]
"""The stream and the values of each row, by projection and key."""


class SqliteJournal:
    """The journal of one organization in a `SqliteStore`; see `BoundStore`."""

    def __init__(self, organization: str, file: JournalFile) -> None:
        self._organization = organization
        self._file = file
        self._connections = file.connections

    def __repr__(self) -> str:
        return f"<journal of {self._organization} in {self._connections.name!r}>"

    @property
    def organization(self) -> str:
        """The organization that the journal belongs to."""
        return self._organization

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        """Return the version and the snapshot of *stream*, or ``(0, b"")`` if it does not exist."""
        # This is the most frequent call. A context manager would make it noticeably slower.
        connections = self._connections
        connection = connections.acquire()
        try:
            row = connection.execute(sql.SNAPSHOT, (self._organization, stream)).fetchone()
        except UnicodeEncodeError:
            # A name that contains a lone surrogate cannot be stored, so the stream cannot exist.
            row = None
        except BaseException as error:
            connections.discard(connection)
            if isinstance(error, sqlite3.Error):
                raise translated(error, connections.name) from error
            raise
        connections.release(connection)
        return row or (0, b"")

    def snapshots(self, streams: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        """Return the version and snapshot of each of these streams, like `snapshot`."""
        found: dict[str, tuple[int, bytes]] = dict.fromkeys(streams, (0, b""))
        # A name that contains a lone surrogate cannot be stored, so the stream cannot exist.
        names = [name for name in found if name.isascii() or _is_unicode(name)]
        with self._connections.connection() as connection:
            for start in range(0, len(names), _STREAMS_AT_ONCE):
                some = names[start : start + _STREAMS_AT_ONCE]
                rows = connection.execute(sql.snapshots(len(some)), (self._organization, *some))
                found.update((name, (version, data)) for name, version, data in rows)
        return found

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        expected_versions: Mapping[str, int],
        rows: Sequence[Row] = (),
        snapshots: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        """Append events, provided that every stream is at its expected version."""
        declared = self._file.declared
        plan = check_append(events, expected_versions, rows, snapshots, declared.projections)
        with self._connections.transaction() as connection:
            sealed_events = self._append(connection, plan, declared)
        if any(event.erases for event in plan.events):
            # The write-ahead log still contains the erased values. A checkpoint usually removes
            # them.
            self._connections.checkpoint()
        return tuple(map(open_new, sealed_events, plan.events))

    def _append(
        self, connection: SqlConnection, plan: AppendPlan, declared: Declaration
    ) -> list[SealedEvent]:
        organization = self._organization
        # From its first statement, the transaction has the exclusive write lock of the file. No
        # stream can therefore be changed or created before it commits.
        heads = self._heads(connection, [stream for stream, _ in plan.expected_versions])
        # The same statement reads the counter, as a head with an empty name.
        counter = heads.pop("", None)
        check_expected_versions(plan.expected_versions, heads)
        if counter is None:
            self._file.begin_journal(connection, organization, declared)
        elif counter.hash != declared.digest:
            raise self._file.stale(organization, declared)
        position = counter.version if counter is not None else 0
        ends: dict[str, tuple[int, str]] = {}
        sealed_events: list[SealedEvent] = []
        for event in plan.events:
            stream = event.stream
            version, prev = ends.get(stream) or (
                (heads[stream].version, heads[stream].hash) if stream in heads else (0, "")
            )
            position += 1
            version += 1
            sealed = seal(
                event, organization=organization, position=position, version=version, prev=prev
            )
            ends[stream] = (version, sealed.hash)
            sealed_events.append(sealed)
        try:
            if len(sealed_events) == 1:
                connection.execute(sql.ADD_EVENT, sealed_events[0])
            else:
                connection.executemany(sql.ADD_EVENT, sealed_events)
        except sqlite3.IntegrityError as error:
            raise self._cannot_add(connection, plan, sealed_events) from error
        for sealed, event in zip(sealed_events, plan.events, strict=True):
            for name, (salt, value) in personal_values(event).items():
                connection.execute(
                    sql.ADD_PERSONAL,
                    (organization, sealed.stream, sealed.version, name, salt, value),
                )
        for event in plan.events:
            if event.erases:
                self._erase(connection, event)
        self._set_heads(connection, plan, declared, heads, ends)
        if counter is None:
            connection.execute(sql.ADD_COUNTER, (position, organization, declared.digest))
        else:
            connection.execute(sql.SET_COUNTER, (position, organization))
        return sealed_events

    def _erase(self, connection: SqlConnection, tombstone: NewEvent) -> None:
        stream = tombstone.stream
        for version, names in tombstone.erases.items():
            for name in names:
                place = (self._organization, stream, version, name)
                if connection.execute(sql.ERASE, place).rowcount != 1:
                    raise nothing_to_erase_error(stream, version, name)

    def _heads(self, connection: SqlConnection, streams: list[str]) -> dict[str, StreamHead]:
        """Return the heads of *streams*, and the counter under the empty name."""
        heads: dict[str, StreamHead] = {}
        for start in range(0, len(streams), _STREAMS_AT_ONCE):
            part = streams[start : start + _STREAMS_AT_ONCE]
            parameters = (self._organization, *part, self._organization)
            for stream, version, hash_, rows in connection.execute(
                sql.heads(len(part)), parameters
            ):
                heads[stream] = StreamHead(version, hash_, rows)
        return heads

    def _set_heads(
        self,
        connection: SqlConnection,
        plan: AppendPlan,
        declared: Declaration,
        heads: Mapping[str, StreamHead],
        ends: Mapping[str, tuple[int, str]],
    ) -> None:
        """Write the new heads of the streams to which events are appended, and the changed rows."""
        old: _OwnedRows = {}
        new: _OwnedRows = {}
        for stream, rows in plan.rows.items():
            head = heads.get(stream)
            text = dump_rows(rows)
            if text != (head.rows if head is not None else "[]"):
                for place, values in self._listed_rows(stream, head).items():
                    old[place] = (stream, values)
                for place, values in rows.items():
                    new[place] = (stream, values)
            version, hash_ = ends[stream]
            snapshot = plan.snapshots[stream]
            checksum = head_checksum(self._organization, stream, version, hash_, text, snapshot)
            connection.execute(
                sql.ADD_STREAM if head is None else sql.SET_STREAM,
                (version, hash_, snapshot, text, checksum, self._organization, stream),
            )
        if old or new:
            self._write_rows(connection, declared, old, new)

    def _listed_rows(self, stream: str, head: StreamHead | None) -> StreamRows:
        try:
            return {} if head is None else load_rows(head.rows)
        except (ValueError, TypeError) as error:
            raise CorruptJournalError(
                "the list of rows cannot be parsed; reindex rebuilds it", place=f"{stream} rows"
            ) from error

    def _write_rows(
        self, connection: SqlConnection, declared: Declaration, old: _OwnedRows, new: _OwnedRows
    ) -> None:
        organization = self._organization
        # Rows are removed first, because a key may move from one stream to another.
        for projection, key in old.keys() - new.keys():
            connection.execute(declared.tables[projection].remove, (organization, key))
        for (projection, key), (stream, values) in new.items():
            table = declared.tables[projection]
            before = old.get((projection, key))
            if before is None:
                try:
                    connection.execute(table.add, (organization, key, stream, *values))
                except sqlite3.IntegrityError as error:
                    owner = connection.execute(table.owner, (organization, key)).fetchone()
                    if owner is None:
                        raise
                    raise key_taken_error(projection, key, owner[0]) from error
            elif before != (stream, values):
                statement, parameters = table.set(before[1], stream, values)
                changed = connection.execute(statement, (*parameters, organization, key))
                if changed.rowcount != 1:
                    raise CorruptJournalError(
                        "the row is missing; reindex rebuilds it",
                        place=f"projection {projection}, row {key} of {stream}",
                    )

    def _cannot_add(
        self, connection: SqlConnection, plan: AppendPlan, sealed_events: Sequence[SealedEvent]
    ) -> InvalidValueError | CorruptJournalError:
        """Return the error for events with an id or a position that is already stored."""
        for event in plan.events:
            if connection.execute(sql.EVENT_ID_EXISTS, (self._organization, event.id)).fetchone():
                return duplicate_id_error(event.id)
        return CorruptJournalError(
            "an event is already stored at this position, after the head or the counter",
            place=event_place(sealed_events[0]),
        )

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """Return the events of *stream* after version *after*, in order."""
        start = max(after, 0)
        with self._connections.connection() as connection:
            try:
                rows = connection.execute(
                    sql.READ_STREAM, (self._organization, stream, start)
                ).fetchall()
            except UnicodeEncodeError:
                return ()
        events = tuple(_opened(rows))
        for version, event in enumerate(events, start + 1):
            if event.version != version:
                raise CorruptJournalError(
                    "an event is missing", place=f"{stream} version {version}"
                )
        return events

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Return up to *limit* events after position *after*, by position."""
        check_limit(limit)
        start = max(after, 0)
        with self._connections.connection() as connection:
            rows = connection.execute(sql.READ_ALL, (self._organization, start, limit)).fetchall()
        events = tuple(_opened(rows))
        for position, event in enumerate(events, start + 1):
            if event.position != position:
                raise CorruptJournalError("an event is missing", place=f"position {position}")
        return events

    def streams(self) -> tuple[str, ...]:
        """Return the names of all streams that have events, sorted."""
        with self._connections.connection() as connection:
            rows = connection.execute(sql.STREAMS, (self._organization,)).fetchall()
        return tuple(name for (name,) in rows)

    def query(
        self,
        projection: str,
        *,
        where: Mapping[str, Column | tuple[Column, ...]] | None = None,
        after: Row | None = None,
        limit: int = 100,
    ) -> tuple[Row, ...]:
        """Return up to *limit* rows of a projection, sorted; see `BoundStore.query`."""
        declared = self._file.declared
        queried, conditions, start = check_query(
            declared.projections, projection, where, after, limit
        )
        table = declared.tables[projection]
        statement, parameters = table.query(self._organization, conditions, start)
        with self._connections.connection() as connection:
            self._file.check_current(connection, self._organization, declared)
            rows = connection.execute(statement, (*parameters, limit)).fetchall()
        return tuple(make_row(queried, key, stream, values) for key, stream, *values in rows)

    def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        """Lease due rows to *worker* and return them; see `BoundStore.due`."""
        declared = self._file.declared
        projection = check_due(declared.projections, limit, worker, lease_s)
        table = declared.tables[DUE]
        until = lease_end(now, lease_s)
        parameters = (self._organization, microseconds(before), microseconds(now), worker, limit)
        with self._connections.connection() as connection:
            self._file.check_current(connection, self._organization, declared)
            # Most calls find no due rows. Without this query, each call would wait for the write
            # lock.
            if connection.execute(table.due, parameters).fetchone() is None:
                return ()
        with self._connections.transaction() as connection:
            rows = connection.execute(table.due, parameters).fetchall()
            for key, *_ in rows:
                connection.execute(table.lease, (worker, until, self._organization, key))
        return tuple(make_row(projection, key, stream, values) for key, stream, *values in rows)

    def release(self, rows: Sequence[Row], *, worker: str) -> None:
        """End the leases that *worker* has on these rows, but no leases of other workers."""
        table = self._file.declared.tables.get(DUE)
        keys = [row.key for row in rows if row.projection == DUE]
        if table is None or not keys:
            return
        with self._connections.transaction() as connection:
            for key in keys:
                connection.execute(table.release, (self._organization, key, worker))

    def reindex(self, reducer: Reducer, *, progress: Progress | None = None) -> ReindexReport:
        """Rebuild every snapshot and projection row from the events; see `BoundStore.reindex`."""
        organization = self._organization
        declared = self._file.declared
        with self._connections.transaction() as connection:
            if connection.execute(sql.META, ("projections",)).fetchone() != (declared.text,):
                self._file.create_projection_tables(connection, declared)
            # SQLite sorts the rows when the first one is read, so they can be deleted afterwards.
            old_rows = SortedGroups(self._rows_by_stream(connection, declared), 0)
            for table in declared.tables.values():
                connection.execute(table.clear, (organization,))
            orphan = connection.execute(sql.STREAM_WITHOUT_HEAD, (organization,)).fetchone()
            if orphan is not None:
                raise CorruptJournalError("the head is missing", place=f"{orphan[0]} head")
            counter = connection.execute(sql.COUNTER, (organization,)).fetchone()
            total = 0 if counter is None else counter[0]
            changed: list[str] = []
            stream_count, event_count, row_count = 0, 0, 0
            for stream, version, hash_, snapshot, text, _ in self._all_heads(connection):
                events = self._intact_events(connection, stream, (version, hash_))
                new_snapshot, new_rows = self._reduce(reducer, stream, events, declared)
                stream_count += 1
                event_count += len(events)
                row_count += len(new_rows)
                old_rows.skip_to(stream)
                before = {
                    (projection, key): values
                    for _, projection, key, values in old_rows.take(stream)
                }
                new_text = dump_rows(new_rows)
                if (snapshot, text, before) != (new_snapshot, new_text, new_rows):
                    changed.append(stream)
                checksum = head_checksum(
                    organization, stream, version, hash_, new_text, new_snapshot
                )
                connection.execute(
                    sql.SET_STREAM,
                    (version, hash_, new_snapshot, new_text, checksum, organization, stream),
                )
                owned = {place: (stream, values) for place, values in new_rows.items()}
                self._write_rows(connection, declared, {}, owned)
                if progress is not None:
                    progress(event_count, max(event_count, total))
            connection.execute(sql.SET_COUNTER_PROJECTIONS, (declared.digest, organization))
        return ReindexReport(
            streams=stream_count,
            events=event_count,
            rows=row_count,
            changed=tuple(sorted(changed)),
        )

    def _all_heads(
        self, connection: SqlConnection
    ) -> Iterator[tuple[str, int, str, bytes, str, str]]:
        """Yield the heads of all streams, read in pages so that heads can be changed in between."""
        last = ""
        while page := connection.execute(
            sql.SOME_HEADS, (self._organization, last, _HEADS_AT_ONCE)
        ).fetchall():
            yield from page
            last = page[-1][0]

    def _rows_by_stream(
        self, connection: SqlConnection, declared: Declaration
    ) -> Iterator[tuple[object, str, object, tuple[object, ...]]]:
        """Yield the stream, projection, key and values of each row, by stream."""
        return merge(
            *(
                _rows_of(name, connection.execute(table.by_stream, (self._organization,)))
                for name, table in declared.tables.items()
            ),
            key=lambda row: stream_order(row[0]),
        )

    def _intact_events(
        self, connection: SqlConnection, stream: str, end: tuple[int, str]
    ) -> tuple[Event, ...]:
        parameters = (self._organization, stream, 0)
        events = tuple(_opened(connection.execute(sql.READ_STREAM, parameters).fetchall()))
        if not events or (events[-1].version, events[-1].hash) != end or len(events) != end[0]:
            raise CorruptJournalError("the events do not end at the head", place=f"{stream} head")
        return events

    def _reduce(
        self, reducer: Reducer, stream: str, events: tuple[Event, ...], declared: Declaration
    ) -> tuple[bytes, StreamRows]:
        snapshot, rows = reducer(stream, events)
        if type(snapshot) is not bytes:
            raise InvalidValueError(
                f"the reducer's snapshot of `{stream}` is not of type bytes", value=snapshot
            )
        collected: dict[str, StreamRows] = {stream: {}}
        collect_rows(rows, collected, declared.projections)
        return snapshot, collected[stream]

    def audit(
        self,
        *,
        anchor: Anchor | None = None,
        reducer: Reducer | None = None,
        progress: Progress | None = None,
    ) -> AuditReport:
        """Look for stored data that differ from what was written; see `BoundStore.audit`."""
        declared = self._file.declared
        # Damaged text may not be valid UTF-8. This connection returns it unchanged, so that the
        # audit detects the hash mismatch.
        with self._connections.audit_connection() as connection:
            reader = _AuditReader(connection, self._connections.name, self._organization, declared)
            reader.check_file()
            stored = StoredJournal(
                organization=self._organization,
                events=reader.rows(sql.ALL_EVENTS, "events"),
                positions=reader.rows(sql.POSITIONS, "positions"),
                ids=reader.rows(sql.EVENT_IDS, "ids of events"),
                heads=reader.rows(sql.ALL_HEADS, "heads"),
                counter=reader.counter(),
                personal=reader.rows(sql.ALL_PERSONAL, "personal values"),
                rows=None if reader.stale else reader.projection_rows(),
                problems=reader.problems,
            )
            return audit_journal(
                stored,
                projections=declared.projections,
                anchor=anchor,
                reducer=reducer,
                progress=progress,
            )


class _AuditReader:
    """A reader of one organization's data, which also records damage to the file itself."""

    def __init__(
        self, connection: SqlConnection, file: str, organization: str, declared: Declaration
    ) -> None:
        self._connection = connection
        self._file = file
        self._organization = organization
        self._declared = declared
        self.problems: list[Damage] = []
        self.stale = False

    def _report(self, place: str, problem: str) -> None:
        self.problems.append(Damage(place=place, problem=problem))

    def check_file(self) -> None:
        """Run SQLite's integrity check, and check the values that apply to the whole file."""
        try:
            for (answer,) in self._connection.execute("PRAGMA integrity_check"):
                if answer != "ok":
                    self._report(f"file `{self._file}`", str(answer))
            values = dict(self._connection.execute("SELECT key, value FROM socialcollab_meta"))
        except sqlite3.Error as error:
            self._report(f"file `{self._file}`", str(error))
            return
        if values.pop("schema", None) != sql.SCHEMA:
            self._report("socialcollab_meta schema", f"the schema version is not {sql.SCHEMA}")
        if values.pop("projections", None) != self._declared.text:
            self.stale = True
            self._report(
                "socialcollab_meta projections",
                "the file was written for other projections; call reindex",
            )
        for key in sorted(values):
            self._report(f"socialcollab_meta {key}", "the key is unknown")

    def rows(self, statement: str, what: str) -> Iterator[tuple[object, ...]]:
        """Yield rows, and report a finding if SQLite cannot read all of them."""
        try:
            yield from self._connection.execute(statement, (self._organization,))
        except sqlite3.Error as error:
            self._report(what, f"they cannot be read to the end ({error})")

    def counter(self) -> object:
        """Return the last assigned position, or None if there is no counter."""
        for position, projections in self.rows(sql.COUNTER, "position counter"):
            if projections != self._declared.digest:
                self._report(
                    "position counter, projections",
                    "the rows were written for other projections; call reindex",
                )
            return position
        return None

    def projection_rows(self) -> Iterator[tuple[object, str, object, tuple[object, ...]]]:
        """Yield the rows of all declared projections, by stream."""
        return merge(
            *(
                _rows_of(name, self.rows(table.by_stream, f"projection {name}"))
                for name, table in self._declared.tables.items()
            ),
            key=lambda row: stream_order(row[0]),
        )


def _rows_of(
    projection: str, rows: Iterable[tuple[object, ...]]
) -> Iterator[tuple[object, str, object, tuple[object, ...]]]:
    """Yield the stream, projection, key and values of each row in a table."""
    for key, stream, *values in rows:
        yield stream, projection, key, tuple(values)


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _opened(rows: Sequence[tuple[object, ...]]) -> Iterator[Event]:
    """Yield each event with its personal values, from the joined rows of the two tables."""
    number = 0
    while number < len(rows):
        sealed = SealedEvent._make(cast("Iterable[str | int]", rows[number][:15]))
        personal: PersonalValues = {}
        while number < len(rows) and rows[number][:2] == sealed[:2]:
            name, salt, value = rows[number][15:]
            if name is not None:
                personal[cast("str", name)] = cast("tuple[bytes | None, str | None]", (salt, value))
            number += 1
        yield open_event(sealed, personal)
