"""Decide on posts that were made on the networks themselves."""

from __future__ import annotations

import datetime as dt
import hashlib

from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.steps import Steps, ask
from socialcollab.workflow import Actor, Event, forget, observe
from socialcollab.workflow import events as ev

__all__ = ["decided_on_observed", "observed_stream"]


def observed_stream(profile: str, network_id: str) -> str:
    """Return the stream of an observed post; ids of networks may hold anything."""
    name = hashlib.sha256(network_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return ev.observed_stream(profile, name)


def decided_on_observed(
    engine: Engine, state: State, actor: Actor, command: dc.Observe | dc.Forget, *, at: dt.datetime
) -> Steps[tuple[tuple[Event, ...], list[Loaded]]]:
    """Return what a command on an observed post would bring about, and what it was decided on."""
    stream = observed_stream(command.profile, command.network_id)
    context = engine.context(state, actor, now=at)
    if command.profile not in context.profiles:
        record = None
        loaded: list[Loaded] = []
    else:
        known = yield from engine.load(stream)
        record, loaded = known.record, [known]
    if isinstance(command, dc.Forget):
        events = forget(
            record,
            stream=stream,
            profile=command.profile,
            network_id=command.network_id,
            context=context,
        )
        return events, loaded
    rows = yield from ask(
        engine.store.query,
        "network_ids",
        where={"profile": command.profile, "network_id": command.network_id},
        limit=1,
    )
    events = observe(
        record,
        stream=stream,
        profile=command.profile,
        network_id=command.network_id,
        at=command.at,
        url=command.url,
        text=command.text,
        ours=bool(rows),
        context=context,
    )
    return events, loaded
