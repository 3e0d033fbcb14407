"""Take down, amend and mark posts that are published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from socialcollab.content import PROFILE_GONE, PUBLISHED_FIELDS, Delivery, DeliveryState, Post
from socialcollab.directory import NETWORKS
from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    NetworkError,
    NotAllowedError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    TransientError,
)
from socialcollab.identifiers import DeliveryId, ProfileId
from socialcollab.time import WallTime, as_utc
from socialcollab.verdicts import Reason, Remedy
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.approval.steps import gate
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.deliveries import CALLED_OFF
from socialcollab.workflow.decide.delivery import may_amend, silenced_by, waits_to_sign_in
from socialcollab.workflow.decide.outcome import hold_profile, limit, wait_for
from socialcollab.workflow.decide.refusals import check_fresh, check_state, refuse, verdict_on
from socialcollab.workflow.model.request import PostSnapshot

_SENDING = (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)


def take_down(
    snapshot: PostSnapshot, command: cm.TakeDown, context: Context
) -> tuple[ev.Event, ...]:
    """
    Take down what is out, and let nothing of it go out any more.

    What is being sent or in doubt is taken down as soon as it is known to be
    out; what waits is called off. Asking twice changes nothing.
    """
    post = snapshot.post
    mine = [one for one in context.deliveries if command.profile in ("", one.profile)]
    check_on_profiles("take_down", post, [one.profile for one in mine], command.profile, context)
    if command.network_id:
        return _take_down_one(post, mine, command, context)
    if not any(_concerns(one) for one in mine):
        raise refuse(Reason.of("nothing_to_take_down", post=post.id))
    events: list[ev.Event] = []
    for delivery in mine:
        stream = ev.delivery_stream(delivery.id)
        if delivery.takedown_requested or not _concerns(delivery):
            continue
        # What was sent once may arrive late: then the wish has to be known.
        if delivery.state in CALLED_OFF and not delivery.live_ids and not delivery.attempts:
            off = ev.DeliveryCancelled(problem="taken_down")
            events.append(ev.Event(stream, context.actor, off))
        else:
            asked = ev.TakedownRequested(reason=command.reason)
            events.append(ev.Event(stream, context.actor, asked))
    return tuple(events)


def _concerns(delivery: Delivery) -> bool:
    """Tell whether something of it is out, may be, will be, may turn up, or was taken down."""
    return bool(
        delivery.live_ids
        or delivery.takedown_requested
        or delivery.state in CALLED_OFF
        or delivery.state in _SENDING
        or delivery.next_recheck_at is not None
    )


def _take_down_one(
    post: Post, mine: Iterable[Delivery], command: cm.TakeDown, context: Context
) -> tuple[ev.Event, ...]:
    for delivery in mine:
        if command.network_id not in delivery.known_ids:
            continue
        gone = command.network_id not in delivery.live_ids
        if delivery.takedown_requested or gone or command.network_id in delivery.takedown_ids:
            return ()
        asked = ev.TakedownRequested(network_id=command.network_id, reason=command.reason)
        return (ev.Event(ev.delivery_stream(delivery.id), context.actor, asked),)
    raise refuse(Reason.of("not_published_under", post=post.id, network_id=command.network_id))


def check_on_profiles(
    permission: str, post: Post, profiles: Iterable[str], profile: str, context: Context
) -> None:
    """
    Refuse an actor who lacks *permission* where something of *post* is, or on *profile*.

    What was sent to a profile that is no target or no profile any more counts
    by its workspace.

    Raises:
        NotFoundError: If the actor may not view it, or the post has nothing to do with *profile*.

        NotAllowedError: If the actor lacks the permission.
    """
    concerned = set(profiles) | ({profile} if profile else set(post.targets))
    if profile and profile not in {*profiles, *post.targets}:
        if verdict_on("view", context.resources_of(post), context):
            raise refuse(Reason.of("no_such_target", post=post.id, profile=profile))
        raise NotFoundError("post", post.id)
    known = tuple(sorted(name for name in concerned if name in context.profiles))
    places = known or context.resources_of(post)
    verdict = verdict_on(permission, places, context, post=post)
    if verdict:
        return
    if not verdict_on("view", places, context):
        raise NotFoundError("post", post.id)
    raise NotAllowedError(verdict)


def record_takedown(delivery: Delivery, network_ids: Iterable[str]) -> tuple[ev.Event, ...]:
    """Store that something of a delivery is not on the network any more."""
    gone = tuple(name for name in network_ids if name in delivery.live_ids)
    if not gone:
        return ()
    return (ev.publisher_event(delivery.id, ev.DeliveryTakenDown(network_ids=gone)),)


def abandon_takedown(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """
    Store that nothing can take it down from here, as its profile has gone.

    What is out stays out, and is said to be: a person who has looked may say
    that it is not there any more.
    """
    if not delivery.ids_to_take_down or delivery.profile in context.profiles:
        return ()
    return (ev.publisher_event(delivery.id, ev.TakedownAbandoned(problem=PROFILE_GONE)),)


def defer_takedown(
    delivery: Delivery, error: NetworkError, context: Context
) -> tuple[ev.Event, ...]:
    """
    Store that a removal did not succeed for now: it is tried again, for as long as it takes.

    Taking down twice is no harm, so that silence needs no look.
    """
    if not delivery.ids_to_take_down:
        return ()
    asked_s = error.retry_after_s if isinstance(error, RateLimitedError) else None
    until = context.now + wait_for(asked_s, delivery.rate_limited)
    problem = {
        RateLimitedError: "rate_limited",
        AuthenticationError: "credentials_refused",
    }.get(type(error), str(error)[:500])
    events = [
        ev.publisher_event(delivery.id, ev.TakedownDeferred(problem=problem, not_before=until))
    ]
    if isinstance(error, RateLimitedError):
        events.append(limit(delivery, until))
    if isinstance(error, AuthenticationError):
        events += hold_profile(delivery, context)
    return tuple(events)


_REACHES = frozenset(PUBLISHED_FIELDS) - {"targets"}


def differs_from_out(post: Post, delivery: Delivery) -> bool:
    """Tell whether what is out may differ from the post as it stands now."""
    if delivery.state is not DeliveryState.PUBLISHED or delivery.takedown_requested:
        return False
    out = post.revision_named(delivery.revision)
    return (
        out is None
        or amend_in_doubt(delivery)
        or any(name in _REACHES for name in post.revision.changed_since(out))
    )


def amend_in_doubt(delivery: Delivery) -> bool:
    """Tell whether a change was sent and nobody knows if it is out."""
    return delivery.amend_attempt is not None and not delivery.amend_attempt.answered


def amend(snapshot: PostSnapshot, command: cm.Amend, context: Context) -> tuple[ev.Event, ...]:
    """Let what is out carry the approved revision, in place."""
    post = snapshot.post
    out = [
        one
        for one in context.deliveries
        if one.state is DeliveryState.PUBLISHED
        and command.profile in ("", one.profile)
        and one.profile in post.targets
        and one.profile in context.profiles
    ]
    check_on_profiles("take_down", post, [one.profile for one in out], command.profile, context)
    check_state(post, "amend", ("approved",))
    check_fresh(post, command.seen)
    verdict = gate(snapshot, context, alone=snapshot.alone)
    if not verdict:
        raise NotAllowedError(verdict)
    changed = [one for one in out if differs_from_out(post, one)]
    if not changed:
        raise refuse(Reason.of("nothing_to_amend", post=post.id))
    for delivery in changed:
        _refuse_impossible(post, delivery, context)
    return tuple(
        ev.Event(ev.delivery_stream(one.id), context.actor, ev.AmendRequested(revision=post.digest))
        for one in changed
        if one.amending != post.digest
    )


def _refuse_impossible(post: Post, delivery: Delivery, context: Context) -> None:
    profile = context.profiles[delivery.profile]
    network = NETWORKS.get(profile.network)
    remedy = Remedy.of("take_down_and_reschedule", post=post.id, profile=profile.id)
    if network is not None and "edit" not in network.features:
        raise refuse(
            Reason.of("cannot_amend", profile=profile.id, network=network.title),
            remedies=[remedy],
        )
    if delivery.parts or delivery.duplicates:
        raise refuse(Reason.of("cannot_amend_parts", profile=profile.id), remedies=[remedy])


def start_amend(
    snapshot: PostSnapshot,
    delivery: Delivery,
    context: Context,
    *,
    started_at: dt.datetime,
    deadline: dt.datetime,
    limited_until: dt.datetime | None = None,
) -> tuple[ev.Event, ...]:
    """
    Take the right to send a change, under the same gate as a sending.

    Args:
        snapshot: The post, read anew.

        delivery: Its delivery, read anew.

        context: The rules and facts of now.

        started_at: The instant on the real clock.

        deadline: When the sender gives up for certain, on the real clock.

        limited_until: Until when the network asked its profile to wait, or None.

    Returns:
        ``AmendStarted``; ``AmendPutOff`` if it has to wait; ``AmendRefused``
        if the revision may not go out; none if there is nothing to send, or an
        earlier change may still arrive.
    """
    if not delivery.amending or delivery.state is not DeliveryState.PUBLISHED:
        return ()
    earlier = delivery.amend_attempt
    if earlier is not None and not earlier.answered and started_at < earlier.deadline:
        return ()
    problem = silenced_by(snapshot, delivery, context)
    if not problem and waits_to_sign_in(snapshot, delivery, context):
        problem = "credentials_refused"
    if problem:
        until = context.now + wait_for(None, delivery.rate_limited)
        put_off = ev.AmendDeferred(problem=problem, not_before=until, answered=False)
        return (ev.publisher_event(delivery.id, put_off),)
    if limited_until is not None and limited_until > context.now:
        put_off = ev.AmendDeferred(problem="rate_limited", not_before=limited_until, answered=False)
        return (ev.publisher_event(delivery.id, put_off),)
    if not may_amend(snapshot, delivery, context):
        refused = ev.AmendRejected(problem="not_approved", answered=False)
        return (ev.publisher_event(delivery.id, refused),)
    started = ev.AmendStarted(
        number=1 if earlier is None else earlier.number + 1,
        revision=delivery.amending,
        started_at=started_at,
        deadline=deadline,
    )
    return (ev.publisher_event(delivery.id, started),)


def abandon_amend(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """Store that what is out cannot be changed from here any more, as its profile has gone."""
    if not delivery.amending or delivery.profile in context.profiles:
        return ()
    return (
        ev.publisher_event(delivery.id, ev.AmendRejected(problem=PROFILE_GONE, answered=False)),
    )


def record_amend_outcome(
    delivery: Delivery,
    outcome: NetworkError | None,
    context: Context,
    *,
    number: int,
    revision: str,
    real_now: dt.datetime,
) -> tuple[ev.Event, ...]:
    """
    Store what came of sending a change.

    The answer to an older attempt says nothing once a newer one was sent. An
    answer that is lost leaves what is known: the change is sent again after
    its deadline, which puts the same words in the same place.

    Args:
        delivery: The delivery, read anew.

        outcome: What went wrong, or None if the change is out.

        context: The facts of now.

        number: The attempt that was answered, 0 if none was begun.

        revision: What it carried.

        real_now: The instant on the real clock.
    """
    attempt = delivery.amend_attempt
    if number and (attempt is None or attempt.number != number or attempt.answered):
        return ()
    if outcome is None:
        return (ev.publisher_event(delivery.id, ev.DeliveryAmended(revision=revision)),)
    wait = wait_for(
        outcome.retry_after_s if isinstance(outcome, RateLimitedError) else None,
        delivery.rate_limited,
    )
    if isinstance(outcome, OutcomeUnknownError) and attempt is not None:
        until = context.now + max(wait, attempt.deadline - real_now)
        put_off = ev.AmendDeferred(problem="no_answer", not_before=until, answered=False)
        return (ev.publisher_event(delivery.id, put_off),)
    until = context.now + wait
    if isinstance(outcome, RateLimitedError):
        put_off = ev.AmendDeferred(problem="rate_limited", not_before=until)
        return (ev.publisher_event(delivery.id, put_off), limit(delivery, until))
    if isinstance(outcome, AuthenticationError):
        put_off = ev.AmendDeferred(problem="credentials_refused", not_before=until)
        return (ev.publisher_event(delivery.id, put_off), *hold_profile(delivery, context))
    if isinstance(outcome, TransientError):
        return (
            ev.publisher_event(
                delivery.id, ev.AmendDeferred(problem="temporary", not_before=until)
            ),
        )
    return (ev.publisher_event(delivery.id, ev.AmendRejected(problem=str(outcome)[:500])),)


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
        ev.post_event(post.id, ev.PostScheduled(deliveries=(name,)), context.actor),
        ev.Event(stream, context.actor, planned),
        ev.Event(stream, context.actor, _published(command, at)),
        ev.Event(ev.calendar_stream(command.profile), context.actor, taken),
    )
