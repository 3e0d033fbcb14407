"""Decide what is taken down, and what came of taking it down."""

from __future__ import annotations

from collections.abc import Iterable

from socialcollab.content import PROFILE_GONE, Delivery, DeliveryState, Post
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    NotAllowedError,
    NotFoundError,
    RateLimitedError,
)
from socialcollab.verdicts import Reason
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.outcome import hold_profile, limit, wait_for
from socialcollab.workflow.decide.plan_deliveries import CALLED_OFF
from socialcollab.workflow.decide.refusals import refuse, verdict_on
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot

_SENDING = (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)


def take_down(
    snapshot: PostSnapshot, command: cm.TakeDown, context: Context
) -> tuple[ev.Event, ...]:
    """
    Take down what is out, and let nothing of it go out any more.

    What is being sent or in doubt is taken down as soon as it is known to be
    out; what waits is called off. Asking twice changes nothing.
    """
    post = snapshot.post
    mine = [one for one in context.deliveries if command.profile in ("", one.profile)]
    check_on_profiles("take_down", post, [one.profile for one in mine], command.profile, context)
    if command.network_id:
        return _take_down_one(post, mine, command, context)
    if not any(_concerns(one) for one in mine):
        raise refuse(Reason.of("nothing_to_take_down", post=post.id))
    events: list[ev.Event] = []
    for delivery in mine:
        stream = ev.delivery_stream(delivery.id)
        if delivery.takedown_requested or not _concerns(delivery):
            continue
        # What was sent once may arrive late: then the wish has to be known.
        if delivery.state in CALLED_OFF and not delivery.live_ids and not delivery.attempts:
            off = ev.DeliveryCancelled(problem="taken_down")
            events.append(ev.Event(stream, context.actor, off))
        else:
            asked = ev.TakedownRequested(reason=command.reason)
            events.append(ev.Event(stream, context.actor, asked))
    return tuple(events)


def _concerns(delivery: Delivery) -> bool:
    """Tell whether something of it is out, may be, will be, may turn up, or was taken down."""
    return bool(
        delivery.live_ids
        or delivery.takedown_requested
        or delivery.state in CALLED_OFF
        or delivery.state in _SENDING
        or delivery.next_recheck_at is not None
    )


def _take_down_one(
    post: Post, mine: Iterable[Delivery], command: cm.TakeDown, context: Context
) -> tuple[ev.Event, ...]:
    for delivery in mine:
        if command.network_id not in delivery.known_ids:
            continue
        gone = command.network_id not in delivery.live_ids
        if delivery.takedown_requested or gone or command.network_id in delivery.takedown_ids:
            return ()
        asked = ev.TakedownRequested(network_id=command.network_id, reason=command.reason)
        return (ev.Event(ev.delivery_stream(delivery.id), context.actor, asked),)
    raise refuse(Reason.of("not_published_under", post=post.id, network_id=command.network_id))


def check_on_profiles(
    permission: str, post: Post, profiles: Iterable[str], profile: str, context: Context
) -> None:
    """
    Refuse an actor who lacks *permission* where something of *post* is, or on *profile*.

    What was sent to a profile that is no target or no profile any more counts
    by its workspace.

    Raises:
        NotFoundError: If the actor may not view it, or the post has nothing to do with *profile*.

        NotAllowedError: If the actor lacks the permission.
    """
    concerned = set(profiles) | ({profile} if profile else set(post.targets))
    if profile and profile not in {*profiles, *post.targets}:
        if verdict_on("view", context.resources_of(post), context):
            raise refuse(Reason.of("no_such_target", post=post.id, profile=profile))
        raise NotFoundError("post", post.id)
    known = tuple(sorted(name for name in concerned if name in context.profiles))
    places = known or context.resources_of(post)
    verdict = verdict_on(permission, places, context, post=post)
    if verdict:
        return
    if not verdict_on("view", places, context):
        raise NotFoundError("post", post.id)
    raise NotAllowedError(verdict)


def record_takedown(delivery: Delivery, network_ids: Iterable[str]) -> tuple[ev.Event, ...]:
    """Store that something of a delivery is not on the network any more."""
    gone = tuple(name for name in network_ids if name in delivery.live_ids)
    if not gone:
        return ()
    return (_event(delivery, ev.DeliveryTakenDown(network_ids=gone)),)


def abandon_takedown(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """
    Store that nothing can take it down from here, as its profile has gone.

    What is out stays out, and is said to be: a person who has looked may say
    that it is not there any more.
    """
    if not delivery.ids_to_take_down or delivery.profile in context.profiles:
        return ()
    return (_event(delivery, ev.TakedownAbandoned(problem=PROFILE_GONE)),)


def defer_takedown(
    delivery: Delivery, error: NetworkError, context: Context
) -> tuple[ev.Event, ...]:
    """
    Store that a removal did not succeed for now: it is tried again, for as long as it takes.

    Taking down twice is no harm, so that silence needs no look.
    """
    if not delivery.ids_to_take_down:
        return ()
    asked_s = error.retry_after_s if isinstance(error, RateLimitedError) else None
    until = context.now + wait_for(asked_s, delivery.rate_limited)
    problem = {
        RateLimitedError: "rate_limited",
        AuthenticationError: "credentials_refused",
    }.get(type(error), str(error)[:500])
    events = [_event(delivery, ev.TakedownDeferred(problem=problem, not_before=until))]
    if isinstance(error, RateLimitedError):
        events.append(limit(delivery, until))
    if isinstance(error, AuthenticationError):
        events += hold_profile(delivery, context)
    return tuple(events)


def _event(delivery: Delivery, data: ev.EventData) -> ev.Event:
    return ev.Event(ev.delivery_stream(delivery.id), Actor.PUBLISHER, data)
