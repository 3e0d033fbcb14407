"""Decide what the publisher may do with a delivery, and what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import attrs

from socialcollab.content import PUBLISHED_FIELDS, Delivery, DeliveryState, Hold, PostState
from socialcollab.directory import Selector
from socialcollab.errors import (
    CredentialsRefusedError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TemporaryError,
)
from socialcollab.time import Duration
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import events as ev
from socialcollab.workflow.actor import Actor
from socialcollab.workflow.context import Context
from socialcollab.workflow.request import PostRecord
from socialcollab.workflow.steps import gate

__all__ = [
    "Sent",
    "absent",
    "begin",
    "give_up",
    "may_leave",
    "missed_by",
    "settle",
    "start_send",
]

_OUT = (DeliveryState.PUBLISHED, DeliveryState.REMOVING, DeliveryState.REMOVED)
_SHORTEST_WAIT = dt.timedelta(seconds=60)
_LONGEST_WAIT = dt.timedelta(hours=1)


@attrs.frozen(kw_only=True)
class Sent:
    """
    What a network says is out.

    Attributes:
        network_id: Its own id of it.

        url: Its address, or empty.

        published_at: When, in UTC.

        found: Whether it was read back rather than answered.
    """

    network_id: str
    url: str
    published_at: dt.datetime
    found: bool = False


def _event(delivery: Delivery, data: ev.EventData) -> ev.Event:
    return ev.Event(ev.delivery_stream(delivery.id), Actor.PUBLISHER, data)


def may_leave(record: PostRecord, delivery: Delivery, context: Context) -> Verdict:
    """
    Tell whether what would leave is what was seen and approved.

    It must be an approved post, its gate must be open under the rules of now,
    and no published field may differ from the revision that was planned.
    """
    post = record.post
    if post.state is not PostState.APPROVED:
        return Verdict.no(Reason.of("not_approved", post=post.id, state=post.state.value))
    if delivery.profile not in post.targets or delivery.profile not in context.profiles:
        return Verdict.no(Reason.of("no_such_target", post=post.id, profile=delivery.profile))
    planned = post.revision_named(delivery.revision)
    changed = () if planned is None else post.revision.changed_since(planned)
    if planned is None or any(name in PUBLISHED_FIELDS for name in changed):
        return Verdict.no(
            Reason.of("differs", post=post.id, fields=", ".join(changed) or "revision")
        )
    return gate(record, context, alone=record.alone)


def missed_by(record: PostRecord, delivery: Delivery, context: Context) -> str:
    """Return why a due delivery may not begin now: a hold, a blackout or lateness; or nothing."""
    profile = context.profiles.get(delivery.profile)
    if profile is not None:
        facts = context.facts_of(record.post, profile)
        for hold in context.holds:
            if hold.stops(profile, facts, now=context.now):
                return f"hold {hold.id}"
    if delivery.profile in context.barred:
        return "blackout"
    late_by = context.requirement(record.post).late_by
    if late_by is not None and context.now > _latest(delivery, late_by, context):
        return "too_late"
    return ""


def _latest(delivery: Delivery, late_by: Duration, context: Context) -> dt.datetime:
    zone = context.zones.get(delivery.workspace, "UTC")
    if late_by.business:
        return late_by.after(delivery.at.instant, hours=context.hours.get(delivery.workspace))
    return late_by.after(delivery.at.instant, zone=zone)


def begin(
    record: PostRecord, delivery: Delivery, context: Context, prepared: Mapping[str, str]
) -> tuple[ev.Event, ...]:
    """
    Take a waiting delivery that is due in hand, or say that it is missed.

    Args:
        record: The post.

        delivery: Its delivery.

        context: The rules and facts of now.

        prepared: Ids and keys that the adapter fixed for this delivery.

    Returns:
        One event; none if it does not wait or is not due.
    """
    if delivery.state is not DeliveryState.WAITING or delivery.due_at > context.now:
        return ()
    problem = missed_by(record, delivery, context)
    if not problem and not may_leave(record, delivery, context):
        problem = "not_approved"
    if problem:
        return (_event(delivery, ev.DeliveryMissed(problem=problem)),)
    return (_event(delivery, ev.DeliveryBegun(prepared=prepared)),)


def start_send(
    record: PostRecord,
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
        record: The post, read anew.

        delivery: Its delivery, read anew.

        context: The rules and facts of now: a hold set meanwhile counts.

        part: Which part the request creates.

        started_at: The instant on the real clock.

        deadline: When the sender gives up for certain, on the real clock.

    Returns:
        ``SendStarted``; ``DeliveryMissed`` if it may not leave any more and
        nothing was sent; none if another attempt is in doubt, the delivery is
        not being published, or a part is out and the next may not follow now.
    """
    if delivery.state is not DeliveryState.PUBLISHING or delivery.in_doubt is not None:
        return ()
    problem = missed_by(record, delivery, context)
    if not problem and not may_leave(record, delivery, context):
        problem = "not_approved"
    if problem:
        # What is partly out was not missed; its next part waits until it may leave.
        return (_event(delivery, ev.DeliveryMissed(problem=problem)),) if part == 0 else ()
    started = ev.SendStarted(
        number=len(delivery.attempts) + 1, part=part, started_at=started_at, deadline=deadline
    )
    return (_event(delivery, started),)


def settle(
    delivery: Delivery,
    outcome: Sent | NetworkError,
    context: Context,
    *,
    attempt: int | None = None,
) -> tuple[ev.Event, ...]:
    """
    Store what came of sending, however late the answer is.

    Args:
        delivery: The delivery, read anew.

        outcome: What the network said, or the error that says what is known.

        context: The facts of now.

        attempt: The number of the right to send that was answered, 0 if none
            was taken. What went wrong with an older attempt says nothing of a
            newer one that is in doubt. None means the newest.
    """
    if isinstance(outcome, Sent):
        if delivery.state in _OUT:
            return ()
        published = ev.DeliveryPublished(
            network_id=outcome.network_id,
            url=outcome.url,
            published_at=outcome.published_at,
            found=outcome.found,
        )
        return (_event(delivery, published),)
    if delivery.state not in (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN):
        return ()
    if attempt is not None and delivery.in_doubt and delivery.in_doubt.number != attempt:
        return ()
    if isinstance(outcome, RateLimitedError):
        wait = _wait(outcome.retry_after_s, delivery.rate_limited)
        returned = ev.DeliveryReturned(
            problem="rate_limited", not_before=context.now + wait, rate_limited=True
        )
        return (_event(delivery, returned),)
    if isinstance(outcome, TemporaryError):
        returned = ev.DeliveryReturned(
            problem="temporary",
            not_before=context.now + _wait(None, delivery.rate_limited),
            rate_limited=True,
        )
        return (_event(delivery, returned),)
    if isinstance(outcome, CredentialsRefusedError):
        hold = Hold(
            id=f"credentials-{delivery.profile}",
            on=Selector(profile=delivery.profile),
            reason="",
            by=str(Actor.PUBLISHER),
            at=context.now,
        )
        returned = ev.DeliveryReturned(problem="credentials_refused")
        known = {known_hold.id for known_hold in context.holds}
        set_hold = (
            ()
            if hold.id in known
            else (
                ev.Event(
                    "holds", Actor.PUBLISHER, ev.HoldSet(hold=hold, reason="credentials refused")
                ),
            )
        )
        return (_event(delivery, returned), *set_hold)
    if isinstance(outcome, RejectedError):
        return (_event(delivery, ev.DeliveryFailed(problem=str(outcome)[:500])),)
    if not isinstance(outcome, OutcomeUnknownError) and delivery.in_doubt is None:
        return (_event(delivery, ev.DeliveryFailed(problem=str(outcome)[:500])),)
    if delivery.state is DeliveryState.UNKNOWN:
        return ()
    return (_event(delivery, ev.DeliveryUnknown(problem="no_answer")),)


def give_up(delivery: Delivery, *, real_now: dt.datetime) -> tuple[ev.Event, ...]:
    """Store that a sender's answer never came, once its hard deadline has passed."""
    attempt = delivery.in_doubt
    if (
        delivery.state is not DeliveryState.PUBLISHING
        or attempt is None
        or real_now < attempt.deadline
    ):
        return ()
    return (_event(delivery, ev.DeliveryUnknown(problem="sender_vanished")),)


def absent(delivery: Delivery, *, attempt: int | None = None) -> tuple[ev.Event, ...]:
    """
    Store that a conclusive look found nothing: what was in doubt made nothing.

    Args:
        delivery: The delivery, read anew.

        attempt: The number of the attempt that was looked for; a newer one is
            still in doubt. None means the newest.
    """
    if delivery.state is not DeliveryState.UNKNOWN:
        return ()
    if attempt is not None and delivery.in_doubt and delivery.in_doubt.number != attempt:
        return ()
    return (_event(delivery, ev.DeliveryReturned(problem="found_absent")),)


def _wait(asked_s: float | None, before: int) -> dt.timedelta:
    if asked_s is not None:
        return min(
            max(dt.timedelta(seconds=asked_s), dt.timedelta(seconds=1)), dt.timedelta(days=1)
        )
    doublings: int = 1 << min(before, 10)
    return min(_SHORTEST_WAIT * doublings, _LONGEST_WAIT)
