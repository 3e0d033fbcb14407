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
    shielded: bool = False


Effects: TypeAlias = Generator[Call[Any], Any, T]
"""Shell code that ends in a ``T``."""


def call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Generator[Call[R], Any, R]:
    """Have *function* called by whoever runs the steps, and return its answer with its type."""
    return cast("R", (yield Call(function, args, kwargs)))


def call_cancellable(
    function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> Generator[Call[R], Any, R]:
    """Have *function* called as by `ask`, but given up when the host is cancelled: it changes nothing here."""
    return cast("R", (yield Call(function, args, kwargs, long=True)))


def shielded(effects: Effects[T]) -> Effects[T]:
    """Have effects carried out to their end before anybody who cancels them is heard."""
    try:
        pending = next(effects)
        while True:
            try:
                answer = yield Call(pending.function, pending.args, pending.kwargs, shielded=True)
            except Exception as error:  # noqa: BLE001  the effects decide what it means
                pending = effects.throw(error)
            else:
                pending = effects.send(answer)
    except StopIteration as stop:
        return cast("T", stop.value)
    finally:
        effects.close()


def run(effects: Effects[T]) -> T:
    """Run effects to their end, blocking."""
    try:
        pending = next(effects)
        while True:
            try:
                answer = pending.function(*pending.args, **pending.kwargs)
            except Exception as error:  # noqa: BLE001  the effects decide what it means
                pending = effects.throw(error)
            else:
                pending = effects.send(answer)
    except StopIteration as stop:
        return cast("T", stop.value)


async def arun(effects: Effects[T]) -> T:
    """
    Run effects to their end, awaiting what is awaitable.

    Whoever is cancelled while a call runs waits for its end, so that nothing
    is written whose answer nobody hears; then the effects are cancelled. Calls
    by `call_cancellable` are given up at once, those of `held` effects answered first.
    """
    from asyncio import CancelledError, ensure_future  # noqa: PLC0415  blocking hosts do without

    cancelled: CancelledError | None = None
    try:
        pending = next(effects)
        while True:
            try:
                if cancelled is not None and not pending.shielded:
                    put_off, cancelled = cancelled, None
                    raise put_off
                answer = pending.function(*pending.args, **pending.kwargs)
                if isawaitable(answer):
                    if pending.long:
                        answer = await answer
                    else:
                        task = ensure_future(answer)
                        stopped = await _ended(task)
                        if stopped is not None and not pending.shielded:
                            raise stopped
                        cancelled = cancelled or stopped
                        answer = task.result()
            except (Exception, CancelledError) as error:  # noqa: BLE001  the effects decide
                pending = effects.throw(error)
            else:
                pending = effects.send(answer)
    except StopIteration as stop:
        if cancelled is not None:
            raise cancelled from None
        return cast("T", stop.value)
    except Exception as error:
        if cancelled is not None:
            raise cancelled from error
        raise
    finally:
        effects.close()


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
