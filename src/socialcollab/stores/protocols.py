"""The protocols of stores, blocking and async. docs/contracts/stores.md numbers their promises."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from socialcollab.stores.events import Event, NewEvent
from socialcollab.stores.projections import Column, Projection, Row
from socialcollab.stores.reports import Anchor, AuditReport, ReindexReport

Reducer: TypeAlias = Callable[[str, Sequence[Event]], tuple[bytes, Sequence[Row]]]
"""Computes the snapshot and the projection rows of a stream from its name and all its events."""


class BoundStore(Protocol):
    """
    The journal of one organization, with its snapshots and projection rows.

    No method reads or changes anything of another organization. Every method does everything
    that it describes, or changes nothing.

    Raises:
        StoreUnavailableError: From any method, if the store cannot be read or written now.
        CorruptJournalError: From any method, if the stored data are not what was written.
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

        An event with `erases` is a tombstone. Its append erases the personal values that it
        names, in the same transaction: reading no longer returns them, but says that they were
        erased. As with every append, the caller passes the new snapshot and rows of the stream,
        from which the erased values are absent.

        Args:
            events: At least one event; the events of one stream in their order.
            expected_versions: The version that each stream must have, or 0 if it must not exist:
                every stream that is appended to, and any other stream whose version must not
                change before this transaction.
            rows: All rows that the streams appended to have afterwards; rows of other streams are
                refused.
            snapshots: The new snapshot of each stream appended to.

        Returns:
            The sealed events, in the same order.

        Raises:
            ConflictError: If a stream has another version; the first such stream by name.
            StaleProjectionError: If the rows were written for other projections than are declared
                now.
            InvalidValueError: If the arguments contradict each other, an event id is already
                stored, the key of a row belongs to another stream, or a personal value to erase
                was never stored.
        """
        ...

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """Return the events of *stream* after version *after*, in order."""
        ...

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        """Return the version and the snapshot of *stream*, or ``(0, b"")`` if it does not exist."""
        ...

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """
        Return up to *limit* events after position *after*, by position.

        Once a position has been returned, no event appears at or before it any more. So a reader
        that continues after the last position it has seen misses nothing.
        """
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
            where: For each column to filter by, the value or values that a row may have; a row
                must match all of them.
            after: The last row of the previous page, or None. The row need not exist any more.
            limit: The largest number of rows.

        Raises:
            StaleProjectionError: If the rows were written for other projections than are declared
                now.
            InvalidValueError: If the projection or a column is not declared.
        """
        ...

    def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        """
        Lease up to *limit* rows of the projection ``due`` to *worker* and return them.

        A row is due if its ``at`` is not later than *before*. The rows are returned by ``at``,
        then by key. Rows that another worker has leased are skipped; rows that *worker* has
        leased are returned again, with a new lease. A lease ends when it expires, when its row
        is changed or removed, when it is released, and at a reindex. Leases only save work: the
        append decides what may be done.

        Args:
            before: The latest instant at which a row is due, on the clock of the plan.
            now: The real time, which leases use.
            limit: The largest number of rows.
            worker: The name of the worker.
            lease_s: The length of the lease, in seconds.

        Raises:
            StaleProjectionError: If the rows were written for other projections than are declared
                now.
        """
        ...

    def release(self, rows: Sequence[Row], *, worker: str) -> None:
        """End the leases that *worker* has on these rows; the leases of others stay."""
        ...

    def reindex(self, reducer: Reducer) -> ReindexReport:
        """
        Rebuild every snapshot and projection row from the events, in one transaction.

        Raises:
            CorruptJournalError: If an event or the head of a stream is damaged, because a rebuild
                would hide the damage.
        """
        ...

    def audit(self, *, anchor: Anchor | None = None, reducer: Reducer | None = None) -> AuditReport:
        """
        Look for stored data that are not what was written, and report each place.

        Args:
            anchor: The anchor of an earlier audit; with it, a truncated or rewritten journal is
                detected as well.
            reducer: If given, snapshots and rows are compared with its results.
        """
        ...


class Store(Protocol):
    """The journals of any number of organizations; bind the store to one to use it."""

    def for_organization(self, organization: str) -> BoundStore:
        """Return the journal of *organization*, which need not exist yet."""
        ...

    def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have events, sorted."""
        ...

    def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """
        Declare *projections* if the store was made without any, else check that it has them.

        If an organization already has events whose rows were written for other projections, its
        append, query and due raise a StaleProjectionError until `reindex` has rebuilt the rows.

        Raises:
            InvalidValueError: If the store was made with projections that lack one of these.
        """
        ...

    def compact(self) -> None:
        """
        Remove every byte of erased and replaced values from everything that the store keeps.

        Raises:
            StoreUnavailableError: If that is impossible now because others use the store.
        """
        ...

    def close(self) -> None:
        """Close files and connections; closing twice has no effect."""
        ...


class AsyncBoundStore(Protocol):
    """
    The journal of one organization, for async code.

    Each method makes the promises of the same method of `BoundStore`. If the caller is cancelled
    while a method writes, the cancellation is delivered after the write has ended, so reading
    afterwards shows for certain what was written.
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
        """End the leases that *worker* has on these rows; the leases of others stay."""
        ...

    async def reindex(self, reducer: Reducer) -> ReindexReport:
        """Rebuild every snapshot and projection row from the events, in one transaction."""
        ...

    async def audit(
        self, *, anchor: Anchor | None = None, reducer: Reducer | None = None
    ) -> AuditReport:
        """Look for stored data that are not what was written, and report each place."""
        ...


class AsyncStore(Protocol):
    """The journals of any number of organizations, for async code; bind the store to one."""

    def for_organization(self, organization: str) -> AsyncBoundStore:
        """Return the journal of *organization* without reading anything; it need not exist yet."""
        ...

    async def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have events, sorted."""
        ...

    async def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """Declare *projections* if the store was made without any, else check that it has them."""
        ...

    async def compact(self) -> None:
        """Remove every byte of erased and replaced values from everything that the store keeps."""
        ...

    async def close(self) -> None:
        """Close everything once running calls have ended; closing twice has no effect."""
        ...
