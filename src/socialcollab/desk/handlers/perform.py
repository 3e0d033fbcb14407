"""Carry out a command: the one door through which anything comes about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, cast

from socialcollab.content import Delivery, Post, PostContent
from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.handlers.adopt import adopt
from socialcollab.desk.handlers.erase import erase
from socialcollab.desk.handlers.native_post import decided_on_native_post
from socialcollab.desk.handlers.offboard import offboard
from socialcollab.desk.handlers.pictures import check_pictures
from socialcollab.desk.queries.calendar import barred, slots_for
from socialcollab.desk.queries.visibility import seen_by, snapshots_seen_by
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.time import WallTime, local_time
from socialcollab.workflow import Actor, Context, PostSnapshot, decide_post
from socialcollab.workflow import commands as cm
from socialcollab.workflow.decide import (
    add_absence,
    add_calendar_note,
    add_grant,
    cancel_shift_swap,
    end_absence,
    place_hold,
    resume,
    revoke_grant,
    start_campaign,
    swap_shift,
)
from socialcollab.workflow.events import Event

_PLANNING = (cm.Submit, cm.Approve, cm.Schedule, cm.Reschedule)


def perform(
    engine: Engine, actor: Actor, command: dc.Command, *, state: State | None = None
) -> Effects[dict[str, Any]]:
    """
    Read, decide and write; again from the reading on if something changed meanwhile.

    Args:
        engine: The shell's working parts.

        actor: Who gives the command.

        command: What is asked for.

        state: What holds, if the caller has read it this moment.

    Returns:
        The new record of each stream that changed.

    Raises:
        NotAllowedError: If it may not be.

        StaleError: If another person changed what was seen.
    """
    snapshots, _ = yield from _performed(engine, actor, command, state)
    return snapshots


def _performed(
    engine: Engine,
    actor: Actor,
    command: dc.Command,
    given: State | None = None,
    pictures: Collection[str] = (),
) -> Effects[tuple[dict[str, Any], State]]:
    """Carry out a command; return the new records, and what held when it was decided."""
    fresh = [given] if given is not None else []

    def attempt() -> Effects[tuple[dict[str, Any], State]]:
        at = engine.now()
        state = fresh.pop() if fresh else (yield from engine.state())
        if isinstance(command, dc.Erase):
            return (yield from erase(engine, state, actor, command, at=at)), state
        events, loaded, salt = yield from decided(
            engine, state, actor, command, at=at, pictures=pictures
        )
        if not events:
            # What was asked for stands already.
            return {}, state
        return (yield from engine.append(state, events, loaded, at=at, salt=salt)), state

    return (yield from engine.again(attempt))


def perform_seen(
    engine: Engine, actor: Actor, command: dc.Command
) -> Effects[dict[str, PostSnapshot | Delivery]]:
    """Carry out a command, and return the posts and deliveries that it changed, as the actor sees them."""
    snapshots, state = yield from _performed(engine, actor, command)
    return snapshots_seen_by(snapshots, engine.context(state, actor, now=engine.now()), actor.name)


def perform_on_post(
    engine: Engine,
    actor: Actor,
    command: cm.PostCommand,
    *,
    state: State | None = None,
    pictures: Collection[str] = (),
) -> Effects[Post]:
    """
    Carry out a command on a post, and return the post as it is then, as the actor sees it.

    Args:
        engine: The shell's working parts.

        actor: Who gives the command.

        command: What is asked for.

        state: What holds, if the caller has read it this moment.

        pictures: The digests of pictures whose bytes the actor has given.
    """
    snapshots, held = yield from _performed(engine, actor, command, state, pictures)
    stream = f"post/{command.post}"
    found = (
        snapshots[stream]
        if stream in snapshots
        else (yield from engine.post(command.post)).snapshot
    )
    post: Post = found.post
    if not any(comment.internal for comment in post.comments):
        return post
    return seen_by(post, held.organization.access, actor.name)


def decided(
    engine: Engine,
    state: State,
    actor: Actor,
    command: dc.Command,
    *,
    at: dt.datetime,
    read: tuple[Loaded, list[Loaded]] | None = None,
    pictures: Collection[str] = (),
) -> Effects[tuple[tuple[Event, ...], list[Loaded], bytes]]:
    """
    Return what a command would bring about, what it was decided on, and the post's salt.

    Args:
        engine: The shell's working parts.

        state: What holds.

        actor: Who gives the command.

        command: What is asked for.

        at: The plan's instant.

        read: The post and its deliveries, if they have been read already.

        pictures: The digests of pictures whose bytes the actor has given.
    """
    decider = _DECIDERS.get(type(command))
    if decider is not None:
        events = yield from decider(engine, state, actor, command, at)
        return events, [], b""
    if isinstance(command, (dc.AddNativePost, dc.RemoveNativePost)):
        events, loaded = yield from decided_on_native_post(engine, state, actor, command, at=at)
        return events, loaded, b""
    if isinstance(command, dc.Offboard):
        events, loaded = yield from offboard(engine, state, actor, command, at=at)
        return events, loaded, b""
    on_post = cast("cm.PostCommand", command)
    found = yield from _decided_on_post(engine, state, actor, on_post, at=at, read=read)
    if isinstance(on_post, cm.Draft):
        content, workspace = on_post.content, on_post.workspace
        yield from check_pictures(engine, content, workspace, given=pictures)
    elif isinstance(on_post, cm.Edit):
        before: Post = found[1][0].snapshot.post
        yield from check_pictures(
            engine, on_post.content, before.workspace, before=before, given=pictures
        )
    return found


def _adopt(
    engine: Engine, state: State, actor: Actor, command: dc.Adopt, at: dt.datetime
) -> Effects[tuple[Event, ...]]:
    return (yield from adopt(engine, state, actor, command, at=at))


def _at_once(
    decider: Callable[[State, Any, Context], tuple[Event, ...]],
) -> Callable[[Engine, State, Actor, Any, dt.datetime], Effects[tuple[Event, ...]]]:
    """Make a decider that reads nothing more of what was read."""

    def decided_at_once(
        engine: Engine, state: State, actor: Actor, command: Any, at: dt.datetime
    ) -> Effects[tuple[Event, ...]]:
        return decider(state, command, engine.context(state, actor, now=at))
        yield  # a generator, as those are that read

    return decided_at_once


def _set_hold(_: State, command: dc.PlaceHold, context: Context) -> tuple[Event, ...]:
    return place_hold(
        command.hold, on=command.on, reason=command.reason, until=command.until, context=context
    )


def _write_note(_: State, command: dc.AddCalendarNote, context: Context) -> tuple[Event, ...]:
    return add_calendar_note(
        command.note, workspace=command.workspace, on=command.on, text=command.text, context=context
    )


def _away(state: State, command: dc.AddAbsence, context: Context) -> tuple[Event, ...]:
    return add_absence(
        command.absence, reason=command.reason, known=state.runtime_state.absences, context=context
    )


def _back(state: State, command: dc.EndAbsence, context: Context) -> tuple[Event, ...]:
    return end_absence(
        command.absence, on=command.on, known=state.runtime_state.absences, context=context
    )


def _give(state: State, command: dc.AddGrant, context: Context) -> tuple[Event, ...]:
    return add_grant(command.grant, known=state.runtime_state.temporary_grants, context=context)


def _take_back(state: State, command: dc.RevokeGrant, context: Context) -> tuple[Event, ...]:
    return revoke_grant(command.grant, known=state.runtime_state.temporary_grants, context=context)


def _swap_shift(state: State, command: dc.SwapShift, context: Context) -> tuple[Event, ...]:
    return swap_shift(
        command.swaps, reason=command.reason, known=state.runtime_state.swaps, context=context
    )


def _cancel_shift_swap(
    state: State, command: dc.CancelShiftSwap, context: Context
) -> tuple[Event, ...]:
    return cancel_shift_swap(command.swaps, known=state.runtime_state.swaps, context=context)


def _start_campaign(state: State, command: dc.StartCampaign, context: Context) -> tuple[Event, ...]:
    known = {campaign.id: campaign for campaign in state.document.campaigns}
    if command.campaign not in known:
        raise NotFoundError("campaign", command.campaign)
    campaign = known[command.campaign]
    today = local_time(context.now, state.organization.zone_of(campaign.workspace)).date()
    return start_campaign(campaign, start=command.start or today, end=command.end, context=context)


_DECIDERS: Final[
    Mapping[
        type[Any],
        Callable[[Engine, State, Actor, Any, dt.datetime], Effects[tuple[Event, ...]]],
    ]
] = {
    dc.Adopt: _adopt,
    dc.AddAbsence: _at_once(_away),
    dc.EndAbsence: _at_once(_back),
    dc.AddGrant: _at_once(_give),
    dc.Resume: _at_once(lambda _, command, context: resume(command.hold, context)),
    dc.PlaceHold: _at_once(_set_hold),
    dc.StartCampaign: _at_once(_start_campaign),
    dc.SwapShift: _at_once(_swap_shift),
    dc.RevokeGrant: _at_once(_take_back),
    dc.CancelShiftSwap: _at_once(_cancel_shift_swap),
    dc.AddCalendarNote: _at_once(_write_note),
}


def _decided_on_post(
    engine: Engine,
    state: State,
    actor: Actor,
    command: cm.PostCommand,
    *,
    at: dt.datetime,
    read: tuple[Loaded, list[Loaded]] | None,
) -> Effects[tuple[tuple[Event, ...], list[Loaded], bytes]]:
    if isinstance(command, cm.Draft):
        context = engine.context(
            state, actor, now=at, content=command.content, workspace=command.workspace
        )
        if command.external_id:
            yield from _refuse_known_external_id(engine, command.external_id, context)
        post = yield from engine.load(f"post/{command.post}")
        return decide_post(post.snapshot, command, context), [post], command.salt
    if read is None:
        post = yield from engine.post(command.post)
        read = post, (yield from engine.deliveries(post.snapshot.post))
    post, deliveries = read
    content = command.content if isinstance(command, cm.Edit) else post.snapshot.post.content
    context = engine.context(
        state,
        actor,
        now=at,
        deliveries=[one.snapshot for one in deliveries],
        content=content,
        workspace=post.snapshot.post.workspace,
        snapshot=post.snapshot,
        lint=isinstance(command, cm.Waive),
    )
    loaded = [post, *deliveries]
    if isinstance(command, _PLANNING):
        # Read before the calendar is: whoever plans on it meanwhile makes this attempt void.
        for target in post.snapshot.post.targets:
            taken = yield from engine.load(f"calendar/{target}")
            loaded.append(taken)
        context = yield from _with_times(engine, state, post.snapshot, command, context)
    return decide_post(post.snapshot, command, context), loaded, post.snapshot.post.salt


def _refuse_known_external_id(engine: Engine, external_id: str, context: Context) -> Effects[None]:
    known = yield from find_external_id(engine, external_id)
    if known:
        post: Post = (yield from engine.post(known)).snapshot.post
        # Who may not view that post learns no more than that the name is taken.
        seen = context.may(context.actor.name, "view", post)
        raise InvalidValueError(
            f"ref `{external_id}` is the name of {f'post `{known}`' if seen else 'another post'} already",
            value=external_id,
            expected="a ref that no post has",
        )


def find_external_id(engine: Engine, external_id: str) -> Effects[str]:
    """Return the post of that ref, or an empty string."""
    rows = yield from call(
        engine.store.query, "external_ids", where={"external_id": external_id}, after=None, limit=1
    )
    return str(rows[0].columns["post"]) if rows else ""


def _with_times(
    engine: Engine, state: State, snapshot: Any, command: cm.PostCommand, context: Context
) -> Effects[Context]:
    post: Post = snapshot.post
    if isinstance(command, cm.Submit):
        wants_slots = command.when == "next slot"
    else:
        wants_slots = (
            isinstance(command, cm.Approve)
            and snapshot.request is not None
            and snapshot.request.when == "next slot"
        )
    if wants_slots:
        after = context.now
        if post.planned_at is not None and isinstance(command, cm.Submit):
            # A post that has a time wants the next slot from that time on, its own included.
            after = max(after, post.planned_at.instant - dt.timedelta(microseconds=1))
        slots = yield from slots_for(engine, state, post, after=after)
        return context.beside(next_slots=slots)
    if isinstance(command, cm.Approve):
        return context
    kinds = ("blackout",) if isinstance(command, cm.Submit) else ("blackout", "hold")
    return context.beside(barred=barred(state, post, _times(post, command), kinds=kinds))


def _times(post: Post, command: cm.PostCommand) -> Mapping[str, dt.datetime]:
    content: PostContent = post.content
    wanted: dict[str, WallTime | None] = {
        str(target): content.time_for(target) for target in post.targets
    }
    if isinstance(command, cm.Schedule) and command.at is not None:
        wanted = dict.fromkeys(wanted, command.at)
    if isinstance(command, cm.Reschedule):
        moved = [command.profile] if command.profile else list(wanted)
        wanted = {target: command.at for target in moved if target in wanted}
    return {target: at.instant for target, at in wanted.items() if at is not None}
