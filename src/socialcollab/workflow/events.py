"""What can happen to posts, deliveries, holds and the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Protocol, TypeAlias

import attrs

from socialcollab.content import Hold, PostContent, PostState, Revision
from socialcollab.identifiers import DeliveryId, MemberId, PostId, ProfileId, WorkspaceId
from socialcollab.time import WallTime
from socialcollab.workflow.actor import Actor
from socialcollab.workflow.policies import StepKey
from socialcollab.workflow.request import DecisionVerdict, When

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
    "RemovalPutOff",
    "SendStarted",
    "SlotTaken",
    "StepEscalated",
    "StepOverdue",
    "StepReminded",
    "is_personal",
    "post_stream",
]

_PERSONAL = "socialcollab.personal"


PERSONAL: Final = {_PERSONAL: True}
"""Metadata of a field whose value stays outside the chain; a salted digest goes in."""


def is_personal(attribute: attrs.Attribute[Any]) -> bool:
    """Tell whether an event's field is content, a name or free prose."""
    return bool(attribute.metadata.get(_PERSONAL))


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
class PostDrafted:
    """A post was begun."""

    TYPE: ClassVar[str] = "post.drafted"

    post: PostId
    workspace: WorkspaceId
    kind: str
    ref: str
    revision: Revision
    content: PostContent = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostEdited:
    """A new revision was stored; *state* is where the post stands with it."""

    TYPE: ClassVar[str] = "post.edited"

    revision: Revision
    state: PostState
    due: tuple[StepKey, ...] = ()
    pins: Mapping[str, str] = attrs.field(factory=dict)
    content: PostContent = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostCommented:
    """Somebody remarked on a post."""

    TYPE: ClassVar[str] = "post.commented"

    internal: bool
    text: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostSubmitted:
    """Somebody asked for sign-off."""

    TYPE: ClassVar[str] = "post.submitted"

    revision: str
    when: When
    due: tuple[StepKey, ...]
    pins: Mapping[str, str]


@attrs.frozen(kw_only=True)
class PostDecided:
    """Somebody voted."""

    TYPE: ClassVar[str] = "post.decided"

    verdict: DecisionVerdict
    steps: tuple[StepKey, ...]
    revision: str
    fields: Mapping[str, str]
    due: tuple[StepKey, ...] = ()
    passed: tuple[StepKey, ...] = ()
    pins: Mapping[str, str] = attrs.field(factory=dict)
    note: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostApproved:
    """Everything that had to be said has been; or, *alone*, one person's word was enough."""

    TYPE: ClassVar[str] = "post.approved"

    revision: str
    alone: bool = False


@attrs.frozen(kw_only=True)
class PostScheduled:
    """Deliveries were planned."""

    TYPE: ClassVar[str] = "post.scheduled"

    deliveries: tuple[DeliveryId, ...]


@attrs.frozen(kw_only=True)
class PostUnscheduled:
    """What waited was called off; the approval stands."""

    TYPE: ClassVar[str] = "post.unscheduled"


@attrs.frozen(kw_only=True)
class PostWithdrawn:
    """The request for sign-off was taken back."""

    TYPE: ClassVar[str] = "post.withdrawn"


@attrs.frozen(kw_only=True)
class PostCancelled:
    """The post was given up for good."""

    TYPE: ClassVar[str] = "post.cancelled"

    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostExpired:
    """Its time came before its sign-off."""

    TYPE: ClassVar[str] = "post.expired"


@attrs.frozen(kw_only=True)
class PostWaived:
    """A finding of the style guide was let pass, for the post as it stands."""

    TYPE: ClassVar[str] = "post.waived"

    code: str
    fields: Mapping[str, str]
    reason: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostReplanned:
    """It was reckoned anew which steps are open, and when the timer looks again, if ever."""

    TYPE: ClassVar[str] = "post.replanned"

    open: tuple[StepKey, ...] = ()
    wake_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class PostOutdated:
    """The votes on it rest on policies that say something else now."""

    TYPE: ClassVar[str] = "post.outdated"

    policies: tuple[str, ...]


@attrs.frozen(kw_only=True)
class StepReminded:
    """Whoever an open step still waits for was reminded."""

    TYPE: ClassVar[str] = "post.step_reminded"

    step: StepKey
    action: str
    to: tuple[MemberId, ...]


@attrs.frozen(kw_only=True)
class StepEscalated:
    """A party is asked to decide on an open step as well."""

    TYPE: ClassVar[str] = "post.step_escalated"

    step: StepKey
    action: str
    party: str


@attrs.frozen(kw_only=True)
class StepOverdue:
    """The time that an open step's reviewers had has lapsed."""

    TYPE: ClassVar[str] = "post.step_overdue"

    step: StepKey
    asked: tuple[MemberId, ...] = ()


@attrs.frozen(kw_only=True)
class DeliveryPlanned:
    """A delivery waits for its time."""

    TYPE: ClassVar[str] = "delivery.planned"

    delivery: DeliveryId
    post: PostId
    workspace: WorkspaceId
    profile: ProfileId
    at: WallTime
    revision: str


@attrs.frozen(kw_only=True)
class DeliveryBegun:
    """The publisher means to send it: ids and keys are fixed before anything is sent."""

    TYPE: ClassVar[str] = "delivery.begun"

    prepared: Mapping[str, str]


@attrs.frozen(kw_only=True)
class DeliveryProgressed:
    """The adapter came to a checkpoint."""

    TYPE: ClassVar[str] = "delivery.progressed"

    progress: Mapping[str, str]


@attrs.frozen(kw_only=True)
class SendStarted:
    """The right to send one creating request was taken; its sender gives up at *deadline*."""

    TYPE: ClassVar[str] = "delivery.send_started"

    number: int
    part: int
    started_at: dt.datetime
    deadline: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryPublished:
    """
    It is out, with the network's own id.

    *found* says that it was read back and not answered; *by_hand* that a
    person says so, which leaves open what an attempt in doubt came to.
    """

    TYPE: ClassVar[str] = "delivery.published"

    network_id: str
    url: str
    published_at: dt.datetime
    found: bool = False
    by_hand: bool = False


@attrs.frozen(kw_only=True)
class PartPublished:
    """A part of a thread is out, by attempt *number*; *progress* is what the next goes on from."""

    TYPE: ClassVar[str] = "delivery.part_published"

    number: int
    part: int
    network_id: str
    url: str
    published_at: dt.datetime
    progress: Mapping[str, str] = attrs.field(factory=dict)
    found: bool = False


@attrs.frozen(kw_only=True)
class DeliveryPublishedAgain:
    """Something else is out of it too: attempt *number* was not lost after all."""

    TYPE: ClassVar[str] = "delivery.published_again"

    number: int
    part: int
    network_id: str
    url: str
    published_at: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryFailed:
    """The network refused it."""

    TYPE: ClassVar[str] = "delivery.failed"

    problem: str


@attrs.frozen(kw_only=True)
class DeliveryUnknown:
    """A creating request got no answer."""

    TYPE: ClassVar[str] = "delivery.unknown"

    problem: str


@attrs.frozen(kw_only=True)
class DeliveryLooked:
    """A look could not tell what became of it; the next one is not before *not_before*."""

    TYPE: ClassVar[str] = "delivery.looked"

    problem: str
    not_before: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryRuledOut:
    """A person has looked, and what was in doubt made nothing."""

    TYPE: ClassVar[str] = "delivery.ruled_out"


@attrs.frozen(kw_only=True)
class DeliveryReturned:
    """Nothing was made, for certain; it waits again, until *not_before*."""

    TYPE: ClassVar[str] = "delivery.returned"

    problem: str
    not_before: dt.datetime | None = None
    rate_limited: bool = False


@attrs.frozen(kw_only=True)
class DeliveryMissed:
    """It fell due and was not sent; a person says what becomes of it."""

    TYPE: ClassVar[str] = "delivery.missed"

    problem: str


@attrs.frozen(kw_only=True)
class DeliveryCancelled:
    """It was called off before anything was sent."""

    TYPE: ClassVar[str] = "delivery.cancelled"

    problem: str = ""


@attrs.frozen(kw_only=True)
class DeliveryReplanned:
    """The rules of its zone moved the instant that its wall time means."""

    TYPE: ClassVar[str] = "delivery.replanned"

    was: dt.datetime
    now: dt.datetime
    tzdata: str


@attrs.frozen(kw_only=True)
class RemovalAsked:
    """Somebody wants it taken down, or *network_id* of it alone."""

    TYPE: ClassVar[str] = "delivery.removal_asked"

    network_id: str = ""
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class RemovalPutOff:
    """It could not be taken down now; it is tried again, not before *not_before*."""

    TYPE: ClassVar[str] = "delivery.removal_put_off"

    problem: str
    not_before: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryRemoved:
    """What these ids name is not on the network any more."""

    TYPE: ClassVar[str] = "delivery.removed"

    network_ids: tuple[str, ...]


@attrs.frozen(kw_only=True)
class AmendAsked:
    """Somebody wants what is out to carry a later revision."""

    TYPE: ClassVar[str] = "delivery.amend_asked"

    revision: str


@attrs.frozen(kw_only=True)
class AmendStarted:
    """The right to send a change was taken; its sender gives up at *deadline*."""

    TYPE: ClassVar[str] = "delivery.amend_started"

    number: int
    revision: str
    started_at: dt.datetime
    deadline: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryAmended:
    """What is out carries *revision* now, for certain."""

    TYPE: ClassVar[str] = "delivery.amended"

    revision: str


@attrs.frozen(kw_only=True)
class AmendPutOff:
    """The change may not be out; it is sent again, not before *not_before*."""

    TYPE: ClassVar[str] = "delivery.amend_put_off"

    problem: str
    not_before: dt.datetime
    answered: bool = True


@attrs.frozen(kw_only=True)
class AmendRefused:
    """The change is not sent any more; *answered* says that nothing of it is in doubt."""

    TYPE: ClassVar[str] = "delivery.amend_refused"

    problem: str
    answered: bool = True


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


PostEvent: TypeAlias = (
    PostDrafted
    | PostEdited
    | PostCommented
    | PostSubmitted
    | PostDecided
    | PostApproved
    | PostScheduled
    | PostUnscheduled
    | PostWithdrawn
    | PostCancelled
    | PostExpired
    | PostWaived
    | PostReplanned
    | PostOutdated
    | StepReminded
    | StepEscalated
    | StepOverdue
)
DeliveryEvent: TypeAlias = (
    DeliveryPlanned
    | DeliveryBegun
    | DeliveryProgressed
    | SendStarted
    | DeliveryPublished
    | DeliveryFailed
    | DeliveryUnknown
    | DeliveryReturned
    | DeliveryMissed
    | DeliveryCancelled
    | DeliveryReplanned
    | PartPublished
    | DeliveryPublishedAgain
    | DeliveryLooked
    | DeliveryRuledOut
    | RemovalAsked
    | RemovalPutOff
    | DeliveryRemoved
    | AmendAsked
    | AmendStarted
    | DeliveryAmended
    | AmendPutOff
    | AmendRefused
)


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
            RemovalPutOff,
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
