"""Whoever loses a race tries again in turn, also inside another attempt."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from socialcollab.desk import AsyncDesk, Desk
from socialcollab.effects import Effects, call
from socialcollab.errors import ConflictError
from socialcollab.stores import MemoryStore


def losing(engine: Any, rounds: int, log: list[str], *, within: bool = True) -> Effects[str]:
    """Make attempts that lose so many rounds, each with attempts of its own that lose as many."""
    left = [rounds]

    def attempt() -> Effects[str]:
        yield from call(engine.store.streams)
        if within:
            yield from engine.retry(lambda: losing(engine, rounds, log, within=False))
        if left[0]:
            left[0] -= 1
            raise ConflictError(stream="post/a", expected=0, actual=1)
        log.append("within" if not within else "done")
        return "done"

    return (yield from engine.retry(attempt))


def test_attempts_within_attempts_do_not_wait_for_themselves() -> None:
    log: list[str] = []
    desk = Desk(MemoryStore(Desk.PROJECTIONS), "northwind")
    assert desk.run(losing(desk.engine, 3, log)) == "done"
    assert log == ["within"] * 4 + ["done"]

    async def judge() -> list[str]:
        adesk = AsyncDesk(MemoryStore(Desk.PROJECTIONS), "northwind")
        alog: list[str] = []
        async with adesk, asyncio.timeout(20):
            tasks = [adesk.run(losing(adesk.engine, 3, alog)) for _ in range(5)]
            assert await asyncio.gather(*tasks) == ["done"] * 5
        return alog

    assert asyncio.run(judge()).count("done") == 5


def test_who_loses_every_time_is_told() -> None:
    desk = Desk(MemoryStore(Desk.PROJECTIONS), "northwind")
    with pytest.raises(ConflictError):
        desk.run(losing(desk.engine, 99, [], within=False))
    assert desk.engine.lock.acquire(blocking=False), "the turn was given back"


def test_whoever_is_cancelled_while_waiting_for_the_turn_takes_none() -> None:
    async def judge() -> None:
        desk = AsyncDesk(MemoryStore(Desk.PROJECTIONS), "northwind")
        async with desk:
            await desk.engine.lock.acquire()
            tasks = [
                asyncio.ensure_future(desk.run(losing(desk.engine, 1, [], within=False)))
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

    asyncio.run(judge())
