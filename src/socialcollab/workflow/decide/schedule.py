"""Deciders for planning, moving and cancelling a post's deliveries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from socialcollab.content import (
    Delivery,
    DeliveryState,
    Post,
    PostContent,
    PostState,
    post_reason,
    post_remedy,
)
from socialcollab.errors import InvalidValueError, NotAllowedError
from socialcollab.identifiers import DeliveryId, ProfileId
from socialcollab.time import WallTime
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import (
    check_fresh,
    check_permission,
    check_state,
    refuse,
)
from socialcollab.workflow.evolve import evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot
from socialcollab.workflow.steps import gate

UNSENT_STATES: Final = (DeliveryState.WAITING, DeliveryState.MISSED)
IN_DOUBT_STATES: Final = (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)


def schedule(
    snapshot: PostSnapshot, command: cm.Schedule, context: Context
) -> tuple[ev.Event, ...]:
    """
    Schedule an approved post for its planned time or for another time.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `schedule`, if the post is not approved or the
            gate is closed, if a delivery is in doubt, if a time is missing, has passed, or is in a
            blackout or hold, or if the post is already published on all targets.
        StaleError: If the actor did not see the current revision.
    """
    post = snapshot.post
    check_permission("schedule", post, context)
    check_state(post, "schedule", ("approved",))
    check_fresh(post, command.seen)
    refuse_in_doubt(post, "schedule", context, partly_published=False)
    if command.at is not None:
        content = attrs.evolve(post.content, planned_at=command.at, times=())
        if content != post.content:
            return _move(snapshot, content, context, "schedule", restore=True)
    verdict = gate(snapshot, context, alone=snapshot.alone)
    if not verdict:
        raise NotAllowedError(verdict)
    refuse_barred(context)
    targets = unpublished_targets(post, context, restore=True)
    refuse_taken_down(snapshot, targets)
    resumed = _resume_partly_published(context.deliveries, context.actor)
    if not targets and not resumed:
        raise refuse(post_reason("all_published", post))
    for target in targets:
        if post.content.time_for(target) is None:
            raise refuse(
                post_reason("no_time", post, profile=target),
                remedies=[post_remedy("reschedule_post", post)],
            )
    refuse_past(post, post.content, targets, context)
    refuse_limits(post, post.content, targets, context)
    return (
        *resumed,
        *cancel_unsent(context.deliveries, "scheduled_again", context.actor),
        *plan(snapshot, context, context.actor, targets),
    )


def unschedule(snapshot: PostSnapshot, _: cm.Unschedule, context: Context) -> tuple[ev.Event, ...]:
    """
    Cancel the waiting and missed deliveries of a post, which stays approved.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `schedule`, if the post is not approved, or if
            it has no such deliveries.
    """
    post = snapshot.post
    check_permission("schedule", post, context)
    check_state(post, "unschedule", ("approved",))
    cancelled = cancel_unsent(context.deliveries, "unscheduled", context.actor)
    if not cancelled:
        raise refuse(post_reason("nothing_scheduled", post))
    return (ev.post_event(post.id, ev.PostUnscheduled(), context.actor), *cancelled)


def reschedule(
    snapshot: PostSnapshot, command: cm.Reschedule, context: Context
) -> tuple[ev.Event, ...]:
    """
    Move a post or one of its targets to another time.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `schedule`, if the post is rejected or
            cancelled, if a delivery is in doubt, if the time has passed or is in a blackout or
            hold, or if nothing would change.
        StaleError: If the actor did not see the current revision.
    """
    post = snapshot.post
    check_permission("schedule", post, context)
    check_state(
        post, "reschedule", ("draft", "in_review", "changes_requested", "approved", "expired")
    )
    check_fresh(post, command.seen)
    if command.profile and command.profile not in post.targets:
        raise refuse(post_reason("no_such_target", post, profile=command.profile))
    if (command.at is None) == (command.by is None):
        raise InvalidValueError(
            "pass either a new time or a time difference",
            value=command.at,
            expected="one of `at` and `by`",
        )
    if command.by is not None:
        content = _shifted(post.content, command.by)
    elif command.profile:
        times = {str(profile): at for profile, at in post.content.times}
        assert command.at is not None  # noqa: S101  checked above
        times[command.profile] = command.at
        content = attrs.evolve(post.content, times=times)
    else:
        content = attrs.evolve(post.content, planned_at=command.at, times=())
    return _move(snapshot, content, context, "reschedule")


def _shifted(content: PostContent, by: dt.timedelta) -> PostContent:
    """Return *content* with all of its local times moved by the same difference."""

    def later(at: WallTime) -> WallTime:
        return WallTime(local=at.local + by, zone=at.zone)

    return attrs.evolve(
        content,
        planned_at=None if content.planned_at is None else later(content.planned_at),
        times={str(profile): later(at) for profile, at in content.times},
    )


def _move(
    snapshot: PostSnapshot,
    content: PostContent,
    context: Context,
    command: str,
    *,
    restore: bool = False,
) -> tuple[ev.Event, ...]:
    """Store *content*, which differs only in its times, and replan the deliveries if approved."""
    post = snapshot.post
    targets = unpublished_targets(post, context, restore=restore)
    refuse_taken_down(snapshot, targets)
    if post.targets and not targets:
        raise refuse(post_reason("all_published", post))
    refuse_past(post, content, targets, context)
    refuse_barred(context)
    refuse_in_doubt(post, command, context)
    revision = post.next_revision(content, author=context.actor.name, at=context.now)
    if not revision.changed_since(post.revision):
        raise refuse(post_reason("nothing_changed", post))
    state = PostState.DRAFT if post.state is PostState.EXPIRED else post.state
    edited = ev.PostEdited(revision=revision, state=state, content=content)
    after = evolve_post(snapshot, edited, actor=context.actor, at=context.now)
    slots = slot_events(post, post.targets, context.actor)
    if post.state is not PostState.APPROVED:
        return (ev.post_event(post.id, edited, context.actor), *slots)
    cancelled = cancel_unsent(context.deliveries, "rescheduled", context.actor)
    if not gate(after, context, alone=snapshot.alone):
        # If a step binds the time, its approvals no longer count and the post returns to review.
        edited = attrs.evolve(edited, state=PostState.IN_REVIEW)
        return (ev.post_event(post.id, edited, context.actor), *cancelled, *slots)
    return (
        ev.post_event(post.id, edited, context.actor),
        *cancelled,
        *plan(after, context, context.actor, targets),
    )


def cancel(snapshot: PostSnapshot, command: cm.Cancel, context: Context) -> tuple[ev.Event, ...]:
    """
    Cancel a post, so that it can never be published.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `cancel`, if the post is already rejected or
            cancelled, if a delivery is in doubt, or if the post is published on every target.
        StaleError: If the actor did not see the current revision.
    """
    post = snapshot.post
    check_permission("cancel", post, context)
    check_state(post, "cancel", ("draft", "in_review", "changes_requested", "approved", "expired"))
    check_fresh(post, command.seen)
    refuse_in_doubt(post, "cancel", context)
    if post.targets and set(post.targets) <= published_on(context) - _taken_down_on(context):
        raise refuse(
            post_reason("all_published", post), remedies=[post_remedy("take_down_post", post)]
        )
    return (
        ev.post_event(post.id, ev.PostCancelled(reason=command.reason), context.actor),
        *cancel_unsent(context.deliveries, "post_cancelled", context.actor),
    )


def expire(snapshot: PostSnapshot, context: Context) -> tuple[ev.Event, ...]:
    """
    Return an event that expires a post in review if its planned time has passed.

    A post expires only if one of its policies requires it. Otherwise it waits for a late approval.
    The times of targets on which the post is already published are ignored, because new content is
    an amendment there.
    """
    post = snapshot.post
    if post.state is not PostState.IN_REVIEW:
        return ()
    if snapshot.request is not None and snapshot.request.when != "planned":
        return ()
    if context.requirement(post).late != "expire":
        return ()
    if not any(at <= context.now for at in unpublished_times(post, context)):
        return ()
    return (ev.post_event(post.id, ev.PostExpired(), Actor.TIMER),)


# Functions that other deciders use.


def plan(
    snapshot: PostSnapshot,
    context: Context,
    actor: Actor,
    targets: Iterable[str],
    *,
    at_once: bool = False,
    times: Mapping[str, WallTime] | None = None,
) -> list[ev.Event]:
    """
    Return the events that plan a delivery for each target with a time.

    Deliveries are created only here and for a member's report of a manually published post. The
    callers have checked the gate, and the publisher checks it again before sending.

    Args:
        snapshot: The post.
        context: The current rules.
        actor: The actor who plans the deliveries.
        targets: The targets.
        at_once: Whether to plan all deliveries for the current instant.
        times: Times that replace the planned times, by target.
    """
    post = snapshot.post
    ids: list[DeliveryId] = []
    planned: list[ev.Event] = []
    slots: list[ev.Event] = []
    for target in targets:
        at = (times or {}).get(target) or post.content.time_for(target)
        if at_once:
            at = WallTime.of(context.now, context.zones.get(post.workspace, "UTC"))
        if at is None:
            continue
        delivery = delivery_id(post, target, earlier=len(ids))
        ids.append(delivery)
        planned.append(ev.delivery_event(delivery, planned_for(post, target, delivery, at), actor))
        slots += slot_events(post, [target], actor)
    if not ids:
        return []
    scheduled = ev.post_event(post.id, ev.PostScheduled(deliveries=tuple(ids)), actor)
    return [scheduled, *planned, *slots]


def delivery_id(post: Post, target: str, *, earlier: int = 0) -> DeliveryId:
    """Return the id of a post's next delivery, after *earlier* deliveries of the same command."""
    return DeliveryId(f"{post.id}.{target}.{len(post.deliveries) + earlier + 1}")


def planned_for(post: Post, target: str, delivery: DeliveryId, at: WallTime) -> ev.DeliveryPlanned:
    """Return the event that plans a delivery of the post's current revision."""
    return ev.DeliveryPlanned(
        delivery=delivery,
        post=post.id,
        workspace=post.workspace,
        profile=ProfileId(target),
        at=at,
        revision=post.digest,
        author=post.author,
    )


def slot_events(post: Post, targets: Iterable[str], actor: Actor) -> list[ev.Event]:
    """Return the events that reserve a time on the calendars of *targets*."""
    return [ev.calendar_event(target, ev.SlotTaken(post=post.id), actor) for target in targets]


def cancel_unsent(deliveries: Iterable[Delivery], problem: str, actor: Actor) -> list[ev.Event]:
    """Return the events that cancel waiting and missed deliveries with no published parts."""
    return [
        ev.delivery_event(delivery.id, ev.DeliveryCancelled(problem=problem), actor)
        for delivery in deliveries
        if delivery.state in UNSENT_STATES and not delivery.live_ids
    ]


def _resume_partly_published(deliveries: Iterable[Delivery], actor: Actor) -> list[ev.Event]:
    """Return the events that resume missed threads that are already partly published."""
    return [
        ev.delivery_event(delivery.id, ev.DeliveryDeferred(problem=""), actor)
        for delivery in deliveries
        if delivery.state is DeliveryState.MISSED and delivery.live_ids
    ]


def published_on(context: Context) -> set[str]:
    """Return the profiles on which the post is or was published; it is not planned there again."""
    published: set[str] = {
        delivery.profile
        for delivery in context.deliveries
        if delivery.live_ids or delivery.state is DeliveryState.PUBLISHED
    }
    return published | _taken_down_on(context)


def _taken_down_on(context: Context) -> set[str]:
    """Return the profiles from which the post was taken down and not sent again since."""
    latest = {
        delivery.profile: delivery.state
        for delivery in context.deliveries
        if delivery.state is not DeliveryState.CANCELLED
    }
    return {profile for profile, state in latest.items() if state is DeliveryState.REMOVED}


def unpublished_times(post: Post, context: Context) -> list[dt.datetime]:
    """Return the planned instants of the targets on which the post is not published."""
    return [
        at.instant
        for target in unpublished_targets(post, context)
        if (at := post.content.time_for(target)) is not None
    ]


def unpublished_targets(post: Post, context: Context, *, restore: bool = False) -> list[ProfileId]:
    """
    Return the targets on which the post was not published.

    If *restore* is true and there are no other targets left, these include profiles from which the
    post was taken down.
    """
    published = published_on(context)
    targets = [target for target in post.targets if target not in published]
    if not targets and restore:
        taken_down = _taken_down_on(context)
        targets = [target for target in post.targets if target in taken_down]
    return targets


def refuse_taken_down(snapshot: PostSnapshot, targets: Iterable[str]) -> None:
    """Reject targets from which the post was taken down, until it has a new approval."""
    for target in targets:
        if target in snapshot.taken_down:
            raise refuse(
                post_reason("taken_down", snapshot.post, profile=target),
                remedies=[post_remedy("resubmit", snapshot.post)],
            )


def refuse_in_doubt(
    post: Post, command: str, context: Context, *, partly_published: bool = True
) -> None:
    """
    Reject a command while a delivery is being sent or its outcome is unknown.

    Args:
        post: The post.
        command: The command's name.
        context: The current rules, with the post's deliveries.
        partly_published: Whether to reject the command also for a partly published thread, because
            a change would not affect the published parts.
    """
    for delivery in context.deliveries:
        if delivery.state in IN_DOUBT_STATES or (partly_published and delivery.partly_published):
            raise refuse(
                post_reason(
                    "delivery_in_doubt",
                    post,
                    profile=delivery.profile,
                    state=delivery.state.value,
                    command=command,
                )
            )


def refuse_limits(
    post: Post, content: PostContent, targets: Iterable[str], context: Context
) -> None:
    """Reject *content* that exceeds a network limit on one of *targets*."""
    findings = context.exceeded_limits(content, targets)
    if findings:
        raise refuse(
            *(
                post_reason(
                    "exceeds_limits",
                    post,
                    profile=finding.profile,
                    problem=finding.message,
                    source=dict(finding.params)["source"],
                )
                for finding in findings
            )
        )


def refuse_past(post: Post, content: PostContent, targets: Iterable[str], context: Context) -> None:
    """Reject *content* if its planned time has passed on one of *targets*."""
    for target in targets:
        at = content.time_for(target)
        if at is not None and at.instant <= context.now:
            raise refuse(
                post_reason("time_passed", post, profile=target, at=str(at)),
                remedies=[post_remedy("reschedule_post", post)],
            )


def refuse_barred(context: Context) -> None:
    """Reject times that are in a blackout or hold."""
    if context.barred:
        raise refuse(*(context.barred[profile] for profile in sorted(context.barred)))
