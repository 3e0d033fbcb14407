"""The page "Connected accounts" of the FastAPI example, with the in-memory server of X."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("fastapi", reason="the group `embedding` is not installed")

from tests.embedding.test_fastapi_host import HOST, NOW, TEAMS
from tests.networks.oauth_servers import CLIENT_ID, CLIENT_SECRET, SIGN_INS, MastodonOAuthServer

from socialcollab import Sandbox
from socialcollab.networks.x import XOAuth
from socialcollab.stores import SqliteCredentials

CALLBACK = "https://newsroom/connections/callback"


class Newsroom:
    """The service, with the servers of X and Mastodon, and a browser for each user."""

    def __init__(self, folder: Path) -> None:
        from newsroom import create_app
        from newsroom.connections import Accounts
        from newsroom.users import Users

        users = Users(folder / "newsroom.db")
        users.create_tables()
        self.tokens = {
            user: users.add(user, name=user.title(), team=team) for user, team in TEAMS.items()
        }
        self.x = SIGN_INS["x"].server()
        self.mastodon = MastodonOAuthServer()
        self.credentials = SqliteCredentials(folder / "tokens.db")

        def answer(request: httpx.Request) -> httpx.Response:
            server = self.mastodon if request.url.host == "mastodon.example" else self.x
            return server.handle_request(request)

        self.client = httpx.Client(transport=httpx.MockTransport(answer))
        x = XOAuth(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, clock=lambda: NOW)
        accounts = Accounts(self.credentials, "https://newsroom", {"x": x}, self.client)
        self.path = folder / "newsroom.db"
        self.sandbox = Sandbox(folder / "sandbox", clock=lambda: NOW, durable=False)
        self.app = create_app(self.path, {"*": self.sandbox}, clock=lambda: NOW, accounts=accounts)
        self.opened: list[httpx.AsyncClient] = []

    @property
    def desk(self) -> Any:
        return self.app.state.desk

    async def browser(self, user: str) -> httpx.AsyncClient:
        """Return a browser in which a user has signed in; nobody if empty."""
        browser = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="https://newsroom"
        )
        self.opened.append(browser)
        if user:
            response = await browser.post("/session", data={"token": self.tokens[user]})
            assert (response.status_code, response.headers["location"]) == (303, "/connections")
            cookie = response.headers["set-cookie"].lower()
            assert all(word in cookie for word in ("httponly", "samesite=lax", "secure"))
        return browser


def page_test(test: Callable[[Newsroom], Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test on a new service."""

    def blocking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(HOST)

        async def run() -> None:
            from newsroom.app import set_up

            newsroom = Newsroom(tmp_path)
            await set_up(newsroom.path, owner="eva")
            async with newsroom.app.router.lifespan_context(newsroom.app):
                await test(newsroom)
                assert (await newsroom.desk.audit()).clean
                for browser in newsroom.opened:
                    await browser.aclose()
            newsroom.client.close()
            newsroom.sandbox.close()

        asyncio.run(run())

    blocking.__name__, blocking.__doc__ = test.__name__, test.__doc__
    return blocking


async def click(browser: httpx.AsyncClient, label: str, profile: str) -> httpx.Response:
    """Click a button of a profile."""
    text = (await browser.get("/connections")).text
    action = label.lower().removeprefix("re")
    form = re.search(
        rf'action="(/connections/{profile}/{action})">.*?value="([^"]+)">.*?{label}<', text
    )
    assert form is not None, text
    return await browser.post(form[1], data={"csrf": form[2]})


@page_test
async def test_connect(newsroom: Newsroom) -> None:
    """A member connects a profile, connects it again, and disconnects it."""
    eva = await newsroom.browser("eva")
    assert "Disconnect" not in (await eva.get("/connections")).text
    for label in ("Connect", "Reconnect"):
        response = await click(eva, label, "tulip-x")
        assert response.status_code == 303
        assert response.headers["location"].startswith("https://x.com/i/oauth2/authorize?")
        callback = newsroom.x.consent(response.headers["location"])
        assert callback.startswith(CALLBACK)
        response = await eva.get(callback)
        assert (response.status_code, response.headers["location"]) == (303, "/connections")
    text = (await eva.get("/connections")).text
    assert "tulipair, by eva" in text
    assert "tweet.write" in text
    (connection,) = await newsroom.desk.connections()
    assert (connection.by, connection.account) == ("eva", "tulipair")
    stored = newsroom.credentials.read("tulip-x")
    assert stored is not None
    assert stored.access == newsroom.x.token
    response = await click(eva, "Disconnect", "tulip-x")
    assert response.status_code == 303
    assert newsroom.x.revoked == [newsroom.x.refresh, newsroom.x.token]
    assert newsroom.credentials.read("tulip-x") is None
    assert await newsroom.desk.connections() == ()


@page_test
async def test_mastodon(newsroom: Newsroom) -> None:
    """An app is registered with the Mastodon server, once."""
    eva = await newsroom.browser("eva")
    for label in ("Connect", "Reconnect"):
        response = await click(eva, label, "tulip-mastodon")
        await eva.get(newsroom.mastodon.consent(response.headers["location"]))
    assert newsroom.mastodon.requests.count("POST /api/v1/apps") == 1
    (connection,) = await newsroom.desk.connections()
    assert connection.account == "tulip"


@page_test
async def test_other_browser(newsroom: Newsroom) -> None:
    """A callback works once, and only in the browser in which the sign-in began."""
    eva, other = await newsroom.browser("eva"), await newsroom.browser("eva")
    nobody = await newsroom.browser("")
    callback = newsroom.x.consent((await click(eva, "Connect", "tulip-x")).headers["location"])
    response = await other.get(callback)
    assert response.status_code == 400
    assert "not open in your browser; click Connect again" in response.text
    response = await nobody.get(callback)
    assert (response.status_code, response.headers["location"]) == (303, "/session")
    assert newsroom.x.requests == []
    assert (await eva.get(callback)).status_code == 303
    assert "click Connect again" in (await eva.get(callback)).text
    for guess in ("", "?state=x", "?state=&code=1"):
        assert (await eva.get(f"/connections/callback{guess}")).status_code == 400
    assert len(newsroom.x.requests) == 1


@page_test
async def test_errors(newsroom: Newsroom) -> None:
    """Each error is shown on the page, and nothing is stored."""
    eva = await newsroom.browser("eva")

    async def finished(change: Callable[[str], str]) -> str:
        response = await click(eva, "Connect", "tulip-x")
        response = await eva.get(change(newsroom.x.consent(response.headers["location"])))
        assert response.status_code == 400
        assert 'role="alert"' in response.text
        return response.text

    assert "allow the app to use the account" in await finished(
        lambda a: a.replace("code=", "error=access_denied&error_description=%3Cb%3E&x=")
    )
    assert "&lt;b&gt;" in await finished(
        lambda a: a.replace("code=", "error=access_denied&error_description=%3Cb%3E&x=")
    )
    newsroom.x.granted = "users.read tweet.read"
    assert "has not granted `tweet.write`" in await finished(lambda a: a)
    newsroom.x.granted = None
    newsroom.x.account.handle = "rosarium"
    assert "sign in to X as `tulipair`" in await finished(lambda a: a)
    newsroom.x.scripted["/2/oauth2/token"] = httpx.Response(503)
    assert "503" in await finished(lambda a: a)
    newsroom.mastodon.scripted["/api/v1/apps"] = httpx.Response(500)
    response = await click(eva, "Connect", "tulip-mastodon")
    assert response.status_code == 400
    assert "status 500" in response.text
    assert newsroom.credentials.read("tulip-x") is None
    assert await newsroom.desk.connections() == ()


@page_test
async def test_permissions(newsroom: Newsroom) -> None:
    """Only members with `connect` see the buttons and can use them, and only on visible profiles."""
    ana, zoe, nobody = [await newsroom.browser(user) for user in ("ana", "zoe", "")]
    text = (await ana.get("/connections")).text
    assert "@tulipair" in text
    assert "<form" not in text
    assert "@tulipair" not in (await zoe.get("/connections")).text
    assert (await nobody.get("/connections")).headers["location"] == "/session"
    wrong = await nobody.post("/session", data={"token": "guess"})
    assert (wrong.status_code, "not known" in wrong.text) == (401, True)
    ana_session = next(one for one in newsroom.app.state.sessions.values() if one.user == "ana")
    csrf = {"csrf": ana_session.csrf}
    assert (await ana.post("/connections/tulip-x/connect", data=csrf)).status_code == 403
    assert (await ana.post("/connections/tulip-x/disconnect", data=csrf)).status_code == 403
    assert (await ana.post("/connections/no-such/connect", data=csrf)).status_code == 404
    eva = await newsroom.browser("eva")
    for data in ({}, {"csrf": "guess"}, csrf):
        response = await eva.post("/connections/tulip-x/connect", data=data)
        assert response.status_code == 403
        assert "open the page again" in response.text
    huge = await eva.post("/connections/tulip-x/connect", content=b"x" * 20_000)
    assert huge.status_code == 413


@page_test
async def test_secrets(newsroom: Newsroom) -> None:
    """No secret appears on a page, in a log or in the database."""
    records: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record.getMessage())

    handler = Handler()
    logging.getLogger().addHandler(handler)
    try:
        eva = await newsroom.browser("eva")
        pages = []
        for scripted in (None, httpx.Response(400, json={"error": f"{CLIENT_SECRET} code-1a2b3c"})):
            if scripted is not None:
                newsroom.x.scripted["/2/oauth2/token"] = scripted
            response = await click(eva, "Reconnect" if scripted else "Connect", "tulip-x")
            response = await eva.get(newsroom.x.consent(response.headers["location"]))
            pages += [response.text, (await eva.get("/connections")).text]
    finally:
        logging.getLogger().removeHandler(handler)
    stored = newsroom.path.read_bytes()
    for secret in (CLIENT_SECRET, newsroom.x.token, newsroom.x.refresh, newsroom.x.code):
        assert not [text for text in pages if secret in text]
        # The log of a real server contains the callback; this one is the client's.
        assert not [text for text in records if secret in text and CALLBACK not in text]
        assert secret.encode() not in stored
