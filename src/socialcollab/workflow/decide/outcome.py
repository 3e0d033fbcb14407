"""Record the outcome of a delivery after a request, a lookup, a timeout or a member's report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import attrs

from socialcollab.content import Delivery, DeliveryState, Hold, Post, post_reason
from socialcollab.directory import Selector
from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.time import WallTime, as_utc
from socialcollab.verdicts import Remedy
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import (
    check_on_profiles,
    check_state,
    refuse,
)
from socialcollab.workflow.decide.schedule import (
    IN_DOUBT_STATES,
    delivery_id,
    planned_for,
    slot_events,
)
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot

_PUBLISHED_STATES: Final = (
    DeliveryState.PUBLISHED,
    DeliveryState.REMOVING,
    DeliveryState.REMOVED,
)
_MIN_DELAY: Final = dt.timedelta(seconds=60)
_MAX_DELAY: Final = dt.timedelta(hours=1)
_MAX_REQUESTED_DELAY: Final = dt.timedelta(days=1)
_MAX_LOOKUP_DELAY: Final = dt.timedelta(hours=6)
_RECHECK_DELAYS: Final = (dt.timedelta(minutes=10), dt.timedelta(hours=2), dt.timedelta(days=1))
MAX_PROBLEM: Final = 500
"""The maximum number of characters from an error that are stored as a problem."""
# The clocks of different machines are assumed to differ by less than this. A clock that is further
# behind must have been set back.
_CLOCK_SKEW: Final = dt.timedelta(minutes=1)


@attrs.frozen(kw_only=True)
class Publication:
    """
    A publication that the network has confirmed.

    Attributes:
        network_id: The network's own id.
        url: The address of the post, or an empty string.
        published_at: The time of publication, in UTC.
        found: Whether a lookup found the publication, rather than the response to the request.
    """

    network_id: str
    url: str
    published_at: dt.datetime
    found: bool = False


def record_outcome(
    delivery: Delivery,
    outcome: Publication | NetworkError,
    context: Context,
    *,
    attempt: int | None = None,
) -> tuple[ev.Event, ...]:
    """
    Record the outcome of a send.

    A publication is always recorded, no matter how late the response arrives or what was recorded
    in the meantime. The post is on the network, and ignoring this could lead to a second send.

    Args:
        delivery: The delivery.
        outcome: The publication that the network confirmed, or the error.
        context: The current rules.
        attempt: The number of the attempt to which the outcome belongs, 0 if no permit was taken,
            or None for the latest attempt. The failure of an older attempt proves nothing about a
            newer attempt in doubt.
    """
    if isinstance(outcome, Publication):
        return _record_published(delivery, outcome, attempt)
    if delivery.state not in IN_DOUBT_STATES:
        return ()
    if attempt is not None and delivery.in_doubt and delivery.in_doubt.number != attempt:
        return ()
    if isinstance(outcome, RateLimitedError):
        until = context.now + retry_delay(outcome.retry_after_s, delivery.rate_limited)
        deferred = ev.DeliveryDeferred(problem="rate_limited", not_before=until, rate_limited=True)
        return (ev.publisher_event(delivery.id, deferred), limit_profile(delivery, until))
    if isinstance(outcome, TransientError):
        until = context.now + retry_delay(None, delivery.rate_limited)
        deferred = ev.DeliveryDeferred(problem="transient", not_before=until, rate_limited=True)
        return (ev.publisher_event(delivery.id, deferred),)
    if isinstance(outcome, AuthenticationError):
        deferred = ev.DeliveryDeferred(problem="credentials_refused")
        return (ev.publisher_event(delivery.id, deferred), *hold_profile(delivery, context))
    # An unexpected error proves that nothing was published only if no creating request was sent.
    nothing_sent = not isinstance(outcome, OutcomeUnknownError) and delivery.in_doubt is None
    if isinstance(outcome, RejectedError) or nothing_sent:
        failed = ev.DeliveryFailed(problem=str(outcome)[:MAX_PROBLEM])
        return (ev.publisher_event(delivery.id, failed),)
    if delivery.state is DeliveryState.UNKNOWN:
        return ()
    return (ev.publisher_event(delivery.id, ev.DeliveryUnknown(problem="no_answer")),)


def record_differences(delivery: Delivery, fields: tuple[str, ...]) -> tuple[ev.Event, ...]:
    """Record in which fields a published post differs from the approved content."""
    if not fields or delivery.state is not DeliveryState.PUBLISHED or delivery.amending:
        return ()
    return (ev.publisher_event(delivery.id, ev.PublishedDifferently(fields=fields)),)


def _record_published(
    delivery: Delivery, publication: Publication, attempt: int | None
) -> tuple[ev.Event, ...]:
    if delivery.state in _PUBLISHED_STATES:
        return _record_duplicate(delivery, publication, number=attempt or 0, part=0)
    published = ev.DeliveryPublished(
        network_id=publication.network_id,
        url=publication.url,
        published_at=publication.published_at,
        found=publication.found,
    )
    return (ev.publisher_event(delivery.id, published),)


def _record_duplicate(
    delivery: Delivery, publication: Publication, *, number: int, part: int
) -> tuple[ev.Event, ...]:
    """Record that the post or a part of it is published under a second network id."""
    if publication.network_id in delivery.known_ids:
        return ()
    published_again = ev.DeliveryPublishedAgain(
        number=number,
        part=part,
        network_id=publication.network_id,
        url=publication.url,
        published_at=publication.published_at,
    )
    return (ev.publisher_event(delivery.id, published_again),)


def record_part(
    delivery: Delivery,
    publication: Publication,
    *,
    number: int,
    part: int,
    progress: Mapping[str, str],
    whole: Publication | None = None,
) -> tuple[ev.Event, ...]:
    """
    Record that a part of a thread is published, no matter how late the response arrives.

    Args:
        delivery: The delivery.
        publication: The part.
        number: The number of the attempt that published the part.
        part: The number of the part.
        progress: The checkpoint from which the next part continues.
        whole: The publication to record for the whole thread, if a lookup found the last part.

    Returns:
        `PartPublished`, followed by `DeliveryPublished` if the thread is complete, or by
        `DeliveryDeferred` if no attempt remains in doubt and the next part can be sent;
        `DeliveryPublishedAgain` if another copy of the part was already published; or no event if
        the publication has already been recorded.
    """
    if publication.network_id in delivery.known_ids:
        return ()
    if delivery.state in _PUBLISHED_STATES or any(known.part == part for known in delivery.parts):
        return _record_duplicate(delivery, publication, number=number, part=part)
    published = ev.publisher_event(
        delivery.id,
        ev.PartPublished(
            number=number,
            part=part,
            network_id=publication.network_id,
            url=publication.url,
            published_at=publication.published_at,
            progress=dict(progress),
            found=publication.found,
        ),
    )
    if whole is not None:
        return (published, *_record_published(delivery, whole, number))
    doubt = delivery.in_doubt
    if delivery.state is DeliveryState.UNKNOWN and (doubt is None or doubt.number == number):
        deferred = ev.DeliveryDeferred(problem="partly_published")
        return (published, ev.publisher_event(delivery.id, deferred))
    return (published,)


def record_no_answer(delivery: Delivery, *, real_now: dt.datetime) -> tuple[ev.Event, ...]:
    """
    Record that the outcome of a send is unknown, once its deadline has passed.

    The outcome is also unknown if the real clock was set back to before the send, because the age
    of the request can then no longer be determined. Even in this case, the post counts as missing
    only after the deadline.
    """
    attempt = delivery.in_doubt
    if delivery.state is not DeliveryState.PUBLISHING or attempt is None:
        return ()
    if real_now >= attempt.deadline:
        problem = "deadline_passed"
    elif real_now < attempt.started_at - _CLOCK_SKEW:
        problem = "clock_set_back"
    else:
        return ()
    return (ev.publisher_event(delivery.id, ev.DeliveryUnknown(problem=problem)),)


def record_missing(
    delivery: Delivery, context: Context, *, attempt: int | None = None
) -> tuple[ev.Event, ...]:
    """
    Record that a conclusive lookup did not find the post, so that it may be sent again.

    Unless the post is sent again first, it is looked up again later, because a network may keep a
    request in a queue for longer than any sender waits.

    Args:
        delivery: The delivery.
        context: The current rules.
        attempt: The number of the attempt that was looked up, or None for the latest attempt. Newer
            attempts stay in doubt.
    """
    if delivery.state is not DeliveryState.UNKNOWN:
        return ()
    if attempt is not None and delivery.in_doubt and delivery.in_doubt.number != attempt:
        return ()
    deferred = ev.DeliveryDeferred(problem="missing", recheck_at=context.now + _RECHECK_DELAYS[0])
    return (ev.publisher_event(delivery.id, deferred),)


def record_recheck(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """Record that a missing post was looked up again, and plan up to three such rechecks."""
    at = delivery.next_recheck_at
    if at is None or at > context.now:
        return ()
    delays = _RECHECK_DELAYS[delivery.recheck_count + 1 :]
    recheck_at = context.now + delays[0] if delays else None
    return (ev.publisher_event(delivery.id, ev.DeliveryRechecked(recheck_at=recheck_at)),)


def record_lookup(
    delivery: Delivery, context: Context, *, problem: str, at_least: dt.timedelta
) -> tuple[ev.Event, ...]:
    """
    Record an inconclusive lookup; the time until the next lookup doubles, up to six hours.

    Args:
        delivery: The delivery.
        context: The current rules.
        problem: Why the lookup was inconclusive.
        at_least: The minimum time to wait, because an earlier lookup would also be inconclusive.
    """
    if delivery.state is not DeliveryState.UNKNOWN:
        return ()
    until = context.now + max(_doubled(delivery.lookup_count, _MAX_LOOKUP_DELAY), at_least)
    return (
        ev.publisher_event(delivery.id, ev.LookupInconclusive(problem=problem, not_before=until)),
    )


def limit_profile(delivery: Delivery, until: dt.datetime) -> ev.Event:
    """Return the event that delays all deliveries to a profile because of a rate limit."""
    stream = ev.budget_stream(delivery.profile)
    return ev.Event(stream, Actor.PUBLISHER, ev.BudgetLimited(until=until))


def hold_profile(delivery: Delivery, context: Context) -> tuple[ev.Event, ...]:
    """Place a hold on a profile whose credentials were refused, unless it is already on hold."""
    hold = Hold(
        id=f"credentials-{delivery.profile}",
        on=Selector(profile=delivery.profile),
        reason="",
        by=str(Actor.PUBLISHER),
        at=context.now,
    )
    if any(known.id == hold.id for known in context.holds):
        return ()
    return (
        ev.Event("holds", Actor.PUBLISHER, ev.HoldPlaced(hold=hold, reason="credentials refused")),
    )


def retry_delay(requested_s: float | None, waits_before: int) -> dt.timedelta:
    """Return the delay that the network requested, or a delay that doubles with every attempt."""
    if requested_s is None:
        return _doubled(waits_before, _MAX_DELAY)
    # The delay has an upper limit. It is at least one second, because otherwise the same run would
    # retry the work.
    requested = max(dt.timedelta(seconds=requested_s), dt.timedelta(seconds=1))
    return min(requested, _MAX_REQUESTED_DELAY)


def _doubled(times: int, longest: dt.timedelta) -> dt.timedelta:
    # The number of doublings is bounded, because a timedelta has a maximum.
    return min(_MIN_DELAY * (1 << min(times, 20)), longest)


# Reports by members.


def mark_published(
    snapshot: PostSnapshot, command: cm.MarkPublished, context: Context
) -> tuple[ev.Event, ...]:
    """
    Record that a member published the post manually or found it on the network.

    If the network's response arrives later, its publication is recorded as a duplicate.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `publish` on the profile, if the profile is not
            a target of the post, if the post is already published there, or if a request may still
            arrive.
        InvalidValueError: If the network id is empty, or if the time is in the future.
    """
    post = snapshot.post
    published = ev.DeliveryPublished(
        network_id=_checked_network_id(command),
        url=command.url,
        published_at=_checked_time(command, context),
        by_hand=True,
    )
    delivery = _latest_delivery(command.profile, context)
    profiles = [] if delivery is None else [delivery.profile]
    check_on_profiles("publish", post, profiles, command.profile, context)
    if delivery is not None and delivery.state in _PUBLISHED_STATES:
        if command.network_id in delivery.known_ids:
            return ()
        if delivery.state is not DeliveryState.REMOVED:
            raise refuse(
                post_reason(
                    "already_published",
                    post,
                    profile=delivery.profile,
                    network_id=delivery.network_id,
                )
            )
    if delivery is None or delivery.state is DeliveryState.REMOVED:
        return _new_delivery(post, command.profile, published, context)
    _refuse_under_way(post, delivery, "mark_published", context)
    return (ev.delivery_event(delivery.id, published, context.actor),)


def mark_not_published(
    snapshot: PostSnapshot, command: cm.MarkNotPublished, context: Context
) -> tuple[ev.Event, ...]:
    """
    Record that a member looked for the post on the network and did not find it.

    The report resolves an attempt in doubt. It also ends a takedown that the publisher cannot carry
    out because the profile was removed.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have `publish` on the profile, if no attempt is in
            doubt there, or if the request may still arrive.
    """
    post = snapshot.post
    delivery = _latest_delivery(command.profile, context)
    profiles = [] if delivery is None else [delivery.profile]
    check_on_profiles("publish", post, profiles, command.profile, context)
    if delivery is not None and delivery.stranded:
        data = ev.DeliveryTakenDown(network_ids=delivery.live_ids)
        return (ev.delivery_event(delivery.id, data, context.actor),)
    if delivery is None or delivery.in_doubt is None or delivery.state not in IN_DOUBT_STATES:
        raise refuse(post_reason("nothing_in_doubt", post, profile=command.profile))
    _refuse_under_way(post, delivery, "mark_not_published", context)
    return (ev.delivery_event(delivery.id, ev.DeliveryMarkedNotPublished(), context.actor),)


def _checked_network_id(command: cm.MarkPublished) -> str:
    if not command.network_id.strip():
        raise InvalidValueError(
            "a published post needs its network id",
            value=command.network_id,
            expected="network_id = the id on the network, often part of the post's address",
        )
    return command.network_id


def _checked_time(command: cm.MarkPublished, context: Context) -> dt.datetime:
    at = context.now if command.at is None else as_utc(command.at)
    if at > context.now:
        raise InvalidValueError(
            f"a post cannot have been published at `{at.isoformat()}`, which is in the future",
            value=command.at,
            expected="an instant in the past",
        )
    return at


def _latest_delivery(profile: str, context: Context) -> Delivery | None:
    """Return the latest delivery to a profile that was not cancelled, or None."""
    deliveries = [
        delivery
        for delivery in context.deliveries
        if delivery.profile == profile and delivery.state is not DeliveryState.CANCELLED
    ]
    return deliveries[-1] if deliveries else None


def _refuse_under_way(post: Post, delivery: Delivery, command: str, context: Context) -> None:
    """Reject a report while a request that would make the report wrong may still arrive."""
    attempt = delivery.in_doubt
    now = context.now if context.real_now is None else context.real_now
    if attempt is None or now >= attempt.deadline:
        return
    until = attempt.deadline.isoformat(timespec="seconds")
    raise refuse(
        post_reason(
            "may_still_arrive", post, profile=delivery.profile, command=command, until=until
        ),
        remedies=[Remedy.of("wait_until", until=until)],
    )


def _new_delivery(
    post: Post, profile: str, published: ev.DeliveryPublished, context: Context
) -> tuple[ev.Event, ...]:
    """Plan a delivery for a manually published post that has no current delivery."""
    check_state(post, "mark_published", ("approved",))
    if profile not in post.targets:
        raise refuse(post_reason("no_such_target", post, profile=profile))
    delivery = delivery_id(post, profile)
    at = WallTime.of(published.published_at, context.zones.get(post.workspace, "UTC"))
    return (
        ev.post_event(post.id, ev.PostScheduled(deliveries=(delivery,)), context.actor),
        ev.delivery_event(delivery, planned_for(post, profile, delivery, at), context.actor),
        ev.delivery_event(delivery, published, context.actor),
        *slot_events(post, [profile], context.actor),
    )
