"""What can happen to calendars, holds, rate limits and native posts."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

import attrs

from socialcollab.content import Hold
from socialcollab.identifiers import PostId, ProfileId, WorkspaceId
from socialcollab.workflow.events.personal import PERSONAL


@attrs.frozen(kw_only=True)
class SlotTaken:
    """Something was put on a profile's calendar; its version keeps two from doing so at once."""

    TYPE: ClassVar[str] = "calendar.taken"

    post: PostId


@attrs.frozen(kw_only=True)
class BudgetLimited:
    """The network asked a profile to wait; all of its deliveries do."""

    TYPE: ClassVar[str] = "budget.limited"

    until: dt.datetime


@attrs.frozen(kw_only=True)
class NativePostAdded:
    """A post that nobody made here was seen on a profile."""

    TYPE: ClassVar[str] = "native_post.added"

    profile: ProfileId
    workspace: WorkspaceId
    network_id: str
    at: dt.datetime
    url: str = attrs.field(default="", metadata=PERSONAL)
    text: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class NativePostRemoved:
    """An observed post is gone, or was none; it takes up no room any more."""

    TYPE: ClassVar[str] = "native_post.removed"


@attrs.frozen(kw_only=True)
class HoldPlaced:
    """A hold was set."""

    TYPE: ClassVar[str] = "hold.placed"

    hold: Hold
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class HoldEnded:
    """A hold was lifted."""

    TYPE: ClassVar[str] = "hold.ended"

    hold: str
