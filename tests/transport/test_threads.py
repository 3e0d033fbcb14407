"""Blocking transports and calls in threads, for async code."""

from __future__ import annotations

import asyncio
import threading

import pytest

from socialcollab.transport import DedicatedThread, Request, Response, ThreadedTransport

POST = Request(method="POST", url="https://network.example/", creates=0, repeat="no")


class Slow:
    """A blocking transport that responds once `go_on` is set."""

    def __init__(self) -> None:
        self.begun, self.go_on, self.closed = threading.Event(), threading.Event(), False
        self.sent = 0

    def send(self, request: Request, *, timeout_s: float) -> Response:
        self.begun.set()
        assert self.go_on.wait(10)
        self.sent += 1
        return Response(status=201)

    def close(self) -> None:
        self.closed = True


def test_threaded_transport() -> None:
    """The loop is not blocked, cancelling abandons the response, and a queued request is never sent."""

    async def judge(owns: bool) -> None:
        slow = Slow()
        threaded = ThreadedTransport(slow, threads=1, owns=owns)
        first = asyncio.ensure_future(threaded.send(POST, timeout_s=5))
        queued = asyncio.ensure_future(threaded.send(POST, timeout_s=5))
        await asyncio.get_running_loop().run_in_executor(None, slow.begun.wait, 10)
        for task in (first, queued):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        slow.go_on.set()
        assert (await threaded.send(POST, timeout_s=5)).status == 201
        await threaded.close()
        assert (slow.sent, slow.closed) == (2, owns)

    for owns in (True, False):
        asyncio.run(judge(owns))


def test_dedicated_thread() -> None:
    """All calls are made in one thread, which is not the thread of the event loop."""
    seen: set[str] = set()

    def note() -> None:
        seen.add(threading.current_thread().name)

    async def judge() -> None:
        thread = DedicatedThread("socialcollab-own")
        await asyncio.gather(*(thread.call(note) for _ in range(20)))
        await thread.close(note)

    asyncio.run(judge())
    assert seen == {"socialcollab-own_0"}
