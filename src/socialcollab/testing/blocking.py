"""A blocking wrapper around an async store, so that blocking laws can test it."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from socialcollab.stores import (
    Anchor,
    AsyncBoundStore,
    AsyncStore,
    AuditReport,
    Column,
    Event,
    NewEvent,
    Progress,
    Projection,
    Reducer,
    ReindexReport,
    Row,
)

R = TypeVar("R")


class _Loop:
    """An `asyncio.Runner` in a separate thread, which any thread can use."""

    def __init__(self) -> None:
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="socialcollab-loop", daemon=True)
        self._thread.start()
        self._running.wait()

    def _serve(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        self._stopped = asyncio.Event()
        self._running.set()
        await self._stopped.wait()

    def call(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine concurrently with other callers' coroutines, and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def stop(self) -> None:
        """Stop the loop; stopping twice has no effect."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join()


class _BlockingJournal:
    """The journal of one organization, whose methods run on the store's event loop."""

    def __init__(self, journal: AsyncBoundStore, loop: _Loop) -> None:
        self._journal = journal
        self._loop = loop

    @property
    def organization(self) -> str:
        return self._journal.organization

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        expected_versions: Mapping[str, int],
        rows: Sequence[Row] = (),
        snapshots: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        return self._loop.call(
            self._journal.append(
                events, expected_versions=expected_versions, rows=rows, snapshots=snapshots
            )
        )

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        return self._loop.call(self._journal.read(stream, after=after))

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        return self._loop.call(self._journal.snapshot(stream))

    def snapshots(self, streams: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        return self._loop.call(self._journal.snapshots(streams))

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        return self._loop.call(self._journal.read_all(after=after, limit=limit))

    def streams(self) -> tuple[str, ...]:
        return self._loop.call(self._journal.streams())

    def query(
        self,
        projection: str,
        *,
        where: Mapping[str, Column | tuple[Column, ...]] | None = None,
        after: Row | None = None,
        limit: int = 100,
    ) -> tuple[Row, ...]:
        return self._loop.call(
            self._journal.query(projection, where=where, after=after, limit=limit)
        )

    def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        return self._loop.call(
            self._journal.due(before=before, now=now, limit=limit, worker=worker, lease_s=lease_s)
        )

    def release(self, rows: Sequence[Row], *, worker: str) -> None:
        self._loop.call(self._journal.release(rows, worker=worker))

    def reindex(self, reducer: Reducer, *, progress: Progress | None = None) -> ReindexReport:
        return self._loop.call(self._journal.reindex(reducer, progress=progress))

    def audit(
        self,
        *,
        anchor: Anchor | None = None,
        reducer: Reducer | None = None,
        progress: Progress | None = None,
    ) -> AuditReport:
        return self._loop.call(
            self._journal.audit(anchor=anchor, reducer=reducer, progress=progress)
        )


class BlockingStore:
    """
    A blocking wrapper around an async store, with a separate event loop.

    Calls from several threads run concurrently on this loop, like tasks in an async program. Use
    it as a context manager, which closes the store and stops the loop on exit.

    Args:
        store: The async store.

    Attributes:
        async_store: The async store.
    """

    def __init__(self, store: AsyncStore) -> None:
        self.async_store = store
        self._loop = _Loop()

    def __repr__(self) -> str:
        return f"BlockingStore({self.async_store!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        finally:
            self.stop()

    def for_organization(self, organization: str) -> _BlockingJournal:
        """Return the journal of *organization*, which need not exist yet."""
        return _BlockingJournal(self.async_store.for_organization(organization), self._loop)

    def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have events, sorted."""
        return self._loop.call(self.async_store.organizations())

    def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """Declare *projections* if the store has none yet; otherwise check that it has all of them."""
        self._loop.call(self.async_store.ensure_projections(projections))

    def compact(self) -> None:
        """Remove all traces of erased and replaced values from the stored data."""
        self._loop.call(self.async_store.compact())

    def close(self) -> None:
        """Close the store but not the loop, so that later calls can report the closed store."""
        self._loop.call(self.async_store.close())

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the loop and return its result."""
        return self._loop.call(coroutine)

    def stop(self) -> None:
        """Stop the loop without closing the store."""
        self._loop.stop()
