"""Deciders for amendments to published posts, used for members and for the publisher."""

from __future__ import annotations

import datetime as dt
from typing import Final

from socialcollab.content import (
    PROFILE_REMOVED,
    PUBLISHED_FIELDS,
    Delivery,
    DeliveryState,
    Post,
    post_reason,
    post_remedy,
)
from socialcollab.directory import find_network
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    NotAllowedError,
    OutcomeUnknownError,
    RateLimitedError,
    TransientError,
)
from socialcollab.verdicts import Reason
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.outcome import (
    MAX_PROBLEM,
    hold_profile,
    limit_profile,
    retry_delay,
)
from socialcollab.workflow.decide.refusals import (
    check_fresh,
    check_on_profiles,
    check_state,
    refuse,
)
from socialcollab.workflow.decide.schedule import refuse_limits
from socialcollab.workflow.decide.sending import hold_or_blackout, is_approved, waits_for_sign_in
from socialcollab.workflow.model.request import PostSnapshot
from socialcollab.workflow.steps import gate

# An amendment changes a post in place, so it cannot change the target profiles.
_AMENDABLE_FIELDS: Final = frozenset(PUBLISHED_FIELDS) - {"targets"}
# No network changes these fields of a published post. It would keep the old values, although the
# post would be recorded as amended.
_FIXED_FIELDS: Final = ("format", "reply_to", "quote_of", "visibility", "paid_partnership")


def amend(snapshot: PostSnapshot, command: cm.Amend, context: Context) -> tuple[ev.Event, ...]:
    """
    Request that the published post be updated to the current, approved revision.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `take_down` there, if the post is not approved
            or the gate is closed, if no publication differs from the current revision, if the
            network cannot edit posts, if the post is a thread or has duplicates, or if a field
            differs that cannot be changed in place, such as the visibility.
        StaleError: If the actor did not see the current revision.
    """
    post = snapshot.post
    published = [
        delivery
        for delivery in context.deliveries
        if delivery.state is DeliveryState.PUBLISHED
        and command.profile in ("", delivery.profile)
        and delivery.profile in post.targets
        and delivery.profile in context.profiles
    ]
    profiles = [delivery.profile for delivery in published]
    check_on_profiles("take_down", post, profiles, command.profile, context)
    check_state(post, "amend", ("approved",))
    check_fresh(post, command.seen)
    verdict = gate(snapshot, context, alone=snapshot.alone)
    if not verdict:
        raise NotAllowedError(verdict)
    outdated = [delivery for delivery in published if is_outdated(post, delivery)]
    if not outdated:
        raise refuse(post_reason("nothing_to_amend", post))
    for delivery in outdated:
        _refuse_impossible(post, delivery, context)
    refuse_limits(post, post.content, [delivery.profile for delivery in outdated], context)
    return tuple(
        ev.delivery_event(delivery.id, ev.AmendRequested(revision=post.digest), context.actor)
        for delivery in outdated
        if delivery.amending != post.digest
    )


def is_outdated(post: Post, delivery: Delivery) -> bool:
    """Return whether the published post may differ from the current revision."""
    if delivery.state is not DeliveryState.PUBLISHED or delivery.takedown_requested:
        return False
    published = post.revision_named(delivery.revision)
    attempt = delivery.amend_attempt
    return (
        published is None
        # If there was no response, the network may show either the old or the new content.
        or (attempt is not None and not attempt.answered)
        or any(name in _AMENDABLE_FIELDS for name in post.revision.changed_since(published))
    )


def _refuse_impossible(post: Post, delivery: Delivery, context: Context) -> None:
    profile = context.profiles[delivery.profile]
    network = find_network(profile.network)
    remedies = [post_remedy("take_down_and_reschedule", post, profile=profile.id)]
    if network is not None and "edit" not in network.features:
        reason = Reason.of("cannot_amend", profile=profile.id, network=network.title)
        raise refuse(reason, remedies=remedies)
    if delivery.parts or delivery.duplicates:
        raise refuse(Reason.of("cannot_amend_parts", profile=profile.id), remedies=remedies)
    published = post.revision_named(delivery.revision)
    changed = () if published is None else post.revision.changed_since(published)
    fixed = [name for name in _FIXED_FIELDS if name in changed]
    if fixed:
        reason = Reason.of("cannot_amend_fields", profile=profile.id, fields=", ".join(fixed))
        raise refuse(reason, remedies=remedies)


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
    Obtain a permit to send an amendment, with the same checks as for sending a post.

    Args:
        snapshot: The post.
        delivery: The delivery.
        context: The current rules.
        started_at: The current instant according to the real clock.
        deadline: The instant, according to the real clock, after which the sender must not send.
        limited_until: The end of the waiting period that the network imposed on the profile, or
            None.

    Returns:
        `AmendStarted`; `AmendDeferred` if the amendment must wait; `AmendRejected` if the revision
        must not be published; or no event if there is no amendment to send.
    """
    if not delivery.amending or delivery.state is not DeliveryState.PUBLISHED:
        return ()
    earlier = delivery.amend_attempt
    # If an earlier amendment arrived after this one, older content would replace this content.
    if earlier is not None and not earlier.answered and started_at < earlier.deadline:
        return ()
    until = context.now + retry_delay(None, delivery.rate_limited)
    problem = hold_or_blackout(snapshot, delivery, context)
    if not problem and waits_for_sign_in(snapshot, delivery, context):
        problem = "credentials_refused"
    if not problem and limited_until is not None and limited_until > context.now:
        problem, until = "rate_limited", limited_until
    if problem:
        deferred = ev.AmendDeferred(problem=problem, not_before=until, answered=False)
        return (ev.publisher_event(delivery.id, deferred),)
    if not is_approved(snapshot, delivery, context, revision=delivery.amending):
        rejected = ev.AmendRejected(problem="not_approved", answered=False)
        return (ev.publisher_event(delivery.id, rejected),)
    started = ev.AmendStarted(
        number=1 if earlier is None else earlier.number + 1,
        revision=delivery.amending,
        started_at=started_at,
        deadline=deadline,
    )
    return (ev.publisher_event(delivery.id, started),)


def abandon_amend(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """End an amendment that cannot be sent, because the profile was removed."""
    if not delivery.amending or delivery.profile in context.profiles:
        return ()
    rejected = ev.AmendRejected(problem=PROFILE_REMOVED, answered=False)
    return (ev.publisher_event(delivery.id, rejected),)


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
    Record the outcome of an amendment.

    If there was no response, the amendment is sent again after the deadline of the attempt. This
    does not require a lookup, because a repeated amendment has the same result.

    Args:
        delivery: The delivery.
        outcome: The error, or None if the network confirmed the amendment.
        context: The current rules.
        number: The number of the attempt, or 0 if no permit was obtained. Outcomes of attempts
            other than the latest are ignored.
        revision: The revision that was sent.
        real_now: The current instant according to the real clock.
    """
    attempt = delivery.amend_attempt
    if number and (attempt is None or attempt.number != number or attempt.answered):
        return ()
    if outcome is None:
        return (ev.publisher_event(delivery.id, ev.DeliveryAmended(revision=revision)),)
    requested_s = outcome.retry_after_s if isinstance(outcome, RateLimitedError) else None
    delay = retry_delay(requested_s, delivery.rate_limited)
    answered = True
    following: tuple[ev.Event, ...] = ()
    if isinstance(outcome, OutcomeUnknownError) and attempt is not None:
        problem, answered = "no_answer", False
        # The deadline is an instant on the real clock. Only the remaining time can be added to an
        # instant on the desk's clock.
        delay = max(delay, attempt.deadline - real_now)
    elif isinstance(outcome, RateLimitedError):
        problem, following = "rate_limited", (limit_profile(delivery, context.now + delay),)
    elif isinstance(outcome, AuthenticationError):
        problem, following = "credentials_refused", hold_profile(delivery, context)
    elif isinstance(outcome, TransientError):
        problem = "transient"
    else:
        rejected = ev.AmendRejected(problem=str(outcome)[:MAX_PROBLEM])
        return (ev.publisher_event(delivery.id, rejected),)
    deferred = ev.AmendDeferred(problem=problem, not_before=context.now + delay, answered=answered)
    return (ev.publisher_event(delivery.id, deferred), *following)
