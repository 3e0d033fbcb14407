"""Stores that break a promise about projections, due rows or leases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from socialcollab.stores import Event, NewEvent, Projection, Row
from socialcollab.testing.broken_stores.broken import BrokenJournal, BrokenStore
from socialcollab.testing.threads import yield_to_threads

_ALL = 2**31


class KeepsOldRows(BrokenJournal):
    """Rows are never removed."""

    breaks: ClassVar[str] = "S10"

    def _remove_rows(self, old: Any, new: Any) -> None:
        _ = old, new


class UpdatesRowsLate(BrokenJournal):
    """Queries return the rows before the last append, as if projections were updated later."""

    breaks: ClassVar[str] = "S10"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        self._shown = dict(self._tables.rows)
        return super().append(events, **rest)

    def query(self, projection: str, **rest: Any) -> tuple[Row, ...]:
        with self._lock:
            present = dict(self._tables.rows)
            try:
                self._tables.rows = getattr(self, "_shown", present)
                return super().query(projection, **rest)
            finally:
                self._tables.rows = present


class StealsKeys(BrokenJournal):
    """A new row replaces a row of another stream that has the same key."""

    breaks: ClassVar[str] = "S11"

    def append(
        self, events: Sequence[NewEvent], *, rows: Sequence[Row] = (), **rest: Any
    ) -> tuple[Event, ...]:
        with self._lock:
            for row in rows:
                place = (row.projection, row.key)
                owner, _ = self._tables.rows.get(place, ("", ()))
                if owner and owner != row.stream:
                    del self._tables.rows[place]
                    self._tables.streams[owner].rows.pop(place)
            return super().append(events, rows=rows, **rest)


class SortsNoneLast(BrokenJournal):
    """Rows with None sort last, as in PostgreSQL without NULLS FIRST."""

    breaks: ClassVar[str] = "S12"

    def query(self, projection: str, *, limit: int = 100, **rest: Any) -> tuple[Row, ...]:
        rows = super().query(projection, limit=_ALL, **rest)
        first = self._projections[projection].sorted_by[:1]
        ordered = sorted(rows, key=lambda row: [row.columns[name] is None for name in first])
        return tuple(ordered[:limit])


class RestartsPaging(BrokenJournal):
    """If the last row of a page has been removed, the next page starts from the beginning."""

    breaks: ClassVar[str] = "S13"

    def query(
        self, projection: str, *, after: Row | None = None, limit: int = 100, **rest: Any
    ) -> tuple[Row, ...]:
        rows = super().query(projection, limit=_ALL, **rest)
        start = rows.index(after) + 1 if after in rows else 0
        return rows[start : start + limit]


class IgnoresDueLimit(BrokenJournal):
    """More due rows are leased than the limit allows."""

    breaks: ClassVar[str] = "S14"

    def due(self, *, limit: int, **rest: Any) -> tuple[Row, ...]:
        return super().due(limit=limit * 100, **rest)


class LeasesTwice(BrokenJournal):
    """Existing leases are ignored."""

    breaks: ClassVar[str] = "S15"

    def due(self, **rest: Any) -> tuple[Row, ...]:
        with self._lock:
            self._tables.leases.clear()
            return super().due(**rest)


class NeverReleases(BrokenJournal):
    """A lease ends only when it expires."""

    breaks: ClassVar[str] = "S16"

    def release(self, rows: Sequence[Row], *, worker: str) -> None:
        _ = rows, worker


class LeasesWithoutLock(BrokenJournal):
    """Due rows are read first and leased in a second step."""

    breaks: ClassVar[str] = "S26"

    def due(self, **rest: Any) -> tuple[Row, ...]:
        with self._lock:
            before = dict(self._tables.leases)
            rows = super().due(**rest)
            taken = dict(self._tables.leases)
            self._tables.leases.clear()
            self._tables.leases.update(before)
        yield_to_threads()
        with self._lock:
            self._tables.leases.update(taken)
        return rows


class ReplacesProjections(BrokenStore):
    """Any projections are accepted, even if the rows were written for other projections."""

    breaks: ClassVar[str] = "S34"

    def ensure_projections(self, projections: Sequence[Projection]) -> None:
        self._projections = {projection.name: projection for projection in projections}


class HidesStaleRows(BrokenJournal):
    """Rows that were written for other projections are returned as if they were complete."""

    breaks: ClassVar[str] = "S34"

    def _is_current(self) -> bool:
        return True
