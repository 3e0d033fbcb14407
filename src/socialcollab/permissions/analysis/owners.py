"""Who may do everything, everywhere, without an end."""

from __future__ import annotations

import datetime as dt

from socialcollab.identifiers import MemberId
from socialcollab.permissions.access import Access
from socialcollab.permissions.engine.scope import EVERYWHERE
from socialcollab.permissions.model.permission import PERMISSIONS


def owners(access: Access, *, at: dt.datetime) -> tuple[MemberId, ...]:
    """Return whoever may do everything, everywhere, for ever from an instant on, sorted."""
    return tuple(
        member
        for member in access.member_ids
        if all(holds_for_ever(access, member, one, EVERYWHERE, at=at) for one in PERMISSIONS)
    )


def holds_for_ever(
    access: Access, member: str, permission: str, resource: str, *, at: dt.datetime
) -> bool:
    """Tell whether a member may by grants, from an instant on and without an end."""
    return any(
        (start is None or start <= at) and end is None
        for start, end in access.permission_periods(member).get((permission, resource), ())
    )
