"""Delete the pictures of erased posts, but those that another post refers to."""

from __future__ import annotations

import datetime as dt

from socialcollab.desk.engine import Engine
from socialcollab.desk.steps import Steps, ask, ask_long
from socialcollab.workflow import Actor, Event
from socialcollab.workflow.erasing_events import MediaDeleted

__all__ = ["clear_media"]


def clear_media(engine: Engine, stream: str, *, now: dt.datetime) -> Steps[bool]:
    """
    Delete what an erasure left of pictures, and note that it is done.

    Whatever stops it half-way, the next worker does it again: deleting what is
    gone is harmless.

    Returns:
        Whether there was anything to delete.
    """

    def attempt() -> Steps[bool]:
        state = yield from engine.state()
        loaded = yield from engine.load(stream)
        going = set(loaded.record.post.leftover_media)
        if not going:
            return False
        for digest in sorted(going):
            shown = yield from ask(
                engine.store.query, "pictures", where={"digest": digest}, limit=1
            )
            if not shown:
                yield from ask_long(engine.media.delete, digest)
        done = Event(stream, Actor.TIMER, MediaDeleted())
        yield from engine.append(state, [done], [loaded], at=now)
        return True

    return (yield from engine.again(attempt))
