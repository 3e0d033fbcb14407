"""The service, with its endpoints, a desk, and a task that performs the due work."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI, Request
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel, PositiveInt

from newsroom import connections, inbox, presence
from newsroom.authentication import Me
from newsroom.connections import Accounts
from newsroom.errors import add_error_handlers
from newsroom.permissions import Advertiser, Manager
from newsroom.users import Users
from newsroom.worker import run_worker
from socialcollab import AsyncDesk, SqliteStore
from socialcollab.content import Attachment
from socialcollab.desk import PostView, SubmitTiming
from socialcollab.errors import NotFoundError
from socialcollab.pages import CalendarEntry, month_calendar, page, post_preview, preview_grid
from socialcollab.stores import FolderMedia
from socialcollab.transport import Media, Network

RULES = Path(__file__).resolve().parents[1] / "organization.toml"
router = APIRouter()
# Larger images would make the page slow.
MOST_EMBEDDED_BYTES = 1_000_000


class NewPost(BaseModel):
    """A post to draft."""

    text: str
    profiles: list[str]
    planned_at: str | None = None


class CommandBody(BaseModel):
    """The arguments of a command, including the revision that the user saw."""

    seen: str
    note: str = ""
    text: str = ""
    at: str | None = None


class NewBudget(BaseModel):
    """Money to spend on promoting the posts of a profile."""

    euros: PositiveInt


async def set_up(path: Path, *, owner: str) -> None:
    """Create the desk, and its tables in the service's database."""
    organization = Users(path).organization(RULES.read_text("utf-8"))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        SqliteStore.joined(connection, projections=AsyncDesk.PROJECTIONS)
    async with await AsyncDesk.create(path, organization, owner=owner):
        pass


async def adopt_users(desk: AsyncDesk, users: Users, *, by: str, reason: str) -> None:
    """Make the current users members of the desk."""
    proposal = await desk.propose(users.organization(RULES.read_text("utf-8")))
    if proposal.changes:
        await (await desk.acting_as(by)).adopt(proposal, reason=reason)


@router.get("/to-do")
async def to_do(me: Me) -> list[dict[str, Any]]:
    return [
        {"kind": item.kind, "post": item.post.id, "text": item.post.text, "step": item.step}
        for item in await me.to_do()
    ]


@router.post("/posts", status_code=201)
async def draft(body: NewPost, me: Me) -> dict[str, Any]:
    post = await me.draft(body.text, profiles=body.profiles, planned_at=body.planned_at)
    return _post_content(await me.post_view(post))


@router.get("/posts/{post}")
async def show(post: str, me: Me) -> dict[str, Any]:
    return _post_content(await me.post_view(post))


@router.get("/posts/{post}/preview")
async def preview(request: Request, post: str, me: Me) -> HTMLResponse:
    """Return a page that shows how a post will look on each of its profiles."""
    content = (await me.post_view(post)).post.content
    desk: AsyncDesk = request.app.state.desk
    profiles = (await desk.organization).profiles_by_id
    sources = {
        media.digest: await asyncio.to_thread(_embedded, request.app.state.media, media)
        for media in content.all_media
    }
    previews = [
        post_preview(content, profiles[name], source=lambda one: sources[one.digest])
        for name in content.targets
        if name in profiles
    ]
    return HTMLResponse(page("Preview", preview_grid(previews)))


@router.get("/posts/{post}/media/{digest}")
async def image(request: Request, post: str, digest: str, me: Me) -> StreamingResponse:
    """Return an image of a post to a user who may view the post."""
    for media in (await me.post_view(post)).post.content.all_media:
        if media.digest == digest:
            content = await asyncio.to_thread(request.app.state.media.open, digest)
            return StreamingResponse(content, media_type=media.media_type)
    raise NotFoundError("image", digest)


@router.post("/posts/{post}/{command}")
async def do(
    request: Request, post: str, command: str, body: CommandBody, me: Me
) -> dict[str, Any]:
    """Perform a command on the revision that the user saw."""
    if command == "submit":
        at: SubmitTiming | None = "as soon as approved" if body.at == "now" else None
        await me.submit(post, revision=body.seen, at=at)
    elif command == "approve":
        await me.approve(post, revision=body.seen, note=body.note)
    elif command == "request_changes":
        await me.request_changes(post, body.note, revision=body.seen)
    elif command == "edit":
        await me.edit(post, revision=body.seen, text=body.text)
    else:
        raise NotFoundError("command", command)
    request.app.state.wake.set()
    return _post_content(await me.post_view(post))


@router.get("/me/profiles/{permission}")
async def my_profiles(request: Request, permission: str, me: Me) -> list[str]:
    """List the profiles on which the user has a permission."""
    desk: AsyncDesk = request.app.state.desk
    access = (await desk.organization).access
    return list(access.profiles(me.member, permission, at=desk.engine.now()))


@router.get("/profiles/{profile}/members/{permission}")
async def members(request: Request, profile: str, permission: str, _: Manager) -> dict[str, str]:
    """Show which members have a permission on a profile, and why, to users who manage access."""
    desk: AsyncDesk = request.app.state.desk
    access, now = (await desk.organization).access, desk.engine.now()
    return {
        member: access.check(member, permission, profile, at=now).explain()
        for member in access.members(permission, profile, at=now)
    }


@router.post("/profiles/{profile}/budget", status_code=201)
async def budget(request: Request, profile: str, body: NewBudget, me: Advertiser) -> dict[str, Any]:
    """Increase the advertising budget of a profile, which the service stores in its own table."""
    users: Users = request.app.state.users
    total = await asyncio.to_thread(users.add_budget, profile, euros=body.euros, by=me.member)
    return {"profile": profile, "euros": total}


@router.get("/calendar/{year}/{month}", response_class=HTMLResponse)
async def calendar(
    request: Request,
    year: Annotated[int, PathParameter(ge=2000, le=2100)],
    month: Annotated[int, PathParameter(ge=1, le=12)],
    me: Me,
) -> str:
    """Show all posts in a month that the user may view."""
    desk: AsyncDesk = request.app.state.desk
    organization = await desk.organization
    zone = ZoneInfo(organization.zone_of("tulip"))
    start = dt.datetime(year, month, 1, tzinfo=zone)
    end = dt.datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    entries = [
        CalendarEntry(
            at=entry.at.astimezone(zone),
            title=entry.title,
            profile=organization.profile(entry.profile).handle,
            network=organization.profile(entry.profile).network,
            state=entry.state,
        )
        for entry in (await desk.calendar(start, end, viewer=me.member)).entries()
    ]
    return page(f"{start:%B %Y}", month_calendar(entries, year, month), lede="Tulip Airlines")


def create_app(
    path: Path,
    networks: Mapping[str, Network],
    *,
    clock: Callable[[], dt.datetime] | None = None,
    accounts: Accounts | None = None,
) -> FastAPI:
    """
    Create the service.

    Args:
        path: The path of the database, in which `set_up` has created a desk.
        networks: The networks of the profiles.
        clock: The desk's clock. The default is the system clock.
        accounts: How accounts are connected. By default, the service has no page for it.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        stop, wake = asyncio.Event(), asyncio.Event()
        media = FolderMedia(path.with_name("media"))
        async with await AsyncDesk.open(path, networks=networks, media=media, clock=clock) as desk:
            app.state.users, app.state.desk, app.state.wake = Users(path), desk, wake
            app.state.media = media
            app.state.sessions, app.state.accounts = {}, accounts
            # A service with several processes stores the cursors in its database.
            app.state.cursors, app.state.fetching = {}, asyncio.Lock()
            app.state.leaving = set()
            worker = asyncio.create_task(run_worker(desk, stop, wake))
            try:
                yield
            finally:
                # Signal the worker to stop instead of cancelling it, so that it can complete a
                # request that it is sending.
                stop.set()
                wake.set()
                await worker
                await asyncio.gather(*app.state.leaving)

    app = FastAPI(title="Newsroom", lifespan=lifespan)
    # These paths come before `/posts/{post}/{command}`.
    app.include_router(presence.router)
    app.include_router(router)
    app.include_router(inbox.router)
    if accounts is not None:
        app.include_router(connections.router)
    add_error_handlers(app)
    return app


def _embedded(store: Media, media: Attachment) -> str:
    """Return an image as part of the page; an empty string for a video or a large image."""
    if not media.media_type.startswith("image/") or media.size_bytes > MOST_EMBEDDED_BYTES:
        return ""
    with store.open(media.digest) as file:
        return f"data:{media.media_type};base64,{base64.b64encode(file.read()).decode()}"


def _post_content(view: PostView) -> dict[str, Any]:
    """Return what a user sees of a post, the allowed commands, and why other commands are refused."""
    content = view.post.content
    return {
        "id": view.post.id,
        "text": view.post.text,
        "texts": {profile: content.texts_for(profile) for profile in content.targets},
        "links": list(content.links),
        "planned_at": str(view.post.planned_at or ""),
        "images": [
            {"url": f"/posts/{view.post.id}/media/{image.digest}", "alt": image.alt}
            for image in view.post.media
        ],
        "notes": [
            {"by": decision.by, "note": decision.note}
            for decision in view.decisions
            if decision.note
        ],
        "changed_since_decision": list(view.changed_since_decision),
        "state": view.summary.value,
        "seen": view.seen,
        "pending_steps": {str(step.key): list(step.reviewers) for step in view.pending_steps},
        "step_reasons": [reason.text() for step in view.pending_steps for reason in step.reasons],
        "holds": [
            {"on": str(hold.on), "reason": hold.reason, "ended_at": str(hold.ended_at or "")}
            for hold in view.holds
        ],
        "urls": [delivery.url for delivery in view.deliveries if delivery.url],
        "allowed": sorted(name for name, verdict in view.allowed_actions.items() if verdict),
        "refused": {
            name: verdict.explain() for name, verdict in view.allowed_actions.items() if not verdict
        },
    }
