"""
The FastAPI example: users act at the desk, endpoints explain refusals, and a task publishes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("fastapi", reason="the group `embedding` is not installed")

from socialcollab import Sandbox

HOST = Path(__file__).resolve().parents[2] / "examples" / "fastapi_host"
NOW = dt.datetime(2026, 4, 6, 10, tzinfo=dt.UTC)
TEAMS = {"eva": "owners", "ana": "writers", "ben": "editors", "kim": "ads", "zoe": "nobody"}
NEW = {"text": "De lente is er 🌷", "profiles": ["tulip-x"], "planned_at": "2026-04-07 09:30"}


class Newsroom:
    """The service with a new file, and a client for each of its users."""

    def __init__(self, folder: Path) -> None:
        from newsroom import create_app
        from newsroom.users import Users

        self.path = folder / "newsroom.db"
        self.users = Users(self.path)
        self.users.create_tables()
        self.tokens = {
            user: self.users.add(user, name=user.title(), team=team) for user, team in TEAMS.items()
        }
        self.now = NOW
        self.sandbox = Sandbox(folder / "sandbox", clock=lambda: self.now, durable=False)
        self.app = create_app(self.path, {"*": self.sandbox}, clock=lambda: self.now)

    @property
    def desk(self) -> Any:
        return self.app.state.desk

    def client(self, token: str) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://newsroom", headers=headers
        )

    def wake(self, now: dt.datetime) -> None:
        """Set the clock and wake the worker."""
        self.now = now
        self.app.state.wake.set()


@asynccontextmanager
async def running(
    folder: Path,
) -> AsyncIterator[tuple[Newsroom, Callable[[str], httpx.AsyncClient]]]:
    """Run the service; yield it, and a function that returns the client of a user."""
    from newsroom.app import set_up

    newsroom = Newsroom(folder)
    await set_up(newsroom.path, owner="eva")
    clients: dict[str, httpx.AsyncClient] = {}

    def client(user: str) -> httpx.AsyncClient:
        return clients.setdefault(user, newsroom.client(newsroom.tokens.get(user, "")))

    async with newsroom.app.router.lifespan_context(newsroom.app):
        yield newsroom, client
        for opened in clients.values():
            await opened.aclose()
    newsroom.sandbox.close()


def async_test(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[[Path], None]:
    """Run an async test on a new service, and audit its journal at the end."""

    def blocking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(HOST)

        async def run() -> None:
            async with running(tmp_path) as (newsroom, client):
                await test(newsroom, client)
                assert (await newsroom.desk.audit()).clean

        asyncio.run(run())

    blocking.__name__, blocking.__doc__ = test.__name__, test.__doc__
    return blocking


async def wait_for_state(client: Any, post: str, state: str) -> dict[str, Any]:
    """Wait until the background task has moved a post to a state."""
    async with asyncio.timeout(20):
        while (content := (await client("ana").get(f"/posts/{post}")).json())["state"] != state:
            await asyncio.sleep(0.005)
    return content


async def submitted_post(client: Any, **changed: Any) -> dict[str, Any]:
    """Draft and submit a post as Ana."""
    response = await client("ana").post("/posts", json={**NEW, **changed})
    assert response.status_code == 201, response.text
    draft = response.json()
    response = await client("ana").post(
        f"/posts/{draft['id']}/submit", json={"seen": draft["seen"]}
    )
    assert response.status_code == 200, response.text
    return response.json()


@async_test
async def test_draft_to_published(newsroom, client) -> None:
    """A post goes from draft to published."""
    post = await submitted_post(client)
    assert post["pending_steps"] == {"editorial/edit": ["ben"]}
    [item] = (await client("ben").get("/to-do")).json()
    assert (item["kind"], item["post"], item["step"]) == ("decide", post["id"], "editorial/edit")
    content = (await client("ben").get(f"/posts/{post['id']}")).json()
    assert "approve" in content["allowed"]
    response = await client("ben").post(
        f"/posts/{post['id']}/approve", json={"seen": content["seen"]}
    )
    assert response.json()["state"] == "scheduled"
    newsroom.wake(NOW + dt.timedelta(days=1))
    preview = (await client("ben").get(f"/posts/{post['id']}/preview")).text
    assert 'class="pv pv-' in preview
    published = await wait_for_state(client, post["id"], "published")
    assert published["urls"]
    assert [post.text for post in newsroom.sandbox.posts()] == [NEW["text"]]
    month = await client("ana").get("/calendar/2026/4")
    assert month.headers["content-type"].startswith("text/html")
    assert "De lente is er" in month.text


@async_test
async def test_as_soon_as_approved(newsroom, client) -> None:
    """A post that is published as soon as it is approved wakes the worker."""
    draft = (await client("ana").post("/posts", json={**NEW, "planned_at": None})).json()
    body = {"seen": draft["seen"], "at": "now"}
    await client("ana").post(f"/posts/{draft['id']}/submit", json=body)
    await client("ben").post(f"/posts/{draft['id']}/approve", json={"seen": draft["seen"]})
    await wait_for_state(client, draft["id"], "published")


@async_test
async def test_refusal(newsroom, client) -> None:
    """A refusal has reasons and remedies."""
    post = await submitted_post(client)
    assert (
        "refused" in (await client("ana").get(f"/posts/{post['id']}")).json()["refused"]["approve"]
    )
    response = await client("ana").post(f"/posts/{post['id']}/approve", json={"seen": post["seen"]})
    assert response.status_code == 403
    content = response.json()
    assert content["error"].startswith("refused: ")
    assert content["reasons"] or content["remedies"]


@async_test
async def test_stale_command(newsroom, client) -> None:
    """A command on an outdated revision is refused, and the response describes the changes."""
    post = await submitted_post(client)
    edit = {"seen": post["seen"], "text": "iets anders"}
    changed = (await client("ana").post(f"/posts/{post['id']}/edit", json=edit)).json()
    response = await client("ben").post(f"/posts/{post['id']}/approve", json={"seen": post["seen"]})
    assert response.status_code == 409
    content = response.json()
    assert (content["changed_by"], content["changed"]) == ("ana", ["text"])
    again = await client("ben").post(f"/posts/{post['id']}/approve", json={"seen": changed["seen"]})
    assert again.status_code == 200


@async_test
async def test_hidden_post(newsroom, client) -> None:
    """Requests for hidden posts get the same response as requests for unknown posts."""
    post = await submitted_post(client)
    responses = [
        await client("zoe").get(f"/posts/{post['id']}"),
        await client("zoe").post(f"/posts/{post['id']}/approve", json={"seen": post["seen"]}),
        await client("zoe").get("/posts/no-such-post"),
        await client("ana").post(f"/posts/{post['id']}/vanish", json={"seen": post["seen"]}),
    ]
    assert [response.status_code for response in responses] == [404] * 4
    assert len({response.text for response in responses}) == 1, "the responses must be equal"
    assert (await client("zoe").get("/calendar/2026/4")).text.count("De lente") == 0


@async_test
async def test_tokens(newsroom, client) -> None:
    """Requests need a valid token, and tokens are not stored."""
    for token in ("", "guess"):
        stranger = newsroom.client(token)
        assert (await stranger.get("/to-do")).status_code in {401, 403}
        await stranger.aclose()
    stored = newsroom.path.read_bytes()
    assert not [token for token in newsroom.tokens.values() if token.encode() in stored]
    newsroom.users.remove("ana")
    assert (await client("ana").get("/to-do")).status_code == 401


@async_test
async def test_new_user(newsroom, client) -> None:
    """A new user can act after the users have been adopted."""
    from newsroom.app import adopt_users

    newsroom.tokens["tom"] = newsroom.users.add("tom", name="Tom", team="writers")
    assert (await client("tom").get("/to-do")).status_code == 401
    await adopt_users(newsroom.desk, newsroom.users, by="eva", reason="tom is new")
    assert (await client("tom").post("/posts", json=NEW)).status_code == 201


@async_test
async def test_invalid_input(newsroom, client) -> None:
    """Invalid input results in an explanation."""
    for wrong in ({"planned_at": "2026-03-29 02:30"}, {"planned_at": "soon"}):
        response = await client("ana").post("/posts", json={**NEW, **wrong})
        assert response.status_code == 422
        assert response.json()["error"]
    assert (
        await client("ana").post("/posts", json={**NEW, "profiles": ["tulp-x"]})
    ).status_code == 404
    assert (await client("ana").get("/calendar/2026/13")).status_code == 422


@async_test
async def test_concurrent_requests(newsroom, client) -> None:
    """Many concurrent requests are all answered."""
    responses = await asyncio.gather(
        *(
            client("ana").post("/posts", json={**NEW, "text": f"{NEW['text']} {n}"})
            for n in range(12)
        )
    )
    assert {response.status_code for response in responses} == {201}
    assert len({response.json()["id"] for response in responses}) == 12


@async_test
async def test_own_permission(newsroom, client) -> None:
    """The service's own endpoint follows the rules of the desk."""
    response = await client("kim").post("/profiles/tulip-x/budget", json={"euros": 50})
    assert (response.status_code, response.json()) == (201, {"profile": "tulip-x", "euros": 50})
    assert (await client("kim").post("/profiles/tulip-x/budget", json={"euros": 5})).json()[
        "euros"
    ] == 55
    refused = await client("ana").post("/profiles/tulip-x/budget", json={"euros": 50})
    assert refused.status_code == 403
    assert "ads.boost" in str(refused.json()["remedies"])
    for profile in ("tulip-mastodon", "nowhere"):
        # Kim cannot view the first profile, and the second does not exist.
        missing = await client("kim").post(f"/profiles/{profile}/budget", json={"euros": 50})
        assert (missing.status_code, missing.json()) == (404, {"error": "not found"})
    invalid = await client("kim").post("/profiles/tulip-x/budget", json={"euros": -1})
    assert invalid.status_code == 422


@async_test
async def test_members_with_permission(newsroom, client) -> None:
    """Users who manage access can see the members with a permission and the reasons."""
    response = await client("eva").get("/profiles/tulip-x/members/approve")
    assert set(response.json()) == {"ben", "eva"}
    assert "through team `editors`" in response.json()["ben"]
    assert (await client("ben").get("/profiles/tulip-x/members/approve")).status_code == 403
    assert (await client("zoe").get("/profiles/tulip-x/members/approve")).status_code == 404
    assert (await client("kim").get("/me/profiles/ads.boost")).json() == ["tulip-x"]
    assert (await client("zoe").get("/me/profiles/view")).json() == []
    assert (await client("kim").get("/me/profiles/boost")).status_code == 422
    # Absences are taken into account: Ana is Ben's delegate.
    ben = await newsroom.desk.acting_as("ben")
    await ben.add_absence("2026-04-06", "2026-04-08", delegate="ana")
    response = await client("eva").get("/profiles/tulip-x/members/approve")
    assert "is the delegate of `ben`" in response.json()["ana"]
