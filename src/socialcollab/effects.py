"""
Effects: code that performs I/O, written once for blocking and async programs.

Effects are written as a generator that yields calls, such as a read from a store. `run` makes each
call and sends the result back into the generator. `arun` does the same, but awaits each result that
is awaitable.
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
    A call that a generator of effects yields, and that `run` or `arun` makes.

    Attributes:
        function: The function to call.
        args: The positional arguments.
        kwargs: The keyword arguments.
        cancellable: Whether `arun` cancels the call when `arun` itself is
            cancelled. If not, `arun` waits until the call has ended.
        shielded: Whether `arun` delays its own cancellation until the effects
            yield a call that is not shielded or until they end.
    """

    function: Callable[..., R]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    cancellable: bool = False
    shielded: bool = False


Effects: TypeAlias = Generator[Call[Any], Any, T]
"""A generator that yields calls and returns a value of type ``T``."""


def call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Generator[Call[R], Any, R]:
    """Yield a call of *function* and return its result, preserving its type."""
    return cast("R", (yield Call(function, args, kwargs)))


def call_cancellable(
    function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> Generator[Call[R], Any, R]:
    """Yield a call that may be cancelled while it runs, because it does not write any data."""
    return cast("R", (yield Call(function, args, kwargs, cancellable=True)))


def shielded(effects: Effects[T]) -> Effects[T]:
    """Yield the calls of *effects*, and delay any cancellation until every call has been made."""
    try:
        pending = next(effects)
        while True:
            try:
                result = yield Call(pending.function, pending.args, pending.kwargs, shielded=True)
            except Exception as error:  # noqa: BLE001  the effects handle the error
                pending = effects.throw(error)
            else:
                pending = effects.send(result)
    except StopIteration as stop:
        return cast("T", stop.value)
    finally:
        effects.close()


def run(effects: Effects[T]) -> T:
    """Make the calls of *effects* one after the other, and return the result."""
    try:
        pending = next(effects)
        while True:
            try:
                result = pending.function(*pending.args, **pending.kwargs)
            except Exception as error:  # noqa: BLE001  the effects handle the error
                pending = effects.throw(error)
            else:
                pending = effects.send(result)
    except StopIteration as stop:
        return cast("T", stop.value)


async def arun(effects: Effects[T]) -> T:
    """
    Make the calls of *effects*, await results that are awaitable, and return the result.

    If the task is cancelled while a call is running, the effects are cancelled only
    after the call has ended, so that the outcome of a write is never unknown. A call
    that was made with `call_cancellable` is cancelled immediately. Effects that are
    wrapped in `shielded` are completed before the cancellation takes effect.
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
        # The effects ended while a cancellation was delayed. The cancellation must not be lost.
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
    """Wait until *task* has ended. Return the first cancellation of the waiting task, or None."""
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
