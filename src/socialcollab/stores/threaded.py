"""A wrapper that runs a blocking store in a separate thread, for async code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from socialcollab.stores.events import Event, NewEvent
from socialcollab.stores.projections import Column, Projection, Row
from socialcollab.stores.protocols import BoundStore, Progress, Reducer, Store
from socialcollab.stores.reports import Anchor, AuditReport, ReindexReport
from socialcollab.transport import DedicatedThread


class _ThreadedJournal:
    """The journal of one organization, whose methods run in the store's thread."""

    def __init__(self, journal: BoundStore, thread: DedicatedThread) -> None:
        self._journal = journal
        self._thread = thread

    @property
    def organization(self) -> str:
        return self._journal.organization

    async def append(
        self,
        events: Sequence[NewEvent],
        *,
        expected_versions: Mapping[str, int],
        rows: Sequence[Row] = (),
        snapshots: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        return await self._thread.call(
            self._journal.append,
            events,
            expected_versions=expected_versions,
            rows=rows,
            snapshots=snapshots,
        )

    async def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        return await self._thread.call(self._journal.read, stream, after=after)

    async def snapshot(self, stream: str) -> tuple[int, bytes]:
        return await self._thread.call(self._journal.snapshot, stream)

    async def snapshots(self, streams: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        return await self._thread.call(self._journal.snapshots, streams)

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        return await self._thread.call(self._journal.read_all, after=after, limit=limit)

    async def streams(self) -> tuple[str, ...]:
        return await self._thread.call(self._journal.streams)

    async def query(
        self,
        projection: str,
        *,
        where: Mapping[str, Column | tuple[Column, ...]] | None = None,
        after: Row | None = None,
        limit: int = 100,
    ) -> tuple[Row, ...]:
        return await self._thread.call(
            self._journal.query, projection, where=where, after=after, limit=limit
        )

    async def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        return await self._thread.call(
            self._journal.due, before=before, now=now, limit=limit, worker=worker, lease_s=lease_s
        )

    async def release(self, rows: Sequence[Row], *, worker: str) -> None:
        await self._thread.call(self._journal.release, rows, worker=worker)

    async def reindex(self, reducer: Reducer, *, progress: Progress | None = None) -> ReindexReport:
        return await self._thread.call(self._journal.reindex, reducer, progress=progress)

    async def audit(
        self,
        *,
        anchor: Anchor | None = None,
        reducer: Reducer | None = None,
        progress: Progress | None = None,
    ) -> AuditReport:
        return await self._thread.call(
            self._journal.audit, anchor=anchor, reducer=reducer, progress=progress
        )


class ThreadedStore:
    """
    An async wrapper around a blocking store.

    The methods of the blocking store run one at a time in a separate thread.

    If the caller is cancelled while a method runs, the cancellation takes effect after the method
    has ended. A method that has not started yet is never run. Several event loops can share one
    instance.

    Args:
        store: The blocking store.
        owns: Whether `close` also closes the blocking store, in addition to the thread.
    """

    def __init__(self, store: Store, *, owns: bool = True) -> None:
        self._store = store
        self._owns = owns
        self._thread = DedicatedThread("socialcollab-store")

    def __repr__(self) -> str:
        return f"ThreadedStore({self._store!r})"

    def for_organization(self, organization: str) -> _ThreadedJournal:
        """Return the journal of *organization* without reading anything; it need not exist yet."""
        return _ThreadedJournal(self._store.for_organization(organization), self._thread)

    async def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have events, sorted."""
        return await self._thread.call(self._store.organizations)

    async def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """Declare *projections* if the store has none yet; otherwise check that it has all of them."""
        await self._thread.call(self._store.ensure_projections, projections)

    async def compact(self) -> None:
        """Remove all traces of erased and replaced values from the stored data."""
        await self._thread.call(self._store.compact)

    async def close(self) -> None:
        """Close the store after all running calls have ended; closing it twice has no effect."""
        if self._owns:
            await self._thread.close(self._store.close)
        else:
            await self._thread.close()
