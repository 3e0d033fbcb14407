"""Stores that break a promise only when many act at once."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from socialcollab.errors import ConflictError
from socialcollab.stores import Event, NewEvent
from socialcollab.testing.broken_stores.broken import BrokenJournal, versions
from socialcollab.testing.store_laws.scene import anothers_turn


class LosesUpdates(BrokenJournal):
    """It compares versions first and writes afterwards, without holding anything between."""

    breaks: ClassVar[str] = "S23"

    def append(
        self, events: Sequence[NewEvent], *, expected_versions: Mapping[str, int], **rest: Any
    ) -> tuple[Event, ...]:
        for stream, version in sorted(expected_versions.items()):
            actual, _ = self.snapshot(stream)
            if actual != version:
                raise ConflictError(stream=stream, expected=version, actual=actual)
        anothers_turn()
        with self._lock:
            return super().append(
                events, expected_versions=versions(self, expected_versions), **rest
            )


class DoesNotHoldAbsence(BrokenJournal):
    """It looks whether a stream is absent before it takes the lock: there is no row to lock."""

    breaks: ClassVar[str] = "S24"

    def append(
        self, events: Sequence[NewEvent], *, expected_versions: Mapping[str, int], **rest: Any
    ) -> tuple[Event, ...]:
        written = {event.stream for event in events}
        for stream, version in expected_versions.items():
            if stream not in written and version == 0 and self.snapshot(stream)[0] != 0:
                raise ConflictError(stream=stream, expected=0, actual=self.snapshot(stream)[0])
        anothers_turn()
        held = {s: v for s, v in expected_versions.items() if s in written or v != 0}
        return super().append(events, expected_versions=held, **rest)


class ShowsALateCommitLate(BrokenJournal):
    """It hands out positions before it commits, so that its feed goes past a late commit."""

    breaks: ClassVar[str] = "S25"

    def append(self, events: Sequence[NewEvent], **rest: Any) -> tuple[Event, ...]:
        with self._lock:
            stored = super().append(events, **rest)
            late = {event.position for event in stored if event.position % 3 == 0}
            self._pending = getattr(self, "_pending", frozenset()) | late
        if late:
            threading.Event().wait(0.005)
            with self._lock:
                self._pending -= late
        return stored

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        with self._lock:
            pending: frozenset[int] = getattr(self, "_pending", frozenset())
            found = super().read_all(after=after, limit=limit + len(pending))
            return tuple([event for event in found if event.position not in pending][:limit])
