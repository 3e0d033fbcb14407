"""Stores that break a promise about projections, due rows or leases."""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs

from socialcollab.stores import Column, Event, NewEvent, Projection, Row
from socialcollab.testing.broken_stores.broken import BrokenJournal, BrokenStore
from socialcollab.testing.threads import yield_to_threads

_ALL = 2**31


class KeepsOldRows(BrokenJournal):
    """Rows are never removed."""

    breaks: ClassVar[str] = "S10"

    def _remove_rows(self, old: Any, new: Any) -> None:
        _ = old, new


class UpdatesRowsLate(BrokenJournal):
    """Queries return the rows from before the last append, as if projections were updated later."""

    breaks: ClassVar[str] = "S10"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        self._shown = dict(self._tables.rows), copy.deepcopy(self._tables.indexes)
        return super().append(events, **rest)

    def query(self, projection: str, **rest: Any) -> tuple[Row, ...]:
        with self._lock:
            present = self._tables.rows, self._tables.indexes
            try:
                self._tables.rows, self._tables.indexes = getattr(self, "_shown", present)
                return super().query(projection, **rest)
            finally:
                self._tables.rows, self._tables.indexes = present


class StealsKeys(BrokenJournal):
    """A new row replaces a row of another stream that has the same key."""

    breaks: ClassVar[str] = "S11"

    def append(
        self, events: Sequence[NewEvent], *, rows: Sequence[Row] = (), **rest: Any
    ) -> tuple[Event, ...]:
        with self._lock:
            for row in rows:
                place = (row.projection, row.key)
                owner, values = self._tables.rows.get(place, ("", ()))
                if owner and owner != row.stream:
                    del self._tables.rows[place]
                    self._tables.indexes[row.projection].remove(row.key, values)
                    self._tables.streams[owner].rows.pop(place)
            return super().append(events, rows=rows, **rest)


class ForgetsToIndexChanges(BrokenJournal):
    """An index still refers to a row by the values with which the row was created."""

    breaks: ClassVar[str] = "S12"

    def append(
        self, events: Sequence[NewEvent], *, rows: Sequence[Row] = (), **rest: Any
    ) -> tuple[Event, ...]:
        stored = super().append(events, rows=rows, **rest)
        first: dict[tuple[str, str], Row] = vars(self).setdefault("_first", {})
        for row in rows:
            first.setdefault((row.projection, row.key), row)
        return stored

    def query(
        self, projection: str, *, where: Mapping[str, Any] | None = None, **rest: Any
    ) -> tuple[Row, ...]:
        rows = super().query(projection, where=where, **rest)
        indexes = self._projections[projection].indexes
        names = {name for index in indexes for name in index} & (where or {}).keys()
        first: dict[tuple[str, str], Row] = getattr(self, "_first", {})
        return tuple(
            row
            for row in rows
            if all(
                row.columns[name] == first.get((projection, row.key), row).columns[name]
                for name in names
            )
        )


class SortsNoneLast(BrokenJournal):
    """Rows with None sort last, as in PostgreSQL without NULLS FIRST."""

    breaks: ClassVar[str] = "S12"

    def query(self, projection: str, *, limit: int = 100, **rest: Any) -> tuple[Row, ...]:
        rows = super().query(projection, limit=_ALL, **rest)
        first = self._projections[projection].sorted_by[:1]
        ordered = sorted(rows, key=lambda row: [row.columns[name] is None for name in first])
        return tuple(ordered[:limit])


class _ChangesColumns(BrokenJournal):
    """A journal that changes strings before it stores them in columns."""

    def _changed(self, text: str) -> str:
        raise NotImplementedError

    def append(
        self, events: Sequence[NewEvent], *, rows: Sequence[Row] = (), **rest: Any
    ) -> tuple[Event, ...]:
        changed = [
            attrs.evolve(
                row,
                columns={
                    name: self._changed(value) if isinstance(value, str) else value
                    for name, value in row.columns.items()
                },
            )
            for row in rows
        ]
        return super().append(events, rows=changed, **rest)


class CutsColumns(_ChangesColumns):
    """Strings in columns are truncated at 255 characters."""

    breaks: ClassVar[str] = "S12"

    def _changed(self, text: str) -> str:
        return text[:255]


class TrimsColumns(_ChangesColumns):
    """Trailing spaces of strings in columns are lost, as with the CHAR type."""

    breaks: ClassVar[str] = "S12"

    def _changed(self, text: str) -> str:
        return text.rstrip(" ")


class NormalizesColumns(_ChangesColumns):
    """Strings in columns are stored in normal form C."""

    breaks: ClassVar[str] = "S12"

    def _changed(self, text: str) -> str:
        return unicodedata.normalize("NFC", text)


class IgnoresCase(BrokenJournal):
    """Queries ignore case in comparisons, as with many collations."""

    breaks: ClassVar[str] = "S12"

    def query(
        self,
        projection: str,
        *,
        where: Mapping[str, Any] | None = None,
        limit: int = 100,
        **rest: Any,
    ) -> tuple[Row, ...]:
        super().query(projection, where=where, limit=limit, **rest)  # may raise an error
        folded = {
            name: [_folded(value) for value in (allowed if type(allowed) is tuple else (allowed,))]
            for name, allowed in (where or {}).items()
        }
        rows = super().query(projection, limit=_ALL, **rest)
        found = [
            row
            for row in rows
            if all(_folded(row.columns[name]) in allowed for name, allowed in folded.items())
        ]
        return tuple(found[:limit])


def _folded(value: Column) -> Column:
    return value.casefold() if isinstance(value, str) else value


class CapsPagesOfRows(BrokenJournal):
    """A page contains at most 1,000 rows, even if its limit is larger."""

    breaks: ClassVar[str] = "S13"

    def query(self, projection: str, *, limit: int = 100, **rest: Any) -> tuple[Row, ...]:
        return super().query(projection, limit=min(limit, 1000), **rest)


class CapsDueRows(BrokenJournal):
    """At most 1,000 due rows are returned, even if the limit is larger."""

    breaks: ClassVar[str] = "S14"

    def due(self, *, limit: int, **rest: Any) -> tuple[Row, ...]:
        return super().due(limit=min(limit, 1000), **rest)


class IgnoresShortLeases(BrokenJournal):
    """The length of a lease is stored in whole seconds, so a shorter lease ends immediately."""

    breaks: ClassVar[str] = "S15"

    def due(self, *, lease_s: float, **rest: Any) -> tuple[Row, ...]:
        rows = super().due(lease_s=lease_s, **rest)
        if 0 < lease_s < 1:
            self.release(rows, worker=rest["worker"])
        return rows


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
