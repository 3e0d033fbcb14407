"""The one door to a waiting delivery, and what closes it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from socialcollab.content import (
    Delivery,
    DeliveryState,
    Post,
    PostContent,
)
from socialcollab.identifiers import (
    DeliveryId,
    ProfileId,
)
from socialcollab.time import WallTime
from socialcollab.verdicts import Reason, Remedy
from socialcollab.workflow import events as ev
from socialcollab.workflow.approval.steps import (
    due_steps,
)
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import (
    refuse,
)
from socialcollab.workflow.evolve.post import evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.policy import StepKey
from socialcollab.workflow.model.request import PostSnapshot

CALLED_OFF = (DeliveryState.WAITING, DeliveryState.MISSED)


_IN_DOUBT = (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)


def plan(
    snapshot: PostSnapshot,
    context: Context,
    actor: Actor,
    targets: Sequence[str],
    *,
    at_once: bool = False,
    times: Mapping[str, WallTime] | None = None,
) -> list[ev.Event]:
    """Plan a delivery for each target that has a time: the one door to a waiting delivery."""
    post = snapshot.post
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
    scheduled = ev.post_event(post.id, ev.PostScheduled(deliveries=tuple(ids)), actor)
    return [scheduled, *planned, *taken]


def call_off(deliveries: Sequence[Delivery], problem: str, actor: Actor) -> list[ev.Event]:
    """Cancel those deliveries that wait or were missed; of what is partly out, none."""
    return [
        ev.Event(ev.delivery_stream(delivery.id), actor, ev.DeliveryCancelled(problem=problem))
        for delivery in deliveries
        if delivery.state in CALLED_OFF and not delivery.live_ids
    ]


def go_on(deliveries: Sequence[Delivery], actor: Actor) -> list[ev.Event]:
    """Let go on what was missed when parts of it were out already."""
    return [
        ev.Event(ev.delivery_stream(delivery.id), actor, ev.DeliveryDeferred(problem=""))
        for delivery in deliveries
        if delivery.state is DeliveryState.MISSED and delivery.live_ids
    ]


def published_on(context: Context) -> set[str]:
    """Return the profiles that the post does not go to by itself: it is out, or was taken down."""
    out = {
        delivery.profile
        for delivery in context.deliveries
        if delivery.live_ids or delivery.state is DeliveryState.PUBLISHED
    }
    return out | taken_down_on(context)


def taken_down_on(context: Context) -> set[str]:
    """Return the profiles that the post was taken down from, and has not gone to again."""
    latest = {
        delivery.profile: delivery.state
        for delivery in context.deliveries
        if delivery.state is not DeliveryState.CANCELLED
    }
    return {profile for profile, state in latest.items() if state is DeliveryState.REMOVED}


def narrowed(content: PostContent, targets: Sequence[str]) -> PostContent:
    """Return *content* for some of its targets alone."""
    return attrs.evolve(
        content,
        targets=tuple(targets),
        variants=[variant for variant in content.variants if variant.profile in targets],
        times=[(profile, at) for profile, at in content.times if profile in targets],
    )


def refuse_in_doubt(
    post: Post, command: str, context: Context, *, partly_published: bool = True
) -> None:
    """Refuse a command while a delivery is being sent, partly out or its outcome is unknown."""
    for delivery in context.deliveries:
        if delivery.state in _IN_DOUBT or (partly_published and delivery.partly_published):
            raise refuse(
                Reason.of(
                    "delivery_in_doubt",
                    post=post.id,
                    profile=delivery.profile,
                    state=delivery.state.value,
                    command=command,
                )
            )


def refuse_past(post: Post, context: Context) -> None:
    """Refuse a post whose time has passed on a target."""
    for target in post.targets:
        at = post.content.time_for(target)
        if at is not None and at.instant <= context.now:
            raise refuse(
                Reason.of("time_passed", post=post.id, profile=target, at=str(at)),
                remedies=[Remedy.of("reschedule_post", post=post.id)],
            )


def refuse_barred(context: Context) -> None:
    """Refuse times that a blackout or a hold stands at."""
    if context.barred:
        raise refuse(*(context.barred[profile] for profile in sorted(context.barred)))


def after_events(snapshot: PostSnapshot, events: list[ev.Event], context: Context) -> PostSnapshot:
    """Return the record after the post's events among *events*."""
    stream = ev.post_stream(snapshot.post.id)
    for event in events:
        if event.stream == stream:
            snapshot = evolve_post(snapshot, event.data, actor=event.actor, at=context.now)
    return snapshot


def sorted_due(snapshot: PostSnapshot, context: Context) -> tuple[StepKey, ...]:
    """Return the steps that are due, sorted."""
    return tuple(sorted(due_steps(snapshot, context)))


def pins_of(snapshot: PostSnapshot, context: Context) -> dict[str, str]:
    """Return the digests of the policies that apply."""
    keys = {key.policy for key in due_steps(snapshot, context)}
    keys |= set(context.requirement(snapshot.post).policies)
    return {name: context.pins[name] for name in sorted(keys) if name in context.pins}
