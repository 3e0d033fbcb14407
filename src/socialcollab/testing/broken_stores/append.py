"""Stores that break a promise about appending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs

from socialcollab.errors import ConflictError
from socialcollab.stores import Event, MemoryJournal, MemoryStore, NewEvent, Row
from socialcollab.testing.broken_stores.broken import BrokenJournal, BrokenStore


class CountsFromZero(BrokenJournal):
    """The first version of a stream is 0."""

    breaks: ClassVar[str] = "S1"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        stored = super().append(events, **rest)
        return tuple(attrs.evolve(event, version=event.version - 1) for event in stored)


class NamesAnyConflict(BrokenJournal):
    """A conflict names the first stream in the order of the arguments."""

    breaks: ClassVar[str] = "S2"

    def append(
        self, events: Sequence[NewEvent], *, expected_versions: Mapping[str, int], **rest: Any
    ) -> tuple[Event, ...]:
        with self._lock:
            for stream, version in expected_versions.items():
                actual = self.snapshot(stream)[0]
                if actual != version:
                    raise ConflictError(stream=stream, expected=version, actual=actual)
            return super().append(events, expected_versions=expected_versions, **rest)


class IgnoresOtherStreams(BrokenJournal):
    """Only the versions of the streams that receive events are compared."""

    breaks: ClassVar[str] = "S3"

    def append(
        self, events: Sequence[NewEvent], *, expected_versions: Mapping[str, int], **rest: Any
    ) -> tuple[Event, ...]:
        written = {event.stream for event in events}
        compared = {s: version for s, version in expected_versions.items() if s in written}
        return super().append(events, expected_versions=compared, **rest)


class AppendsStreamByStream(BrokenJournal):
    """Each stream is written separately, so a failure leaves some of the streams written."""

    breaks: ClassVar[str] = "S4"

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        expected_versions: Mapping[str, int],
        rows: Sequence[Row] = (),
        snapshots: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        stored: list[Event] = []
        expected = dict(expected_versions)
        for stream in dict.fromkeys(event.stream for event in events):
            stored += super().append(
                [event for event in events if event.stream == stream],
                expected_versions=expected,
                rows=[row for row in rows if row.stream == stream],
                snapshots={stream: snapshots[stream]} if stream in snapshots else {},
            )
            expected[stream] = self.snapshot(stream)[0]
        return tuple(stored)


class IgnoresExtraSnapshots(BrokenJournal):
    """Snapshots of streams that receive no events are silently ignored."""

    breaks: ClassVar[str] = "S5"

    def append(
        self, events: Sequence[NewEvent], *, snapshots: Mapping[str, bytes], **rest: Any
    ) -> tuple[Event, ...]:
        written = {event.stream for event in events}
        needed = {stream: snapshot for stream, snapshot in snapshots.items() if stream in written}
        return super().append(events, snapshots=needed, **rest)


class StoresIdTwice(BrokenJournal):
    """An event id that is already stored is accepted."""

    breaks: ClassVar[str] = "S6"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        with self._lock:
            self._tables.event_ids.clear()
            return super().append(events, **rest)


class DoesNotChain(BrokenJournal):
    """Each event is sealed as if it were the first event of its stream."""

    breaks: ClassVar[str] = "S7"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        with self._lock:
            for stream in self._tables.streams.values():
                stream.head = attrs.evolve(stream.head, hash="")
            return super().append(events, **rest)


class ChainsPersonalValues(BrokenJournal):
    """Personal values are part of the chained body."""

    breaks: ClassVar[str] = "S8"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        chained = [
            attrs.evolve(e, body={**e.body, **e.personal}, personal={}, salt=b"") for e in events
        ]
        return super().append(chained, **rest)


class RoundsInstants(BrokenJournal):
    """Instants are rounded to the second, as in some databases."""

    breaks: ClassVar[str] = "S9"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        rounded = [attrs.evolve(event, at=event.at.replace(microsecond=0)) for event in events]
        return super().append(rounded, **rest)


class CutsSnapshots(BrokenJournal):
    """Snapshots are truncated at one megabyte, as in a column of limited size."""

    breaks: ClassVar[str] = "S9"

    def append(
        self, events: Sequence[NewEvent], *, snapshots: Mapping[str, bytes], **rest: Any
    ) -> tuple[Event, ...]:
        cut = {stream: snapshot[:1_000_000] for stream, snapshot in snapshots.items()}
        return super().append(events, snapshots=cut, **rest)


class _RemembersSnapshots(MemoryJournal):
    """A journal that reads each stream's snapshot only once."""

    def __init__(self, organization: str, store: MemoryStore) -> None:
        super().__init__(organization, store)
        self._remembered: dict[str, tuple[int, bytes]] = {}

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        stored = super().append(events, **rest)
        for event in stored:
            self._remembered.pop(event.stream, None)
        return stored

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        if stream not in self._remembered:
            self._remembered[stream] = super().snapshot(stream)
        return self._remembered[stream]


class RemembersSnapshots(BrokenStore):
    """Each journal caches the snapshots that it has read, even if other journals change them."""

    breaks: ClassVar[str] = "S35"

    def for_organization(self, organization: str) -> MemoryJournal:
        super().for_organization(organization)  # raises an error for an invalid name
        return _RemembersSnapshots(organization, self)


class ReadsFewSnapshots(BrokenJournal):
    """At most a thousand snapshots are read together, as in databases that limit parameters."""

    breaks: ClassVar[str] = "S36"

    def snapshots(self, streams: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        return super().snapshots(list(streams)[:1000])
