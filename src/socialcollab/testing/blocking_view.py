"""An async store as a blocking one, so that the laws of stores can judge it."""

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
    Reducer,
    ReindexReport,
    Row,
)

R = TypeVar("R")


class _Loop:
    """One `asyncio.Runner` on a thread, for callers of any thread."""

    def __init__(self) -> None:
        self._runs = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="socialcollab-view", daemon=True)
        self._thread.start()
        self._runs.wait()

    def _serve(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        self._stopped = asyncio.Event()
        self._runs.set()
        await self._stopped.wait()

    def call(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Have a coroutine run beside those of other callers, and return its answer."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def stop(self) -> None:
        """End the loop; twice is harmless."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join()


class _BlockingJournal:
    """The journal of one organization, its calls made on the view's loop."""

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

    def reindex(self, reducer: Reducer) -> ReindexReport:
        return self._loop.call(self._journal.reindex(reducer))

    def audit(self, *, anchor: Anchor | None = None, reducer: Reducer | None = None) -> AuditReport:
        return self._loop.call(self._journal.audit(anchor=anchor, reducer=reducer))


class BlockingView:
    """
    An async store as blocking code sees it, on one `asyncio.Runner` of its own.

    Calls from several threads run beside each other on that one loop, as the
    tasks of a host do. Leaving the context closes the store and ends the loop.

    Attributes:
        asynchronous: The async store itself.
    """

    def __init__(self, store: AsyncStore) -> None:
        """
        Start the loop.

        Args:
            store: The async store.
        """
        self.asynchronous = store
        self._loop = _Loop()

    def __repr__(self) -> str:
        return f"BlockingView({self.asynchronous!r})"

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
        return _BlockingJournal(self.asynchronous.for_organization(organization), self._loop)

    def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have an event, sorted."""
        return self._loop.call(self.asynchronous.organizations())

    def compact(self) -> None:
        """Let nothing of what was erased or replaced remain anywhere that the store keeps."""
        self._loop.call(self.asynchronous.compact())

    def close(self) -> None:
        """Close the store; the loop goes on, so that the store itself says that it is closed."""
        self._loop.call(self.asynchronous.close())

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the view's loop, and return its answer."""
        return self._loop.call(coroutine)

    def stop(self) -> None:
        """End the loop, and leave the store as it is."""
        self._loop.stop()
