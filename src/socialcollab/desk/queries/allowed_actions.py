"""Verdicts on whether a member may perform each command on a post."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.content import Post
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.handlers.perform import decide
from socialcollab.effects import Effects
from socialcollab.errors import NotAllowedError
from socialcollab.time import WallTime
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import Actor
from socialcollab.workflow import commands as cm


def allowed_actions(engine: Engine, actor: Actor, post: str) -> Effects[dict[str, Verdict]]:
    """Return a verdict for each command on a post: whether *actor* may perform it now."""
    state = yield from engine.state()
    loaded = yield from engine.post(post)
    deliveries = yield from engine.deliveries(loaded.snapshot.post)
    return (yield from actions_on(engine, state, actor, loaded, deliveries, now=engine.now()))


def actions_on(
    engine: Engine,
    state: State,
    actor: Actor,
    loaded: Loaded,
    deliveries: list[Loaded],
    *,
    now: dt.datetime,
) -> Effects[dict[str, Verdict]]:
    """
    Return the same verdicts for a post that has already been read with its deliveries.

    Each command is decided with placeholder values and is not performed. The verdict therefore
    agrees with the result of the real command.
    """
    post: Post = loaded.snapshot.post
    zone = state.organization.zone_or_default(post.workspace)
    tomorrow = WallTime.of(now + dt.timedelta(days=1), zone)
    edited = attrs.evolve(post.content, text=post.content.text + " ")
    name, seen = post.id, post.digest
    commands: tuple[cm.PostCommand, ...] = (
        cm.Edit(post=name, seen=seen, content=edited),
        cm.Comment(post=name, text="?"),
        cm.Submit(post=name, seen=seen),
        cm.Approve(post=name, seen=seen),
        cm.RequestChanges(post=name, seen=seen),
        cm.Reject(post=name, seen=seen),
        cm.Withdraw(post=name),
        cm.Schedule(post=name, seen=seen),
        cm.Unschedule(post=name),
        cm.Reschedule(post=name, seen=seen, at=tomorrow),
        cm.PublishNow(post=name, seen=seen),
        cm.Bypass(post=name, seen=seen, reason="?"),
        cm.Cancel(post=name, seen=seen),
        cm.TakeDown(post=name),
        cm.Amend(post=name, seen=seen),
        cm.Waive(post=name, seen=seen, code=_a_finding(engine, state, loaded, now), reason="?"),
    )
    verdicts = {}
    for command in commands:
        try:
            yield from decide(engine, state, actor, command, now=now, read=(loaded, deliveries))
        except NotAllowedError as refused:
            verdicts[command.NAME] = refused.verdict
        else:
            reason = Reason.of("command_allowed", command=command.NAME)
            verdicts[command.NAME] = Verdict.yes(reason)
    return verdicts


def _a_finding(engine: Engine, state: State, loaded: Loaded, now: dt.datetime) -> str:
    """Return the code of a finding on the post, or "-", which is not the code of any rule."""
    context = engine.post_context(state, Actor.RULES, loaded.snapshot, now=now, lint=True)
    return min((finding.code for finding in context.findings), default="-")
