"""Carry out a command: the one door through which anything comes about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, cast

from socialcollab.content import Delivery, Post, PostContent
from socialcollab.desk import commands as dc
from socialcollab.desk.adopting import adopt
from socialcollab.desk.departing import depart
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.erasing import erase
from socialcollab.desk.observing import decided_on_observed
from socialcollab.desk.picturing import check_pictures
from socialcollab.desk.planning import barred, slots_for
from socialcollab.desk.seen_by import records_seen_by, seen_by
from socialcollab.desk.steps import Steps, ask
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.time import WallTime, local_time
from socialcollab.workflow import (
    Actor,
    Context,
    Event,
    PostRecord,
    away,
    back,
    decide,
    give,
    resume,
    set_hold,
    start_campaign,
    swap_duty,
    take_back,
    unswap,
    write_note,
)
from socialcollab.workflow import commands as cm

__all__ = ["decided", "find_ref", "perform", "perform_on_post", "perform_seen"]

_PLANNING = (cm.Submit, cm.Approve, cm.Schedule, cm.Move)


def perform(
    engine: Engine, actor: Actor, command: dc.Command, *, state: State | None = None
) -> Steps[dict[str, Any]]:
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
        RefusedError: If it may not be.

        StaleError: If another person changed what was seen.
    """
    records, _ = yield from _performed(engine, actor, command, state)
    return records


def _performed(
    engine: Engine,
    actor: Actor,
    command: dc.Command,
    given: State | None = None,
    pictures: Collection[str] = (),
) -> Steps[tuple[dict[str, Any], State]]:
    """Carry out a command; return the new records, and what held when it was decided."""
    fresh = [given] if given is not None else []

    def attempt() -> Steps[tuple[dict[str, Any], State]]:
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
) -> Steps[dict[str, PostRecord | Delivery]]:
    """Carry out a command, and return the posts and deliveries that it changed, as the actor sees them."""
    records, state = yield from _performed(engine, actor, command)
    return records_seen_by(records, engine.context(state, actor, now=engine.now()), actor.name)


def perform_on_post(
    engine: Engine,
    actor: Actor,
    command: cm.PostCommand,
    *,
    state: State | None = None,
    pictures: Collection[str] = (),
) -> Steps[Post]:
    """
    Carry out a command on a post, and return the post as it is then, as the actor sees it.

    Args:
        engine: The shell's working parts.

        actor: Who gives the command.

        command: What is asked for.

        state: What holds, if the caller has read it this moment.

        pictures: The digests of pictures whose bytes the actor has given.
    """
    records, held = yield from _performed(engine, actor, command, state, pictures)
    stream = f"post/{command.post}"
    found = records[stream] if stream in records else (yield from engine.post(command.post)).record
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
) -> Steps[tuple[tuple[Event, ...], list[Loaded], bytes]]:
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
    if isinstance(command, (dc.Observe, dc.Forget)):
        events, loaded = yield from decided_on_observed(engine, state, actor, command, at=at)
        return events, loaded, b""
    if isinstance(command, dc.Depart):
        events, loaded = yield from depart(engine, state, actor, command, at=at)
        return events, loaded, b""
    on_post = cast("cm.PostCommand", command)
    found = yield from _decided_on_post(engine, state, actor, on_post, at=at, read=read)
    if isinstance(on_post, cm.Draft):
        content, workspace = on_post.content, on_post.workspace
        yield from check_pictures(engine, content, workspace, given=pictures)
    elif isinstance(on_post, cm.Edit):
        before: Post = found[1][0].record.post
        yield from check_pictures(
            engine, on_post.content, before.workspace, before=before, given=pictures
        )
    return found


def _adopt(
    engine: Engine, state: State, actor: Actor, command: dc.Adopt, at: dt.datetime
) -> Steps[tuple[Event, ...]]:
    return (yield from adopt(engine, state, actor, command, at=at))


def _at_once(
    decider: Callable[[State, Any, Context], tuple[Event, ...]],
) -> Callable[[Engine, State, Actor, Any, dt.datetime], Steps[tuple[Event, ...]]]:
    """Make a decider that reads nothing more of what was read."""

    def decided_at_once(
        engine: Engine, state: State, actor: Actor, command: Any, at: dt.datetime
    ) -> Steps[tuple[Event, ...]]:
        return decider(state, command, engine.context(state, actor, now=at))
        yield  # a generator, as those are that read

    return decided_at_once


def _set_hold(_: State, command: dc.SetHold, context: Context) -> tuple[Event, ...]:
    return set_hold(
        command.hold, on=command.on, reason=command.reason, until=command.until, context=context
    )


def _write_note(_: State, command: dc.WriteNote, context: Context) -> tuple[Event, ...]:
    return write_note(
        command.note, workspace=command.workspace, on=command.on, text=command.text, context=context
    )


def _away(state: State, command: dc.Away, context: Context) -> tuple[Event, ...]:
    return away(command.absence, reason=command.reason, known=state.facts.absences, context=context)


def _back(state: State, command: dc.Back, context: Context) -> tuple[Event, ...]:
    return back(command.absence, on=command.on, known=state.facts.absences, context=context)


def _give(state: State, command: dc.Give, context: Context) -> tuple[Event, ...]:
    return give(command.given, known=state.facts.given, context=context)


def _take_back(state: State, command: dc.TakeBack, context: Context) -> tuple[Event, ...]:
    return take_back(command.given, known=state.facts.given, context=context)


def _swap_duty(state: State, command: dc.SwapDuty, context: Context) -> tuple[Event, ...]:
    return swap_duty(command.swaps, reason=command.reason, known=state.facts.swaps, context=context)


def _unswap(state: State, command: dc.Unswap, context: Context) -> tuple[Event, ...]:
    return unswap(command.swaps, known=state.facts.swaps, context=context)


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
        Callable[[Engine, State, Actor, Any, dt.datetime], Steps[tuple[Event, ...]]],
    ]
] = {
    dc.Adopt: _adopt,
    dc.Away: _at_once(_away),
    dc.Back: _at_once(_back),
    dc.Give: _at_once(_give),
    dc.Resume: _at_once(lambda _, command, context: resume(command.hold, context)),
    dc.SetHold: _at_once(_set_hold),
    dc.StartCampaign: _at_once(_start_campaign),
    dc.SwapDuty: _at_once(_swap_duty),
    dc.TakeBack: _at_once(_take_back),
    dc.Unswap: _at_once(_unswap),
    dc.WriteNote: _at_once(_write_note),
}


def _decided_on_post(
    engine: Engine,
    state: State,
    actor: Actor,
    command: cm.PostCommand,
    *,
    at: dt.datetime,
    read: tuple[Loaded, list[Loaded]] | None,
) -> Steps[tuple[tuple[Event, ...], list[Loaded], bytes]]:
    if isinstance(command, cm.Draft):
        context = engine.context(
            state, actor, now=at, content=command.content, workspace=command.workspace
        )
        if command.ref:
            yield from _refuse_known_ref(engine, command.ref, context)
        post = yield from engine.load(f"post/{command.post}")
        return decide(post.record, command, context), [post], command.salt
    if read is None:
        post = yield from engine.post(command.post)
        read = post, (yield from engine.deliveries(post.record.post))
    post, deliveries = read
    content = command.content if isinstance(command, cm.Edit) else post.record.post.content
    context = engine.context(
        state,
        actor,
        now=at,
        deliveries=[one.record for one in deliveries],
        content=content,
        workspace=post.record.post.workspace,
        record=post.record,
        lint=isinstance(command, cm.Waive),
    )
    loaded = [post, *deliveries]
    if isinstance(command, _PLANNING):
        # Read before the calendar is: whoever plans on it meanwhile makes this attempt void.
        for target in post.record.post.targets:
            taken = yield from engine.load(f"calendar/{target}")
            loaded.append(taken)
        context = yield from _with_times(engine, state, post.record, command, context)
    return decide(post.record, command, context), loaded, post.record.post.salt


def _refuse_known_ref(engine: Engine, ref: str, context: Context) -> Steps[None]:
    known = yield from find_ref(engine, ref)
    if known:
        post: Post = (yield from engine.post(known)).record.post
        # Who may not view that post learns no more than that the name is taken.
        seen = context.may(context.actor.name, "view", post)
        raise InvalidValueError(
            f"ref `{ref}` is the name of {f'post `{known}`' if seen else 'another post'} already",
            value=ref,
            expected="a ref that no post has",
        )


def find_ref(engine: Engine, ref: str) -> Steps[str]:
    """Return the post of that ref, or an empty string."""
    rows = yield from ask(engine.store.query, "refs", where={"ref": ref}, after=None, limit=1)
    return str(rows[0].columns["post"]) if rows else ""


def _with_times(
    engine: Engine, state: State, record: Any, command: cm.PostCommand, context: Context
) -> Steps[Context]:
    post: Post = record.post
    if isinstance(command, cm.Submit):
        wants_slots = command.when == "next slot"
    else:
        wants_slots = (
            isinstance(command, cm.Approve)
            and record.request is not None
            and record.request.when == "next slot"
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
    if isinstance(command, cm.Move):
        moved = [command.profile] if command.profile else list(wanted)
        wanted = {target: command.at for target in moved if target in wanted}
    return {target: at.instant for target, at in wanted.items() if at is not None}
