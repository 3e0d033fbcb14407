"""What an append brings with it: deadlines reckoned anew, and notices for whom it concerns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from socialcollab.content import Delivery
from socialcollab.effects import Effects
from socialcollab.identifiers import MemberId
from socialcollab.organization import Organization
from socialcollab.time import TimeOfDay, local_time, resolve
from socialcollab.workflow import (
    Actor,
    Context,
    PostSnapshot,
    delivery_notifications,
    hold_notifications,
    post_notifications,
    reevaluate,
    state_notifications,
)
from socialcollab.workflow.events import DigestAdded, Event, NotificationsQueued, OutboxEntry

if TYPE_CHECKING:
    from socialcollab.desk.engine import Engine, State


def consequences(
    engine: Engine,
    state: State,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    events: Sequence[Event],
    *,
    at: dt.datetime,
) -> Effects[list[Event]]:
    """
    Return what follows from events that are about to be stored.

    Args:
        engine: The shell's working parts.

        state: What holds.

        before: The record of each stream before them.

        after: The record of each stream after them.

        events: The events.

        at: The plan's instant.
    """
    found: list[Event] = []
    by_stream: dict[str, list[Event]] = {}
    for event in events:
        by_stream.setdefault(event.stream, []).append(event)
    told: list[OutboxEntry] = []
    for stream, own in by_stream.items():
        snapshot = after[stream]
        if isinstance(snapshot, PostSnapshot):
            context = _context(engine, state, snapshot, at)
            again = reevaluate(snapshot, context, before=before[stream])
            found += again
            news = post_notifications(before[stream], snapshot, [*own, *again], context)
        elif isinstance(snapshot, Delivery):
            post = after.get(f"post/{snapshot.post}")
            if post is None:
                post = (yield from engine.post(snapshot.post)).snapshot
            context = _context(engine, state, post, at)
            news = delivery_notifications(post.post, before[stream], snapshot, own, context)
        elif stream in ("holds", "runtime_state"):
            context = engine.context(state, Actor.RULES, now=at)
            news = (hold_notifications if stream == "holds" else state_notifications)(own, context)
        else:
            continue
        if news:
            found.append(Event(stream, Actor.RULES, NotificationsQueued(notifications=news)))
            told += news
    found += _digests(told, state.organization, at)
    return found


def _context(engine: Engine, state: State, snapshot: PostSnapshot, at: dt.datetime) -> Context:
    post = snapshot.post
    return engine.context(
        state,
        Actor.RULES,
        now=at,
        content=post.content,
        workspace=post.workspace,
        snapshot=snapshot,
    )


def digest_stream(member: str, channel: str) -> str:
    """Return the stream of what waits for a member's digest on a channel."""
    return f"digest/{member}.{channel}"


def next_digest_at(
    organization: Organization, member: str, time: str, *, at: dt.datetime
) -> dt.datetime:
    """
    Return when a member's daily digest at a local *time* closes next, after *at*.

    A time that a clock change jumps over is read as the first one after it.
    """
    person = organization.members_by_id.get(member)
    zone = (person.timezone if person else "") or str(organization.settings.timezone)
    day = local_time(at, zone).date()
    for ahead in range(3):
        local = TimeOfDay.parse(time).on(day + dt.timedelta(days=ahead))
        instant = resolve(local, zone, skipped="next", repeated="first")
        if instant > at:
            return instant
    raise AssertionError(time)


def _digests(
    told: Sequence[OutboxEntry], organization: Organization, at: dt.datetime
) -> Iterator[Event]:
    waiting: dict[tuple[MemberId, str, str], list[OutboxEntry]] = {}
    for one in told:
        person = organization.members_by_id.get(one.to)
        for notify in person.notify if person else ():
            if notify.digest:
                waiting.setdefault((one.to, notify.channel, notify.digest), []).append(one)
    for member, channel, time in sorted(waiting):
        data = DigestAdded(
            member=member,
            channel=channel,
            closes_at=next_digest_at(organization, member, time, at=at),
            items=tuple(waiting[member, channel, time]),
        )
        yield Event(digest_stream(member, channel), Actor.RULES, data)
