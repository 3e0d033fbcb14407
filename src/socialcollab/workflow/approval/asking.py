"""Whom open steps ask who does not know it yet, and when that can change by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import attrs

from socialcollab.content import PostState
from socialcollab.identifiers import MemberId
from socialcollab.workflow.approval.steps import StepStatus, needed_steps, step_statuses
from socialcollab.workflow.context import Context
from socialcollab.workflow.model.policies import StepKey
from socialcollab.workflow.model.request import PostSnapshot, StepClock

_MOST_LOOKS: Final = 32


@attrs.frozen(kw_only=True)
class Asked:
    """
    What is to be kept of who is asked.

    Attributes:
        told: By step, who is to be told now; of a step that opens, also if nobody is.

        known: By step, who is asked and knows already.
    """

    notified: Mapping[str, tuple[MemberId, ...]]
    known: Mapping[str, tuple[MemberId, ...]]


def newly_asked(
    before: PostSnapshot | None,
    after: PostSnapshot,
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
        elif clock.notified is None:
            heard = _asked_before(before or after, status.key, context)
            known[str(status.key)] = heard
        else:
            heard = clock.notified
        voted = tuple(one for one in asked if one in status.approved_by and one not in heard)
        if voted:
            # Whoever has answered needs no telling, even if the answer is undone later.
            known[str(status.key)] = (*known.get(str(status.key), ()), *voted)
        fresh = tuple(one for one in asked if one not in heard and one not in voted)
        if fresh or clock is None:
            told[str(status.key)] = fresh
    return Asked(notified=told, known=known)


def _asked_before(snapshot: PostSnapshot, key: StepKey, context: Context) -> tuple[MemberId, ...]:
    if snapshot.request is None or snapshot.post.state is not PostState.IN_REVIEW:
        return ()
    return next(
        (
            status.asked
            for status in step_statuses(snapshot, context)
            if status.key == key and status.state == "open"
        ),
        (),
    )


def next_asking(
    snapshot: PostSnapshot, context: Context, statuses: Sequence[StepStatus]
) -> dt.datetime | None:
    """
    Return when somebody may come to be asked by the passing of time alone, or None.

    A grant begins then, a forbid ends, or a duty has its next turn.

    Args:
        snapshot: The post, with those told of whom the request's clocks tell.

        context: The rules and facts of now.

        statuses: How far its steps have come.
    """
    roles = {
        principal.name
        for step in needed_steps(snapshot, context).steps
        for principal in step.step.reviewers
        if principal.kind == "role"
    }
    begin = {
        instant
        for place in context.resources_of(snapshot.post)
        for instant in islice(
            context.access.begins(place, after=context.now, permission="approve", roles=roles),
            _MOST_LOOKS + 1,
        )
    }
    shift = _next_shift(snapshot, context, statuses)
    clocks = {clock.key: clock for clock in snapshot.request.clocks} if snapshot.request else {}
    for looks, instant in enumerate(sorted(begin)):
        if shift is not None and instant >= shift:
            break
        then = attrs.evolve(context, now=instant)
        asked = newly_asked(snapshot, snapshot, clocks, step_statuses(snapshot, then), then)
        if looks == _MOST_LOOKS or asked.notified:
            return instant
    return shift


def _next_shift(
    snapshot: PostSnapshot, context: Context, statuses: Sequence[StepStatus]
) -> dt.datetime | None:
    known = context.access.rotation_ids
    if not known:
        return None
    open_now = {status.key for status in statuses if status.state == "open"}
    rotations = {
        principal.name
        for step in needed_steps(snapshot, context).steps
        if step.key in open_now
        for principal in step.step.reviewers
        if principal.kind == "rotation" and principal.name in known
    }
    workspace = snapshot.post.workspace
    place = workspace if workspace in context.workspaces else "*"
    shifts = (
        context.access.next_shift(rotation, place, after=context.now) for rotation in rotations
    )
    return min((shift for shift in shifts if shift is not None), default=None)
