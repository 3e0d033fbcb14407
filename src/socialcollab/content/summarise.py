"""The one word that people see for a post and all its deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from socialcollab.content.delivery import Delivery, DeliveryState, current_deliveries
from socialcollab.content.post import Post, PostState


class Summary(StrEnum):
    """What a post is shown as; stored states keep their names."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"
    APPROVED = "approved"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SCHEDULED = "scheduled"
    HELD = "held"
    MISSED = "missed"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    PARTLY_PUBLISHED = "partly_published"
    FAILED = "failed"
    UNKNOWN = "unknown"
    REMOVING = "removing"
    REMOVED = "removed"


_TELLS = frozenset(
    {
        DeliveryState.PUBLISHED,
        DeliveryState.UNKNOWN,
        DeliveryState.PUBLISHING,
        DeliveryState.REMOVING,
        DeliveryState.REMOVED,
    }
)
"""States that are shown of a post that was given up, too."""


def summarise(post: Post, deliveries: Iterable[Delivery] = (), *, held: bool = False) -> Summary:
    """
    Say in one word where a post stands.

    What needs a person comes before what runs by itself; the first row that
    holds decides:

    ==================  ====================================================
    shown               when, of the deliveries that were not called off, and
                        whose place no other has taken
    ==================  ====================================================
    unknown             one got no answer
    publishing          one is being sent
    removing            one is being taken down
    partly_published    one is out, and another failed, was missed or waits;
                        or parts of one are out, and no more
    failed              one was refused
    missed              one fell due during a hold, or was too late
    held                one waits, and *held* says that a hold stops it
    scheduled           one waits
    published           one is out
    removed             one was taken down
    the post's state    there are none
    ==================  ====================================================

    Args:
        post: The post.
        deliveries: Its deliveries, in the order they were planned.
        held: Whether a hold stops what waits.
    """
    mine = current_deliveries(deliveries)
    states = {delivery.state for delivery in mine}
    partly = any(delivery.partly_out for delivery in mine)
    given_up = post.state in (PostState.REJECTED, PostState.CANCELLED)
    if not states or (given_up and not partly and not states & _TELLS):
        return Summary(post.state.value)
    waits = states & {DeliveryState.WAITING, DeliveryState.FAILED, DeliveryState.MISSED}
    for state in (DeliveryState.UNKNOWN, DeliveryState.PUBLISHING, DeliveryState.REMOVING):
        if state in states:
            return Summary(state.value)
    if partly or (DeliveryState.PUBLISHED in states and waits):
        return Summary.PARTLY_PUBLISHED
    if DeliveryState.FAILED in states:
        return Summary.FAILED
    if DeliveryState.MISSED in states:
        return Summary.MISSED
    if DeliveryState.WAITING in states:
        return Summary.HELD if held else Summary.SCHEDULED
    if DeliveryState.PUBLISHED in states:
        return Summary.PUBLISHED
    return Summary.REMOVED
