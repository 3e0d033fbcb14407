"""The reference store: journals in memory, gone with the process."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping, Sequence

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id
from socialcollab.stores.building.appending import (
    Head,
    Rows,
    Values,
    check_expectations,
    checksum_of,
    gather,
    not_erasable,
    prepare,
    rows_text,
    taken,
    used,
)
from socialcollab.stores.building.auditing import Stored, audit
from socialcollab.stores.building.envelope import (
    ERASED,
    Personal,
    Sealed,
    event_of,
    personal_of,
    seal,
)
from socialcollab.stores.building.querying import (
    Where,
    check_due,
    check_limit,
    check_query,
    lease_end,
    row_of,
)
from socialcollab.stores.events import Event, NewEvent, microseconds
from socialcollab.stores.protocol import Reducer
from socialcollab.stores.reports import Anchor, AuditReport, ReindexReport
from socialcollab.stores.rows import DUE, Column, Projection, Row, check_projections, sort_key


@attrs.define
class _Kept:
    """A stream's head as it is kept; `checksum` covers the rest."""

    head: Head
    snapshot: bytes
    checksum: str


@attrs.define
class _Journal:
    """All that is kept for one organization."""

    events: list[Sealed] = attrs.field(factory=list)
    by_stream: dict[str, list[Sealed]] = attrs.field(factory=dict)
    ids: set[str] = attrs.field(factory=set)
    kept: dict[str, _Kept] = attrs.field(factory=dict)
    personal: dict[tuple[str, int], Personal] = attrs.field(factory=dict)
    rows: dict[tuple[str, str], tuple[str, Values]] = attrs.field(factory=dict)
    listed: dict[str, Rows] = attrs.field(factory=dict)
    leases: dict[str, tuple[str, int]] = attrs.field(factory=dict)


class MemoryStore:
    """
    Journals kept in memory, for tests, simulations and one-off runs.

    It keeps every promise of a store but one: it does not outlive its process.
    Threads may share it.

    >>> MemoryStore().for_organization("northwind").snapshot("post/p1")
    (0, b'')

    Args:
        indexes: The indexes that rows may be in.
    """

    def __init__(self, projections: Sequence[Projection] = ()) -> None:
        self._projections = check_projections(projections)
        self._journals: dict[str, _Journal] = {}
        self._lock = threading.RLock()

    def for_organization(self, organization: str) -> MemoryJournal:
        """Return the journal of *organization*, which need not exist yet."""
        name = check_id("organization", organization)
        with self._lock:
            journal = self._journals.setdefault(name, _Journal())
        return MemoryJournal(name, journal, self._projections, self._lock)

    def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have an event, sorted."""
        with self._lock:
            return tuple(sorted(name for name, j in self._journals.items() if j.events))

    def compact(self) -> None:
        """Do nothing: what was erased is gone."""

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


class MemoryJournal:
    """The journal of one organization in a `MemoryStore`; see `BoundStore`."""

    def __init__(
        self,
        organization: str,
        journal: _Journal,
        projections: Mapping[str, Projection],
        lock: threading.RLock,
    ) -> None:
        self._organization = organization
        self._journal = journal
        self._projections = projections
        self._lock = lock

    @property
    def organization(self) -> str:
        """The organization that it is bound to."""
        return self._organization

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        expected_versions: Mapping[str, int],
        rows: Sequence[Row] = (),
        snapshots: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        """Append events if every expected stream is at its version; see `BoundStore.append`."""
        plan = prepare(events, expected_versions, rows, snapshots, self._projections)
        journal = self._journal
        with self._lock:
            heads = {
                s: journal.kept[s].head for s, _ in plan.expected_versions if s in journal.kept
            }
            check_expectations(plan.expected_versions, heads)
            for event in plan.events:
                if event.id in journal.ids:
                    raise used(event.id)
            for rows_of_stream in plan.rows.values():
                for name, key in rows_of_stream:
                    owner, _ = journal.rows.get((name, key), ("", ()))
                    if owner and owner not in plan.rows:
                        raise taken(name, key, owner)
            erased = [
                (self._personal(event.stream, version, name), name)
                for event in plan.events
                for version, names in event.erases.items()
                for name in names
            ]
            # Everything is checked: from here on nothing can fail half-way.
            ends = {s: heads.get(s, Head(0, "", "[]")) for s in plan.rows}
            sealed_events = []
            for event in plan.events:
                end = ends[event.stream]
                sealed = seal(
                    event,
                    organization=self._organization,
                    position=len(journal.events) + 1,
                    version=end.version + 1,
                    prev=end.hash,
                )
                ends[event.stream] = Head(end.version + 1, sealed[14], end.rows)
                journal.events.append(sealed)
                journal.by_stream.setdefault(event.stream, []).append(sealed)
                journal.ids.add(event.id)
                if event.personal:
                    journal.personal[event.stream, sealed[3]] = personal_of(event)
                sealed_events.append(sealed)
            for values, name in erased:
                values[name] = ERASED
            for stream in plan.rows:
                self._unlist(stream, plan.rows[stream])
            for stream, new_rows in plan.rows.items():
                head = ends[stream]
                self._keep(stream, head.version, head.hash, plan.snapshots[stream], new_rows)
            return tuple(self._open(sealed) for sealed in sealed_events)

    def _personal(self, stream: str, version: int, name: str) -> Personal:
        """Return the personal values that *name* is one of, or refuse to erase it."""
        values = self._journal.personal.get((stream, version), {})
        if name not in values:
            raise not_erasable(stream, version, name)
        return values

    def _unlist(self, stream: str, rows: Rows) -> None:
        """Drop the stream's rows that are not to be, and the leases on those that change."""
        for at, values in self._journal.listed.get(stream, {}).items():
            if rows.get(at) != values:
                del self._journal.rows[at]
                if at[0] == DUE:
                    self._journal.leases.pop(at[1], None)

    def _keep(self, stream: str, version: int, hash_: str, snapshot: bytes, rows: Rows) -> None:
        journal = self._journal
        journal.rows.update({at: (stream, values) for at, values in rows.items()})
        journal.listed[stream] = dict(rows)
        text = rows_text(rows)
        checksum = checksum_of(self._organization, stream, version, hash_, text, snapshot)
        journal.kept[stream] = _Kept(Head(version, hash_, text), snapshot, checksum)

    def _open(self, sealed: Sealed) -> Event:
        return event_of(sealed, self._journal.personal.get((sealed[2], sealed[3]), {}))

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """Return the events of *stream* past version *after*, in order."""
        with self._lock:
            found = self._journal.by_stream.get(stream, [])[max(after, 0) :]
            return tuple(self._open(sealed) for sealed in found)

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        """Return the version and the record of *stream*; ``(0, b"")`` if it is absent."""
        with self._lock:
            kept = self._journal.kept.get(stream)
            return (0, b"") if kept is None else (kept.head.version, kept.snapshot)

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Return up to *limit* events past position *after*, by position."""
        check_limit(limit)
        start = max(after, 0)
        with self._lock:
            return tuple(self._open(s) for s in self._journal.events[start : start + limit])

    def streams(self) -> tuple[str, ...]:
        """Return the names of all streams that have an event, sorted."""
        with self._lock:
            return tuple(sorted(self._journal.kept))

    def query(
        self,
        projection: str,
        *,
        where: Mapping[str, Column | tuple[Column, ...]] | None = None,
        after: Row | None = None,
        limit: int = 100,
    ) -> tuple[Row, ...]:
        """Return up to *limit* rows of *index*, sorted; see `BoundStore.query`."""
        declared, wanted, start = check_query(self._projections, projection, where, after, limit)
        places = [declared.columns.index(name) for name in declared.sorted_by]
        floor = None if start is None else sort_key(start)
        with self._lock:
            found = []
            for (name, key), (stream, values) in self._journal.rows.items():
                if name == projection and _matches(declared, values, wanted):
                    order = sort_key((*[values[place] for place in places], key))
                    if floor is None or order > floor:
                        found.append((order, key, stream, values))
        found.sort(key=lambda item: item[0])
        return tuple(row_of(declared, key, stream, v) for _, key, stream, v in found[:limit])

    def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        """Lease due rows to *worker* and return them; see `BoundStore.due`."""
        declared = check_due(self._projections, limit, worker, lease_s)
        at = declared.columns.index("at")
        until, real, last = lease_end(now, lease_s), microseconds(now), microseconds(before)
        with self._lock:
            leases = self._journal.leases
            found = []
            for (name, key), (stream, values) in self._journal.rows.items():
                instant = values[at] if name == DUE else None
                if not isinstance(instant, int) or instant > last:
                    continue
                holder, end = leases.get(key, (worker, 0))
                if holder == worker or end <= real:
                    found.append((instant, key, stream, values))
            found.sort(key=lambda item: item[:2])
            for _, key, _, _ in found[:limit]:
                leases[key] = (worker, until)
        return tuple(row_of(declared, key, stream, v) for _, key, stream, v in found[:limit])

    def release(self, rows: Sequence[Row], *, worker: str) -> None:
        """End the leases that *worker* holds on these rows; others stay."""
        with self._lock:
            for row in rows:
                if (
                    row.projection == DUE
                    and self._journal.leases.get(row.key, ("", 0))[0] == worker
                ):
                    del self._journal.leases[row.key]

    def reindex(self, reducer: Reducer) -> ReindexReport:
        """Rebuild every record and projection row from the events; see `BoundStore.reindex`."""
        journal = self._journal
        with self._lock:
            made: dict[str, tuple[bytes, Rows]] = {}
            owners: dict[tuple[str, str], str] = {}
            for stream, sealed in journal.by_stream.items():
                snapshot, reduced = reducer(stream, tuple(self._open(s) for s in sealed))
                checked: dict[str, Rows] = {stream: {}}
                gather(reduced, checked, self._projections)
                if type(snapshot) is not bytes:
                    raise InvalidValueError(f"the record of `{stream}` is no bytes", value=snapshot)
                for at in checked[stream]:
                    if owners.setdefault(at, stream) != stream:
                        raise taken(*at, owners[at])
                made[stream] = (snapshot, checked[stream])
            before: dict[str, Rows] = {}
            for at, (stream, values) in journal.rows.items():
                before.setdefault(stream, {})[at] = values
            changed = [
                stream
                for stream, (snapshot, rows) in made.items()
                if journal.kept[stream].snapshot != snapshot
                or not journal.listed[stream] == before.get(stream, {}) == rows
            ]
            journal.rows.clear()
            journal.leases.clear()
            for stream, (snapshot, rows) in made.items():
                head = journal.kept[stream].head
                self._keep(stream, head.version, head.hash, snapshot, rows)
            return ReindexReport(
                streams=len(made),
                events=len(journal.events),
                rows=len(journal.rows),
                changed=tuple(sorted(changed)),
            )

    def audit(self, *, anchor: Anchor | None = None, reducer: Reducer | None = None) -> AuditReport:
        """Look for all that cannot be what was written; see `BoundStore.audit`."""
        journal = self._journal
        with self._lock:
            stored = Stored(
                organization=self._organization,
                events=journal.events,
                heads=[
                    (s, k.head.version, k.head.hash, k.snapshot, k.head.rows, k.checksum)
                    for s, k in journal.kept.items()
                ],
                counter=len(journal.events) or None,
                personal=[
                    (stream, version, name, salt, value)
                    for (stream, version), values in journal.personal.items()
                    for name, (salt, value) in values.items()
                ],
                rows=[(i, k, stream, values) for (i, k), (stream, values) in journal.rows.items()],
            )
            return audit(stored, projections=self._projections, anchor=anchor, reducer=reducer)


def _matches(declared: Projection, values: Values, wanted: Where) -> bool:
    return all(values[declared.columns.index(name)] in allowed for name, allowed in wanted)
