"""Who may know of whom."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from socialcollab.permissions.engine.scope import EVERYWHERE

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access


def knows(access: Access, viewer: str, other: str, *, at: dt.datetime) -> bool:
    """Tell whether two people are one, share a place, or one manages everybody's access."""
    if viewer == other or access.allows(viewer, "manage_access", EVERYWHERE, at=at):
        return True
    return any(
        access.allows(other, "view", place, at=at)
        for place in access.profiles(viewer, "view", at=at)
    )
