"""Who acts: a bearer token is one of the service's users, at the desk."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from newsroom.people import People
from socialcollab import AsyncDesk
from socialcollab.desk import AsyncMemberDesk
from socialcollab.errors import NotFoundError

bearer = HTTPBearer()


async def acting(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]
) -> AsyncMemberDesk:
    """Return the desk as whoever owns the token uses it."""
    people: People = request.app.state.people
    member = await asyncio.to_thread(people.whose, credentials.credentials)
    try:
        if member is not None:
            desk: AsyncDesk = request.app.state.desk
            return await desk.acting_as(member)
    except NotFoundError:
        pass  # a user of the service whom the desk has not been told of
    raise HTTPException(401, "no such token", headers={"WWW-Authenticate": "Bearer"})


Me = Annotated[AsyncMemberDesk, Depends(acting)]
