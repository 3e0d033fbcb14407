"""The outbox: who is to be told what, read from the journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import attrs

from socialcollab.content import Notice
from socialcollab.desk.encoding import event_data
from socialcollab.desk.engine import Engine
from socialcollab.desk.steps import Steps, ask
from socialcollab.desk.streams import DigestRecord
from socialcollab.identifiers import MemberId
from socialcollab.stores import Event as StoredEvent
from socialcollab.workflow import Actor, Event
from socialcollab.workflow.notice_events import DigestAdded, DigestClosed, Noticed, Told

__all__ = ["NoticeBatch", "close_digest", "read_notices"]

_PAGE = 1000


@attrs.frozen(kw_only=True)
class NoticeBatch:
    """
    Notices past a cursor, oldest first.

    Attributes:
        notices: The notices.

        cursor: What to give as `after` next time; keep it once all of them
            have been told. Whoever dies before that is given them again, with
            the same ids: at least once, and never lost.
    """

    notices: tuple[Notice, ...]
    cursor: int

    def __iter__(self) -> Iterator[Notice]:
        return iter(self.notices)

    def __len__(self) -> int:
        return len(self.notices)


def read_notices(engine: Engine, *, after: int, member: str, limit: int) -> Steps[NoticeBatch]:
    """Return at least *limit* notices past a position if there are, of one member or of all."""
    found: list[Notice] = []
    cursor = after
    while len(found) < limit:
        page = yield from ask(engine.store.follow, after=cursor, limit=_PAGE)
        for event in page:
            cursor = event.position
            found += [one for one in _of(event) if member in ("", one.to)]
            if len(found) >= limit:
                # The notices of one event stay together: the cursor cannot part them.
                break
        else:
            if len(page) < _PAGE:
                break
    return NoticeBatch(notices=tuple(found), cursor=cursor)


def _of(event: StoredEvent) -> Iterator[Notice]:
    if event.type == Noticed.TYPE:
        data = event_data(event)
        assert isinstance(data, Noticed)  # noqa: S101  by its type
        for number, told in enumerate(data.notices):
            yield told.notice(f"{event.id}.{number}", event.at)
    elif event.type == DigestClosed.TYPE:
        closed = event_data(event)
        assert isinstance(closed, DigestClosed)  # noqa: S101  by its type
        yield Notice(
            id=event.id,
            to=closed.member,
            kind="digest",
            at=event.at,
            channels=(closed.channel,),
            items=tuple(
                told.notice(f"{event.id}.{number}", event.at)
                for number, told in enumerate(closed.items)
            ),
        )


def close_digest(engine: Engine, stream: str, *, now: dt.datetime) -> Steps[None]:
    """Close a digest whose time has come, with all that waited for it."""

    def attempt() -> Steps[None]:
        state = yield from engine.state()
        loaded = yield from engine.load(stream)
        record: DigestRecord = loaded.record
        if record.closes_at is None or record.closes_at > now:
            return
        items: list[Told] = []
        for event in (yield from ask(engine.store.read, stream, after=record.since)):
            added = event_data(event)
            if isinstance(added, DigestAdded):
                items += added.items
        member, _, channel = stream.partition("/")[2].rpartition(".")
        data = DigestClosed(member=MemberId(member), channel=channel, items=tuple(items))
        yield from engine.append(state, [Event(stream, Actor.TIMER, data)], [loaded], at=now)

    yield from engine.again(attempt)
