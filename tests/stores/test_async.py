"""Async stores keep every promise of blocking ones; whoever is cancelled knows what was written."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.stores import test_memory, test_sqlite

from socialcollab.errors import ConflictError, StoreUnavailableError
from socialcollab.stores import (
    AsyncBoundStore,
    AsyncStore,
    BoundStore,
    Event,
    MemoryStore,
    Projection,
    SqliteStore,
    Store,
    ThreadedStore,
)
from socialcollab.testing import AsyncStoreContract, BlockingView, broken_async_promises
from socialcollab.testing.store_laws.scene import PROJECTIONS, scene

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "stores.md"


def _beneath(view: Store) -> Store:
    assert isinstance(view, BlockingView)
    assert isinstance(view.asynchronous, ThreadedStore)
    return view.asynchronous._store


class TestThreadedMemory(AsyncStoreContract):
    @pytest.fixture
    def async_store(self) -> AsyncStore:
        return ThreadedStore(MemoryStore(projections=self.projections))

    def bytes_kept(self, store: Store) -> bytes:
        return test_memory.TestMemoryStore().bytes_kept(_beneath(store))

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        return test_memory.TestMemoryStore().damage(_beneath(store), organization, stream, part)


class TestThreadedSqlite(AsyncStoreContract):
    @pytest.fixture
    def async_store(self, tmp_path: Path) -> Iterator[AsyncStore]:
        store = SqliteStore(tmp_path / "journal.db", projections=self.projections, durable=False)
        yield ThreadedStore(store)
        store.close()

    def bytes_kept(self, store: Store) -> bytes:
        return test_sqlite.TestSqliteStore().bytes_kept(_beneath(store))

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        return test_sqlite.TestSqliteStore().damage(_beneath(store), organization, stream, part)


def _signatures(protocol: type) -> dict[str, Any]:
    return {
        name: inspect.signature(member)
        for name, member in vars(protocol).items()
        if callable(member) and not name.startswith("_")
    }


@pytest.mark.parametrize(
    ("blocking", "awaited", "bound"),
    [(BoundStore, AsyncBoundStore, True), (Store, AsyncStore, False)],
)
def test_the_async_protocols_differ_by_await_alone(blocking, awaited, bound):
    ours, theirs = _signatures(blocking), _signatures(awaited)
    if not bound:
        assert not inspect.iscoroutinefunction(AsyncStore.for_organization)
        del ours["for_organization"], theirs["for_organization"]
    assert ours == theirs
    assert all(inspect.iscoroutinefunction(getattr(awaited, name)) for name in theirs)
    threaded = ThreadedStore(MemoryStore())
    judged = threaded.for_organization("northwind") if bound else threaded
    for name, wanted in theirs.items():
        given = inspect.signature(getattr(judged, name))
        assert list(given.parameters.values()) == list(wanted.parameters.values())[1:], name
        viewed = _view_of(bound)
        assert list(inspect.signature(getattr(viewed, name)).parameters) == list(given.parameters)


def _view_of(bound: bool) -> Any:
    with BlockingView(ThreadedStore(MemoryStore())) as view:
        return view.for_organization("northwind") if bound else view


def test_every_promise_of_async_stores_has_a_law():
    written = re.findall(r"^- \*\*(A\d+)\*\* ", CONTRACT.read_text("utf-8"), re.MULTILINE)
    laws = {
        law.promise
        for name in dir(AsyncStoreContract)
        if name.startswith("test_a") and (law := getattr(AsyncStoreContract, name))
    }
    assert written == sorted(laws) == ["A1", "A2"]


class _Slow:
    """A journal of which an append waits, so that a test can be sure that one runs."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.store = MemoryStore(projections=PROJECTIONS)
        self.journal = self.store.for_organization("northwind")
        self.closed = False

    def for_organization(self, organization: str) -> Any:
        return self

    def organizations(self) -> tuple[str, ...]:
        return self.store.organizations()

    def append(self, *args: Any, **kwargs: Any) -> tuple[Event, ...]:
        self.begun.set()
        assert self.go_on.wait(timeout=10)
        return self.journal.append(*args, **kwargs)

    def close(self) -> None:
        self.closed = True


def _appending(store: ThreadedStore, stream: str = "post/a") -> asyncio.Task[tuple[Event, ...]]:
    event = scene(MemoryStore()).new(stream)
    journal = store.for_organization("northwind")
    return asyncio.ensure_future(
        journal.append([event], expected_versions={stream: 0}, snapshots={stream: b"r"})
    )


async def _begun(slow: _Slow) -> None:
    await asyncio.get_running_loop().run_in_executor(None, slow.begun.wait, 10)


async def _shifts(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def test_whoever_is_cancelled_waits_for_the_append_that_runs():
    async def judge() -> None:
        slow = _Slow()
        store = ThreadedStore(slow)
        task = _appending(store)
        await _begun(slow)
        for _ in range(3):
            task.cancel("enough")
            await _shifts()
            assert not task.done(), "cancelled while its append was running"
        slow.go_on.set()
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await task
        assert slow.journal.snapshot("post/a") == (1, b"r")
        await store.close()

    asyncio.run(judge())


def test_an_append_that_has_not_begun_is_never_made():
    async def judge() -> None:
        slow = _Slow()
        store = ThreadedStore(slow)
        first, second = _appending(store), _appending(store, "post/b")
        await _begun(slow)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        slow.go_on.set()
        await first
        await store.close()
        assert slow.journal.streams() == ("post/a",)

    asyncio.run(judge())


def test_a_timeout_and_a_group_cancel_as_they_do_elsewhere():
    async def judge() -> None:
        slow = _Slow()
        store = ThreadedStore(slow)

        async def let_go() -> None:
            await _begun(slow)
            await _shifts()
            slow.go_on.set()

        helper = asyncio.ensure_future(let_go())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await _appending(store)
        slow.begun.clear()
        task = _appending(store, "post/b")
        with pytest.raises(ExceptionGroup) as raised:
            await _together(_fail(), _await(task))
        assert raised.group_contains(LookupError)
        slow.begun.set()
        await helper
        await asyncio.gather(task, return_exceptions=True)
        await store.close()

    asyncio.run(judge())


async def _together(*work: Coroutine[Any, Any, None]) -> None:
    async with asyncio.TaskGroup() as group:
        for one in work:
            group.create_task(one)


async def _fail() -> None:
    raise LookupError


async def _await(task: asyncio.Task[Any]) -> None:
    await task


def test_closing_waits_for_the_append_that_runs_and_closes_what_it_owns():
    async def judge(owns: bool) -> None:
        slow = _Slow()
        store = ThreadedStore(slow, owns=owns)
        task = _appending(store)
        await _begun(slow)
        closing = [asyncio.ensure_future(store.close()) for _ in range(2)]
        await _shifts()
        assert not any(one.done() for one in closing)
        closing[0].cancel()
        await _shifts()
        assert not any(one.done() for one in closing)
        with pytest.raises(StoreUnavailableError, match="closed"):
            await store.organizations()
        slow.go_on.set()
        outcomes = await asyncio.gather(*closing, return_exceptions=True)
        assert task.done()
        assert isinstance(outcomes[0], asyncio.CancelledError)
        assert (outcomes[1], slow.closed) == (None, owns)
        assert len(await task) == 1

    for owns in (True, False):
        asyncio.run(judge(owns))


def test_an_error_is_the_stores_own_and_no_error_goes_unheard(recwarn):
    unheard: list[dict[str, Any]] = []

    async def judge() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: unheard.append(told))
        slow = _Slow()
        store = ThreadedStore(slow)
        slow.go_on.set()
        await _appending(store)
        with pytest.raises(ConflictError):
            await _appending(store)
        slow.go_on.clear()
        slow.begun.clear()
        task = _appending(store)
        await _begun(slow)
        task.cancel()
        await _shifts()
        slow.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await store.close()

    asyncio.run(judge())
    assert unheard == []


class Abandons:
    """An async store that lets its append go when its caller is cancelled."""

    def __init__(self, projections: tuple[Projection, ...]) -> None:
        self.store = MemoryStore(projections=projections)

    def for_organization(self, organization: str) -> Any:
        return _Abandoning(self.store.for_organization(organization))

    async def close(self) -> None:
        self.store.close()


class _Abandoning:
    def __init__(self, journal: BoundStore) -> None:
        self.journal = journal
        # An append gets through once its caller has looked: the moment that betrays it.
        self.looked = threading.Semaphore(0)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await asyncio.to_thread(getattr(self.journal, name), *args, **kwargs)

        return call

    async def append(self, *args: Any, **kwargs: Any) -> Any:
        def late() -> Any:
            self.looked.acquire(timeout=0.3)
            return self.journal.append(*args, **kwargs)

        return await asyncio.to_thread(late)

    async def snapshot(self, stream: str) -> tuple[int, bytes]:
        answer = self.journal.snapshot(stream)
        self.looked.release()
        return answer


def test_a_store_that_abandons_its_appends_is_rejected():
    broken = broken_async_promises(Abandons, only={"A1", "A2"})
    assert set(broken) == {"A1", "A2"}


def test_a_right_async_store_breaks_no_promise():
    right = broken_async_promises(
        lambda projections: ThreadedStore(MemoryStore(projections)), only={"A1", "A2", "S2"}
    )
    assert right == {}


def test_importing_stores_does_not_load_asyncio():
    """Blocking hosts do not pay for the loop."""
    for name in ("async_protocol", "threaded"):
        source = Path(inspect.getfile(SqliteStore)).parents[1] / f"{name}.py"
        tree = ast.parse(source.read_text("utf-8"))
        assert not [
            node
            for node in tree.body
            if isinstance(node, ast.Import) and node.names[0].name == "asyncio"
        ]
