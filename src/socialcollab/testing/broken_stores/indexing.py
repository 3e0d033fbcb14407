"""Stores that break a promise of indexes, of due rows or of leases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from socialcollab.stores import Event, NewEvent, Row
from socialcollab.testing.broken_stores.broken import BrokenJournal
from socialcollab.testing.store_laws.scene import anothers_turn

_ALL = 2**31


class LeavesIndexBehind(BrokenJournal):
    """It never takes a row back."""

    breaks: ClassVar[str] = "S10"

    def _unlist(self, stream: str, rows: Any) -> None:
        _ = stream, rows


class IndexesLater(BrokenJournal):
    """Its projection is an append behind, as one that is brought up to date by the way."""

    breaks: ClassVar[str] = "S10"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        self._shown = dict(self._journal.rows)
        return super().append(events, **rest)

    def query(self, projection: str, **rest: Any) -> tuple[Row, ...]:
        with self._lock:
            now = dict(self._journal.rows)
            try:
                self._journal.rows = getattr(self, "_shown", now)
                return super().query(projection, **rest)
            finally:
                self._journal.rows = now


class StealsKeys(BrokenJournal):
    """A row that it is given replaces another stream's of the same key."""

    breaks: ClassVar[str] = "S11"

    def append(
        self, events: Sequence[NewEvent], *, rows: Sequence[Row] = (), **rest: Any
    ) -> tuple[Event, ...]:
        with self._lock:
            for row in rows:
                owner, _ = self._journal.rows.get((row.projection, row.key), ("", ()))
                if owner and owner != row.stream:
                    del self._journal.rows[row.projection, row.key]
                    self._journal.listed[owner].pop((row.projection, row.key))
            return super().append(events, rows=rows, **rest)


class SortsNothingLast(BrokenJournal):
    """It puts rows without a value at the end, as PostgreSQL does unless it is told."""

    breaks: ClassVar[str] = "S12"

    def query(self, projection: str, *, limit: int = 100, **rest: Any) -> tuple[Row, ...]:
        found = super().query(projection, limit=_ALL, **rest)
        first = self._projections[projection].sorted_by[:1]
        ordered = sorted(found, key=lambda row: [row.columns[name] is None for name in first])
        return tuple(ordered[:limit])


class LosesItsPlace(BrokenJournal):
    """It goes on after a row by looking it up, and starts again if that row is gone."""

    breaks: ClassVar[str] = "S13"

    def query(
        self, projection: str, *, after: Row | None = None, limit: int = 100, **rest: Any
    ) -> tuple[Row, ...]:
        found = super().query(projection, limit=_ALL, **rest)
        start = found.index(after) + 1 if after in found else 0
        return found[start : start + limit]


class GivesAllThatIsDue(BrokenJournal):
    """It leases more rows than it was asked for."""

    breaks: ClassVar[str] = "S14"

    def due(self, *, limit: int, **asked: Any) -> tuple[Row, ...]:
        return super().due(limit=limit * 100, **asked)


class LeasesTwice(BrokenJournal):
    """It forgets who holds a lease."""

    breaks: ClassVar[str] = "S15"

    def due(self, **asked: Any) -> tuple[Row, ...]:
        with self._lock:
            self._journal.leases.clear()
            return super().due(**asked)


class NeverReleases(BrokenJournal):
    """A lease that it gave runs to its end, whatever happens."""

    breaks: ClassVar[str] = "S16"

    def release(self, rows: Sequence[Row], *, worker: str) -> None:
        _ = rows, worker


class LeasesWithoutLock(BrokenJournal):
    """It reads the due rows first and leases them afterwards."""

    breaks: ClassVar[str] = "S26"

    def due(self, **asked: Any) -> tuple[Row, ...]:
        with self._lock:
            before = dict(self._journal.leases)
            rows = super().due(**asked)
            taken = dict(self._journal.leases)
            self._journal.leases.clear()
            self._journal.leases.update(before)
        anothers_turn()
        with self._lock:
            self._journal.leases.update(taken)
        return rows
