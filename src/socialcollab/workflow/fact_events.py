"""What can happen to the facts that hold by command."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final

import attrs

from socialcollab.identifiers import MemberId, WorkspaceId
from socialcollab.permissions import Absence
from socialcollab.workflow.events import PERSONAL, NoteWritten

__all__ = ["FACT_EVENTS", "CampaignStarted", "FactsReplanned", "MemberAway", "MemberBack"]


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
    CampaignStarted,
    FactsReplanned,
)
