"""What an async store promises: what a blocking one does, awaited, and two promises more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from socialcollab.stores.events import Event, NewEvent
from socialcollab.stores.protocol import Reducer
from socialcollab.stores.reports import Anchor, AuditReport, ReindexReport
from socialcollab.stores.rows import Column, Row


class AsyncBoundStore(Protocol):
    """
    The journal of one organization, for async code.

    Each method promises what that of `BoundStore` does. Whoever is cancelled
    while one of them writes waits for its end, and only then is cancelled: so
    reading afterwards tells for certain what has been written.
    """

    @property
    def organization(self) -> str:
        """The organization that it is bound to."""
        ...

    async def append(
        self,
        events: Sequence[NewEvent],
        *,
        expected_versions: Mapping[str, int],
        rows: Sequence[Row] = (),
        snapshots: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        """Append events if every expected stream is at its version."""
        ...

    async def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """Return the events of *stream* past version *after*, in order; none if it is absent."""
        ...

    async def snapshot(self, stream: str) -> tuple[int, bytes]:
        """Return the version and the record of *stream*; ``(0, b"")`` if it is absent."""
        ...

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Return up to *limit* events past position *after*, by position."""
        ...

    async def streams(self) -> tuple[str, ...]:
        """Return the names of all streams that have an event, sorted."""
        ...

    async def query(
        self,
        projection: str,
        *,
        where: Mapping[str, Column | tuple[Column, ...]] | None = None,
        after: Row | None = None,
        limit: int = 100,
    ) -> tuple[Row, ...]:
        """Return up to *limit* rows of *index*, sorted by its ``sorted_by``, then by key."""
        ...

    async def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        """Lease to *worker* up to *limit* rows of projection ``due`` and return them."""
        ...

    async def release(self, rows: Sequence[Row], *, worker: str) -> None:
        """End the leases that *worker* holds on these rows; others stay."""
        ...

    async def reindex(self, reducer: Reducer) -> ReindexReport:
        """Rebuild every record and projection row from the events, in one transaction."""
        ...

    async def audit(
        self, *, anchor: Anchor | None = None, reducer: Reducer | None = None
    ) -> AuditReport:
        """Look for everything that cannot be what was written, and name its place."""
        ...


class AsyncStore(Protocol):
    """Journals of any number of organizations, for async code; bind one to use it."""

    def for_organization(self, organization: str) -> AsyncBoundStore:
        """Return the journal of *organization*, which need not exist yet; reads nothing."""
        ...

    async def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have an event, sorted."""
        ...

    async def compact(self) -> None:
        """Let nothing of what was erased or replaced remain anywhere that the store keeps."""
        ...

    async def close(self) -> None:
        """Let go of everything once all that runs has ended; closing twice is harmless."""
        ...
