"""
Shell code written once for blocking and async hosts.

Steps are a generator of port calls; `run` makes each call and sends its answer
back in. What differs between the two kinds of host is one ``await``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar, cast

import attrs

__all__ = ["Call", "Steps", "ask", "run"]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@attrs.frozen
class Call(Generic[R]):
    """One call of a port that a host is to make."""

    function: Callable[..., R]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


Steps: TypeAlias = Generator[Call[Any], Any, T]
"""Shell code that ends in a ``T``."""


def ask(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Generator[Call[R], Any, R]:
    """Have *function* called by whoever runs the steps, and return its answer with its type."""
    return cast("R", (yield Call(function, args, kwargs)))


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
