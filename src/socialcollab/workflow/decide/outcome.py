"""Decide what is known of a delivery after a request, a look, or silence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import attrs

from socialcollab.content import Delivery, DeliveryState, Hold
from socialcollab.directory import Selector
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.model.actor import Actor

_OUT = (DeliveryState.PUBLISHED, DeliveryState.REMOVING, DeliveryState.REMOVED)
_SHORTEST_WAIT = dt.timedelta(seconds=60)
_LONGEST_WAIT = dt.timedelta(hours=1)
_LONGEST_LOOK = dt.timedelta(hours=6)
_LOOKS_AGAIN = (dt.timedelta(minutes=10), dt.timedelta(hours=2), dt.timedelta(days=1))
# Clocks of several machines differ by less; a clock that is further behind was set back.
_SKEW = dt.timedelta(minutes=1)


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


def record_outcome(
    delivery: Delivery,
    outcome: Sent | NetworkError,
    context: Context,
    *,
    attempt: int | None = None,
) -> tuple[ev.Event, ...]:
    """
    Store what came of sending, however late the answer is and whatever was concluded meanwhile.

    Args:
        delivery: The delivery, read anew.

        outcome: What the network said, or the error that says what is known.

        context: The facts of now.

        attempt: The number of the right to send that was answered, 0 if none
            was taken. What went wrong with an older attempt says nothing of a
            newer one that is in doubt. None means the newest.
    """
    if isinstance(outcome, Sent):
        return _settle_sent(delivery, outcome, attempt)
    if delivery.state not in (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN):
        return ()
    if attempt is not None and delivery.in_doubt and delivery.in_doubt.number != attempt:
        return ()
    if isinstance(outcome, RateLimitedError):
        until = context.now + wait_for(outcome.retry_after_s, delivery.rate_limited)
        returned = ev.DeliveryDeferred(problem="rate_limited", not_before=until, rate_limited=True)
        return (ev.publisher_event(delivery.id, returned), limit(delivery, until))
    if isinstance(outcome, TransientError):
        returned = ev.DeliveryDeferred(
            problem="temporary",
            not_before=context.now + wait_for(None, delivery.rate_limited),
            rate_limited=True,
        )
        return (ev.publisher_event(delivery.id, returned),)
    if isinstance(outcome, AuthenticationError):
        returned = ev.DeliveryDeferred(problem="credentials_refused")
        return (ev.publisher_event(delivery.id, returned), *hold_profile(delivery, context))
    if isinstance(outcome, RejectedError):
        return (ev.publisher_event(delivery.id, ev.DeliveryFailed(problem=str(outcome)[:500])),)
    if not isinstance(outcome, OutcomeUnknownError) and delivery.in_doubt is None:
        return (ev.publisher_event(delivery.id, ev.DeliveryFailed(problem=str(outcome)[:500])),)
    if delivery.state is DeliveryState.UNKNOWN:
        return ()
    return (ev.publisher_event(delivery.id, ev.DeliveryUnknown(problem="no_answer")),)


def _settle_sent(delivery: Delivery, sent: Sent, attempt: int | None) -> tuple[ev.Event, ...]:
    if delivery.state in _OUT:
        return _again(delivery, sent, number=attempt or 0, part=0)
    published = ev.DeliveryPublished(
        network_id=sent.network_id,
        url=sent.url,
        published_at=sent.published_at,
        found=sent.found,
    )
    return (ev.publisher_event(delivery.id, published),)


def _again(delivery: Delivery, sent: Sent, *, number: int, part: int) -> tuple[ev.Event, ...]:
    if sent.network_id in delivery.known_ids:
        return ()
    again = ev.DeliveryPublishedAgain(
        number=number,
        part=part,
        network_id=sent.network_id,
        url=sent.url,
        published_at=sent.published_at,
    )
    return (ev.publisher_event(delivery.id, again),)


def record_part(
    delivery: Delivery,
    sent: Sent,
    *,
    number: int,
    part: int,
    progress: Mapping[str, str],
    whole: Sent | None = None,
) -> tuple[ev.Event, ...]:
    """
    Store that a part of a thread is out, however late that is known.

    Args:
        delivery: The delivery, read anew.

        sent: What the network said.

        number: The attempt that was answered.

        part: Which part it is.

        progress: What the conversation goes on from.

        whole: If it was found and is the last one, what all of it counts as.

    Returns:
        ``PartPublished``; ``DeliveryPublished`` too if all of it is out, or ``DeliveryReturned`` if nothing is in doubt any
        more and the next part can follow; ``DeliveryPublishedAgain`` if that
        part was out already; none if all of it was known.
    """
    if sent.network_id in delivery.known_ids:
        return ()
    if delivery.state in _OUT or any(known.part == part for known in delivery.parts):
        return _again(delivery, sent, number=number, part=part)
    published = ev.PartPublished(
        number=number,
        part=part,
        network_id=sent.network_id,
        url=sent.url,
        published_at=sent.published_at,
        progress=dict(progress),
        found=sent.found,
    )
    if whole is not None:
        return (ev.publisher_event(delivery.id, published), *_settle_sent(delivery, whole, number))
    doubt = delivery.in_doubt
    if delivery.state is DeliveryState.UNKNOWN and (doubt is None or doubt.number == number):
        returned = ev.DeliveryDeferred(problem="part_out")
        return (
            ev.publisher_event(delivery.id, published),
            ev.publisher_event(delivery.id, returned),
        )
    return (ev.publisher_event(delivery.id, published),)


def record_no_answer(delivery: Delivery, *, real_now: dt.datetime) -> tuple[ev.Event, ...]:
    """
    Store that a sender's answer has not come: its hard deadline has passed.

    So it is if the clock was set back to before the sending: nobody could
    tell for how long it has been on its way. It counts as absent only
    after the deadline all the same.
    """
    attempt = delivery.in_doubt
    if delivery.state is not DeliveryState.PUBLISHING or attempt is None:
        return ()
    if real_now >= attempt.deadline:
        return (ev.publisher_event(delivery.id, ev.DeliveryUnknown(problem="sender_vanished")),)
    if real_now < attempt.started_at - _SKEW:
        return (ev.publisher_event(delivery.id, ev.DeliveryUnknown(problem="clock_went_back")),)
    return ()


def record_missing(
    delivery: Delivery, context: Context, *, attempt: int | None = None
) -> tuple[ev.Event, ...]:
    """
    Store that a conclusive look found nothing: what was in doubt made nothing.

    Args:
        delivery: The delivery, read anew.

        context: The facts of now.

        attempt: The number of the attempt that was looked for; a newer one is
            still in doubt. None means the newest.
    """
    if delivery.state is not DeliveryState.UNKNOWN:
        return ()
    if attempt is not None and delivery.in_doubt and delivery.in_doubt.number != attempt:
        return ()
    returned = ev.DeliveryDeferred(problem="found_absent", recheck_at=context.now + _LOOKS_AGAIN[0])
    return (ev.publisher_event(delivery.id, returned),)


def record_recheck(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """Store that what was found absent was looked for again; three looks are enough."""
    at = delivery.next_recheck_at
    if at is None or at > context.now:
        return ()
    left = _LOOKS_AGAIN[delivery.recheck_count + 1 :]
    next_at = context.now + left[0] if left else None
    return (ev.publisher_event(delivery.id, ev.DeliveryRechecked(recheck_at=next_at)),)


def record_lookup(
    delivery: Delivery, context: Context, *, problem: str, at_least: dt.timedelta
) -> tuple[ev.Event, ...]:
    """
    Store that a look could not tell; each next one is twice as far off, up to six hours.

    Args:
        delivery: The delivery, read anew.

        context: The facts of now.

        problem: Why it could not tell.

        at_least: How long a look would say nothing new.
    """
    if delivery.state is not DeliveryState.UNKNOWN:
        return ()
    wait = min(_SHORTEST_WAIT * (1 << min(delivery.lookup_count, 20)), _LONGEST_LOOK)
    until = context.now + max(wait, at_least)
    return (
        ev.publisher_event(delivery.id, ev.LookupInconclusive(problem=problem, not_before=until)),
    )


def limit(delivery: Delivery, until: dt.datetime) -> ev.Event:
    """Return the event that lets everything of a profile wait."""
    stream = ev.budget_stream(delivery.profile)
    return ev.Event(stream, Actor.PUBLISHER, ev.BudgetLimited(until=until))


def hold_profile(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """Return the hold until somebody has signed in, unless it stands already."""
    hold = Hold(
        id=f"credentials-{delivery.profile}",
        on=Selector(profile=delivery.profile),
        reason="",
        by=str(Actor.PUBLISHER),
        at=context.now,
    )
    if any(known.id == hold.id for known in context.holds):
        return ()
    return (
        ev.Event("holds", Actor.PUBLISHER, ev.HoldPlaced(hold=hold, reason="credentials refused")),
    )


def wait_for(asked_s: float | None, before: int) -> dt.timedelta:
    """Return how long to wait: what the network asks for, or twice as long each time."""
    if asked_s is not None:
        return min(
            max(dt.timedelta(seconds=asked_s), dt.timedelta(seconds=1)), dt.timedelta(days=1)
        )
    doublings: int = 1 << min(before, 10)
    return min(_SHORTEST_WAIT * doublings, _LONGEST_WAIT)
