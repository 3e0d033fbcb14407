"""What `audit` and `reindex` found and did."""

from __future__ import annotations

from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin


@attrs.frozen(kw_only=True)
class Anchor:
    """
    How far a journal had come, to be kept outside it.

    Attributes:
        position: The last position then.

        hash: SHA-256 run over the hashes of all events up to it, in hex: no
            event up to there can change, move or vanish without changing it.
    """

    position: int
    hash: str


@attrs.frozen(kw_only=True)
class Damage:
    """
    One thing in a journal that cannot be what was written.

    Attributes:
        place: Where it shows, such as ``post/p1 version 3 (position 7)``.

        problem: What is wrong there.
    """

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.problem} at {self.place}"


@attrs.frozen(kw_only=True)
class AuditReport(NotebookMixin):
    """
    What an audit of one organization's journal found.

    Attributes:
        findings: The damage, by place; empty if there is none.

        anchor: How far the journal has come; keep it outside, and give it to
            a later audit.

        events: How many events were read.

        streams: How many streams they belong to.

        erased: How many personal values were erased: their digests alone remain.
    """

    _cards_module: ClassVar[str] = "socialcollab.stores.cards"

    findings: tuple[Damage, ...]
    anchor: Anchor
    events: int
    streams: int
    erased: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@attrs.frozen(kw_only=True)
class ReindexReport:
    """
    What a rebuild of records and rows did.

    Attributes:
        streams: How many streams were folded.

        events: How many events they hold.

        rows: How many projection rows there are now.

        changed: The streams whose record or rows differ from what stood before.
    """

    streams: int
    events: int
    rows: int
    changed: tuple[str, ...]
