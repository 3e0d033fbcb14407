"""Retries after conflicts: conflicting commands are retried one after another."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from socialcollab.desk import AsyncDesk, Desk
from socialcollab.effects import Effects, call
from socialcollab.errors import ConflictError
from socialcollab.stores import MemoryStore


def conflicting(engine: Any, rounds: int, log: list[str], *, nested: bool = True) -> Effects[str]:
    """Make an attempt that conflicts *rounds* times, with nested attempts that also conflict."""
    remaining = [rounds]

    def attempt() -> Effects[str]:
        yield from call(engine.store.streams)
        if nested:
            yield from engine.retry(lambda: conflicting(engine, rounds, log, nested=False))
        if remaining[0]:
            remaining[0] -= 1
            raise ConflictError(stream="post/a", expected=0, actual=1)
        log.append("done" if nested else "nested")
        return "done"

    return (yield from engine.retry(attempt))


def test_nested_retries() -> None:
    """A nested retry does not wait for the lock that the outer attempt holds."""
    log: list[str] = []
    desk = Desk(MemoryStore(Desk.PROJECTIONS), "northwind")
    assert desk.run(conflicting(desk.engine, 3, log)) == "done"
    assert log == ["nested"] * 4 + ["done"]

    async def run() -> list[str]:
        async_desk = AsyncDesk(MemoryStore(Desk.PROJECTIONS), "northwind")
        async_log: list[str] = []
        async with async_desk, asyncio.timeout(20):
            tasks = [async_desk.run(conflicting(async_desk.engine, 3, async_log)) for _ in range(5)]
            assert await asyncio.gather(*tasks) == ["done"] * 5
        return async_log

    assert asyncio.run(run()).count("done") == 5


def test_endless_conflict() -> None:
    """A command that always conflicts raises the conflict and releases the lock."""
    desk = Desk(MemoryStore(Desk.PROJECTIONS), "northwind")
    with pytest.raises(ConflictError):
        desk.run(conflicting(desk.engine, 99, [], nested=False))
    assert desk.engine.lock.acquire(blocking=False), "the lock was released"


def test_cancelled_while_waiting_for_lock() -> None:
    """A task that is cancelled while it waits for the lock does not acquire the lock."""

    async def run() -> None:
        desk = AsyncDesk(MemoryStore(Desk.PROJECTIONS), "northwind")
        async with desk:
            await desk.engine.lock.acquire()
            tasks = [
                asyncio.ensure_future(desk.run(conflicting(desk.engine, 1, [], nested=False)))
                for _ in range(3)
            ]
            while len(desk.engine.lock._waiters or ()) != 3 and not any(t.done() for t in tasks):
                await asyncio.sleep(0)
            tasks[0].cancel()
            await asyncio.wait([tasks[0]])
            desk.engine.lock.release()
            async with asyncio.timeout(20):
                outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert isinstance(outcomes[0], asyncio.CancelledError)
            assert outcomes[1:] == ["done", "done"]
            assert not desk.engine.lock.locked()

    asyncio.run(run())
