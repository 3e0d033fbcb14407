"""When an open step reminds, escalates and is overdue, and when the timer looks at a post again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import attrs

from socialcollab.content import PostState
from socialcollab.time import BusinessHours, Duration, Holidays
from socialcollab.workflow import events as ev
from socialcollab.workflow.approval.asking import newly_asked, next_asking
from socialcollab.workflow.approval.steps import StepStatus, needed_steps, step_statuses
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.schedule import expire
from socialcollab.workflow.evolve.post import evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.policies import RequiredStep, StepKey
from socialcollab.workflow.model.policy import StepTimer
from socialcollab.workflow.model.request import PostSnapshot, StepClock


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
    stands = request.reckoned and not anew and not any((asked.notified, asked.known))
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
