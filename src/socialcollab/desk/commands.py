"""Commands that are about no single post."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import attrs

from socialcollab.directory import Selector, as_selector
from socialcollab.document_fields import as_words
from socialcollab.permissions import Absence, ShiftSwap, TemporaryGrant
from socialcollab.workflow import commands as cm

if TYPE_CHECKING:
    from socialcollab.desk.handlers.offboard import OffboardingPlan
    from socialcollab.desk.queries.proposal import Proposal


def _as_swaps(value: Iterable[ShiftSwap]) -> tuple[ShiftSwap, ...]:
    return tuple(value)


@attrs.frozen(kw_only=True)
class PlaceHold:
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
class AddCalendarNote:
    """Put a note on the calendar of a workspace."""

    NAME: ClassVar[str] = "add_calendar_note"

    note: str
    workspace: str
    on: dt.date
    text: str


@attrs.frozen(kw_only=True)
class AddAbsence:
    """Say that a member is or will be away, and who stands in."""

    NAME: ClassVar[str] = "add_absence"

    absence: Absence
    reason: str = ""


@attrs.frozen(kw_only=True)
class EndAbsence:
    """Say that a member is back earlier; *on* is the first day back, today if None."""

    NAME: ClassVar[str] = "end_absence"

    absence: str
    on: dt.date | None = None


@attrs.frozen(kw_only=True)
class AddGrant:
    """Give rights until a time; whoever gives the command gives them."""

    NAME: ClassVar[str] = "grant"

    grant: TemporaryGrant


@attrs.frozen(kw_only=True)
class RevokeGrant:
    """Take back what was given by command."""

    NAME: ClassVar[str] = "revoke"

    grant: str


@attrs.frozen(kw_only=True)
class SwapShift:
    """Say who takes over on duty, and when; several swaps are one act."""

    NAME: ClassVar[str] = "swap_shift"

    swaps: tuple[ShiftSwap, ...] = attrs.field(converter=_as_swaps)
    reason: str = ""


@attrs.frozen(kw_only=True)
class CancelShiftSwap:
    """Take swaps back, by their identifiers; several are one act."""

    NAME: ClassVar[str] = "cancel_shift_swap"

    swaps: tuple[str, ...] = attrs.field(converter=as_words)


@attrs.frozen(kw_only=True)
class Offboard:
    """
    Let a member leave for good, and heirs take over what hangs on them.

    Attributes:
        member: Who leaves.

        heirs: Who takes over, by place or by section.

        on: The first day without them; today if None.

        reason: Why.

        seen: The plan that was seen: more is refused. None if none was.
    """

    NAME: ClassVar[str] = "offboard"

    member: str
    successors: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    on: dt.date | None = None
    reason: str
    seen: OffboardingPlan | None = attrs.field(default=None, hash=False)


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
class AddNativePost:
    """
    Put a post that nobody made here on the calendar of its profile.

    Attributes:
        profile: The profile that it stands on.

        network_id: The network's own id of it.

        at: When it went out.

        url: Its address, or empty.

        text: What it says, or empty.
    """

    NAME: ClassVar[str] = "add_native_post"

    profile: str
    network_id: str
    at: dt.datetime
    url: str = ""
    text: str = ""


@attrs.frozen(kw_only=True)
class RemoveNativePost:
    """Take an observed post off the calendar: it is gone, or was noted by mistake."""

    NAME: ClassVar[str] = "remove_native_post"

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
    cm.PostCommand
    | PlaceHold
    | Resume
    | AddCalendarNote
    | AddAbsence
    | EndAbsence
    | AddGrant
    | RevokeGrant
    | SwapShift
    | CancelShiftSwap
    | Offboard
    | StartCampaign
    | Adopt
    | AddNativePost
    | RemoveNativePost
    | Erase
)
