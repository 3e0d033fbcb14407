"""What can happen to posts, deliveries, holds and the calendar, and who may let it happen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Protocol

import attrs

from socialcollab.workflow.events.calendar import (
    BudgetLimited,
    HoldEnded,
    HoldPlaced,
    NativePostAdded,
    NativePostRemoved,
    SlotTaken,
)
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


def native_post_stream(profile: str, network_id: str) -> str:
    """Return the stream of a native post; the id is hashed, as a network's ids may hold any text."""
    name = hashlib.sha256(network_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"native_post/{profile}.{name}"


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


def post_event(post: str, data: EventData, actor: Actor) -> Event:
    """Return an event of a post's stream."""
    return Event(post_stream(post), actor, data)


def runtime_event(data: EventData, actor: Actor) -> Event:
    """Return an event of the organization's runtime state."""
    return Event("runtime_state", actor, data)


def publisher_event(delivery: str, data: EventData) -> Event:
    """Return an event of a delivery's stream, stored by the publisher."""
    return Event(delivery_stream(delivery), Actor.PUBLISHER, data)
