"""Reducer what happened to a delivery into where it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from socialcollab.content import Delivery, DeliveryState, PublishedPart, SendAttempt
from socialcollab.errors import InvalidValueError
from socialcollab.workflow import events as ev

_GONE = (DeliveryState.REMOVING, DeliveryState.REMOVED)
_WHOLE = (DeliveryState.PUBLISHED, DeliveryState.REMOVED)
_SENDING = (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)


def evolve_delivery(
    delivery: Delivery | None, data: ev.EventData, *, at: dt.datetime | None = None
) -> Delivery:
    """
    Return the delivery after one event.

    Args:
        delivery: The delivery before it, or None before the first.

        data: What happened.

        at: When, by the plan's clock.

    Raises:
        InvalidValueError: If the event cannot follow on that delivery.
    """
    if isinstance(data, ev.DeliveryPlanned):
        return Delivery(
            id=data.delivery,
            post=data.post,
            workspace=data.workspace,
            profile=data.profile,
            at=data.at,
            revision=data.revision,
        )
    if delivery is None:
        raise InvalidValueError(f"`{data.TYPE}` comes before the delivery's plan", value=data.TYPE)
    fold = _REDUCERS.get(type(data))
    if fold is None:
        raise InvalidValueError(f"`{data.TYPE}` is no event of a delivery", value=data.TYPE)
    after = fold(delivery, data)
    if after.state is not DeliveryState.UNKNOWN:
        return (
            attrs.evolve(after, lookup_count=0, unknown_since=None)
            if after.unknown_since
            else after
        )
    return after if after.unknown_since else attrs.evolve(after, unknown_since=at)


def _answered(delivery: Delivery, number: int = 0) -> tuple[SendAttempt, ...]:
    """Return the attempts with one of them answered, the latest if *number* is 0."""
    if not delivery.attempts:
        return ()
    latest = delivery.attempts[-1].number
    return tuple(
        attrs.evolve(one, answered=True) if one.number == (number or latest) else one
        for one in delivery.attempts
    )


def _settled(delivery: Delivery) -> Delivery:
    """
    Return the delivery in the state that what is out and what is wanted come to.

    A wish to take it down is carried out, or is over, as soon as nothing is in
    doubt any more; what is out never shows as called off or removed.
    """
    state = delivery.state
    if state in _SENDING:
        return delivery
    standing = delivery.live_ids
    if delivery.takedown_requested and state in _GONE:
        gone = DeliveryState.REMOVING if standing else DeliveryState.REMOVED
        return attrs.evolve(delivery, state=gone)
    if delivery.takedown_requested and standing:
        return attrs.evolve(delivery, state=DeliveryState.REMOVING, not_before=None)
    if delivery.takedown_requested and state in (DeliveryState.WAITING, DeliveryState.MISSED):
        return attrs.evolve(delivery, state=DeliveryState.CANCELLED, problem="taken_down")
    if state is DeliveryState.CANCELLED and standing:
        return attrs.evolve(delivery, state=DeliveryState.MISSED, problem="part_out")
    if state in _WHOLE and delivery.network_id in delivery.removed_ids:
        if not standing:
            return attrs.evolve(delivery, state=DeliveryState.REMOVED)
        # What alone was taken down is gone; what is left is what is out.
        other = next(one for one in _all_parts(delivery) if one.network_id == standing[0])
        return attrs.evolve(
            delivery,
            state=DeliveryState.PUBLISHED,
            network_id=other.network_id,
            url=other.url,
        )
    return delivery


def _all_parts(delivery: Delivery) -> tuple[PublishedPart, ...]:
    return (*delivery.parts, *delivery.also_published)


def _send_started(delivery: Delivery, data: ev.SendStarted) -> Delivery:
    attempt = SendAttempt(
        number=data.number, part=data.part, started_at=data.started_at, deadline=data.deadline
    )
    return attrs.evolve(delivery, attempts=(*_answered(delivery), attempt))


def _published(delivery: Delivery, data: ev.DeliveryPublished) -> Delivery:
    return _settled(
        attrs.evolve(
            delivery,
            state=DeliveryState.PUBLISHED,
            network_id=data.network_id,
            url=data.url,
            published_at=data.published_at,
            attempts=delivery.attempts if data.by_hand else _answered(delivery),
            problem="",
            not_before=None,
            rate_limited=0,
            recheck_at=None,
        )
    )


def _part(
    data: ev.PartPublished | ev.DeliveryPublishedAgain,
) -> PublishedPart:
    return PublishedPart(
        network_id=data.network_id, part=data.part, url=data.url, published_at=data.published_at
    )


def _part_published(delivery: Delivery, data: ev.PartPublished) -> Delivery:
    parts = sorted((*delivery.parts, _part(data)), key=lambda part: part.part)
    newest = all(part.part <= data.part for part in delivery.parts)
    return _settled(
        attrs.evolve(
            delivery,
            parts=tuple(parts),
            progress=data.progress if newest else delivery.progress,
            attempts=_answered(delivery, data.number),
            rate_limited=0,
        )
    )


def _published_again(delivery: Delivery, data: ev.DeliveryPublishedAgain) -> Delivery:
    return _settled(
        attrs.evolve(
            delivery,
            also_published=(*delivery.also_published, _part(data)),
            attempts=_answered(delivery, data.number) if data.number else delivery.attempts,
        )
    )


def _returned(delivery: Delivery, data: ev.DeliveryDeferred) -> Delivery:
    return _settled(
        attrs.evolve(
            delivery,
            state=DeliveryState.WAITING,
            not_before=data.not_before,
            problem=data.problem,
            attempts=_answered(delivery),
            rate_limited=delivery.rate_limited + 1 if data.rate_limited else 0,
            recheck_at=data.recheck_at or delivery.recheck_at,
            recheck_count=0 if data.recheck_at else delivery.recheck_count,
        )
    )


def _to(state: DeliveryState) -> Callable[[Delivery, Any], Delivery]:
    return lambda delivery, data: _settled(
        attrs.evolve(delivery, state=state, problem=data.problem)
    )


def _failed(delivery: Delivery, data: ev.DeliveryFailed) -> Delivery:
    failed = attrs.evolve(
        delivery,
        state=DeliveryState.FAILED,
        problem=data.problem,
        attempts=_answered(delivery),
    )
    return _settled(failed)


def _looked(delivery: Delivery, data: ev.LookupInconclusive) -> Delivery:
    return attrs.evolve(
        delivery,
        problem=data.problem,
        not_before=data.not_before,
        lookup_count=delivery.lookup_count + 1,
    )


def _ruled_out(delivery: Delivery, _: ev.DeliveryMarkedNotPublished) -> Delivery:
    missed = attrs.evolve(
        delivery,
        state=DeliveryState.MISSED,
        problem="ruled_out",
        attempts=_answered(delivery),
        not_before=None,
    )
    return _settled(missed)


def _removal_asked(delivery: Delivery, data: ev.TakedownRequested) -> Delivery:
    if data.network_id:
        ids = (*delivery.takedown_ids, data.network_id)
        return attrs.evolve(delivery, takedown_ids=ids, not_before=None, rate_limited=0)
    wanted = attrs.evolve(delivery, takedown_requested=True, amending="")
    if wanted.state in _SENDING:
        return wanted
    return _settled(attrs.evolve(wanted, not_before=None, rate_limited=0, problem=""))


def _put_off(delivery: Delivery, data: ev.TakedownDeferred) -> Delivery:
    return attrs.evolve(
        delivery,
        problem=data.problem,
        not_before=data.not_before,
        rate_limited=delivery.rate_limited + 1,
    )


def _given_up(delivery: Delivery, data: ev.TakedownAbandoned) -> Delivery:
    state = delivery.state
    if state is DeliveryState.REMOVING:
        # Of what was never out as a whole, the rest is still missing.
        state = DeliveryState.PUBLISHED if delivery.network_id else DeliveryState.MISSED
    over = attrs.evolve(
        delivery,
        state=state,
        takedown_requested=False,
        takedown_ids=(),
        problem=data.problem,
        not_before=None,
        rate_limited=0,
    )
    return _settled(over)


def _removed(delivery: Delivery, data: ev.DeliveryTakenDown) -> Delivery:
    ids = tuple(dict.fromkeys((*delivery.removed_ids, *data.network_ids)))
    return _settled(
        attrs.evolve(delivery, removed_ids=ids, problem="", not_before=None, rate_limited=0)
    )


def _amend_asked(delivery: Delivery, data: ev.AmendRequested) -> Delivery:
    return attrs.evolve(
        delivery, amending=data.revision, amend_problem="", not_before=None, rate_limited=0
    )


def _amend_answered(delivery: Delivery) -> SendAttempt | None:
    attempt = delivery.amend_attempt
    return None if attempt is None else attrs.evolve(attempt, answered=True)


def _amend_started(delivery: Delivery, data: ev.AmendStarted) -> Delivery:
    attempt = SendAttempt(
        number=data.number, part=0, started_at=data.started_at, deadline=data.deadline
    )
    return attrs.evolve(delivery, amend_attempt=attempt)


def _amended(delivery: Delivery, data: ev.DeliveryAmended) -> Delivery:
    return attrs.evolve(
        delivery,
        revision=data.revision,
        amending="" if delivery.amending == data.revision else delivery.amending,
        amend_attempt=_amend_answered(delivery),
        amend_problem="",
        not_before=None,
        rate_limited=0,
    )


def _amend_put_off(delivery: Delivery, data: ev.AmendDeferred) -> Delivery:
    return attrs.evolve(
        delivery,
        amend_problem=data.problem,
        not_before=data.not_before,
        rate_limited=delivery.rate_limited + 1,
        amend_attempt=_amend_answered(delivery) if data.answered else delivery.amend_attempt,
    )


def _amend_refused(delivery: Delivery, data: ev.AmendRejected) -> Delivery:
    return attrs.evolve(
        delivery,
        amending="",
        amend_problem=data.problem,
        amend_attempt=_amend_answered(delivery) if data.answered else delivery.amend_attempt,
        not_before=None,
        rate_limited=0,
    )


_REDUCERS: Final[Mapping[type[Any], Callable[[Delivery, Any], Delivery]]] = {
    ev.DeliveryStarted: lambda delivery, data: attrs.evolve(
        delivery, state=DeliveryState.PUBLISHING, prepared=data.prepared, problem=""
    ),
    ev.DeliveryProgressed: lambda delivery, data: attrs.evolve(delivery, progress=data.progress),
    ev.SendStarted: _send_started,
    ev.DeliveryPublished: _published,
    ev.PartPublished: _part_published,
    ev.DeliveryPublishedAgain: _published_again,
    ev.DeliveryFailed: _failed,
    ev.DeliveryUnknown: lambda delivery, data: attrs.evolve(
        delivery, state=DeliveryState.UNKNOWN, problem=data.problem, not_before=None
    ),
    ev.LookupInconclusive: _looked,
    ev.DeliveryRechecked: lambda delivery, data: attrs.evolve(
        delivery, recheck_at=data.recheck_at, recheck_count=delivery.recheck_count + 1
    ),
    ev.DeliveryMarkedNotPublished: _ruled_out,
    ev.DeliveryDeferred: _returned,
    ev.DeliveryMissed: _to(DeliveryState.MISSED),
    ev.DeliveryRescheduled: lambda delivery, _: delivery,
    ev.DeliveryCancelled: _to(DeliveryState.CANCELLED),
    ev.TakedownRequested: _removal_asked,
    ev.TakedownAbandoned: _given_up,
    ev.TakedownDeferred: _put_off,
    ev.DeliveryTakenDown: _removed,
    ev.AmendRequested: _amend_asked,
    ev.AmendStarted: _amend_started,
    ev.DeliveryAmended: _amended,
    ev.AmendDeferred: _amend_put_off,
    ev.AmendRejected: _amend_refused,
}
