"""The reports that the `audit` and `reindex` methods of stores return."""

from __future__ import annotations

from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin


@attrs.frozen(kw_only=True)
class Anchor:
    """
    A summary of a journal at one moment, to be stored outside the journal.

    Attributes:
        position: The position of the last event.
        hash: A SHA-256 hash, in hexadecimal, over the hashes of all events up to that position. It
            no longer matches if one of these events is changed, moved or removed.
    """

    position: int
    hash: str


@attrs.frozen(kw_only=True)
class Damage:
    """
    A stored value that differs from what was written.

    Attributes:
        place: The location of the value, such as ``post/p1 version 3 (position 7)``.
        problem: A description of the problem.
    """

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.problem} at {self.place}"


@attrs.frozen(kw_only=True)
class AuditReport(NotebookMixin):
    """
    The result of an audit of one organization's journal.

    Attributes:
        findings: The damage that was found; empty if there is none.
        anchor: A summary of the current journal. Store it outside the journal, and pass it to a
            later audit.
        events: The number of events that were read.
        streams: The number of streams that contain these events.
        erased: The number of erased personal values; only their digests remain.
    """

    _cards_module: ClassVar[str] = "socialcollab.stores.cards"

    findings: tuple[Damage, ...]
    anchor: Anchor
    events: int
    streams: int
    erased: int = 0

    @property
    def clean(self) -> bool:
        """Whether there are no findings."""
        return not self.findings


@attrs.frozen(kw_only=True)
class ReindexReport:
    """
    The result of rebuilding the snapshots and projection rows of a journal.

    Attributes:
        streams: The number of streams.
        events: The number of events in these streams.
        rows: The number of projection rows after the rebuild.
        changed: The streams whose snapshot or rows were changed by the rebuild.
    """

    streams: int
    events: int
    rows: int
    changed: tuple[str, ...]
