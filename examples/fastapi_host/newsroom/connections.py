"""The page "Connected accounts", on which members connect profiles to their accounts."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import attrs
import httpx
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsroom.sessions import (
    COOKIE,
    Browser,
    BrowserMember,
    Form,
    Session,
    form_of,
    sign_in,
)
from socialcollab import AsyncDesk
from socialcollab.directory import Profile
from socialcollab.errors import (
    InvalidValueError,
    NetworkError,
    NotAllowedError,
    NotFoundError,
    RejectedError,
)
from socialcollab.networks import Authorization, OAuth, run_oauth
from socialcollab.networks.mastodon import register_app
from socialcollab.pages import Html, escape, join, table
from socialcollab.stores import SqliteCredentials
from socialcollab.transport import Token

router = APIRouter()
# Browsers also apply `form-action` to the redirect that answers a form, here to the network.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self' https:;"
    " frame-ancestors 'none'"
)
# On a phone, each row of the table becomes a block, with the headings before the values.
_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.5rem .75rem .5rem 0;border-bottom:1px solid #8886}
form{display:inline}
@media (max-width:45rem){
thead{display:none}
tr,td{display:block;border:0;padding:0}
tr{border-bottom:1px solid #8886;padding:.75rem 0}
td[data-label]:not([data-label=""])::before{content:attr(data-label)": ";font-weight:600}
}
"""
_HEADERS = {
    "content-security-policy": _POLICY,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}


@attrs.define
class Accounts:
    """
    How the service connects accounts.

    Attributes:
        credentials: The file with the tokens.
        base_url: The address of the service, such as ``https://newsroom.example``.
        apps: The sign-in with each network that has an app, by network name. For Mastodon, an app
            is registered with the server of the profile.
        client: The httpx client for requests to the networks; a new one for each sign-in if None.
    """

    credentials: SqliteCredentials
    base_url: str
    apps: dict[str, OAuth] = attrs.field(factory=dict)
    client: httpx.Client | None = None

    @property
    def redirect_uri(self) -> str:
        """The address to register with each app."""
        return f"{self.base_url}/connections/callback"

    def can_connect(self, profile: Profile) -> bool:
        """Return whether the service has an app for the network of a profile."""
        return profile.network in self.apps or profile.network == "mastodon"

    def oauth(self, profile: Profile) -> OAuth:
        """
        Return the sign-in for a profile; this waits for the network.

        Raises:
            InvalidValueError: If the service has no app for the network.
            NetworkError: If a Mastodon server does not register an app.
        """
        key = profile.server if profile.network == "mastodon" else profile.network
        if key not in self.apps and profile.network == "mastodon":
            flow = register_app(profile.server, redirect_uri=self.redirect_uri, name="Newsroom")
            self.apps[key] = run_oauth(flow, client=self.client)
        if key not in self.apps:
            raise InvalidValueError(f"the service has no app for {profile.network}")
        return self.apps[key]

    def begin(self, profile: Profile) -> tuple[OAuth, Authorization]:
        """Begin a sign-in; this waits for the network."""
        oauth = self.oauth(profile)
        return oauth, oauth.begin(profile, redirect_uri=self.redirect_uri)

    def revoke(self, profile: Profile, token: Token) -> str:
        """Revoke a token, and return what the member still has to do, or an empty string."""
        try:
            run_oauth(self.oauth(profile).revoke(token), client=self.client)
        except (RejectedError, NetworkError, InvalidValueError) as error:
            return f"the token was deleted here, but not revoked: {error}"
        return ""


@router.get("/session", response_class=HTMLResponse)
async def show_sign_in() -> HTMLResponse:
    body = Html(
        '<form method="post" action="/session"><label>Token '
        '<input type="password" name="token" autocomplete="off" required></label> '
        "<button>Sign in</button></form>"
    )
    return _page("Sign in", body)


@router.post("/session")
async def create_session(request: Request) -> Response:
    """Sign in with the token that the service has issued."""
    cookie = await sign_in(request, (await form_of(request)).get("token", ""))
    if cookie is None:
        return _page("Sign in", "The token is not known.", status=401)
    response = RedirectResponse("/connections", status_code=303, headers=_HEADERS)
    is_https = request.app.state.accounts.base_url.startswith("https://")
    # With `lax`, the browser sends the cookie when a network redirects it back to the service.
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", secure=is_https)
    return response


@router.get("/connections", response_class=HTMLResponse)
async def show(request: Request, session: Browser, me: BrowserMember) -> HTMLResponse:
    """Show the profiles that the member may view, and who has connected them."""
    return await _connections(request, session, me)


@router.post("/connections/{profile}/connect")
async def begin(
    request: Request, profile: str, session: Browser, me: BrowserMember, _: Form
) -> Response:
    """Begin to connect a profile, and send the browser to the network."""
    accounts: Accounts = request.app.state.accounts
    known = await _may_connect(request, profile, me)
    try:
        oauth, authorization = await asyncio.to_thread(accounts.begin, known)
    except (NetworkError, InvalidValueError) as error:
        return await _connections(request, session, me, problem=str(error))
    # The sign-in is bound to this session: another browser cannot finish it.
    session.begin(authorization.state, (oauth, authorization))
    return RedirectResponse(authorization.url, status_code=303, headers=_HEADERS)


@router.get("/connections/callback")
async def finish(request: Request, session: Browser, me: BrowserMember) -> Response:
    """Finish the sign-in that this browser has begun, and record the connection."""
    accounts: Accounts = request.app.state.accounts
    # A sign-in that was finished, or that another browser began, is not pending here.
    pending = session.pending.pop(request.query_params.get("state", ""), None)
    if pending is None:
        problem = "this sign-in is not open in your browser; click Connect again"
        return await _connections(request, session, me, problem=problem)
    oauth, authorization = pending
    profile = await _may_connect(request, authorization.profile, me)
    flow = oauth.finish(profile, authorization, dict(request.query_params))
    try:
        connected = await asyncio.to_thread(run_oauth, flow, client=accounts.client)
    except NetworkError as error:
        return await _connections(request, session, me, problem=str(error))
    await asyncio.to_thread(accounts.credentials.put, profile.id, connected.token)
    is_renewed = bool(connected.token.refresh)
    await me.connect(
        profile.id,
        account=connected.account,
        scopes=connected.scopes,
        expires_at=None if is_renewed else connected.token.expires_at,
    )
    # Posts that waited for the connection are due.
    request.app.state.wake.set()
    return RedirectResponse("/connections", status_code=303, headers=_HEADERS)


@router.post("/connections/{profile}/disconnect")
async def disconnect(
    request: Request, profile: str, session: Browser, me: BrowserMember, _: Form
) -> Response:
    """Delete and revoke the token of a profile."""
    accounts: Accounts = request.app.state.accounts
    known = await _may_connect(request, profile, me)
    token = await asyncio.to_thread(accounts.credentials.read, profile)
    await asyncio.to_thread(accounts.credentials.remove, profile)
    with suppress(NotFoundError):
        await me.disconnect(profile)
    problem = ""
    if token is not None:
        problem = await asyncio.to_thread(accounts.revoke, known, token)
    if problem:
        return await _connections(request, session, me, problem=problem, status=200)
    return RedirectResponse("/connections", status_code=303, headers=_HEADERS)


async def _may_connect(request: Request, profile: str, me: BrowserMember) -> Profile:
    """Return a profile that the member may connect, before anything is sent to a network."""
    desk: AsyncDesk = request.app.state.desk
    organization = await desk.organization
    access, now = organization.access, desk.engine.now()
    if profile not in access.profiles(me.member, "view", at=now):
        raise NotFoundError("profile", profile)
    verdict = access.check(me.member, "connect", profile, at=now)
    if not verdict:
        raise NotAllowedError(verdict.for_viewer(me.member))
    return organization.profile(profile)


async def _connections(
    request: Request, session: Session, me: BrowserMember, *, problem: str = "", status: int = 400
) -> HTMLResponse:
    desk: AsyncDesk = request.app.state.desk
    accounts: Accounts = request.app.state.accounts
    organization = await desk.organization
    access, now = organization.access, desk.engine.now()
    connected = {str(one.profile): one for one in await desk.connections(viewer=me.member)}
    rows: list[list[str]] = []
    for profile in organization.profiles:
        if not access.allows(me.member, "view", profile.id, at=now):
            continue
        connection = connected.get(profile.id)
        shown = ["-", "-", "-", "-"]
        if connection is not None:
            expires_at = connection.expires_at
            shown = [
                f"{connection.account}, by {connection.by}",
                f"{connection.at:%Y-%m-%d}",
                ", ".join(connection.scopes) or "-",
                "does not expire" if expires_at is None else f"{expires_at:%Y-%m-%d}",
            ]
        forms: list[str] = []
        if access.allows(me.member, "connect", profile.id, at=now):
            if accounts.can_connect(profile):
                again = "Reconnect" if connection else "Connect"
                forms.append(_form(f"/connections/{profile.id}/connect", again, session))
            if connection is not None:
                forms.append(_form(f"/connections/{profile.id}/disconnect", "Disconnect", session))
        rows.append(
            [f"{profile.handle} ({profile.network})", *shown, join(forms) if forms else "-"]
        )
    body = table(["Profile", "Account", "Since", "Scopes", "Expires", ""], rows)
    alert = Html(f'<p role="alert"><strong>{escape(problem)}</strong></p>') if problem else Html("")
    return _page("Connected accounts", join([alert, body]), status=status if problem else 200)


def _form(action: str, label: str, session: Session) -> Html:
    return Html(
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="csrf" value="{escape(session.csrf)}">'
        f"<button>{escape(label)}</button></form>"
    )


def _page(title: str, body: str, *, status: int = 200) -> HTMLResponse:
    text = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>\n"
        f"{escape(body)}\n</body></html>\n"
    )
    return HTMLResponse(text, status_code=status, headers=_HEADERS)
