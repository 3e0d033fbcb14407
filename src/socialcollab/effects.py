"""
Effects: one text for code that does I/O in blocking and in async programs.

Effects are a generator that yields the calls it wants to make, such as reading
from a store. `run` makes each call and sends the result back into the
generator; `arun` does the same and awaits the result first.
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
    A call that effects ask `run` or `arun` to make.

    Attributes:
        function: The function to call.
        args: The positional arguments.
        kwargs: The keyword arguments.
        cancellable: Whether `arun` cancels the call when it is cancelled itself.
            It waits for the end of every other call.
        shielded: Whether `arun` delays its own cancellation until the effects
            yield a call that is not shielded, or end.
    """

    function: Callable[..., R]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    cancellable: bool = False
    shielded: bool = False


Effects: TypeAlias = Generator[Call[Any], Any, T]
"""A generator that yields calls and returns a ``T``."""


def call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Generator[Call[R], Any, R]:
    """Yield a call of *function* and return its result, with its type."""
    return cast("R", (yield Call(function, args, kwargs)))


def call_cancellable(
    function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> Generator[Call[R], Any, R]:
    """Yield a call that may be cancelled while it runs, because it changes nothing here."""
    return cast("R", (yield Call(function, args, kwargs, cancellable=True)))


def shielded(effects: Effects[T]) -> Effects[T]:
    """Yield the calls of *effects* so that all of them are made before a cancellation takes effect."""
    try:
        pending = next(effects)
        while True:
            try:
                result = yield Call(pending.function, pending.args, pending.kwargs, shielded=True)
            except Exception as error:  # noqa: BLE001  the effects decide what it means
                pending = effects.throw(error)
            else:
                pending = effects.send(result)
    except StopIteration as stop:
        return cast("T", stop.value)
    finally:
        effects.close()


def run(effects: Effects[T]) -> T:
    """Make the calls of *effects*, blocking, and return its result."""
    try:
        pending = next(effects)
        while True:
            try:
                result = pending.function(*pending.args, **pending.kwargs)
            except Exception as error:  # noqa: BLE001  the effects decide what it means
                pending = effects.throw(error)
            else:
                pending = effects.send(result)
    except StopIteration as stop:
        return cast("T", stop.value)


async def arun(effects: Effects[T]) -> T:
    """
    Make the calls of *effects*, await results that are awaitable, and return its result.

    If the task is cancelled while a call runs, the call is awaited to its end
    before the effects are cancelled, so that no write is left in doubt. A call
    made with `call_cancellable` is cancelled at once. Effects in `shielded` are
    completed first.
    """
    from asyncio import CancelledError, ensure_future  # noqa: PLC0415  blocking programs need none

    cancelled: CancelledError | None = None
    try:
        pending = next(effects)
        while True:
            try:
                if cancelled is not None and not pending.shielded:
                    delayed, cancelled = cancelled, None
                    raise delayed
                result = pending.function(*pending.args, **pending.kwargs)
                if isawaitable(result):
                    if pending.cancellable:
                        result = await result
                    else:
                        task = ensure_future(result)
                        cancellation = await _wait(task)
                        if cancellation is not None and not pending.shielded:
                            raise cancellation
                        cancelled = cancelled or cancellation
                        result = task.result()
            except (Exception, CancelledError) as error:  # noqa: BLE001  the effects decide
                pending = effects.throw(error)
            else:
                pending = effects.send(result)
    except StopIteration as stop:
        # The effects ended while a cancellation was delayed: it must not be swallowed.
        if cancelled is not None:
            raise cancelled from None
        return cast("T", stop.value)
    except Exception as error:
        if cancelled is not None:
            raise cancelled from error
        raise
    finally:
        effects.close()


async def _wait(task: Future[Any]) -> CancelledError | None:
    """Wait until *task* has ended; return the first cancellation of the waiter, if there was one."""
    from asyncio import CancelledError, wait  # noqa: PLC0415

    first: CancelledError | None = None
    while not task.done():
        try:
            await wait([task])
        except CancelledError as error:
            first = first or error
    if first is not None and not task.cancelled():
        # Retrieving the exception keeps asyncio from reporting it as never retrieved.
        task.exception()
    return first
