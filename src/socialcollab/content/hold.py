"""Holds, which stop publishing."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.directory import PostAttributes, Profile, Selector


@attrs.frozen(kw_only=True)
class Hold:
    """
    A temporary stop on publishing all posts that a selector matches.

    Attributes:
        id: The identifier.
        on: The profiles and posts that it applies to.
        reason: Why it was placed.
        by: The member who placed it.
        at: When it was placed, in UTC.
        until: When it ends automatically, in UTC, or None.
        ended_at: When it ended, in UTC, or None if it had not ended when it was read.
        ended_by: The member who ended it, or an empty string if it ended automatically.
    """

    id: str
    on: Selector
    reason: str
    by: str
    at: dt.datetime
    until: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    ended_by: str = ""

    def is_active(self, at: dt.datetime) -> bool:
        """Return whether the hold has not yet ended at the instant *at*."""
        return all(end is None or at < end for end in (self.until, self.ended_at))

    def was_active(self, at: dt.datetime, *, now: dt.datetime) -> bool:
        """Return whether the hold has ended by *now*, and was active at the instant *at*."""
        return not self.is_active(now) and self.at <= at and self.is_active(at)

    def stops(self, profile: Profile, attributes: PostAttributes, *, now: dt.datetime) -> bool:
        """Return whether the hold stops a post with *attributes* on *profile* at *now*."""
        return self.is_active(now) and self.on.matches(profile, attributes)
