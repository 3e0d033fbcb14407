"""Events of the runtime state: absences, temporary grants, shift swaps, campaigns and notes."""

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
    """A member is or will be absent."""

    TYPE: ClassVar[str] = "absence.added"

    absence: Absence
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class AbsenceEnded:
    """A member is back early; *date* is the first day back."""

    TYPE: ClassVar[str] = "absence.ended"

    absence: str
    member: MemberId
    date: dt.date


@attrs.frozen(kw_only=True)
class GrantAdded:
    """Permissions were granted until a time."""

    TYPE: ClassVar[str] = "grant.added"

    grant_id: str
    grant: Grant
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class GrantRevoked:
    """A temporary grant was revoked; *to* are the principals that had it."""

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
    """Shift swaps were cancelled, from *at* on; *members* had taken over the shifts."""

    TYPE: ClassVar[str] = "shift_swap.cancelled"

    swaps: tuple[str, ...]
    members: tuple[MemberId, ...]
    at: dt.datetime


@attrs.frozen(kw_only=True)
class MemberOffboarded:
    """
    A member left, and their part in the runtime state went to successors or ended.

    Attributes:
        member: The member who left.
        date: The first day without them.
        delegates: The new delegate, by absence; an absence that is not listed has none any more.
        grants: The member who has a temporary grant instead, by grant; one that is not listed ends.
        swaps: The member who takes over the shift instead, by swap; one that is not listed ends.
        successors: All members who took something over, in the document or in the runtime state.
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
    """A note was put on the calendar."""

    TYPE: ClassVar[str] = "calendar_note.added"

    note: str
    workspace: WorkspaceId
    date: dt.date
    by: MemberId
    text: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class CampaignStarted:
    """A campaign runs from *start* on; *end* is the first day after it, or None."""

    TYPE: ClassVar[str] = "campaign.started"

    campaign: str
    workspace: WorkspaceId
    start: dt.date
    end: dt.date | None = None


@attrs.frozen(kw_only=True)
class RuntimeStateReevaluated:
    """Posts and deliveries were reevaluated after a change of who has which permission."""

    TYPE: ClassVar[str] = "runtime_state.reevaluated"
