"""Async stores keep every promise of blocking stores, and two additional promises."""

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
from socialcollab.testing import AsyncStoreContract, BlockingStore, broken_async_promises
from socialcollab.testing.store_laws.organization import PROJECTIONS, fresh_organization

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "stores.md"


def _inner(store: Store) -> Store:
    assert isinstance(store, BlockingStore)
    assert isinstance(store.async_store, ThreadedStore)
    return store.async_store._store


@pytest.mark.integration
class TestThreadedMemory(AsyncStoreContract):
    @pytest.fixture
    def async_store(self) -> AsyncStore:
        return ThreadedStore(MemoryStore(projections=self.projections))

    @pytest.fixture
    def bare_async_store(self) -> AsyncStore:
        return ThreadedStore(MemoryStore())

    def bytes_kept(self, store: Store) -> bytes:
        return test_memory.TestMemoryStore().bytes_kept(_inner(store))

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        return test_memory.TestMemoryStore().damage(_inner(store), organization, stream, part)


@pytest.mark.integration
class TestThreadedSqlite(AsyncStoreContract):
    @pytest.fixture
    def async_store(self, tmp_path: Path) -> Iterator[AsyncStore]:
        store = SqliteStore(tmp_path / "journal.db", projections=self.projections, durable=False)
        yield ThreadedStore(store)
        store.close()

    @pytest.fixture
    def bare_async_store(self, tmp_path: Path) -> AsyncStore:
        return ThreadedStore(SqliteStore(tmp_path / "bare.db", durable=False))

    def bytes_kept(self, store: Store) -> bytes:
        return test_sqlite.TestSqliteStore().bytes_kept(_inner(store))

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        return test_sqlite.TestSqliteStore().damage(_inner(store), organization, stream, part)


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
def test_async_protocols(blocking, awaited, bound):
    """The async protocols have the same methods as the blocking protocols and the classes."""
    ours, theirs = _signatures(blocking), _signatures(awaited)
    if not bound:
        assert not inspect.iscoroutinefunction(AsyncStore.for_organization)
        del ours["for_organization"], theirs["for_organization"]
    assert ours == theirs
    assert all(inspect.iscoroutinefunction(getattr(awaited, name)) for name in theirs)
    threaded = ThreadedStore(MemoryStore())
    tested = threaded.for_organization("northwind") if bound else threaded
    for name, expected in theirs.items():
        given = inspect.signature(getattr(tested, name))
        assert list(given.parameters.values()) == list(expected.parameters.values())[1:], name
        blocked = _blocking(bound)
        assert list(inspect.signature(getattr(blocked, name)).parameters) == list(given.parameters)


def _blocking(bound: bool) -> Any:
    with BlockingStore(ThreadedStore(MemoryStore())) as store:
        return store.for_organization("northwind") if bound else store


def test_promises_have_laws():
    """The contract page and the kit have the same promises of async stores."""
    written = re.findall(r"^- \*\*(A\d+)\*\* ", CONTRACT.read_text("utf-8"), re.MULTILINE)
    laws = {
        law.promise
        for name in dir(AsyncStoreContract)
        if name.startswith("test_a") and (law := getattr(AsyncStoreContract, name))
    }
    assert written == sorted(laws) == ["A1", "A2"]


class _Slow:
    """A store whose appends wait for `go_on`, so that a test can act while an append is running."""

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
    event = fresh_organization(MemoryStore()).new(stream)
    journal = store.for_organization("northwind")
    return asyncio.ensure_future(
        journal.append([event], expected_versions={stream: 0}, snapshots={stream: b"r"})
    )


async def _begun(slow: _Slow) -> None:
    await asyncio.get_running_loop().run_in_executor(None, slow.begun.wait, 10)


async def _switches(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def test_cancelled_append():
    """A cancelled caller waits for the append that is running."""

    async def judge() -> None:
        slow = _Slow()
        store = ThreadedStore(slow)
        task = _appending(store)
        await _begun(slow)
        for _ in range(3):
            task.cancel("enough")
            await _switches()
            assert not task.done(), "cancelled while its append was running"
        slow.go_on.set()
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await task
        assert slow.journal.snapshot("post/a") == (1, b"r")
        await store.close()

    asyncio.run(judge())


def test_cancelled_before_start():
    """An append that has not begun when its caller is cancelled is never made."""

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


def test_timeout_and_task_group():
    """Timeouts and task groups cancel an append like any other task."""

    async def judge() -> None:
        slow = _Slow()
        store = ThreadedStore(slow)

        async def resume() -> None:
            await _begun(slow)
            await _switches()
            slow.go_on.set()

        helper = asyncio.ensure_future(resume())
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
        for coroutine in work:
            group.create_task(coroutine)


async def _fail() -> None:
    raise LookupError


async def _await(task: asyncio.Task[Any]) -> None:
    await task


def test_close():
    """Closing waits for the append that is running, and closes an owned store."""

    async def judge(owns: bool) -> None:
        slow = _Slow()
        store = ThreadedStore(slow, owns=owns)
        task = _appending(store)
        await _begun(slow)
        closing = [asyncio.ensure_future(store.close()) for _ in range(2)]
        await _switches()
        assert not any(closer.done() for closer in closing)
        closing[0].cancel()
        await _switches()
        assert not any(closer.done() for closer in closing)
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


def test_errors(recwarn):
    """The error of the store reaches the caller, and the loop reports no unhandled error."""
    unhandled: list[dict[str, Any]] = []

    async def judge() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: unhandled.append(context)
        )
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
        await _switches()
        slow.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await store.close()

    asyncio.run(judge())
    assert unhandled == []


class AbandonsAppends:
    """An async store that abandons its append when the caller is cancelled."""

    def __init__(self, projections: tuple[Projection, ...]) -> None:
        self.store = MemoryStore(projections=projections)

    def for_organization(self, organization: str) -> Any:
        return _AbandoningJournal(self.store.for_organization(organization))

    async def close(self) -> None:
        self.store.close()


class _AbandoningJournal:
    def __init__(self, journal: BoundStore) -> None:
        self.journal = journal
        # The append is stored after the caller has read the snapshot, which shows the fault.
        self.snapshot_read = threading.Semaphore(0)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await asyncio.to_thread(getattr(self.journal, name), *args, **kwargs)

        return call

    async def append(self, *args: Any, **kwargs: Any) -> Any:
        def late() -> Any:
            self.snapshot_read.acquire(timeout=0.3)
            return self.journal.append(*args, **kwargs)

        return await asyncio.to_thread(late)

    async def snapshot(self, stream: str) -> tuple[int, bytes]:
        answer = self.journal.snapshot(stream)
        self.snapshot_read.release()
        return answer


def test_broken_async_store():
    """The kit rejects a store that abandons its appends."""
    broken = broken_async_promises(AbandonsAppends, only={"A1", "A2"})
    assert set(broken) == {"A1", "A2"}


def test_correct_async_store():
    """The kit accepts a correct async store outside pytest."""
    right = broken_async_promises(
        lambda projections: ThreadedStore(MemoryStore(projections)), only={"A1", "A2", "S2"}
    )
    assert right == {}


def test_import_cost():
    """Importing the modules of async stores does not load asyncio."""
    for name in ("protocols", "threaded"):
        source = Path(inspect.getfile(SqliteStore)).parents[1] / f"{name}.py"
        tree = ast.parse(source.read_text("utf-8"))
        assert not [
            node
            for node in tree.body
            if isinstance(node, ast.Import) and node.names[0].name == "asyncio"
        ]
