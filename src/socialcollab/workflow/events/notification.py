"""Who is told what, as it happens: the outbox is the journal itself."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final

import attrs

from socialcollab.content import Notification
from socialcollab.identifiers import MemberId


@attrs.frozen(kw_only=True)
class OutboxEntry:
    """One notice as it is stored; what it is about says where it is stored and when."""

    to: MemberId
    kind: str
    post: str = ""
    profile: str = ""
    step: str = ""
    by: str = ""
    channels: tuple[str, ...] = ()

    def notification(self, name: str, at: dt.datetime) -> Notification:
        """Return it as people read it."""
        return Notification(
            id=name,
            to=self.to,
            kind=self.kind,
            at=at,
            post=self.post,
            profile=self.profile,
            step=self.step,
            by=self.by,
            channels=self.channels,
        )


@attrs.frozen(kw_only=True)
class NotificationsQueued:
    """Members are to be told of what happened in the same append."""

    TYPE: ClassVar[str] = "notifications.queued"

    notifications: tuple[OutboxEntry, ...]


@attrs.frozen(kw_only=True)
class DigestAdded:
    """Notices wait for a member's next digest on a channel, which closes at *closes_at*."""

    TYPE: ClassVar[str] = "digest.added"

    member: MemberId
    channel: str
    closes_at: dt.datetime
    items: tuple[OutboxEntry, ...]


@attrs.frozen(kw_only=True)
class DigestClosed:
    """A digest is to be sent, with all that waited for it."""

    TYPE: ClassVar[str] = "digest.closed"

    member: MemberId
    channel: str
    items: tuple[OutboxEntry, ...]


NOTIFICATION_EVENTS: Final[tuple[type[Any], ...]] = (NotificationsQueued, DigestAdded, DigestClosed)
