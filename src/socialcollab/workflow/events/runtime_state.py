"""Runtime state events: absences, temporary grants, shift swaps, campaigns and notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar

import attrs

from socialcollab.directory import Principal
from socialcollab.identifiers import MemberId, WorkspaceId
from socialcollab.permissions import Absence, Grant, ShiftSwap
from socialcollab.workflow.events.event import PERSONAL


@attrs.frozen(kw_only=True)
class AbsenceAdded:
    """An absence of a member was recorded."""

    TYPE: ClassVar[str] = "absence.added"

    absence: Absence
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class AbsenceEnded:
    """An absence was ended early; *date* is the first day back."""

    TYPE: ClassVar[str] = "absence.ended"

    absence: str
    member: MemberId
    date: dt.date


@attrs.frozen(kw_only=True)
class GrantAdded:
    """Permissions were granted for a limited time."""

    TYPE: ClassVar[str] = "grant.added"

    grant_id: str
    grant: Grant
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class GrantRevoked:
    """A temporary grant was revoked; *to* are the principals that had received it."""

    TYPE: ClassVar[str] = "grant.revoked"

    grant_id: str
    to: tuple[Principal, ...] = ()


@attrs.frozen(kw_only=True)
class ShiftsSwapped:
    """Shifts were given to other members."""

    TYPE: ClassVar[str] = "shift_swap.added"

    swaps: tuple[ShiftSwap, ...]
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class ShiftSwapsCancelled:
    """Shift swaps were cancelled as of *at*; *members* had taken over the shifts."""

    TYPE: ClassVar[str] = "shift_swap.cancelled"

    swaps: tuple[str, ...]
    members: tuple[MemberId, ...]
    at: dt.datetime


@attrs.frozen(kw_only=True)
class MemberOffboarded:
    """
    A member left, and their entries in the runtime state were handed over or ended.

    Attributes:
        member: The member who left.
        date: The first day without the member.
        delegates: The new delegate, by absence. An absence that is not listed no longer has a
            delegate.
        grants: The successor, by temporary grant. A grant that is not listed ends.
        swaps: The successor, by shift swap. A swap that is not listed ends.
        successors: All members who took over entries in the document or the runtime state.
    """

    TYPE: ClassVar[str] = "member.offboarded"

    member: MemberId
    date: dt.date
    delegates: Mapping[str, str] = attrs.field(factory=dict)
    grants: Mapping[str, str] = attrs.field(factory=dict)
    swaps: Mapping[str, str] = attrs.field(factory=dict)
    successors: tuple[MemberId, ...] = ()


@attrs.frozen(kw_only=True)
class CalendarNoteAdded:
    """A note was added to the calendar."""

    TYPE: ClassVar[str] = "calendar_note.added"

    note: str
    workspace: WorkspaceId
    date: dt.date
    by: MemberId
    text: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class CampaignStarted:
    """The days of a campaign were set; *end* is the first day after the campaign, or None."""

    TYPE: ClassVar[str] = "campaign.started"

    campaign: str
    workspace: WorkspaceId
    start: dt.date
    end: dt.date | None = None


@attrs.frozen(kw_only=True)
class RuntimeStateReevaluated:
    """Posts and deliveries were reevaluated after a permission change."""

    TYPE: ClassVar[str] = "runtime_state.reevaluated"
