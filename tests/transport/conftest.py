"""Blocking and async transports and drivers, with one blocking interface for the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from socialcollab.transport import AsyncDriver, AsyncHttpTransport, Driver, HttpTransport

KINDS = ["blocking", "async"]


class Awaited:
    """Wraps an async object; each method call runs its coroutine to the end."""

    def __init__(self, inner: Any, runner: asyncio.Runner) -> None:
        self.inner, self.runner = inner, runner

    def __repr__(self) -> str:
        return repr(self.inner)

    def __getattr__(self, name: str) -> Any:
        return partial(self._run, getattr(self.inner, name))

    def _run(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        return self.runner.run(method(*args, **kwargs))


@pytest.fixture(params=KINDS)
def transports(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Return a factory: `transports(handler)` uses a mock."""
    with made_transports(request.param) as make:
        yield make


@pytest.fixture(params=["blocking with a client", *KINDS])
def tcp_transports(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Return a factory for transports that use TCP, with a client of the caller or without."""
    with made_transports(request.param.partition(" ")[0]) as make:
        # Creating the client of an async transport takes longer than some deadlines in the tests.
        yield partial(make, own=request.param == "blocking")


@contextmanager
def made_transports(kind: str) -> Iterator[Callable[..., Any]]:
    with asyncio.Runner() as runner:
        closing: list[Callable[[], object]] = []

        def make(
            handler: Callable[[httpx.Request], httpx.Response] | None = None,
            *,
            own: bool = False,
            **options: Any,
        ) -> Any:
            mock = {} if handler is None else {"transport": httpx.MockTransport(handler)}
            made: Any
            if kind == "blocking":
                client = None if own else httpx.Client(trust_env=False, **mock)
                made = HttpTransport(client, **options)
                made._connected()  # creating the TLS settings takes longer than some deadlines
                closing.append(client.close if client is not None else made.close)
            else:
                aclient = None if own else httpx.AsyncClient(trust_env=False, **mock)
                made = Awaited(AsyncHttpTransport(aclient, **options), runner)
                closing.append(made.close)
                if aclient is not None:
                    closing.append(lambda: runner.run(aclient.aclose()))
            return made

        yield make
        for close in closing:
            close()


@pytest.fixture(params=KINDS)
def drivers(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Return a factory for drivers; blocking ports are made async for the async driver."""
    with asyncio.Runner() as runner:

        def make(**options: Any) -> Any:
            if request.param == "blocking":
                return Driver(**options)
            return _AwaitedDriver(runner, **{k: _awaitable(v) for k, v in options.items()})

        yield make


class _AwaitedDriver:
    def __init__(self, runner: asyncio.Runner, **options: Any) -> None:
        self.runner, self.driver = runner, AsyncDriver(**options)

    def run(self, flow: Any, *, transport: Any, **ports: Any) -> Any:
        ports = {name: _awaitable(port) for name, port in ports.items()}
        return self.runner.run(self.driver.run(flow, transport=_Awaitable(transport), **ports))


class _Awaitable:
    def __init__(self, transport: Any) -> None:
        self.transport = transport

    async def send(self, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return self.transport.send(*args, **kwargs)


def _awaitable(port: Any) -> Any:
    if not callable(port):
        return port

    async def call(*args: Any) -> Any:
        await asyncio.sleep(0)
        return port(*args)

    return call
