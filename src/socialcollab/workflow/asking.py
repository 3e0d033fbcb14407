"""Whom open steps ask who does not know it yet, and when that can change by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import attrs

from socialcollab.content import PostState
from socialcollab.identifiers import MemberId
from socialcollab.workflow.context import Context
from socialcollab.workflow.policies import StepKey
from socialcollab.workflow.request import PostRecord, StepClock
from socialcollab.workflow.steps import StepStatus, needed_steps, step_statuses

__all__ = ["Asked", "newly_asked", "next_asking"]

_MOST_LOOKS: Final = 32


@attrs.frozen(kw_only=True)
class Asked:
    """
    What is to be kept of who is asked.

    Attributes:
        told: By step, who is to be told now; of a step that opens, also if nobody is.

        known: By step, who is asked and knows already.
    """

    told: Mapping[str, tuple[MemberId, ...]]
    known: Mapping[str, tuple[MemberId, ...]]


def newly_asked(
    before: PostRecord | None,
    after: PostRecord,
    clocks: Mapping[StepKey, StepClock],
    statuses: Sequence[StepStatus],
    context: Context,
) -> Asked:
    """
    Return who is asked by an open step and does not know it yet.

    Who may not view the post is told once they may. Where nothing was kept of
    who had been told, those who were asked *before* are taken to know.

    Args:
        before: The post before what happens now, or None if nothing happens but time.

        after: The post as it stands.

        clocks: The clocks that open steps have already.

        statuses: How far the steps of *after* have come.

        context: The rules and facts of now.
    """
    told: dict[str, tuple[MemberId, ...]] = {}
    known: dict[str, tuple[MemberId, ...]] = {}
    for status in statuses:
        if status.state != "open":
            continue
        clock = clocks.get(status.key)
        asked = tuple(one for one in status.asked if context.may(one, "view", after.post))
        if clock is None:
            heard: tuple[MemberId, ...] = ()
        elif clock.told is None:
            heard = _asked_before(before or after, status.key, context)
            known[str(status.key)] = heard
        else:
            heard = clock.told
        voted = tuple(one for one in asked if one in status.approved_by and one not in heard)
        if voted:
            # Whoever has answered needs no telling, even if the answer is undone later.
            known[str(status.key)] = (*known.get(str(status.key), ()), *voted)
        fresh = tuple(one for one in asked if one not in heard and one not in voted)
        if fresh or clock is None:
            told[str(status.key)] = fresh
    return Asked(told=told, known=known)


def _asked_before(record: PostRecord, key: StepKey, context: Context) -> tuple[MemberId, ...]:
    if record.request is None or record.post.state is not PostState.IN_REVIEW:
        return ()
    return next(
        (
            status.asked
            for status in step_statuses(record, context)
            if status.key == key and status.state == "open"
        ),
        (),
    )


def next_asking(
    record: PostRecord, context: Context, statuses: Sequence[StepStatus]
) -> dt.datetime | None:
    """
    Return when somebody may come to be asked by the passing of time alone, or None.

    A grant begins then, a forbid ends, or a duty has its next turn.

    Args:
        record: The post, with those told of whom the request's clocks tell.

        context: The rules and facts of now.

        statuses: How far its steps have come.
    """
    roles = {
        party.name
        for step in needed_steps(record, context).steps
        for party in step.step.reviewers
        if party.kind == "role"
    }
    begin = {
        instant
        for place in context.places_of(record.post)
        for instant in islice(
            context.access.begins(place, after=context.now, permission="approve", roles=roles),
            _MOST_LOOKS + 1,
        )
    }
    turn = _next_turn(record, context, statuses)
    clocks = {clock.key: clock for clock in record.request.clocks} if record.request else {}
    for looks, instant in enumerate(sorted(begin)):
        if turn is not None and instant >= turn:
            break
        then = attrs.evolve(context, now=instant)
        asked = newly_asked(record, record, clocks, step_statuses(record, then), then)
        if looks == _MOST_LOOKS or asked.told:
            return instant
    return turn


def _next_turn(
    record: PostRecord, context: Context, statuses: Sequence[StepStatus]
) -> dt.datetime | None:
    known = context.access.duty_ids
    if not known:
        return None
    open_now = {status.key for status in statuses if status.state == "open"}
    duties = {
        party.name
        for step in needed_steps(record, context).steps
        if step.key in open_now
        for party in step.step.reviewers
        if party.kind == "duty" and party.name in known
    }
    workspace = record.post.workspace
    place = workspace if workspace in context.workspaces else "*"
    turns = (context.access.next_turn(duty, place, after=context.now) for duty in duties)
    return min((turn for turn in turns if turn is not None), default=None)
