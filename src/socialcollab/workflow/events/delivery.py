"""What can happen to a delivery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar, TypeAlias

import attrs

from socialcollab.identifiers import DeliveryId, PostId, ProfileId, WorkspaceId
from socialcollab.time import WallTime
from socialcollab.workflow.events.personal import PERSONAL


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
class DeliveryStarted:
    """The publisher means to send it: ids and keys are fixed before anything is sent."""

    TYPE: ClassVar[str] = "delivery.started"

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
class LookupInconclusive:
    """A look could not tell what became of it; the next one is not before *not_before*."""

    TYPE: ClassVar[str] = "delivery.lookup_inconclusive"

    problem: str
    not_before: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryRechecked:
    """What was found absent was looked for again, and has not arrived; next at *recheck_at*, if ever."""

    TYPE: ClassVar[str] = "delivery.rechecked"

    recheck_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class DeliveryMarkedNotPublished:
    """A person has looked, and what was in doubt made nothing."""

    TYPE: ClassVar[str] = "delivery.marked_not_published"


@attrs.frozen(kw_only=True)
class DeliveryDeferred:
    """
    Nothing was made; it waits again, until *not_before*.

    Where a look said so, it is looked for again at *recheck_at*, should it
    not be sent again: a network may have kept the request in a queue.
    """

    TYPE: ClassVar[str] = "delivery.deferred"

    problem: str
    not_before: dt.datetime | None = None
    rate_limited: bool = False
    recheck_at: dt.datetime | None = None


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
class DeliveryRescheduled:
    """The rules of its zone moved the instant that its wall time means."""

    TYPE: ClassVar[str] = "delivery.rescheduled"

    was: dt.datetime
    now: dt.datetime
    tzdata: str


@attrs.frozen(kw_only=True)
class TakedownRequested:
    """Somebody wants it taken down, or *network_id* of it alone."""

    TYPE: ClassVar[str] = "delivery.takedown_requested"

    network_id: str = ""
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class TakedownDeferred:
    """It could not be taken down now; it is tried again, not before *not_before*."""

    TYPE: ClassVar[str] = "delivery.takedown_deferred"

    problem: str
    not_before: dt.datetime


@attrs.frozen(kw_only=True)
class TakedownAbandoned:
    """It cannot be taken down from here any more: the wish is over, and what is out is out."""

    TYPE: ClassVar[str] = "delivery.takedown_abandoned"

    problem: str


@attrs.frozen(kw_only=True)
class DeliveryTakenDown:
    """What these ids name is not on the network any more."""

    TYPE: ClassVar[str] = "delivery.taken_down"

    network_ids: tuple[str, ...]


@attrs.frozen(kw_only=True)
class AmendRequested:
    """Somebody wants what is out to carry a later revision."""

    TYPE: ClassVar[str] = "delivery.amend_requested"

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
class AmendDeferred:
    """The change may not be out; it is sent again, not before *not_before*."""

    TYPE: ClassVar[str] = "delivery.amend_deferred"

    problem: str
    not_before: dt.datetime
    answered: bool = True


@attrs.frozen(kw_only=True)
class AmendRejected:
    """The change is not sent any more; *answered* says that nothing of it is in doubt."""

    TYPE: ClassVar[str] = "delivery.amend_rejected"

    problem: str
    answered: bool = True


DeliveryEvent: TypeAlias = (
    DeliveryPlanned
    | DeliveryStarted
    | DeliveryProgressed
    | SendStarted
    | DeliveryPublished
    | DeliveryFailed
    | DeliveryUnknown
    | DeliveryDeferred
    | DeliveryMissed
    | DeliveryCancelled
    | DeliveryRescheduled
    | PartPublished
    | DeliveryPublishedAgain
    | LookupInconclusive
    | DeliveryRechecked
    | DeliveryMarkedNotPublished
    | TakedownRequested
    | TakedownAbandoned
    | TakedownDeferred
    | DeliveryTakenDown
    | AmendRequested
    | AmendStarted
    | DeliveryAmended
    | AmendDeferred
    | AmendRejected
)
