"""Guard the service's own endpoints with the rights of the desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from newsroom.acting import Me
from socialcollab import AsyncDesk
from socialcollab.desk import AsyncActing
from socialcollab.errors import NotFoundError, RefusedError


def allowed(permission: str) -> Callable[..., Awaitable[AsyncActing]]:
    """
    Return a dependency that lets through whoever may do something on the profile of the path.

    A profile that whoever asks may not view is answered like one that does not
    exist; a refusal names nothing and nobody that they may not know.
    """

    async def checked(request: Request, profile: str, me: Me) -> AsyncActing:
        desk: AsyncDesk = request.app.state.desk
        access, now = (await desk.organization).access, desk.engine.now()
        if profile not in access.profiles(me.member, "view", at=now):
            raise NotFoundError("profile", profile)
        verdict = access.check(me.member, permission, profile, at=now)
        if not verdict:
            raise RefusedError(verdict.for_viewer(me.member))
        return me

    return checked


Booster = Annotated[AsyncActing, Depends(allowed("ads.boost"))]
Manager = Annotated[AsyncActing, Depends(allowed("manage_access"))]
