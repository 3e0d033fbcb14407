"""Delete the pictures of erased posts, but those that another post refers to."""

from __future__ import annotations

import datetime as dt

from socialcollab.desk.engine import Engine
from socialcollab.effects import Effects, call, call_cancellable
from socialcollab.workflow import Actor
from socialcollab.workflow.events import Event, MediaDeleted


def clear_media(engine: Engine, stream: str, *, now: dt.datetime) -> Effects[bool]:
    """
    Delete what an erasure left of pictures, and note that it is done.

    Whatever stops it half-way, the next worker does it again: deleting what is
    gone is harmless.

    Returns:
        Whether there was anything to delete.
    """

    def attempt() -> Effects[bool]:
        state = yield from engine.state()
        loaded = yield from engine.load(stream)
        going = set(loaded.snapshot.post.leftover_media)
        if not going:
            return False
        for digest in sorted(going):
            shown = yield from call(
                engine.store.query, "pictures", where={"digest": digest}, limit=1
            )
            if not shown:
                yield from call_cancellable(engine.media.delete, digest)
        done = Event(stream, Actor.TIMER, MediaDeleted())
        yield from engine.append(state, [done], [loaded], at=now)
        return True

    return (yield from engine.again(attempt))
