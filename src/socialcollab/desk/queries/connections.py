"""Read the connections of profiles to their accounts."""

from __future__ import annotations

from socialcollab.desk.arguments import check_text
from socialcollab.desk.engine import Engine
from socialcollab.effects import Effects
from socialcollab.workflow import Connection
from socialcollab.workflow.events import connection_stream


def read_connections(engine: Engine, *, viewer: str = "") -> Effects[tuple[Connection, ...]]:
    """
    Return the connections of all profiles that are connected, in the order of the profiles.

    Args:
        engine: The desk's engine.
        viewer: Only connections of profiles that this member can view; all if empty.
    """
    check_text(viewer, "viewer")
    state = yield from engine.state()
    access, now = state.organization.access, engine.now()
    streams = [
        connection_stream(profile.id)
        for profile in state.organization.profiles
        if not viewer or access.allows(viewer, "view", profile.id, at=now)
    ]
    loaded = yield from engine.load_all(streams)
    return tuple(
        connection.snapshot
        for connection in loaded.values()
        if connection.snapshot is not None and connection.snapshot.ended_at is None
    )
