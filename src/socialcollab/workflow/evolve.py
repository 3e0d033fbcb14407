"""Fold what happened into what stands."""

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
from socialcollab.workflow.actor import Actor
from socialcollab.workflow.policies import StepKey
from socialcollab.workflow.request import Decision, PostRecord, Request, StepClock, Waiver

__all__ = ["evolve_post"]

_R = TypeVar("_R")


def evolve_post(
    record: PostRecord | None,
    data: ev.EventData,
    *,
    actor: Actor,
    at: dt.datetime,
    salt: bytes = b"",
) -> PostRecord:
    """
    Return the record after one event.

    Args:
        record: The record before it, or None before the first.

        data: What happened.

        actor: Who did it.

        at: When.

        salt: Of a draft, what the post's digests are salted with.

    Raises:
        InvalidValueError: If the event cannot follow on that record.
    """
    if isinstance(data, ev.PostDrafted):
        return PostRecord(
            post=Post(
                id=data.post,
                workspace=data.workspace,
                state=PostState.DRAFT,
                content=data.content,
                revisions=(data.revision,),
                salt=salt,
                ref=data.ref,
                kind=data.kind,
            )
        )
    if record is None:
        raise InvalidValueError(f"`{data.TYPE}` comes before the post's draft", value=data.TYPE)
    fold = _POST.get(type(data))
    if fold is None:
        raise InvalidValueError(f"`{data.TYPE}` is no event of a post", value=data.TYPE)
    return fold(record, data, actor, at)


def _with(record: PostRecord, **changes: Any) -> PostRecord:
    return attrs.evolve(record, post=attrs.evolve(record.post, **changes))


def _edited(record: PostRecord, data: ev.PostEdited, _: Actor, __: dt.datetime) -> PostRecord:
    after = _with(
        record,
        content=data.content,
        revisions=(*record.post.revisions, data.revision),
        state=data.state,
    )
    if after.request is None:
        return after
    return attrs.evolve(after, request=_more(after.request, data.due, data.pins))


def _more(request: Request, due: tuple[Any, ...], pins: Mapping[str, str]) -> Request:
    return attrs.evolve(request, due=request.due | set(due), pins={**pins, **request.pins})


def _commented(
    record: PostRecord, data: ev.PostCommented, actor: Actor, at: dt.datetime
) -> PostRecord:
    comment = Comment(by=MemberId(actor.name), at=at, text=data.text, internal=data.internal)
    return _with(record, comments=(*record.post.comments, comment))


def _submitted(
    record: PostRecord, data: ev.PostSubmitted, actor: Actor, at: dt.datetime
) -> PostRecord:
    earlier = record.request
    request = Request(
        by=MemberId(actor.name),
        at=at,
        when=data.when,
        due=frozenset(data.due) | (earlier.due if earlier else frozenset()),
        pins=data.pins,
        decisions=_still_meant(earlier, data.pins) if earlier else (),
    )
    return attrs.evolve(_with(record, state=PostState.IN_REVIEW), request=request)


def _still_meant(earlier: Request, pins: Mapping[str, str]) -> tuple[Decision, ...]:
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


def _decided(record: PostRecord, data: ev.PostDecided, actor: Actor, at: dt.datetime) -> PostRecord:
    if record.request is None:
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
        stood_for=data.stood_for,
    )
    request = _more(record.request, data.due, data.pins)
    request = attrs.evolve(request, decisions=(*request.decisions, decision))
    state = {
        "approve": record.post.state,
        "request_changes": PostState.CHANGES_REQUESTED,
        "reject": PostState.REJECTED,
    }[data.verdict]
    return attrs.evolve(_with(record, state=state), request=request)


def _approved(record: PostRecord, data: ev.PostApproved, _: Actor, __: dt.datetime) -> PostRecord:
    return attrs.evolve(_with(record, state=PostState.APPROVED), alone=data.alone)


def _scheduled(record: PostRecord, data: ev.PostScheduled, _: Actor, __: dt.datetime) -> PostRecord:
    return _with(record, deliveries=(*record.post.deliveries, *data.deliveries))


def _waived(record: PostRecord, data: ev.PostWaived, actor: Actor, at: dt.datetime) -> PostRecord:
    waiver = Waiver(
        code=data.code, fields=data.fields, by=MemberId(actor.name), at=at, reason=data.reason
    )
    return attrs.evolve(record, waivers=(*record.waivers, waiver))


def _replanned(record: PostRecord, data: ev.PostReplanned, _: Actor, at: dt.datetime) -> PostRecord:
    if record.request is None:
        # Nothing but its times was reckoned anew: they lie in the rows.
        return record
    clocks = tuple(_clock(record.request, key, data, at) for key in data.open)
    request = attrs.evolve(record.request, clocks=clocks, wake_at=data.wake_at, reckoned=True)
    return attrs.evolve(record, request=request)


def _clock(request: Request, key: StepKey, data: ev.PostReplanned, at: dt.datetime) -> StepClock:
    known = None if key in data.anew else request.clock(key)
    clock = known or StepClock(key=key, opened_at=at)
    name = str(key)
    if name not in data.told and name not in data.known:
        return clock
    told = (*(clock.told or ()), *data.known.get(name, ()), *data.told.get(name, ()))
    return attrs.evolve(clock, told=told)


def _outdated(record: PostRecord, data: ev.PostOutdated, _: Actor, __: dt.datetime) -> PostRecord:
    if record.request is None:
        raise InvalidValueError("votes on a post that nobody submitted", value=data.TYPE)
    return attrs.evolve(record, request=attrs.evolve(record.request, outdated=True))


def _on_clock(
    change: Callable[[StepClock, Any], StepClock],
) -> Callable[[PostRecord, Any, Actor, dt.datetime], PostRecord]:
    def fold(record: PostRecord, data: Any, _: Actor, __: dt.datetime) -> PostRecord:
        if record.request is None:
            raise InvalidValueError("a deadline of a post that nobody submitted", value=data.TYPE)
        clocks = tuple(
            change(clock, data) if clock.key == data.step else clock
            for clock in record.request.clocks
        )
        return attrs.evolve(record, request=attrs.evolve(record.request, clocks=clocks))

    return fold


def _to(state: PostState) -> Callable[[PostRecord, Any, Actor, dt.datetime], PostRecord]:
    return lambda record, _data, _actor, _at: _with(record, state=state)


_POST: Final[Mapping[type[Any], Callable[[PostRecord, Any, Actor, dt.datetime], PostRecord]]] = {
    ev.PostEdited: _edited,
    ev.PostCommented: _commented,
    ev.PostSubmitted: _submitted,
    ev.PostDecided: _decided,
    ev.PostApproved: _approved,
    ev.PostScheduled: _scheduled,
    ev.PostUnscheduled: lambda record, _data, _actor, _at: record,
    ev.PostWithdrawn: _to(PostState.DRAFT),
    ev.PostCancelled: _to(PostState.CANCELLED),
    ev.PostExpired: _to(PostState.EXPIRED),
    ev.PostWaived: _waived,
    ev.PostReplanned: _replanned,
    ev.PostOutdated: _outdated,
    ev.StepReminded: _on_clock(
        lambda clock, data: attrs.evolve(clock, done=(*clock.done, data.action))
    ),
    ev.StepEscalated: _on_clock(
        lambda clock, data: attrs.evolve(
            clock, done=(*clock.done, data.action), added=(*clock.added, data.party)
        )
    ),
    ev.StepOverdue: _on_clock(lambda clock, _: attrs.evolve(clock, overdue=True)),
}
