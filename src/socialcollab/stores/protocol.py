"""What a store promises. The numbered promises are in docs/contracts/stores.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from socialcollab.stores.events import Event, NewEvent
from socialcollab.stores.reports import Anchor, AuditReport, ReindexReport
from socialcollab.stores.rows import Column, Row

Reducer: TypeAlias = Callable[[str, Sequence[Event]], tuple[bytes, Sequence[Row]]]
"""Makes a stream's record and projection rows from its name and all of its events."""


class BoundStore(Protocol):
    """
    The journal of one organization, and the records and projection rows beside it.

    Nothing that it returns or changes belongs to another organization. Every
    method either does all that it says or nothing.

    Raises:
        StoreUnavailableError: From any method, if the store cannot be read or
            written now.

        CorruptJournalError: From any method, if what is stored cannot be what
            was written.
    """

    @property
    def organization(self) -> str:
        """The organization that it is bound to."""
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
        Append events if every expected stream is at its version.

        A tombstone, which is an event with `erases`, purges in the same
        transaction the personal values that it names: reading gives them back
        no more, and says that they were erased. Its stream's record and rows
        are written anew as with every append, without what was erased.

        Args:
            events: At least one; those of one stream in their order.

            expected_versions: The version that each stream has to be at, 0 if it must
                not exist: every stream appended to, and any others whose
                versions must hold in the same transaction.

            rows: All rows of the streams appended to, as they are to be
                afterwards; rows of other streams are refused.

            snapshots: The new record of each stream appended to.

        Returns:
            The sealed events, in order.

        Raises:
            ConflictError: If a stream is elsewhere; the first in stream order.

            InvalidValueError: If the arguments do not fit each other, an event
                id has been stored before, a row's key is another stream's, or
                a personal value to be erased was never stored.
        """
        ...

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """Return the events of *stream* past version *after*, in order; none if it is absent."""
        ...

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        """Return the version and the record of *stream*; ``(0, b"")`` if it is absent."""
        ...

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """
        Return up to *limit* events past position *after*, by position.

        What is once passed stays passed: no event appears later at or before
        a position that has been returned.
        """
        ...

    def streams(self) -> tuple[str, ...]:
        """Return the names of all streams that have an event, sorted."""
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
        Return up to *limit* rows of *index*, sorted by its ``sorted_by``, then by key.

        Args:
            projection: The name of a declared index.

            where: For columns, the value or the values that a row may have; all must match.

            after: The last row of the page before, or None. It need not exist any more.

            limit: How many at most.

        Raises:
            InvalidValueError: If the projection or a column is not declared.
        """
        ...

    def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        """
        Lease to *worker* up to *limit* rows of projection ``due`` and return them, by ``at``, then key.

        A row is due if its ``at`` is not after *before*. Rows under another
        worker's running lease are skipped; one's own are returned, and leased
        anew. A lease ends when it lapses, when its row is written or removed,
        when it is released, and at a reindex. Leases save work and hold
        nothing: what may be done is decided at the append.

        Args:
            before: The instant up to which rows are due, of the plan's clock.

            now: The real time, which leases run by.

            limit: How many at most.

            worker: Who takes them.

            lease_s: How long the lease runs, in seconds.
        """
        ...

    def release(self, rows: Sequence[Row], *, worker: str) -> None:
        """End the leases that *worker* holds on these rows; others stay."""
        ...

    def reindex(self, reducer: Reducer) -> ReindexReport:
        """
        Rebuild every record and projection row from the events, in one transaction.

        Raises:
            CorruptJournalError: If an event or a stream's head is damaged: a
                rebuild would hide it.
        """
        ...

    def audit(self, *, anchor: Anchor | None = None, reducer: Reducer | None = None) -> AuditReport:
        """
        Look for everything that cannot be what was written, and name its place.

        Args:
            anchor: How far the journal had come at an earlier audit; with it,
                a cut of the very end and a rewritten past are found too.

            reducer: If given, records and rows are also compared with what it makes.
        """
        ...


class Store(Protocol):
    """Journals of any number of organizations; bind one to use it."""

    def for_organization(self, organization: str) -> BoundStore:
        """Return the journal of *organization*, which need not exist yet."""
        ...

    def organizations(self) -> tuple[str, ...]:
        """Return the organizations that have an event, sorted."""
        ...

    def compact(self) -> None:
        """
        Let nothing of what was erased or replaced remain anywhere that the store keeps.

        Raises:
            StoreUnavailableError: If others use the store so that this cannot be done now.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; closing twice is harmless."""
        ...
