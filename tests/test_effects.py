"""Steps come to the same blocking and async, and no call's answer is lost to a cancelling."""

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
    """Adds up what it is given; awaits a few turns first if it is async."""

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
def test_both_kinds_of_host_come_to_the_same(numbers: list[int], turns: int) -> None:
    told: list[list[object]] = [[], [], [], []]
    port, aport, mixed = Port(), Port(turns=turns), Port()
    expected = run(adding(port.add, numbers, told[0]))
    assert asyncio.run(arun(adding(aport.aadd, numbers, told[1]))) == expected
    assert asyncio.run(arun(adding(mixed.add, numbers, told[2]))) == expected
    assert asyncio.run(arun(shielded(adding(Port(turns=turns).aadd, numbers, told[3])))) == expected
    assert told[0] == told[1] == told[2] == told[3]


def cancelled_after(turns: int, steps: Effects[Any]) -> asyncio.Task[Any] | None:
    """Run steps and cancel them after so many turns of the loop; return None if they had ended."""

    async def judge() -> asyncio.Task[Any] | None:
        task = asyncio.ensure_future(arun(steps))
        for _ in range(turns):
            await asyncio.sleep(0)
        too_late = task.done()
        task.cancel("stop")
        await asyncio.wait([task])
        return None if too_late else task

    return asyncio.run(judge())


@pytest.mark.parametrize("turns", range(40))
def test_a_call_that_has_begun_is_awaited_to_its_end_and_nothing_begins_after(turns: int) -> None:
    port = Port(turns=3)
    log: list[object] = []
    ended = cancelled_after(turns, adding(port.aadd, [1, 2, 3], log))
    assert port.begun == port.done, "a call was left unanswered"
    if ended is not None:
        assert ended.cancelled()
        # The answer of the last call alone was overtaken by the cancelling.
        assert port.done - 1 <= len(log) <= port.done


@pytest.mark.parametrize("turns", range(40))
def test_held_steps_are_ended_before_the_cancelling_is_heard(turns: int) -> None:
    port = Port(turns=2)
    log: list[object] = []

    def steps() -> Effects[int]:
        yield from call(port.aadd, 1)
        together = yield from shielded(adding(port.aadd, [2, 3], log))
        yield from call(port.aadd, 4)
        return together

    ended = cancelled_after(turns, steps())
    assert port.begun == port.done
    assert port.total in {0, 1, 6, 10}, "held steps were torn apart"
    assert len(log) in {0, 2}
    assert ended is None or ended.cancelled()


def test_the_last_held_call_does_not_swallow_the_cancelling() -> None:
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
    raise LookupError("after the cancelling")


def test_a_long_call_is_given_up_at_once() -> None:
    port = Port(turns=10_000)
    ended = cancelled_after(3, _long(port))
    assert ended is not None
    assert ended.cancelled()
    assert (port.begun, port.done) == (1, 0)


def _long(port: Port) -> Effects[int]:
    return (yield from call_cancellable(port.aadd, 1))


def test_steps_that_are_cancelled_may_tidy_up() -> None:
    port = Port(turns=3)
    log: list[str] = []

    def steps() -> Effects[None]:
        try:
            yield from call(port.aadd, 1)
        except asyncio.CancelledError as error:
            log.append(str(error))
            raise
        finally:
            total = yield from call(port.aadd, 10)
            log.append(f"tidied up at {total}")

    ended = cancelled_after(2, steps())
    assert ended is not None
    assert ended.cancelled()
    assert log == ["stop", "tidied up at 11"]


def test_an_error_that_nobody_hears_any_more_is_not_reported_as_lost() -> None:
    lost: list[dict[str, Any]] = []

    async def judge() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: lost.append(told))
        task = asyncio.ensure_future(arun(adding(Port(turns=3).aadd, [-1], [])))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(judge())
    assert lost == []


def test_steps_are_closed_whatever_ends_them() -> None:
    closed: list[str] = []

    def steps() -> Effects[None]:
        try:
            yield from call(_interrupt)
        finally:
            closed.append("closed")

    async def ainterrupt() -> None:
        with pytest.raises(KeyboardInterrupt):
            await arun(steps())

    asyncio.run(ainterrupt())
    assert closed == ["closed"]


def _interrupt() -> None:
    raise KeyboardInterrupt
