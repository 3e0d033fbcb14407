"""Decide what a command on a post brings about, or refuse it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from socialcollab.content import (
    PUBLISHED_FIELDS,
    Delivery,
    DeliveryState,
    Post,
    PostContent,
    PostState,
    Revision,
    field_digests,
    revision_digest,
)
from socialcollab.errors import InvalidValueError, NotFoundError, RefusedError
from socialcollab.identifiers import (
    DeliveryId,
    MemberId,
    PostId,
    ProfileId,
    WorkspaceId,
    nearest,
)
from socialcollab.time import WallTime
from socialcollab.verdicts import Reason, Remedy
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.actor import Actor
from socialcollab.workflow.context import Context
from socialcollab.workflow.evolve import evolve_post
from socialcollab.workflow.policies import StepKey
from socialcollab.workflow.refusals import (
    check_fresh,
    check_permission,
    check_state,
    out_of_sight,
    refuse,
    stale,
    verdict_on,
)
from socialcollab.workflow.request import PostRecord, When
from socialcollab.workflow.steps import (
    StepStatus,
    asks_nobody,
    due_steps,
    gate,
    needed_steps,
    step_statuses,
)

__all__ = ["decide", "expire", "new_revision"]

_IN_DOUBT = (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)
_CALLED_OFF = (DeliveryState.WAITING, DeliveryState.MISSED)


def decide(
    record: PostRecord | None, command: cm.PostCommand, context: Context
) -> tuple[ev.Event, ...]:
    """
    Return what *command* brings about.

    Args:
        record: The post as it stands; None before its draft.

        command: What is asked for.

        context: Who asks, when, and all that counts.

    Returns:
        The events to store, all or none of them, in order.

    Raises:
        RefusedError: If it may not be; the verdict says why and what would help.

        StaleError: If the actor saw another revision than the one that stands.

        NotFoundError: If there is no such post, or the actor may not view it.
    """
    if isinstance(command, cm.Draft):
        return _draft(record, command, context)
    if record is None:
        raise NotFoundError("post", command.post)
    return _DECIDERS[type(command)](record, command, context)


def new_revision(
    content: PostContent,
    *,
    salt: bytes,
    number: int,
    author: str,
    at: dt.datetime,
    only_time: bool = False,
) -> Revision:
    """Mark *content* as a revision, with its digests."""
    fields = field_digests(content, salt)
    return Revision(
        number=number,
        digest=revision_digest(fields, salt),
        author=MemberId(author),
        at=at,
        fields=fields,
        only_time=only_time,
    )


def _event(post: str, data: ev.EventData, actor: Actor) -> ev.Event:
    return ev.Event(ev.post_stream(post), actor, data)


def _after(record: PostRecord, events: list[ev.Event], context: Context) -> PostRecord:
    stream = ev.post_stream(record.post.id)
    for event in events:
        if event.stream == stream:
            record = evolve_post(record, event.data, actor=event.actor, at=context.now)
    return record


def _check_targets(content: PostContent, workspace: str, context: Context) -> None:
    if workspace not in context.workspaces:
        raise NotFoundError("workspace", workspace)
    visible = {
        name
        for name in context.profiles
        if context.access.allows(context.actor.name, "view", name, at=context.now)
    }
    for target in content.targets:
        profile = context.profiles.get(target)
        if profile is None or (profile.workspace != workspace and target not in visible):
            near = nearest(target, visible)
            raise NotFoundError(
                "profile", target, suggestion=f"did you mean `{near}`?" if near else ""
            )
        if profile.workspace != workspace:
            raise refuse(
                Reason.of(
                    "other_workspace",
                    profile=target,
                    theirs=profile.workspace,
                    workspace=workspace,
                )
            )


def _draft(record: PostRecord | None, command: cm.Draft, context: Context) -> tuple[ev.Event, ...]:
    if record is not None:
        raise InvalidValueError(f"post `{command.post}` exists already", value=command.post)
    if len(command.salt) != 16:
        raise InvalidValueError("a post's salt is 16 bytes long", value=len(command.salt))
    _check_targets(command.content, command.workspace, context)
    places = command.content.targets or (command.workspace,)
    verdict = verdict_on("draft", places, context)
    if out_of_sight(verdict):
        raise NotFoundError("workspace", command.workspace)
    if not verdict:
        raise RefusedError(verdict)
    revision = new_revision(
        command.content, salt=command.salt, number=1, author=context.actor.name, at=context.now
    )
    drafted = ev.PostDrafted(
        post=PostId(command.post),
        workspace=WorkspaceId(command.workspace),
        kind=command.kind,
        ref=command.ref,
        revision=revision,
        content=command.content,
    )
    return (_event(command.post, drafted, context.actor),)


def _edit(record: PostRecord, command: cm.Edit, context: Context) -> tuple[ev.Event, ...]:
    post = record.post
    check_permission("draft", post, context)
    check_state(post, "edit", ("draft", "in_review", "changes_requested", "approved", "expired"))
    if context.actor.name != post.author:
        check_permission("edit_others", post, context)
    check_fresh(post, command.seen)
    _check_targets(command.content, post.workspace, context)
    if post.state is PostState.APPROVED and (command.content.planned_at, command.content.times) != (
        post.content.planned_at,
        post.content.times,
    ):
        raise refuse(Reason.of("use_move", post=post.id))
    verdict = verdict_on("draft", command.content.targets or (post.workspace,), context)
    if not verdict:
        raise RefusedError(verdict)
    return _store_revision(record, command.content, context)


def _store_revision(
    record: PostRecord, content: PostContent, context: Context, *, only_time: bool = False
) -> tuple[ev.Event, ...]:
    """Store *content*; an approved post whose gate it closes goes back to review."""
    post = record.post
    revision = new_revision(
        content,
        salt=post.salt,
        number=post.revision.number + 1,
        author=context.actor.name,
        at=context.now,
        only_time=only_time,
    )
    if not revision.changed_since(post.revision):
        raise refuse(Reason.of("nothing_changed", post=post.id))
    changes = ev.PostEdited(revision=revision, state=post.state, content=content)
    after = evolve_post(record, changes, actor=context.actor, at=context.now)
    if after.request is not None and post.state in (PostState.IN_REVIEW, PostState.APPROVED):
        changes = attrs.evolve(changes, due=_sorted_due(after, context), pins=_pins(after, context))
        after = evolve_post(record, changes, actor=context.actor, at=context.now)
    if post.state is not PostState.APPROVED:
        return (_event(post.id, changes, context.actor),)
    _refuse_in_doubt(post, "edit", context)
    rewritten = any(name in PUBLISHED_FIELDS for name in revision.changed_since(post.revision))
    alone = after.alone and context.may(context.actor.name, "publish", after.post)
    if gate(after, context, alone=alone):
        again = _replanned(after, context) if rewritten else ()
        return (_event(post.id, changes, context.actor), *again)
    changes = attrs.evolve(changes, state=PostState.IN_REVIEW)
    return (
        _event(post.id, changes, context.actor),
        *_cancelled(context.deliveries, "edited", context.actor),
    )


def _replanned(after: PostRecord, context: Context) -> tuple[ev.Event, ...]:
    """Let what waits follow a rewrite that one person's word was enough for."""
    standing = {
        str(delivery.profile): delivery
        for delivery in context.deliveries
        if delivery.state is not DeliveryState.CANCELLED
    }
    waiting = {
        profile: delivery.at
        for profile, delivery in standing.items()
        if delivery.state is DeliveryState.WAITING
    }
    targets = [
        target
        for target in after.post.targets
        if target in waiting
        or (
            waiting
            and target not in standing
            and (at := after.post.content.time_for(target)) is not None
            and at.instant > context.now
        )
    ]
    return (
        *_cancelled(context.deliveries, "edited", context.actor),
        *_plan(after, context, Actor.RULES, targets, times=waiting),
    )


def _refuse_in_doubt(post: Post, command: str, context: Context) -> None:
    for delivery in context.deliveries:
        if delivery.state in _IN_DOUBT:
            raise refuse(
                Reason.of(
                    "delivery_in_doubt",
                    post=post.id,
                    profile=delivery.profile,
                    state=delivery.state.value,
                    command=command,
                )
            )


def _cancelled(deliveries: Sequence[Delivery], problem: str, actor: Actor) -> list[ev.Event]:
    return [
        ev.Event(ev.delivery_stream(delivery.id), actor, ev.DeliveryCancelled(problem=problem))
        for delivery in deliveries
        if delivery.state in _CALLED_OFF
    ]


def _sorted_due(record: PostRecord, context: Context) -> tuple[StepKey, ...]:
    return tuple(sorted(due_steps(record, context)))


def _pins(record: PostRecord, context: Context) -> dict[str, str]:
    keys = {key.policy for key in due_steps(record, context)}
    keys |= set(context.requirement(record.post).policies)
    return {name: context.pins[name] for name in sorted(keys) if name in context.pins}


def _comment(record: PostRecord, command: cm.Comment, context: Context) -> tuple[ev.Event, ...]:
    check_permission("comment", record.post, context)
    if not command.text.strip():
        raise InvalidValueError("a comment has to say something", value=command.text)
    member = context.access.member(context.actor.name)
    internal = command.internal and (member is None or member.kind == "staff")
    said = ev.PostCommented(internal=internal, text=command.text)
    return (_event(record.post.id, said, context.actor),)


def _submit(record: PostRecord, command: cm.Submit, context: Context) -> tuple[ev.Event, ...]:
    post = record.post
    check_permission("submit", post, context)
    check_state(post, "submit", ("draft", "changes_requested"))
    check_fresh(post, command.seen)
    if not post.targets:
        raise refuse(Reason.of("no_targets", post=post.id))
    events: list[ev.Event] = []
    if command.when == "next slot":
        events += _fill_slots(record, context)
    elif command.when == "planned":
        _refuse_past(post, context)
        _refuse_barred(context)
    current = _after(record, events, context)
    submitted = ev.PostSubmitted(
        revision=current.post.digest,
        when=command.when,
        due=_sorted_due(current, context),
        pins=_pins(current, context),
    )
    events.append(_event(post.id, submitted, context.actor))
    current = _after(record, events, context)
    if asks_nobody(current, context) and context.may(context.actor.name, "publish", current.post):
        return (*events, *_approve_and_plan(current, context, context.actor, alone=True))
    if gate(current, context):
        return (*events, *_approve_and_plan(current, context, Actor.RULES))
    return tuple(events)


def _fill_slots(record: PostRecord, context: Context) -> list[ev.Event]:
    """Fill the times of all targets with their next free slots."""
    post = record.post
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
    )
    edited = ev.PostEdited(revision=revision, state=post.state, content=content)
    return [_event(post.id, edited, context.actor), *taken]


def _refuse_past(post: Post, context: Context) -> None:
    for target in post.targets:
        at = post.content.time_for(target)
        if at is not None and at.instant <= context.now:
            raise refuse(
                Reason.of("time_passed", post=post.id, profile=target, at=str(at)),
                missing=[Remedy.of("move_post", post=post.id)],
            )


def _refuse_barred(context: Context) -> None:
    if context.barred:
        raise refuse(*(context.barred[profile] for profile in sorted(context.barred)))


def _vote(
    record: PostRecord,
    command: cm.Approve | cm.RequestChanges | cm.Reject,
    context: Context,
) -> tuple[ev.Event, ...]:
    post = record.post
    check_permission("approve", post, context)
    check_state(post, command.NAME, ("in_review",))
    me = context.actor.name
    seen = post.revision_named(command.seen)
    statuses = step_statuses(record, context)
    if command.VERDICT == "approve":
        counting = _counting(record, statuses, context)
    else:
        counting = tuple(status for status in statuses if me in status.asked)
    own = me in post.authors or any(
        "time" in status.covers and not status.done and revision.author == me
        for status in statuses
        for revision in post.revisions
    )
    if own and not counting:
        raise refuse(Reason.of("own_work", member=me, post=post.id))
    if not counting:
        raise refuse(*_why_not_asked(record, context))
    if seen is None:
        raise stale(post, None, command.seen)
    bound = frozenset().union(*(status.covers for status in counting))
    if any(name in bound for name in post.revision.changed_since(seen)):
        raise stale(post, seen, command.seen)
    decided = ev.PostDecided(
        verdict=command.VERDICT,
        steps=tuple(status.key for status in counting),
        revision=seen.digest,
        fields=seen.fields,
        due=_sorted_due(record, context),
        pins=_pins(record, context),
        note=command.note,
    )
    current = _after(record, [_event(post.id, decided, context.actor)], context)
    passed = {status.key for status in step_statuses(current, context) if status.state == "passed"}
    if command.VERDICT == "approve":
        decided = attrs.evolve(decided, passed=tuple(sorted(passed & set(decided.steps))))
    events = [_event(post.id, decided, context.actor)]
    current = _after(record, events, context)
    if command.VERDICT == "approve" and gate(current, context):
        return (*events, *_approve_and_plan(current, context, Actor.RULES))
    return tuple(events)


def _counting(
    record: PostRecord, statuses: Sequence[StepStatus], context: Context
) -> tuple[StepStatus, ...]:
    """Return the steps that the actor's yes counts for: once each, a distinct one only alone."""
    me = context.actor.name
    distinct = {step.key for step in needed_steps(record, context).steps if step.step.distinct}
    counting = [
        status
        for status in statuses
        if status.state == "open" and me in status.asked and me not in status.approved_by
    ]
    plain = [status for status in counting if status.key not in distinct]
    return tuple(plain or counting[:1])


def _why_not_asked(record: PostRecord, context: Context) -> tuple[Reason, ...]:
    me = context.actor.name
    reasons = []
    for status in step_statuses(record, context):
        if me in status.approved_by:
            reasons.append(Reason.of("voted_already", member=me, step=status.key))
        elif status.state == "later" and me in status.asked:
            reasons.append(Reason.of("step_not_open", step=status.key, member=me))
        elif not status.done:
            asked = ", ".join(status.asked) or "-"
            reasons.append(Reason.of("not_asked", step=status.key, member=me, asked=asked))
    return tuple(reasons) or (Reason.of("nothing_to_decide", post=record.post.id),)


def _withdraw(record: PostRecord, _: cm.Withdraw, context: Context) -> tuple[ev.Event, ...]:
    check_permission("submit", record.post, context)
    check_state(record.post, "withdraw", ("in_review",))
    return (_event(record.post.id, ev.PostWithdrawn(), context.actor),)


def _approve_and_plan(
    record: PostRecord, context: Context, actor: Actor, *, alone: bool = False
) -> list[ev.Event]:
    """Approve the post and do what its policies say comes next."""
    post = record.post
    approved = ev.PostApproved(revision=post.digest, alone=alone)
    events = [_event(post.id, approved, actor)]
    requirement = context.requirement(post)
    if requirement.on_approval == "wait":
        return events
    when: When = record.request.when if record.request else "planned"
    current = _after(record, events, context)
    # What is out on a profile already does not go there again.
    done = _published_on(context)
    targets = [target for target in post.targets if target not in done]
    if when == "as soon as approved":
        return [*events, *_plan(current, context, Actor.RULES, targets, at_once=True)]
    late = [
        target
        for target in targets
        if (at := post.content.time_for(target)) is not None and at.instant <= context.now
    ]
    if not late:
        return [*events, *_plan(current, context, Actor.RULES, targets)]
    if when == "next slot" and all(target in context.next_slots for target in late):
        times = {str(target): context.next_slots[target] for target in late}
        return [*events, *_plan(current, context, Actor.RULES, targets, times=times)]
    if requirement.late == "expire":
        return [*events, _event(post.id, ev.PostExpired(), Actor.RULES)]
    if requirement.late == "publish":
        return [*events, *_plan(current, context, Actor.RULES, targets)]
    planned = _plan(current, context, Actor.RULES, targets)
    missed = [
        ev.Event(event.stream, Actor.RULES, ev.DeliveryMissed(problem="approved_late"))
        for event in planned
        if isinstance(event.data, ev.DeliveryPlanned) and event.data.profile in late
    ]
    return [*events, *planned, *missed]


def _plan(
    record: PostRecord,
    context: Context,
    actor: Actor,
    targets: Sequence[str],
    *,
    at_once: bool = False,
    times: Mapping[str, WallTime] | None = None,
) -> list[ev.Event]:
    """Plan a delivery for each target that has a time: the one door to a waiting delivery."""
    post = record.post
    planned: list[ev.Event] = []
    ids: list[DeliveryId] = []
    taken: list[ev.Event] = []
    for target in targets:
        at = post.content.time_for(target)
        if times and target in times:
            at = times[target]
        if at_once:
            at = WallTime.of(context.now, context.zones.get(post.workspace, "UTC"))
        if at is None:
            continue
        delivery = DeliveryId(f"{post.id}.{target}.{len(post.deliveries) + len(ids) + 1}")
        ids.append(delivery)
        data = ev.DeliveryPlanned(
            delivery=delivery,
            post=post.id,
            workspace=post.workspace,
            profile=ProfileId(target),
            at=at,
            revision=post.digest,
        )
        planned.append(ev.Event(ev.delivery_stream(delivery), actor, data))
        taken.append(ev.Event(ev.calendar_stream(target), actor, ev.SlotTaken(post=post.id)))
    if not ids:
        return []
    scheduled = _event(post.id, ev.PostScheduled(deliveries=tuple(ids)), actor)
    return [scheduled, *planned, *taken]


def _schedule(record: PostRecord, command: cm.Schedule, context: Context) -> tuple[ev.Event, ...]:
    post = record.post
    check_permission("schedule", post, context)
    check_state(post, "schedule", ("approved",))
    check_fresh(post, command.seen)
    _refuse_in_doubt(post, "schedule", context)
    if command.at is not None:
        content = attrs.evolve(post.content, planned_at=command.at, times=())
        if content != post.content:
            return _move_to(record, content, context)
    return _leave(record, context)


def _leave(record: PostRecord, context: Context) -> tuple[ev.Event, ...]:
    post = record.post
    verdict = gate(record, context, alone=record.alone)
    if not verdict:
        raise RefusedError(verdict)
    _refuse_barred(context)
    done = _published_on(context)
    targets = [target for target in post.targets if target not in done]
    if not targets:
        raise refuse(Reason.of("all_published", post=post.id))
    for target in targets:
        at = post.content.time_for(target)
        if at is None:
            raise refuse(
                Reason.of("no_time", post=post.id, profile=target),
                missing=[Remedy.of("move_post", post=post.id)],
            )
    remaining = attrs.evolve(
        record, post=attrs.evolve(post, content=_narrowed(post.content, targets))
    )
    _refuse_past(remaining.post, context)
    return (
        *_cancelled(context.deliveries, "scheduled_anew", context.actor),
        *_plan(record, context, context.actor, targets),
    )


def _published_on(context: Context) -> set[str]:
    return {
        delivery.profile
        for delivery in context.deliveries
        if delivery.state is DeliveryState.PUBLISHED
    }


def _narrowed(content: PostContent, targets: Sequence[str]) -> PostContent:
    return attrs.evolve(
        content,
        targets=tuple(targets),
        variants=[variant for variant in content.variants if variant.profile in targets],
        times=[(profile, at) for profile, at in content.times if profile in targets],
    )


def _unschedule(record: PostRecord, _: cm.Unschedule, context: Context) -> tuple[ev.Event, ...]:
    post = record.post
    check_permission("schedule", post, context)
    check_state(post, "unschedule", ("approved",))
    cancelled = _cancelled(context.deliveries, "unscheduled", context.actor)
    if not cancelled:
        raise refuse(Reason.of("nothing_waits", post=post.id))
    return (_event(post.id, ev.PostUnscheduled(), context.actor), *cancelled)


def _move(record: PostRecord, command: cm.Move, context: Context) -> tuple[ev.Event, ...]:
    post = record.post
    check_permission("schedule", post, context)
    check_state(post, "move", ("draft", "in_review", "changes_requested", "approved", "expired"))
    check_fresh(post, command.seen)
    if command.profile and command.profile not in post.targets:
        raise refuse(Reason.of("no_such_target", post=post.id, profile=command.profile))
    if command.profile:
        times = {str(profile): at for profile, at in post.content.times}
        times[command.profile] = command.at
        content = attrs.evolve(post.content, times=times)
    else:
        content = attrs.evolve(post.content, planned_at=command.at, times=())
    return _move_to(record, content, context)


def _move_to(record: PostRecord, content: PostContent, context: Context) -> tuple[ev.Event, ...]:
    post = record.post
    done = _published_on(context)
    targets = [target for target in post.targets if target not in done]
    if post.targets and not targets:
        raise refuse(Reason.of("all_published", post=post.id))
    remaining = attrs.evolve(post, content=_narrowed(content, targets))
    _refuse_past(remaining, context)
    _refuse_barred(context)
    _refuse_in_doubt(post, "move", context)
    revision = new_revision(
        content,
        salt=post.salt,
        number=post.revision.number + 1,
        author=context.actor.name,
        at=context.now,
        only_time=True,
    )
    if not revision.changed_since(post.revision):
        raise refuse(Reason.of("nothing_changed", post=post.id))
    state = PostState.DRAFT if post.state is PostState.EXPIRED else post.state
    edited = ev.PostEdited(revision=revision, state=state, content=content)
    taken = [
        ev.Event(ev.calendar_stream(target), context.actor, ev.SlotTaken(post=post.id))
        for target in post.targets
    ]
    after = evolve_post(record, edited, actor=context.actor, at=context.now)
    if post.state is not PostState.APPROVED:
        return (_event(post.id, edited, context.actor), *taken)
    cancelled = _cancelled(context.deliveries, "moved", context.actor)
    if not gate(after, context, alone=record.alone):
        # A step covers the time: the votes it bound no longer hold.
        edited = attrs.evolve(edited, state=PostState.IN_REVIEW)
        return (_event(post.id, edited, context.actor), *cancelled, *taken)
    return (
        _event(post.id, edited, context.actor),
        *cancelled,
        *_plan(after, context, context.actor, targets),
    )


def _cancel(record: PostRecord, command: cm.Cancel, context: Context) -> tuple[ev.Event, ...]:
    post = record.post
    check_permission("cancel", post, context)
    check_state(post, "cancel", ("draft", "in_review", "changes_requested", "approved", "expired"))
    _refuse_in_doubt(post, "cancel", context)
    return (
        _event(post.id, ev.PostCancelled(reason=command.reason), context.actor),
        *_cancelled(context.deliveries, "post_cancelled", context.actor),
    )


def expire(record: PostRecord, context: Context) -> tuple[ev.Event, ...]:
    """
    Let a post expire whose time came before its sign-off; nothing if it has not.

    Only where a policy that applies says so; others wait for their late votes.
    """
    post = record.post
    if post.state is not PostState.IN_REVIEW:
        return ()
    if record.request is not None and record.request.when != "planned":
        return ()
    if context.requirement(post).late != "expire":
        return ()
    times = [at for target in post.targets if (at := post.content.time_for(target)) is not None]
    if not any(at.instant <= context.now for at in times):
        return ()
    return (_event(post.id, ev.PostExpired(), Actor.TIMER),)


_DECIDERS: Final[Mapping[type[Any], Callable[[PostRecord, Any, Context], tuple[ev.Event, ...]]]] = {
    cm.Edit: _edit,
    cm.Comment: _comment,
    cm.Submit: _submit,
    cm.Approve: _vote,
    cm.RequestChanges: _vote,
    cm.Reject: _vote,
    cm.Withdraw: _withdraw,
    cm.Schedule: _schedule,
    cm.Unschedule: _unschedule,
    cm.Move: _move,
    cm.Cancel: _cancel,
}
