"""The reducers of posts and deliveries, which apply one event to a snapshot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from socialcollab.content import (
    Comment,
    Delivery,
    DeliveryState,
    Post,
    PostState,
    PublishedPart,
    SendAttempt,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId
from socialcollab.workflow import events as ev
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.policy import StepKey
from socialcollab.workflow.model.request import (
    ApprovalRequest,
    Decision,
    PostSnapshot,
    StepClock,
    Waiver,
    pinned_profile,
)

# Posts.


def evolve_post(
    snapshot: PostSnapshot | None,
    data: ev.EventData,
    *,
    actor: Actor,
    at: dt.datetime,
    salt: bytes = b"",
) -> PostSnapshot:
    """
    Return a post's snapshot after one event.

    Args:
        snapshot: The snapshot before the event, or None for the first event.
        data: The event.
        actor: The actor who caused the event.
        at: When it happened.
        salt: The salt of the post's digests, required only for the first event.

    Raises:
        InvalidValueError: If the event cannot follow this snapshot.
    """
    if isinstance(data, ev.PostDrafted):
        return PostSnapshot(
            post=Post(
                id=data.post,
                workspace=data.workspace,
                state=PostState.DRAFT,
                content=data.content,
                revisions=(data.revision,),
                salt=salt,
                external_id=data.external_id,
                kind=data.kind,
                conversation=data.conversation,
            ),
            changed_at=at,
        )
    if snapshot is None:
        raise InvalidValueError(
            f"`{data.TYPE}` cannot be the first event of a post",
            value=data.TYPE,
            expected=ev.PostDrafted.TYPE,
        )
    reducer = _POST_REDUCERS.get(type(data))
    if reducer is None:
        raise InvalidValueError(f"`{data.TYPE}` is not a post event", value=data.TYPE)
    after = reducer(snapshot, data, actor, at)
    if after.post.content is snapshot.post.content and after.post.state is snapshot.post.state:
        return after
    return attrs.evolve(after, changes=snapshot.changes + 1, changed_at=at)


def _with_post(snapshot: PostSnapshot, **changes: Any) -> PostSnapshot:
    return attrs.evolve(snapshot, post=attrs.evolve(snapshot.post, **changes))


def _request_of(snapshot: PostSnapshot) -> ApprovalRequest:
    if snapshot.request is None:
        raise InvalidValueError(
            f"post `{snapshot.post.id}` was never submitted, so it has no decisions and no open steps",
            value=snapshot.post.id,
        )
    return snapshot.request


def _edited(snapshot: PostSnapshot, data: ev.PostEdited, _: Actor, __: dt.datetime) -> PostSnapshot:
    after = _with_post(
        snapshot,
        content=data.content,
        revisions=(*snapshot.post.revisions, data.revision),
        state=data.state,
    )
    if data.caught:
        after = attrs.evolve(after, caught=tuple(sorted({*after.caught, *data.caught})))
    if after.request is None:
        return after
    return attrs.evolve(after, request=_with_applicable(after.request, data))


def _with_applicable(
    request: ApprovalRequest, data: ev.PostEdited | ev.PostDecided
) -> ApprovalRequest:
    """Add the steps and policies that apply now, keeping the digests of pinned policies."""
    return attrs.evolve(
        request,
        applicable=request.applicable | data.applicable,
        pins={**data.pins, **request.pins},
    )


def _commented(
    snapshot: PostSnapshot, data: ev.PostCommented, actor: Actor, at: dt.datetime
) -> PostSnapshot:
    comments = snapshot.post.comments
    comment = Comment(
        number=len(comments) + 1,
        by=MemberId(actor.name),
        at=at,
        text=data.text,
        internal=data.internal,
        reply_to=data.reply_to,
        mentions=data.mentions,
    )
    # A reply reopens its thread.
    reopened = _with_resolution(comments, data.reply_to, None)
    return _with_post(snapshot, comments=(*reopened, comment))


def _with_resolution(
    comments: tuple[Comment, ...], number: int | None, by: MemberId | None
) -> tuple[Comment, ...]:
    return tuple(
        attrs.evolve(comment, resolved_by=by) if comment.number == number else comment
        for comment in comments
    )


def _comment_resolved(
    snapshot: PostSnapshot, data: ev.CommentResolved, actor: Actor, _: dt.datetime
) -> PostSnapshot:
    comments = _with_resolution(snapshot.post.comments, data.comment, MemberId(actor.name))
    return _with_post(snapshot, comments=comments)


def _submitted(
    snapshot: PostSnapshot, data: ev.PostSubmitted, actor: Actor, at: dt.datetime
) -> PostSnapshot:
    earlier = snapshot.request
    request = ApprovalRequest(
        by=MemberId(actor.name),
        at=at,
        when=data.when,
        applicable=data.applicable | (earlier.applicable if earlier else frozenset()),
        pins=data.pins,
        author_posts=data.author_posts,
        # A post that was taken down needs a new approval, even if its content is unchanged.
        decisions=_valid_decisions(earlier, data.pins)
        if earlier and not snapshot.taken_down
        else (),
    )
    after = _with_post(snapshot, state=PostState.IN_REVIEW)
    return attrs.evolve(after, request=request, taken_down=(), taken_down_at=None)


def _approved(
    snapshot: PostSnapshot, data: ev.PostApproved, _: Actor, __: dt.datetime
) -> PostSnapshot:
    after = attrs.evolve(_with_post(snapshot, state=PostState.APPROVED), alone=data.alone)
    request, since = snapshot.request, snapshot.taken_down_at
    decisions = request.decisions if request is not None else ()
    if since is None or not any(decision.at >= since for decision in decisions):
        return after
    return attrs.evolve(after, taken_down=(), taken_down_at=None)


def _valid_decisions(earlier: ApprovalRequest, pins: Mapping[str, str]) -> tuple[Decision, ...]:
    """Return the earlier decisions, except on steps of policies that have changed since."""
    changed = {name for name, value in earlier.pins.items() if pins.get(name) != value}
    if any(pinned_profile(name) and name in pins for name in changed):
        # Decisions that were made for another account do not count.
        return ()
    if not changed:
        return earlier.decisions
    return tuple(
        attrs.evolve(
            decision,
            steps=tuple(key for key in decision.steps if key.policy not in changed),
            passed=tuple(key for key in decision.passed if key.policy not in changed),
        )
        for decision in earlier.decisions
    )


_STATE_AFTER_DECISION: Final = {
    "request_changes": PostState.CHANGES_REQUESTED,
    "reject": PostState.REJECTED,
}


def _decided(
    snapshot: PostSnapshot, data: ev.PostDecided, actor: Actor, at: dt.datetime
) -> PostSnapshot:
    decision = Decision(
        by=MemberId(actor.name),
        at=at,
        verdict=data.verdict,
        steps=data.steps,
        revision=data.revision,
        fields=data.fields,
        note=data.note,
        passed=data.passed,
        on_behalf_of=data.on_behalf_of,
        internal=data.internal,
    )
    request = _with_applicable(_request_of(snapshot), data)
    request = attrs.evolve(request, decisions=(*request.decisions, decision))
    # An approval does not change the state. If it was the last approval needed, `PostApproved`
    # follows.
    state = _STATE_AFTER_DECISION.get(data.verdict, snapshot.post.state)
    return attrs.evolve(_with_post(snapshot, state=state), request=request)


def _bypassed(
    snapshot: PostSnapshot, data: ev.PostBypassed, actor: Actor, at: dt.datetime
) -> PostSnapshot:
    decision = Decision(
        by=MemberId(actor.name),
        at=at,
        verdict="bypass",
        steps=data.steps,
        revision=data.revision,
        fields=data.fields,
        note=data.reason,
        passed=data.steps,
    )
    request = _request_of(snapshot)
    request = attrs.evolve(request, decisions=(*request.decisions, decision))
    return attrs.evolve(snapshot, request=request)


def _waived(
    snapshot: PostSnapshot, data: ev.FindingWaived, actor: Actor, at: dt.datetime
) -> PostSnapshot:
    waiver = Waiver(
        code=data.code, fields=data.fields, by=MemberId(actor.name), at=at, reason=data.reason
    )
    return attrs.evolve(snapshot, waivers=(*snapshot.waivers, waiver))


def _reevaluated(
    snapshot: PostSnapshot, data: ev.PostReevaluated, _: Actor, at: dt.datetime
) -> PostSnapshot:
    request = snapshot.request
    if request is None:
        # New time zone data changed only the post's projection rows, which are rewritten with every
        # event.
        return snapshot
    clocks = tuple(_clock(request, key, data, at) for key in data.open_steps)
    request = attrs.evolve(request, clocks=clocks, wake_at=data.wake_at, evaluated=True)
    return attrs.evolve(snapshot, request=request)


def _clock(
    request: ApprovalRequest, key: StepKey, data: ev.PostReevaluated, at: dt.datetime
) -> StepClock:
    running = None if key in data.reopened else request.clock(key)
    clock = running or StepClock(key=key, opened_at=at)
    name = str(key)
    clock = attrs.evolve(
        clock,
        absent=data.absent.get(name, ()),
        unreachable=clock.unreachable and key not in data.reachable,
    )
    if name not in data.notified and name not in data.aware:
        return clock
    notified = (*(clock.notified or ()), *data.aware.get(name, ()), *data.notified.get(name, ()))
    return attrs.evolve(clock, notified=notified)


def _on_clock(
    change: Callable[[StepClock, Any], StepClock],
) -> Callable[[PostSnapshot, Any, Actor, dt.datetime], PostSnapshot]:
    """Return a reducer that updates the clock of the event's step."""

    def reduce(snapshot: PostSnapshot, data: Any, _: Actor, __: dt.datetime) -> PostSnapshot:
        request = _request_of(snapshot)
        clocks = tuple(
            change(clock, data) if clock.key == data.step else clock for clock in request.clocks
        )
        return attrs.evolve(snapshot, request=attrs.evolve(request, clocks=clocks))

    return reduce


def _to_post_state(
    state: PostState,
) -> Callable[[PostSnapshot, Any, Actor, dt.datetime], PostSnapshot]:
    return lambda snapshot, _data, _actor, _at: _with_post(snapshot, state=state)


_POST_REDUCERS: Final[
    Mapping[type[Any], Callable[[PostSnapshot, Any, Actor, dt.datetime], PostSnapshot]]
] = {
    ev.PostEdited: _edited,
    ev.PostCommented: _commented,
    ev.CommentResolved: _comment_resolved,
    ev.PostSubmitted: _submitted,
    ev.PostDecided: _decided,
    ev.PostApproved: _approved,
    ev.PostScheduled: lambda snapshot, data, _actor, _at: _with_post(
        snapshot, deliveries=(*snapshot.post.deliveries, *data.deliveries)
    ),
    ev.PostUnscheduled: lambda snapshot, _data, _actor, _at: snapshot,
    ev.PostWithdrawn: _to_post_state(PostState.DRAFT),
    ev.PostCancelled: _to_post_state(PostState.CANCELLED),
    ev.PostExpired: _to_post_state(PostState.EXPIRED),
    ev.FindingWaived: _waived,
    # Claims are kept in another store. The event is only for the audit.
    ev.ClaimTakenOver: lambda snapshot, _data, _actor, _at: snapshot,
    ev.PostBypassed: _bypassed,
    ev.PostExempted: lambda snapshot, data, _actor, _at: attrs.evolve(
        snapshot, exempt=(*snapshot.exempt, data.hold)
    ),
    ev.PostTakenDown: lambda snapshot, data, _actor, at: attrs.evolve(
        snapshot,
        taken_down=tuple(sorted({*snapshot.taken_down, *data.profiles})),
        taken_down_at=at,
    ),
    ev.PostReevaluated: _reevaluated,
    ev.DecisionsOutdated: lambda snapshot, _data, _actor, _at: attrs.evolve(
        snapshot, request=attrs.evolve(_request_of(snapshot), outdated=True)
    ),
    ev.StepReminded: _on_clock(
        lambda clock, data: attrs.evolve(clock, done=(*clock.done, data.action))
    ),
    ev.StepEscalated: _on_clock(
        lambda clock, data: attrs.evolve(
            clock, done=(*clock.done, data.action), added=(*clock.added, data.principal)
        )
    ),
    ev.StepOverdue: _on_clock(
        lambda clock, data: (
            attrs.evolve(clock, unreachable=True)
            if data.unreachable
            else attrs.evolve(clock, overdue=True)
        )
    ),
}


# Deliveries.

_SENDING = (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)


def evolve_delivery(
    delivery: Delivery | None, data: ev.EventData, *, at: dt.datetime | None = None
) -> Delivery:
    """
    Return a delivery after one event.

    Args:
        delivery: The delivery before the event, or None for the first event.
        data: The event.
        at: When the event happened, according to the desk's clock.

    Raises:
        InvalidValueError: If the event cannot follow this state of the delivery.
    """
    if isinstance(data, ev.DeliveryPlanned):
        if delivery is not None:
            raise InvalidValueError(
                f"delivery `{data.delivery}` is already planned", value=data.delivery
            )
        return Delivery(
            id=data.delivery,
            post=data.post,
            workspace=data.workspace,
            profile=data.profile,
            at=data.at,
            revision=data.revision,
            author=data.author,
            changed_at=at,
        )
    if delivery is None:
        raise InvalidValueError(
            f"`{data.TYPE}` cannot be the first event of a delivery",
            value=data.TYPE,
            expected=ev.DeliveryPlanned.TYPE,
        )
    reducer = _DELIVERY_REDUCERS.get(type(data))
    if reducer is None:
        raise InvalidValueError(f"`{data.TYPE}` is not a delivery event", value=data.TYPE)
    after = _with_derived_state(reducer(delivery, data))
    if after.at != delivery.at or after.state is not delivery.state:
        after = attrs.evolve(after, changes=delivery.changes + 1, changed_at=at)
    if after.state is DeliveryState.UNKNOWN:
        return after if after.unknown_since else attrs.evolve(after, unknown_since=at)
    if after.unknown_since:
        return attrs.evolve(after, lookup_count=0, unknown_since=None)
    return after


def _with_derived_state(delivery: Delivery) -> Delivery:
    """
    Return the delivery with its state derived from its publications, attempts and requests.

    Events can arrive in any order. For example, a response may arrive after the delivery was
    cancelled, or after a member requested a takedown. Regardless of the order, a published post is
    never shown as cancelled or removed, and a takedown is carried out or ends when no attempt is in
    doubt any more.
    """
    state = delivery.state
    if state in _SENDING:
        return delivery
    live = delivery.live_ids
    if delivery.takedown_requested:
        if state in (DeliveryState.REMOVING, DeliveryState.REMOVED):
            # `not_before` is kept, because it may be the waiting time after a failed takedown.
            removing = DeliveryState.REMOVING if live else DeliveryState.REMOVED
            return attrs.evolve(delivery, state=removing)
        if live:
            return attrs.evolve(delivery, state=DeliveryState.REMOVING, not_before=None)
        if state in (DeliveryState.WAITING, DeliveryState.MISSED):
            return attrs.evolve(delivery, state=DeliveryState.CANCELLED, problem="taken_down")
    if state is DeliveryState.CANCELLED and live:
        return attrs.evolve(delivery, state=DeliveryState.MISSED, problem="partly_published")
    if (
        state in (DeliveryState.PUBLISHED, DeliveryState.REMOVED)
        and delivery.network_id in delivery.removed_ids
    ):
        if not live:
            return attrs.evolve(delivery, state=DeliveryState.REMOVED)
        # Only one of several publications was taken down, so another publication replaces it.
        other = next(
            part
            for part in (*delivery.parts, *delivery.also_published)
            if part.network_id == live[0]
        )
        return attrs.evolve(
            delivery, state=DeliveryState.PUBLISHED, network_id=other.network_id, url=other.url
        )
    return delivery


def _answered(delivery: Delivery, number: int = 0) -> tuple[SendAttempt, ...]:
    """Return the attempts, with attempt *number* (0 for the latest) marked as answered."""
    if not delivery.attempts:
        return ()
    number = number or delivery.attempts[-1].number
    return tuple(
        attrs.evolve(attempt, answered=True) if attempt.number == number else attempt
        for attempt in delivery.attempts
    )


def _send_started(delivery: Delivery, data: ev.SendStarted) -> Delivery:
    attempt = SendAttempt(
        number=data.number, part=data.part, started_at=data.started_at, deadline=data.deadline
    )
    return attrs.evolve(delivery, attempts=(*_answered(delivery), attempt))


def _published(delivery: Delivery, data: ev.DeliveryPublished) -> Delivery:
    return attrs.evolve(
        delivery,
        state=DeliveryState.PUBLISHED,
        network_id=data.network_id,
        url=data.url,
        published_at=data.published_at,
        # A member's report does not resolve the attempt in doubt, whose response may still arrive.
        attempts=delivery.attempts if data.by_hand else _answered(delivery),
        problem="",
        not_before=None,
        rate_limited=0,
        recheck_at=None,
    )


def _part(data: ev.PartPublished | ev.DeliveryPublishedAgain) -> PublishedPart:
    return PublishedPart(
        network_id=data.network_id, part=data.part, url=data.url, published_at=data.published_at
    )


def _part_published(delivery: Delivery, data: ev.PartPublished) -> Delivery:
    parts = sorted((*delivery.parts, _part(data)), key=lambda part: part.part)
    # A late response about an early part must not reset the checkpoint.
    is_newest = all(part.part <= data.part for part in delivery.parts)
    return attrs.evolve(
        delivery,
        parts=tuple(parts),
        progress=data.progress if is_newest else delivery.progress,
        attempts=_answered(delivery, data.number),
        rate_limited=0,
    )


def _published_again(delivery: Delivery, data: ev.DeliveryPublishedAgain) -> Delivery:
    return attrs.evolve(
        delivery,
        also_published=(*delivery.also_published, _part(data)),
        attempts=_answered(delivery, data.number) if data.number else delivery.attempts,
    )


def _deferred(delivery: Delivery, data: ev.DeliveryDeferred) -> Delivery:
    return attrs.evolve(
        delivery,
        state=DeliveryState.WAITING,
        not_before=data.not_before,
        problem=data.problem,
        attempts=_answered(delivery),
        rate_limited=delivery.rate_limited + 1 if data.rate_limited else 0,
        recheck_at=data.recheck_at or delivery.recheck_at,
        recheck_count=0 if data.recheck_at else delivery.recheck_count,
    )


def _to_delivery_state(state: DeliveryState) -> Callable[[Delivery, Any], Delivery]:
    return lambda delivery, data: attrs.evolve(delivery, state=state, problem=data.problem)


def _marked_not_published(delivery: Delivery, _: ev.DeliveryMarkedNotPublished) -> Delivery:
    return attrs.evolve(
        delivery,
        state=DeliveryState.MISSED,
        problem="marked_not_published",
        attempts=_answered(delivery),
        not_before=None,
    )


def _takedown_requested(delivery: Delivery, data: ev.TakedownRequested) -> Delivery:
    if data.network_id:
        ids = (*delivery.takedown_ids, data.network_id)
        return attrs.evolve(delivery, takedown_ids=ids, not_before=None, rate_limited=0)
    requested = attrs.evolve(delivery, takedown_requested=True, amending="")
    if requested.state in _SENDING:
        return requested
    return attrs.evolve(requested, not_before=None, rate_limited=0, problem="")


def _takedown_abandoned(delivery: Delivery, data: ev.TakedownAbandoned) -> Delivery:
    state = delivery.state
    if state is DeliveryState.REMOVING:
        # If there is no network id, only some parts are published and the other parts are still
        # missing.
        state = DeliveryState.PUBLISHED if delivery.network_id else DeliveryState.MISSED
    return attrs.evolve(
        delivery,
        state=state,
        takedown_requested=False,
        takedown_ids=(),
        problem=data.problem,
        not_before=None,
        rate_limited=0,
    )


def _taken_down(delivery: Delivery, data: ev.DeliveryTakenDown) -> Delivery:
    ids = tuple(dict.fromkeys((*delivery.removed_ids, *data.network_ids)))
    return attrs.evolve(delivery, removed_ids=ids, problem="", not_before=None, rate_limited=0)


def _amend_started(delivery: Delivery, data: ev.AmendStarted) -> Delivery:
    attempt = SendAttempt(
        number=data.number, part=0, started_at=data.started_at, deadline=data.deadline
    )
    return attrs.evolve(delivery, amend_attempt=attempt)


def _amend_answered(delivery: Delivery) -> SendAttempt | None:
    attempt = delivery.amend_attempt
    return None if attempt is None else attrs.evolve(attempt, answered=True)


def _amended(delivery: Delivery, data: ev.DeliveryAmended) -> Delivery:
    return attrs.evolve(
        delivery,
        revision=data.revision,
        # In the meantime, a member may have requested an amendment to a later revision.
        amending="" if delivery.amending == data.revision else delivery.amending,
        amend_attempt=_amend_answered(delivery),
        amend_problem="",
        differences=(),
        not_before=None,
        rate_limited=0,
    )


def _amend_deferred(delivery: Delivery, data: ev.AmendDeferred) -> Delivery:
    return attrs.evolve(
        delivery,
        amend_problem=data.problem,
        not_before=data.not_before,
        rate_limited=delivery.rate_limited + 1,
        amend_attempt=_amend_answered(delivery) if data.answered else delivery.amend_attempt,
    )


def _amend_rejected(delivery: Delivery, data: ev.AmendRejected) -> Delivery:
    return attrs.evolve(
        delivery,
        amending="",
        amend_problem=data.problem,
        amend_attempt=_amend_answered(delivery) if data.answered else delivery.amend_attempt,
        not_before=None,
        rate_limited=0,
    )


_DELIVERY_REDUCERS: Final[Mapping[type[Any], Callable[[Delivery, Any], Delivery]]] = {
    ev.DeliveryStarted: lambda delivery, data: attrs.evolve(
        delivery, state=DeliveryState.PUBLISHING, prepared=data.prepared, problem=""
    ),
    ev.DeliveryProgressed: lambda delivery, data: attrs.evolve(delivery, progress=data.progress),
    ev.SendStarted: _send_started,
    ev.DeliveryPublished: _published,
    ev.PartPublished: _part_published,
    ev.DeliveryPublishedAgain: _published_again,
    ev.DeliveryFailed: lambda delivery, data: attrs.evolve(
        delivery,
        state=DeliveryState.FAILED,
        problem=data.problem,
        attempts=_answered(delivery),
    ),
    ev.DeliveryUnknown: lambda delivery, data: attrs.evolve(
        delivery, state=DeliveryState.UNKNOWN, problem=data.problem, not_before=None
    ),
    ev.LookupInconclusive: lambda delivery, data: attrs.evolve(
        delivery,
        problem=data.problem,
        not_before=data.not_before,
        lookup_count=delivery.lookup_count + 1,
    ),
    ev.DeliveryRechecked: lambda delivery, data: attrs.evolve(
        delivery, recheck_at=data.recheck_at, recheck_count=delivery.recheck_count + 1
    ),
    ev.DeliveryMarkedNotPublished: _marked_not_published,
    ev.DeliveryDeferred: _deferred,
    ev.DeliveryMissed: _to_delivery_state(DeliveryState.MISSED),
    # The planned time is a local time, so new time zone data change only the projection rows.
    ev.DeliveryRescheduled: lambda delivery, _: delivery,
    ev.DeliveryCancelled: _to_delivery_state(DeliveryState.CANCELLED),
    ev.PublishedDifferently: lambda delivery, data: attrs.evolve(delivery, differences=data.fields),
    ev.TakedownRequested: _takedown_requested,
    ev.TakedownAbandoned: _takedown_abandoned,
    ev.TakedownDeferred: lambda delivery, data: attrs.evolve(
        delivery,
        problem=data.problem,
        not_before=data.not_before,
        rate_limited=delivery.rate_limited + 1,
    ),
    ev.DeliveryTakenDown: _taken_down,
    ev.AmendRequested: lambda delivery, data: attrs.evolve(
        delivery, amending=data.revision, amend_problem="", not_before=None, rate_limited=0
    ),
    ev.AmendStarted: _amend_started,
    ev.DeliveryAmended: _amended,
    ev.AmendDeferred: _amend_deferred,
    ev.AmendRejected: _amend_rejected,
}
