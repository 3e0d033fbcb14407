"""Sessions of browsers: a cookie identifies the session of a user, and forms contain its secret."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from typing import Annotated, Any
from urllib.parse import parse_qs

import attrs
from fastapi import Depends, HTTPException, Request

from newsroom.users import Users
from socialcollab import AsyncDesk
from socialcollab.desk import AsyncMemberDesk
from socialcollab.errors import NotFoundError

COOKIE = "newsroom_session"
LONGEST_FORM = 10_000
MOST_PENDING = 10


@attrs.define
class Session:
    """
    The session of a browser, which the service keeps in memory.

    Attributes:
        user: The user who signed in.
        csrf: The secret that each form of this session contains.
        pending: The sign-ins with networks that have begun, by state. Each can be finished once.
    """

    user: str
    csrf: str = attrs.field(factory=lambda: secrets.token_urlsafe(32), repr=False)
    pending: dict[str, Any] = attrs.field(factory=dict, repr=False)

    def begin(self, state: str, authorization: Any) -> None:
        """Keep a sign-in with a network; the oldest ones are forgotten."""
        self.pending[state] = authorization
        while len(self.pending) > MOST_PENDING:
            self.pending.pop(next(iter(self.pending)))


async def sign_in(request: Request, token: str) -> str | None:
    """Return the cookie of a new session for the user with a token, or None."""
    users: Users = request.app.state.users
    user = await asyncio.to_thread(users.find, token)
    if user is None:
        return None
    cookie = secrets.token_urlsafe(32)
    request.app.state.sessions[cookie] = Session(user)
    return cookie


async def session_of(request: Request) -> Session:
    """Return the session of the browser, which must belong to a current member."""
    found: Session | None = request.app.state.sessions.get(request.cookies.get(COOKIE, ""))
    if found is None:
        raise HTTPException(303, headers={"location": "/session"})
    return found


Browser = Annotated[Session, Depends(session_of)]


async def member_of(request: Request, session: Browser) -> AsyncMemberDesk:
    """Return the desk for the user of a session."""
    desk: AsyncDesk = request.app.state.desk
    try:
        return await desk.acting_as(session.user)
    except NotFoundError:
        raise HTTPException(303, headers={"location": "/session"}) from None


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            raise HTTPException(413, "the form is too large")
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
    return {name: values[0] for name, values in fields.items()}


async def checked_form(request: Request, session: Browser) -> dict[str, str]:
    """Return the fields of a form that this session has shown, which other sites cannot send."""
    form = await form_of(request)
    if not hmac.compare_digest(form.get("csrf", "").encode(), session.csrf.encode()):
        raise HTTPException(403, "the form has expired; open the page again")
    return form


BrowserMember = Annotated[AsyncMemberDesk, Depends(member_of)]
Form = Annotated[dict[str, str], Depends(checked_form)]
