"""A test kit that checks async stores against docs/contracts/stores.md."""

# ruff: noqa: S101
from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator

import pytest

from socialcollab.errors import StoreUnavailableError
from socialcollab.stores import AsyncStore, Event, Projection
from socialcollab.testing.blocking import BlockingStore
from socialcollab.testing.promises import promise
from socialcollab.testing.store_contract import StoreContract, broken_promises
from socialcollab.testing.store_laws.organization import FreshOrganization, fresh_organization

ROUNDS = 40
MANY = 60


class AsyncStoreContract(StoreContract):
    """
    Tests for the async store laws. Subclass this class and override `async_store`.

    ::

        class TestMyStore(AsyncStoreContract):
            @pytest.fixture
            def async_store(self) -> AsyncStore:
                return MyAsyncStore(projections=self.projections)

    The laws of `StoreContract` use the store through a `BlockingStore`, which runs calls from
    several threads as tasks on one event loop. Override `bare_async_store` instead of `bare_store`.
    """

    @pytest.fixture
    def async_store(self) -> AsyncStore:
        """Return the store to test, created with `projections`."""
        raise NotImplementedError("override the `async_store` fixture to return the store to test")

    @pytest.fixture
    def bare_async_store(self) -> AsyncStore:
        """Return a store without any data that was created without projections."""
        pytest.skip("the kit does not provide a bare store")

    @pytest.fixture
    def store(self, async_store: AsyncStore) -> Iterator[BlockingStore]:
        """Return the store to test as a blocking store."""
        with BlockingStore(async_store) as blocking:
            yield blocking

    @pytest.fixture
    def bare_store(self, bare_async_store: AsyncStore) -> Iterator[BlockingStore]:
        """Return the bare store as a blocking store."""
        with BlockingStore(bare_async_store) as blocking:
            yield blocking

    @promise("A1")
    def test_a01_cancellation(self, store: BlockingStore) -> None:
        """Once the cancellation of an append has taken effect, the stored events do not change again."""
        org = fresh_organization(store)
        journal = store.async_store.for_organization(org.journal.organization)
        known: dict[str, int] = {}

        async def cancel_after(switches: int) -> None:
            stream = f"post/{switches}"
            events = [org.new(stream, {"rank": rank}) for rank in range(MANY)]
            task = asyncio.ensure_future(
                journal.append(events, expected_versions={stream: 0}, snapshots={stream: b"whole"})
            )
            for _ in range(switches):
                await asyncio.sleep(0)
            # A second cancellation must not interrupt the wait for the append.
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
            for switches in range(ROUNDS):
                await cancel_after(switches)
            report = await journal.audit()
            assert report.clean
            later = {stream: (await journal.snapshot(stream))[0] for stream in known}
            assert later == known, "an append was stored after its caller had been cancelled"

        store.run(judge())

    @promise("A2")
    def test_a02_close_waits(self, store: BlockingStore) -> None:
        """When `close` returns, all appends that had begun before have ended."""
        org = fresh_organization(store)

        async def judge() -> None:
            task = asyncio.ensure_future(_append_many(org, store))
            await asyncio.sleep(0)
            await asyncio.gather(store.async_store.close(), store.async_store.close())
            for _ in range(10):
                await asyncio.sleep(0)
            assert task.done(), "`close` returned while an append was running"
            error = task.exception()
            assert error is None or isinstance(error, StoreUnavailableError), error

        store.run(judge())


async def _append_many(org: FreshOrganization, store: BlockingStore) -> tuple[Event, ...]:
    journal = store.async_store.for_organization(org.journal.organization)
    events = [org.new("post/a", {"rank": rank}) for rank in range(MANY * 10)]
    return await journal.append(events, expected_versions={"post/a": 0}, snapshots={"post/a": b""})


def broken_async_promises(
    make: Callable[[tuple[Projection, ...]], AsyncStore],
    *,
    only: Collection[str] = (),
    kit: type[AsyncStoreContract] = AsyncStoreContract,
) -> dict[str, str]:
    """
    Test an async store outside pytest, and return the promises that it breaks.

    Args:
        make: A function that returns a store without any data, created with the given projections.
            It is called for each law.
        only: The promises to test; if this is empty, all promises are tested.
        kit: The kit to use, as for `broken_promises`.

    Returns:
        The message of the first failing law, for each broken promise.
    """
    stores: list[BlockingStore] = []

    def make_blocking(projections: tuple[Projection, ...]) -> BlockingStore:
        stores.append(BlockingStore(make(projections)))
        return stores[-1]

    try:
        return broken_promises(make_blocking, only=only, kit=kit)
    finally:
        for store in stores:
            store.stop()
