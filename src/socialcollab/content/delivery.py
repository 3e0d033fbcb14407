"""What goes to one profile at one time, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

import attrs

from socialcollab.identifiers import DeliveryId, PostId, ProfileId, WorkspaceId
from socialcollab.time import WallTime

__all__ = ["OPEN_STATES", "Delivery", "DeliveryState", "SendAttempt"]


class DeliveryState(StrEnum):
    """Where a delivery stands; none claims more, or less, than is known."""

    WAITING = "waiting"
    MISSED = "missed"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    REMOVING = "removing"
    REMOVED = "removed"


OPEN_STATES = frozenset(
    {
        DeliveryState.WAITING,
        DeliveryState.MISSED,
        DeliveryState.PUBLISHING,
        DeliveryState.UNKNOWN,
    }
)
"""States that still ask somebody, or the publisher, to do something."""


@attrs.frozen(kw_only=True)
class SendAttempt:
    """
    The right to send one creating request, once stored.

    Attributes:
        number: 1 for the delivery's first, then counting up.

        part: Which part of the post it creates, 0 for the whole.

        started_at: When, on the real clock, in UTC.

        deadline: When its sender gives up for certain, on the real clock.

        answered: Whether its outcome is known.
    """

    number: int
    part: int
    started_at: dt.datetime
    deadline: dt.datetime
    answered: bool = False


@attrs.frozen(kw_only=True)
class Delivery:
    """
    One post to one profile at one time.

    Attributes:
        id: Its identifier.

        post: The post it delivers.

        workspace: The post's workspace.

        profile: Where it goes.

        at: When it is due, as the wall time and zone that was chosen.

        revision: Digest of the revision that goes out.

        state: Where it stands.

        not_before: After a rate limit or a temporary failure, the instant of
            the next attempt; None if *at* alone counts.

        prepared: What the adapter fixed before the first attempt: ids and keys.

        progress: The adapter's checkpoint: what has been uploaded so far.

        attempts: The rights to send that were taken, oldest first.

        network_id: The network's own id of what was published, or empty.

        url: Its address, or empty.

        published_at: When it was published, in UTC, or None.

        problem: Why it failed, is unknown or was missed, for people; or empty.

        rate_limited: How often in a row the network asked to wait.
    """

    id: DeliveryId
    post: PostId
    workspace: WorkspaceId
    profile: ProfileId
    at: WallTime
    revision: str
    state: DeliveryState = DeliveryState.WAITING
    not_before: dt.datetime | None = None
    prepared: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    progress: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    attempts: tuple[SendAttempt, ...] = ()
    network_id: str = ""
    url: str = ""
    published_at: dt.datetime | None = None
    problem: str = ""
    rate_limited: int = 0

    @property
    def in_doubt(self) -> SendAttempt | None:
        """The attempt whose outcome is not known, or None."""
        if self.attempts and not self.attempts[-1].answered:
            return self.attempts[-1]
        return None

    @property
    def due_at(self) -> dt.datetime:
        """The instant from which it may go out, in UTC."""
        at = self.at.instant
        return at if self.not_before is None else max(at, self.not_before)
