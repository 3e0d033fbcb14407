"""Stores that break a promise about isolation, reindexing, audits, erasure or damage."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import attrs

from socialcollab.errors import StoreUnavailableError
from socialcollab.stores import (
    AuditReport,
    Damage,
    Event,
    NewEvent,
    ReindexReport,
    Row,
    envelope_hash,
)
from socialcollab.stores.toolkit import ERASED, SealedEvent
from socialcollab.testing.broken_stores.broken import BrokenJournal, BrokenStore


class ReadsAcrossOrganizations(BrokenJournal):
    """A query returns the rows of all organizations."""

    breaks: ClassVar[str] = "S17"

    def query(self, projection: str, **rest: Any) -> tuple[Row, ...]:
        rows: list[Row] = []
        for name in self._store.organizations():
            own, self._tables = self._tables, self._store._tables[name]
            rows += super().query(projection, **rest)
            self._tables = own
        return tuple(rows[: rest.get("limit", 100)])


class SkipsBetweenPages(BrokenJournal):
    """Each page of events after the first one skips an event."""

    breaks: ClassVar[str] = "S18"

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        return super().read_all(after=after + (after > 0), limit=limit)


class CapsPagesOfEvents(BrokenJournal):
    """A page contains at most 1,000 events, even if its limit is larger."""

    breaks: ClassVar[str] = "S18"

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        return super().read_all(after=after, limit=min(limit, 1000))


class SortsByStream(BrokenJournal):
    """Pages of events are sorted by stream."""

    breaks: ClassVar[str] = "S18"

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        return tuple(sorted(super().read_all(after=after, limit=limit), key=lambda e: e.stream))


class DoesNotRebuild(BrokenJournal):
    """A reindex reports changes but does not make them, so an incorrect snapshot remains."""

    breaks: ClassVar[str] = "S19"

    def reindex(self, reducer: Any, **rest: Any) -> ReindexReport:
        streams = {name: attrs.evolve(stream) for name, stream in self._tables.streams.items()}
        rows, indexes = dict(self._tables.rows), dict(self._tables.indexes)
        report = super().reindex(reducer, **rest)
        self._tables.streams.update(streams)
        self._tables.rows, self._tables.indexes = rows, indexes
        return report


class ReindexesWithoutLock(BrokenJournal):
    """A reindex reads the events first and locks the journal only to store the results."""

    breaks: ClassVar[str] = "S19"

    def reindex(self, reducer: Any, **rest: Any) -> ReindexReport:
        results = {name: reducer(name, self.read(name)) for name in self.streams()}
        return super().reindex(
            lambda name, events: results.get(name) or reducer(name, events), **rest
        )


class AuditsEventsOnly(BrokenJournal):
    """An audit ignores the reducer."""

    breaks: ClassVar[str] = "S20"

    def audit(self, **rest: Any) -> AuditReport:
        return super().audit(**{**rest, "reducer": None})


class IgnoresAnchors(BrokenJournal):
    """An audit ignores the anchor, so it does not detect a truncated journal."""

    breaks: ClassVar[str] = "S21"

    def audit(self, **rest: Any) -> AuditReport:
        return super().audit(**{**rest, "anchor": None})


class ClosesOnce(BrokenStore):
    """Closing a second time fails."""

    breaks: ClassVar[str] = "S22"
    _closed = False

    def close(self) -> None:
        if self._closed:
            raise StoreUnavailableError("the store has already been closed")
        self._closed = True


class ReportsEverythingChanged(BrokenJournal):
    """A reindex reports every stream as changed."""

    breaks: ClassVar[str] = "S27"

    def reindex(self, reducer: Any, **rest: Any) -> ReindexReport:
        return attrs.evolve(super().reindex(reducer, **rest), changed=self.streams())


class KeepsErasedValues(BrokenJournal):
    """Tombstones are stored, but the values that they name remain readable."""

    breaks: ClassVar[str] = "S28"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        with self._lock:
            before = copy.deepcopy(self._tables.personal)
            stored = super().append(events, **rest)
            self._tables.personal.update(before)
            return stored


class RemembersPages(BrokenJournal):
    """Full pages of events are cached, even though an erasure changes them."""

    breaks: ClassVar[str] = "S28"

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        pages: dict[tuple[int, int], tuple[Event, ...]] = self.__dict__.setdefault("_pages", {})
        if (after, limit) not in pages:
            page = super().read_all(after=after, limit=limit)
            if len(page) < limit:
                return page
            pages[after, limit] = page
        return pages[after, limit]


class ErasesTooMuch(BrokenJournal):
    """A tombstone erases all personal values of an event, not only the values that it names."""

    breaks: ClassVar[str] = "S28"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        with self._lock:
            stored = super().append(events, **rest)
            for event in events:
                for version in event.erases:
                    values = self._tables.personal[event.stream, version]
                    values.update(dict.fromkeys(values, ERASED))
            return stored


class ErasesBeforeChecking(BrokenJournal):
    """A tombstone erases values before it is rejected."""

    breaks: ClassVar[str] = "S29"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        with self._lock:
            for event in events:
                for version, names in event.erases.items():
                    values = self._tables.personal.get((event.stream, version), {})
                    values.update({name: ERASED for name in names if name in values})
            return super().append(events, **rest)


class ReportsErasureAsDamage(BrokenJournal):
    """An audit reports erased values as lost."""

    breaks: ClassVar[str] = "S30"

    def audit(self, **rest: Any) -> AuditReport:
        report = super().audit(**rest)
        if not report.erased:
            return report
        lost = Damage(place="personal values", problem="some values are missing")
        return attrs.evolve(report, findings=(*report.findings, lost))


class OverlooksLostValues(BrokenJournal):
    """An audit treats missing values as erased."""

    breaks: ClassVar[str] = "S30"

    def audit(self, **rest: Any) -> AuditReport:
        report = super().audit(**rest)
        findings = tuple(damage for damage in report.findings if "missing" not in damage.problem)
        return attrs.evolve(report, findings=findings)


class KeepsCopies(BrokenJournal):
    """Erased values are no longer returned, but a copy remains."""

    breaks: ClassVar[str] = "S31"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        stored = super().append(events, **rest)
        for event in stored:
            if event.personal:
                self._tables.leases[str(event.personal)] = ("copy", 0)
        return stored


class DoesNotCompareHashes(BrokenJournal):
    """Events are read without comparing their hashes."""

    breaks: ClassVar[str] = "S32"

    def _open(self, sealed: Iterable[SealedEvent]) -> tuple[Event, ...]:
        return super()._open([e._replace(hash=envelope_hash(*e[:14])) for e in sealed])


class DoesNotRebuildRows(BrokenJournal):
    """A reindex rebuilds snapshots, but does not change existing rows."""

    breaks: ClassVar[str] = "S33"

    def reindex(self, reducer: Any, **rest: Any) -> ReindexReport:
        rows, indexes = dict(self._tables.rows), dict(self._tables.indexes)
        report = super().reindex(reducer, **rest)
        if all(place in self._tables.rows for place in rows):
            self._tables.rows, self._tables.indexes = rows, indexes
        return report


class ReportsNoProgress(BrokenJournal):
    """An audit and a reindex do not call the *progress* function."""

    breaks: ClassVar[str] = "S37"

    def audit(self, **rest: Any) -> AuditReport:
        return super().audit(**{**rest, "progress": None})
