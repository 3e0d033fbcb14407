"""What can happen to posts, deliveries, holds and the calendar, and who may let it happen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Protocol

import attrs

from socialcollab.content import Hold
from socialcollab.identifiers import MemberId, PostId, ProfileId, WorkspaceId
from socialcollab.workflow.actor import Actor
from socialcollab.workflow.delivery_events import (
    AmendAsked,
    AmendPutOff,
    AmendRefused,
    AmendStarted,
    DeliveryAmended,
    DeliveryBegun,
    DeliveryCancelled,
    DeliveryEvent,
    DeliveryFailed,
    DeliveryLooked,
    DeliveryLookedAgain,
    DeliveryMissed,
    DeliveryPlanned,
    DeliveryProgressed,
    DeliveryPublished,
    DeliveryPublishedAgain,
    DeliveryRemoved,
    DeliveryReplanned,
    DeliveryReturned,
    DeliveryRuledOut,
    DeliveryUnknown,
    PartPublished,
    RemovalAsked,
    RemovalGivenUp,
    RemovalPutOff,
    SendStarted,
)
from socialcollab.workflow.personal import PERSONAL, is_personal
from socialcollab.workflow.post_events import (
    PostApproved,
    PostCancelled,
    PostCommented,
    PostDecided,
    PostDrafted,
    PostEdited,
    PostEvent,
    PostExpired,
    PostOutdated,
    PostReplanned,
    PostScheduled,
    PostSubmitted,
    PostUnscheduled,
    PostWaived,
    PostWithdrawn,
    StepEscalated,
    StepOverdue,
    StepReminded,
)

__all__ = [
    "DELIVERY_EVENTS",
    "HOLD_EVENTS",
    "OTHER_EVENTS",
    "PERSONAL",
    "POST_EVENTS",
    "SYSTEM_MAY",
    "AmendAsked",
    "AmendPutOff",
    "AmendRefused",
    "AmendStarted",
    "BudgetLimited",
    "DeliveryAmended",
    "DeliveryBegun",
    "DeliveryCancelled",
    "DeliveryFailed",
    "DeliveryLooked",
    "DeliveryLookedAgain",
    "DeliveryMissed",
    "DeliveryPlanned",
    "DeliveryProgressed",
    "DeliveryPublished",
    "DeliveryPublishedAgain",
    "DeliveryRemoved",
    "DeliveryReplanned",
    "DeliveryReturned",
    "DeliveryRuledOut",
    "DeliveryUnknown",
    "Event",
    "HoldEnded",
    "HoldSet",
    "NoteWritten",
    "PartPublished",
    "PostApproved",
    "PostCancelled",
    "PostCommented",
    "PostDecided",
    "PostDrafted",
    "PostEdited",
    "PostExpired",
    "PostForgotten",
    "PostObserved",
    "PostOutdated",
    "PostReplanned",
    "PostScheduled",
    "PostSubmitted",
    "PostUnscheduled",
    "PostWaived",
    "PostWithdrawn",
    "RemovalAsked",
    "RemovalGivenUp",
    "RemovalPutOff",
    "SendStarted",
    "SlotTaken",
    "StepEscalated",
    "StepOverdue",
    "StepReminded",
    "is_personal",
    "post_stream",
]


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


def observed_stream(profile: str, name: str) -> str:
    """Return the stream of a post that was made on the network itself."""
    return f"observed/{profile}.{name}"


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
class PostObserved:
    """A post that nobody made here was seen on a profile."""

    TYPE: ClassVar[str] = "observed.seen"

    profile: ProfileId
    workspace: WorkspaceId
    network_id: str
    at: dt.datetime
    url: str = attrs.field(default="", metadata=PERSONAL)
    text: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostForgotten:
    """An observed post is gone, or was none; it takes up no room any more."""

    TYPE: ClassVar[str] = "observed.forgotten"


@attrs.frozen(kw_only=True)
class HoldSet:
    """A hold was set."""

    TYPE: ClassVar[str] = "hold.set"

    hold: Hold
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class HoldEnded:
    """A hold was lifted."""

    TYPE: ClassVar[str] = "hold.ended"

    hold: str


@attrs.frozen(kw_only=True)
class NoteWritten:
    """A note was put on the calendar."""

    TYPE: ClassVar[str] = "facts.note_written"

    note: str
    workspace: WorkspaceId
    on: dt.date
    by: MemberId
    text: str = attrs.field(metadata=PERSONAL)


class EventData(Protocol):
    """What every event's data has: the name it is stored under."""

    TYPE: ClassVar[str]


POST_EVENTS: Final[tuple[type[Any], ...]] = PostEvent.__args__
DELIVERY_EVENTS: Final[tuple[type[Any], ...]] = DeliveryEvent.__args__
HOLD_EVENTS: Final[tuple[type[Any], ...]] = (HoldSet, HoldEnded)
OTHER_EVENTS: Final[tuple[type[Any], ...]] = (
    SlotTaken,
    BudgetLimited,
    PostObserved,
    PostForgotten,
)

SYSTEM_MAY: Final[Mapping[str, frozenset[str]]] = {
    "publisher": frozenset(
        event.TYPE
        for event in (
            DeliveryBegun,
            DeliveryProgressed,
            SendStarted,
            DeliveryPublished,
            DeliveryFailed,
            DeliveryUnknown,
            DeliveryReturned,
            DeliveryMissed,
            DeliveryCancelled,
            PartPublished,
            DeliveryPublishedAgain,
            DeliveryLooked,
            DeliveryLookedAgain,
            RemovalPutOff,
            RemovalGivenUp,
            DeliveryRemoved,
            AmendStarted,
            DeliveryAmended,
            AmendPutOff,
            AmendRefused,
            BudgetLimited,
            HoldSet,
        )
    ),
    "timer": frozenset(
        {
            PostExpired.TYPE,
            PostReplanned.TYPE,
            PostOutdated.TYPE,
            StepReminded.TYPE,
            StepEscalated.TYPE,
            StepOverdue.TYPE,
            DeliveryReplanned.TYPE,
            "digest.closed",
            "facts.replanned",
            "post.media_deleted",
            "organization.replanned",
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
    | {"notices.given", "digest.added"},
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
