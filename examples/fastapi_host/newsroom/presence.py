"""Who is working on a post: a page, and a stream of server-sent events that keeps it up to date."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel

from newsroom.authentication import Me
from socialcollab.desk import AsyncMemberDesk
from socialcollab.errors import NotFoundError
from socialcollab.pages import escape

router = APIRouter()
POLL_S = 1.0
# A page disappears 45 seconds after its last signal.
POLLS_PER_SIGNAL = 15

STATES = {
    "typing": "is typing",
    "unsaved": "has unsaved changes",
    "viewing": "is viewing this post",
    "idle": "has this post open",
}

SCRIPT = """
const tab = crypto.randomUUID();
const box = document.querySelector("textarea");
const lines = document.querySelector("#presence");
const source = new EventSource(`presence/events?device=${tab}`);
source.onmessage = (event) => {
  lines.replaceChildren(...JSON.parse(event.data).map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  }));
};
let last = 0;
box.addEventListener("input", () => {
  if (Date.now() - last < 3000) return;
  last = Date.now();
  fetch("presence/typing", {
    method: "POST",
    headers: {"content-type": "application/json"},
    body: JSON.stringify({device: tab}),
  });
});
"""


class Typing(BaseModel):
    """A browser tab in which the user is typing."""

    device: str


async def lines_of(me: AsyncMemberDesk, post: str) -> list[str]:
    """Return what a page says about the other members on a post."""
    lines = [f"{each.member.title()} {STATES[each.state]}" for each in await me.presence(post)]
    claim = await me.current_claim(post)
    if claim is not None and claim.holder != me.member:
        lines.append(f"{claim.holder.title()} is working on this post")
    return lines


@router.get("/posts/{post}/page")
async def show_page(post: str, me: Me) -> HTMLResponse:
    """Return a page with a post's text and the members on it, which is complete without scripts."""
    text = (await me.post_view(post)).post.text
    lines = "".join(f"<li>{escape(line)}</li>" for line in await lines_of(me, post))
    body = (
        f'<ul id="presence" aria-live="polite">{lines}</ul>'
        f'<textarea aria-label="Text" rows="8" cols="60">{escape(text)}</textarea>'
        f"<script>{SCRIPT}</script>"
    )
    # `socialcollab.pages.page` forbids scripts, so this page is the service's own.
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Post</title></head>'
        f"<body><h1>Post</h1>{body}</body></html>"
    )


@router.post("/posts/{post}/presence/typing", status_code=204)
async def typing(post: str, body: Typing, me: Me) -> None:
    await me.seen(post, "typing", device=body.device)


@router.post("/posts/{post}/presence/claim")
async def claim(post: str, me: Me) -> dict[str, Any]:
    result = await me.claim(post)
    return {"claimed": bool(result), "reason": result.verdict.explain()}


@router.get("/posts/{post}/presence/events")
async def events(
    request: Request, post: str, device: Annotated[str, Query(max_length=100)], me: Me
) -> StreamingResponse:
    """Show the user as present while the stream is open, and send the other members."""
    # A post that the user may not view is an ordinary error, before the stream begins.
    await me.seen(post, device=device)
    return StreamingResponse(
        _events(request, me, post, device),
        media_type="text/event-stream",
        headers={"cache-control": "no-cache"},
    )


async def _events(
    request: Request, me: AsyncMemberDesk, post: str, device: str
) -> AsyncIterator[str]:
    sent = None
    polls = 0
    try:
        while True:
            lines = await lines_of(me, post)
            if lines != sent:
                sent = lines
                yield f"data: {json.dumps(lines)}\n\n"
            await asyncio.sleep(POLL_S)
            polls += 1
            if polls % POLLS_PER_SIGNAL == 0:
                await me.seen(post, device=device)
                # A comment finds out that a browser has gone without closing its connection.
                yield ": still here\n\n"
    except NotFoundError:
        return  # the user has lost the permission to view the post
    finally:
        # The server cancels this generator when the browser goes. A task of its own is not
        # cancelled, so the row is deleted in any case.
        leaving = asyncio.create_task(me.left(post, device=device))
        request.app.state.leaving.add(leaving)
        leaving.add_done_callback(request.app.state.leaving.discard)
