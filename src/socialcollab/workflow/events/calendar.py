"""Events for calendars, rate limits, native posts and holds."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

import attrs

from socialcollab.content import Hold
from socialcollab.identifiers import PostId, ProfileId, WorkspaceId
from socialcollab.workflow.events.event import PERSONAL


@attrs.frozen(kw_only=True)
class SlotTaken:
    """A post was added to a profile's calendar. Of two simultaneous additions, one fails."""

    TYPE: ClassVar[str] = "calendar.taken"

    post: PostId


@attrs.frozen(kw_only=True)
class BudgetLimited:
    """The network imposed a waiting period: the profile's deliveries wait until *until*."""

    TYPE: ClassVar[str] = "budget.limited"

    until: dt.datetime


@attrs.frozen(kw_only=True)
class BudgetPaced:
    """A late delivery was sent; the profile's other late deliveries wait until *until*."""

    TYPE: ClassVar[str] = "budget.paced"

    until: dt.datetime


@attrs.frozen(kw_only=True)
class NativePostAdded:
    """A post that was published directly on the network was recorded."""

    TYPE: ClassVar[str] = "native_post.added"

    profile: ProfileId
    workspace: WorkspaceId
    network_id: str
    at: dt.datetime
    url: str = attrs.field(default="", metadata=PERSONAL)
    text: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class NativePostRemoved:
    """A native post was removed from the calendar."""

    TYPE: ClassVar[str] = "native_post.removed"


@attrs.frozen(kw_only=True)
class HoldPlaced:
    """A hold was placed."""

    TYPE: ClassVar[str] = "hold.placed"

    hold: Hold
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class HoldEnded:
    """A hold was ended."""

    TYPE: ClassVar[str] = "hold.ended"

    hold: str
