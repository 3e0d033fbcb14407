"""Take a person's word for what is out, and for what is not."""

from __future__ import annotations

import datetime as dt

from socialcollab.content import Delivery, DeliveryState, Post
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import DeliveryId, ProfileId
from socialcollab.time import WallTime, as_utc
from socialcollab.verdicts import Reason, Remedy
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.plan_deliveries import post_event
from socialcollab.workflow.decide.refusals import check_state, refuse
from socialcollab.workflow.decide.takedown import check_on_profiles
from socialcollab.workflow.model.request import PostSnapshot

_OUT = (DeliveryState.PUBLISHED, DeliveryState.REMOVING, DeliveryState.REMOVED)


def mark_published(
    snapshot: PostSnapshot, command: cm.MarkPublished, context: Context
) -> tuple[ev.Event, ...]:
    """
    Store that a person posted it by hand, or found what was in doubt.

    An answer that comes later all the same is kept beside it.
    """
    post = snapshot.post
    at = _checked(command, context)
    delivery = _current(command.profile, context)
    sent_to = [] if delivery is None else [delivery.profile]
    check_on_profiles("publish", post, sent_to, command.profile, context)
    if delivery is not None and delivery.state in _OUT:
        if command.network_id in delivery.known_ids:
            return ()
        if delivery.state is not DeliveryState.REMOVED:
            raise refuse(
                Reason.of(
                    "already_published",
                    post=post.id,
                    profile=delivery.profile,
                    network_id=delivery.network_id,
                )
            )
    if delivery is None or delivery.state is DeliveryState.REMOVED:
        return _anew(post, command, at, context)
    _refuse_under_way(post, delivery, "mark_published", context)
    stream = ev.delivery_stream(delivery.id)
    return (ev.Event(stream, context.actor, _published(command, at)),)


def mark_not_published(
    snapshot: PostSnapshot, command: cm.MarkNotPublished, context: Context
) -> tuple[ev.Event, ...]:
    """
    Store that a person has looked, and what was in doubt is not there.

    So it is said of what was to be taken down from a profile that has gone.
    """
    post = snapshot.post
    delivery = _current(command.profile, context)
    sent_to = [] if delivery is None else [delivery.profile]
    check_on_profiles("publish", post, sent_to, command.profile, context)
    if delivery is not None and delivery.stranded:
        data = ev.DeliveryTakenDown(network_ids=delivery.live_ids)
        return (ev.Event(ev.delivery_stream(delivery.id), context.actor, data),)
    if delivery is None or delivery.in_doubt is None or delivery.state not in _IN_DOUBT:
        raise refuse(Reason.of("nothing_in_doubt", post=post.id, profile=command.profile))
    _refuse_under_way(post, delivery, "mark_not_published", context)
    stream = ev.delivery_stream(delivery.id)
    return (ev.Event(stream, context.actor, ev.DeliveryMarkedNotPublished()),)


_IN_DOUBT = (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)


def _checked(command: cm.MarkPublished, context: Context) -> dt.datetime:
    if not command.network_id.strip():
        raise InvalidValueError(
            "what is published has the network's own id; none was given",
            value=command.network_id,
            expected="network_id = the id that the network shows, such as in the post's address",
        )
    at = context.now if command.at is None else as_utc(command.at)
    if at > context.now:
        raise InvalidValueError(
            f"`{at.isoformat()}` has not come yet, so nothing was published then",
            value=command.at,
            expected="an instant that has passed",
        )
    return at


def _current(profile: str, context: Context) -> Delivery | None:
    """Return the latest delivery to a profile that was not called off."""
    mine = [
        one
        for one in context.deliveries
        if one.profile == profile and one.state is not DeliveryState.CANCELLED
    ]
    return mine[-1] if mine else None


def _refuse_under_way(post: Post, delivery: Delivery, command: str, context: Context) -> None:
    attempt = delivery.in_doubt
    if attempt is None:
        return
    now = context.now if context.real_now is None else context.real_now
    if now < attempt.deadline:
        raise refuse(
            Reason.of(
                "may_still_arrive",
                post=post.id,
                profile=delivery.profile,
                command=command,
                until=attempt.deadline.isoformat(timespec="seconds"),
            ),
            remedies=[
                Remedy.of("wait_until", until=attempt.deadline.isoformat(timespec="seconds"))
            ],
        )


def _published(command: cm.MarkPublished, at: dt.datetime) -> ev.DeliveryPublished:
    return ev.DeliveryPublished(
        network_id=command.network_id, url=command.url, published_at=at, by_hand=True
    )


def _anew(
    post: Post, command: cm.MarkPublished, at: dt.datetime, context: Context
) -> tuple[ev.Event, ...]:
    """Plan a delivery for what a person posted before there was one, or after it was taken down."""
    check_state(post, "mark_published", ("approved",))
    if command.profile not in post.targets:
        raise refuse(Reason.of("no_such_target", post=post.id, profile=command.profile))
    name = DeliveryId(f"{post.id}.{command.profile}.{len(post.deliveries) + 1}")
    planned = ev.DeliveryPlanned(
        delivery=name,
        post=post.id,
        workspace=post.workspace,
        profile=ProfileId(command.profile),
        at=WallTime.of(at, context.zones.get(post.workspace, "UTC")),
        revision=post.digest,
    )
    stream = ev.delivery_stream(name)
    taken = ev.SlotTaken(post=post.id)
    return (
        post_event(post.id, ev.PostScheduled(deliveries=(name,)), context.actor),
        ev.Event(stream, context.actor, planned),
        ev.Event(stream, context.actor, _published(command, at)),
        ev.Event(ev.calendar_stream(command.profile), context.actor, taken),
    )
