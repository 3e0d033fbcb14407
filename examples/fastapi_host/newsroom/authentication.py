"""Authenticate requests: a bearer token identifies a user of the service, who is also a member."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from newsroom.users import Users
from socialcollab import AsyncDesk
from socialcollab.desk import AsyncMemberDesk
from socialcollab.errors import NotFoundError

bearer = HTTPBearer()


async def member_desk(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]
) -> AsyncMemberDesk:
    """Return the desk for the user to whom the token belongs."""
    users: Users = request.app.state.users
    desk: AsyncDesk = request.app.state.desk
    user = await asyncio.to_thread(users.find, credentials.credentials)
    try:
        if user is not None:
            return await desk.acting_as(user)
    except NotFoundError:
        pass  # the user was added after the last adoption
    raise HTTPException(401, "unknown token", headers={"WWW-Authenticate": "Bearer"})


Me = Annotated[AsyncMemberDesk, Depends(member_desk)]
