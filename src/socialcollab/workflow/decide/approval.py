"""Submit a post, decide on it, withdraw it, and waive findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from socialcollab.content import PUBLISHED_FIELDS, Finding, PostContent, field_digests
from socialcollab.errors import InvalidValueError, NotAllowedError
from socialcollab.identifiers import MemberId
from socialcollab.verdicts import Reason
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.approval.steps import (
    StepStatus,
    asks_nobody,
    gate,
    needed_steps,
    step_statuses,
    unchanged,
)
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.deliveries import (
    after_events,
    call_off,
    pins_of,
    plan,
    published_on,
    refuse_barred,
    refuse_in_doubt,
    refuse_past,
    sorted_due,
)
from socialcollab.workflow.decide.refusals import (
    check_fresh,
    check_permission,
    check_state,
    refuse,
    stale,
)
from socialcollab.workflow.decide.revision import new_revision
from socialcollab.workflow.evolve.post import evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot, SubmitTiming


def submit(snapshot: PostSnapshot, command: cm.Submit, context: Context) -> tuple[ev.Event, ...]:
    """Ask for sign-off."""
    post = snapshot.post
    check_permission("submit", post, context)
    check_state(post, "submit", ("draft", "changes_requested"))
    check_fresh(post, command.seen)
    if not post.targets:
        raise refuse(Reason.of("no_targets", post=post.id))
    events: list[ev.Event] = []
    if command.when == "next slot":
        events += _fill_slots(snapshot, context)
    elif command.when == "planned":
        refuse_past(post, context)
        refuse_barred(context)
    current = after_events(snapshot, events, context)
    submitted = ev.PostSubmitted(
        revision=current.post.digest,
        when=command.when,
        due=sorted_due(current, context),
        pins=pins_of(current, context),
    )
    events.append(ev.post_event(post.id, submitted, context.actor))
    current = after_events(snapshot, events, context)
    if asks_nobody(current, context) and context.may(context.actor.name, "publish", current.post):
        return (*events, *approve_and_plan(current, context, context.actor, alone=True))
    if gate(current, context):
        return (*events, *approve_and_plan(current, context, Actor.RULES))
    return tuple(events)


def _fill_slots(snapshot: PostSnapshot, context: Context) -> list[ev.Event]:
    """Fill the times of all targets with their next free slots."""
    post = snapshot.post
    for target in post.targets:
        if target not in context.next_slots:
            raise refuse(Reason.of("no_slot", profile=target))
    content = attrs.evolve(
        post.content,
        planned_at=min(context.next_slots.values(), key=lambda at: at.instant),
        times={str(target): context.next_slots[target] for target in post.targets},
    )
    taken = [
        ev.Event(ev.calendar_stream(target), context.actor, ev.SlotTaken(post=post.id))
        for target in post.targets
    ]
    if content == post.content:
        return taken
    revision = new_revision(
        content,
        salt=post.salt,
        number=post.revision.number + 1,
        author=context.actor.name,
        at=context.now,
        only_time=True,
        before=post,
    )
    edited = ev.PostEdited(revision=revision, state=post.state, content=content)
    return [ev.post_event(post.id, edited, context.actor), *taken]


def vote(
    snapshot: PostSnapshot,
    command: cm.Approve | cm.RequestChanges | cm.Reject,
    context: Context,
) -> tuple[ev.Event, ...]:
    """Approve, ask for changes, or reject."""
    post = snapshot.post
    try:
        check_permission("approve", post, context)
    except NotAllowedError:
        if context.actor.name in post.authors:
            # No right would help whoever wrote on it.
            raise refuse(Reason.of("own_work", member=context.actor.name, post=post.id)) from None
        raise
    check_state(post, command.NAME, ("in_review",))
    if command.VERDICT == "approve":
        # A yes under wording that is no longer in force could never let the post leave.
        verdict = unchanged(snapshot, context)
        if not verdict:
            raise NotAllowedError(verdict)
    me = context.actor.name
    seen = post.revision_named(command.seen)
    statuses = step_statuses(snapshot, context)
    if command.VERDICT == "approve":
        counting = _counting(snapshot, statuses, context)
    else:
        counting = tuple(status for status in statuses if me in status.asked)
    own = me in post.authors or any(
        "time" in status.binds and not status.done and revision.author == me
        for status in statuses
        for revision in post.revisions
    )
    if own and not counting:
        raise refuse(Reason.of("own_work", member=me, post=post.id))
    if not counting:
        raise refuse(*_why_not_asked(snapshot, context))
    if seen is None:
        raise stale(post, None, command.seen)
    bound = frozenset().union(*(status.binds for status in counting))
    if any(name in bound for name in post.revision.changed_since(seen)):
        raise stale(post, seen, command.seen)
    decision = ev.PostDecided(
        verdict=command.VERDICT,
        steps=tuple(status.key for status in counting),
        revision=seen.digest,
        fields=seen.fields,
        due=sorted_due(snapshot, context),
        pins=pins_of(snapshot, context),
        on_behalf_of=_represented(counting, me),
        note=command.note,
    )
    current = evolve_post(snapshot, decision, actor=context.actor, at=context.now)
    if command.VERDICT == "approve":
        # A step that passes now stays passed when the members who could decide on it change later.
        statuses = step_statuses(current, context)
        passed = {status.key for status in statuses if status.state == "passed"}
        decision = attrs.evolve(decision, passed=tuple(sorted(passed & set(decision.steps))))
    event = ev.post_event(post.id, decision, context.actor)
    # The gate counts the votes themselves, so the snapshot without `passed` serves it as well, and
    # its step statuses are computed already.
    if command.VERDICT == "approve" and gate(current, context):
        current = after_events(snapshot, [event], context)
        return (event, *approve_and_plan(current, context, Actor.RULES))
    return (event,)


def _counting(
    snapshot: PostSnapshot, statuses: Sequence[StepStatus], context: Context
) -> tuple[StepStatus, ...]:
    """Return the steps that the actor's yes counts for: once each, a distinct one only alone."""
    me = context.actor.name
    distinct = {step.key for step in needed_steps(snapshot, context).steps if step.step.distinct}
    counting = [
        status
        for status in statuses
        if status.state == "open" and me in status.asked and me not in status.approved_by
    ]
    plain = [status for status in counting if status.key not in distinct]
    return tuple(plain or counting[:1])


def _represented(counting: Sequence[StepStatus], me: str) -> tuple[MemberId, ...]:
    """Return the absent members for whom the actor decides on these steps, sorted."""
    pairs = {pair for status in counting for pair in status.delegates}
    return tuple(sorted({absent for delegate, absent in pairs if delegate == me}))


def _why_not_asked(snapshot: PostSnapshot, context: Context) -> tuple[Reason, ...]:
    me = context.actor.name
    reasons = []
    for status in step_statuses(snapshot, context):
        if me in status.approved_by:
            reasons.append(Reason.of("voted_already", member=me, step=status.key))
        elif status.state == "later" and me in status.asked:
            reasons.append(Reason.of("step_not_open", step=status.key, member=me))
        elif not status.done:
            asked = ", ".join(status.asked) or "-"
            reasons.append(Reason.of("not_asked", step=status.key, member=me, asked=asked))
    return tuple(reasons) or (Reason.of("nothing_to_decide", post=snapshot.post.id),)


def withdraw(snapshot: PostSnapshot, _: cm.Withdraw, context: Context) -> tuple[ev.Event, ...]:
    """Take a request for sign-off back, or an approval with what waits on it."""
    post = snapshot.post
    check_permission("submit", post, context)
    check_state(post, "withdraw", ("in_review", "approved"))
    refuse_in_doubt(post, "withdraw", context)
    return (
        ev.post_event(post.id, ev.PostWithdrawn(), context.actor),
        *call_off(context.deliveries, "withdrawn", context.actor),
    )


def approve_and_plan(
    snapshot: PostSnapshot, context: Context, actor: Actor, *, alone: bool = False
) -> list[ev.Event]:
    """Approve the post and do what its policies say comes next."""
    post = snapshot.post
    approved = ev.PostApproved(revision=post.digest, alone=alone)
    events = [ev.post_event(post.id, approved, actor)]
    requirement = context.requirement(post)
    if requirement.on_approval == "wait":
        return events
    when: SubmitTiming = snapshot.request.when if snapshot.request else "planned"
    current = after_events(snapshot, events, context)
    # What is out on a profile already does not go there again.
    done = published_on(context)
    targets = [target for target in post.targets if target not in done]
    if when == "as soon as approved":
        return [*events, *plan(current, context, Actor.RULES, targets, at_once=True)]
    late = [
        target
        for target in targets
        if (at := post.content.time_for(target)) is not None and at.instant <= context.now
    ]
    if not late:
        return [*events, *plan(current, context, Actor.RULES, targets)]
    if when == "next slot" and all(target in context.next_slots for target in late):
        times = {str(target): context.next_slots[target] for target in late}
        return [*events, *plan(current, context, Actor.RULES, targets, times=times)]
    if requirement.late == "expire":
        return [*events, ev.post_event(post.id, ev.PostExpired(), Actor.RULES)]
    if requirement.late == "publish":
        return [*events, *plan(current, context, Actor.RULES, targets)]
    planned = plan(current, context, Actor.RULES, targets)
    missed = [
        ev.Event(event.stream, Actor.RULES, ev.DeliveryMissed(problem="approved_late"))
        for event in planned
        if isinstance(event.data, ev.DeliveryPlanned) and event.data.profile in late
    ]
    return [*events, *planned, *missed]


def waive(snapshot: PostSnapshot, command: cm.Waive, context: Context) -> tuple[ev.Event, ...]:
    """
    Let a finding pass.

    Whoever wrote the post does not waive what the guide says of it: a step may
    depend on that.
    """
    post = snapshot.post
    check_permission("waive", post, context)
    check_state(post, "waive", ("draft", "in_review", "changes_requested", "approved", "expired"))
    check_fresh(post, command.seen)
    if not command.reason.strip():
        raise InvalidValueError("a waiver needs a reason", value=command.reason, expected="why")
    if context.actor.name in post.authors:
        raise refuse(Reason.of("own_waiver", member=context.actor.name, post=post.id))
    codes = sorted({finding.code for finding in context.findings})
    if command.code not in codes:
        raise refuse(
            Reason.of(
                "nothing_to_waive", post=post.id, code=command.code, codes=", ".join(codes) or "-"
            )
        )
    fields = {
        name: digest for name, digest in post.revision.fields.items() if name in PUBLISHED_FIELDS
    }
    data = ev.FindingWaived(code=command.code, fields=fields, reason=command.reason)
    return (ev.post_event(post.id, data, context.actor),)


def not_waived(
    findings: Iterable[Finding], snapshot: PostSnapshot, content: PostContent
) -> tuple[Finding, ...]:
    """
    Return the findings that nobody has let pass.

    Args:
        findings: What the style guide says of *content*.

        snapshot: The post, with its waivers.

        content: What the post holds, or would hold.
    """
    if not snapshot.waivers:
        return tuple(findings)
    digests = field_digests(content, snapshot.post.salt)
    passed = {
        waiver.code
        for waiver in snapshot.waivers
        if all(waiver.fields.get(name) == digests.get(name) for name in PUBLISHED_FIELDS)
    }
    return tuple(finding for finding in findings if finding.code not in passed)
