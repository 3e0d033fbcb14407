"""Protect the service's own endpoints with the desk's permissions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from newsroom.authentication import Me
from socialcollab import AsyncDesk
from socialcollab.desk import AsyncMemberDesk
from socialcollab.errors import NotAllowedError, NotFoundError


def requires(permission: str) -> Callable[..., Awaitable[AsyncMemberDesk]]:
    """
    Return a dependency that requires a permission on the profile in the path.

    The response for a profile that the user may not view is the same as for a profile that does
    not exist, and a refusal omits information that the user may not see.
    """

    async def check(request: Request, profile: str, me: Me) -> AsyncMemberDesk:
        desk: AsyncDesk = request.app.state.desk
        access, now = (await desk.organization).access, desk.engine.now()
        if profile not in access.profiles(me.member, "view", at=now):
            raise NotFoundError("profile", profile)
        verdict = access.check(me.member, permission, profile, at=now)
        if not verdict:
            raise NotAllowedError(verdict.for_viewer(me.member))
        return me

    return check


Advertiser = Annotated[AsyncMemberDesk, Depends(requires("ads.boost"))]
Manager = Annotated[AsyncMemberDesk, Depends(requires("manage_access"))]
