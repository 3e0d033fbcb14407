"""Delete the pictures of erased posts, but those that another post refers to."""

from __future__ import annotations

import datetime as dt

from socialcollab.content import Post
from socialcollab.desk.engine import Engine
from socialcollab.desk.planning import all_rows
from socialcollab.desk.steps import Steps, ask_long
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
        for row in (yield from all_rows(engine, "posts")):
            post: Post = (yield from engine.load(row.stream)).record.post
            going -= {image.digest for image in post.media}
        for digest in sorted(going):
            yield from ask_long(engine.media.delete, digest)
        done = Event(stream, Actor.TIMER, MediaDeleted())
        yield from engine.append(state, [done], [loaded], at=now)
        return True

    return (yield from engine.again(attempt))
