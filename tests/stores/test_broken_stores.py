"""The kit rejects a store that breaks a promise, by that promise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import pytest

from socialcollab.errors import ConflictError
from socialcollab.stores import AuditReport, Event, Index, MemoryStore, NewEvent, Row, Store
from socialcollab.stores.memory import MemoryJournal
from socialcollab.testing import broken_promises


class Broken(MemoryJournal):
    """A journal in memory with one thing wrong."""


def broken_store(journal: type[MemoryJournal]) -> Callable[[tuple[Index, ...]], Store]:
    """Make stores whose journals are of that class."""

    class BrokenStore(MemoryStore):
        def for_organization(self, organization: str) -> MemoryJournal:
            right = super().for_organization(organization)
            made = journal(right._organization, right._journal, right._indexes, right._lock)
            made.store = self  # type: ignore[attr-defined]
            return made

    return BrokenStore


class LosesUpdates(Broken):
    """It compares versions first and writes afterwards, without holding anything between."""

    def append(
        self, events: Sequence[NewEvent], *, expects: Mapping[str, int], **rest: Any
    ) -> tuple[Event, ...]:
        for stream, version in sorted(expects.items()):
            actual, _ = self.record(stream)
            if actual != version:
                raise ConflictError(stream=stream, expected=version, actual=actual)
        threading.Event().wait(0.001)  # another thread's turn
        with self._lock:
            now = {stream: self.record(stream)[0] for stream in expects}
            return super().append(events, expects=now, **rest)


class IgnoresExpectations(Broken):
    """It holds the versions of the streams appended to, and no others."""

    def append(
        self, events: Sequence[NewEvent], *, expects: Mapping[str, int], **rest: Any
    ) -> tuple[Event, ...]:
        written = {event.stream for event in events}
        held = {stream: version for stream, version in expects.items() if stream in written}
        return super().append(events, expects=held, **rest)


class DoesNotHoldAbsence(Broken):
    """It looks whether a stream is absent before it takes the lock."""

    def append(
        self, events: Sequence[NewEvent], *, expects: Mapping[str, int], **rest: Any
    ) -> tuple[Event, ...]:
        written = {event.stream for event in events}
        for stream, version in expects.items():
            if stream not in written and version == 0 and self.record(stream)[0] != 0:
                raise ConflictError(stream=stream, expected=0, actual=self.record(stream)[0])
        threading.Event().wait(0.001)  # another thread's turn
        held = {s: v for s, v in expects.items() if s in written or v != 0}
        return super().append(events, expects=held, **rest)


class ReadsAcrossOrganizations(Broken):
    """Its query forgets whose rows it is asked for."""

    def query(self, index: str, **rest: Any) -> tuple[Row, ...]:
        found: list[Row] = []
        for name in self.store.organizations():  # type: ignore[attr-defined]
            other = MemoryStore.for_organization(self.store, name)  # type: ignore[attr-defined]
            found += other.query(index, **rest)
        return tuple(found[: rest.get("limit", 100)])


class LeasesTwice(Broken):
    """It forgets who holds a lease."""

    def due(self, **asked: Any) -> tuple[Row, ...]:
        with self._lock:
            self._journal.leases.clear()
            return super().due(**asked)


class LeasesWithoutLock(Broken):
    """It reads the due rows first and leases them afterwards."""

    def due(self, **asked: Any) -> tuple[Row, ...]:
        with self._lock:
            before = dict(self._journal.leases)
            rows = super().due(**asked)
            taken = dict(self._journal.leases)
            self._journal.leases.clear()
            self._journal.leases.update(before)
        threading.Event().wait(0.001)  # another thread's turn
        with self._lock:
            self._journal.leases.update(taken)
        return rows


class WritesHalf(Broken):
    """It appends stream by stream."""

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        expects: Mapping[str, int],
        index: Sequence[Row] = (),
        records: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        stored: list[Event] = []
        held = dict(expects)
        for stream in dict.fromkeys(event.stream for event in events):
            stored += super().append(
                [event for event in events if event.stream == stream],
                expects=held,
                index=[row for row in index if row.stream == stream],
                records={stream: records[stream]} if stream in records else {},
            )
            held[stream] = self.record(stream)[0]
        return tuple(stored)


class SkipsInFeed(Broken):
    """Its feed leaves the newest event for later, and then goes past it."""

    def follow(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        return super().follow(after=after + (after > 0), limit=limit)


class ReordersFeed(Broken):
    """Its feed goes stream by stream."""

    def follow(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        return tuple(sorted(super().follow(after=after, limit=limit), key=lambda e: e.stream))


class LeavesIndexBehind(Broken):
    """It never takes a row back."""

    def _unlist(self, stream: str, rows: Any) -> None:
        return


class CannotRebuild(Broken):
    """Its reindex says that it did, and did not."""

    def reindex(self, fold: Any) -> Any:
        before = {stream: attrs.evolve(kept) for stream, kept in self._journal.kept.items()}
        rows = dict(self._journal.rows)
        report = super().reindex(fold)
        self._journal.kept.update(before)
        self._journal.rows.clear()
        self._journal.rows.update(rows)
        return report


class KeepsPersonalInChain(Broken):
    """It seals personal values with the rest."""

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        opened = [
            attrs.evolve(e, body={**e.body, **e.personal}, personal={}, salt=b"") for e in events
        ]
        return super().append(opened, **rest)


class OverlooksCutTails(Broken):
    """Its audit takes no anchor."""

    def audit(self, **asked: Any) -> AuditReport:
        asked.pop("anchor", None)
        return super().audit(**asked)


# The nearest promise; a broken store breaks others with it.
CASES = {
    LosesUpdates: "S23",
    IgnoresExpectations: "S3",
    DoesNotHoldAbsence: "S24",
    ReadsAcrossOrganizations: "S17",
    LeasesTwice: "S15",
    LeasesWithoutLock: "S26",
    WritesHalf: "S4",
    SkipsInFeed: "S18",
    ReordersFeed: "S18",
    LeavesIndexBehind: "S10",
    CannotRebuild: "S19",
    KeepsPersonalInChain: "S8",
    OverlooksCutTails: "S21",
}


@pytest.mark.parametrize("journal", CASES, ids=lambda journal: journal.__name__)
def test_a_broken_store_is_rejected_by_the_promise_it_breaks(journal: type[Broken]) -> None:
    assert {CASES[journal]} == broken_promises(broken_store(journal), only=[CASES[journal]]).keys()


def test_a_right_store_breaks_no_promise() -> None:
    assert broken_promises(broken_store(Broken)) == {}
