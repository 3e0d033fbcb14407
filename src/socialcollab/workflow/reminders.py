"""Timers of open steps: reminders, escalations, overdue steps, and reviewers to notify."""

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
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.approval import approve_if_complete
from socialcollab.workflow.decide.schedule import expire, unpublished_times
from socialcollab.workflow.evolve import evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.policy import RequiredStep, StepKey, StepTimer
from socialcollab.workflow.model.request import ApprovalRequest, PostSnapshot, StepClock
from socialcollab.workflow.steps import (
    StepStatus,
    changed_pins,
    needed_steps,
    step_statuses,
)

_MAX_INSTANTS: Final = 32

_Members = Mapping[str, tuple[MemberId, ...]]


@attrs.frozen(kw_only=True)
class Timer:
    """
    An action on an open step that is due at a certain time unless the step is decided first.

    Attributes:
        at: When the action is due, in UTC.
        step: The step.
        do: "remind", "escalate" or "overdue".
        action: The reminder or escalation as a string; empty for "overdue".
        to: The principal that an escalation adds; empty for other actions.
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
    Return the timers for the open steps of a post in review, earliest first.

    The times of reminders and escalations are counted from the opening of the step, in the
    workspace's business hours. A step is overdue when `within` has passed for every present
    reviewer, counted in the reviewer's working hours. If all reviewers are absent, the days of
    their absences do not count. A step with no reviewers is overdue as soon as it opens.

    Args:
        snapshot: The post with its request.
        context: The current rules.
        statuses: The statuses of the post's steps, if they have already been computed.
    """
    request = _open_request(snapshot)
    if request is None:
        return ()
    clocks = {clock.key: clock for clock in request.clocks}
    steps = {step.key: step for step in needed_steps(snapshot, context).steps}
    pending: list[Timer] = []
    for status in step_statuses(snapshot, context) if statuses is None else statuses:
        clock, step = clocks.get(status.key), steps.get(status.key)
        if status.state == "open" and clock is not None and step is not None:
            pending += _timers_of_step(step, status, clock, snapshot, context)
    return tuple(sorted(pending, key=lambda timer: (timer.at, str(timer.step), timer.action)))


def _open_request(snapshot: PostSnapshot) -> ApprovalRequest | None:
    return snapshot.request if snapshot.post.state is PostState.IN_REVIEW else None


def _timers_of_step(
    step: RequiredStep,
    status: StepStatus,
    clock: StepClock,
    snapshot: PostSnapshot,
    context: Context,
) -> Iterator[Timer]:
    hours = context.hours.get(snapshot.post.workspace)
    zone = context.zones.get(snapshot.post.workspace, "UTC")
    for timer in step.step.timers:
        action = _action(timer)
        if action not in clock.done:
            yield Timer(
                at=_after(timer.after, clock.opened_at, hours, zone),
                step=status.key,
                do=timer.do,
                action=action,
                to=str(timer.to or ""),
            )
    if status.unreachable and not clock.unreachable:
        yield Timer(at=clock.opened_at, step=status.key, do="overdue")
    if not status.unreachable and not clock.overdue and step.step.within is not None:
        deadlines = _deadlines(step.step.within, status, clock, zone, context)
        if deadlines:
            yield Timer(at=max(deadlines), step=status.key, do="overdue")


def _action(timer: StepTimer) -> str:
    """Return the string with which a clock records that a reminder or escalation is done."""
    return f"{timer.after} {timer.do}" + (f" {timer.to}" if timer.to else "")


def _deadlines(
    within: Duration, status: StepStatus, clock: StepClock, zone: str, context: Context
) -> list[dt.datetime]:
    """Return the deadlines of the present reviewers, or of all reviewers if all are absent."""
    present: list[dt.datetime] = []
    absent: list[dt.datetime] = []
    # Most members of a team share one working hours object, and each deadline is slow to compute.
    # The object is stored next to the result so that no other object can get its id.
    by_hours: dict[int, tuple[BusinessHours | None, dt.datetime]] = {}
    for member in status.undecided:
        hours = context.hours_of(member)
        if id(hours) not in by_hours:
            by_hours[id(hours)] = hours, _after(within, clock.opened_at, hours, zone)
        deadline = by_hours[id(hours)][1]
        absences = [
            absence
            for absence in context.absences
            if absence.member == member
            and absence.start <= deadline.date()
            and clock.opened_at.date() < absence.end
        ]
        if not absences:
            present.append(deadline)
            continue
        days = [day for absence in absences for day in absence.days]
        if hours is not None:
            hours = attrs.evolve(hours, holidays=hours.holidays.union(Holidays(days)))
        absent.append(_after(within, clock.opened_at, hours, zone))
    return present or absent


def _after(
    duration: Duration, start: dt.datetime, hours: BusinessHours | None, zone: str
) -> dt.datetime:
    if duration.business and hours is None:
        # If there are no business hours, every hour counts as a business hour.
        duration = Duration(duration.amount, duration.unit)
    return duration.after(start, hours=hours, zone=zone)


def fire_due(snapshot: PostSnapshot, context: Context) -> tuple[ev.Event, ...]:
    """
    Return the events from the due timers of a post in review, in timer order.

    If the post expires, that is the only event.
    """
    expired = expire(snapshot, context)
    if expired:
        return expired
    statuses = {status.key: status for status in step_statuses(snapshot, context)}
    events: list[ev.Event] = []
    for timer in timers(snapshot, context):
        if timer.at > context.now:
            break
        undecided = statuses[timer.step].undecided
        data: ev.EventData
        if timer.do == "remind":
            data = ev.StepReminded(step=timer.step, action=timer.action, to=undecided)
        elif timer.do == "escalate":
            data = ev.StepEscalated(step=timer.step, action=timer.action, principal=timer.to)
        else:
            data = ev.StepOverdue(
                step=timer.step,
                reviewers=undecided,
                unreachable=statuses[timer.step].unreachable,
            )
        events.append(ev.post_event(snapshot.post.id, data, Actor.TIMER))
    return tuple(events)


def reevaluate(
    snapshot: PostSnapshot, context: Context, *, before: PostSnapshot | None = None
) -> tuple[ev.Event, ...]:
    """
    Recompute the open steps, the reviewers to notify, and the next time at which to act.

    A post that needs no further decision, because it was edited or the rules have changed, is
    approved.

    Args:
        snapshot: The post with its request.
        context: The current rules.
        before: The post before the events that led to *snapshot*, or None if only time has passed.

    Returns:
        One `PostReevaluated` event; the events of the approval; or no events if nothing has changed
        or the post is not in review.
    """
    request = _open_request(snapshot)
    if request is None:
        return ()
    approved = approve_if_complete(snapshot, context)
    if approved:
        return approved
    statuses = step_statuses(snapshot, context)
    now_open = tuple(sorted(status.key for status in statuses if status.state == "open"))
    clocks = {clock.key: clock for clock in request.clocks}
    reopened: tuple[StepKey, ...] = ()
    if before is not None and before.post.state is not PostState.IN_REVIEW:
        # The post returns to review, so its steps open again with new clocks.
        reopened = tuple(key for key in now_open if key in clocks)
    running = {key: clock for key, clock in clocks.items() if key not in reopened}
    if reopened:
        # Principals that an escalation added while the step was open earlier are not reviewers of
        # the reopened step.
        reset = attrs.evolve(request, clocks=tuple(running.values()))
        statuses = step_statuses(attrs.evolve(snapshot, request=reset), context)
    notified, aware = _reviewers_to_notify(before, snapshot, running, statuses, context)
    absent = {
        str(status.key): status.absent
        for status in statuses
        if status.state == "open" and status.absent
    }
    reachable = tuple(
        status.key
        for status in statuses
        if not status.unreachable and status.key in clocks and clocks[status.key].unreachable
    )
    data = ev.PostReevaluated(
        open_steps=now_open,
        reopened=reopened,
        notified=notified,
        aware=aware,
        absent=absent,
        reachable=reachable,
    )
    evolved = evolve_post(snapshot, data, actor=Actor.TIMER, at=context.now)
    wake_at = _next_wake(evolved, context, statuses)
    same_absent = absent == {
        str(key): clock.absent for key, clock in clocks.items() if clock.absent
    }
    unchanged = (
        request.evaluated and same_absent and not (reopened or notified or aware or reachable)
    )
    if unchanged and tuple(sorted(clocks)) == now_open and wake_at == request.wake_at:
        return ()
    return (ev.post_event(snapshot.post.id, attrs.evolve(data, wake_at=wake_at), Actor.TIMER),)


def record_outdated(snapshot: PostSnapshot, context: Context) -> tuple[ev.Event, ...]:
    """
    Record that policies or accounts on which the decisions on a post are based have changed.

    Returns:
        One `DecisionsOutdated` event per request, or no event if nothing has changed or the post is
        neither in review nor approved.
    """
    request = snapshot.request
    if (
        request is None
        or request.outdated
        or snapshot.post.state not in (PostState.IN_REVIEW, PostState.APPROVED)
    ):
        return ()
    changed = tuple(name for name, _ in changed_pins(snapshot, context))
    if not changed:
        return ()
    data = ev.DecisionsOutdated(pins=changed)
    return (ev.post_event(snapshot.post.id, data, Actor.TIMER),)


def _reviewers_to_notify(
    before: PostSnapshot | None,
    after: PostSnapshot,
    clocks: Mapping[StepKey, StepClock],
    statuses: Sequence[StepStatus],
    context: Context,
) -> tuple[_Members, _Members]:
    """
    Return, by step, the reviewers to notify and the reviewers who need no notification.

    A reviewer who cannot view the post is notified as soon as they can view it.

    Args:
        before: The post before the events that led to *after*, or None if only time has passed.
        after: The post.
        clocks: The running clocks of the open steps.
        statuses: The statuses of the steps.
        context: The current rules.
    """
    notified: dict[str, tuple[MemberId, ...]] = {}
    aware: dict[str, tuple[MemberId, ...]] = {}
    for status in statuses:
        if status.state != "open":
            continue
        name, clock = str(status.key), clocks.get(status.key)
        visible = tuple(member for member in status.reviewers if context.sees(member, after.post))
        if clock is None:
            earlier: tuple[MemberId, ...] = ()
        elif clock.notified is None:
            # The step did not record whom it notified. Its previous reviewers therefore count as
            # notified; otherwise they would be notified twice.
            earlier = _reviewers_before(before or after, status.key, context)
            aware[name] = earlier
        else:
            earlier = clock.notified
        # A reviewer who has approved needs no notification, even if the approval later stops
        # counting.
        approved = tuple(
            member for member in visible if member in status.approved_by and member not in earlier
        )
        if approved:
            aware[name] = (*aware.get(name, ()), *approved)
        # A reviewer who is back from an absence is notified again.
        back = clock.absent if clock is not None else ()
        new = tuple(
            member
            for member in visible
            if member not in approved
            and (member not in earlier or (member in back and member not in status.approved_by))
        )
        if new or clock is None:
            notified[name] = new
    return notified, aware


def _reviewers_before(
    snapshot: PostSnapshot, key: StepKey, context: Context
) -> tuple[MemberId, ...]:
    if _open_request(snapshot) is None:
        return ()
    return next(
        (
            status.reviewers
            for status in step_statuses(snapshot, context)
            if status.key == key and status.state == "open"
        ),
        (),
    )


def _next_wake(
    snapshot: PostSnapshot, context: Context, statuses: Sequence[StepStatus]
) -> dt.datetime | None:
    """Return when to evaluate the post next: for a timer, a new reviewer, or its expiry."""
    instants = [timer.at for timer in timers(snapshot, context, statuses=statuses)]
    instants += filter(None, [_next_reviewer_at(snapshot, context, statuses)])
    instants += _absence_bounds(context, statuses)
    request = snapshot.request
    if (
        request is not None
        and request.when == "planned"
        and context.requirement(snapshot.post).late == "expire"
    ):
        instants += unpublished_times(snapshot.post, context)
    return min(instants, default=None)


def _absence_bounds(context: Context, statuses: Sequence[StepStatus]) -> list[dt.datetime]:
    """Return the upcoming times at which absences of open steps' reviewers begin or end."""
    reviewers = {
        member
        for status in statuses
        if status.state == "open"
        for member in (*status.reviewers, *status.absent)
    }
    return [
        bound
        for absence in context.absences
        if absence.member in reviewers
        for bound in (absence.begins_at, absence.ends_at)
        if bound > context.now
    ]


def _next_reviewer_at(
    snapshot: PostSnapshot, context: Context, statuses: Sequence[StepStatus]
) -> dt.datetime | None:
    """
    Return the next instant at which a member may become a reviewer of an open step, or None.

    This happens when a grant starts, a forbid ends, or a shift of a rotation starts.
    """
    roles = {
        principal.name
        for step in needed_steps(snapshot, context).steps
        for principal in step.step.reviewers
        if principal.kind == "role"
    }
    beginnings = {
        instant
        for resource in context.resources_of(snapshot.post)
        for instant in islice(
            context.access.permission_starts(
                resource, after=context.now, permission="approve", roles=roles
            ),
            _MAX_INSTANTS + 1,
        )
    }
    shift_at = _next_shift_at(snapshot, context, statuses)
    clocks = {clock.key: clock for clock in snapshot.request.clocks} if snapshot.request else {}
    for number, instant in enumerate(sorted(beginnings)):
        if shift_at is not None and instant >= shift_at:
            break
        # `Context.evolve` must not be used here, because it keeps cached results, which depend on
        # the instant.
        later = attrs.evolve(context, now=instant)
        then = step_statuses(snapshot, later)
        notified, _ = _reviewers_to_notify(snapshot, snapshot, clocks, then, later)
        reachable = any(
            status.key in clocks and clocks[status.key].unreachable and not status.unreachable
            for status in then
        )
        # After this many instants without a new reviewer, the search stops. The post is then
        # evaluated once without effect, and the search continues from there, which is cheaper than
        # checking all instants now.
        if number == _MAX_INSTANTS or notified or reachable:
            return instant
    return shift_at


def _next_shift_at(
    snapshot: PostSnapshot, context: Context, statuses: Sequence[StepStatus]
) -> dt.datetime | None:
    existing = context.access.rotation_ids
    if not existing:
        return None
    now_open = {status.key for status in statuses if status.state == "open"}
    rotations = {
        principal.name
        for step in needed_steps(snapshot, context).steps
        if step.key in now_open
        for principal in step.step.reviewers
        if principal.kind == "rotation" and principal.name in existing
    }
    workspace = snapshot.post.workspace
    resource = workspace if workspace in context.workspaces else "*"
    shifts = (
        context.access.next_shift(rotation, resource, after=context.now) for rotation in rotations
    )
    return min((shift for shift in shifts if shift is not None), default=None)
