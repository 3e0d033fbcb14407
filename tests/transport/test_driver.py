"""Both drivers retry only the requests that may be retried."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from socialcollab.errors import (
    NetworkError,
    NotAllowedError,
    OutcomeUnknownError,
    TransientError,
)
from socialcollab.transport import (
    AsyncDriver,
    Checkpoint,
    Driver,
    Flow,
    MediaPart,
    Request,
    Response,
    RetryPolicy,
    ThreadedTransport,
    Wait,
    call,
)
from socialcollab.verdicts import Verdict

READ = Request(method="GET", url="https://network.example/me")
KEYED = Request(method="POST", url="https://network.example/", creates=0, repeat="same key")
ONCE = attrs.evolve(KEYED, repeat="no")
OK, MADE, FAILED = Response(status=200), Response(status=201), Response(status=503)
LOST, CUT = OutcomeUnknownError("no answer"), TransientError("not reached")


class Scripted:
    """A transport that returns responses from a list."""

    def __init__(self, *answers: Response | NetworkError) -> None:
        self.answers = list(answers)
        self.sent: list[Request] = []

    def send(self, request: Request, *, timeout_s: float) -> Response:
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, NetworkError):
            raise answer
        return answer

    def close(self) -> None: ...


def asking(request: Request):
    return (yield from call(request))


def run(drivers, request: Request, *answers: Response | NetworkError, **options):
    waits: list[float] = []
    transport = Scripted(*answers)
    driver = drivers(sleep=waits.append, retry=RetryPolicy(tries=3, first_wait_s=0.5))
    try:
        outcome: object = driver.run(asking(request), transport=transport, **options)
    except NetworkError as error:
        outcome = error
    return outcome, len(transport.sent), waits


@pytest.mark.parametrize(
    ("request_", "answers", "expected"),
    [
        (READ, [OK], (OK, 1, [])),
        (READ, [LOST, CUT, OK], (OK, 3, [0.5, 1.0])),
        (READ, [FAILED, OK], (OK, 2, [0.5])),
        (READ, [FAILED, FAILED, FAILED], (FAILED, 3, [0.5, 1.0])),
        (READ, [Response(status=429, headers={"retry-after": "7"}), OK], (OK, 2, [7.0])),
        (READ, [Response(status=404)], (Response(status=404), 1, [])),
        (KEYED, [LOST, MADE], (MADE, 2, [0.5])),
        (KEYED, [FAILED, MADE], (MADE, 2, [0.5])),
        (ONCE, [LOST], (LOST, 1, [])),
        (ONCE, [CUT], (CUT, 1, [])),
        (ONCE, [FAILED], (FAILED, 1, [])),
    ],
)
def test_repeats(drivers, request_, answers, expected):
    """Each kind of request and response has the expected outcome, requests and waits."""
    assert expected == run(drivers, request_, *answers)


@pytest.mark.parametrize("refusal", [Response(status=422), Response(status=401), CUT])
def test_refused_repeat(drivers, refusal):
    """If a retry is rejected, it is still unknown whether the first request created something."""
    outcome, _, _ = run(drivers, KEYED, LOST, refusal, refusal, refusal)
    assert outcome is LOST


def test_lost_answer_to_read(drivers):
    """A lost response to a request that creates nothing is a transient error."""
    outcome, sent, _ = run(drivers, READ, LOST, LOST, LOST)
    assert isinstance(outcome, TransientError)
    assert sent == 3


def test_long_wait(drivers):
    """If the requested wait is longer than the policy allows, the error is raised to the caller."""
    limited = Response(status=429, headers={"retry-after": "900"})
    assert run(drivers, READ, limited) == (limited, 1, [])


def test_before_create(drivers):
    """`before_create` runs once before each creating request; if it raises, nothing is sent."""
    announced: list[Request] = []
    run(drivers, KEYED, LOST, MADE, before_create=announced.append)
    assert announced == [KEYED]
    run(drivers, READ, OK, before_create=announced.append)
    assert len(announced) == 1

    def refuse(_: Request) -> None:
        raise NotAllowedError(Verdict(allowed=False))

    transport = Scripted(MADE)
    with pytest.raises(NotAllowedError):
        drivers().run(asking(ONCE), transport=transport, before_create=refuse)
    assert transport.sent == []


def test_one_deadline_for_all_tries(drivers):
    """All attempts of a creating request share one deadline."""
    transport = Scripted(LOST, LOST, MADE)
    drivers(sleep=lambda _: None).run(asking(KEYED), transport=transport)
    assert transport.sent[0].deadline is not None
    assert len({request.deadline for request in transport.sent}) == 1


def test_checkpoints_and_waits(drivers):
    """Checkpoints and waits are carried out in order."""
    seen: list[object] = []

    def flow():
        yield from call(Checkpoint(values={"media-0": "m1"}))
        yield from call(Wait(seconds=2))
        return "done"

    def keep(values: Mapping[str, str]) -> None:
        seen.append(dict(values))

    ended = drivers(sleep=seen.append).run(flow(), transport=Scripted(), checkpoint=keep)
    assert (ended, seen) == ("done", [{"media-0": "m1"}, 2])


def test_flow_catches_error(drivers):
    """A flow can catch an error and continue."""

    def flow():
        try:
            yield from call(ONCE)
        except OutcomeUnknownError:
            return (yield from call(READ))

    assert drivers().run(flow(), transport=Scripted(LOST, OK)) == OK


def test_no_statuses(drivers):
    """With a policy without statuses, every response is returned to the flow without a retry."""
    waits: list[float] = []
    transport = Scripted(FAILED)
    driver = drivers(sleep=waits.append, retry=RetryPolicy(statuses=()))
    assert driver.run(asking(READ), transport=transport) == FAILED
    assert (len(transport.sent), waits) == (1, [])


def test_flow_is_closed(drivers):
    """A flow is closed even if a hook raises an error."""
    closed: list[bool] = []

    def flow():
        try:
            yield from call(Checkpoint(values={}))
        finally:
            closed.append(True)

    def fail(_: Mapping[str, str]) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        drivers().run(flow(), transport=Scripted(), checkpoint=fail)
    assert closed == [True]


def test_cancelled_flow() -> None:
    """A cancelled flow is closed, and storing that has begun is completed."""
    stored: list[str] = []
    closed: list[bool] = []

    def flow() -> Any:
        try:
            yield from call(Wait(seconds=0))
            yield from call(ONCE)
        finally:
            closed.append(True)

    async def store(request: Request) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        stored.append(request.url)

    async def judge() -> None:
        transport = Scripted(MADE)
        driver = AsyncDriver()
        task = asyncio.ensure_future(
            driver.run(flow(), transport=ThreadedTransport(transport), before_create=store)
        )
        for _ in range(4):
            await asyncio.sleep(0)
        assert stored == []
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (stored, closed, transport.sent) == ([ONCE.url], [True], [])

    asyncio.run(judge())


@pytest.mark.parametrize("kind", ["Driver", "AsyncDriver"])
@pytest.mark.integration
def test_success_loads_no_tenacity(kind: str) -> None:
    """A flow without failures does not load tenacity or, in blocking code, asyncio."""
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


def test_time_for_uploads() -> None:
    """An upload has time in proportion to its size, if the size is known."""
    seen: list[float] = []

    class Recording:
        def send(self, request: Request, *, timeout_s: float) -> Response:
            seen.append(timeout_s)
            return Response(status=200)

        def close(self) -> None: ...

    def flow() -> Flow[None]:
        for media in (
            None,
            MediaPart(digest="sha256:" + "0" * 64),
            MediaPart(digest="sha256:" + "0" * 64, size=10_000_000),
        ):
            yield from call(Request(method="POST", url="https://a.example", media=media))

    Driver(read_within_s=30).run(flow(), transport=Recording())
    assert seen == [30, 30, 130]
