"""Deciders for the publisher: whether and when it may start or continue sending a delivery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import attrs

from socialcollab.content import (
    PROFILE_REMOVED,
    PUBLISHED_FIELDS,
    Delivery,
    DeliveryState,
    Hold,
    PostState,
    post_reason,
)
from socialcollab.verdicts import Verdict
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot
from socialcollab.workflow.steps import gate

_LATE = dt.timedelta(minutes=5)
_PART_RETRY_DELAY = dt.timedelta(minutes=1)


@attrs.frozen
class Pace:
    """
    The pace at which the late deliveries of a profile are sent.

    Attributes:
        gap: The minimum time between two late deliveries.
        until: The earliest instant for the next late delivery, or None if it can be sent now.
    """

    gap: dt.timedelta
    until: dt.datetime | None = None


def start_delivery(
    snapshot: PostSnapshot,
    delivery: Delivery,
    context: Context,
    prepared: Mapping[str, str],
    *,
    limited_until: dt.datetime | None = None,
    pace: Pace | None = None,
) -> tuple[ev.Event, ...]:
    """
    Start a waiting delivery that is due, or record that it is missed.

    A partly published thread is not missed because of a hold or blackout; its next part waits. A
    post that another delivery has published on the profile is not sent a second time.

    Args:
        snapshot: The post.
        delivery: The delivery.
        context: The current rules, with the post's deliveries to the profile.
        prepared: The ids and keys that the adapter generated for the delivery.
        limited_until: The end of the waiting period that the network imposed on the profile, or
            None.
        pace: How the profile's late deliveries are spread over time, or None to send this delivery
            immediately.

    Returns:
        `DeliveryStarted`, `DeliveryMissed` or `DeliveryDeferred`; or no event if the delivery is
        not waiting, is not due, or must wait for a member to sign in.
    """
    if delivery.state is not DeliveryState.WAITING or delivery.due_at > context.now:
        return ()
    stopped = hold_or_blackout(snapshot, delivery, context)
    if stopped and delivery.partly_published:
        return ()
    problem = stopped or _hold_when_due(snapshot, delivery, context)
    problem = problem or _reason_not_to_send(snapshot, delivery, context)
    if problem:
        return (ev.publisher_event(delivery.id, ev.DeliveryMissed(problem=problem)),)
    if waits_for_sign_in(snapshot, delivery, context):
        return ()
    if limited_until is not None and limited_until > context.now:
        # The limit applies to the whole profile, and another request would only prolong it.
        waits = ev.DeliveryDeferred(problem="rate_limited", not_before=limited_until)
        return (ev.publisher_event(delivery.id, waits),)
    started = ev.publisher_event(delivery.id, ev.DeliveryStarted(prepared=prepared))
    if pace is None or not is_late(delivery, context.now):
        return (started,)
    if pace.until is not None and pace.until > context.now:
        waits = ev.DeliveryDeferred(problem="paced", not_before=pace.until)
        return (ev.publisher_event(delivery.id, waits),)
    paced = ev.BudgetPaced(until=context.now + pace.gap)
    stream = ev.budget_stream(delivery.profile)
    return (started, ev.Event(stream, Actor.PUBLISHER, paced))


def is_late(delivery: Delivery, now: dt.datetime) -> bool:
    """
    Return whether a delivery missed its time because no worker ran.

    After an outage, the late deliveries of a profile are not all sent at the same time. A delivery
    that has already been attempted is not delayed a second time.
    """
    return now - delivery.at.instant > _LATE and not delivery.attempts and not delivery.live_ids


def start_send(
    snapshot: PostSnapshot,
    delivery: Delivery,
    context: Context,
    *,
    part: int,
    started_at: dt.datetime,
    deadline: dt.datetime,
) -> tuple[ev.Event, ...]:
    """
    Obtain a permit to send one creating request, or record why it is not sent.

    All checks are repeated with freshly read values, because a hold may have been placed or the
    post may have been edited since the start of the delivery.

    Args:
        snapshot: The post.
        delivery: The delivery.
        context: The current rules.
        part: The part of the thread that the request creates, or 0.
        started_at: The current instant according to the real clock.
        deadline: The instant, according to the real clock, after which the sender must not send.

    Returns:
        `SendStarted`; `DeliveryDeferred` if the delivery must wait or a takedown was requested;
        `DeliveryMissed` if it can no longer be sent; or no event if another attempt is in doubt,
        the part is already published, or the delivery is not being published.
    """
    if delivery.state is not DeliveryState.PUBLISHING or delivery.in_doubt is not None:
        return ()
    if any(published.part == part for published in delivery.parts):
        return ()
    if delivery.takedown_requested:
        return (ev.publisher_event(delivery.id, ev.DeliveryDeferred(problem="taken_down")),)
    stopped = hold_or_blackout(snapshot, delivery, context)
    if stopped and (part > 0 or delivery.partly_published):
        waits = ev.DeliveryDeferred(problem=stopped, not_before=context.now + _PART_RETRY_DELAY)
        return (ev.publisher_event(delivery.id, waits),)
    problem = stopped or _reason_not_to_send(snapshot, delivery, context)
    if problem:
        return (ev.publisher_event(delivery.id, ev.DeliveryMissed(problem=problem)),)
    if waits_for_sign_in(snapshot, delivery, context):
        waits = ev.DeliveryDeferred(problem="credentials_refused")
        return (ev.publisher_event(delivery.id, waits),)
    # The deadline is an instant on the real clock. Otherwise, a desk with a manually set clock, for
    # example in a simulation, would abandon requests that are still in transit.
    started = ev.SendStarted(
        number=len(delivery.attempts) + 1, part=part, started_at=started_at, deadline=deadline
    )
    return (ev.publisher_event(delivery.id, started),)


def end_interrupted(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """
    End a delivery that another worker left unfinished, if it is not in doubt and cannot continue.

    A delivery cannot continue if its profile was removed or a takedown was requested.
    """
    if delivery.state is not DeliveryState.PUBLISHING or delivery.in_doubt is not None:
        return ()
    if delivery.takedown_requested:
        return (ev.publisher_event(delivery.id, ev.DeliveryDeferred(problem="taken_down")),)
    if delivery.profile not in context.profiles:
        return (ev.publisher_event(delivery.id, ev.DeliveryMissed(problem=PROFILE_REMOVED)),)
    return ()


def hold_or_blackout(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> str:
    """Return the problem code for a hold or blackout that stops a delivery now, or ""."""
    hold = _active_hold(snapshot, delivery, context)
    if hold is not None and not _by_publisher(hold):
        return f"hold {hold.id}"
    return "blackout" if delivery.profile in context.barred else ""


def _hold_when_due(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> str:
    """
    Return the problem code for a hold that has ended but was active when a delivery was due, or "".

    Usually a worker records during the hold that the delivery is missed. Even if no worker ran, the
    delivery must not be sent after the hold has ended.
    """
    profile = context.profiles.get(delivery.profile)
    if profile is None or delivery.attempts or delivery.live_ids:
        return ""
    due_at, attributes = delivery.at.instant, context.attributes_of(snapshot.post, profile)
    for hold in snapshot.holds_on((*context.holds, *context.ended_holds)):
        if (
            hold.was_active(due_at, now=context.now)
            and hold.on.matches(profile, attributes)
            and not _by_publisher(hold)
        ):
            return f"hold {hold.id}"
    return ""


def waits_for_sign_in(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> bool:
    """
    Return whether a member must first sign in to the network again.

    Deliveries are not missed for this reason. Deliveries that become due before the sign-in are
    sent afterwards.
    """
    hold = _active_hold(snapshot, delivery, context)
    return hold is not None and _by_publisher(hold)


def _active_hold(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> Hold | None:
    """Return a hold that stops a delivery now, preferably one placed by a member, or None."""
    profile = context.profiles.get(delivery.profile)
    if profile is None:
        return None
    attributes = context.attributes_of(snapshot.post, profile)
    holds = [
        hold
        for hold in snapshot.holds_on(context.holds)
        if hold.stops(profile, attributes, now=context.now)
    ]
    return min(holds, key=_by_publisher, default=None)


def _by_publisher(hold: Hold) -> bool:
    return hold.by == str(Actor.PUBLISHER)


def _is_too_late(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> bool:
    late_by = context.requirement(snapshot.post).late_by
    if late_by is None:
        return False
    zone = context.zones.get(delivery.workspace, "UTC")
    latest = (
        late_by.after(delivery.at.instant, hours=context.hours.get(delivery.workspace))
        if late_by.business
        else late_by.after(delivery.at.instant, zone=zone)
    )
    return context.now > latest


def _reason_not_to_send(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> str:
    """Return the problem code for a reason not to send a delivery at all, or ""."""
    if _is_too_late(snapshot, delivery, context):
        return "too_late"
    if delivery.profile not in context.profiles:
        return PROFILE_REMOVED
    if _published_by_another(delivery, context):
        return "already_published"
    return "" if may_publish(snapshot, delivery, context) else "not_approved"


def _published_by_another(delivery: Delivery, context: Context) -> bool:
    """Return whether another delivery has permanently published the post on the profile."""
    return any(
        other.id != delivery.id
        and other.profile == delivery.profile
        and other.live_ids
        and not other.takedown_requested
        for other in context.deliveries
    )


def may_publish(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> Verdict:
    """
    Return whether the content that a delivery would send has been seen and approved.

    The post must be approved, the gate must be open under the current rules, and the published
    fields must be the same as in the revision for which the delivery was planned.
    """
    return is_approved(snapshot, delivery, context, revision=delivery.revision)


def is_approved(
    snapshot: PostSnapshot, delivery: Delivery, context: Context, *, revision: str
) -> Verdict:
    """Return whether *revision* may be published on the delivery's profile."""
    post = snapshot.post
    if post.state is not PostState.APPROVED:
        return Verdict.no(post_reason("not_approved", post, state=post.state.value))
    if delivery.profile not in post.targets or delivery.profile not in context.profiles:
        return Verdict.no(post_reason("no_such_target", post, profile=delivery.profile))
    planned = post.revision_named(revision)
    changed = () if planned is None else post.revision.changed_since(planned)
    if planned is None or any(name in PUBLISHED_FIELDS for name in changed):
        fields = ", ".join(changed) or "revision"
        return Verdict.no(post_reason("changed_since_scheduled", post, fields=fields))
    return gate(snapshot, context, alone=snapshot.alone)
