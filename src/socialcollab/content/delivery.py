"""Deliveries: a post on its way to one profile, and the result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.identifiers import DeliveryId, PostId, ProfileId, WorkspaceId
from socialcollab.time import WallTime


class DeliveryState(StrEnum):
    """The state of a delivery; it never claims more or less than is known."""

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
"""States in which the publisher or a member still has something to do."""

PROFILE_REMOVED: Final = "profile_removed"
"""The problem of a delivery whose profile was removed from the document."""

_AT_REST = (
    DeliveryState.MISSED,
    DeliveryState.FAILED,
    DeliveryState.CANCELLED,
    DeliveryState.REMOVED,
)
_OUT = (DeliveryState.PUBLISHED, DeliveryState.REMOVING, DeliveryState.REMOVED)


@attrs.frozen(kw_only=True)
class SendAttempt:
    """
    An attempt to create something on the network, stored before its request is sent.

    Attributes:
        number: 1 for the first attempt of the delivery, then counting up.
        part: The part of the thread that it creates, or 0 for the whole post.
        started_at: Its start by the real clock, in UTC.
        deadline: The time, by the real clock, after which its sender has
            certainly given up.
        answered: Whether its outcome is known.
    """

    number: int
    part: int
    started_at: dt.datetime
    deadline: dt.datetime
    answered: bool = False


@attrs.frozen(kw_only=True)
class PublishedPart:
    """
    Something that is known to have been published.

    Attributes:
        network_id: The network's own id.
        part: The part of the thread, or 0 for the first part or the whole post.
        url: The address, or empty.
        published_at: The time of publication in UTC, or None if it is not known.
    """

    network_id: str
    part: int = 0
    url: str = ""
    published_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class Delivery(NotebookMixin):
    """
    The delivery of one post to one profile at one time.

    Attributes:
        id: The identifier.
        post: The post.
        workspace: The post's workspace.
        profile: The profile that the post goes to.
        at: The planned time, as the wall time and zone that the member chose.
        revision: The digest of the revision to send; once it is published, of
            the revision that is known to be published.
        state: The state.
        not_before: The instant of the next attempt after a rate limit, a
            temporary failure or a lookup; None if only *at* counts.
        prepared: The ids and keys that the adapter chose before the first
            attempt, so that a repeated attempt uses the same ones.
        progress: The adapter's checkpoint, such as the uploaded images.
        attempts: The attempts to send, oldest first.
        network_id: The network's own id of the published post, or empty.
        url: The address of the published post, or empty.
        published_at: The time of publication in UTC, or None.
        problem: Why it failed, is unknown or was missed; or empty.
        rate_limited: How many times in a row the network asked to wait.
        parts: The parts of a thread that are known to be published, in order;
            empty for a post that is published as a whole.
        also_published: Other publications of the same post, by attempts that
            were believed to have failed. A member has to decide about each.
        removed_ids: The network's ids of what has been taken down.
        takedown_requested: Whether a member wants all of it taken down. While
            an attempt is running or in doubt, this prevents further attempts.
        takedown_ids: The network's ids of single publications to take down.
        lookup_count: How many times in a row a lookup was inconclusive.
        unknown_since: The time since when the outcome is unknown, or None.
        recheck_at: When to check again, after the delivery is settled, whether
            a missing post has appeared after all; None for never.
        recheck_count: How many times that was checked.
        amending: The digest of the revision that replaces the published one,
            or empty.
        amend_attempt: The latest attempt to send the change, or None.
        amend_problem: Why the change is not published; or empty.
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
    parts: tuple[PublishedPart, ...] = ()
    also_published: tuple[PublishedPart, ...] = ()
    removed_ids: tuple[str, ...] = ()
    takedown_requested: bool = False
    takedown_ids: tuple[str, ...] = ()
    lookup_count: int = 0
    unknown_since: dt.datetime | None = None
    recheck_at: dt.datetime | None = None
    recheck_count: int = 0
    amending: str = ""
    amend_attempt: SendAttempt | None = None
    amend_problem: str = ""

    @property
    def in_doubt(self) -> SendAttempt | None:
        """The attempt whose outcome is not known, or None."""
        if self.attempts and not self.attempts[-1].answered:
            return self.attempts[-1]
        return None

    @property
    def known_ids(self) -> tuple[str, ...]:
        """The network's ids of everything that was ever published, the first part first."""
        whole = (self.network_id,) if self.network_id else ()
        others = (part.network_id for part in (*self.parts, *self.also_published))
        return tuple(dict.fromkeys((*whole, *others)))

    @property
    def next_recheck_at(self) -> dt.datetime | None:
        """When to check again whether a missing post has appeared; None while it may be sent."""
        return self.recheck_at if self.at_rest else None

    @property
    def at_rest(self) -> bool:
        """Whether the delivery ended without a publication that should stay, and without doubt."""
        return self.state in _AT_REST

    @property
    def live_ids(self) -> tuple[str, ...]:
        """The network's ids of everything that is known to be published now."""
        return tuple(name for name in self.known_ids if name not in self.removed_ids)

    @property
    def partly_published(self) -> bool:
        """Whether some parts are published, and the post as a whole is not."""
        return bool(self.live_ids) and self.state not in _OUT

    @property
    def duplicates(self) -> tuple[PublishedPart, ...]:
        """Publications of the same post that should not exist, and still do."""
        return tuple(part for part in self.also_published if part.network_id in self.live_ids)

    @property
    def attention(self) -> str:
        """A code for the problem that a member has to look at, or empty."""
        state = self.state
        if state in (DeliveryState.MISSED, DeliveryState.FAILED, DeliveryState.UNKNOWN):
            return state.value
        if self.duplicates and not self.takedown_requested:
            return "published_twice"
        wanted = state is DeliveryState.REMOVING or self.ids_to_take_down or self.stranded
        if self.problem and wanted:
            return "takedown_failed"
        if state is DeliveryState.PUBLISHED and self.amend_problem:
            return "not_amended"
        if state is DeliveryState.WAITING and self.problem == "credentials_refused":
            return "sign_in"
        return "partly_published" if self.partly_published and self.problem else ""

    @property
    def stranded(self) -> bool:
        """
        Whether it is published, should be taken down, and its profile was removed.

        The publisher cannot reach the network any more, so a member has to act.
        """
        return self.state is DeliveryState.PUBLISHED and self.problem == PROFILE_REMOVED

    @property
    def ids_to_take_down(self) -> tuple[str, ...]:
        """The network's ids to take down now, last part first; empty while a send is in doubt."""
        if self.state not in _OUT:
            return ()
        wanted = self.live_ids if self.takedown_requested else self.takedown_ids
        return tuple(name for name in reversed(self.live_ids) if name in wanted)

    @property
    def due_at(self) -> dt.datetime:
        """The earliest instant at which it may be sent, in UTC."""
        at = self.at.instant
        return at if self.not_before is None else max(at, self.not_before)


def current_deliveries(deliveries: Iterable[Delivery]) -> tuple[Delivery, ...]:
    """
    Return the deliveries that determine the current status of a post.

    Cancelled deliveries do not count. Neither does a delivery that failed or
    was taken down if a later delivery to the same profile replaced it.

    Args:
        deliveries: The deliveries of one post, in the order in which they were
            planned.
    """
    planned = [each for each in deliveries if each.state is not DeliveryState.CANCELLED]
    latest = {each.profile: each.id for each in planned}
    over = (DeliveryState.FAILED, DeliveryState.REMOVED)
    return tuple(
        each
        for each in planned
        if each.state not in over or each.live_ids or latest[each.profile] == each.id
    )
