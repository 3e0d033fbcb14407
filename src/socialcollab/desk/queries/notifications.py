"""The outbox, which reads the notifications for members from the journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import attrs

from socialcollab.content import Notification
from socialcollab.desk.arguments import check_count
from socialcollab.desk.engine import Engine
from socialcollab.desk.journal.encoding import event_data
from socialcollab.desk.journal.streams import DigestSnapshot
from socialcollab.effects import Effects, call
from socialcollab.identifiers import MemberId
from socialcollab.stores import Event as StoredEvent
from socialcollab.time import TimeLike, as_instant
from socialcollab.workflow import Actor, OutboxEntry
from socialcollab.workflow.events import DigestAdded, DigestClosed, Event, NotificationsQueued

_PAGE = 1000


@attrs.frozen(kw_only=True)
class NotificationBatch:
    """
    A batch of notifications after a cursor, oldest first.

    Attributes:
        notifications: The notifications.
        cursor: The value to pass as `after` in the next call. Store it after all notifications have
            been delivered. A process that stops before that gets the same notifications again, with
            the same ids, so each notification is delivered at least once.
    """

    notifications: tuple[Notification, ...]
    cursor: int

    def __iter__(self) -> Iterator[Notification]:
        return iter(self.notifications)

    def __len__(self) -> int:
        return len(self.notifications)


def read_notifications(
    engine: Engine, *, after: int, member: str, limit: int, since: TimeLike | None = None
) -> Effects[NotificationBatch]:
    """
    Return the next notifications after a position, for one member or for all.

    The batch ends with the event that reaches *limit*, so it may contain slightly more
    notifications.

    Args:
        engine: The desk's engine.
        after: The position.
        member: The member, or an empty string for all members.
        limit: The number of notifications after which the batch ends.
        since: Only notifications since this time, or all notifications if None.
    """
    begin = None
    if since is not None:
        organization = (yield from engine.state()).organization
        begin = as_instant(since, str(organization.settings.timezone))
    notifications: list[Notification] = []
    check_count(limit, "limit")
    cursor = check_count(after, "after")
    while len(notifications) < limit:
        page = yield from call(engine.store.read_all, after=cursor, limit=_PAGE)
        for event in page:
            cursor = event.position
            notifications += [
                notification
                for notification in _of_event(event)
                if member in ("", notification.to) and (begin is None or notification.at >= begin)
            ]
            if len(notifications) >= limit:
                # A cursor is the position of an event, so it cannot separate two notifications of
                # one event.
                break
        else:
            if len(page) < _PAGE:
                break
    return NotificationBatch(notifications=tuple(notifications), cursor=cursor)


def _of_event(event: StoredEvent) -> Iterator[Notification]:
    if event.type == NotificationsQueued.TYPE:
        queued = event_data(event)
        assert isinstance(queued, NotificationsQueued)  # noqa: S101  given its type
        yield from _numbered(queued.notifications, event)
    elif event.type == DigestClosed.TYPE:
        closed = event_data(event)
        assert isinstance(closed, DigestClosed)  # noqa: S101  given its type
        yield Notification(
            id=event.id,
            to=closed.member,
            kind="digest",
            at=event.at,
            channels=(closed.channel,),
            items=tuple(_numbered(closed.items, event)),
        )


def _numbered(entries: tuple[OutboxEntry, ...], event: StoredEvent) -> Iterator[Notification]:
    for number, entry in enumerate(entries):
        yield entry.notification(f"{event.id}.{number}", event.at)


def close_digest(engine: Engine, stream: str, *, now: dt.datetime) -> Effects[None]:
    """Close a daily digest that is due."""

    def attempt() -> Effects[None]:
        state = yield from engine.state()
        loaded = yield from engine.load(stream)
        snapshot: DigestSnapshot = loaded.snapshot
        if snapshot.closes_at is None or snapshot.closes_at > now:
            return
        items: list[OutboxEntry] = []
        for event in (yield from call(engine.store.read, stream, after=snapshot.since)):
            data = event_data(event)
            if isinstance(data, DigestAdded):
                items += data.items
        member, _, channel = stream.partition("/")[2].rpartition(".")
        closed = DigestClosed(member=MemberId(member), channel=channel, items=tuple(items))
        yield from engine.append(state, [Event(stream, Actor.TIMER, closed)], [loaded], at=now)

    yield from engine.retry(attempt)
