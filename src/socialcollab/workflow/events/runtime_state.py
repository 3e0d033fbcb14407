"""What can happen to the facts that hold by command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs

from socialcollab.directory import Principal
from socialcollab.identifiers import MemberId, WorkspaceId
from socialcollab.permissions import Absence, Grant, ShiftSwap
from socialcollab.workflow.events.personal import PERSONAL


@attrs.frozen(kw_only=True)
class AbsenceAdded:
    """A member is or will be away."""

    TYPE: ClassVar[str] = "absence.added"

    absence: Absence
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class AbsenceEnded:
    """A member is back earlier: *on* is the first day back."""

    TYPE: ClassVar[str] = "absence.ended"

    absence: str
    member: MemberId
    date: dt.date


@attrs.frozen(kw_only=True)
class GrantAdded:
    """Somebody was given rights until a time; the grant has its reason beside it."""

    TYPE: ClassVar[str] = "grant.added"

    grant_id: str
    grant: Grant
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class GrantRevoked:
    """What was given by command was taken back, from whom it had been given to."""

    TYPE: ClassVar[str] = "grant.revoked"

    grant_id: str
    to: tuple[Principal, ...] = ()


@attrs.frozen(kw_only=True)
class ShiftsSwapped:
    """Others take over on duty, whoever's turn it is; several swaps are one act."""

    TYPE: ClassVar[str] = "shift_swap.added"

    swaps: tuple[ShiftSwap, ...]
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class ShiftSwapsCancelled:
    """Swaps were taken back from *at* on, of those who had taken over."""

    TYPE: ClassVar[str] = "shift_swap.cancelled"

    swaps: tuple[str, ...]
    members: tuple[MemberId, ...]
    at: dt.datetime


@attrs.frozen(kw_only=True)
class MemberOffboarded:
    """
    A member left for good, and what had been said by command went to their heirs or ended.

    Attributes:
        member: Who left.

        on: The first day without them.

        delegates: Who stands in instead, by absence; where nobody is named, nobody does.

        given: Who has instead what was given, likewise.

        swaps: Who takes over instead where they would have on duty, likewise.

        heirs: Everybody who took something over, of the document too.
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
    """A campaign runs from *start* on, and until before *end* if that is known."""

    TYPE: ClassVar[str] = "campaign.started"

    campaign: str
    workspace: WorkspaceId
    start: dt.date
    end: dt.date | None = None


@attrs.frozen(kw_only=True)
class RuntimeStateReevaluated:
    """What waits has been reckoned anew after a change of facts."""

    TYPE: ClassVar[str] = "runtime_state.reevaluated"


RUNTIME_STATE_EVENTS: Final[tuple[type[Any], ...]] = (
    CalendarNoteAdded,
    AbsenceAdded,
    AbsenceEnded,
    GrantAdded,
    GrantRevoked,
    ShiftsSwapped,
    ShiftSwapsCancelled,
    MemberOffboarded,
    CampaignStarted,
    RuntimeStateReevaluated,
)
