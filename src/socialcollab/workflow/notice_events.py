"""Who is told what, as it happens: the outbox is the journal itself."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final

import attrs

from socialcollab.content import Notice
from socialcollab.identifiers import MemberId

__all__ = ["NOTICE_EVENTS", "DigestAdded", "DigestClosed", "Noticed", "Told"]


@attrs.frozen(kw_only=True)
class Told:
    """One notice as it is stored; what it is about says where it is stored and when."""

    to: MemberId
    kind: str
    post: str = ""
    profile: str = ""
    step: str = ""
    by: str = ""
    channels: tuple[str, ...] = ()

    def notice(self, name: str, at: dt.datetime) -> Notice:
        """Return it as people read it."""
        return Notice(
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
class Noticed:
    """Members are to be told of what happened in the same append."""

    TYPE: ClassVar[str] = "notices.given"

    notices: tuple[Told, ...]


@attrs.frozen(kw_only=True)
class DigestAdded:
    """Notices wait for a member's next digest on a channel, which closes at *closes_at*."""

    TYPE: ClassVar[str] = "digest.added"

    member: MemberId
    channel: str
    closes_at: dt.datetime
    items: tuple[Told, ...]


@attrs.frozen(kw_only=True)
class DigestClosed:
    """A digest is to be sent, with all that waited for it."""

    TYPE: ClassVar[str] = "digest.closed"

    member: MemberId
    channel: str
    items: tuple[Told, ...]


NOTICE_EVENTS: Final[tuple[type[Any], ...]] = (Noticed, DigestAdded, DigestClosed)
