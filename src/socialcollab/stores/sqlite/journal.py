"""The journal of one organization in an SQLite file."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from socialcollab.errors import CorruptJournalError, InvalidValueError
from socialcollab.stores.building.appending import (
    Append,
    Head,
    Rows,
    Values,
    check_expectations,
    checksum_of,
    gather,
    not_erasable,
    prepare,
    rows_of,
    rows_text,
    taken,
    used,
)
from socialcollab.stores.building.envelope import (
    Personal,
    Sealed,
    event_of,
    just_sealed,
    personal_of,
    place_of,
    seal,
)
from socialcollab.stores.building.querying import (
    check_due,
    check_limit,
    check_query,
    lease_end,
    row_of,
)
from socialcollab.stores.events import Event, NewEvent, microseconds
from socialcollab.stores.protocol import Reducer
from socialcollab.stores.reports import Anchor, AuditReport, ReindexReport
from socialcollab.stores.rows import DUE, Column, Row
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.auditing import audit_file
from socialcollab.stores.sqlite.connections import translated
from socialcollab.stores.sqlite.handle import Handle

if TYPE_CHECKING:
    from socialcollab.stores.sqlite.store import SqliteStore

# SQLite before 3.32 takes 999 parameters.
_STREAMS_AT_ONCE = 400


class SqliteJournal:
    """The journal of one organization in a `SqliteStore`; see `BoundStore`."""

    def __init__(self, organization: str, store: SqliteStore) -> None:
        self._organization = organization
        self._store = store
        self._connections = store.connections

    def __repr__(self) -> str:
        return f"<journal of {self._organization} in {self._connections.name!r}>"

    @property
    def organization(self) -> str:
        """The organization that it is bound to."""
        return self._organization

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        """Return the version and the record of *stream*; ``(0, b"")`` if it is absent."""
        connections = self._connections
        connection = connections.take()
        try:
            found = connection.execute(sql.SNAPSHOT, (self._organization, stream)).fetchone()
        except UnicodeEncodeError:
            # Half a surrogate pair names no stream.
            found = None
        except BaseException as error:
            connections.drop(connection)
            if isinstance(error, sqlite3.Error):
                raise translated(error, connections.name) from error
            raise
        connections.give(connection)
        return found or (0, b"")

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        expected_versions: Mapping[str, int],
        rows: Sequence[Row] = (),
        snapshots: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        """Append events if every expected stream is at its version; see `BoundStore.append`."""
        plan = prepare(events, expected_versions, rows, snapshots, self._store.projections)
        with self._connections.writing() as connection:
            sealed = self._append(connection, plan)
        if any(event.erases for event in plan.events):
            self._connections.checkpoint()
        return tuple(just_sealed(one, new) for one, new in zip(sealed, plan.events, strict=True))

    def _append(self, connection: Handle, plan: Append) -> list[Sealed]:
        organization = self._organization
        # The transaction holds the one write lock of the file from its first
        # statement, so no placeholder is needed to hold that a stream is absent.
        heads = self._heads(connection, [stream for stream, _ in plan.expected_versions])
        counter = heads.pop("", None)
        check_expectations(plan.expected_versions, heads)
        if counter is None:
            self._store.check_current(connection, organization)
        elif counter.hash != self._store.digest:
            raise self._store.outdated(organization)
        position = counter.version if counter is not None else 0
        ends: dict[str, tuple[int, str]] = {}
        sealed: list[Sealed] = []
        for event in plan.events:
            stream = event.stream
            version, prev = ends.get(stream) or (
                (heads[stream].version, heads[stream].hash) if stream in heads else (0, "")
            )
            position += 1
            version += 1
            one = seal(
                event, organization=organization, position=position, version=version, prev=prev
            )
            ends[stream] = (version, one[14])
            sealed.append(one)
        try:
            if len(sealed) == 1:
                connection.execute(sql.ADD_EVENT, sealed[0])
            else:
                connection.executemany(sql.ADD_EVENT, sealed)
        except sqlite3.IntegrityError as error:
            raise self._refused(connection, plan, sealed) from error
        for one, event in zip(sealed, plan.events, strict=True):
            for name, (salt, value) in personal_of(event).items():
                connection.execute(
                    sql.ADD_PERSONAL, (organization, one[2], one[3], name, salt, value)
                )
        for event in plan.events:
            if event.erases:
                self._erase(connection, event)
        self._keep(connection, plan, heads, ends)
        if counter is None:
            connection.execute(sql.ADD_COUNTER, (position, organization, self._store.digest))
        else:
            connection.execute(sql.SET_COUNTER, (position, organization))
        return sealed

    def _erase(self, connection: Handle, tombstone: NewEvent) -> None:
        stream = tombstone.stream
        for version, names in tombstone.erases.items():
            for name in names:
                at = (self._organization, stream, version, name)
                if connection.execute(sql.ERASE, at).rowcount != 1:
                    raise not_erasable(stream, version, name)

    def _heads(self, connection: Handle, streams: list[str]) -> dict[str, Head]:
        """Read the heads of *streams*, and the counter under the empty name."""
        heads: dict[str, Head] = {}
        for start in range(0, len(streams), _STREAMS_AT_ONCE):
            part = streams[start : start + _STREAMS_AT_ONCE]
            parameters = (self._organization, *part, self._organization)
            for stream, version, hash_, rows in connection.execute(
                sql.heads(len(part)), parameters
            ):
                heads[stream] = Head(version, hash_, rows)
        return heads

    def _keep(
        self,
        connection: Handle,
        plan: Append,
        heads: Mapping[str, Head],
        ends: Mapping[str, tuple[int, str]],
    ) -> None:
        """Write the heads of the streams appended to, and what differs in their rows."""
        old: dict[tuple[str, str], tuple[str, Values]] = {}
        new: dict[tuple[str, str], tuple[str, Values]] = {}
        for stream, rows in plan.rows.items():
            head = heads.get(stream)
            text = rows_text(rows)
            if text != (head.rows if head is not None else "[]"):
                for at, values in self._listed(stream, head).items():
                    old[at] = (stream, values)
                for at, values in rows.items():
                    new[at] = (stream, values)
            version, hash_ = ends[stream]
            snapshot = plan.snapshots[stream]
            checksum = checksum_of(self._organization, stream, version, hash_, text, snapshot)
            connection.execute(
                sql.ADD_STREAM if head is None else sql.SET_STREAM,
                (version, hash_, snapshot, text, checksum, self._organization, stream),
            )
        if old or new:
            self._write_rows(connection, old, new)

    def _listed(self, stream: str, head: Head | None) -> Rows:
        try:
            return {} if head is None else rows_of(head.rows)
        except (ValueError, TypeError) as error:
            raise CorruptJournalError(
                "the list of rows does not parse; reindex rebuilds it", place=f"{stream} rows"
            ) from error

    def _write_rows(
        self,
        connection: Handle,
        old: Mapping[tuple[str, str], tuple[str, Values]],
        new: Mapping[tuple[str, str], tuple[str, Values]],
    ) -> None:
        organization = self._organization
        for at in old.keys() - new.keys():
            connection.execute(self._store.statements[at[0]].remove, (organization, at[1]))
        for at, (stream, values) in new.items():
            projection, key = at
            statements = self._store.statements[projection]
            before = old.get(at)
            if before is None:
                try:
                    connection.execute(statements.add, (organization, key, stream, *values))
                except sqlite3.IntegrityError as error:
                    found = connection.execute(statements.owner, (organization, key)).fetchone()
                    if found is None:
                        raise
                    raise taken(projection, key, found[0]) from error
            elif before != (stream, values):
                done = connection.execute(statements.set, (stream, *values, organization, key))
                if done.rowcount != 1:
                    raise CorruptJournalError(
                        "the row is lost; reindex rebuilds it",
                        place=f"projection {projection}, row {key} of {stream}",
                    )

    def _refused(
        self, connection: Handle, plan: Append, sealed: Sequence[Sealed]
    ) -> InvalidValueError | CorruptJournalError:
        """Say why the file would not take an event: its id is used, or its place is."""
        for event in plan.events:
            if connection.execute(sql.KNOWN_ID, (self._organization, event.id)).fetchone():
                return used(event.id)
        return CorruptJournalError(
            "an event stands there already, past the head or the counter",
            place=place_of(sealed[0]),
        )

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """Return the events of *stream* past version *after*, in order."""
        start = max(after, 0)
        with self._connections.lend() as connection:
            try:
                found = connection.execute(sql.READ, (self._organization, stream, start)).fetchall()
            except UnicodeEncodeError:
                return ()
        events = tuple(_opened(found))
        for version, event in enumerate(events, start + 1):
            if event.version != version:
                raise CorruptJournalError("an event is lost", place=f"{stream} version {version}")
        return events

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Return up to *limit* events past position *after*, by position."""
        check_limit(limit)
        start = max(after, 0)
        with self._connections.lend() as connection:
            found = connection.execute(sql.FOLLOW, (self._organization, start, limit)).fetchall()
        events = tuple(_opened(found))
        for position, event in enumerate(events, start + 1):
            if event.position != position:
                raise CorruptJournalError("an event is lost", place=f"position {position}")
        return events

    def streams(self) -> tuple[str, ...]:
        """Return the names of all streams that have an event, sorted."""
        with self._connections.lend() as connection:
            found = connection.execute(sql.STREAMS, (self._organization,)).fetchall()
        return tuple(name for (name,) in found)

    def query(
        self,
        projection: str,
        *,
        where: Mapping[str, Column | tuple[Column, ...]] | None = None,
        after: Row | None = None,
        limit: int = 100,
    ) -> tuple[Row, ...]:
        """Return up to *limit* rows of *index*, sorted; see `BoundStore.query`."""
        declared, wanted, start = check_query(
            self._store.projections, projection, where, after, limit
        )
        statement, parameters = self._store.statements[projection].query(wanted, start)
        with self._connections.lend() as connection:
            self._store.check_current(connection, self._organization)
            found = connection.execute(
                statement, (self._organization, *parameters, limit)
            ).fetchall()
        return tuple(row_of(declared, key, stream, values) for key, stream, *values in found)

    def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        """Lease due rows to *worker* and return them; see `BoundStore.due`."""
        declared = check_due(self._store.projections, limit, worker, lease_s)
        statements = self._store.statements[DUE]
        until = lease_end(now, lease_s)
        asked = (self._organization, microseconds(before), microseconds(now), worker, limit)
        with self._connections.lend() as connection:
            self._store.check_current(connection, self._organization)
            # Most calls find nothing; they do not keep writers waiting.
            if connection.execute(statements.due, asked).fetchone() is None:
                return ()
        with self._connections.writing() as connection:
            found = connection.execute(statements.due, asked).fetchall()
            for key, *_ in found:
                connection.execute(statements.lease, (worker, until, self._organization, key))
        return tuple(row_of(declared, key, stream, values) for key, stream, *values in found)

    def release(self, rows: Sequence[Row], *, worker: str) -> None:
        """End the leases that *worker* holds on these rows; others stay."""
        leased = [row for row in rows if row.projection == DUE and DUE in self._store.projections]
        if not leased:
            return
        with self._connections.writing() as connection:
            for row in leased:
                connection.execute(
                    self._store.statements[DUE].release, (self._organization, row.key, worker)
                )

    def reindex(self, reducer: Reducer) -> ReindexReport:
        """Rebuild every record and projection row from the events; see `BoundStore.reindex`."""
        organization = self._organization
        store = self._store
        with self._connections.writing() as connection:
            if connection.execute(sql.META, ("projections",)).fetchone() != (store.declaration,):
                store.create_projections(connection)
            before = self._rows_by_stream(connection)
            for statements in store.statements.values():
                connection.execute(statements.clear, (organization,))
            changed, events, rows = [], 0, 0
            heads = connection.execute(sql.ALL_HEADS, (organization,)).fetchall()
            self._check_heads(connection, {head[0] for head in heads})
            for stream, version, hash_, snapshot, text, _ in heads:
                reduced, made, count = self._reducer(connection, reducer, stream, (version, hash_))
                events += count
                rows += len(made)
                new_text = rows_text(made)
                if (snapshot, text, before.get(stream, {})) != (reduced, new_text, made):
                    changed.append(stream)
                checksum = checksum_of(organization, stream, version, hash_, new_text, reduced)
                connection.execute(
                    sql.SET_STREAM,
                    (version, hash_, reduced, new_text, checksum, organization, stream),
                )
                self._write_rows(connection, {}, {at: (stream, v) for at, v in made.items()})
            connection.execute(sql.SET_PROJECTIONS, (store.digest, organization))
        return ReindexReport(
            streams=len(heads), events=events, rows=rows, changed=tuple(sorted(changed))
        )

    def _rows_by_stream(self, connection: Handle) -> dict[str, Rows]:
        found: dict[str, Rows] = {}
        for name, statements in self._store.statements.items():
            for key, stream, *values in connection.execute(statements.all, (self._organization,)):
                found.setdefault(stream, {})[name, key] = tuple(values)
        return found

    def _check_heads(self, connection: Handle, heads: set[str]) -> None:
        for (stream,) in connection.execute(sql.EVENT_STREAMS, (self._organization,)):
            if stream not in heads:
                raise CorruptJournalError("the head is lost", place=f"{stream} head")

    def _reducer(
        self, connection: Handle, reducer: Reducer, stream: str, end: tuple[int, str]
    ) -> tuple[bytes, Rows, int]:
        parameters = (self._organization, stream, 0)
        events = tuple(_opened(connection.execute(sql.READ, parameters).fetchall()))
        if not events or (events[-1].version, events[-1].hash) != end or len(events) != end[0]:
            raise CorruptJournalError("events and head differ", place=f"{stream} head")
        snapshot, rows = reducer(stream, events)
        if type(snapshot) is not bytes:
            raise InvalidValueError(f"the record of `{stream}` is no bytes", value=snapshot)
        made: dict[str, Rows] = {stream: {}}
        gather(rows, made, self._store.projections)
        return snapshot, made[stream], len(events)

    def audit(self, *, anchor: Anchor | None = None, reducer: Reducer | None = None) -> AuditReport:
        """Look for all that cannot be what was written; see `BoundStore.audit`."""
        return audit_file(self._store, self._organization, anchor=anchor, reducer=reducer)


def _opened(found: Sequence[tuple[object, ...]]) -> Iterator[Event]:
    """Put together each event and its personal values, which are joined to it row by row."""
    place = 0
    while place < len(found):
        sealed = cast("Sealed", found[place][:15])
        personal: Personal = {}
        while place < len(found) and found[place][:2] == sealed[:2]:
            name, salt, value = found[place][15:]
            if name is not None:
                personal[cast("str", name)] = cast("tuple[bytes | None, str | None]", (salt, value))
            place += 1
        yield event_of(sealed, personal)
