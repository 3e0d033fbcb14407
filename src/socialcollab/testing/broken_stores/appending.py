"""Stores that break a promise of appending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs

from socialcollab.errors import ConflictError
from socialcollab.stores import Event, NewEvent, Row
from socialcollab.testing.broken_stores.broken import BrokenJournal


class CountsFromZero(BrokenJournal):
    """Its first version is 0."""

    breaks: ClassVar[str] = "S1"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        stored = super().append(events, **rest)
        return tuple(attrs.evolve(event, version=event.version - 1) for event in stored)


class NamesAnotherStream(BrokenJournal):
    """Of several streams that have moved on it names the one it happens to look at first."""

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


class IgnoresExpectations(BrokenJournal):
    """It holds the versions of the streams appended to, and no others."""

    breaks: ClassVar[str] = "S3"

    def append(
        self, events: Sequence[NewEvent], *, expected_versions: Mapping[str, int], **rest: Any
    ) -> tuple[Event, ...]:
        written = {event.stream for event in events}
        held = {
            stream: version for stream, version in expected_versions.items() if stream in written
        }
        return super().append(events, expected_versions=held, **rest)


class WritesHalf(BrokenJournal):
    """Its writes tear: it appends stream by stream."""

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
        held = dict(expected_versions)
        for stream in dict.fromkeys(event.stream for event in events):
            stored += super().append(
                [event for event in events if event.stream == stream],
                expected_versions=held,
                rows=[row for row in rows if row.stream == stream],
                snapshots={stream: snapshots[stream]} if stream in snapshots else {},
            )
            held[stream] = self.snapshot(stream)[0]
        return tuple(stored)


class TakesWhatDoesNotFit(BrokenJournal):
    """It leaves out, without a word, records that belong to no event."""

    breaks: ClassVar[str] = "S5"

    def append(
        self, events: Sequence[NewEvent], *, snapshots: Mapping[str, bytes], **rest: Any
    ) -> tuple[Event, ...]:
        written = {event.stream for event in events}
        fitting = {stream: snapshot for stream, snapshot in snapshots.items() if stream in written}
        return super().append(events, snapshots=fitting, **rest)


class StoresAnIdTwice(BrokenJournal):
    """It does not look whether it has an event already."""

    breaks: ClassVar[str] = "S6"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        with self._lock:
            self._journal.ids.clear()
            return super().append(events, **rest)


class DoesNotChain(BrokenJournal):
    """It seals each event as if it were its stream's first."""

    breaks: ClassVar[str] = "S7"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        with self._lock:
            for kept in self._journal.kept.values():
                kept.head = attrs.evolve(kept.head, hash="")
            return super().append(events, **rest)


class KeepsPersonalInChain(BrokenJournal):
    """It seals personal values with the rest."""

    breaks: ClassVar[str] = "S8"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        opened = [
            attrs.evolve(e, body={**e.body, **e.personal}, personal={}, salt=b"") for e in events
        ]
        return super().append(opened, **rest)


class RoundsInstants(BrokenJournal):
    """It keeps instants to the second, as some databases do."""

    breaks: ClassVar[str] = "S9"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        rounded = [attrs.evolve(event, at=event.at.replace(microsecond=0)) for event in events]
        return super().append(rounded, **rest)
