"""Give a post its time: schedule, unschedule, move, cancel, expire."""

from __future__ import annotations

import attrs

from socialcollab.content import (
    Post,
    PostContent,
    PostState,
)
from socialcollab.errors import NotAllowedError
from socialcollab.identifiers import ProfileId
from socialcollab.verdicts import Reason, Remedy
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.approval.steps import (
    gate,
)
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.deliveries import (
    call_off,
    go_on,
    narrowed,
    plan,
    published_on,
    refuse_barred,
    refuse_in_doubt,
    refuse_past,
    taken_down_on,
)
from socialcollab.workflow.decide.refusals import (
    check_fresh,
    check_permission,
    check_state,
    refuse,
)
from socialcollab.workflow.decide.revision import new_revision
from socialcollab.workflow.evolve.post import evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot


def schedule(
    snapshot: PostSnapshot, command: cm.Schedule, context: Context
) -> tuple[ev.Event, ...]:
    """Let an approved post leave."""
    post = snapshot.post
    check_permission("schedule", post, context)
    check_state(post, "schedule", ("approved",))
    check_fresh(post, command.seen)
    refuse_in_doubt(post, "schedule", context, partly_published=False)
    if command.at is not None:
        content = attrs.evolve(post.content, planned_at=command.at, times=())
        if content != post.content:
            return _move_to(snapshot, content, context, anew=True)
    return _leave(snapshot, context)


def _leave(snapshot: PostSnapshot, context: Context) -> tuple[ev.Event, ...]:
    post = snapshot.post
    verdict = gate(snapshot, context, alone=snapshot.alone)
    if not verdict:
        raise NotAllowedError(verdict)
    refuse_barred(context)
    targets = _left_to_go(post, context, anew=True)
    going_on = go_on(context.deliveries, context.actor)
    if not targets and not going_on:
        raise refuse(Reason.of("all_published", post=post.id))
    for target in targets:
        at = post.content.time_for(target)
        if at is None:
            raise refuse(
                Reason.of("no_time", post=post.id, profile=target),
                remedies=[Remedy.of("reschedule_post", post=post.id)],
            )
    remaining = attrs.evolve(
        snapshot, post=attrs.evolve(post, content=narrowed(post.content, targets))
    )
    refuse_past(remaining.post, context)
    return (
        *going_on,
        *call_off(context.deliveries, "scheduled_anew", context.actor),
        *plan(snapshot, context, context.actor, targets),
    )


def _left_to_go(post: Post, context: Context, *, anew: bool) -> list[ProfileId]:
    """
    Return the targets that the post has not gone to.

    With *anew*, what was taken down comes back if it is all that is left to come.
    """
    done = published_on(context)
    targets = [target for target in post.targets if target not in done]
    if not targets and anew:
        again = taken_down_on(context)
        targets = [target for target in post.targets if target in again]
    return targets


def unschedule(snapshot: PostSnapshot, _: cm.Unschedule, context: Context) -> tuple[ev.Event, ...]:
    """Call off what waits."""
    post = snapshot.post
    check_permission("schedule", post, context)
    check_state(post, "unschedule", ("approved",))
    cancelled = call_off(context.deliveries, "unscheduled", context.actor)
    if not cancelled:
        raise refuse(Reason.of("nothing_scheduled", post=post.id))
    return (ev.post_event(post.id, ev.PostUnscheduled(), context.actor), *cancelled)


def reschedule(
    snapshot: PostSnapshot, command: cm.Reschedule, context: Context
) -> tuple[ev.Event, ...]:
    """Give a post another time."""
    post = snapshot.post
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
    return _move_to(snapshot, content, context)


def _move_to(
    snapshot: PostSnapshot, content: PostContent, context: Context, *, anew: bool = False
) -> tuple[ev.Event, ...]:
    post = snapshot.post
    targets = _left_to_go(post, context, anew=anew)
    if post.targets and not targets:
        raise refuse(Reason.of("all_published", post=post.id))
    remaining = attrs.evolve(post, content=narrowed(content, targets))
    refuse_past(remaining, context)
    refuse_barred(context)
    refuse_in_doubt(post, "move", context)
    revision = new_revision(
        content,
        salt=post.salt,
        number=post.revision.number + 1,
        author=context.actor.name,
        at=context.now,
        only_time=True,
        before=post,
    )
    if not revision.changed_since(post.revision):
        raise refuse(Reason.of("nothing_changed", post=post.id))
    state = PostState.DRAFT if post.state is PostState.EXPIRED else post.state
    edited = ev.PostEdited(revision=revision, state=state, content=content)
    taken = [
        ev.Event(ev.calendar_stream(target), context.actor, ev.SlotTaken(post=post.id))
        for target in post.targets
    ]
    after = evolve_post(snapshot, edited, actor=context.actor, at=context.now)
    if post.state is not PostState.APPROVED:
        return (ev.post_event(post.id, edited, context.actor), *taken)
    cancelled = call_off(context.deliveries, "moved", context.actor)
    if not gate(after, context, alone=snapshot.alone):
        # A step covers the time: the votes it bound no longer hold.
        edited = attrs.evolve(edited, state=PostState.IN_REVIEW)
        return (ev.post_event(post.id, edited, context.actor), *cancelled, *taken)
    return (
        ev.post_event(post.id, edited, context.actor),
        *cancelled,
        *plan(after, context, context.actor, targets),
    )


def cancel(snapshot: PostSnapshot, command: cm.Cancel, context: Context) -> tuple[ev.Event, ...]:
    """Give a post up."""
    post = snapshot.post
    check_permission("cancel", post, context)
    check_state(post, "cancel", ("draft", "in_review", "changes_requested", "approved", "expired"))
    refuse_in_doubt(post, "cancel", context)
    if post.targets and set(post.targets) <= published_on(context) - taken_down_on(context):
        raise refuse(
            Reason.of("all_published", post=post.id),
            remedies=[Remedy.of("take_down_post", post=post.id)],
        )
    return (
        ev.post_event(post.id, ev.PostCancelled(reason=command.reason), context.actor),
        *call_off(context.deliveries, "post_cancelled", context.actor),
    )


def expire(snapshot: PostSnapshot, context: Context) -> tuple[ev.Event, ...]:
    """
    Let a post expire whose time came before its sign-off; nothing if it has not.

    Only where a policy that applies says so; others wait for their late votes.
    """
    post = snapshot.post
    if post.state is not PostState.IN_REVIEW:
        return ()
    if snapshot.request is not None and snapshot.request.when != "planned":
        return ()
    if context.requirement(post).late != "expire":
        return ()
    times = [at for target in post.targets if (at := post.content.time_for(target)) is not None]
    if not any(at.instant <= context.now for at in times):
        return ()
    return (ev.post_event(post.id, ev.PostExpired(), Actor.TIMER),)
