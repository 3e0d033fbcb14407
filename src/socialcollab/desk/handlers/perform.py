"""Perform commands; every change to a journal is made through this module."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

import attrs

from socialcollab.collisions import Claims
from socialcollab.content import Delivery, Post, PostContent
from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.handlers.adopt import adopt
from socialcollab.desk.handlers.erase import erase
from socialcollab.desk.handlers.media import check_media
from socialcollab.desk.handlers.offboard import offboard
from socialcollab.desk.inbox.commands import check_answer, decide_inbox
from socialcollab.desk.queries.calendar import barred, slots_for
from socialcollab.desk.queries.posts import count_published, find_external_id
from socialcollab.desk.queries.visibility import redacted_for, snapshots_for
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotAllowedError
from socialcollab.inbox import InboxCommand
from socialcollab.stores import Progress
from socialcollab.time import WallTime
from socialcollab.workflow import (
    Actor,
    Context,
    PostSnapshot,
    check_command,
    decide_connection,
    decide_native_post,
    decide_post,
    decide_runtime,
)
from socialcollab.workflow import commands as cm
from socialcollab.workflow.events import Event, connection_stream, native_post_stream

_DECISIONS = (cm.Approve, cm.RequestChanges, cm.Reject)
_STOPPED_BY_CLAIMS = (cm.Edit, cm.Submit, cm.Schedule, cm.Reschedule, *_DECISIONS)
_TAKES_SLOTS = (cm.Submit, cm.Approve, cm.Schedule, cm.Reschedule, cm.PublishNow)


@attrs.frozen(kw_only=True)
class Decided:
    """
    The events of a command that has been decided but not yet performed.

    Attributes:
        events: The events; empty if the command would change nothing.
        loaded: The streams on which the decision was based.
        salt: The post's salt, if the command is about a post.
    """

    events: tuple[Event, ...]
    loaded: list[Loaded] = attrs.field(factory=list)
    salt: bytes = attrs.field(default=b"", repr=False)


def perform(
    engine: Engine,
    actor: Actor,
    command: dc.Command,
    *,
    state: State | None = None,
    media: Collection[str] = (),
    progress: Progress | None = None,
) -> Effects[tuple[dict[str, Any], State]]:
    """
    Perform a command, starting again from its first read if a stream changes in the meantime.

    Args:
        engine: The desk's engine.
        actor: The actor who performs the command.
        command: The command.
        state: The current state, if the caller has already read it.
        media: The digests of media whose bytes the caller supplied.
        progress: Called while an erasure searches the journal.

    Returns:
        The new snapshot of each stream that changed, and the state on which the decision was based.

    Raises:
        NotAllowedError: If the actor is not allowed to perform the command.
        InvalidValueError: If a value of the command has the wrong type or cannot be stored.
        StaleError: If another member has changed the post since the actor saw it.
    """
    check_command(command, dc.COMMANDS)
    unused = [state] if state is not None else []

    def attempt() -> Effects[tuple[dict[str, Any], State]]:
        now = engine.now()
        current = unused.pop() if unused else (yield from engine.state())
        if isinstance(command, dc.Erase):
            erased = yield from erase(engine, current, actor, command, now=now, progress=progress)
            return erased, current
        decided = yield from decide(engine, current, actor, command, now=now, media=media)
        if not decided.events:
            return {}, current
        snapshots = yield from engine.append(
            current, decided.events, decided.loaded, at=now, salt=decided.salt
        )
        return snapshots, current

    return (yield from engine.retry(attempt))


def perform_for_member(
    engine: Engine, actor: Actor, command: dc.Command
) -> Effects[dict[str, PostSnapshot | Delivery]]:
    """Perform a command, and return the changed posts and deliveries that the actor can view."""
    snapshots, state = yield from perform(engine, actor, command)
    return snapshots_for(actor.name, snapshots, engine.context(state, actor, now=engine.now()))


def perform_on_post(
    engine: Engine,
    actor: Actor,
    command: cm.PostCommand,
    *,
    state: State | None = None,
    media: Collection[str] = (),
) -> Effects[Post]:
    """
    Perform a command on a post, and return the post as it is visible to the actor.

    Args:
        engine: The desk's engine.
        actor: The actor who performs the command.
        command: The command.
        state: The current state, if the caller has already read it.
        media: The digests of media whose bytes the caller supplied.
    """
    snapshots, decided_on = yield from perform(engine, actor, command, state=state, media=media)
    snapshot = snapshots.get(f"post/{command.post}")
    if snapshot is None:
        snapshot = (yield from engine.post(command.post)).snapshot
    return redacted_for(actor.name, snapshot.post, decided_on.organization.access)


def decide(
    engine: Engine,
    state: State,
    actor: Actor,
    command: dc.Command,
    *,
    now: dt.datetime,
    read: tuple[Loaded, list[Loaded]] | None = None,
    media: Collection[str] = (),
) -> Effects[Decided]:
    """
    Return a command's events without performing the command.

    Args:
        engine: The desk's engine.
        state: The current state.
        actor: The actor who performs the command.
        command: Any command except `Erase`.
        now: The current instant, according to the desk's clock.
        read: The post and its deliveries, if they have already been read.
        media: The digests of media whose bytes the caller supplied.
    """
    if isinstance(command, cm.RuntimeCommand):
        return Decided(events=decide_runtime(command, engine.context(state, actor, now=now)))
    if isinstance(command, cm.NativePostCommand):
        return (yield from _decide_native_post(engine, state, actor, command, now=now))
    if isinstance(command, cm.ConnectionCommand):
        context = engine.context(state, actor, now=now)
        if command.profile not in context.profiles:
            # As for native posts, the stream of an unknown profile must not be read or locked.
            return Decided(events=decide_connection(None, command, context))
        connection = yield from engine.load(connection_stream(command.profile))
        events = decide_connection(connection.snapshot, command, context)
        return Decided(events=events, loaded=[connection])
    if isinstance(command, dc.Adopt):
        return Decided(events=(yield from adopt(engine, state, actor, command, now=now)))
    if isinstance(command, dc.Offboard):
        events, loaded = yield from offboard(engine, state, actor, command, now=now)
        return Decided(events=events, loaded=loaded)
    if isinstance(command, InboxCommand):
        events, loaded, salt = yield from decide_inbox(
            engine, state, actor, command, now=now, decide_on_post=_decide_answer
        )
        return Decided(events=events, loaded=loaded, salt=salt)
    if isinstance(command, cm.Draft):
        if command.conversation:
            raise InvalidValueError(
                "a post that answers a conversation cannot be drafted by itself",
                value=command.conversation,
                expected="`inbox.reply`, which checks the version of the conversation",
            )
        return (yield from _decide_draft(engine, state, actor, command, now=now, media=media))
    if isinstance(command, dc.Erase):
        raise TypeError("an erasure can only be performed, not decided separately")
    return (
        yield from _decide_on_post(engine, state, actor, command, now=now, read=read, media=media)
    )


def _decide_native_post(
    engine: Engine,
    state: State,
    actor: Actor,
    command: cm.NativePostCommand,
    *,
    now: dt.datetime,
) -> Effects[Decided]:
    context = engine.context(state, actor, now=now)
    if command.profile not in context.profiles:
        # The decider refuses this command. The stream of an unknown profile must not be read or
        # locked.
        return Decided(events=decide_native_post(None, command, context, delivered=False))
    stream = native_post_stream(command.profile, command.network_id)
    loaded = yield from engine.load(stream)
    delivered = False
    if isinstance(command, cm.AddNativePost):
        ids = {"profile": command.profile, "network_id": command.network_id}
        delivered = bool((yield from call(engine.store.query, "network_ids", where=ids, limit=1)))
    events = decide_native_post(loaded.snapshot, command, context, delivered=delivered)
    return Decided(events=events, loaded=[loaded])


def _decide_draft(
    engine: Engine,
    state: State,
    actor: Actor,
    command: cm.Draft,
    *,
    now: dt.datetime,
    media: Collection[str],
) -> Effects[Decided]:
    context = engine.context(
        state, actor, now=now, content=command.content, workspace=command.workspace
    )
    if command.external_id:
        yield from _check_external_id(engine, command.external_id, context)
    post = yield from engine.load(f"post/{command.post}")
    events = decide_post(post.snapshot, command, context)
    yield from check_media(engine, command.content, command.workspace, given=media)
    return Decided(events=events, loaded=[post], salt=command.salt)


def _check_external_id(engine: Engine, external_id: str, context: Context) -> Effects[None]:
    known = yield from find_external_id(engine, external_id)
    if not known:
        return
    post: Post = (yield from engine.post(known)).snapshot.post
    # A member who cannot view the other post learns only that the id is in use.
    visible = context.sees(context.actor.name, post)
    raise InvalidValueError(
        f"external id `{external_id}` already belongs to"
        f" {f'post `{known}`' if visible else 'another post'}",
        value=external_id,
        expected="an external id that no post has",
    )


def _decide_on_post(
    engine: Engine,
    state: State,
    actor: Actor,
    command: cm.PostCommand,
    *,
    now: dt.datetime,
    read: tuple[Loaded, list[Loaded]] | None,
    media: Collection[str],
    rivals: str = "ask",
) -> Effects[Decided]:
    if read is None:
        post = yield from engine.post(command.post)
        deliveries = yield from engine.deliveries(post.snapshot.post)
    else:
        post, deliveries = read
    snapshot: PostSnapshot = post.snapshot
    context = engine.context(
        state,
        actor,
        now=now,
        deliveries=[delivery.snapshot for delivery in deliveries],
        content=command.content if isinstance(command, cm.Edit) else snapshot.post.content,
        workspace=snapshot.post.workspace,
        snapshot=snapshot,
        lint=isinstance(command, cm.Waive | cm.Submit | cm.PublishNow),
    )
    if isinstance(command, cm.Submit | cm.PublishNow):
        most = state.organization.policies.most_author_posts
        if most:
            # The count is stored with the submission and is not repeated after later changes.
            count = yield from count_published(
                engine, snapshot.post.author, snapshot.post.workspace, at_most=most
            )
            context = context.evolve(author_posts=count)
    loaded = [post, *deliveries]
    if isinstance(command, _TAKES_SLOTS):
        # These streams are read before the calendar. If another command takes a slot in the
        # meantime, it changes one of these streams, so the append of this command fails and is
        # retried.
        for target in snapshot.post.targets:
            calendar = yield from engine.load(f"calendar/{target}")
            loaded.append(calendar)
        context = yield from _with_times(engine, state, snapshot, command, context)
    events = decide_post(snapshot, command, context)
    if isinstance(command, _STOPPED_BY_CLAIMS) and state.organization.settings.claims == "hard":
        # A member without permission must not learn from the refusal who holds the claim, so the
        # claim is checked last.
        yield from _check_claims(engine, context, snapshot.post, command)
    if snapshot.post.conversation:
        loaded += yield from check_answer(
            engine, events, snapshot.post.conversation, snapshot.post.id, rivals=rivals
        )
    if isinstance(command, cm.Edit):
        yield from check_media(
            engine, command.content, snapshot.post.workspace, before=snapshot.post, given=media
        )
    return Decided(events=events, loaded=loaded, salt=snapshot.post.salt)


def _check_claims(
    engine: Engine, context: Context, post: Post, command: cm.PostCommand
) -> Effects[None]:
    """Refuse a command if another member has a claim on the post, or on the request decided on."""
    name = post.external_id or post.id
    for kind in ("post", "request") if isinstance(command, _DECISIONS) else ("post",):
        key = f"{kind}/{post.id}"
        claim = yield from call(engine.collisions.claim, engine.store.organization, key)
        # The claim of a member who may no longer view the post does not count.
        if claim is not None and context.sees(claim.holder, post):
            claims = Claims(mode="hard", leases={name: attrs.evolve(claim, item=name)})
            verdict = claims.check(name, by=context.actor.name, at=engine.real_clock())
            if not verdict:
                raise NotAllowedError(verdict)


def _decide_answer(
    engine: Engine,
    state: State,
    actor: Actor,
    command: cm.PostCommand,
    *,
    now: dt.datetime,
    read: tuple[Loaded, list[Loaded]],
    rivals: str = "ask",
) -> Effects[tuple[tuple[Event, ...], list[Loaded]]]:
    """Return the events of a command on a post that answers a conversation, and their streams."""
    decided = yield from _decide_on_post(
        engine, state, actor, command, now=now, read=read, media=(), rivals=rivals
    )
    return decided.events, decided.loaded


def _with_times(
    engine: Engine, state: State, snapshot: PostSnapshot, command: cm.PostCommand, context: Context
) -> Effects[Context]:
    """Add the next free slots to the context, or the times that a blackout or hold blocks."""
    post, request = snapshot.post, snapshot.request
    when = ""
    if isinstance(command, cm.Submit):
        when = command.when
    elif isinstance(command, cm.Approve) and request is not None:
        when = request.when
    if when == "next slot":
        after = context.now
        if post.planned_at is not None and isinstance(command, cm.Submit):
            # A post with a planned time gets the first slot at or after that time.
            after = max(after, post.planned_at.instant - dt.timedelta(microseconds=1))
        slots = yield from slots_for(engine, state, post, after=after)
        return context.evolve(next_slots=slots)
    if isinstance(command, cm.Approve):
        return context
    kinds = ("blackout",) if isinstance(command, cm.Submit) else ("blackout", "hold")
    times = _times(post, command)
    if isinstance(command, cm.PublishNow):
        times = dict.fromkeys(map(str, post.targets), context.now)
    return context.evolve(barred=barred(state, snapshot, times, kinds=kinds))


def _times(post: Post, command: cm.PostCommand) -> Mapping[str, dt.datetime]:
    """Return the instant that a command requests for each target with a time."""
    content: PostContent = post.content
    times: dict[str, WallTime | None] = {
        str(target): content.time_for(target) for target in post.targets
    }
    if isinstance(command, cm.Schedule) and command.at is not None:
        times = dict.fromkeys(times, command.at)
    if isinstance(command, cm.Reschedule):
        moved = [command.profile] if command.profile else list(times)
        times = {
            target: _moved_time(at, command) for target, at in times.items() if target in moved
        }
    return {target: at.instant for target, at in times.items() if at is not None}


def _moved_time(at: WallTime | None, command: cm.Reschedule) -> WallTime | None:
    if command.by is None:
        return command.at
    return None if at is None else WallTime(local=at.local + command.by, zone=at.zone)
