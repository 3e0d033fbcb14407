"""Deciders for takedowns of published posts, used for members and for the publisher."""

from __future__ import annotations

from collections.abc import Iterable

from socialcollab.content import PROFILE_REMOVED, Delivery, Post, post_reason
from socialcollab.errors import AuthenticationError, NetworkError, RateLimitedError
from socialcollab.identifiers import ProfileId
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.outcome import (
    MAX_PROBLEM,
    hold_profile,
    limit_profile,
    retry_delay,
)
from socialcollab.workflow.decide.refusals import check_on_profiles, refuse
from socialcollab.workflow.decide.schedule import IN_DOUBT_STATES, UNSENT_STATES
from socialcollab.workflow.model.request import PostSnapshot


def take_down(
    snapshot: PostSnapshot, command: cm.TakeDown, context: Context
) -> tuple[ev.Event, ...]:
    """
    Request the deletion of a published post, and cancel its waiting deliveries.

    If a delivery is being sent or is in doubt, the post is deleted as soon as it is known to be
    published. Repeating the request has no effect.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `take_down` there, if there is nothing to take
            down, or if a direct message was or may have been sent, which cannot be deleted.
    """
    post = snapshot.post
    deliveries = [
        delivery for delivery in context.deliveries if command.profile in ("", delivery.profile)
    ]
    profiles = [delivery.profile for delivery in deliveries]
    check_on_profiles("take_down", post, profiles, command.profile, context)
    if command.network_id:
        return _take_down_copy(post, deliveries, command, context)
    concerned = [delivery for delivery in deliveries if _may_be_published(delivery)]
    if not concerned:
        raise refuse(post_reason("nothing_to_take_down", post))
    events: list[ev.Event] = []
    taken_down: set[ProfileId] = set()
    for delivery in concerned:
        if delivery.takedown_requested:
            continue
        data: ev.EventData = ev.TakedownRequested(reason=command.reason)
        # A delivery with an attempt is not cancelled, because its post may still appear and must
        # then be taken down.
        if delivery.state in UNSENT_STATES and not delivery.live_ids and not delivery.attempts:
            data = ev.DeliveryCancelled(problem="taken_down")
        else:
            if post.content.format_for(delivery.profile) == "message":
                raise refuse(post_reason("direct_message_stays", post, profile=delivery.profile))
            taken_down.add(delivery.profile)
        events.append(ev.delivery_event(delivery.id, data, context.actor))
    if taken_down:
        marked = ev.PostTakenDown(profiles=tuple(sorted(taken_down)))
        events.append(ev.post_event(post.id, marked, context.actor))
    return tuple(events)


def _may_be_published(delivery: Delivery) -> bool:
    """Return whether a delivery is published, may be published, or may still become published."""
    return bool(
        delivery.live_ids
        or delivery.takedown_requested
        or delivery.state in UNSENT_STATES
        or delivery.state in IN_DOUBT_STATES
        or delivery.next_recheck_at is not None
    )


def _take_down_copy(
    post: Post, deliveries: Iterable[Delivery], command: cm.TakeDown, context: Context
) -> tuple[ev.Event, ...]:
    for delivery in deliveries:
        if command.network_id not in delivery.known_ids:
            continue
        removed = command.network_id not in delivery.live_ids
        if delivery.takedown_requested or removed or command.network_id in delivery.takedown_ids:
            return ()
        requested = ev.TakedownRequested(network_id=command.network_id, reason=command.reason)
        return (ev.delivery_event(delivery.id, requested, context.actor),)
    raise refuse(post_reason("not_published_as", post, network_id=command.network_id))


def record_takedown(delivery: Delivery, network_ids: Iterable[str]) -> tuple[ev.Event, ...]:
    """Record that publications of a delivery are no longer on the network."""
    removed = tuple(name for name in network_ids if name in delivery.live_ids)
    if not removed:
        return ()
    return (ev.publisher_event(delivery.id, ev.DeliveryTakenDown(network_ids=removed)),)


def abandon_takedown(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """
    End a takedown that cannot be carried out because the profile was removed.

    The delivery counts as published until a member reports that the post is no longer there.
    """
    if not delivery.ids_to_take_down or delivery.profile in context.profiles:
        return ()
    return (ev.publisher_event(delivery.id, ev.TakedownAbandoned(problem=PROFILE_REMOVED)),)


def defer_takedown(
    delivery: Delivery, error: NetworkError, context: Context
) -> tuple[ev.Event, ...]:
    """
    Record that a takedown failed and will be retried.

    A lost response does not require a lookup, because deleting a post twice does no harm.
    """
    if not delivery.ids_to_take_down:
        return ()
    requested_s = error.retry_after_s if isinstance(error, RateLimitedError) else None
    until = context.now + retry_delay(requested_s, delivery.rate_limited)
    problem = str(error)[:MAX_PROBLEM]
    following: tuple[ev.Event, ...] = ()
    if isinstance(error, RateLimitedError):
        problem, following = "rate_limited", (limit_profile(delivery, until),)
    elif isinstance(error, AuthenticationError):
        problem, following = "credentials_refused", hold_profile(delivery, context)
    deferred = ev.TakedownDeferred(problem=problem, not_before=until)
    return (ev.publisher_event(delivery.id, deferred), *following)
