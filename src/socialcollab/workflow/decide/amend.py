"""Decide whether what is out may carry a later revision, and what came of changing it."""

from __future__ import annotations

import datetime as dt

from socialcollab.content import PROFILE_GONE, PUBLISHED_FIELDS, Delivery, DeliveryState, Post
from socialcollab.directory import NETWORKS
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    NotAllowedError,
    OutcomeUnknownError,
    RateLimitedError,
    TransientError,
)
from socialcollab.verdicts import Reason, Remedy
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.approval.steps import gate
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.delivery import may_amend, silenced_by, waits_to_sign_in
from socialcollab.workflow.decide.outcome import hold_profile, limit, wait_for
from socialcollab.workflow.decide.refusals import check_fresh, check_state, refuse
from socialcollab.workflow.decide.takedown import check_on_profiles
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot

_REACHES = frozenset(PUBLISHED_FIELDS) - {"targets"}


def differs_from_out(post: Post, delivery: Delivery) -> bool:
    """Tell whether what is out may differ from the post as it stands now."""
    if delivery.state is not DeliveryState.PUBLISHED or delivery.takedown_requested:
        return False
    out = post.revision_named(delivery.revision)
    return (
        out is None
        or amend_in_doubt(delivery)
        or any(name in _REACHES for name in post.revision.changed_since(out))
    )


def amend_in_doubt(delivery: Delivery) -> bool:
    """Tell whether a change was sent and nobody knows if it is out."""
    return delivery.amend_attempt is not None and not delivery.amend_attempt.answered


def amend(snapshot: PostSnapshot, command: cm.Amend, context: Context) -> tuple[ev.Event, ...]:
    """Let what is out carry the approved revision, in place."""
    post = snapshot.post
    out = [
        one
        for one in context.deliveries
        if one.state is DeliveryState.PUBLISHED
        and command.profile in ("", one.profile)
        and one.profile in post.targets
        and one.profile in context.profiles
    ]
    check_on_profiles("take_down", post, [one.profile for one in out], command.profile, context)
    check_state(post, "amend", ("approved",))
    check_fresh(post, command.seen)
    verdict = gate(snapshot, context, alone=snapshot.alone)
    if not verdict:
        raise NotAllowedError(verdict)
    changed = [one for one in out if differs_from_out(post, one)]
    if not changed:
        raise refuse(Reason.of("nothing_to_amend", post=post.id))
    for delivery in changed:
        _refuse_impossible(post, delivery, context)
    return tuple(
        ev.Event(ev.delivery_stream(one.id), context.actor, ev.AmendRequested(revision=post.digest))
        for one in changed
        if one.amending != post.digest
    )


def _refuse_impossible(post: Post, delivery: Delivery, context: Context) -> None:
    profile = context.profiles[delivery.profile]
    network = NETWORKS.get(profile.network)
    remedy = Remedy.of("take_down_and_reschedule", post=post.id, profile=profile.id)
    if network is not None and "edit" not in network.features:
        raise refuse(
            Reason.of("cannot_amend", profile=profile.id, network=network.title),
            remedies=[remedy],
        )
    if delivery.parts or delivery.duplicates:
        raise refuse(Reason.of("cannot_amend_parts", profile=profile.id), remedies=[remedy])


def start_amend(
    snapshot: PostSnapshot,
    delivery: Delivery,
    context: Context,
    *,
    started_at: dt.datetime,
    deadline: dt.datetime,
    limited_until: dt.datetime | None = None,
) -> tuple[ev.Event, ...]:
    """
    Take the right to send a change, under the same gate as a sending.

    Args:
        snapshot: The post, read anew.

        delivery: Its delivery, read anew.

        context: The rules and facts of now.

        started_at: The instant on the real clock.

        deadline: When the sender gives up for certain, on the real clock.

        limited_until: Until when the network asked its profile to wait, or None.

    Returns:
        ``AmendStarted``; ``AmendPutOff`` if it has to wait; ``AmendRefused``
        if the revision may not go out; none if there is nothing to send, or an
        earlier change may still arrive.
    """
    if not delivery.amending or delivery.state is not DeliveryState.PUBLISHED:
        return ()
    earlier = delivery.amend_attempt
    if earlier is not None and not earlier.answered and started_at < earlier.deadline:
        return ()
    problem = silenced_by(snapshot, delivery, context)
    if not problem and waits_to_sign_in(snapshot, delivery, context):
        problem = "credentials_refused"
    if problem:
        until = context.now + wait_for(None, delivery.rate_limited)
        put_off = ev.AmendDeferred(problem=problem, not_before=until, answered=False)
        return (_event(delivery, put_off),)
    if limited_until is not None and limited_until > context.now:
        put_off = ev.AmendDeferred(problem="rate_limited", not_before=limited_until, answered=False)
        return (_event(delivery, put_off),)
    if not may_amend(snapshot, delivery, context):
        refused = ev.AmendRejected(problem="not_approved", answered=False)
        return (_event(delivery, refused),)
    started = ev.AmendStarted(
        number=1 if earlier is None else earlier.number + 1,
        revision=delivery.amending,
        started_at=started_at,
        deadline=deadline,
    )
    return (_event(delivery, started),)


def abandon_amend(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """Store that what is out cannot be changed from here any more, as its profile has gone."""
    if not delivery.amending or delivery.profile in context.profiles:
        return ()
    return (_event(delivery, ev.AmendRejected(problem=PROFILE_GONE, answered=False)),)


def record_amend_outcome(
    delivery: Delivery,
    outcome: NetworkError | None,
    context: Context,
    *,
    number: int,
    revision: str,
    real_now: dt.datetime,
) -> tuple[ev.Event, ...]:
    """
    Store what came of sending a change.

    The answer to an older attempt says nothing once a newer one was sent. An
    answer that is lost leaves what is known: the change is sent again after
    its deadline, which puts the same words in the same place.

    Args:
        delivery: The delivery, read anew.

        outcome: What went wrong, or None if the change is out.

        context: The facts of now.

        number: The attempt that was answered, 0 if none was begun.

        revision: What it carried.

        real_now: The instant on the real clock.
    """
    attempt = delivery.amend_attempt
    if number and (attempt is None or attempt.number != number or attempt.answered):
        return ()
    if outcome is None:
        return (_event(delivery, ev.DeliveryAmended(revision=revision)),)
    wait = wait_for(
        outcome.retry_after_s if isinstance(outcome, RateLimitedError) else None,
        delivery.rate_limited,
    )
    if isinstance(outcome, OutcomeUnknownError) and attempt is not None:
        until = context.now + max(wait, attempt.deadline - real_now)
        put_off = ev.AmendDeferred(problem="no_answer", not_before=until, answered=False)
        return (_event(delivery, put_off),)
    until = context.now + wait
    if isinstance(outcome, RateLimitedError):
        put_off = ev.AmendDeferred(problem="rate_limited", not_before=until)
        return (_event(delivery, put_off), limit(delivery, until))
    if isinstance(outcome, AuthenticationError):
        put_off = ev.AmendDeferred(problem="credentials_refused", not_before=until)
        return (_event(delivery, put_off), *hold_profile(delivery, context))
    if isinstance(outcome, TransientError):
        return (_event(delivery, ev.AmendDeferred(problem="temporary", not_before=until)),)
    return (_event(delivery, ev.AmendRejected(problem=str(outcome)[:500])),)


def _event(delivery: Delivery, data: ev.EventData) -> ev.Event:
    return ev.Event(ev.delivery_stream(delivery.id), Actor.PUBLISHER, data)
