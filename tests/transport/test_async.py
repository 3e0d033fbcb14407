"""What an async host may expect beside what a blocking one gets."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, BinaryIO

import httpx
import pytest

from socialcollab.errors import OutcomeUnknownError, TransientError
from socialcollab.stores import MemoryMedia
from socialcollab.transport import (
    AsyncDriver,
    AsyncHttpTransport,
    MediaPart,
    Request,
    Response,
    ThreadedTransport,
    Wait,
    call,
)

POST = Request(method="POST", url="https://network.example/", creates=0, repeat="no")
PICTURE = b"\x89PNG" + bytes(range(256)) * 1024


@asynccontextmanager
async def served(reply: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve on loopback: answer each whole request with *reply*, or nothing if it is empty."""
    got: list[bytes] = []

    talks: set[asyncio.Task[Any]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())  # type: ignore[arg-type]  # it is one
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            [length] = [
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ]
            got.append(await reader.readexactly(length))
            if reply:
                writer.write(reply)
            else:
                await reader.read()  # until the other side hangs up
        except asyncio.IncompleteReadError:
            pass  # it hung up before it had said all, as whoever gives up may
        finally:
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", got
        await asyncio.gather(*talks)


@asynccontextmanager
async def transport(**options: Any) -> AsyncIterator[AsyncHttpTransport]:
    async with httpx.AsyncClient(trust_env=False) as client:
        made = AsyncHttpTransport(client, **options)
        try:
            yield made
        finally:
            await made.close()


CREATED = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


@pytest.mark.parametrize("field", ["", "file"])
def test_media_are_read_on_a_thread_and_arrive_whole(field: str) -> None:
    threads: set[str] = set()

    class Watched(MemoryMedia):
        def open(self, digest: str) -> BinaryIO:
            threads.add(threading.current_thread().name)
            return WatchedFile(super().open(digest).read())

    class WatchedFile(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            threads.add(threading.current_thread().name)
            return super().read(size)

    media = Watched()
    part = MediaPart(digest=media.put(PICTURE), field=field, media_type="image/png")

    async def judge() -> list[bytes]:
        async with served(CREATED) as (url, got), transport(media=media) as sending:
            request = Request(method="POST", url=url, media=part, creates=0, repeat="no")
            assert (await sending.send(request, timeout_s=5)).status == 201
            return got

    [body] = asyncio.run(judge())
    assert PICTURE in body
    assert threads == {"socialcollab-media_0"}


def test_many_requests_are_under_way_at_once_on_one_loop() -> None:
    async def judge() -> None:
        async with served(CREATED) as (url, got), transport() as sending:
            request = Request(method="POST", url=url, json={"a": 1}, creates=0, repeat="no")
            replies = await asyncio.gather(*(sending.send(request, timeout_s=5) for _ in range(8)))
            assert [reply.status for reply in replies] == [201] * 8
            assert len(got) == 8

    asyncio.run(judge())


def test_whoever_is_cancelled_gives_the_request_up_at_once() -> None:
    async def judge() -> float:
        async with served(b"") as (url, got), transport() as sending:
            request = Request(method="POST", url=url, json={}, creates=0, repeat="no")
            task = asyncio.ensure_future(sending.send(request, timeout_s=30))
            while not got:
                await asyncio.sleep(0.001)
            began = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.monotonic() - began

    assert asyncio.run(judge()) < 5


def test_the_deadline_is_the_hosts_and_no_cancelling() -> None:
    async def judge() -> None:
        async with served(b"") as (url, _), transport() as sending:
            request = Request(method="POST", url=url, json={}, creates=0, repeat="no")
            with pytest.raises(OutcomeUnknownError, match=r"within 0\.1 s"):
                await sending.send(request, timeout_s=0.1)
            with pytest.raises(TransientError, match="deadline passed"):
                await sending.send(request, timeout_s=0)
            assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]

    asyncio.run(judge())


class Slow:
    """A blocking transport that answers when it is let."""

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


def test_a_blocking_transport_leaves_the_loop_free_and_is_given_up_when_cancelled() -> None:
    async def judge() -> None:
        slow = Slow()
        threaded = ThreadedTransport(slow, threads=1)
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
        assert (slow.sent, slow.closed) == (2, True), "what was queued and given up is never sent"

    asyncio.run(judge())


def test_a_flow_that_is_cancelled_is_closed_and_what_it_stores_is_stored() -> None:
    stored: list[str] = []
    closed: list[bool] = []

    def flow() -> Any:
        try:
            yield from call(Wait(seconds=0))
            yield from call(POST)
        finally:
            closed.append(True)

    async def store(request: Request) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        stored.append(request.url)

    async def judge() -> None:
        sending = Slow()
        driver = AsyncDriver()
        task = asyncio.ensure_future(
            driver.run(flow(), transport=ThreadedTransport(sending), before_create=store)
        )
        for _ in range(4):
            await asyncio.sleep(0)
        assert stored == []
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (stored, closed, sending.sent) == ([POST.url], [True], 0)

    asyncio.run(judge())


@pytest.mark.parametrize("kind", ["Driver", "AsyncDriver"])
def test_what_goes_well_loads_no_tenacity(kind: str) -> None:
    code = f"""
import sys
from socialcollab.transport import AsyncDriver, Driver, Response, Request, call

class Transport:
    def send(self, request, *, timeout_s):
        return Response(status=201)

class AsyncTransport:
    async def send(self, request, *, timeout_s):
        return Response(status=201)

def flow():
    request = Request(method="POST", url="https://network.example/", creates=0, repeat="same key")
    return (yield from call(request)).status

if "{kind}" == "Driver":
    print(Driver().run(flow(), transport=Transport()), end=" ")
    assert "asyncio" not in sys.modules
else:
    import asyncio
    print(asyncio.run(AsyncDriver().run(flow(), transport=AsyncTransport())), end=" ")
print("tenacity" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["201", "False"], done.stderr
