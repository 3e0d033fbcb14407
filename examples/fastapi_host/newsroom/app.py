"""The service: bearer tokens in, a desk behind, and a task that publishes what is due."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI, Request
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, PositiveInt

from newsroom.acting import Me
from newsroom.allowed import Booster, Manager
from newsroom.people import People
from newsroom.refusals import answer_refusals
from newsroom.worker import keep_publishing
from socialcollab import AsyncDesk, SqliteStore
from socialcollab.desk import PostView, SubmitTiming
from socialcollab.errors import NotFoundError
from socialcollab.pages import CalendarEntry, month_calendar, page
from socialcollab.stores import FolderMedia
from socialcollab.transport import Network

RULES = Path(__file__).resolve().parents[1] / "house.toml"
router = APIRouter()


class NewPost(BaseModel):
    """A post to be drafted."""

    text: str
    profiles: list[str]
    planned_at: str | None = None


class Seen(BaseModel):
    """What a command is about: the revision that whoever gives it has seen."""

    seen: str
    note: str = ""
    at: str | None = None


class NewBudget(BaseModel):
    """Money to put behind the posts of a profile."""

    euros: PositiveInt


async def prepare(path: Path, *, owner: str) -> None:
    """Make the desk's tables beside those of the service, and bring rules and people into force."""
    organization = People(path).organization(RULES.read_text("utf-8"))
    with closing(sqlite3.connect(path, isolation_level=None)) as host:
        SqliteStore.joined(host, projections=AsyncDesk.PROJECTIONS)
    async with await AsyncDesk.create(path, organization, owner=owner):
        pass


async def adopt_people(desk: AsyncDesk, people: People, *, by: str, reason: str) -> None:
    """Tell the desk who works here now."""
    proposal = await desk.propose(people.organization(RULES.read_text("utf-8")))
    if proposal.changes:
        await (await desk.acting_as(by)).adopt(proposal, reason=reason)


@router.get("/to-do")
async def to_do(me: Me) -> list[dict[str, Any]]:
    return [
        {"kind": item.kind, "post": item.post.id, "text": item.post.text, "step": item.step}
        for item in await me.to_do()
    ]


@router.post("/posts", status_code=201)
async def draft(new: NewPost, me: Me) -> dict[str, Any]:
    post = await me.draft(new.text, profiles=new.profiles, planned_at=new.planned_at)
    return _shown(await me.post_view(post))


@router.get("/posts/{post}")
async def show(post: str, me: Me) -> dict[str, Any]:
    return _shown(await me.post_view(post))


@router.post("/posts/{post}/{command}")
async def do(request: Request, post: str, command: str, about: Seen, me: Me) -> dict[str, Any]:
    """Carry out one command on the revision that was seen."""
    if command == "submit":
        at: SubmitTiming | None = "as soon as approved" if about.at == "now" else None
        await me.submit(post, revision=about.seen, at=at)
    elif command == "approve":
        await me.approve(post, revision=about.seen, note=about.note)
    elif command == "request_changes":
        await me.request_changes(post, about.note, revision=about.seen)
    elif command == "edit":
        await me.edit(post, revision=about.seen, text=about.note)
    else:
        raise NotFoundError("command", command)
    request.app.state.woken.set()
    return _shown(await me.post_view(post))


@router.get("/me/profiles/{permission}")
async def mine(request: Request, permission: str, me: Me) -> list[str]:
    """List the profiles on which whoever asks may do something."""
    desk: AsyncDesk = request.app.state.desk
    access = (await desk.organization).access
    return list(access.profiles(me.member, permission, at=desk.engine.now()))


@router.get("/profiles/{profile}/who/{permission}")
async def who(request: Request, profile: str, permission: str, _: Manager) -> dict[str, str]:
    """Tell those who manage access who may do something, and why."""
    desk: AsyncDesk = request.app.state.desk
    access, now = (await desk.organization).access, desk.engine.now()
    may = access.members(permission, profile, at=now)
    verdicts = access.check_batch([(one, permission, profile) for one in may], at=now)
    return {one: verdict.explain() for one, verdict in zip(may, verdicts, strict=True)}


@router.post("/profiles/{profile}/budget", status_code=201)
async def budget(request: Request, profile: str, new: NewBudget, me: Booster) -> dict[str, Any]:
    """Put money behind a profile's posts: an act of the service's own."""
    people: People = request.app.state.people
    total = await asyncio.to_thread(people.boost, profile, euros=new.euros, by=me.member)
    return {"profile": profile, "euros": total}


@router.get("/calendar/{year}/{month}", response_class=HTMLResponse)
async def calendar(
    request: Request,
    year: Annotated[int, PathParameter(ge=2000, le=2100)],
    month: Annotated[int, PathParameter(ge=1, le=12)],
    me: Me,
) -> str:
    """Show a month of what whoever asks may view."""
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
) -> FastAPI:
    """
    Return the service on its file.

    Args:
        path: The file, in which `prepare` has made a desk.

        networks: How profiles are reached.

        clock: The plan's clock; the machine's unless a test or a rehearsal gives one.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        stop, woken = asyncio.Event(), asyncio.Event()
        media = FolderMedia(path.with_name("media"))
        async with await AsyncDesk.open(path, networks=networks, media=media, clock=clock) as desk:
            app.state.people, app.state.desk, app.state.woken = People(path), desk, woken
            worker = asyncio.create_task(keep_publishing(desk, stop, woken))
            try:
                yield
            finally:
                # Told, not cancelled: what is being sent is ended first.
                stop.set()
                woken.set()
                await worker

    app = FastAPI(title="Newsroom", lifespan=lifespan)
    app.include_router(router)
    answer_refusals(app)
    return app


def _shown(of: PostView) -> dict[str, Any]:
    """Return a post as one member sees it, with what they may do; and for what not, why."""
    return {
        "id": of.post.id,
        "text": of.post.text,
        "state": of.summary.value,
        "seen": of.seen,
        "pending_steps": {str(step.key): list(step.reviewers) for step in of.pending_steps},
        "urls": [delivery.url for delivery in of.deliveries if delivery.url],
        "may": sorted(name for name, verdict in of.allowed_actions.items() if verdict),
        "may_not": {
            name: verdict.explain() for name, verdict in of.allowed_actions.items() if not verdict
        },
    }
