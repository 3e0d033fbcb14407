"""Stores that break a promise only if several threads use them concurrently."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from socialcollab.errors import ConflictError
from socialcollab.stores import Event, NewEvent
from socialcollab.testing.broken_stores.broken import BrokenJournal, present_versions
from socialcollab.testing.threads import yield_to_threads


class LosesUpdates(BrokenJournal):
    """Versions are compared before events are written, without a lock in between."""

    breaks: ClassVar[str] = "S23"

    def append(
        self, events: Sequence[NewEvent], *, expected_versions: Mapping[str, int], **rest: Any
    ) -> tuple[Event, ...]:
        for stream, version in sorted(expected_versions.items()):
            actual, _ = self.snapshot(stream)
            if actual != version:
                raise ConflictError(stream=stream, expected=version, actual=actual)
        yield_to_threads()
        with self._lock:
            return super().append(
                events, expected_versions=present_versions(self, expected_versions), **rest
            )


class DoesNotLockAbsence(BrokenJournal):
    """The absence of a stream is checked before locking, because there is no row to lock."""

    breaks: ClassVar[str] = "S24"

    def append(
        self, events: Sequence[NewEvent], *, expected_versions: Mapping[str, int], **rest: Any
    ) -> tuple[Event, ...]:
        written = {event.stream for event in events}
        for stream, version in expected_versions.items():
            if stream not in written and version == 0 and self.snapshot(stream)[0] != 0:
                raise ConflictError(stream=stream, expected=0, actual=self.snapshot(stream)[0])
        yield_to_threads()
        locked = {s: v for s, v in expected_versions.items() if s in written or v != 0}
        return super().append(events, expected_versions=locked, **rest)


class ShowsLateCommitsLate(BrokenJournal):
    """Positions are assigned before the commit, so a reader can miss a late commit."""

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
            events = super().read_all(after=after, limit=limit + len(pending))
            return tuple([event for event in events if event.position not in pending][:limit])
