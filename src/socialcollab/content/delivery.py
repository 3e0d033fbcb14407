"""What goes to one profile at one time, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import attrs

from socialcollab.identifiers import DeliveryId, PostId, ProfileId, WorkspaceId
from socialcollab.showing import card, facts, link, moment, state_badge
from socialcollab.time import WallTime


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

PROFILE_GONE: Final = "profile_gone"
"""The problem of what its profile has gone from under."""

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
class PublishedPart:
    """
    Something that is known to have gone out.

    Attributes:
        network_id: The network's own id of it.
        part: Which part of a thread it is, 0 for the first or the whole.
        url: Its address, or empty.
        published_at: When, in UTC, or None.
    """

    network_id: str
    part: int = 0
    url: str = ""
    published_at: dt.datetime | None = None


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
        revision: Digest of the revision that goes out; once it is out, of the
            one that is known to be out.
        state: Where it stands.
        not_before: After a rate limit, a temporary failure or a look, the
            instant of the next attempt; None if *at* alone counts.
        prepared: What the adapter fixed before the first attempt: ids and keys.
        progress: The adapter's checkpoint: what has been uploaded so far.
        attempts: The rights to send that were taken, oldest first.
        network_id: The network's own id of what was published, or empty.
        url: Its address, or empty.
        published_at: When it was published, in UTC, or None.
        problem: Why it failed, is unknown or was missed, for people; or empty.
        rate_limited: How often in a row the network asked to wait.
        parts: The parts of a thread that are known to be out, in order; none
            for what goes out whole.
        also_published: What is out beside it, by an attempt that was taken
            for lost: a person has to look at each.
        removed_ids: What has been taken down, by the network's ids.
        unwanted: Whether somebody wants all of it taken down. While it is
            being sent or in doubt that is a wish, which bars further sends.
        takedown_ids: What alone of it somebody wants taken down.
        looks: How often in a row a look could not tell.
        unknown_since: Since when its outcome is unknown, or None.
        recheck_at: Once it has come to rest, when to look again whether
            what was found absent has arrived after all; None if never.
        looked_again: How often that was looked for.
        amending: Digest of the revision that it is to carry instead, or empty.
        amend_attempt: The latest right to send a change, or None.
        amend_problem: Why the change is not out, for people; or empty.
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
        """The network's ids of all that ever went out, the first part first."""
        whole = (self.network_id,) if self.network_id else ()
        more = (part.network_id for part in (*self.parts, *self.also_published))
        return tuple(dict.fromkeys((*whole, *more)))

    def _html_cells_(self) -> dict[str, str]:
        return {
            "state": state_badge(self.state.value),
            "to": self.profile,
            "at": moment(self.at.local, self.at.zone),
            "published": moment(self.published_at),
            "address": link(self.url) if self.url else "",
            "problem": self.problem or self.amend_problem,
        }

    def _repr_html_(self) -> str:
        cells = self._html_cells_()
        del cells["state"], cells["to"]
        more = {
            "next attempt": moment(self.not_before),
            "attempts": str(len(self.attempts) or ""),
            "parts": ", ".join(part.network_id for part in self.parts),
            "out as well": ", ".join(part.network_id for part in self.also_published),
            "post": self.post,
            "id": self.id,
        }
        return card(
            "Delivery",
            facts({**cells, **more}),
            badges=[state_badge(self.state.value)],
            aside=f"to {self.profile}",
        )

    @property
    def next_recheck_at(self) -> dt.datetime | None:
        """When to look again for what was found absent: not while it may still be sent."""
        return self.recheck_at if self.at_rest else None

    @property
    def at_rest(self) -> bool:
        """Whether nothing of it is to be out, and nothing is in doubt."""
        return self.state in _AT_REST

    @property
    def standing(self) -> tuple[str, ...]:
        """The network's ids of all that is known to be out now."""
        return tuple(name for name in self.known_ids if name not in self.removed_ids)

    @property
    def partly_out(self) -> bool:
        """Whether parts of it are out, and the whole is not."""
        return bool(self.standing) and self.state not in _OUT

    @property
    def copies(self) -> tuple[PublishedPart, ...]:
        """What is out beside it, and should not be."""
        return tuple(one for one in self.also_published if one.network_id in self.standing)

    @property
    def attention(self) -> str:
        """What of it a person has to look at, in a word; or empty."""
        state = self.state
        if state in (DeliveryState.MISSED, DeliveryState.FAILED, DeliveryState.UNKNOWN):
            return state.value
        if self.copies and not self.takedown_requested:
            return "published_twice"
        wanted = state is DeliveryState.REMOVING or self.ids_to_take_down or self.stranded
        if self.problem and wanted:
            return "takedown_failed"
        if state is DeliveryState.PUBLISHED and self.amend_problem:
            return "not_amended"
        if state is DeliveryState.WAITING and self.problem == "credentials_refused":
            return "sign_in"
        return "partly_out" if self.partly_out and self.problem else ""

    @property
    def stranded(self) -> bool:
        """Whether it is out, was to be taken down, and its profile has gone: a person has to look."""
        return self.state is DeliveryState.PUBLISHED and self.problem == PROFILE_GONE

    @property
    def ids_to_take_down(self) -> tuple[str, ...]:
        """What is to be taken down now, the last part first; none while a send is in doubt."""
        if self.state not in _OUT:
            return ()
        wanted = self.standing if self.takedown_requested else self.takedown_ids
        return tuple(name for name in reversed(self.standing) if name in wanted)

    @property
    def due_at(self) -> dt.datetime:
        """The instant from which it may go out, in UTC."""
        at = self.at.instant
        return at if self.not_before is None else max(at, self.not_before)


def current_deliveries(deliveries: Iterable[Delivery]) -> tuple[Delivery, ...]:
    """
    Return those deliveries of a post that say where it stands now.

    One that was called off does not, nor does one that failed or was taken
    down, once another to its profile has taken its place.

    Args:
        deliveries: Deliveries of one post, in the order they were planned.
    """
    live = [one for one in deliveries if one.state is not DeliveryState.CANCELLED]
    last = {one.profile: one.id for one in live}
    over = (DeliveryState.FAILED, DeliveryState.REMOVED)
    return tuple(
        one for one in live if one.state not in over or one.standing or last[one.profile] == one.id
    )
