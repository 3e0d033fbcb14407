"""When open steps remind, escalate and become overdue, and who is newly asked to review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import attrs

from socialcollab.content import PostState
from socialcollab.identifiers import MemberId
from socialcollab.time import BusinessHours, Duration, Holidays
from socialcollab.workflow import events as ev
from socialcollab.workflow.approval.steps import StepStatus, needed_steps, step_statuses
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.schedule import expire
from socialcollab.workflow.evolve.post import evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.policy import RequiredStep, StepKey, StepTimer
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
            context.access.permission_starts(
                place, after=context.now, permission="approve", roles=roles
            ),
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


@attrs.frozen(kw_only=True)
class Timer:
    """
    Something that happens to an open step if nobody decides before.

    Attributes:
        at: When, in UTC.

        step: The step.

        do: "remind", "escalate" or "overdue".

        action: How the policy words it; empty for "overdue".

        party: Of an escalation, who is asked as well.
    """

    at: dt.datetime
    step: StepKey
    do: str
    action: str = ""
    to: str = ""


def timers(
    snapshot: PostSnapshot, context: Context, *, statuses: Sequence[StepStatus] | None = None
) -> tuple[Timer, ...]:
    """
    Return what is still to happen to the open steps of a post in review, the next first.

    Times of `then` count from the step's opening, in the workspace's hours.
    A step is overdue once `within` has lapsed for each reviewer who is asked
    and present, in their own hours; where all are away their days away do not
    count, and a step that asks nobody is overdue as it opens.

    Args:
        snapshot: The post and its request.

        context: The rules and facts of now.

        statuses: How far its steps have come, if that is known.
    """
    request = snapshot.request
    if snapshot.post.state is not PostState.IN_REVIEW or request is None:
        return ()
    clocks = {clock.key: clock for clock in request.clocks}
    steps = {step.key: step for step in needed_steps(snapshot, context).steps}
    found: list[Timer] = []
    for status in step_statuses(snapshot, context) if statuses is None else statuses:
        clock, step = clocks.get(status.key), steps.get(status.key)
        if status.state == "open" and clock is not None and step is not None:
            found += _of_step(step, status, clock, snapshot, context)
    return tuple(sorted(found, key=lambda timer: (timer.at, str(timer.step), timer.action)))


def _of_step(
    step: RequiredStep,
    status: StepStatus,
    clock: StepClock,
    snapshot: PostSnapshot,
    context: Context,
) -> Iterator[Timer]:
    hours = context.hours.get(snapshot.post.workspace)
    zone = context.zones.get(snapshot.post.workspace, "UTC")
    for then in step.step.timers:
        action = action_of(then)
        if action not in clock.done:
            yield Timer(
                at=_after(then.after, clock.opened_at, hours, zone),
                step=status.key,
                do=then.do,
                action=action,
                to=str(then.to or ""),
            )
    if clock.overdue:
        return
    if not status.asked:
        yield Timer(at=clock.opened_at, step=status.key, do="overdue")
    elif step.step.within is not None:
        lapses = _lapses(step.step.within, status, clock, zone, context)
        if lapses:
            yield Timer(at=max(lapses), step=status.key, do="overdue")


def action_of(then: StepTimer) -> str:
    """Return how a policy words what is done, by which the clock knows that it was done."""
    return f"{then.after} {then.do}" + (f" {then.to}" if then.to else "")


def _lapses(
    within: Duration, status: StepStatus, clock: StepClock, zone: str, context: Context
) -> list[dt.datetime]:
    present: list[dt.datetime] = []
    absent: list[dt.datetime] = []
    # Most of a team keep the same hours, often as the very same value.
    by_hours: dict[int, tuple[BusinessHours | None, dt.datetime]] = {}
    for member in status.asked:
        if member in status.approved_by:
            continue
        plain = context.hours_of(member)
        if id(plain) not in by_hours:
            by_hours[id(plain)] = plain, _after(within, clock.opened_at, plain, zone)
        lapse = by_hours[id(plain)][1]
        around = [
            one
            for one in context.absences
            if one.member == member and _meets(one.start, one.end, clock.opened_at, lapse)
        ]
        if not around:
            present.append(lapse)
            continue
        days = [day for one in around for day in one.days]
        rested = None if plain is None else _without(plain, days)
        absent.append(_after(within, clock.opened_at, rested, zone))
    return present or absent


def _meets(start: dt.date, end: dt.date, first: dt.datetime, last: dt.datetime) -> bool:
    return start <= last.date() and first.date() < end


def _without(hours: BusinessHours, days: list[dt.date]) -> BusinessHours:
    return attrs.evolve(hours, holidays=hours.holidays.union(Holidays(days)))


def _after(
    duration: Duration, start: dt.datetime, hours: BusinessHours | None, zone: str
) -> dt.datetime:
    if duration.business and hours is None:
        # Where nobody has business hours, every hour is one.
        duration = Duration(duration.amount, duration.unit)
    return duration.after(start, hours=hours, zone=zone)


def open_steps(snapshot: PostSnapshot, context: Context) -> tuple[StepKey, ...]:
    """Return the steps that are open now, sorted."""
    if snapshot.post.state is not PostState.IN_REVIEW or snapshot.request is None:
        return ()
    return tuple(
        sorted(status.key for status in step_statuses(snapshot, context) if status.state == "open")
    )


def reevaluate(
    snapshot: PostSnapshot, context: Context, *, before: PostSnapshot | None = None
) -> tuple[ev.Event, ...]:
    """
    Reckon anew which steps are open, who has to be told, and when the timer has to look again.

    Args:
        snapshot: The post and its request.

        context: The rules and facts of now.

        before: The post before what happens now, or None if nothing happens but time.

    Returns:
        One `PostReplanned` by the timer; none if what stands is right already,
        or the post is not in review.
    """
    request = snapshot.request
    if snapshot.post.state is not PostState.IN_REVIEW or request is None:
        return ()
    now_open = open_steps(snapshot, context)
    clocks = {clock.key: clock for clock in request.clocks}
    anew: tuple[StepKey, ...] = ()
    if before is not None and before.post.state is not PostState.IN_REVIEW:
        anew = tuple(key for key in now_open if key in clocks)
    kept = {key: clock for key, clock in clocks.items() if key not in anew}
    statuses = step_statuses(snapshot, context)
    if anew:
        # Whom an escalation added at the first opening is not asked by the second.
        closed = attrs.evolve(snapshot, request=attrs.evolve(request, clocks=tuple(kept.values())))
        statuses = step_statuses(closed, context)
    asked = newly_asked(before, snapshot, kept, statuses, context)
    data = ev.PostReevaluated(open=now_open, anew=anew, notified=asked.notified, known=asked.known)
    reckoned = evolve_post(snapshot, data, actor=Actor.TIMER, at=context.now)
    wake = _next_look(reckoned, context, statuses)
    stands = request.evaluated and not anew and not any((asked.notified, asked.known))
    if stands and tuple(sorted(clocks)) == now_open and wake == request.wake_at:
        return ()
    data = attrs.evolve(data, wake_at=wake)
    return (ev.Event(ev.post_stream(snapshot.post.id), Actor.TIMER, data),)


def outdated(snapshot: PostSnapshot, context: Context) -> tuple[ev.Event, ...]:
    """
    Say that the votes on a post rest on policies that say something else now.

    Returns:
        One `PostOutdated` by the timer, once for each request; none if the
        policies stand, or the post is neither in review nor approved.
    """
    request = snapshot.request
    if (
        request is None
        or request.outdated
        or snapshot.post.state not in (PostState.IN_REVIEW, PostState.APPROVED)
    ):
        return ()
    changed = tuple(
        policy
        for policy, digest in sorted(request.pins.items())
        if context.pins.get(policy) != digest
    )
    if not changed:
        return ()
    data = ev.DecisionsOutdated(policies=changed)
    return (ev.Event(ev.post_stream(snapshot.post.id), Actor.TIMER, data),)


def _next_look(
    snapshot: PostSnapshot, context: Context, statuses: Sequence[StepStatus]
) -> dt.datetime | None:
    instants = [timer.at for timer in timers(snapshot, context, statuses=statuses)]
    instants += filter(None, [next_asking(snapshot, context, statuses)])
    request = snapshot.request
    if (
        request is not None
        and request.when == "planned"
        and context.requirement(snapshot.post).late == "expire"
    ):
        content = snapshot.post.content
        times = [content.time_for(target) for target in snapshot.post.targets]
        instants += [at.instant for at in times if at is not None]
    return min(instants, default=None)


def fire_due(snapshot: PostSnapshot, context: Context) -> tuple[ev.Event, ...]:
    """
    Return what is due on a post in review at the context's instant, in its order.

    A post whose time came before its sign-off expires, and nothing else then.
    """
    expired = expire(snapshot, context)
    if expired:
        return expired
    stream = ev.post_stream(snapshot.post.id)
    statuses = {status.key: status for status in step_statuses(snapshot, context)}
    found: list[ev.Event] = []
    for timer in timers(snapshot, context):
        if timer.at > context.now:
            break
        status = statuses[timer.step]
        waiting = tuple(one for one in status.asked if one not in status.approved_by)
        data: ev.EventData
        if timer.do == "remind":
            data = ev.StepReminded(step=timer.step, action=timer.action, to=waiting)
        elif timer.do == "escalate":
            data = ev.StepEscalated(step=timer.step, action=timer.action, principal=timer.to)
        else:
            data = ev.StepOverdue(step=timer.step, asked=waiting)
        found.append(ev.Event(stream, Actor.TIMER, data))
    return tuple(found)
