"""Reducer what happened into what stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import attrs

from socialcollab.content import (
    Comment,
    Post,
    PostState,
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
)

_R = TypeVar("_R")


def evolve_post(
    snapshot: PostSnapshot | None,
    data: ev.EventData,
    *,
    actor: Actor,
    at: dt.datetime,
    salt: bytes = b"",
) -> PostSnapshot:
    """
    Return the record after one event.

    Args:
        snapshot: The record before it, or None before the first.

        data: What happened.

        actor: Who did it.

        at: When.

        salt: Of a draft, what the post's digests are salted with.

    Raises:
        InvalidValueError: If the event cannot follow on that record.
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
            )
        )
    if snapshot is None:
        raise InvalidValueError(f"`{data.TYPE}` comes before the post's draft", value=data.TYPE)
    fold = _POST.get(type(data))
    if fold is None:
        raise InvalidValueError(f"`{data.TYPE}` is no event of a post", value=data.TYPE)
    return fold(snapshot, data, actor, at)


def _with(snapshot: PostSnapshot, **changes: Any) -> PostSnapshot:
    return attrs.evolve(snapshot, post=attrs.evolve(snapshot.post, **changes))


def _edited(snapshot: PostSnapshot, data: ev.PostEdited, _: Actor, __: dt.datetime) -> PostSnapshot:
    after = _with(
        snapshot,
        content=data.content,
        revisions=(*snapshot.post.revisions, data.revision),
        state=data.state,
    )
    if after.request is None:
        return after
    return attrs.evolve(after, request=_more(after.request, data.due, data.pins))


def _more(
    request: ApprovalRequest, due: tuple[Any, ...], pins: Mapping[str, str]
) -> ApprovalRequest:
    return attrs.evolve(request, due=request.due | set(due), pins={**pins, **request.pins})


def _commented(
    snapshot: PostSnapshot, data: ev.PostCommented, actor: Actor, at: dt.datetime
) -> PostSnapshot:
    comment = Comment(by=MemberId(actor.name), at=at, text=data.text, internal=data.internal)
    return _with(snapshot, comments=(*snapshot.post.comments, comment))


def _submitted(
    snapshot: PostSnapshot, data: ev.PostSubmitted, actor: Actor, at: dt.datetime
) -> PostSnapshot:
    earlier = snapshot.request
    request = ApprovalRequest(
        by=MemberId(actor.name),
        at=at,
        when=data.when,
        due=frozenset(data.due) | (earlier.due if earlier else frozenset()),
        pins=data.pins,
        decisions=_still_meant(earlier, data.pins) if earlier else (),
    )
    return attrs.evolve(_with(snapshot, state=PostState.IN_REVIEW), request=request)


def _still_meant(earlier: ApprovalRequest, pins: Mapping[str, str]) -> tuple[Decision, ...]:
    """Return earlier votes without those on steps of policies that say something else now."""
    changed = {policy for policy, digest in earlier.pins.items() if pins.get(policy) != digest}
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


def _decided(
    snapshot: PostSnapshot, data: ev.PostDecided, actor: Actor, at: dt.datetime
) -> PostSnapshot:
    if snapshot.request is None:
        raise InvalidValueError("a decision on a post that nobody submitted", value=data.TYPE)
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
    )
    request = _more(snapshot.request, data.due, data.pins)
    request = attrs.evolve(request, decisions=(*request.decisions, decision))
    state = {
        "approve": snapshot.post.state,
        "request_changes": PostState.CHANGES_REQUESTED,
        "reject": PostState.REJECTED,
    }[data.verdict]
    return attrs.evolve(_with(snapshot, state=state), request=request)


def _approved(
    snapshot: PostSnapshot, data: ev.PostApproved, _: Actor, __: dt.datetime
) -> PostSnapshot:
    return attrs.evolve(_with(snapshot, state=PostState.APPROVED), alone=data.alone)


def _scheduled(
    snapshot: PostSnapshot, data: ev.PostScheduled, _: Actor, __: dt.datetime
) -> PostSnapshot:
    return _with(snapshot, deliveries=(*snapshot.post.deliveries, *data.deliveries))


def _waived(
    snapshot: PostSnapshot, data: ev.FindingWaived, actor: Actor, at: dt.datetime
) -> PostSnapshot:
    waiver = Waiver(
        code=data.code, fields=data.fields, by=MemberId(actor.name), at=at, reason=data.reason
    )
    return attrs.evolve(snapshot, waivers=(*snapshot.waivers, waiver))


def _replanned(
    snapshot: PostSnapshot, data: ev.PostReevaluated, _: Actor, at: dt.datetime
) -> PostSnapshot:
    if snapshot.request is None:
        # Nothing but its times was evaluated anew: they lie in the rows.
        return snapshot
    clocks = tuple(_clock(snapshot.request, key, data, at) for key in data.open)
    request = attrs.evolve(snapshot.request, clocks=clocks, wake_at=data.wake_at, evaluated=True)
    return attrs.evolve(snapshot, request=request)


def _clock(
    request: ApprovalRequest, key: StepKey, data: ev.PostReevaluated, at: dt.datetime
) -> StepClock:
    known = None if key in data.anew else request.clock(key)
    clock = known or StepClock(key=key, opened_at=at)
    name = str(key)
    if name not in data.notified and name not in data.known:
        return clock
    told = (*(clock.notified or ()), *data.known.get(name, ()), *data.notified.get(name, ()))
    return attrs.evolve(clock, notified=told)


def _outdated(
    snapshot: PostSnapshot, data: ev.DecisionsOutdated, _: Actor, __: dt.datetime
) -> PostSnapshot:
    if snapshot.request is None:
        raise InvalidValueError("votes on a post that nobody submitted", value=data.TYPE)
    return attrs.evolve(snapshot, request=attrs.evolve(snapshot.request, outdated=True))


def _on_clock(
    change: Callable[[StepClock, Any], StepClock],
) -> Callable[[PostSnapshot, Any, Actor, dt.datetime], PostSnapshot]:
    def fold(snapshot: PostSnapshot, data: Any, _: Actor, __: dt.datetime) -> PostSnapshot:
        if snapshot.request is None:
            raise InvalidValueError("a deadline of a post that nobody submitted", value=data.TYPE)
        clocks = tuple(
            change(clock, data) if clock.key == data.step else clock
            for clock in snapshot.request.clocks
        )
        return attrs.evolve(snapshot, request=attrs.evolve(snapshot.request, clocks=clocks))

    return fold


def _to(state: PostState) -> Callable[[PostSnapshot, Any, Actor, dt.datetime], PostSnapshot]:
    return lambda snapshot, _data, _actor, _at: _with(snapshot, state=state)


_POST: Final[
    Mapping[type[Any], Callable[[PostSnapshot, Any, Actor, dt.datetime], PostSnapshot]]
] = {
    ev.PostEdited: _edited,
    ev.PostCommented: _commented,
    ev.PostSubmitted: _submitted,
    ev.PostDecided: _decided,
    ev.PostApproved: _approved,
    ev.PostScheduled: _scheduled,
    ev.PostUnscheduled: lambda snapshot, _data, _actor, _at: snapshot,
    ev.PostWithdrawn: _to(PostState.DRAFT),
    ev.PostCancelled: _to(PostState.CANCELLED),
    ev.PostExpired: _to(PostState.EXPIRED),
    ev.FindingWaived: _waived,
    ev.PostReevaluated: _replanned,
    ev.DecisionsOutdated: _outdated,
    ev.StepReminded: _on_clock(
        lambda clock, data: attrs.evolve(clock, done=(*clock.done, data.action))
    ),
    ev.StepEscalated: _on_clock(
        lambda clock, data: attrs.evolve(
            clock, done=(*clock.done, data.action), added=(*clock.added, data.principal)
        )
    ),
    ev.StepOverdue: _on_clock(lambda clock, _: attrs.evolve(clock, overdue=True)),
}
