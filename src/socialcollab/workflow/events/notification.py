"""Notification events, for which the journal serves as the outbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar

import attrs

from socialcollab.content import Notification
from socialcollab.identifiers import MemberId


@attrs.frozen(kw_only=True)
class OutboxEntry:
    """A stored notification; its id and time are derived from the event that contains it."""

    to: MemberId
    kind: str
    post: str = ""
    profile: str = ""
    step: str = ""
    by: str = ""
    channels: tuple[str, ...] = ()
    external_id: str = ""
    details: Mapping[str, str] = attrs.field(factory=dict, hash=False)

    def notification(self, name: str, at: dt.datetime) -> Notification:
        """Return the notification with its id and time."""
        return Notification(id=name, at=at, **attrs.asdict(self, recurse=False))


@attrs.frozen(kw_only=True)
class NotificationsQueued:
    """Notifications about other events of the same append were queued."""

    TYPE: ClassVar[str] = "notifications.queued"

    notifications: tuple[OutboxEntry, ...]


@attrs.frozen(kw_only=True)
class DigestAdded:
    """Notifications were added to a member's digest on a channel, which closes at *closes_at*."""

    TYPE: ClassVar[str] = "digest.added"

    member: MemberId
    channel: str
    closes_at: dt.datetime
    items: tuple[OutboxEntry, ...]


@attrs.frozen(kw_only=True)
class DigestClosed:
    """A digest was closed and must now be sent."""

    TYPE: ClassVar[str] = "digest.closed"

    member: MemberId
    channel: str
    items: tuple[OutboxEntry, ...]
