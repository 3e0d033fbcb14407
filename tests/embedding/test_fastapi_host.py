"""A FastAPI host: its tokens act, its endpoints say why not, and a task publishes what is due."""

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
    """The service in a file of its own, with a client for each of its people."""

    def __init__(self, folder: Path) -> None:
        from newsroom import create_app
        from newsroom.people import People

        self.path = folder / "newsroom.db"
        self.people = People(self.path)
        self.people.prepare()
        self.tokens = {
            member: self.people.add(member, name=member.title(), team=team)
            for member, team in TEAMS.items()
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
        self.now = now
        self.app.state.woken.set()


@asynccontextmanager
async def opened(
    folder: Path,
) -> AsyncIterator[tuple[Newsroom, Callable[[str], httpx.AsyncClient]]]:
    from newsroom.app import prepare

    room = Newsroom(folder)
    await prepare(room.path, owner="eva")
    clients: dict[str, httpx.AsyncClient] = {}

    def of(member: str) -> httpx.AsyncClient:
        return clients.setdefault(member, room.client(room.tokens.get(member, "")))

    async with room.app.router.lifespan_context(room.app):
        yield room, of
        for client in clients.values():
            await client.aclose()
    room.sandbox.close()


def scene(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[[Path], None]:
    """Run an async test in a newsroom of its own."""

    def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(HOST)

        async def judge() -> None:
            async with opened(tmp_path) as (room, of):
                await test(room, of)
                assert (await room.desk.audit()).clean

        asyncio.run(judge())

    judged.__name__, judged.__doc__ = test.__name__, test.__doc__
    return judged


async def until(room: Newsroom, of: Any, post: str, state: str) -> dict[str, Any]:
    """Wait until the background task has brought a post to a state."""
    async with asyncio.timeout(20):
        while (shown := (await of("ana").get(f"/posts/{post}")).json())["state"] != state:
            await asyncio.sleep(0.005)
    return shown


async def in_review(of: Any, **changed: Any) -> dict[str, Any]:
    made = await of("ana").post("/posts", json={**NEW, **changed})
    assert made.status_code == 201, made.text
    shown = made.json()
    answer = await of("ana").post(f"/posts/{shown['id']}/submit", json={"seen": shown["seen"]})
    assert answer.status_code == 200, answer.text
    return answer.json()


@scene
async def test_a_post_goes_from_draft_to_published(room, of) -> None:
    post = await in_review(of)
    assert post["pending_steps"] == {"house/edit": ["ben"]}
    [item] = (await of("ben").get("/to-do")).json()
    assert (item["kind"], item["post"], item["step"]) == ("decide", post["id"], "house/edit")
    shown = (await of("ben").get(f"/posts/{post['id']}")).json()
    assert "approve" in shown["may"]
    answer = await of("ben").post(f"/posts/{post['id']}/approve", json={"seen": shown["seen"]})
    assert answer.json()["state"] == "scheduled"
    room.wake(NOW + dt.timedelta(days=1))
    published = await until(room, of, post["id"], "published")
    assert published["urls"]
    assert [one.text for one in room.sandbox.posts()] == [NEW["text"]]
    month = await of("ana").get("/calendar/2026/4")
    assert month.headers["content-type"].startswith("text/html")
    assert "De lente is er" in month.text


@scene
async def test_what_is_approved_to_leave_at_once_leaves_without_a_wait(room, of) -> None:
    made = (await of("ana").post("/posts", json={**NEW, "planned_at": None})).json()
    body = {"seen": made["seen"], "at": "now"}
    await of("ana").post(f"/posts/{made['id']}/submit", json=body)
    await of("ben").post(f"/posts/{made['id']}/approve", json={"seen": made["seen"]})
    await until(room, of, made["id"], "published")


@scene
async def test_a_refusal_says_why_and_what_would_help(room, of) -> None:
    post = await in_review(of)
    assert "refused" in (await of("ana").get(f"/posts/{post['id']}")).json()["may_not"]["approve"]
    answer = await of("ana").post(f"/posts/{post['id']}/approve", json={"seen": post["seen"]})
    assert answer.status_code == 403
    said = answer.json()
    assert said["error"].startswith("refused: ")
    assert said["reasons"] or said["remedies"]


@scene
async def test_what_changed_meanwhile_is_told_by_name(room, of) -> None:
    post = await in_review(of)
    edit = {"seen": post["seen"], "note": "iets anders"}
    changed = (await of("ana").post(f"/posts/{post['id']}/edit", json=edit)).json()
    answer = await of("ben").post(f"/posts/{post['id']}/approve", json={"seen": post["seen"]})
    assert answer.status_code == 409
    told = answer.json()
    assert (told["changed_by"], told["changed"]) == ("ana", ["text"])
    again = await of("ben").post(f"/posts/{post['id']}/approve", json={"seen": changed["seen"]})
    assert again.status_code == 200


@scene
async def test_what_may_not_be_viewed_is_not_there(room, of) -> None:
    post = await in_review(of)
    answers = [
        await of("zoe").get(f"/posts/{post['id']}"),
        await of("zoe").post(f"/posts/{post['id']}/approve", json={"seen": post["seen"]}),
        await of("zoe").get("/posts/no-such-post"),
        await of("ana").post(f"/posts/{post['id']}/vanish", json={"seen": post["seen"]}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.text for answer in answers}) == 1, "nothing tells them apart"
    assert (await of("zoe").get("/calendar/2026/4")).text.count("De lente") == 0


@scene
async def test_nobody_acts_without_a_token_of_the_services_own(room, of) -> None:
    stranger, guessing = room.client(""), room.client("guess")
    for client in (stranger, guessing):
        answer = await client.get("/to-do")
        assert answer.status_code in {401, 403}
        await client.aclose()
    kept = room.path.read_bytes()
    assert not [token for token in room.tokens.values() if token.encode() in kept]
    room.people.remove("ana")
    assert (await of("ana").get("/to-do")).status_code == 401


@scene
async def test_new_people_act_once_the_desk_has_been_told_of_them(room, of) -> None:
    from newsroom.app import adopt_people

    room.tokens["tom"] = room.people.add("tom", name="Tom", team="writers")
    assert (await of("tom").get("/to-do")).status_code == 401
    await adopt_people(room.desk, room.people, by="eva", reason="tom has come")
    made = await of("tom").post("/posts", json=NEW)
    assert made.status_code == 201


@scene
async def test_what_cannot_be_is_told(room, of) -> None:
    for wrong in ({"planned_at": "2026-03-29 02:30"}, {"planned_at": "soon"}):
        answer = await of("ana").post("/posts", json={**NEW, **wrong})
        assert answer.status_code == 422
        assert answer.json()["error"]
    assert (await of("ana").post("/posts", json={**NEW, "profiles": ["tulp-x"]})).status_code == 404
    assert (await of("ana").get("/calendar/2026/13")).status_code == 422


@scene
async def test_many_requests_at_once_are_each_answered(room, of) -> None:
    made = await asyncio.gather(
        *(of("ana").post("/posts", json={**NEW, "text": f"{NEW['text']} {n}"}) for n in range(12))
    )
    assert {answer.status_code for answer in made} == {201}
    assert len({answer.json()["id"] for answer in made}) == 12


@scene
async def test_endpoints_of_the_service_rest_on_the_desks_rules(room, of) -> None:
    answer = await of("kim").post("/profiles/tulip-x/budget", json={"euros": 50})
    assert (answer.status_code, answer.json()) == (201, {"profile": "tulip-x", "euros": 50})
    assert (await of("kim").post("/profiles/tulip-x/budget", json={"euros": 5})).json()[
        "euros"
    ] == 55
    refused = await of("ana").post("/profiles/tulip-x/budget", json={"euros": 50})
    assert refused.status_code == 403
    assert "ads.boost" in str(refused.json()["remedies"])
    for profile in ("tulip-mastodon", "nowhere"):
        # One that kim may not view, and one that does not exist.
        gone = await of("kim").post(f"/profiles/{profile}/budget", json={"euros": 50})
        assert (gone.status_code, gone.json()) == (404, {"error": "there is no such thing here"})
    invalid = await of("kim").post("/profiles/tulip-x/budget", json={"euros": -1})
    assert invalid.status_code == 422


@scene
async def test_who_may_is_told_to_those_who_manage_access(room, of) -> None:
    answer = await of("eva").get("/profiles/tulip-x/who/approve")
    assert set(answer.json()) == {"ben", "eva"}
    assert "through team `editors`" in answer.json()["ben"]
    assert (await of("ben").get("/profiles/tulip-x/who/approve")).status_code == 403
    assert (await of("zoe").get("/profiles/tulip-x/who/approve")).status_code == 404
    assert (await of("kim").get("/me/profiles/ads.boost")).json() == ["tulip-x"]
    assert (await of("zoe").get("/me/profiles/view")).json() == []
    assert (await of("kim").get("/me/profiles/boost")).status_code == 422
    # What is in force counts holidays: ana approves for ben.
    ben = await room.desk.acting_as("ben")
    await ben.add_absence("2026-04-06", "2026-04-08", delegate="ana")
    answer = await of("eva").get("/profiles/tulip-x/who/approve")
    assert "is the delegate of `ben`" in answer.json()["ana"]
