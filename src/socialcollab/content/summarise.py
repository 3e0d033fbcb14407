"""The status that is displayed for a post and all of its deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from socialcollab.content.delivery import Delivery, DeliveryState, current_deliveries
from socialcollab.content.post import Post, PostState


class Summary(StrEnum):
    """The combined status of a post and its deliveries, which is computed and never stored."""

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


_SHOWN_WITHOUT_POST = frozenset(
    {
        DeliveryState.PUBLISHED,
        DeliveryState.UNKNOWN,
        DeliveryState.PUBLISHING,
        DeliveryState.REMOVING,
        DeliveryState.REMOVED,
    }
)
"""Delivery states that are shown even if the post is rejected or cancelled."""


def summarise(post: Post, deliveries: Iterable[Delivery] = (), *, held: bool = False) -> Summary:
    """
    Return the combined status of a post and all of its deliveries.

    The status is that of the first row whose condition is met. Only the deliveries
    that `current_deliveries` returns are taken into account.

    ==================  ====================================================
    status              condition
    ==================  ====================================================
    unknown             the outcome of a delivery is unknown
    publishing          a delivery is being sent
    removing            a delivery is being taken down
    partly_published    a delivery is published and another delivery failed,
                        was missed or is waiting; or only some parts of a
                        delivery are published
    failed              the network rejected a delivery
    missed              a delivery was due during a hold, or was too late
    held                a delivery is waiting, and *held* is true
    scheduled           a delivery is waiting
    published           a delivery is published
    removed             a delivery was taken down
    the post's state    there are no deliveries
    ==================  ====================================================

    Args:
        post: The post.
        deliveries: Its deliveries, in the order in which they were planned.
        held: Whether a hold stops the waiting deliveries.
    """
    current = current_deliveries(deliveries)
    states = {delivery.state for delivery in current}
    partly = any(delivery.partly_published for delivery in current)
    withdrawn = post.state in (PostState.REJECTED, PostState.CANCELLED)
    if not states or (withdrawn and not partly and not states & _SHOWN_WITHOUT_POST):
        return Summary(post.state.value)
    return _of_deliveries(states, partly=partly, held=held)


def summarise_delivery(delivery: Delivery) -> Summary:
    """Return the status of one delivery, ignoring its post's state and any holds."""
    if delivery.state is DeliveryState.CANCELLED:
        return Summary.CANCELLED
    return _of_deliveries({delivery.state}, partly=delivery.partly_published, held=False)


def _of_deliveries(states: set[DeliveryState], *, partly: bool, held: bool) -> Summary:
    unpublished = states & {DeliveryState.WAITING, DeliveryState.FAILED, DeliveryState.MISSED}
    for state in (DeliveryState.UNKNOWN, DeliveryState.PUBLISHING, DeliveryState.REMOVING):
        if state in states:
            return Summary(state.value)
    if partly or (DeliveryState.PUBLISHED in states and unpublished):
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
