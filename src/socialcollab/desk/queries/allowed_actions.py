"""What a member may do with a post, each with its verdict."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.content import Post
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.handlers.perform import decided
from socialcollab.effects import Effects
from socialcollab.errors import NotAllowedError
from socialcollab.time import WallTime
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import Actor
from socialcollab.workflow import commands as cm


def _finding_of(engine: Engine, state: State, loaded: Loaded) -> str:
    """Return the code of something that the style guide says of a post, or one it never says."""
    post: Post = loaded.snapshot.post
    context = engine.context(
        state,
        Actor.RULES,
        now=engine.now(),
        content=post.content,
        workspace=post.workspace,
        snapshot=loaded.snapshot,
        lint=True,
    )
    return min((finding.code for finding in context.findings), default="-")


def allowed_actions(engine: Engine, actor: Actor, post: str) -> Effects[dict[str, Verdict]]:
    """Return for each command on a post whether *actor* may give it now, with reasons."""
    state = yield from engine.state()
    loaded = yield from engine.post(post)
    deliveries = yield from engine.deliveries(loaded.snapshot.post)
    return (yield from possible(engine, state, actor, loaded, deliveries, now=engine.now()))


def possible(
    engine: Engine,
    state: State,
    actor: Actor,
    loaded: Loaded,
    deliveries: list[Loaded],
    *,
    now: dt.datetime,
) -> Effects[dict[str, Verdict]]:
    """Return the same for a post that has been read with its deliveries."""
    current: Post = loaded.snapshot.post
    post = current.id
    zone = state.organization.zone_around(current.workspace)
    tomorrow = WallTime.of(now + dt.timedelta(days=1), zone)
    seen = current.digest
    probes: tuple[cm.PostCommand, ...] = (
        cm.Edit(
            post=post,
            seen=seen,
            content=attrs.evolve(current.content, text=current.content.text + " "),
        ),
        cm.Comment(post=post, text="?"),
        cm.Submit(post=post, seen=seen),
        cm.Approve(post=post, seen=seen),
        cm.RequestChanges(post=post, seen=seen),
        cm.Reject(post=post, seen=seen),
        cm.Withdraw(post=post),
        cm.Schedule(post=post, seen=seen),
        cm.Unschedule(post=post),
        cm.Reschedule(post=post, seen=seen, at=tomorrow),
        cm.Cancel(post=post),
        cm.TakeDown(post=post),
        cm.Amend(post=post, seen=seen),
        cm.Waive(post=post, seen=seen, code=_finding_of(engine, state, loaded), reason="?"),
    )
    verdicts = {}
    for probe in probes:
        try:
            yield from decided(engine, state, actor, probe, at=now, read=(loaded, deliveries))
        except NotAllowedError as refused:
            verdicts[probe.NAME] = refused.verdict
        else:
            verdicts[probe.NAME] = Verdict.yes(Reason.of("command_allowed", command=probe.NAME))
    return verdicts
