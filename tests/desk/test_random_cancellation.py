"""Tasks that are cancelled at random leave a consistent journal and publish nothing twice."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.desk.test_async_desk import AsyncAgency, AsyncNetwork

from socialcollab.desk import AsyncDesk, Desk
from socialcollab.desk.journal.streams import reducer
from socialcollab.effects import call
from socialcollab.errors import InvalidValueError, NotAllowedError, StaleError
from socialcollab.stores import MemoryStore, SqliteStore

WORKERS = 6
REFUSALS = (NotAllowedError, StaleError, InvalidValueError)


class Day:
    """Members and workers at one async desk, some of whose tasks are cancelled."""

    def __init__(self, agency: AsyncAgency, desk: AsyncDesk, seed: int) -> None:
        self.agency, self.desk, self.random = agency, desk, random.Random(seed)
        self.drafted = 0
        self.outcomes: Counter[str] = Counter()

    async def act(self, _: int) -> None:
        """Perform a random action of a member or a worker."""
        act = self.random.choice([self.draft, self.draft, self.advance, self.advance, self.publish])
        await act()

    async def draft(self) -> None:
        self.drafted += 1
        ana = await self.desk.acting_as("ana")
        external_id = f"ref-{self.drafted}"
        post = await ana.draft(f"post {external_id}", profiles=["tulip-x"], external_id=external_id)
        await ana.submit(post, at="as soon as approved")

    async def advance(self) -> None:
        posts = await self.desk.posts(state=("draft", "in_review"))
        if not posts:
            return
        post = self.random.choice(posts)
        ana, ben = await self.desk.acting_as("ana"), await self.desk.acting_as("ben")
        choices: list[Callable[[], Awaitable[Any]]] = [
            lambda: ben.approve(post),
            lambda: ben.approve(post),
            lambda: ana.edit(post, text=f"{post.text}."),
            lambda: ana.comment(post, "klaar?"),
            lambda: ana.submit(post, at="as soon as approved"),
        ]
        await self.random.choice(choices)()

    async def publish(self) -> None:
        await self.desk.run_due(lease_s=1.0)

    async def start(self, number: int) -> None:
        """Start a task, and possibly cancel it one or more times."""
        task = asyncio.ensure_future(self.act(number))
        if self.random.random() < 0.6:
            for _ in range(self.random.randrange(60)):
                await asyncio.sleep(0)
            for _ in range(self.random.randrange(1, 3)):
                task.cancel()
                await asyncio.sleep(0)
        [outcome] = await asyncio.gather(task, return_exceptions=True)
        if isinstance(outcome, BaseException):
            if not isinstance(outcome, (asyncio.CancelledError, *REFUSALS)):
                raise outcome
            self.outcomes[type(outcome).__name__] += 1
        else:
            self.outcomes["done"] += 1


async def play(agency: AsyncAgency, seed: int, rounds: int) -> Counter[str]:
    print(f"seed {seed}")
    async with await agency.create(networks={"*": AsyncNetwork(agency.sandbox)}) as desk:
        day = Day(agency, desk, seed)
        for number in range(rounds):
            agency.now += dt.timedelta(seconds=20)
            async with asyncio.TaskGroup() as group:
                for _ in range(WORKERS):
                    group.create_task(day.start(number))
        # After the cancelled tasks, the desk must still work, so this post is published.
        ana, ben = await desk.acting_as("ana"), await desk.acting_as("ben")
        when = agency.now + dt.timedelta(minutes=20)
        submitted = await ana.submit(
            await ana.draft("afterwards", profiles=["tulip-x"], planned_at=when)
        )
        await ben.approve(submitted)
        # Late posts of a profile are published one after another, so each may need its own run.
        for _ in range(day.drafted + 2):
            agency.now += dt.timedelta(minutes=30)
            await desk.run_due()
        assert "published" == await desk.summary(submitted)
        report = await desk.audit()
        assert report.clean, report.findings
        assert (await desk.run(_reindex(desk))).changed == ()
        day.outcomes["published"] = await _check(agency, desk)
        assert asyncio.all_tasks() == {asyncio.current_task()}
    return day.outcomes


def _reindex(desk: AsyncDesk) -> Any:
    return (yield from call(desk.engine.store.reindex, reducer))


async def _check(agency: AsyncAgency, desk: AsyncDesk) -> int:
    """Check that the network shows each published post once, and return the number of posts."""
    shown = Counter(post.network_id for post in agency.sandbox.posts())
    assert set(shown.values()) <= {1}
    published: list[str] = []
    for post in await desk.posts():
        for delivery in await desk.deliveries(post):
            assert delivery.state in {"published", "cancelled"}, delivery
            if delivery.state == "published":
                published.append(delivery.network_id)
    assert sorted(published) == sorted(shown)
    texts = Counter(post.text for post in agency.sandbox.posts())
    external_ids = Counter(text.rstrip(".") for text in texts.elements())
    assert set(external_ids.values()) <= {1}, "a post was published twice"
    return len(published)


def create(folder: Path, kind: str) -> tuple[AsyncAgency, Any]:
    store: Any = MemoryStore(Desk.PROJECTIONS)
    if kind == "sqlite":
        store = SqliteStore(folder / "desk.db", projections=Desk.PROJECTIONS, durable=False)
    return AsyncAgency(folder, store), store


@pytest.mark.integration
@pytest.mark.parametrize(("kind", "seed"), [("memory", 1), ("memory", 2), ("sqlite", 3)])
def test_random_days(tmp_path, kind: str, seed: int) -> None:
    """After random days with cancelled tasks, the journal is consistent and has no duplicates."""
    agency, store = create(tmp_path, kind)
    outcomes = asyncio.run(play(agency, seed, 12))
    assert outcomes["CancelledError"], outcomes
    assert outcomes["done"], outcomes
    assert outcomes["published"], outcomes
    agency.sandbox.close()
    store.close()


@pytest.mark.slow
def test_many_random_days(tmp_path, seconds: float) -> None:
    """Many more random days agree, for as long as the session allows."""
    seed = random.SystemRandom().randrange(10**9)
    end, number, total = time.monotonic() + seconds, 0, Counter[str]()
    while time.monotonic() < end:
        folder = tmp_path / str(number)
        folder.mkdir()
        agency, store = create(folder, "sqlite" if number % 3 == 2 else "memory")
        total += asyncio.run(play(agency, seed + number, 40))
        agency.sandbox.close()
        store.close()
        number += 1
    print(f"{number} days from seed {seed} on: {dict(total)}")
