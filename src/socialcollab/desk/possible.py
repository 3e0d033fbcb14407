"""What a member may do with a post, each with its verdict."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.desk.engine import Engine
from socialcollab.desk.perform import decided
from socialcollab.desk.steps import Steps
from socialcollab.errors import RefusedError
from socialcollab.time import WallTime
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import Actor
from socialcollab.workflow import commands as cm

__all__ = ["actions"]


def actions(engine: Engine, actor: Actor, post: str) -> Steps[dict[str, Verdict]]:
    """Return for each command on a post whether *actor* may give it now, with reasons."""
    now = engine.now()
    state = yield from engine.state()
    current = (yield from engine.post(post)).record.post
    zone = state.organization.zone_of(current.workspace)
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
        cm.Move(post=post, seen=seen, at=tomorrow),
        cm.Cancel(post=post),
        cm.TakeDown(post=post),
        cm.Amend(post=post, seen=seen),
    )
    verdicts = {}
    for probe in probes:
        try:
            yield from decided(engine, state, actor, probe, at=now)
        except RefusedError as refused:
            verdicts[probe.NAME] = refused.verdict
        else:
            verdicts[probe.NAME] = Verdict.yes(Reason.of("may_now", command=probe.NAME))
    return verdicts
