"""What happened to a post, in order, with who did it."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.desk.engine import Engine, Loaded
from socialcollab.desk.journal.encoding import event_data
from socialcollab.effects import Effects, call
from socialcollab.stores import Event as StoredEvent
from socialcollab.workflow.events import NotificationsQueued, PostReevaluated

_KEPT_FOR_ITSELF = frozenset({PostReevaluated.TYPE, NotificationsQueued.TYPE})


@attrs.frozen(kw_only=True)
class HistoryEntry(NotebookMixin):
    """
    One thing that happened.

    Attributes:
        at: When, on the plan's clock, in UTC.

        actor: Who did it: "member:ana", "system:publisher", ...

        type: What it was, such as "post.approved".

        stream: Whose history it belongs to.

        position: Its place in the organization's journal.

        data: All of it.

        digest: Digest of the organization that was in force.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    at: dt.datetime
    actor: str
    type: str
    stream: str
    position: int
    data: Any = attrs.field(repr=False)
    digest: str = attrs.field(default="", repr=False)


def _entry(event: StoredEvent) -> HistoryEntry:
    return HistoryEntry(
        at=event.at,
        actor=event.actor,
        type=event.type,
        stream=event.stream,
        position=event.position,
        data=event_data(event),
        digest=event.digest,
    )


def history(engine: Engine, post: str) -> Effects[tuple[HistoryEntry, ...]]:
    """
    Return what happened to a post and its deliveries, in the journal's order.

    What the desk keeps for itself, deadlines reckoned anew and notices given,
    is in the feed alone.
    """
    loaded = yield from engine.post(post)
    return (yield from entries_of(engine, loaded))


def entries_of(engine: Engine, loaded: Loaded) -> Effects[tuple[HistoryEntry, ...]]:
    """Return the same for a post that has been read."""
    streams = [loaded.stream, *(f"delivery/{name}" for name in loaded.snapshot.post.deliveries)]
    events: list[StoredEvent] = []
    for stream in streams:
        events.extend((yield from call(engine.store.read, stream)))
    return tuple(
        _entry(event)
        for event in sorted(events, key=lambda event: event.position)
        if event.type not in _KEPT_FOR_ITSELF
    )


def feed(engine: Engine, *, after: int, limit: int) -> Effects[tuple[HistoryEntry, ...]]:
    """Return up to *limit* things that happened past a position, in order."""
    events = yield from call(engine.store.read_all, after=after, limit=limit)
    return tuple(_entry(event) for event in events)


def last_event_at(engine: Engine) -> Effects[dt.datetime | None]:
    """Return when the last event happened, or None before the first."""
    position, at = 0, None
    while page := (yield from call(engine.store.read_all, after=position)):
        position, at = page[-1].position, page[-1].at
    return at
