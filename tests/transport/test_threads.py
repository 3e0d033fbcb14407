"""Blocking transports and calls in threads, for async code."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from socialcollab.transport import DedicatedThread, Request, Response, ThreadedTransport
from socialcollab.transport.exchange import DeadlinePassedError
from socialcollab.transport.threads import Workers

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


def test_late_results_are_discarded() -> None:
    """A result for which nobody waits any longer is discarded, and the thread is used again."""
    workers, go, discarded = Workers(), threading.Event(), threading.Event()
    names: list[str] = []

    def slow() -> int:
        names.append(str(threading.get_ident()))
        go.wait(5)
        return 7

    def discard(value: int) -> None:
        assert value == 7
        discarded.set()
        raise OSError

    with pytest.raises(DeadlinePassedError):
        workers.call(slow, 0.01, discard=discard)
    go.set()
    assert discarded.wait(5)
    for _ in range(500):
        if workers._idle:
            break
        time.sleep(0.001)
    assert workers.call(slow, 5, discard=discard) == 7
    assert names[0] == names[1]
    workers.stop()


def test_errors_of_workers() -> None:
    """An exception is raised in the thread of the caller."""
    workers = Workers()

    def fail() -> None:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            workers.call(fail, 5, discard=lambda _: None)
    workers.stop()
