"""Holds, which stop publishing."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.directory import PostAttributes, Profile, Selector


@attrs.frozen(kw_only=True)
class Hold:
    """
    A stop on publishing all posts that a selector matches, until a member resumes it.

    Attributes:
        id: The identifier.
        on: The profiles and posts that it applies to.
        reason: Why it was placed.
        by: The member who placed it.
        at: When it was placed, in UTC.
        until: When it ends automatically, in UTC, or None.
    """

    id: str
    on: Selector
    reason: str
    by: str
    at: dt.datetime
    until: dt.datetime | None = None

    def stops(self, profile: Profile, attributes: PostAttributes, *, now: dt.datetime) -> bool:
        """Return whether the hold stops a post with *attributes* on *profile* at *now*."""
        if self.until is not None and now >= self.until:
            return False
        return self.on.matches(profile, attributes)
