"""The outbox: who is to be told what, read from the journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import attrs

from socialcollab.content import Notification
from socialcollab.desk.engine import Engine
from socialcollab.desk.journal.encoding import event_data
from socialcollab.desk.journal.snapshots import DigestSnapshot
from socialcollab.effects import Effects, call
from socialcollab.identifiers import MemberId
from socialcollab.stores import Event as StoredEvent
from socialcollab.workflow import Actor
from socialcollab.workflow.events import (
    DigestAdded,
    DigestClosed,
    Event,
    NotificationsQueued,
    OutboxEntry,
)

_PAGE = 1000


@attrs.frozen(kw_only=True)
class NotificationBatch:
    """
    Notices past a cursor, oldest first.

    Attributes:
        notices: The notices.

        cursor: What to give as `after` next time; keep it once all of them
            have been told. Whoever dies before that is given them again, with
            the same ids: at least once, and never lost.
    """

    notifications: tuple[Notification, ...]
    cursor: int

    def __iter__(self) -> Iterator[Notification]:
        return iter(self.notifications)

    def __len__(self) -> int:
        return len(self.notifications)


def read_notifications(
    engine: Engine, *, after: int, member: str, limit: int
) -> Effects[NotificationBatch]:
    """Return at least *limit* notices past a position if there are, of one member or of all."""
    found: list[Notification] = []
    cursor = after
    while len(found) < limit:
        page = yield from call(engine.store.read_all, after=cursor, limit=_PAGE)
        for event in page:
            cursor = event.position
            found += [one for one in _of(event) if member in ("", one.to)]
            if len(found) >= limit:
                # The notices of one event stay together: the cursor cannot part them.
                break
        else:
            if len(page) < _PAGE:
                break
    return NotificationBatch(notifications=tuple(found), cursor=cursor)


def _of(event: StoredEvent) -> Iterator[Notification]:
    if event.type == NotificationsQueued.TYPE:
        data = event_data(event)
        assert isinstance(data, NotificationsQueued)  # noqa: S101  by its type
        for number, told in enumerate(data.notifications):
            yield told.notification(f"{event.id}.{number}", event.at)
    elif event.type == DigestClosed.TYPE:
        closed = event_data(event)
        assert isinstance(closed, DigestClosed)  # noqa: S101  by its type
        yield Notification(
            id=event.id,
            to=closed.member,
            kind="digest",
            at=event.at,
            channels=(closed.channel,),
            items=tuple(
                told.notification(f"{event.id}.{number}", event.at)
                for number, told in enumerate(closed.items)
            ),
        )


def close_digest(engine: Engine, stream: str, *, now: dt.datetime) -> Effects[None]:
    """Close a digest whose time has come, with all that waited for it."""

    def attempt() -> Effects[None]:
        state = yield from engine.state()
        loaded = yield from engine.load(stream)
        snapshot: DigestSnapshot = loaded.snapshot
        if snapshot.closes_at is None or snapshot.closes_at > now:
            return
        items: list[OutboxEntry] = []
        for event in (yield from call(engine.store.read, stream, after=snapshot.since)):
            added = event_data(event)
            if isinstance(added, DigestAdded):
                items += added.items
        member, _, channel = stream.partition("/")[2].rpartition(".")
        data = DigestClosed(member=MemberId(member), channel=channel, items=tuple(items))
        yield from engine.append(state, [Event(stream, Actor.TIMER, data)], [loaded], at=now)

    yield from engine.again(attempt)
