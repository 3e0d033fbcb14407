"""Stores that break a promise of keeping, erasing or damage."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs

from socialcollab.errors import StoreUnavailableError
from socialcollab.stores import AuditReport, Damage, Event, NewEvent, ReindexReport, Row
from socialcollab.stores.building import ERASED, Sealed, event_of
from socialcollab.testing.broken_stores.broken import BrokenJournal, BrokenStore


class ReadsAcrossOrganizations(BrokenJournal):
    """Its query forgets whose rows it is asked for."""

    breaks: ClassVar[str] = "S17"

    def query(self, projection: str, **rest: Any) -> tuple[Row, ...]:
        found: list[Row] = []
        for name in self.store.organizations():
            other = self.store._journals[name]
            mine, self._journal = self._journal, other
            found += super().query(projection, **rest)
            self._journal = mine
        return tuple(found[: rest.get("limit", 100)])


class SkipsInFeed(BrokenJournal):
    """Each page of its feed goes past one event more than it shows."""

    breaks: ClassVar[str] = "S18"

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        return super().read_all(after=after + (after > 0), limit=limit)


class ReordersFeed(BrokenJournal):
    """Its feed goes stream by stream."""

    breaks: ClassVar[str] = "S18"

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        return tuple(sorted(super().read_all(after=after, limit=limit), key=lambda e: e.stream))


class CannotRebuild(BrokenJournal):
    """Its reindex says that it did, and did not: a wrong record stays for good."""

    breaks: ClassVar[str] = "S19"

    def reindex(self, reducer: Any) -> ReindexReport:
        before = {stream: attrs.evolve(kept) for stream, kept in self._journal.kept.items()}
        rows = dict(self._journal.rows)
        report = super().reindex(reducer)
        self._journal.kept.update(before)
        self._journal.rows.clear()
        self._journal.rows.update(rows)
        return report


class OverlooksSnapshots(BrokenJournal):
    """Its audit looks at events alone."""

    breaks: ClassVar[str] = "S20"

    def audit(self, **asked: Any) -> AuditReport:
        return super().audit(**{**asked, "reducer": None})


class OverlooksCutTails(BrokenJournal):
    """Its audit makes nothing of an anchor, and so sees no cut of the end."""

    breaks: ClassVar[str] = "S21"

    def audit(self, **asked: Any) -> AuditReport:
        return super().audit(**{**asked, "anchor": None})


class ClosesOnce(BrokenStore):
    """It fails when it is closed again."""

    breaks: ClassVar[str] = "S22"
    _closed = False

    def close(self) -> None:
        if self._closed:
            raise StoreUnavailableError("the store has been closed already")
        self._closed = True


class ReportsWhatStayed(BrokenJournal):
    """Its reindex calls every stream changed, whether or not it was."""

    breaks: ClassVar[str] = "S27"

    def reindex(self, reducer: Any) -> ReindexReport:
        return attrs.evolve(super().reindex(reducer), changed=self.streams())


class KeepsErasedReadable(BrokenJournal):
    """It stores tombstones, and leaves what they erase where it was."""

    breaks: ClassVar[str] = "S28"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        with self._lock:
            before = copy.deepcopy(self._journal.personal)
            stored = super().append(events, **rest)
            self._journal.personal.update(before)
            return stored


class ErasesTooMuch(BrokenJournal):
    """It purges whole events, whatever values of them a tombstone names."""

    breaks: ClassVar[str] = "S28"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        with self._lock:
            stored = super().append(events, **rest)
            for event in events:
                for version in event.erases:
                    values = self._journal.personal[event.stream, version]
                    values.update(dict.fromkeys(values, ERASED))
            return stored


class ErasesBeforeItChecks(BrokenJournal):
    """A tombstone that is refused has erased all the same."""

    breaks: ClassVar[str] = "S29"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        with self._lock:
            for event in events:
                for version, names in event.erases.items():
                    values = self._journal.personal.get((event.stream, version), {})
                    values.update({name: ERASED for name in names if name in values})
            return super().append(events, **rest)


class CallsErasureDamage(BrokenJournal):
    """Its audit takes what was erased for what was lost."""

    breaks: ClassVar[str] = "S30"

    def audit(self, **asked: Any) -> AuditReport:
        report = super().audit(**asked)
        if not report.erased:
            return report
        lost = Damage(place="personal values", problem="some are lost")
        return attrs.evolve(report, findings=(*report.findings, lost))


class OverlooksLostValues(BrokenJournal):
    """Its audit takes what was lost for what was erased."""

    breaks: ClassVar[str] = "S30"

    def audit(self, **asked: Any) -> AuditReport:
        report = super().audit(**asked)
        found = [one for one in report.findings if "lost" not in one.problem]
        return attrs.evolve(report, findings=tuple(found))


class KeepsAnAttic(BrokenJournal):
    """It shows an erased value no more, and keeps a copy."""

    breaks: ClassVar[str] = "S31"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        stored = super().append(events, **rest)
        for event in stored:
            if event.personal:
                self._journal.leases[str(event.personal)] = ("attic", 0)
        return stored


class TrustsItsDisk(BrokenJournal):
    """It reads events without a look at their hashes."""

    breaks: ClassVar[str] = "S32"

    def _open(self, sealed: Sealed) -> Event:
        kept: Mapping[str, Any] = self._journal.personal.get((sealed[2], sealed[3]), {})
        return event_of(sealed, kept, trusted=True)


class MendsNoRows(BrokenJournal):
    """Its reindex rebuilds records, and takes the rows that it finds for right."""

    breaks: ClassVar[str] = "S33"

    def reindex(self, reducer: Any) -> ReindexReport:
        rows = dict(self._journal.rows)
        report = super().reindex(reducer)
        if all(at in self._journal.rows for at in rows):
            self._journal.rows = rows
        return report
