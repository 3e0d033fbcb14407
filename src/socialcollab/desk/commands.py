"""Commands that are about no single post."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import attrs

from socialcollab.directory import Selector, as_selector
from socialcollab.permissions import Absence, GivenGrant, Swap
from socialcollab.sections import as_words
from socialcollab.workflow.commands import PostCommand

if TYPE_CHECKING:
    from socialcollab.desk.departing import Departure
    from socialcollab.desk.proposal import Proposal

__all__ = [
    "Adopt",
    "Away",
    "Back",
    "Command",
    "Depart",
    "Erase",
    "Forget",
    "Give",
    "Observe",
    "Resume",
    "SetHold",
    "StartCampaign",
    "SwapDuty",
    "TakeBack",
    "Unswap",
    "WriteNote",
]


def _as_swaps(value: Iterable[Swap]) -> tuple[Swap, ...]:
    return tuple(value)


@attrs.frozen(kw_only=True)
class SetHold:
    """
    Stop everything that a selector takes in, now.

    Attributes:
        hold: Its identifier to be.

        on: What it stops.

        reason: Why.

        until: When it ends by itself, or None.
    """

    NAME: ClassVar[str] = "hold"

    hold: str
    on: Selector = attrs.field(converter=as_selector)
    reason: str
    until: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class Resume:
    """Lift a hold."""

    NAME: ClassVar[str] = "resume"

    hold: str


@attrs.frozen(kw_only=True)
class WriteNote:
    """Put a note on the calendar of a workspace."""

    NAME: ClassVar[str] = "note"

    note: str
    workspace: str
    on: dt.date
    text: str


@attrs.frozen(kw_only=True)
class Away:
    """Say that a member is or will be away, and who stands in."""

    NAME: ClassVar[str] = "away"

    absence: Absence
    reason: str = ""


@attrs.frozen(kw_only=True)
class Back:
    """Say that a member is back earlier; *on* is the first day back, today if None."""

    NAME: ClassVar[str] = "back"

    absence: str
    on: dt.date | None = None


@attrs.frozen(kw_only=True)
class Give:
    """Give rights until a time; whoever gives the command gives them."""

    NAME: ClassVar[str] = "give"

    given: GivenGrant


@attrs.frozen(kw_only=True)
class TakeBack:
    """Take back what was given by command."""

    NAME: ClassVar[str] = "take_back"

    given: str


@attrs.frozen(kw_only=True)
class SwapDuty:
    """Say who takes over on duty, and when; several swaps are one act."""

    NAME: ClassVar[str] = "swap_duty"

    swaps: tuple[Swap, ...] = attrs.field(converter=_as_swaps)
    reason: str = ""


@attrs.frozen(kw_only=True)
class Unswap:
    """Take swaps back, by their identifiers; several are one act."""

    NAME: ClassVar[str] = "unswap"

    swaps: tuple[str, ...] = attrs.field(converter=as_words)


@attrs.frozen(kw_only=True)
class Depart:
    """
    Let a member leave for good, and heirs take over what hangs on them.

    Attributes:
        member: Who leaves.

        heirs: Who takes over, by place or by section.

        on: The first day without them; today if None.

        reason: Why.

        seen: The plan that was seen: more is refused. None if none was.
    """

    NAME: ClassVar[str] = "depart"

    member: str
    heirs: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    on: dt.date | None = None
    reason: str
    seen: Departure | None = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True)
class StartCampaign:
    """Say on which days a campaign runs; *start* is today if None."""

    NAME: ClassVar[str] = "start_campaign"

    campaign: str
    start: dt.date | None = None
    end: dt.date | None = None


@attrs.frozen(kw_only=True)
class Adopt:
    """Bring a proposed organization into force."""

    NAME: ClassVar[str] = "adopt"

    # A proposal is made by the desk; naming its class here would be an import in a circle.
    proposal: Proposal | Any
    reason: str


@attrs.frozen(kw_only=True)
class Observe:
    """
    Put a post that nobody made here on the calendar of its profile.

    Attributes:
        profile: The profile that it stands on.

        network_id: The network's own id of it.

        at: When it went out.

        url: Its address, or empty.

        text: What it says, or empty.
    """

    NAME: ClassVar[str] = "observe"

    profile: str
    network_id: str
    at: dt.datetime
    url: str = ""
    text: str = ""


@attrs.frozen(kw_only=True)
class Forget:
    """Take an observed post off the calendar: it is gone, or was noted by mistake."""

    NAME: ClassVar[str] = "forget"

    profile: str
    network_id: str


@attrs.frozen(kw_only=True)
class Erase:
    """
    Erase a person, or a post with all that was said about it.

    Attributes:
        member: The person, or empty.

        post: The post, or empty.

        reason: Why.
    """

    NAME: ClassVar[str] = "erase"

    member: str = ""
    post: str = ""
    reason: str


Command: TypeAlias = (
    PostCommand
    | SetHold
    | Resume
    | WriteNote
    | Away
    | Back
    | Give
    | TakeBack
    | SwapDuty
    | Unswap
    | Depart
    | StartCampaign
    | Adopt
    | Observe
    | Forget
    | Erase
)
