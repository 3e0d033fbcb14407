"""The reference store, which keeps its journals in memory."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from operator import itemgetter
from typing import TypeAlias

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id
from socialcollab.stores.events import Event, NewEvent, microseconds
from socialcollab.stores.projections import (
    DUE,
    Column,
    Projection,
    Row,
    check_projections,
    declare_projections,
    dump_projections,
    sort_key,
)
from socialcollab.stores.protocols import Progress, Reducer
from socialcollab.stores.reports import Anchor, AuditReport, Damage, ReindexReport
from socialcollab.stores.toolkit.audit import StoredJournal, audit_journal
from socialcollab.stores.toolkit.checks import (
    Conditions,
    check_append,
    check_due,
    check_expected_versions,
    check_limit,
    check_query,
    collect_rows,
    duplicate_id_error,
    find_index,
    key_taken_error,
    lease_end,
    make_row,
    nothing_to_erase_error,
    stale_projection_error,
)
from socialcollab.stores.toolkit.envelope import (
    ERASED,
    PersonalValues,
    SealedEvent,
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
)


@attrs.define
class _Stream:
    """
    The stored data of one stream.

    Attributes:
        head: The stream's head.
        snapshot: The snapshot of the last append.
        rows: The rows of the last append.
        checksum: The checksum of the head and the snapshot.
        events: The sealed events, in order.
    """

    head: StreamHead = attrs.field(factory=lambda: StreamHead(0, "", "[]"))
    snapshot: bytes = b""
    rows: StreamRows = attrs.field(factory=dict)
    checksum: str = ""
    events: list[SealedEvent] = attrs.field(factory=list)


_Order: TypeAlias = tuple[tuple[int, int, str], ...]
_Entries: TypeAlias = list[tuple[_Order, str]]


@attrs.define
class _Index:
    """
    The row keys of one projection, each with its sort key, in the order in which queries return
    rows.

    Attributes:
        projection: The declaration of the projection.
        all: All rows.
        groups: For each index of the projection, the rows grouped by their values in the index's
            columns.
    """

    projection: Projection
    all: _Entries = attrs.field(factory=list)
    groups: dict[tuple[str, ...], dict[RowValues, _Entries]] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.groups = {index: {} for index in self.projection.indexes}

    def order(self, key: str, values: RowValues) -> _Order:
        """Return a row's sort key."""
        return sort_key((*self._values(self.projection.sorted_by, values), key))

    def _values(self, names: tuple[str, ...], values: RowValues) -> RowValues:
        columns = self.projection.columns
        return tuple(values[columns.index(name)] for name in names)

    def add(self, key: str, values: RowValues) -> None:
        """Add a row that is not in the index."""
        entry = (self.order(key, values), key)
        insort(self.all, entry)
        for index, groups in self.groups.items():
            insort(groups.setdefault(self._values(index, values), []), entry)

    def remove(self, key: str, values: RowValues) -> None:
        """Remove a row that is in the index."""
        entry = (self.order(key, values), key)
        del self.all[bisect_left(self.all, entry)]
        for index, groups in self.groups.items():
            group = self._values(index, values)
            same = groups[group]
            del same[bisect_left(same, entry)]
            if not same:
                del groups[group]

    def keys(self, conditions: Conditions, after: _Order | None) -> Iterator[str]:
        """
        Yield the keys of all matching rows, and possibly of other rows, sorted as in queries.

        Args:
            conditions: The conditions. If they specify all columns of an index, only the rows with
                these values are read.
            after: The sort key of the last row to skip, or None to start with the first row.
        """
        index = find_index(self.projection, conditions)
        lists = [self.all]
        if index:
            allowed = dict(conditions)
            groups = self.groups[index]
            values = itertools.product(*(dict.fromkeys(allowed[name]) for name in index))
            lists = [groups[group] for group in values if group in groups]

        def rest(entries: _Entries) -> Iterator[tuple[_Order, str]]:
            first = 0 if after is None else bisect_right(entries, after, key=itemgetter(0))
            return (entries[number] for number in range(first, len(entries)))

        return (key for _, key in merge(*map(rest, lists)))


@attrs.define
class _Tables:
    """
    The stored data of one organization.

    Attributes:
        events: All sealed events, by position.
        streams: The streams, by name.
        event_ids: The ids of all events.
        personal: The personal values of each event, by stream and version.
        rows: The stream and the values of each row, by projection and key.
        indexes: The index of each projection that has had rows, by name.
        leases: The worker and the expiry time of each lease, by the key of the due row.
        declaration: The projections that the rows were written for, as a string.
    """

    events: list[SealedEvent] = attrs.field(factory=list)
    streams: dict[str, _Stream] = attrs.field(factory=dict)
    event_ids: set[str] = attrs.field(factory=set)
    personal: dict[tuple[str, int], PersonalValues] = attrs.field(factory=dict)
    rows: dict[tuple[str, str], tuple[str, RowValues]] = attrs.field(factory=dict)
    indexes: dict[str, _Index] = attrs.field(factory=dict)
    leases: dict[str, tuple[str, int]] = attrs.field(factory=dict)
    declaration: str = ""


class MemoryStore:
    """
    A store in memory, for tests, simulations and one-off scripts.

    It complies with the store contract, but its journals are lost when the process ends. Threads
    can share it.

    >>> MemoryStore().for_organization("northwind").snapshot("post/p1")
    (0, b'')

    Args:
        projections: The store's projections. If this is empty, a desk declares the projections that
            it needs.
    """

    def __init__(self, projections: Sequence[Projection] = ()) -> None:
        self._projections: Mapping[str, Projection] = check_projections(projections)
        self._declaration = dump_projections(self._projections)
        self._tables: dict[str, _Tables] = {}
        self._lock = threading.RLock()

    def for_organization(self, organization: str) -> MemoryJournal:
        """Return the journal of *organization*, which need not exist yet."""
        return MemoryJournal(check_id("organization", organization), self)

    def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have events, sorted."""
        with self._lock:
            return tuple(sorted(name for name, tables in self._tables.items() if tables.events))

    def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """Declare *projections* if none have been declared yet; see `Store.ensure_projections`."""
        with self._lock:
            self._projections = declare_projections(self._projections, projections)
            self._declaration = dump_projections(self._projections)

    def compact(self) -> None:
        """Do nothing, because no copies of erased values remain in memory."""

    def close(self) -> None:
        """Do nothing, because there are no files or connections to close."""


class MemoryJournal:
    """The journal of one organization in a `MemoryStore`; see `BoundStore`."""

    def __init__(self, organization: str, store: MemoryStore) -> None:
        self._organization = organization
        self._store = store
        self._lock = store._lock
        with self._lock:
            self._tables = store._tables.setdefault(organization, _Tables())

    @property
    def organization(self) -> str:
        """The organization that the journal belongs to."""
        return self._organization

    @property
    def _projections(self) -> Mapping[str, Projection]:
        return self._store._projections

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        expected_versions: Mapping[str, int],
        rows: Sequence[Row] = (),
        snapshots: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        """Append events, provided that every stream is at its expected version."""
        plan = check_append(events, expected_versions, rows, snapshots, self._projections)
        tables = self._tables
        with self._lock:
            self._check_current()
            heads = {
                name: tables.streams[name].head
                for name, _ in plan.expected_versions
                if name in tables.streams
            }
            check_expected_versions(plan.expected_versions, heads)
            for event in plan.events:
                if event.id in tables.event_ids:
                    raise duplicate_id_error(event.id)
            for new_rows in plan.rows.values():
                for projection, key in new_rows:
                    owner, _ = tables.rows.get((projection, key), ("", ()))
                    if owner and owner not in plan.rows:
                        raise key_taken_error(projection, key, owner)
            erased = [
                (self._erasable(event.stream, version, name), name)
                for event in plan.events
                for version, names in event.erases.items()
                for name in names
            ]
            # Invariant: no statement below can fail, so the append is atomic.
            if not tables.events:
                tables.declaration = self._store._declaration
            sealed_events = [self._add(event) for event in plan.events]
            for values, name in erased:
                values[name] = ERASED
            # Rows of all streams are removed first, because a key may move to another stream.
            for name, new_rows in plan.rows.items():
                self._remove_rows(tables.streams[name].rows, new_rows)
            for name, new_rows in plan.rows.items():
                self._set_head(name, plan.snapshots[name], new_rows)
            return tuple(map(open_new, sealed_events, plan.events))

    def _check_current(self) -> None:
        if not self._is_current():
            raise stale_projection_error(self._organization)

    def _is_current(self) -> bool:
        """Return whether the rows were written for the currently declared projections."""
        tables = self._tables
        return not tables.events or tables.declaration == self._store._declaration

    def _erasable(self, stream: str, version: int, name: str) -> PersonalValues:
        """Return an event's personal values. Raise an error if they do not include *name*."""
        values = self._tables.personal.get((stream, version), {})
        if name not in values:
            raise nothing_to_erase_error(stream, version, name)
        return values

    def _add(self, event: NewEvent) -> SealedEvent:
        tables = self._tables
        stream = tables.streams.setdefault(event.stream, _Stream())
        sealed = seal(
            event,
            organization=self._organization,
            position=len(tables.events) + 1,
            version=stream.head.version + 1,
            prev=stream.head.hash,
        )
        stream.head = StreamHead(sealed.version, sealed.hash, stream.head.rows)
        stream.events.append(sealed)
        tables.events.append(sealed)
        tables.event_ids.add(event.id)
        if event.personal:
            tables.personal[event.stream, sealed.version] = personal_values(event)
        return sealed

    def _remove_rows(self, old: StreamRows, new: StreamRows) -> None:
        """Remove the rows that the stream no longer has, and the leases of rows that change."""
        for place, values in old.items():
            if new.get(place) != values:
                name, key = place
                del self._tables.rows[place]
                self._tables.indexes[name].remove(key, values)
                if name == DUE:
                    self._tables.leases.pop(key, None)

    def _set_head(self, name: str, snapshot: bytes, rows: StreamRows) -> None:
        stream = self._tables.streams[name]
        for (projection, key), values in rows.items():
            if (projection, key) not in self._tables.rows:
                self._index(projection).add(key, values)
            self._tables.rows[projection, key] = (name, values)
        version, hash_, text = stream.head.version, stream.head.hash, dump_rows(rows)
        stream.head = StreamHead(version, hash_, text)
        stream.snapshot = snapshot
        stream.rows = dict(rows)
        stream.checksum = head_checksum(self._organization, name, version, hash_, text, snapshot)

    def _index(self, projection: str) -> _Index:
        indexes = self._tables.indexes
        if projection not in indexes:
            indexes[projection] = _Index(self._projections[projection])
        return indexes[projection]

    def _open(self, sealed: Iterable[SealedEvent]) -> tuple[Event, ...]:
        personal = self._tables.personal
        return tuple(open_event(e, personal.get((e.stream, e.version), {})) for e in sealed)

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """Return the events of *stream* after version *after*, in order."""
        with self._lock:
            known = self._tables.streams.get(stream)
            return () if known is None else self._open(known.events[max(after, 0) :])

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        """Return the version and the snapshot of *stream*, or ``(0, b"")`` if it does not exist."""
        with self._lock:
            known = self._tables.streams.get(stream)
            return (0, b"") if known is None else (known.head.version, known.snapshot)

    def snapshots(self, streams: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        """Return the version and snapshot of each of these streams, like `snapshot`."""
        with self._lock:
            return {stream: self.snapshot(stream) for stream in streams}

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Return up to *limit* events after position *after*, by position."""
        check_limit(limit)
        start = max(after, 0)
        with self._lock:
            return self._open(self._tables.events[start : start + limit])

    def streams(self) -> tuple[str, ...]:
        """Return the names of all streams that have events, sorted."""
        with self._lock:
            return tuple(sorted(self._tables.streams))

    def query(
        self,
        projection: str,
        *,
        where: Mapping[str, Column | tuple[Column, ...]] | None = None,
        after: Row | None = None,
        limit: int = 100,
    ) -> tuple[Row, ...]:
        """Return up to *limit* rows of a projection, sorted; see `BoundStore.query`."""
        declared, conditions, start = check_query(
            self._projections, projection, where, after, limit
        )
        allowed_by_number = {declared.columns.index(name): allowed for name, allowed in conditions}
        matches = []
        with self._lock:
            self._check_current()
            floor = None if start is None else sort_key(start)
            for key in self._index(projection).keys(conditions, floor):
                stream, values = self._tables.rows[projection, key]
                if all(values[n] in allowed for n, allowed in allowed_by_number.items()):
                    matches.append(make_row(declared, key, stream, values))
                    if len(matches) == limit:
                        break
        return tuple(matches)

    def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        """Lease due rows to *worker* and return them; see `BoundStore.due`."""
        declared = check_due(self._projections, limit, worker, lease_s)
        at = declared.columns.index("at")
        until, real_now, last = lease_end(now, lease_s), microseconds(now), microseconds(before)
        free = []
        with self._lock:
            self._check_current()
            leases = self._tables.leases
            for key in self._index(DUE).keys((), None):
                stream, values = self._tables.rows[DUE, key]
                instant = values[at]
                if not isinstance(instant, int):
                    continue
                if instant > last:
                    if declared.sorted_by[:1] == ("at",):
                        break
                    continue
                holder, end = leases.get(key, (worker, 0))
                if holder == worker or end <= real_now:
                    free.append((instant, key, stream, values))
                    if len(free) == limit and declared.sorted_by == ("at",):
                        break
            free.sort(key=lambda match: match[:2])
            for _, key, _, _ in free[:limit]:
                leases[key] = (worker, until)
        return tuple(make_row(declared, key, stream, v) for _, key, stream, v in free[:limit])

    def release(self, rows: Sequence[Row], *, worker: str) -> None:
        """End the leases that *worker* has on these rows, but no leases of other workers."""
        leases = self._tables.leases
        with self._lock:
            for row in rows:
                if row.projection == DUE and leases.get(row.key, ("", 0))[0] == worker:
                    del leases[row.key]

    def reindex(self, reducer: Reducer, *, progress: Progress | None = None) -> ReindexReport:
        """Rebuild every snapshot and projection row from the events; see `BoundStore.reindex`."""
        tables = self._tables
        with self._lock:
            rebuilt: dict[str, tuple[bytes, StreamRows]] = {}
            owners: dict[tuple[str, str], str] = {}
            done = 0
            for name, stream in tables.streams.items():
                done += len(stream.events)
                if progress is not None:
                    progress(done, len(tables.events))
                snapshot, new_rows = reducer(name, self._open(stream.events))
                if type(snapshot) is not bytes:
                    raise InvalidValueError(
                        f"the reducer's snapshot of `{name}` is not of type bytes",
                        value=snapshot,
                    )
                collected: dict[str, StreamRows] = {name: {}}
                collect_rows(new_rows, collected, self._projections)
                for place in collected[name]:
                    if owners.setdefault(place, name) != name:
                        raise key_taken_error(*place, owners[place])
                rebuilt[name] = (snapshot, collected[name])
            before: dict[str, StreamRows] = {}
            for place, (name, values) in tables.rows.items():
                before.setdefault(name, {})[place] = values
            changed = [
                name
                for name, (snapshot, rows) in rebuilt.items()
                if tables.streams[name].snapshot != snapshot
                or not tables.streams[name].rows == before.get(name, {}) == rows
            ]
            tables.rows.clear()
            tables.indexes.clear()
            tables.leases.clear()
            tables.declaration = self._store._declaration
            for name, (snapshot, rows) in rebuilt.items():
                self._set_head(name, snapshot, rows)
            return ReindexReport(
                streams=len(rebuilt),
                events=len(tables.events),
                rows=len(tables.rows),
                changed=tuple(sorted(changed)),
            )

    def audit(
        self,
        *,
        anchor: Anchor | None = None,
        reducer: Reducer | None = None,
        progress: Progress | None = None,
    ) -> AuditReport:
        """Look for stored data that differ from what was written; see `BoundStore.audit`."""
        tables = self._tables
        with self._lock:
            current = self._is_current()
            names = sorted(tables.streams)
            events = tables.events
            stored = StoredJournal(
                organization=self._organization,
                events=sorted(events, key=itemgetter(2, 3)),
                positions=((event.position, event.hash) for event in events),
                ids=((e.id, e.stream, e.version, e.position) for e in sorted(events, key=_id)),
                heads=(
                    (name, s.head.version, s.head.hash, s.snapshot, s.head.rows, s.checksum)
                    for name, s in ((name, tables.streams[name]) for name in names)
                ),
                counter=len(events) or None,
                personal=(
                    (*place, name, salt, value)
                    for place in sorted(tables.personal)
                    for name, (salt, value) in tables.personal[place].items()
                ),
                rows=(
                    (stream, projection, key, values)
                    for (projection, key), (stream, values) in sorted(
                        tables.rows.items(), key=lambda row: row[1][0]
                    )
                )
                if current
                else None,
                problems=()
                if current
                else [
                    Damage(
                        place="projections",
                        problem="the rows were written for other projections; call reindex",
                    )
                ],
            )
            return audit_journal(
                stored,
                projections=self._projections,
                anchor=anchor,
                reducer=reducer,
                progress=progress,
            )


def _id(event: SealedEvent) -> tuple[str, int]:
    return event.id, event.position
