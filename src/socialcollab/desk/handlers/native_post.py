"""Decide on posts that were made on the networks themselves."""

from __future__ import annotations

import datetime as dt
import hashlib

from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.effects import Effects, call
from socialcollab.workflow import Actor
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import add_native_post, remove_native_post
from socialcollab.workflow.events import Event


def native_post_stream(profile: str, network_id: str) -> str:
    """Return the stream of an observed post; ids of networks may hold anything."""
    name = hashlib.sha256(network_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return ev.native_post_stream(profile, name)


def decided_on_native_post(
    engine: Engine,
    state: State,
    actor: Actor,
    command: dc.AddNativePost | dc.RemoveNativePost,
    *,
    at: dt.datetime,
) -> Effects[tuple[tuple[Event, ...], list[Loaded]]]:
    """Return what a command on an observed post would bring about, and what it was decided on."""
    stream = native_post_stream(command.profile, command.network_id)
    context = engine.context(state, actor, now=at)
    if command.profile not in context.profiles:
        snapshot = None
        loaded: list[Loaded] = []
    else:
        known = yield from engine.load(stream)
        snapshot, loaded = known.snapshot, [known]
    if isinstance(command, dc.RemoveNativePost):
        events = remove_native_post(
            snapshot,
            stream=stream,
            profile=command.profile,
            network_id=command.network_id,
            context=context,
        )
        return events, loaded
    rows = yield from call(
        engine.store.query,
        "network_ids",
        where={"profile": command.profile, "network_id": command.network_id},
        limit=1,
    )
    events = add_native_post(
        snapshot,
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
