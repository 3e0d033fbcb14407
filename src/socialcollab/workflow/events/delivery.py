"""Delivery events."""

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
    author: str = ""


@attrs.frozen(kw_only=True)
class DeliveryStarted:
    """The publisher started a delivery; every attempt uses the ids and keys in *prepared*."""

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
    The publisher obtained a permit to send one creating request.

    Attributes:
        number: The number of the attempt.
        part: The part of the thread that the request creates, or 0.
        started_at: The current instant according to the real clock.
        deadline: The instant, according to the real clock, after which the sender must not send.
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
        network_id: The network's id for the post.
        url: The address, or an empty string.
        published_at: The time of publication, in UTC.
        found: Whether a lookup found the post, rather than the response to the request.
        by_hand: Whether a member reported the publication. If so, an attempt in doubt stays in
            doubt.
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
        network_id: The network's id for the part.
        url: The address, or an empty string.
        published_at: The time of publication, in UTC.
        progress: The checkpoint from which the next part continues.
        found: Whether a lookup found the part.
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
    """The post or a part of it is published twice, because attempt *number* succeeded after all."""

    TYPE: ClassVar[str] = "delivery.published_again"

    number: int
    part: int
    network_id: str
    url: str
    published_at: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryFailed:
    """The network rejected the post."""

    TYPE: ClassVar[str] = "delivery.failed"

    problem: str


@attrs.frozen(kw_only=True)
class DeliveryUnknown:
    """It is not known whether the network accepted a creating request."""

    TYPE: ClassVar[str] = "delivery.unknown"

    problem: str


@attrs.frozen(kw_only=True)
class LookupInconclusive:
    """A lookup was inconclusive; the next lookup takes place at *not_before* or later."""

    TYPE: ClassVar[str] = "delivery.lookup_inconclusive"

    problem: str
    not_before: dt.datetime


@attrs.frozen(kw_only=True)
class DeliveryRechecked:
    """A missing post was looked up again and is still missing."""

    TYPE: ClassVar[str] = "delivery.rechecked"

    recheck_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class DeliveryMarkedNotPublished:
    """A member reported that an attempt in doubt did not publish anything."""

    TYPE: ClassVar[str] = "delivery.marked_not_published"


@attrs.frozen(kw_only=True)
class DeliveryDeferred:
    """
    The delivery is waiting to be sent, and no attempt is in doubt.

    Attributes:
        problem: The reason for the wait.
        not_before: The earliest instant at which it may be sent, or None for the planned time.
        rate_limited: Whether the network was busy or imposed a waiting period. The next wait of
            this kind is longer.
        recheck_at: When to look up a missing post again, unless it is sent again first, or None if
            it was not looked up.
    """

    TYPE: ClassVar[str] = "delivery.deferred"

    problem: str
    not_before: dt.datetime | None = None
    rate_limited: bool = False
    recheck_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class DeliveryMissed:
    """The delivery could not be sent when it was due; a member must decide how to continue."""

    TYPE: ClassVar[str] = "delivery.missed"

    problem: str


@attrs.frozen(kw_only=True)
class DeliveryCancelled:
    """The delivery was cancelled before any part of it was published."""

    TYPE: ClassVar[str] = "delivery.cancelled"

    problem: str = ""


@attrs.frozen(kw_only=True)
class DeliveryRescheduled:
    """New time zone data changed the instant of the planned local time."""

    TYPE: ClassVar[str] = "delivery.rescheduled"

    before: dt.datetime
    after: dt.datetime
    tzdata: str


@attrs.frozen(kw_only=True)
class PublishedDifferently:
    """
    The published post differs from the approved content.

    Attributes:
        fields: The names of the fields that differ, such as "text".
    """

    TYPE: ClassVar[str] = "delivery.published_differently"

    fields: tuple[str, ...]


@attrs.frozen(kw_only=True)
class TakedownRequested:
    """A member requested a takedown of the post, or only of the copy with *network_id*."""

    TYPE: ClassVar[str] = "delivery.takedown_requested"

    network_id: str = ""
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class TakedownDeferred:
    """A takedown failed and will be retried at *not_before* or later."""

    TYPE: ClassVar[str] = "delivery.takedown_deferred"

    problem: str
    not_before: dt.datetime


@attrs.frozen(kw_only=True)
class TakedownAbandoned:
    """A takedown is no longer possible; the published post remains on the network."""

    TYPE: ClassVar[str] = "delivery.takedown_abandoned"

    problem: str


@attrs.frozen(kw_only=True)
class DeliveryTakenDown:
    """Publications were deleted from the network."""

    TYPE: ClassVar[str] = "delivery.taken_down"

    network_ids: tuple[str, ...]


@attrs.frozen(kw_only=True)
class AmendRequested:
    """A member requested that the published post show another revision."""

    TYPE: ClassVar[str] = "delivery.amend_requested"

    revision: str


@attrs.frozen(kw_only=True)
class AmendStarted:
    """
    The publisher obtained a permit to send an amendment.

    Attributes:
        number: The number of the attempt.
        revision: The revision to send.
        started_at: The current instant according to the real clock.
        deadline: The instant, according to the real clock, after which the sender must not send.
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
    """An amendment will be sent again; *answered* is true if the last attempt has an outcome."""

    TYPE: ClassVar[str] = "delivery.amend_deferred"

    problem: str
    not_before: dt.datetime
    answered: bool = True


@attrs.frozen(kw_only=True)
class AmendRejected:
    """An amendment is not sent again; *answered* is true if the last attempt has an outcome."""

    TYPE: ClassVar[str] = "delivery.amend_rejected"

    problem: str
    answered: bool = True
