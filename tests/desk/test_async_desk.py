"""One async desk used by many tasks, some of which are cancelled."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.desk.agency import DOCUMENT, DUE, START

from socialcollab import AsyncDesk
from socialcollab.content import Image
from socialcollab.desk import Desk
from socialcollab.desk.journal.streams import reducer
from socialcollab.errors import InvalidValueError, NotFoundError, StoreUnavailableError
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import MemoryMedia, MemoryStore, SqliteStore, ThreadedStore
from socialcollab.transport import Request, Response

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
TEXT = "De lente is er"


class AsyncAgency:
    """A store, media and a sandbox for an async desk, with a clock that tests set."""

    def __init__(self, folder: Path, store: Any = None) -> None:
        self.now = START
        self.organization = Organization.loads(DOCUMENT)
        self.sandbox = Sandbox(
            folder / "out", clock=self.clock, real_clock=self.clock, durable=False
        )
        self.store = store if store is not None else MemoryStore(Desk.PROJECTIONS)
        self.media = MemoryMedia()

    def clock(self) -> dt.datetime:
        return self.now

    @property
    def options(self) -> dict[str, Any]:
        return {
            "networks": {"*": self.sandbox},
            "media": self.media,
            "clock": self.clock,
            "real_clock": self.clock,
            "sleep": _no_sleep,
        }

    async def create(self, **options: Any) -> AsyncDesk:
        options = {**self.options, **options}
        return await AsyncDesk.create(self.store, self.organization, owner="eva", **options)


async def _no_sleep(_: float) -> None: ...


@pytest.fixture(params=["memory", "sqlite", "threaded"])
def agency(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An agency on a blocking store in memory or in a file, or on an async store."""
    store: Any = MemoryStore(Desk.PROJECTIONS)
    if request.param == "sqlite":
        store = SqliteStore(tmp_path / "desk.db", projections=Desk.PROJECTIONS, durable=False)
    agency = AsyncAgency(tmp_path, ThreadedStore(store) if request.param == "threaded" else store)
    yield agency
    agency.sandbox.close()
    store.close()


def async_test(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test on a new loop, then check the journal and that no tasks remain."""

    def blocking(agency: AsyncAgency) -> None:
        errors: list[Any] = []

        async def run() -> None:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: errors.append(context))
            async with await agency.create() as desk:
                await test(agency, desk)
                report = await desk.audit()
                assert report.clean, report.findings
                assert (await desk.run(_reindex(desk))).changed == ()
            assert not [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]

        asyncio.run(run())
        assert errors == []

    blocking.__name__ = test.__name__
    blocking.__doc__ = test.__doc__
    return blocking


def _reindex(desk: AsyncDesk) -> Any:
    from socialcollab.effects import call

    return (yield from call(desk.engine.store.reindex, reducer))


@pytest.mark.integration
@async_test
async def test_concurrent_commands_on_one_post(agency, desk) -> None:
    """Commands from many tasks on one post are decided one after another, and none is lost."""
    ana, ben = await asyncio.gather(desk.acting_as("ana"), desk.acting_as("ben"))
    post = await ana.draft(TEXT, profiles=["tulip-x"])
    notes = [f"remark {n}" for n in range(40)]
    await asyncio.gather(*((ana, ben)[n % 2].comment(post, note) for n, note in enumerate(notes)))
    comments = [entry for entry in await desk.history(post) if entry.type == "post.commented"]
    assert sorted(entry.data.text for entry in comments) == sorted(notes)
    assert (await desk.post(post.id)).digest == post.digest


def test_concurrent_threads_on_one_post(tmp_path) -> None:
    """A blocking desk decides commands from many threads on one post one after another."""
    agency = AsyncAgency(tmp_path)
    options = {**agency.options, "sleep": lambda _: None}
    desk = Desk.create(agency.store, agency.organization, owner="eva", **options)
    ana = desk.acting_as("ana")
    post = ana.draft(TEXT, profiles=["tulip-x"])
    with ThreadPoolExecutor(24) as threads:
        list(threads.map(lambda n: ana.comment(post, f"remark {n}"), range(24)))
    assert len(desk.history(post)) == 25
    agency.sandbox.close()


@pytest.mark.integration
@async_test
async def test_concurrent_slots(agency, desk) -> None:
    """Posts that are submitted for the next slot at the same time get different slots."""
    ana, ben = await desk.acting_as("ana"), await desk.acting_as("ben")

    async def scheduled_time(number: int) -> str:
        post = await ana.draft(f"{TEXT} {number}", profiles=["tulip-x"])
        post = await ben.approve(await ana.submit(post, at="next slot"))
        return (await desk.deliveries(post))[0].at.local.isoformat()

    times = await asyncio.gather(*(scheduled_time(number) for number in range(5)))
    assert len(set(times)) == 5


@pytest.mark.integration
@async_test
async def test_concurrent_due_work(agency, desk) -> None:
    """Several tasks that do due work publish each post once."""
    ana, ben = await desk.acting_as("ana"), await desk.acting_as("ben")
    pictures = [Image.from_bytes(PNG, alt="tulpen")]
    posts = []
    for number in range(4):
        text, at = f"{TEXT} {number}", f"2026-04-07 09:3{number}"
        post = await ana.draft(text, profiles=["tulip-x"], planned_at=at, media=pictures)
        posts.append(await ben.approve(await ana.submit(post)))
    agency.now = DUE + dt.timedelta(minutes=4)
    reports = await asyncio.gather(*(desk.run_due(worker=f"task {n}") for n in range(4)))
    assert sum(report.count("published") for report in reports) >= 4
    assert sorted(post.text for post in agency.sandbox.posts()) == [f"{TEXT} {n}" for n in range(4)]
    assert {await desk.summary(post) for post in posts} == {"published"}
    assert await desk.next_due() is None
    assert agency.media.size(posts[0].content.media[0].digest) == len(PNG)


@async_test
async def test_cancelled_command(agency, desk) -> None:
    """A cancelled command is stored completely or not at all, and writes nothing afterwards."""
    ana = await desk.acting_as("ana")
    outcomes = set()
    for switches in [*range(12), *range(12, 150, 6)]:
        external_id = f"ref-{switches}"
        task = asyncio.ensure_future(
            ana.draft(
                TEXT, profiles=["tulip-x"], media=[Image.from_bytes(PNG)], external_id=external_id
            )
        )
        for _ in range(switches):
            await asyncio.sleep(0)
        task.cancel()
        [outcome] = await asyncio.gather(task, return_exceptions=True)
        events = len(await desk.feed())
        stored = await desk.post_by_external_id(external_id)
        if isinstance(outcome, asyncio.CancelledError):
            outcomes.add(stored is not None)
        else:
            assert outcome == stored
        assert len(await desk.feed()) == events
    drafted = [
        entry.data.external_id for entry in await desk.feed() if entry.type == "post.drafted"
    ]
    assert len(drafted) == len(set(drafted))
    assert False in outcomes


def test_close(tmp_path) -> None:
    """Closing a desk ends its threads but does not close a store that the caller passed."""
    before = set(threading.enumerate())
    own: list[threading.Thread] = []

    async def run() -> None:
        agency = AsyncAgency(tmp_path)
        async with await agency.create() as desk:
            ana = await desk.acting_as("ana")
            await ana.draft(TEXT, profiles=["tulip-x"], media=[Image.from_bytes(PNG)])
            own.extend(set(threading.enumerate()) - before)
            assert {"socialcollab-store_0", "socialcollab-media_0"} <= {
                thread.name for thread in own
            }
        with pytest.raises(StoreUnavailableError, match="closed"):
            await desk.posts()
        assert Desk.open(agency.store, media=agency.media).posts()[0].text == TEXT
        agency.sandbox.close()

    asyncio.run(run())
    for thread in own:
        thread.join(timeout=5)
        assert not thread.is_alive(), thread.name


def test_open_file_of_blocking_desk(tmp_path) -> None:
    """An async desk can open the file of a blocking desk, and vice versa."""
    path = tmp_path / "agency.db"
    with Desk.create(path, Organization.loads(DOCUMENT), owner="eva") as blocking:
        picture = [Image.from_bytes(PNG, alt="tulpen")]
        post = blocking.acting_as("ana").draft(TEXT, profiles=["tulip-x"], media=picture)

    async def run() -> None:
        async with await AsyncDesk.open(path) as desk:
            assert await desk.post(post.id) == post
            assert (await desk.organization).id == "northwind"
            ana = await desk.acting_as("ana")
            again = await ana.edit(post, text="Tot ziens")
            assert desk.media.size(again.content.media[0].digest) == len(PNG)
        with pytest.raises(InvalidValueError, match="already has a desk in this store"):
            await AsyncDesk.create(path, Organization.loads(DOCUMENT), owner="eva")
        with pytest.raises(NotFoundError):
            await AsyncDesk.open(tmp_path / "none.db")

    asyncio.run(run())
    assert not (tmp_path / "none.db").exists()
    with Desk.open(path) as blocking:
        assert blocking.post(post.id).text == "Tot ziens"


class AsyncNetwork:
    """The sandbox with an async transport."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.on_send: Callable[[Request], Awaitable[None]] | None = None
        self.adapter = sandbox.adapter

    def transport(self, profile: Any) -> Any:
        return _AwaitedTransport(self, self.sandbox.transport(profile))

    async def close(self) -> None: ...


class _AwaitedTransport:
    def __init__(self, network: AsyncNetwork, inner: Any) -> None:
        self.network, self.inner = network, inner

    async def send(self, request: Request, *, timeout_s: float) -> Response:
        response: Response = self.inner.send(request, timeout_s=timeout_s)
        if self.network.on_send is not None:
            await self.network.on_send(request)
        return response

    async def close(self) -> None: ...


def test_blocking_and_async_networks(tmp_path) -> None:
    """An async desk publishes through blocking and async networks."""

    async def run() -> None:
        agency = AsyncAgency(tmp_path)
        networks = {"x": AsyncNetwork(agency.sandbox), "*": agency.sandbox}
        async with await agency.create(networks=networks) as desk:
            ana, ben = await desk.acting_as("ana"), await desk.acting_as("ben")
            post = await ana.draft(
                TEXT, profiles=["tulip-x", "tulip-mastodon"], planned_at="2026-04-07 09:30"
            )
            await ben.approve(await ana.submit(post))
            agency.now = DUE
            assert (await desk.run_due()).count("published") == 2
        agency.sandbox.close()

    asyncio.run(run())


def test_cancelled_send_stores_answer(tmp_path) -> None:
    """A worker that is cancelled during a send stores the response before it ends."""

    async def run() -> None:
        agency = AsyncAgency(tmp_path)
        network = AsyncNetwork(agency.sandbox)
        sent, answer = asyncio.Event(), asyncio.Event()

        async def on_send(request: Request) -> None:
            if request.creates is not None:
                sent.set()
                await answer.wait()

        async with await agency.create(networks={"*": network}) as desk:
            ana, ben = await desk.acting_as("ana"), await desk.acting_as("ben")
            at = "2026-04-07 09:30"
            posts = [
                await ben.approve(
                    await ana.submit(await ana.draft(text, profiles=["tulip-x"], planned_at=at))
                )
                for text in ("een", "twee")
            ]
            agency.now = DUE
            network.on_send = on_send
            task = asyncio.ensure_future(desk.run_due())
            await sent.wait()
            for _ in range(3):
                task.cancel()
                await asyncio.sleep(0)
            assert not task.done()
            answer.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            summaries = sorted([await desk.summary(post) for post in posts])
            assert summaries == ["published", "scheduled"]
            await desk.run_due()
            assert {await desk.summary(post) for post in posts} == {"published"}
        assert len(agency.sandbox.posts()) == 2
        agency.sandbox.close()

    asyncio.run(run())


@pytest.mark.parametrize("switches", range(0, 400, 23))
@pytest.mark.integration
def test_cancelled_worker(tmp_path, switches) -> None:
    """Cancelling a worker at any moment never causes a second send."""

    async def run() -> None:
        agency = AsyncAgency(tmp_path)
        async with await agency.create(networks={"*": AsyncNetwork(agency.sandbox)}) as desk:
            ana, ben = await desk.acting_as("ana"), await desk.acting_as("ben")
            post = await ana.draft(TEXT, profiles=["tulip-x"], planned_at="2026-04-07 09:30")
            await ben.approve(await ana.submit(post))
            agency.now = DUE
            task = asyncio.ensure_future(desk.run_due(lease_s=1.0))
            for _ in range(switches):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            for _ in range(3):
                agency.now += dt.timedelta(minutes=20)
                await desk.run_due()
            assert await desk.summary(post) == "published"
            assert (await desk.audit()).clean
        assert len(agency.sandbox.posts()) == 1
        agency.sandbox.close()

    asyncio.run(run())
