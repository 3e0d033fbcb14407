"""Effects: blocking and async runs agree, and a cancellation never leaves a call in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.effects import Effects, arun, call, call_cancellable, run, shielded
from socialcollab.errors import NotFoundError


class Port:
    """A sum of numbers, whose async method first yields to the loop a few times."""

    def __init__(self, *, turns: int = 0) -> None:
        self.turns, self.begun, self.done = turns, 0, 0
        self.total = 0

    def add(self, number: int) -> int:
        if number < 0:
            raise NotFoundError("number", str(number))
        self.total += number
        return self.total

    async def aadd(self, number: int) -> int:
        self.begun += 1
        for _ in range(self.turns):
            await asyncio.sleep(0)
        self.done += 1
        return self.add(number)


def adding(add: Callable[[int], Any], numbers: list[int], log: list[object]) -> Effects[int]:
    total = 0
    for number in numbers:
        try:
            total = yield from call(add, number)
        except NotFoundError:
            log.append(f"no {number}")
        else:
            log.append(total)
    return total


@given(st.lists(st.integers(-3, 9)), st.integers(0, 3))
def test_run_and_arun_agree(numbers: list[int], turns: int) -> None:
    """`run` and `arun` make the same calls and return the same result."""
    logs: list[list[object]] = [[], [], [], []]
    port, aport, mixed = Port(), Port(turns=turns), Port()
    expected = run(adding(port.add, numbers, logs[0]))
    assert asyncio.run(arun(adding(aport.aadd, numbers, logs[1]))) == expected
    assert asyncio.run(arun(adding(mixed.add, numbers, logs[2]))) == expected
    assert asyncio.run(arun(shielded(adding(Port(turns=turns).aadd, numbers, logs[3])))) == expected
    assert logs[0] == logs[1] == logs[2] == logs[3]


def cancelled_after(turns: int, effects: Effects[Any]) -> asyncio.Task[Any] | None:
    """Run effects and cancel them after *turns* of the loop; return None if they ended earlier."""

    async def main() -> asyncio.Task[Any] | None:
        task = asyncio.ensure_future(arun(effects))
        for _ in range(turns):
            await asyncio.sleep(0)
        too_late = task.done()
        task.cancel("stop")
        await asyncio.wait([task])
        return None if too_late else task

    return asyncio.run(main())


@pytest.mark.parametrize("turns", range(40))
def test_running_call_is_awaited(turns: int) -> None:
    """A cancelled `arun` waits until the running call has ended, and makes no other call."""
    port = Port(turns=3)
    log: list[object] = []
    ended = cancelled_after(turns, adding(port.aadd, [1, 2, 3], log))
    assert port.begun == port.done, "a call was not awaited"
    if ended is not None:
        assert ended.cancelled()
        # The cancellation may discard only the result of the last call.
        assert port.done - 1 <= len(log) <= port.done


@pytest.mark.parametrize("turns", range(40))
def test_shielded_effects_complete(turns: int) -> None:
    """Shielded effects are completed before a cancellation takes effect."""
    port = Port(turns=2)
    log: list[object] = []

    def effects() -> Effects[int]:
        yield from call(port.aadd, 1)
        together = yield from shielded(adding(port.aadd, [2, 3], log))
        yield from call(port.aadd, 4)
        return together

    ended = cancelled_after(turns, effects())
    assert port.begun == port.done
    assert port.total in {0, 1, 6, 10}, "shielded effects were interrupted"
    assert len(log) in {0, 2}
    assert ended is None or ended.cancelled()


def test_shielded_end_keeps_cancellation() -> None:
    """A cancellation during the last shielded call still takes effect."""
    port = Port(turns=5)
    ended = cancelled_after(2, shielded(adding(port.aadd, [1], [])))
    assert ended is not None
    assert ended.cancelled()
    assert port.total == 1
    failing = cancelled_after(2, shielded(_failing(port)))
    assert failing is not None
    assert failing.cancelled()


def _failing(port: Port) -> Effects[None]:
    yield from call(port.aadd, 1)
    raise LookupError("after the cancellation")


def test_cancellable_call() -> None:
    """A cancellable call is cancelled immediately."""
    port = Port(turns=10_000)
    ended = cancelled_after(3, _cancellable(port))
    assert ended is not None
    assert ended.cancelled()
    assert (port.begun, port.done) == (1, 0)


def _cancellable(port: Port) -> Effects[int]:
    return (yield from call_cancellable(port.aadd, 1))


def test_effects_may_clean_up() -> None:
    """Cancelled effects may make calls to clean up."""
    port = Port(turns=3)
    log: list[str] = []

    def effects() -> Effects[None]:
        try:
            yield from call(port.aadd, 1)
        except asyncio.CancelledError as error:
            log.append(str(error))
            raise
        finally:
            total = yield from call(port.aadd, 10)
            log.append(f"cleaned up at {total}")

    ended = cancelled_after(2, effects())
    assert ended is not None
    assert ended.cancelled()
    assert log == ["stop", "cleaned up at 11"]


def test_error_of_cancelled_call_is_retrieved() -> None:
    """asyncio does not report the error of a call whose result was discarded."""
    lost: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))
        task = asyncio.ensure_future(arun(adding(Port(turns=3).aadd, [-1], [])))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(main())
    assert lost == []


def test_effects_are_closed() -> None:
    """Effects are closed regardless of how they end."""
    closed: list[str] = []

    def effects() -> Effects[None]:
        try:
            yield from call(_interrupt)
        finally:
            closed.append("closed")

    async def ainterrupt() -> None:
        with pytest.raises(KeyboardInterrupt):
            await arun(effects())

    asyncio.run(ainterrupt())
    assert closed == ["closed"]


def _interrupt() -> None:
    raise KeyboardInterrupt
