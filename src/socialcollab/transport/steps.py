"""
Shell code written once for blocking and async hosts.

Steps are a generator of port calls; `run` makes each call and sends its answer
back in, `arun` awaits it first. What differs between the two kinds of host is
one ``await``, and what it means to be cancelled there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeAlias, TypeVar, cast

import attrs

if TYPE_CHECKING:
    from asyncio import CancelledError, Future

__all__ = ["Call", "Steps", "arun", "ask", "ask_long", "held", "run"]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@attrs.frozen
class Call(Generic[R]):
    """
    One call of a port that a host is to make.

    Attributes:
        function: What is called.

        args: With what.

        kwargs: Likewise.

        long: Whether an async host that is cancelled meanwhile gives the call
            up; all others it awaits to their end.

        held: Whether cancelling has to wait until the steps no longer say so.
    """

    function: Callable[..., R]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    long: bool = False
    held: bool = False


Steps: TypeAlias = Generator[Call[Any], Any, T]
"""Shell code that ends in a ``T``."""


def ask(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Generator[Call[R], Any, R]:
    """Have *function* called by whoever runs the steps, and return its answer with its type."""
    return cast("R", (yield Call(function, args, kwargs)))


def ask_long(
    function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> Generator[Call[R], Any, R]:
    """Have *function* called as by `ask`, but given up when the host is cancelled: it changes nothing here."""
    return cast("R", (yield Call(function, args, kwargs, long=True)))


def held(steps: Steps[T]) -> Steps[T]:
    """Have steps carried out to their end before anybody who cancels them is heard."""
    try:
        call = next(steps)
        while True:
            try:
                answer = yield Call(call.function, call.args, call.kwargs, held=True)
            except Exception as error:  # noqa: BLE001  the steps decide what it means
                call = steps.throw(error)
            else:
                call = steps.send(answer)
    except StopIteration as stop:
        return cast("T", stop.value)
    finally:
        steps.close()


def run(steps: Steps[T]) -> T:
    """Run steps to their end, blocking."""
    try:
        call = next(steps)
        while True:
            try:
                answer = call.function(*call.args, **call.kwargs)
            except Exception as error:  # noqa: BLE001  the steps decide what it means
                call = steps.throw(error)
            else:
                call = steps.send(answer)
    except StopIteration as stop:
        return cast("T", stop.value)


async def arun(steps: Steps[T]) -> T:
    """
    Run steps to their end, awaiting what is awaitable.

    Whoever is cancelled while a call runs waits for its end, so that nothing
    is written whose answer nobody hears; then the steps are cancelled. Calls
    by `ask_long` are given up at once, those of `held` steps answered first.
    """
    from asyncio import CancelledError, ensure_future  # noqa: PLC0415  blocking hosts do without

    cancelled: CancelledError | None = None
    try:
        call = next(steps)
        while True:
            try:
                if cancelled is not None and not call.held:
                    put_off, cancelled = cancelled, None
                    raise put_off
                answer = call.function(*call.args, **call.kwargs)
                if isawaitable(answer):
                    if call.long:
                        answer = await answer
                    else:
                        task = ensure_future(answer)
                        stopped = await _ended(task)
                        if stopped is not None and not call.held:
                            raise stopped
                        cancelled = cancelled or stopped
                        answer = task.result()
            except (Exception, CancelledError) as error:  # noqa: BLE001  the steps decide
                call = steps.throw(error)
            else:
                call = steps.send(answer)
    except StopIteration as stop:
        if cancelled is not None:
            raise cancelled from None
        return cast("T", stop.value)
    except Exception as error:
        if cancelled is not None:
            raise cancelled from error
        raise
    finally:
        steps.close()


async def _ended(task: Future[Any]) -> CancelledError | None:
    """Wait until *task* has ended; return the first cancelling of the waiter meanwhile, if any."""
    from asyncio import CancelledError, wait  # noqa: PLC0415

    first: CancelledError | None = None
    while not task.done():
        try:
            await wait([task])
        except CancelledError as error:
            first = first or error
    if first is not None and not task.cancelled():
        task.exception()  # heard: it is not reported as lost
    return first
