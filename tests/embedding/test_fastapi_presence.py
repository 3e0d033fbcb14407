"""The FastAPI example shows who is working on a post, with server-sent events and without."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the group `embedding` is not installed")

from tests.embedding.test_fastapi_host import NEW, async_test


@asynccontextmanager
async def stream(newsroom: Any, user: str, path: str, query: str):
    """
    Open a stream with the real ASGI app, as a browser does; leaving the block closes the browser.

    httpx's ASGI transport would wait for the end of the response, which never comes.
    """
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    gone = asyncio.Event()
    requested = False

    async def receive() -> dict[str, Any]:
        nonlocal requested
        if not requested:
            requested = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def next_lines() -> list[str]:
        async with asyncio.timeout(20):
            while True:
                message = await messages.get()
                if message["type"] == "http.response.body" and message["body"][:5] == b"data:":
                    return json.loads(message["body"][5:])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"authorization", f"Bearer {newsroom.tokens[user]}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("newsroom", 80),
        "state": {},
    }
    running = asyncio.create_task(newsroom.app(scope, receive, messages.put))
    try:
        yield next_lines
    finally:
        gone.set()
        async with asyncio.timeout(20):
            await running


async def drafted(client: Any) -> str:
    return (await client("ana").post("/posts", json=NEW)).json()["id"]


@async_test
async def test_page_shows_typing(newsroom, client) -> None:
    """Ana's page says that Ben is viewing, typing and working on the post, and that he has gone."""
    from newsroom import presence

    presence.POLL_S = 0.01
    post = await drafted(client)
    path = f"/posts/{post}/presence"
    async with stream(newsroom, "ana", f"{path}/events", "device=a") as next_lines:
        assert await next_lines() == []
        async with stream(newsroom, "ben", f"{path}/events", "device=b"):
            assert await next_lines() == ["Ben is viewing this post"]
            typed = await client("ben").post(f"{path}/typing", json={"device": "b"})
            assert typed.status_code == 204
            while (lines := await next_lines()) != ["Ben is typing"]:
                assert lines == ["Ben is viewing this post"]
            assert (await client("ben").post(f"{path}/claim")).json()["claimed"]
            while "Ben is working on this post" not in (lines := await next_lines()):
                pass
            without_script = (await client("ana").get(f"/posts/{post}/page")).text
            assert "<li>Ben is working on this post</li>" in without_script
        while (lines := await next_lines()) != ["Ben is working on this post"]:
            pass


@async_test
async def test_no_row_is_left(newsroom, client) -> None:
    """After the browser has gone, the store has no row of it."""
    post = await drafted(client)
    async with stream(newsroom, "ben", f"/posts/{post}/presence/events", "device=b") as next_lines:
        await next_lines()
        collisions = newsroom.desk.engine.collisions
        now = newsroom.desk.engine.real_clock()
        organization = newsroom.desk.id
        assert await collisions.signals(organization, f"post/{post}", at=now)
    await asyncio.gather(*newsroom.app.state.leaving)
    assert not await collisions.signals(organization, f"post/{post}", at=now)


@async_test
async def test_only_viewers(newsroom, client) -> None:
    """A user who may not view the post gets an ordinary error from every path."""
    post = await drafted(client)
    path = f"/posts/{post}"
    for response in (
        await client("zoe").get(f"{path}/page"),
        await client("zoe").get(f"{path}/presence/events?device=z"),
        await client("zoe").post(f"{path}/presence/typing", json={"device": "z"}),
        await client("zoe").post(f"{path}/presence/claim"),
    ):
        assert response.status_code == 404


@async_test
async def test_hostile_device(newsroom, client) -> None:
    """A device id with a control character is refused."""
    post = await drafted(client)
    response = await client("ben").post(f"/posts/{post}/presence/typing", json={"device": "a\nb"})
    assert response.status_code == 422
