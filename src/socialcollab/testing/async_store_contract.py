"""The kit that holds an async store to the promises of docs/contracts/stores.md."""

# ruff: noqa: S101
from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator

import pytest

from socialcollab.errors import StoreUnavailableError
from socialcollab.stores import AsyncStore, Event, Projection
from socialcollab.testing.blocking_view import BlockingView
from socialcollab.testing.store_contract import StoreContract, broken_promises
from socialcollab.testing.store_laws.scene import Scene, promise, scene

ROUNDS = 40
MANY = 60


class AsyncStoreContract(StoreContract):
    """
    The laws of stores, and those of async ones; subclass it, and give the async store.

    ::

        class TestMyStore(AsyncStoreContract):
            @pytest.fixture
            def async_store(self) -> AsyncStore:
                return MyAsyncStore(projections=self.indexes)

    The laws are those of `StoreContract`: a `BlockingView` lets them judge
    the store on one event loop, where the threads of the laws are tasks.
    """

    @pytest.fixture
    def async_store(self) -> AsyncStore:
        """Return the store to be judged."""
        raise NotImplementedError("give the store: override the fixture `async_store`")

    @pytest.fixture
    def store(self, async_store: AsyncStore) -> Iterator[BlockingView]:
        """Return a blocking view of the store to be judged."""
        with BlockingView(async_store) as view:
            yield view

    @promise("A1")
    def test_a01_whoever_is_cancelled_knows_what_was_written(self, store: BlockingView) -> None:
        """Cancelled at whatever moment: what is read then is what stays."""
        here = scene(store)
        journal = store.asynchronous.for_organization(here.journal.organization)
        known: dict[str, int] = {}

        async def cancelled_after(shifts: int) -> None:
            stream = f"post/{shifts}"
            events = [here.new(stream, {"rank": rank}) for rank in range(MANY)]
            task = asyncio.ensure_future(
                journal.append(events, expected_versions={stream: 0}, snapshots={stream: b"whole"})
            )
            for _ in range(shifts):
                await asyncio.sleep(0)
            # Once it is cancelled, twice shall not tear it from its append.
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            [outcome] = await asyncio.gather(task, return_exceptions=True)
            version, snapshot = await journal.snapshot(stream)
            known[stream] = version
            if isinstance(outcome, BaseException):
                assert isinstance(outcome, asyncio.CancelledError), outcome
            else:
                assert len(outcome) == MANY == version
            assert (version, snapshot) in {(0, b""), (MANY, b"whole")}

        async def judge() -> None:
            for shifts in range(ROUNDS):
                await cancelled_after(shifts)
            report = await journal.audit()
            assert report.clean
            later = {stream: (await journal.snapshot(stream))[0] for stream in known}
            assert later == known, "something was written after its caller had been told"

        store.run(judge())

    @promise("A2")
    def test_a02_closing_waits_for_what_runs(self, store: BlockingView) -> None:
        """Once closing has returned, an append before it has its answer."""
        here = scene(store)

        async def judge() -> None:
            task = asyncio.ensure_future(_append_many(here, store))
            await asyncio.sleep(0)
            await asyncio.gather(store.asynchronous.close(), store.asynchronous.close())
            for _ in range(10):
                await asyncio.sleep(0)
            assert task.done(), "closing returned while an append was running"
            error = task.exception()
            assert error is None or isinstance(error, StoreUnavailableError), error

        store.run(judge())


async def _append_many(here: Scene, store: BlockingView) -> tuple[Event, ...]:
    journal = store.asynchronous.for_organization(here.journal.organization)
    events = [here.new("post/a", {"rank": rank}) for rank in range(MANY * 10)]
    return await journal.append(events, expected_versions={"post/a": 0}, snapshots={"post/a": b""})


def broken_async_promises(
    make: Callable[[tuple[Projection, ...]], AsyncStore],
    *,
    only: Collection[str] = (),
    kit: type[AsyncStoreContract] = AsyncStoreContract,
) -> dict[str, str]:
    """
    Judge an async store outside pytest, law by law.

    Args:
        make: Makes a store with the given indexes; called once per law.

        only: The promises to judge it by, or none for all.

        kit: The kit to judge by, as for `broken_promises`.

    Returns:
        For each promise that it breaks, what the first broken law says.
    """
    views: list[BlockingView] = []

    def view(projections: tuple[Projection, ...]) -> BlockingView:
        views.append(BlockingView(make(projections)))
        return views[-1]

    try:
        return broken_promises(view, only=only, kit=kit)
    finally:
        for one in views:
            one.stop()
