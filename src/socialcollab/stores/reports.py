"""What `audit` and `reindex` found and did."""

from __future__ import annotations

from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin


@attrs.frozen(kw_only=True)
class Anchor:
    """
    The state of a journal at one moment, to keep outside the journal.

    Attributes:
        position: The last position.
        hash: A SHA-256 in hexadecimal that covers the hashes of all events up to that position. If
            one of them is changed, moved or removed, this hash no longer matches.
    """

    position: int
    hash: str


@attrs.frozen(kw_only=True)
class Damage:
    """
    One stored value that is not what was written.

    Attributes:
        place: Where it is, such as ``post/p1 version 3 (position 7)``.
        problem: What is wrong there.
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
        findings: The damage, by place; empty if there is none.
        anchor: The present state of the journal. Keep it outside, and pass it to a later audit.
        events: The number of events that were read.
        streams: The number of streams that they belong to.
        erased: The number of personal values that were erased, of which only digests remain.
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
    The result of a rebuild of snapshots and rows.

    Attributes:
        streams: The number of streams.
        events: The number of their events.
        rows: The number of projection rows afterwards.
        changed: The streams whose snapshot or rows were different before.
    """

    streams: int
    events: int
    rows: int
    changed: tuple[str, ...]
