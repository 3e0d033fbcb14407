"""Decide whether a delivery may leave now, and who may send it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from socialcollab.content import (
    PROFILE_GONE,
    PUBLISHED_FIELDS,
    Delivery,
    DeliveryState,
    Hold,
    PostState,
)
from socialcollab.time import Duration
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import events as ev
from socialcollab.workflow.approval.steps import gate
from socialcollab.workflow.context import Context
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot

_SOON = dt.timedelta(minutes=1)


def may_leave(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> Verdict:
    """
    Tell whether what would leave is what was seen and approved.

    It must be an approved post, its gate must be open under the rules of now,
    and no published field may differ from the revision that was planned.
    """
    return _as_approved(snapshot, delivery, context, revision=delivery.revision)


def may_amend(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> Verdict:
    """Tell whether the revision that *delivery* is to carry instead is what was approved."""
    return _as_approved(snapshot, delivery, context, revision=delivery.amending)


def _as_approved(
    snapshot: PostSnapshot, delivery: Delivery, context: Context, *, revision: str
) -> Verdict:
    post = snapshot.post
    if post.state is not PostState.APPROVED:
        return Verdict.no(Reason.of("not_approved", post=post.id, state=post.state.value))
    if delivery.profile not in post.targets or delivery.profile not in context.profiles:
        return Verdict.no(Reason.of("no_such_target", post=post.id, profile=delivery.profile))
    planned = post.revision_named(revision)
    changed = () if planned is None else post.revision.changed_since(planned)
    if planned is None or any(name in PUBLISHED_FIELDS for name in changed):
        return Verdict.no(
            Reason.of("differs", post=post.id, fields=", ".join(changed) or "revision")
        )
    return gate(snapshot, context, alone=snapshot.alone)


def stopping(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> Hold | None:
    """Return the hold that stops a delivery now: a person's before the publisher's own."""
    profile = context.profiles.get(delivery.profile)
    if profile is None:
        return None
    facts = context.attributes_of(snapshot.post, profile)
    found = [hold for hold in context.holds if hold.stops(profile, facts, now=context.now)]
    found.sort(key=_by_publisher)
    return found[0] if found else None


def _by_publisher(hold: Hold) -> bool:
    return hold.by == str(Actor.PUBLISHER)


def silenced_by(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> str:
    """Return the person's hold or the blackout that stands in the way now, or nothing."""
    hold = stopping(snapshot, delivery, context)
    if hold is not None and not _by_publisher(hold):
        return f"hold {hold.id}"
    return "blackout" if delivery.profile in context.barred else ""


def waits_to_sign_in(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> bool:
    """Tell whether its profile waits for somebody to sign in again."""
    hold = stopping(snapshot, delivery, context)
    return hold is not None and _by_publisher(hold)


def missed_by(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> str:
    """
    Return why a due delivery may not begin now: a hold, a blackout or lateness; or nothing.

    What waits for somebody to sign in again is not missed by that: it goes on afterwards.
    """
    silenced = silenced_by(snapshot, delivery, context)
    if silenced:
        return silenced
    late_by = context.requirement(snapshot.post).late_by
    if late_by is not None and context.now > _latest(delivery, late_by, context):
        return "too_late"
    return ""


def _latest(delivery: Delivery, late_by: Duration, context: Context) -> dt.datetime:
    zone = context.zones.get(delivery.workspace, "UTC")
    if late_by.business:
        return late_by.after(delivery.at.instant, hours=context.hours.get(delivery.workspace))
    return late_by.after(delivery.at.instant, zone=zone)


def _out_already(delivery: Delivery, context: Context) -> bool:
    """Tell whether the post is out there by another delivery, and nobody wants that taken down."""
    return any(
        one.id != delivery.id
        and one.profile == delivery.profile
        and one.live_ids
        and not one.takedown_requested
        for one in context.deliveries
    )


def begin(
    snapshot: PostSnapshot,
    delivery: Delivery,
    context: Context,
    prepared: Mapping[str, str],
    *,
    limited_until: dt.datetime | None = None,
) -> tuple[ev.Event, ...]:
    """
    Take a waiting delivery that is due in hand, or say that it is missed.

    What is partly out already is not missed by a hold or a blackout: its next
    part waits until it may leave. What is out there by an earlier delivery,
    which was taken for lost, does not leave again.

    Args:
        snapshot: The post.

        delivery: Its delivery.

        context: The rules and facts of now, and the post's deliveries there.

        prepared: Ids and keys that the adapter fixed for this delivery.

        limited_until: Until when the network asked its profile to wait, or None.

    Returns:
        One event; none if it does not wait, is not due, or has to wait until
        somebody has signed in.
    """
    if delivery.state is not DeliveryState.WAITING or delivery.due_at > context.now:
        return ()
    problem = missed_by(snapshot, delivery, context)
    if (
        problem
        and delivery.partly_published
        and problem == silenced_by(snapshot, delivery, context)
    ):
        return ()
    problem = problem or _not_approved(snapshot, delivery, context)
    if problem:
        return (ev.publisher_event(delivery.id, ev.DeliveryMissed(problem=problem)),)
    if waits_to_sign_in(snapshot, delivery, context):
        return ()
    if limited_until is not None and limited_until > context.now:
        # Another delivery of the profile was asked to wait: this one does not try its luck.
        waits = ev.DeliveryDeferred(problem="rate_limited", not_before=limited_until)
        return (ev.publisher_event(delivery.id, waits),)
    return (ev.publisher_event(delivery.id, ev.DeliveryStarted(prepared=prepared)),)


def _not_approved(snapshot: PostSnapshot, delivery: Delivery, context: Context) -> str:
    if delivery.profile not in context.profiles:
        return PROFILE_GONE
    if _out_already(delivery, context):
        return "already_published"
    return "" if may_leave(snapshot, delivery, context) else "not_approved"


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
    Take the right to send one creating request, or say that it may not be any more.

    Args:
        snapshot: The post, read anew.

        delivery: Its delivery, read anew.

        context: The rules and facts of now: a hold set meanwhile counts.

        part: Which part the request creates.

        started_at: The instant on the real clock.

        deadline: When the sender gives up for certain, on the real clock.

    Returns:
        ``SendStarted``; ``DeliveryReturned`` if it has to wait, or somebody
        wants it gone; ``DeliveryMissed`` if it may not leave any more; none if
        another attempt is in doubt, that part is out, or the delivery is not
        being published.
    """
    if delivery.state is not DeliveryState.PUBLISHING or delivery.in_doubt is not None:
        return ()
    if any(known.part == part for known in delivery.parts):
        return ()
    if delivery.takedown_requested:
        return (ev.publisher_event(delivery.id, ev.DeliveryDeferred(problem="taken_down")),)
    begun = part > 0 or delivery.partly_published
    silenced = silenced_by(snapshot, delivery, context)
    if silenced and begun:
        returned = ev.DeliveryDeferred(problem=silenced, not_before=context.now + _SOON)
        return (ev.publisher_event(delivery.id, returned),)
    problem = missed_by(snapshot, delivery, context) or _not_approved(snapshot, delivery, context)
    if problem:
        return (ev.publisher_event(delivery.id, ev.DeliveryMissed(problem=problem)),)
    if waits_to_sign_in(snapshot, delivery, context):
        return (
            ev.publisher_event(delivery.id, ev.DeliveryDeferred(problem="credentials_refused")),
        )
    started = ev.SendStarted(
        number=len(delivery.attempts) + 1, part=part, started_at=started_at, deadline=deadline
    )
    return (ev.publisher_event(delivery.id, started),)


def strand(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """
    Let go of what is being published and cannot go on, with nothing in doubt.

    Its profile has gone, or somebody wants it taken down.
    """
    if delivery.state is not DeliveryState.PUBLISHING or delivery.in_doubt is not None:
        return ()
    if delivery.takedown_requested:
        return (ev.publisher_event(delivery.id, ev.DeliveryDeferred(problem="taken_down")),)
    if delivery.profile not in context.profiles:
        return (ev.publisher_event(delivery.id, ev.DeliveryMissed(problem=PROFILE_GONE)),)
    return ()
