"""What can happen to posts, deliveries, holds and the calendar, and who may let it happen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Protocol

import attrs

from socialcollab.content import Hold
from socialcollab.identifiers import MemberId, PostId, ProfileId, WorkspaceId
from socialcollab.workflow.events.delivery import (
    AmendDeferred,
    AmendRejected,
    AmendStarted,
    DeliveryAmended,
    DeliveryCancelled,
    DeliveryDeferred,
    DeliveryEvent,
    DeliveryFailed,
    DeliveryMissed,
    DeliveryPlanned,
    DeliveryProgressed,
    DeliveryPublished,
    DeliveryPublishedAgain,
    DeliveryRechecked,
    DeliveryRescheduled,
    DeliveryStarted,
    DeliveryTakenDown,
    DeliveryUnknown,
    LookupInconclusive,
    PartPublished,
    SendStarted,
    TakedownAbandoned,
    TakedownDeferred,
)
from socialcollab.workflow.events.personal import PERSONAL
from socialcollab.workflow.events.post import (
    DecisionsOutdated,
    PostApproved,
    PostEvent,
    PostExpired,
    PostReevaluated,
    PostScheduled,
    StepEscalated,
    StepOverdue,
    StepReminded,
)
from socialcollab.workflow.model.actor import Actor


def post_stream(post: str) -> str:
    """Return the stream of a post."""
    return f"post/{post}"


def delivery_stream(delivery: str) -> str:
    """Return the stream of a delivery."""
    return f"delivery/{delivery}"


def calendar_stream(profile: str) -> str:
    """Return the stream that keeps two acts from taking one slot of a profile."""
    return f"calendar/{profile}"


def budget_stream(profile: str) -> str:
    """Return the stream that says until when a profile has to wait."""
    return f"budget/{profile}"


def native_post_stream(profile: str, name: str) -> str:
    """Return the stream of a post that was made on the network itself."""
    return f"native_post/{profile}.{name}"


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


@attrs.frozen(kw_only=True)
class CalendarNoteAdded:
    """A note was put on the calendar."""

    TYPE: ClassVar[str] = "calendar_note.added"

    note: str
    workspace: WorkspaceId
    date: dt.date
    by: MemberId
    text: str = attrs.field(metadata=PERSONAL)


class EventData(Protocol):
    """What every event's data has: the name it is stored under."""

    TYPE: ClassVar[str]


POST_EVENTS: Final[tuple[type[Any], ...]] = PostEvent.__args__
DELIVERY_EVENTS: Final[tuple[type[Any], ...]] = DeliveryEvent.__args__
HOLD_EVENTS: Final[tuple[type[Any], ...]] = (HoldPlaced, HoldEnded)
OTHER_EVENTS: Final[tuple[type[Any], ...]] = (
    SlotTaken,
    BudgetLimited,
    NativePostAdded,
    NativePostRemoved,
)

SYSTEM_MAY: Final[Mapping[str, frozenset[str]]] = {
    "publisher": frozenset(
        event.TYPE
        for event in (
            DeliveryStarted,
            DeliveryProgressed,
            SendStarted,
            DeliveryPublished,
            DeliveryFailed,
            DeliveryUnknown,
            DeliveryDeferred,
            DeliveryMissed,
            DeliveryCancelled,
            PartPublished,
            DeliveryPublishedAgain,
            LookupInconclusive,
            DeliveryRechecked,
            TakedownDeferred,
            TakedownAbandoned,
            DeliveryTakenDown,
            AmendStarted,
            DeliveryAmended,
            AmendDeferred,
            AmendRejected,
            BudgetLimited,
            HoldPlaced,
        )
    ),
    "timer": frozenset(
        {
            PostExpired.TYPE,
            PostReevaluated.TYPE,
            DecisionsOutdated.TYPE,
            StepReminded.TYPE,
            StepEscalated.TYPE,
            StepOverdue.TYPE,
            DeliveryRescheduled.TYPE,
            "digest.closed",
            "runtime_state.reevaluated",
            "post.media_deleted",
            "organization.reevaluated",
        }
    ),
    "rules": frozenset(
        event.TYPE
        for event in (
            PostApproved,
            PostScheduled,
            PostExpired,
            DeliveryPlanned,
            DeliveryMissed,
            DeliveryCancelled,
            SlotTaken,
        )
    )
    | {"notifications.queued", "digest.added"},
}
"""Which events each of the library's own workers may store."""


@attrs.frozen
class Event:
    """
    One thing that happened.

    Attributes:
        stream: Whose history it joins.

        actor: Who did it.

        data: What it was.
    """

    stream: str
    actor: Actor
    data: EventData
