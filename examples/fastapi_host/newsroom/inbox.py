"""The inbox: messages of customers, and the members who answer them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from newsroom.authentication import Me
from socialcollab import AsyncDesk
from socialcollab.errors import NotFoundError
from socialcollab.inbox import Conversation
from socialcollab.organization import Organization
from socialcollab.pages import page
from socialcollab.pages.inbox import case_view, conversation_view, inbox_list

router = APIRouter(prefix="/inbox")


class Answer(BaseModel):
    """A reply to a customer, and the version of the conversation that the user saw."""

    text: str
    seen: int


class Assignment(BaseModel):
    """The owner of a conversation, such as ``member:ana`` or ``team:editors``."""

    to: str
    reason: str = ""


async def _organization(request: Request) -> tuple[AsyncDesk, Organization]:
    desk: AsyncDesk = request.app.state.desk
    return desk, await desk.organization


@router.get("/list", response_class=HTMLResponse)
async def show_list(request: Request, me: Me, text: str = "", state: str = "") -> str:
    """Show the conversations that the user may see, those that changed last first."""
    desk, organization = await _organization(request)
    found = await me.inbox.find(text=text, state=state or ())
    body = inbox_list(
        found.conversations,
        now=desk.engine.now(),
        networks={profile.id: profile.network for profile in organization.profiles},
        file=lambda name: f"conversation-{name}",
    )
    return page("Inbox", body)


@router.get("/conversation-{conversation}", response_class=HTMLResponse)
async def show_conversation(request: Request, conversation: str, me: Me) -> str:
    """Show a conversation with its messages and the notes that the user may see."""
    desk, organization = await _organization(request)
    item = await me.inbox.conversation(conversation)
    view = await me.inbox.view(item)
    body = conversation_view(
        item,
        view.entries,
        now=desk.engine.now(),
        zone=str(organization.zone_of(item.workspace)),
        accountable=view.accountable,
        case=view.case,
        network=organization.profile(item.profile).network,
        file=lambda name: f"case-{name}",
    )
    return page(item.title or "Conversation", body)


@router.get("/case-{case}", response_class=HTMLResponse)
async def show_case(request: Request, case: str, me: Me) -> str:
    """Show a case with its conversations."""
    desk, organization = await _organization(request)
    item = await me.inbox.case(case)
    view = await me.inbox.view(item)
    body = case_view(
        item,
        view.conversations,
        view.entries,
        now=desk.engine.now(),
        zone=str(organization.zone_of(item.workspace)),
        accountable=view.accountable,
        networks={profile.id: profile.network for profile in organization.profiles},
        file=lambda name: f"conversation-{name}",
    )
    return page(item.title or "Case", body)


@router.get("/conversations/{conversation}")
async def read(conversation: str, me: Me) -> dict[str, Any]:
    """Return a conversation with its version, which a reply must state."""
    return _content(await me.inbox.conversation(conversation))


@router.post("/conversations/{conversation}/reply", status_code=201)
async def reply(request: Request, conversation: str, body: Answer, me: Me) -> dict[str, Any]:
    """Answer a customer; the reply is refused if anything has happened since the user looked."""
    answered = await me.inbox.submit_reply(conversation, body.text, seen=body.seen)
    request.app.state.wake.set()
    return _content(answered)


@router.post("/conversations/{conversation}/{command}")
async def change(conversation: str, command: str, me: Me) -> dict[str, Any]:
    """Claim, release, resolve or reopen a conversation."""
    inbox = me.inbox
    commands = {
        "claim": inbox.claim,
        "release": inbox.release,
        "resolve": inbox.resolve,
        "reopen": inbox.reopen,
    }
    if command not in commands:
        raise NotFoundError("command", command)
    # These commands need no version: they cannot contradict what another user has done.
    return _content(await commands[command](await inbox.conversation(conversation)))


@router.put("/conversations/{conversation}/owner")
async def assign(conversation: str, body: Assignment, me: Me) -> dict[str, Any]:
    """Assign a conversation to a member or a team."""
    return _content(await me.inbox.assign(conversation, body.to, reason=body.reason))


@router.post("/fetch/{profile}")
async def fetch(request: Request, profile: str, me: Me) -> dict[str, Any]:
    """Read new messages of a profile from its network now, instead of at the next interval."""
    del me
    desk: AsyncDesk = request.app.state.desk
    cursors: dict[str, str] = request.app.state.cursors
    async with request.app.state.fetching:
        fetched = await desk.fetch_messages(profile, cursors.get(profile, ""))
        # The cursor is stored after the messages. If the service stops in between, the same
        # messages are read again, which changes nothing.
        cursors[profile] = fetched.cursor
    return {"received": len(fetched.received)}


def _content(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "version": conversation.version,
        "state": conversation.state,
        "owner": conversation.owner,
        "title": conversation.title,
        "customer": conversation.customer_name,
        "messages": conversation.messages,
        "replies": [
            {"post": each.post, "by": each.by, "status": each.status}
            for each in conversation.replies
        ],
    }
