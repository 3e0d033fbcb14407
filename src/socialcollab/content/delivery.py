"""Deliveries: the publication of a post on one profile, and its outcome."""

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
    """A delivery's state, which reflects exactly what is known about its outcome."""

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
"""States in which the publisher or a member still has to act."""

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
    An attempt to create a post on the network, which is stored before the request is sent.

    Attributes:
        number: The number of the attempt, counted from 1 for each delivery.
        part: The part of the thread that it creates, or 0 for the whole post.
        started_at: Its start according to the real clock, in UTC.
        deadline: The time, according to the real clock, by which its sender has certainly stopped
            sending.
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
    A post, or a part of a thread, that is known to have been published.

    Attributes:
        network_id: The network's id.
        part: The part of the thread, or 0 for the first part or the whole post.
        url: The address, or an empty string.
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
        post: The post's id.
        workspace: The post's workspace.
        profile: The profile that the post is published on.
        at: The planned time, as the wall time and zone that the member chose.
        revision: The digest of the revision to send. After publication, the
            digest of the revision that is known to be published.
        state: The state.
        not_before: The earliest time of the next attempt after a rate limit, a
            temporary failure or a lookup; None if only *at* matters.
        prepared: The ids and keys that the adapter chose before the first
            attempt, so that repeated attempts use the same values.
        progress: The adapter's checkpoint, such as the uploaded images.
        attempts: The attempts to send, oldest first.
        network_id: The network's id for the published post, or an empty string.
        url: The address of the published post, or an empty string.
        published_at: The time of publication in UTC, or None.
        problem: Why it failed or was missed, or why its outcome is unknown; otherwise an empty
            string.
        rate_limited: The number of consecutive rate limit responses.
        parts: The parts of a thread that are known to be published, in order;
            empty for a post that is published as a whole.
        also_published: Duplicates of the post, created by attempts that were believed to have
            failed. A member must decide what to do about each of them.
        removed_ids: The network's ids for publications that were taken down.
        takedown_requested: Whether a member has requested the takedown of the
            whole delivery. While the outcome of an attempt is unknown, this
            prevents further attempts.
        takedown_ids: The network's ids for individual publications to take down.
        lookup_count: The number of consecutive inconclusive lookups.
        unknown_since: When the outcome became unknown, or None.
        recheck_at: When to check again, after the delivery has been settled,
            whether a missing post has appeared after all; None if no check is planned.
        recheck_count: The number of these checks so far.
        differences: The names of the fields in which the published post differs from the approved
            content, such as "text".
        amending: The digest of the revision that is to replace the published
            revision, or an empty string.
        amend_attempt: The latest attempt to send the change, or None.
        amend_problem: Why the change is not published, or an empty string.
        changes: The number of events that have changed its time or state since it was planned.
        changed_at: When its time or state was last changed, or when it was planned, in UTC.
        author: The member who drafted the post; empty if the delivery was planned by a version of
            this library that did not record it.
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
    differences: tuple[str, ...] = ()
    amending: str = ""
    amend_attempt: SendAttempt | None = None
    amend_problem: str = ""
    changes: int = 0
    changed_at: dt.datetime | None = None
    author: str = ""

    @property
    def in_doubt(self) -> SendAttempt | None:
        """The attempt whose outcome is not known, or None."""
        if self.attempts and not self.attempts[-1].answered:
            return self.attempts[-1]
        return None

    @property
    def known_ids(self) -> tuple[str, ...]:
        """
        The network's ids for all publications, including removed ones.

        The id of the whole post or its first part comes first.
        """
        whole = (self.network_id,) if self.network_id else ()
        others = (part.network_id for part in (*self.parts, *self.also_published))
        return tuple(dict.fromkeys((*whole, *others)))

    @property
    def next_recheck_at(self) -> dt.datetime | None:
        """When to look for a missing post again, or None while the post may still be sent."""
        return self.recheck_at if self.at_rest else None

    @property
    def at_rest(self) -> bool:
        """Whether the delivery has ended, nothing remains published, and no outcome is unknown."""
        return self.state in _AT_REST

    @property
    def live_ids(self) -> tuple[str, ...]:
        """The network's ids for all publications that are known to be online."""
        return tuple(name for name in self.known_ids if name not in self.removed_ids)

    @property
    def partly_published(self) -> bool:
        """Whether some parts are published, but not the whole post."""
        return bool(self.live_ids) and self.state not in _OUT

    @property
    def duplicates(self) -> tuple[PublishedPart, ...]:
        """Duplicate publications of the post that have not been taken down."""
        return tuple(part for part in self.also_published if part.network_id in self.live_ids)

    @property
    def attention(self) -> str:
        """A code for the problem that requires a member's attention, or an empty string."""
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
        Whether the post is still published and must be taken down, but its profile was removed.

        The publisher can no longer access the network, so a member must act.
        """
        return self.state is DeliveryState.PUBLISHED and self.problem == PROFILE_REMOVED

    @property
    def ids_to_take_down(self) -> tuple[str, ...]:
        """
        The network's ids for the publications to take down now, starting with the last part.

        The result is empty while the outcome of an attempt is unknown.
        """
        if self.state not in _OUT:
            return ()
        wanted = self.live_ids if self.takedown_requested else self.takedown_ids
        return tuple(name for name in reversed(self.live_ids) if name in wanted)

    @property
    def due_at(self) -> dt.datetime:
        """The earliest time at which the post may be sent, in UTC."""
        at = self.at.instant
        return at if self.not_before is None else max(at, self.not_before)


def current_deliveries(deliveries: Iterable[Delivery]) -> tuple[Delivery, ...]:
    """
    Return the deliveries that determine the current status of a post.

    Cancelled deliveries are excluded. A delivery that failed or was taken down is also
    excluded if a later delivery to the same profile replaced it.

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
