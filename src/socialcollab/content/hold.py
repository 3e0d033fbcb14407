"""Stop now: a hold on what would go out."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.directory import PostAttributes, Profile, Selector


@attrs.frozen(kw_only=True)
class Hold:
    """
    A stop on everything that a selector takes in, until it is resumed.

    Attributes:
        id: Its identifier.
        on: What it stops.
        reason: Why.
        by: The actor who set it.
        at: Since when, in UTC.
        until: When it ends by itself, in UTC, or None.
    """

    id: str
    on: Selector
    reason: str
    by: str
    at: dt.datetime
    until: dt.datetime | None = None

    def stops(self, profile: Profile, attributes: PostAttributes, *, now: dt.datetime) -> bool:
        """Tell whether a post with these facts may not go to *profile* now."""
        if self.until is not None and now >= self.until:
            return False
        return self.on.matches(profile, attributes)
