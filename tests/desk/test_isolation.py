"""
Two workspaces and two organizations in one file: nothing of one shows in the other.

Whatever a member asks, for whatever id, in whatever language, no text of a
workspace that they may not view is in any answer, any error or any reason.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from tests.desk.conftest import DOCUMENT

from socialcollab.content import Image, Post
from socialcollab.desk import Acting, Desk
from socialcollab.errors import NotFoundError, RefusedError, SocialCollabError
from socialcollab.networks.sandbox import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import SqliteStore

NOW = dt.datetime(2026, 4, 2, 8, tzinfo=dt.UTC)
MARKS = {"tulip": "GEHEIMTULP", "dike": "GEHEIMDIJK"}
PROFILES = {"tulip": ["tulip-x", "tulip-mastodon"], "dike": ["dike-x"]}
MORE = """
[[blackouts]]
on = {{ workspace = "{ws}" }}
start = "2026-04-20 10:00"
end = "2026-04-20 11:00"
reason = "{mark} stilte"

[[campaigns]]
id = "{ws}-campaign"
workspace = "{ws}"
name = "{mark} campagne"
"""
# Who may view something of which workspace; Ana's grant on the dike begins on the third.
SEES = {"ana": {"tulip"}, "ben": {"tulip"}, "tom": {"dike"}, "noor": {"tulip"}, "dirk": {"dike"}}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One file with two organizations, each with two workspaces full of work."""
    folder = tmp_path_factory.mktemp("isolation")
    store = SqliteStore(folder / "desks.db", indexes=Desk.INDEXES, durable=False)
    desks: dict[str, Desk] = {}
    posts: dict[tuple[str, str], list[Post]] = {}
    sandbox = Sandbox(folder / "out", clock=lambda: NOW, real_clock=lambda: NOW, durable=False)
    clock = [NOW]
    for name in ("northwind", "southwind"):
        text = DOCUMENT.replace("northwind", name, 1)
        for ws, mark in MARKS.items():
            text += MORE.format(ws=ws, mark=f"{mark}{name}")
        desk = Desk.create(
            store,
            Organization.loads(text),
            owner="eva",
            networks={"*": sandbox},
            clock=lambda: clock[0],
            real_clock=lambda: clock[0],
        )
        desks[name] = desk
        for ws, mark in MARKS.items():
            posts[name, ws] = list(_work(desk, ws, f"{mark}{name}"))
    for desk in desks.values():
        desk.run_due()
    yield desks, posts
    for desk in desks.values():
        desk.close()
    store.close()
    sandbox.close()


def _work(desk: Desk, ws: str, mark: str) -> Iterator[Post]:
    writer, editor = ("ana", "ben") if ws == "tulip" else ("tom", "dirk")
    one, two, eva = desk.acting_as(writer), desk.acting_as(editor), desk.acting_as("eva")
    profiles = PROFILES[ws]
    draft = one.draft(f"{mark} ontwerp", profiles=profiles, planned_at="2026-04-21 09:00",
                      campaign=f"{ws}-campaign", tags=[f"{mark}-tag"], ref=f"{mark}-ref")  # fmt: skip
    one.comment(draft, f"{mark} intern")
    yield desk.post(draft.id)
    asked = one.submit(one.draft(f"{mark} gevraagd", profiles=profiles,
                                 planned_at="2026-04-22 09:00"))  # fmt: skip
    yield desk.post(asked.id)
    back = one.submit(one.draft(f"{mark} terug", profiles=profiles[:1],
                                planned_at="2026-04-23 09:00"))  # fmt: skip
    with suppress(RefusedError):
        eva.request_changes(back, f"{mark} niet zo")
    yield desk.post(back.id)
    ready = one.submit(one.draft(f"{mark} klaar", profiles=profiles[:1],
                                 planned_at="2026-04-24 09:00"))  # fmt: skip
    with suppress(RefusedError):
        ready = eva.approve(ready, note=f"{mark} goed")
    yield desk.post(ready.id)
    eva.hold({"workspace": ws}, reason=f"{mark} storing", until=NOW + dt.timedelta(days=60))
    eva.note(ws, "2026-04-21", f"{mark} notitie")
    del two


def everything(value: object) -> str:
    """Return all that an answer says, in both languages."""
    parts = [repr(value), str(value)]
    if isinstance(value, dict):
        parts += [everything(one) for pair in value.items() for one in pair]
    elif isinstance(value, tuple | list | set | frozenset):
        parts += [everything(one) for one in value]
    for name in ("explain", "text"):
        method = getattr(value, name, None)
        if callable(method):
            parts += [str(method()), str(method("nl"))]
    for name in ("verdict", "content", "data", "post", "notices", "history", "actions"):
        with suppress(Exception):
            inner = getattr(value, name)
            if inner is not value:
                parts.append(everything(inner) if not callable(inner) else "")
    if hasattr(value, "entries") and callable(value.entries):
        parts.append(everything(value.entries()))
    return "\n".join(parts)


def ways(acting: Acting, post: Any, rng: random.Random, ws: str) -> dict[str, Callable[[], Any]]:
    """Return every way to ask or tell something about a post or a workspace, by method."""
    when = NOW + dt.timedelta(days=rng.randint(10, 40))
    revision = {"revision": "" if post is None else post.digest}
    return {
        "draft": lambda: acting.draft("x", profiles=PROFILES[ws], planned_at=when),
        "edit": lambda: acting.edit(post.id, text="x", **revision),
        "comment": lambda: acting.comment(post.id, "x"),
        "submit": lambda: acting.submit(post.id, **revision),
        "approve": lambda: acting.approve(post.id, **revision),
        "request_changes": lambda: acting.request_changes(post.id, "x", **revision),
        "reject": lambda: acting.reject(post.id, "x", **revision),
        "withdraw": lambda: acting.withdraw(post.id),
        "schedule": lambda: acting.schedule(post.id, at=when, **revision),
        "unschedule": lambda: acting.unschedule(post.id),
        "move": lambda: acting.move(post.id, when, **revision),
        "cancel": lambda: acting.cancel(post.id),
        "waive": lambda: acting.waive(post.id, "SG101", reason="x", **revision),
        "take_down": lambda: acting.take_down(post.id, reason="x"),
        "amend": lambda: acting.amend(post.id, **revision),
        "mark_published": lambda: acting.mark_published(
            post.id, PROFILES[ws][0], network_id="1", url="https://x.example/1"
        ),
        "mark_absent": lambda: acting.mark_absent(post.id, PROFILES[ws][0]),
        "observe": lambda: acting.observe(
            PROFILES[ws][0], network_id="7", at=NOW, url="https://x.example/7", text="x"
        ),
        "forget": lambda: acting.forget(PROFILES[ws][0], network_id="7"),
        "hold": lambda: acting.hold({"workspace": ws}, reason="x"),
        "resume": lambda: acting.resume(holds[0].id if (holds := acting._desk.holds()) else "-"),
        "note": lambda: acting.note(ws, "2026-04-21", "x"),
        "away": lambda: acting.away("2026-05-01", "2026-05-02", member="eva"),
        "back": lambda: acting.back("no-such"),
        "start_campaign": lambda: acting.start_campaign(f"{ws}-campaign"),
        "adopt": lambda: acting.adopt(acting._desk.propose(acting._desk.organization), reason="x"),
        "to_do": acting.to_do,
        "page": lambda: acting.page(post.id),
        "notices": acting.notices,
        "actions": lambda: acting.actions(post.id),
        "do": lambda: None,
        "member": lambda: None,
        "erase": lambda: acting.erase(post=post.id, reason="x"),
    }


def test_every_public_method_is_asked() -> None:
    """A method that is new has to be asked here too."""
    public = {name for name in vars(Acting) if not name.startswith("_")}
    known = set(ways(Acting.__new__(Acting), None, random.Random(0), "tulip"))
    assert public <= known


def answer(ask: Callable[[], Any]) -> str:
    try:
        return everything(ask())
    except SocialCollabError as error:
        return everything(error)


@pytest.mark.parametrize("seed", range(2))
def test_no_answer_shows_what_the_asker_may_not_view(house, seed: int) -> None:
    desks, posts = house
    rng = random.Random(seed)
    asked = 0
    for _ in range(30):
        organization = rng.choice(tuple(desks))
        who = rng.choice(tuple(SEES))
        ws = rng.choice(tuple(MARKS))
        home = organization if rng.random() < 0.7 else rng.choice(tuple(desks))
        post = rng.choice(posts[home, ws])
        acting = desks[organization].acting_as(who)
        for name, ask in ways(acting, post, rng, ws).items():
            said = answer(ask)
            asked += 1
            for other, mark in MARKS.items():
                for owner in desks:
                    if owner != organization or other not in SEES[who]:
                        assert f"{mark}{owner}" not in said, (organization, who, name, post.id)
    assert asked > 800


@pytest.mark.parametrize("who", SEES)
def test_reads_for_a_viewer_show_what_they_may_view(house, who: str) -> None:
    desks, _ = house
    start, end = NOW, NOW + dt.timedelta(days=60)
    for organization, desk in desks.items():
        shown = everything(desk.calendar(start, end, viewer=who))
        shown += everything(desk.notes(viewer=who))
        for ws, mark in MARKS.items():
            seen = ws in SEES[who]
            assert seen == (f"{mark}{organization}" in shown), ws
        for other in desks:
            assert other == organization or f"{other}" not in shown


def test_no_read_of_one_organization_shows_another(house) -> None:
    """The host sees everything of its organization, and nothing of its neighbour in the file."""
    desks, posts = house
    start, end = NOW - dt.timedelta(days=9), NOW + dt.timedelta(days=60)
    for organization, desk in desks.items():
        other = next(one for one in desks if one != organization)
        reads: list[Callable[[], Any]] = [
            desk.posts,
            lambda: desk.feed(limit=10_000),  # noqa: B023
            desk.notices,
            lambda: desk.calendar(start, end),  # noqa: B023
            lambda: desk.clashes(start, end),  # noqa: B023
            desk.holds,
            desk.notes,
            desk.facts,
            desk.in_force,
            desk.audit,
            lambda: desk.organization,  # noqa: B023
            desk.last_event_at,
        ]
        for ws in MARKS:
            for post in posts[other, ws]:
                reads += [
                    lambda post=post: desk.post(post.id),  # noqa: B023
                    lambda post=post: desk.deliveries(post.id),  # noqa: B023
                    lambda post=post: desk.summary(post.id),  # noqa: B023
                    lambda post=post: desk.history(post.id),  # noqa: B023
                    lambda post=post: desk.waiting_for(post.id),  # noqa: B023
                    lambda post=post: desk.post_by_ref(post.ref),  # noqa: B023
                    lambda post=post: desk.reconcile(post.id),  # noqa: B023
                ]
        for read in reads:
            said = answer(read)
            assert not [mark for mark in MARKS.values() if f"{mark}{other}" in said]


def test_organizations_of_one_file_keep_their_pictures_apart(tmp_path) -> None:
    """What one erases is still there for its neighbour."""
    picture = Image.from_bytes(b"\x89PNG\r\n\x1a\n" + bytes(16), alt="een tulp")
    posts = {}
    for name in ("northwind", "southwind"):
        organization = Organization.loads(DOCUMENT.replace("northwind", name, 1))
        with Desk.create(tmp_path / "desks.db", organization, owner="eva",
                         clock=lambda: NOW) as desk:  # fmt: skip
            ana = desk.acting_as("ana")
            post = ana.draft("x", profiles=["tulip-x"], media=[picture])
            posts[name] = ana.cancel(post)
    with Desk.open(tmp_path / "desks.db", organization="northwind", clock=lambda: NOW) as desk:
        desk.acting_as("eva").erase(post=posts["northwind"].id, reason="asked for")
        desk.run_due()
        with pytest.raises(NotFoundError):
            desk.media.size(posts["northwind"].media[0].digest)
    with Desk.open(tmp_path / "desks.db", organization="southwind", clock=lambda: NOW) as desk:
        assert desk.media.size(posts["southwind"].media[0].digest)
