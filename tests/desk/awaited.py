"""An async desk with the interface of a blocking desk, so that the same tests run on both."""

from __future__ import annotations

import inspect
from functools import cache, partial
from typing import Any

from socialcollab.desk import AsyncDesk, AsyncMemberDesk
from socialcollab.testing.blocking import _Loop

WRAPPED = ("engine", "store")


@cache
def loop() -> _Loop:
    """Return the event loop on which all coroutines run."""
    return _Loop()


class Awaited:
    """A wrapper for an async object that runs its coroutines to completion."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.inner, name)
        if inspect.iscoroutine(value):
            return loop().call(value)
        if inspect.iscoroutinefunction(value):
            return partial(self._call, value)
        return Awaited(value) if name in WRAPPED else value

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        loop().call(self.inner.close())

    def _call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        answer = loop().call(function(*args, **kwargs))
        return Awaited(answer) if isinstance(answer, (AsyncMemberDesk, AsyncDesk)) else answer


async def _no_sleep(_: float) -> None: ...


class AwaitedDesk:
    """A replacement for `Desk` that creates and opens async desks."""

    PROJECTIONS = AsyncDesk.PROJECTIONS

    @staticmethod
    def create(*args: Any, **options: Any) -> Awaited:
        return Awaited(loop().call(AsyncDesk.create(*args, **{**options, "sleep": _no_sleep})))

    @staticmethod
    def open(*args: Any, **options: Any) -> Awaited:
        return Awaited(loop().call(AsyncDesk.open(*args, **{**options, "sleep": _no_sleep})))
