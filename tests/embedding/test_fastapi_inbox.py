"""The FastAPI example: customers write, and members see and answer their messages."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the group `embedding` is not installed")

from tests.embedding.test_fastapi_host import HOST, async_test, running

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


async def _received(newsroom: Any, client: Any, *texts: str) -> str:
    """Let a customer write, fetch the messages, and return the id of the conversation."""
    for text in texts:
        newsroom.sandbox.add_message("tulip-x", text, kind="mention", author="ken")
    fetched = await client("ana").post("/inbox/fetch/tulip-x")
    assert fetched.json() == {"received": len(texts)}
    found = await newsroom.desk.acting_as("ana")
    conversations = (await found.inbox.find()).conversations
    return str(conversations[0].id)


@async_test
async def test_answer(newsroom: Any, client: Any) -> None:
    """A member answers a customer, and the reply is published after its approval."""
    name = await _received(newsroom, client, "Waar is mijn koffer?")
    seen = (await client("ana").get(f"/inbox/conversations/{name}")).json()
    assert (seen["title"], seen["owner"], seen["messages"]) == ("Waar is mijn koffer?", "", 1)
    answer = {"text": "We zoeken het uit!", "seen": seen["version"]}
    response = await client("ana").post(f"/inbox/conversations/{name}/reply", json=answer)
    assert response.status_code == 201, response.text
    [reply] = response.json()["replies"]
    assert reply["by"] == "ana"
    # A second proposal is possible; approving one asks about the other.
    second = await client("ben").post(f"/inbox/conversations/{name}/reply", json=answer)
    assert [reply["by"] for reply in second.json()["replies"]] == ["ana", "ben"]


@async_test
async def test_outdated_answer(newsroom: Any, client: Any) -> None:
    """A reply is refused if the conversation has changed since the user looked."""
    name = await _received(newsroom, client, "Waar is mijn koffer?")
    ben = (await newsroom.desk.acting_as("ben")).inbox
    seen = (await ben.conversation(name)).version
    await ben.note(name, "Koffer staat in Praag.")
    answer = {"text": "We zoeken het uit!", "seen": seen}
    response = await client("ana").post(f"/inbox/conversations/{name}/reply", json=answer)
    assert response.status_code == 403
    assert "`ben` wrote an internal note" in response.json()["error"]


@async_test
async def test_pages(newsroom: Any, client: Any) -> None:
    """The list links to the conversation, which shows the messages and who is accountable."""
    name = await _received(newsroom, client, "Waar is <b>mijn</b> koffer?")
    listed = (await client("ana").get("/inbox/list")).text
    assert f'href="conversation-{name}"' in listed
    shown = (await client("ana").get(f"/inbox/conversation-{name}")).text
    assert "Waar is &lt;b&gt;mijn&lt;/b&gt; koffer?" in shown
    assert "team:editors" in shown
    eva = (await newsroom.desk.acting_as("eva")).inbox
    case = await eva.open_case("Koffer", name)
    shown = (await client("ana").get(f"/inbox/case-{case.id}")).text
    assert f'href="conversation-{name}"' in shown


@async_test
async def test_permissions(newsroom: Any, client: Any) -> None:
    """A user without the permission learns nothing, not even that the conversation exists."""
    name = await _received(newsroom, client, "Waar is mijn koffer?")
    for path in (f"conversation-{name}", f"conversations/{name}", "case-x", "conversation-x"):
        response = await client("kim").get(f"/inbox/{path}")
        assert (response.status_code, response.json()) == (404, {"error": "not found"}), path
    assert "No conversations." in (await client("kim").get("/inbox/list")).text
    assert (await client("").get("/inbox/list")).status_code in (401, 403)


@async_test
async def test_changes(newsroom: Any, client: Any) -> None:
    """Members claim, assign, resolve and reopen conversations."""
    name = await _received(newsroom, client, "Waar is mijn koffer?")
    path = f"/inbox/conversations/{name}"
    owner = {"to": "member:ana", "reason": "bagage"}
    assert (await client("ana").put(f"{path}/owner", json=owner)).status_code == 403
    assigned = await client("ben").put(f"{path}/owner", json=owner)
    assert assigned.json()["owner"] == "member:ana"
    assert (await client("ana").post(f"{path}/resolve")).json()["state"] == "resolved"
    assert (await client("ana").post(f"{path}/reopen")).json()["state"] == "open"
    assert (await client("ana").post(f"{path}/explode")).status_code == 404


@pytest.mark.integration
@pytest.mark.skipif(CHROMIUM is None, reason="there is no browser")
def test_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser shows the list and the conversation, and follows the link between them."""
    uvicorn = pytest.importorskip("uvicorn")
    monkeypatch.syspath_prepend(HOST)
    ready, stop = threading.Event(), threading.Event()
    found: dict[str, Any] = {}

    def serve() -> None:
        async def run() -> None:
            async with running(tmp_path) as (newsroom, client):
                found["name"] = await _received(newsroom, client, "Waar is mijn koffer?")
                listening = socket.create_server(("127.0.0.1", 0))
                found["port"] = listening.getsockname()[1]
                token = newsroom.tokens["ana"]

                async def app(scope: Any, receive: Any, send: Any) -> None:
                    # The browser cannot send the header, so the test adds it.
                    headers = [(b"authorization", f"Bearer {token}".encode())]
                    await newsroom.app({**scope, "headers": headers}, receive, send)

                config = uvicorn.Config(app, lifespan="off", log_level="warning")
                server = uvicorn.Server(config)
                server.install_signal_handlers = lambda: None
                task = asyncio.create_task(server.serve(sockets=[listening]))
                ready.set()
                await asyncio.to_thread(stop.wait, 60)
                server.should_exit = True
                await task

        asyncio.run(run())

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert ready.wait(30)
        base = f"http://127.0.0.1:{found['port']}/inbox"
        listed = _dom(f"{base}/list", tmp_path)
        assert f'href="conversation-{found["name"]}"' in listed
        assert "Waar is mijn koffer?" in listed
        shown = _dom(f"{base}/conversation-{found['name']}", tmp_path)
        assert "Accountable" in shown
        assert "Refused to apply" not in shown
    finally:
        stop.set()
        thread.join()


def _dom(url: str, folder: Path) -> str:
    """Return the document that a browser has built from a page."""
    assert CHROMIUM is not None
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder / 'browser'}",
        "--dump-dom",
        url,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout
