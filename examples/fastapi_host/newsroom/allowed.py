"""Guard the service's own endpoints with the rights of the desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from newsroom.acting import Me
from socialcollab import AsyncDesk
from socialcollab.desk import AsyncMemberDesk
from socialcollab.errors import NotAllowedError, NotFoundError


def allowed(permission: str) -> Callable[..., Awaitable[AsyncMemberDesk]]:
    """
    Return a dependency that lets through whoever may do something on the profile of the path.

    A profile that whoever asks may not view is answered like one that does not
    exist; a refusal names nothing and nobody that they may not know.
    """

    async def checked(request: Request, profile: str, me: Me) -> AsyncMemberDesk:
        desk: AsyncDesk = request.app.state.desk
        access, now = (await desk.organization).access, desk.engine.now()
        if profile not in access.profiles(me.member, "view", at=now):
            raise NotFoundError("profile", profile)
        verdict = access.check(me.member, permission, profile, at=now)
        if not verdict:
            raise NotAllowedError(verdict.for_viewer(me.member))
        return me

    return checked


Booster = Annotated[AsyncMemberDesk, Depends(allowed("ads.boost"))]
Manager = Annotated[AsyncMemberDesk, Depends(allowed("manage_access"))]
