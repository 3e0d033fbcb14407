"""The protocols for blocking and async stores, which docs/contracts/stores.md specifies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from socialcollab.stores.events import Event, NewEvent
from socialcollab.stores.projections import Column, Projection, Row
from socialcollab.stores.reports import Anchor, AuditReport, ReindexReport

Progress: TypeAlias = Callable[[int, int], None]
"""A function that receives the number of events processed so far and the total number of events."""

Reducer: TypeAlias = Callable[[str, Sequence[Event]], tuple[bytes, Sequence[Row]]]
"""A function that computes the snapshot and rows of a stream from its name and all its events."""


class BoundStore(Protocol):
    """
    The journal of one organization, with its snapshots and projection rows.

    No method reads or changes another organization's data. A method that fails changes nothing.

    Raises:
        StoreUnavailableError: If the store currently cannot be read or written (any method).
        CorruptJournalError: If the stored data differ from what was written (any method).
    """

    @property
    def organization(self) -> str:
        """The organization that the store is bound to."""
        ...

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        expected_versions: Mapping[str, int],
        rows: Sequence[Row] = (),
        snapshots: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        """
        Append events, provided that every stream is at its expected version.

        An event with `erases` is a tombstone. Appending it erases the personal values that it
        names, in the same transaction. Later reads report these values as erased instead of
        returning them. As with every append, the caller passes the new snapshot and rows of the
        stream, which must no longer contain the erased values.

        Args:
            events: One or more events to append. Each stream's events must be in order.
            expected_versions: The version that each stream must have, or 0 if the stream must not
                exist. Every stream that receives events must be included. Any other stream can be
                included if the append depends on its version.
            rows: The complete set of rows, after the append, of each stream that receives events.
                Rows of other streams are rejected.
            snapshots: The new snapshot of each stream that receives events.

        Returns:
            The sealed events, in the same order.

        Raises:
            ConflictError: If a stream has a different version. The error names the first such
                stream in alphabetical order.
            StaleProjectionError: If the stored rows were written for projections other than the
                declared ones.
            InvalidValueError: If the arguments contradict each other, an event id is already
                stored, a row's key belongs to another stream, or a personal value to erase was
                never stored.
        """
        ...

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """Return the events of *stream* after version *after*, in order."""
        ...

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        """Return the version and the snapshot of *stream*, or ``(0, b"")`` if it does not exist."""
        ...

    def snapshots(self, streams: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        """
        Return the version and snapshot of each of these streams, like `snapshot`.

        This method exists so that many snapshots can be read with few queries.
        """
        ...

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Return up to *limit* events after position *after*, sorted by position."""
        ...

    def streams(self) -> tuple[str, ...]:
        """Return the names of all streams that have events, sorted."""
        ...

    def query(
        self,
        projection: str,
        *,
        where: Mapping[str, Column | tuple[Column, ...]] | None = None,
        after: Row | None = None,
        limit: int = 100,
    ) -> tuple[Row, ...]:
        """
        Return up to *limit* rows of a projection, sorted by its ``sorted_by``, then by key.

        Args:
            projection: The name of a declared projection.
            where: The columns to filter by, each with its allowed value or values. A row must match
                all of these conditions.
            after: The last row of the previous page, or None. The row may have been removed since.
            limit: The maximum number of rows.

        Raises:
            StaleProjectionError: If the stored rows were written for projections other than the
                declared ones.
            InvalidValueError: If the projection or a column is not declared.
        """
        ...

    def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        """
        Lease up to *limit* rows of the projection ``due`` to *worker* and return them.

        A row is due if its ``at`` is not later than *before*. The rows are sorted by ``at``, then
        by key. Rows that another worker has leased are skipped. Rows that *worker* has already
        leased are returned again, with a new lease. A lease ends when it expires, when its row is
        changed or removed, when it is released, or at a reindex. Leases only avoid duplicate work.
        Conflicting changes are prevented by the expected versions of `append`.

        Args:
            before: The current time on the desk's clock. Rows whose ``at`` is later are not due.
            now: The current real time, which determines whether leases have expired.
            limit: The maximum number of rows.
            worker: The name of the worker.
            lease_s: The duration of the lease in seconds.

        Raises:
            StaleProjectionError: If the stored rows were written for projections other than the
                declared ones.
        """
        ...

    def release(self, rows: Sequence[Row], *, worker: str) -> None:
        """End the leases that *worker* has on these rows, but no leases of other workers."""
        ...

    def reindex(self, reducer: Reducer, *, progress: Progress | None = None) -> ReindexReport:
        """
        Rebuild every snapshot and projection row from the events, in one transaction.

        Args:
            reducer: Computes the snapshot and the rows of each stream.
            progress: If given, it is called repeatedly during a long rebuild, from the same thread.

        Raises:
            CorruptJournalError: If an event or a stream's head is damaged. A rebuild would hide the
                damage.
        """
        ...

    def audit(
        self,
        *,
        anchor: Anchor | None = None,
        reducer: Reducer | None = None,
        progress: Progress | None = None,
    ) -> AuditReport:
        """
        Look for stored data that differ from what was written, and report each location.

        A store should read the journal piece by piece, so that the memory needed does not grow with
        the journal.

        Args:
            anchor: The anchor of an earlier audit, which is needed to detect a truncated or
                rewritten journal.
            reducer: If given, snapshots and rows are compared with its results.
            progress: If given, it is called repeatedly during a long audit, from the same thread.
        """
        ...


class Store(Protocol):
    """A store for the journals of any number of organizations."""

    def for_organization(self, organization: str) -> BoundStore:
        """Return the journal of *organization*, which need not exist yet."""
        ...

    def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have events, sorted."""
        ...

    def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """
        Declare *projections* if the store has none yet; otherwise check that it has all of them.

        If the rows of an organization were written for other projections, its `append`, `query` and
        `due` raise a StaleProjectionError until `reindex` has rebuilt the rows.

        Raises:
            InvalidValueError: If the store was created with projections that do not include all of
                *projections*.
        """
        ...

    def compact(self) -> None:
        """
        Remove all traces of erased and replaced values from the stored data.

        Raises:
            StoreUnavailableError: If the store is currently in use by other threads or processes.
        """
        ...

    def close(self) -> None:
        """Close files and connections; closing twice has no effect."""
        ...


class AsyncBoundStore(Protocol):
    """
    The journal of one organization, for async code.

    Each method gives the same guarantees as the `BoundStore` method with the same name. If the
    caller is cancelled while a method writes, the cancellation takes effect after the write has
    ended. A later read therefore reliably shows whether the data were written.
    """

    @property
    def organization(self) -> str:
        """The organization that the store is bound to."""
        ...

    async def append(
        self,
        events: Sequence[NewEvent],
        *,
        expected_versions: Mapping[str, int],
        rows: Sequence[Row] = (),
        snapshots: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        """Append events, provided that every stream is at its expected version."""
        ...

    async def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """Return the events of *stream* after version *after*, in order."""
        ...

    async def snapshot(self, stream: str) -> tuple[int, bytes]:
        """Return the version and the snapshot of *stream*, or ``(0, b"")`` if it does not exist."""
        ...

    async def snapshots(self, streams: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        """Return the version and snapshot of each of these streams, like `snapshot`."""
        ...

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Return up to *limit* events after position *after*, by position."""
        ...

    async def streams(self) -> tuple[str, ...]:
        """Return the names of all streams that have events, sorted."""
        ...

    async def query(
        self,
        projection: str,
        *,
        where: Mapping[str, Column | tuple[Column, ...]] | None = None,
        after: Row | None = None,
        limit: int = 100,
    ) -> tuple[Row, ...]:
        """Return up to *limit* rows of a projection, sorted by its ``sorted_by``, then by key."""
        ...

    async def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        """Lease up to *limit* rows of the projection ``due`` to *worker* and return them."""
        ...

    async def release(self, rows: Sequence[Row], *, worker: str) -> None:
        """End the leases that *worker* has on these rows, but no leases of other workers."""
        ...

    async def reindex(self, reducer: Reducer, *, progress: Progress | None = None) -> ReindexReport:
        """Rebuild every snapshot and projection row from the events, in one transaction."""
        ...

    async def audit(
        self,
        *,
        anchor: Anchor | None = None,
        reducer: Reducer | None = None,
        progress: Progress | None = None,
    ) -> AuditReport:
        """Look for stored data that differ from what was written, and report each location."""
        ...


class AsyncStore(Protocol):
    """A store for the journals of any number of organizations, for async code."""

    def for_organization(self, organization: str) -> AsyncBoundStore:
        """Return the journal of *organization* without reading anything; it need not exist yet."""
        ...

    async def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have events, sorted."""
        ...

    async def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """Declare *projections* if the store has none yet; otherwise check that it has all of them."""
        ...

    async def compact(self) -> None:
        """Remove all traces of erased and replaced values from the stored data."""
        ...

    async def close(self) -> None:
        """Close the store after all running calls have ended; closing it twice has no effect."""
        ...
