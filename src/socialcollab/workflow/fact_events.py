"""What can happen to the facts that hold by command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs

from socialcollab.directory import Party
from socialcollab.identifiers import MemberId, WorkspaceId
from socialcollab.permissions import Absence, Grant, Swap
from socialcollab.workflow.events import PERSONAL, NoteWritten

__all__ = [
    "FACT_EVENTS",
    "CampaignStarted",
    "DutySwapped",
    "DutyUnswapped",
    "FactsReplanned",
    "GrantGiven",
    "GrantTakenBack",
    "MemberAway",
    "MemberBack",
    "MemberDeparted",
]


@attrs.frozen(kw_only=True)
class MemberAway:
    """A member is or will be away."""

    TYPE: ClassVar[str] = "facts.away"

    absence: Absence
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class MemberBack:
    """A member is back earlier: *on* is the first day back."""

    TYPE: ClassVar[str] = "facts.back"

    absence: str
    member: MemberId
    on: dt.date


@attrs.frozen(kw_only=True)
class GrantGiven:
    """Somebody was given rights until a time; the grant has its reason beside it."""

    TYPE: ClassVar[str] = "facts.grant_given"

    given: str
    grant: Grant
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class GrantTakenBack:
    """What was given by command was taken back, from whom it had been given to."""

    TYPE: ClassVar[str] = "facts.grant_taken_back"

    given: str
    to: tuple[Party, ...] = ()


@attrs.frozen(kw_only=True)
class DutySwapped:
    """Others take over on duty, whoever's turn it is; several swaps are one act."""

    TYPE: ClassVar[str] = "facts.duty_swapped"

    swaps: tuple[Swap, ...]
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class DutyUnswapped:
    """Swaps were taken back from *at* on, of those who had taken over."""

    TYPE: ClassVar[str] = "facts.duty_unswapped"

    swaps: tuple[str, ...]
    members: tuple[MemberId, ...]
    at: dt.datetime


@attrs.frozen(kw_only=True)
class MemberDeparted:
    """
    A member left for good, and what had been said by command went to their heirs or ended.

    Attributes:
        member: Who left.

        on: The first day without them.

        stand_ins: Who stands in instead, by absence; where nobody is named, nobody does.

        given: Who has instead what was given, likewise.

        swaps: Who takes over instead where they would have on duty, likewise.

        heirs: Everybody who took something over, of the document too.
    """

    TYPE: ClassVar[str] = "facts.departed"

    member: MemberId
    on: dt.date
    stand_ins: Mapping[str, str] = attrs.field(factory=dict)
    given: Mapping[str, str] = attrs.field(factory=dict)
    swaps: Mapping[str, str] = attrs.field(factory=dict)
    heirs: tuple[MemberId, ...] = ()


@attrs.frozen(kw_only=True)
class CampaignStarted:
    """A campaign runs from *start* on, and until before *end* if that is known."""

    TYPE: ClassVar[str] = "facts.campaign_started"

    campaign: str
    workspace: WorkspaceId
    start: dt.date
    end: dt.date | None = None


@attrs.frozen(kw_only=True)
class FactsReplanned:
    """What waits has been reckoned anew after a change of facts."""

    TYPE: ClassVar[str] = "facts.replanned"


FACT_EVENTS: Final[tuple[type[Any], ...]] = (
    NoteWritten,
    MemberAway,
    MemberBack,
    GrantGiven,
    GrantTakenBack,
    DutySwapped,
    DutyUnswapped,
    MemberDeparted,
    CampaignStarted,
    FactsReplanned,
)
