"""Events of a delivery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar

import attrs

from socialcollab.identifiers import DeliveryId, PostId, ProfileId, WorkspaceId
from socialcollab.time import WallTime
from socialcollab.workflow.events.event import PERSONAL


@attrs.frozen(kw_only=True)
class DeliveryPlanned:
    """A delivery was planned."""

    TYPE: ClassVar[str] = "delivery.planned"

    delivery: DeliveryId
    post: PostId
    workspace: WorkspaceId
    profile: ProfileId
    at: WallTime
    revision: str


@attrs.frozen(kw_only=True)
class DeliveryStarted:
    """The publisher started to send it; *prepared* are the ids and keys of every attempt."""

    TYPE: ClassVar[str] = "delivery.started"

    prepared: Mapping[str, str]


@attrs.frozen(kw_only=True)
class DeliveryProgressed:
    """The adapter reached a checkpoint, from which a later attempt can continue."""

    TYPE: ClassVar[str] = "delivery.progressed"

    progress: Mapping[str, str]


@attrs.frozen(kw_only=True)
class SendStarted:
    """
    The permit to send one creating request was taken.

    Attributes:
        number: The number of the attempt.
        part: The part of the thread that the request creates, or 0.
        started_at: The instant by the real clock.
        deadline: When the sender gives up for certain, by the real clock.
    """

    TYPE: ClassVar[str] = "delivery.send_started"

    number: int
    part: int
    started_at: dt.datetime
    deadline: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryPublished:
    """
    The post is published.

    Attributes:
        network_id: The network's own id.
        url: Its address, or empty.
        published_at: The time of publication, in UTC.
        found: Whether a lookup found it, rather than the network's answer to the request.
        by_hand: Whether a member reported it. An attempt in doubt stays in doubt then.
    """

    TYPE: ClassVar[str] = "delivery.published"

    network_id: str
    url: str
    published_at: dt.datetime
    found: bool = False
    by_hand: bool = False


@attrs.frozen(kw_only=True)
class PartPublished:
    """
    One part of a thread is published.

    Attributes:
        number: The number of the attempt that published it.
        part: The part.
        network_id: The network's own id of the part.
        url: Its address, or empty.
        published_at: The time of publication, in UTC.
        progress: The checkpoint from which the next part continues.
        found: Whether a lookup found it.
    """

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
    """The post, or a part of it, is published a second time: attempt *number* had succeeded."""

    TYPE: ClassVar[str] = "delivery.published_again"

    number: int
    part: int
    network_id: str
    url: str
    published_at: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryFailed:
    """The network rejected it."""

    TYPE: ClassVar[str] = "delivery.failed"

    problem: str


@attrs.frozen(kw_only=True)
class DeliveryUnknown:
    """It is not known whether the network accepted a creating request."""

    TYPE: ClassVar[str] = "delivery.unknown"

    problem: str


@attrs.frozen(kw_only=True)
class LookupInconclusive:
    """A lookup could not find out the outcome; the next one is not before *not_before*."""

    TYPE: ClassVar[str] = "delivery.lookup_inconclusive"

    problem: str
    not_before: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryRechecked:
    """A missing post was looked up again, and is still missing; the next recheck, or None."""

    TYPE: ClassVar[str] = "delivery.rechecked"

    recheck_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class DeliveryMarkedNotPublished:
    """A member reported that an attempt in doubt published nothing."""

    TYPE: ClassVar[str] = "delivery.marked_not_published"


@attrs.frozen(kw_only=True)
class DeliveryDeferred:
    """
    Nothing is in doubt, and the delivery waits to be sent.

    Attributes:
        problem: Why it waits.
        not_before: When it may be sent, or None for its planned time.
        rate_limited: Whether the network was busy or asked to wait; the next such wait is longer.
        recheck_at: When to look up again a post that was missing, unless it is sent again first;
            None if it was not looked up.
    """

    TYPE: ClassVar[str] = "delivery.deferred"

    problem: str
    not_before: dt.datetime | None = None
    rate_limited: bool = False
    recheck_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class DeliveryMissed:
    """It could not be sent when it was due; a member decides what happens to it."""

    TYPE: ClassVar[str] = "delivery.missed"

    problem: str


@attrs.frozen(kw_only=True)
class DeliveryCancelled:
    """It was cancelled before anything was published."""

    TYPE: ClassVar[str] = "delivery.cancelled"

    problem: str = ""


@attrs.frozen(kw_only=True)
class DeliveryRescheduled:
    """New time zone data moved its planned local time to another instant."""

    TYPE: ClassVar[str] = "delivery.rescheduled"

    before: dt.datetime
    after: dt.datetime
    tzdata: str


@attrs.frozen(kw_only=True)
class TakedownRequested:
    """A member wants it taken down; or, with a *network_id*, only that publication."""

    TYPE: ClassVar[str] = "delivery.takedown_requested"

    network_id: str = ""
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class TakedownDeferred:
    """A takedown did not succeed; it is tried again, not before *not_before*."""

    TYPE: ClassVar[str] = "delivery.takedown_deferred"

    problem: str
    not_before: dt.datetime


@attrs.frozen(kw_only=True)
class TakedownAbandoned:
    """A takedown is no longer possible; what is published stays published."""

    TYPE: ClassVar[str] = "delivery.takedown_abandoned"

    problem: str


@attrs.frozen(kw_only=True)
class DeliveryTakenDown:
    """Publications are no longer on the network."""

    TYPE: ClassVar[str] = "delivery.taken_down"

    network_ids: tuple[str, ...]


@attrs.frozen(kw_only=True)
class AmendRequested:
    """A member wants the published post to show another revision."""

    TYPE: ClassVar[str] = "delivery.amend_requested"

    revision: str


@attrs.frozen(kw_only=True)
class AmendStarted:
    """
    The permit to send an amendment was taken.

    Attributes:
        number: The number of the attempt.
        revision: The revision that it sends.
        started_at: The instant by the real clock.
        deadline: When the sender gives up for certain, by the real clock.
    """

    TYPE: ClassVar[str] = "delivery.amend_started"

    number: int
    revision: str
    started_at: dt.datetime
    deadline: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryAmended:
    """The network confirmed that the published post shows *revision*."""

    TYPE: ClassVar[str] = "delivery.amended"

    revision: str


@attrs.frozen(kw_only=True)
class AmendDeferred:
    """An amendment is sent again later; *answered* says whether the last attempt has an outcome."""

    TYPE: ClassVar[str] = "delivery.amend_deferred"

    problem: str
    not_before: dt.datetime
    answered: bool = True


@attrs.frozen(kw_only=True)
class AmendRejected:
    """An amendment is not sent again; *answered* says whether the last attempt has an outcome."""

    TYPE: ClassVar[str] = "delivery.amend_rejected"

    problem: str
    answered: bool = True
