"""Deciders for submissions, reviews and withdrawals of posts, and for waivers of findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from socialcollab.content import (
    PUBLISHED_FIELDS,
    Finding,
    Post,
    PostContent,
    PostState,
    field_digests,
    post_reason,
)
from socialcollab.errors import InvalidValueError, NotAllowedError
from socialcollab.identifiers import MemberId
from socialcollab.verdicts import Reason
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import (
    check_fresh,
    check_permission,
    check_state,
    is_staff,
    refuse,
    stale,
)
from socialcollab.workflow.decide.schedule import (
    cancel_unsent,
    plan,
    refuse_barred,
    refuse_in_doubt,
    refuse_limits,
    refuse_past,
    refuse_taken_down,
    slot_events,
    unpublished_targets,
)
from socialcollab.workflow.evolve import evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot, SubmitTiming
from socialcollab.workflow.steps import (
    StepStatus,
    applicable_steps,
    approval_remedies,
    gate,
    is_named_reviewer,
    needed_steps,
    no_step_applies,
    pins_of,
    policies_unchanged,
    step_statuses,
    submission,
)


def submit(snapshot: PostSnapshot, command: cm.Submit, context: Context) -> tuple[ev.Event, ...]:
    """
    Submit a post for approval, and approve it immediately if no other member has to approve it.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `submit`, if the post is not a draft, returned
            for changes or expired, if it has no targets, if its planned time has passed or is in a
            blackout, or if a target has no free slot.
        StaleError: If the actor did not see the current revision.
    """
    post = snapshot.post
    check_permission("submit", post, context)
    check_state(post, "submit", ("draft", "changes_requested", "expired"))
    check_fresh(post, command.seen)
    if not post.targets:
        raise refuse(post_reason("no_targets", post))
    refuse_limits(post, post.content, unpublished_targets(post, context), context)
    _refuse_blocking_findings(post, context)
    events: list[ev.Event] = []
    if command.when == "next slot":
        events += _take_next_slots(snapshot, context)
    elif command.when == "planned":
        refuse_past(post, post.content, unpublished_targets(post, context), context)
        refuse_barred(context)
    current = _after(snapshot, events, context)
    submitted = submission(current, command.when, context)
    events.append(ev.post_event(post.id, submitted, context.actor))
    current = _after(snapshot, events, context)
    if no_step_applies(current, context) and context.may(
        context.actor.name, "publish", current.post
    ):
        return (*events, *_approve(current, context, context.actor, alone=True))
    # Earlier decisions that still count may be sufficient.
    if gate(current, context):
        return (*events, *_approve(current, context, Actor.RULES))
    return tuple(events)


def _refuse_blocking_findings(post: Post, context: Context) -> None:
    """Reject a post with a finding of severity "error" that is not waived."""
    codes = sorted({finding.code for finding in context.findings if finding.severity == "error"})
    if codes:
        raise refuse(*(post_reason("finding_blocks", post, code=code) for code in codes))


def _take_next_slots(snapshot: PostSnapshot, context: Context) -> list[ev.Event]:
    """Return the events that move every unpublished target to its next free slot."""
    post = snapshot.post
    targets = unpublished_targets(post, context)
    if not targets:
        return []
    for target in targets:
        if target not in context.next_slots:
            raise refuse(Reason.of("no_slot", profile=target))
    taken = {str(target): context.next_slots[target] for target in targets}
    content = attrs.evolve(
        post.content,
        planned_at=min(taken.values(), key=lambda at: at.instant),
        times={str(profile): at for profile, at in post.content.times} | taken,
    )
    slots = slot_events(post, targets, context.actor)
    if content == post.content:
        return slots
    revision = post.next_revision(content, author=context.actor.name, at=context.now)
    edited = ev.PostEdited(revision=revision, state=post.state, content=content)
    return [ev.post_event(post.id, edited, context.actor), *slots]


def _after(snapshot: PostSnapshot, events: Iterable[ev.Event], context: Context) -> PostSnapshot:
    """Return the post after applying the *events* that belong to it."""
    stream = ev.post_stream(snapshot.post.id)
    for event in events:
        if event.stream == stream:
            snapshot = evolve_post(snapshot, event.data, actor=event.actor, at=context.now)
    return snapshot


def review(
    snapshot: PostSnapshot,
    command: cm.Approve | cm.RequestChanges | cm.Reject,
    context: Context,
) -> tuple[ev.Event, ...]:
    """
    Approve a post, request changes, or reject it.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `approve` or is an author of the post, if the
            actor is not a reviewer of an open step (or, to request changes or to reject, of a step
            that is open later or that the actor approved), if the post is not in review, or if a
            policy has changed since the post was submitted.
        StaleError: If the actor saw an older revision and a field to which the decision would be
            bound has changed since.
    """
    post, me = snapshot.post, context.actor.name
    try:
        check_permission("approve", post, context)
    except NotAllowedError as error:
        # The remedies for the missing permission would not help a member who cannot decide even
        # with the permission: an author, or a member whom no step names.
        if me in post.authors:
            raise refuse(post_reason("own_work", post, member=me)) from None
        if (
            post.state is PostState.IN_REVIEW
            and not error.verdict.reasons
            and not is_named_reviewer(me, snapshot, context)
        ):
            raise refuse(*_why_not_reviewer(snapshot, context)) from None
        raise
    _check_in_review(snapshot, command.NAME)
    approves = command.VERDICT == "approve"
    if approves:
        # Without this check, an approval under an outdated policy would be stored but could never
        # open the gate.
        unchanged = policies_unchanged(snapshot, context)
        if not unchanged:
            raise NotAllowedError(unchanged)
    statuses = step_statuses(snapshot, context)
    counting = (
        _steps_to_approve(snapshot, statuses, context)
        if approves
        else tuple(status for status in statuses if status.can_be_returned_by(me))
    )
    if not counting:
        if _is_own_work(post, statuses, me):
            raise refuse(post_reason("own_work", post, member=me))
        raise refuse(*_why_not_reviewer(snapshot, context))
    seen = post.revision_named(command.seen)
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
        applicable=applicable_steps(snapshot, context),
        pins=pins_of(snapshot, context),
        on_behalf_of=_represented_by(me, counting),
        internal=command.internal and is_staff(context),
        note=command.note,
    )
    if not approves:
        return (ev.post_event(post.id, decision, context.actor),)
    current = evolve_post(snapshot, decision, actor=context.actor, at=context.now)
    # A step that passes now stays passed even if other members become reviewers later.
    passed = {status.key for status in step_statuses(current, context) if status.state == "passed"}
    decision = attrs.evolve(decision, passed=tuple(sorted(passed & set(decision.steps))))
    event = ev.post_event(post.id, decision, context.actor)
    # The gate counts the approvals, so it returns the same result for *current*, in which `passed`
    # is not set but whose step statuses have already been computed.
    if gate(current, context):
        return (event, *_approve(_after(snapshot, [event], context), context, Actor.RULES))
    return (event,)


def _check_in_review(snapshot: PostSnapshot, command: str) -> None:
    """Reject a decision on a post that is not in review, and state who decided on it and when."""
    try:
        check_state(snapshot.post, command, ("in_review",))
    except NotAllowedError as error:
        decisions = snapshot.request.decisions if snapshot.request is not None else ()
        if not decisions:
            raise
        last = decisions[-1]
        decided = post_reason(
            "decided_by",
            snapshot.post,
            by=last.by,
            verdict=last.verdict,
            at=f"{last.at:%Y-%m-%d %H:%M} UTC",
        )
        raise refuse(*error.verdict.reasons, decided) from None


def _is_own_work(post: Post, statuses: Sequence[StepStatus], member: str) -> bool:
    """Return whether a member wrote the post, or chose the time that a pending step binds."""
    return member in post.authors or (
        any("time" in status.binds and not status.done for status in statuses)
        and any(revision.author == member for revision in post.revisions)
    )


def _steps_to_approve(
    snapshot: PostSnapshot, statuses: Sequence[StepStatus], context: Context
) -> tuple[StepStatus, ...]:
    """Return the open steps for which the actor's approval counts; at most one is distinct."""
    me = context.actor.name
    distinct = {step.key for step in needed_steps(snapshot, context).steps if step.step.distinct}
    counting = [
        status
        for status in statuses
        if status.state == "open" and status.can_be_decided_by(me) and me not in status.approved_by
    ]
    plain = [status for status in counting if status.key not in distinct]
    return tuple(plain or counting[:1])


def _represented_by(member: str, counting: Sequence[StepStatus]) -> tuple[MemberId, ...]:
    """Return the absent members whom *member* represents on these steps, sorted."""
    pairs = {pair for status in counting for pair in status.delegates}
    return tuple(sorted({absent for delegate, absent in pairs if delegate == member}))


def _why_not_reviewer(snapshot: PostSnapshot, context: Context) -> tuple[Reason, ...]:
    me = context.actor.name
    reasons = []
    for status in step_statuses(snapshot, context):
        if me in status.approved_by:
            reasons.append(Reason.of("already_approved", member=me, step=status.key))
        elif status.state == "later" and status.can_be_decided_by(me):
            reasons.append(Reason.of("step_not_open", step=status.key, member=me))
        elif status.state == "skipped" and status.can_be_decided_by(me):
            reasons += status.reasons
        elif not status.done:
            reviewers = ", ".join(status.reviewers) or "-"
            reasons.append(
                Reason.of("not_a_reviewer", step=status.key, member=me, reviewers=reviewers)
            )
    return tuple(reasons) or (post_reason("nothing_to_decide", snapshot.post),)


def withdraw(snapshot: PostSnapshot, _: cm.Withdraw, context: Context) -> tuple[ev.Event, ...]:
    """
    Withdraw the approval request or the approval, and cancel the waiting deliveries.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `submit`, if the post is neither in review nor
            approved, or if a delivery is in doubt.
    """
    post = snapshot.post
    check_permission("submit", post, context)
    check_state(post, "withdraw", ("in_review", "approved"))
    refuse_in_doubt(post, "withdraw", context)
    return (
        ev.post_event(post.id, ev.PostWithdrawn(), context.actor),
        *cancel_unsent(context.deliveries, "withdrawn", context.actor),
    )


def approve_if_complete(snapshot: PostSnapshot, context: Context) -> tuple[ev.Event, ...]:
    """
    Return the events that approve a post in review if it needs no further decision.

    A post can be approved without a new decision if an edit restores the approved content, or if
    the rules change, for example because a reviewer leaves or a step no longer applies.
    """
    if snapshot.post.state is not PostState.IN_REVIEW or not gate(snapshot, context):
        return ()
    return tuple(_approve(snapshot, context, Actor.TIMER))


def _approve(
    snapshot: PostSnapshot, context: Context, actor: Actor, *, alone: bool = False
) -> list[ev.Event]:
    """Return the events that approve the post, and the follow-up events of its policies."""
    post = snapshot.post
    approved = ev.PostApproved(revision=post.digest, alone=alone)
    events = [ev.post_event(post.id, approved, actor)]
    requirement = context.requirement(post)
    if requirement.on_approval == "wait":
        return events
    when: SubmitTiming = snapshot.request.when if snapshot.request else "planned"
    current = _after(snapshot, events, context)
    # A post that is approved again after it was published and edited must not be published twice.
    targets = unpublished_targets(post, context)
    if when == "as soon as approved":
        return [*events, *plan(current, context, Actor.RULES, targets, at_once=True)]
    late = [
        target
        for target in targets
        if (at := post.content.time_for(target)) is not None and at.instant <= context.now
    ]
    # If a step binds the time, only that time has been approved, so the post must not be moved to
    # another time.
    time_is_approved = any("time" in step.binds for step in requirement.steps)
    can_move = not time_is_approved and all(target in context.next_slots for target in late)
    if late and when == "next slot" and can_move:
        times = {str(target): context.next_slots[target] for target in late}
        return [*events, *plan(current, context, Actor.RULES, targets, times=times)]
    if late and requirement.late == "expire":
        return [*events, ev.post_event(post.id, ev.PostExpired(), Actor.RULES)]
    planned = plan(current, context, Actor.RULES, targets)
    missed = [
        ev.Event(event.stream, Actor.RULES, ev.DeliveryMissed(problem="approved_late"))
        for event in planned
        if requirement.late == "hold"
        and isinstance(event.data, ev.DeliveryPlanned)
        and event.data.profile in late
    ]
    return [*events, *planned, *missed]


def publish_now(
    snapshot: PostSnapshot, command: cm.PublishNow, context: Context
) -> tuple[ev.Event, ...]:
    """
    Immediately publish an approved post, or a post that no other member needs to approve.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `publish`, if a step has not passed (the reasons
            list the open steps, and why conditional steps apply), if a hold or blackout stops the
            post, if a delivery is in doubt, or if, on every target, the post is published, or was
            taken down and has not been approved since.
        StaleError: If the actor did not see the current revision.
    """
    post = snapshot.post
    check_permission("publish", post, context)
    check_state(
        post, "publish_now", ("draft", "in_review", "changes_requested", "approved", "expired")
    )
    check_fresh(post, command.seen)
    refuse_barred(context)
    if post.state is not PostState.APPROVED:
        if post.state is PostState.IN_REVIEW or not no_step_applies(snapshot, context):
            raise _approval_required(snapshot, context)
        return submit(
            snapshot,
            cm.Submit(post=command.post, seen=command.seen, when="as soon as approved"),
            context,
        )
    refuse_in_doubt(post, "publish_now", context)
    verdict = gate(snapshot, context, alone=snapshot.alone)
    if not verdict:
        raise NotAllowedError(verdict)
    targets = unpublished_targets(post, context, restore=True)
    refuse_taken_down(snapshot, targets)
    if not targets:
        raise refuse(post_reason("all_published", post))
    refuse_limits(post, post.content, targets, context)
    return (
        *cancel_unsent(context.deliveries, "scheduled_again", context.actor),
        *plan(snapshot, context, context.actor, targets, at_once=True),
    )


def _approval_required(snapshot: PostSnapshot, context: Context) -> NotAllowedError:
    """Return the refusal to publish an unapproved post, with its open steps and the remedies."""
    post = snapshot.post
    verdict = gate(snapshot, context)
    # Earlier approvals can be sufficient, but the post must be submitted.
    reasons = () if verdict else verdict.reasons
    remedies = approval_remedies(snapshot, context)
    return refuse(post_reason("approval_required", post), *reasons, remedies=remedies)


def bypass(snapshot: PostSnapshot, command: cm.Bypass, context: Context) -> tuple[ev.Event, ...]:
    """
    Approve a post in an emergency, skipping its open steps.

    The reviewers, the authors and the lead are notified. A later edit of fields that the steps bind
    reopens the steps.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `bypass`, if the post is not in review, or if a
            policy or an account has changed since the post was submitted.
        StaleError: If the actor did not see the current revision.
        InvalidValueError: If the reason is empty.
    """
    post = snapshot.post
    check_permission("bypass", post, context)
    check_state(post, "bypass", ("in_review",))
    check_fresh(post, command.seen)
    if not command.reason.strip():
        raise InvalidValueError(
            "skipping an approval needs a reason",
            value=command.reason,
            expected="why the post cannot wait for its reviewers",
        )
    unchanged = policies_unchanged(snapshot, context)
    if not unchanged:
        raise NotAllowedError(unchanged)
    skipped = [status for status in step_statuses(snapshot, context) if not status.done]
    data = ev.PostBypassed(
        steps=tuple(status.key for status in skipped),
        revision=post.digest,
        fields=post.revision.fields,
        reviewers=tuple(sorted({member for status in skipped for member in status.reviewers})),
        reason=command.reason,
    )
    event = ev.post_event(post.id, data, context.actor)
    return (event, *_approve(_after(snapshot, [event], context), context, Actor.RULES))


def waive(snapshot: PostSnapshot, command: cm.Waive, context: Context) -> tuple[ev.Event, ...]:
    """
    Accept a finding of the style guide for the current content.

    An author cannot waive a finding on their own post, because a step may depend on it.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `waive` or is an author of the post, if the post
            has no such finding, or if it is rejected or cancelled.
        StaleError: If the actor did not see the current revision.
        InvalidValueError: If the reason is empty.
    """
    post = snapshot.post
    check_permission("waive", post, context)
    check_state(post, "waive", ("draft", "in_review", "changes_requested", "approved", "expired"))
    check_fresh(post, command.seen)
    if not command.reason.strip():
        raise InvalidValueError(
            "a waiver needs a reason", value=command.reason, expected="why the finding is accepted"
        )
    if context.actor.name in post.authors:
        raise refuse(post_reason("own_waiver", post, member=context.actor.name))
    codes = sorted({finding.code for finding in context.findings})
    if command.code not in codes:
        raise refuse(
            post_reason("nothing_to_waive", post, code=command.code, codes=", ".join(codes) or "-")
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
    Return the findings on *content* that are not waived.

    Args:
        findings: The findings of the style guide on *content*.
        snapshot: The post with its waivers.
        content: The post's content, or its content after an edit.
    """
    if not snapshot.waivers:
        return tuple(findings)
    digests = field_digests(content, snapshot.post.salt)
    waived = {
        waiver.code
        for waiver in snapshot.waivers
        if all(waiver.fields.get(name) == digests.get(name) for name in PUBLISHED_FIELDS)
    }
    return tuple(finding for finding in findings if finding.code not in waived)
