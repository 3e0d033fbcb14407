"""Both drivers send again what is safe, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import attrs
import pytest

from socialcollab.errors import (
    InvalidValueError,
    NetworkError,
    NotAllowedError,
    OutcomeUnknownError,
    TransientError,
)
from socialcollab.transport import Checkpoint, Request, Response, RetryPolicy, Wait, call
from socialcollab.verdicts import Verdict

READ = Request(method="GET", url="https://network.example/me")
KEYED = Request(method="POST", url="https://network.example/", creates=0, repeat="same key")
ONCE = attrs.evolve(KEYED, repeat="no")
OK, MADE, FAILED = Response(status=200), Response(status=201), Response(status=503)
LOST, CUT = OutcomeUnknownError("no answer"), TransientError("not reached")


class Scripted:
    """A transport that answers from a list."""

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
def test_what_is_sent_again(drivers, request_, answers, expected):
    assert expected == run(drivers, request_, *answers)


@pytest.mark.parametrize("refusal", [Response(status=422), Response(status=401), CUT])
def test_a_refusal_of_a_repeat_says_nothing_about_the_first_sending(drivers, refusal):
    outcome, _, _ = run(drivers, KEYED, LOST, refusal, refusal, refusal)
    assert outcome is LOST


def test_a_lost_answer_to_what_creates_nothing_is_temporary(drivers):
    outcome, sent, _ = run(drivers, READ, LOST, LOST, LOST)
    assert isinstance(outcome, TransientError)
    assert sent == 3


def test_an_instant_too_far_away_is_left_to_the_caller(drivers):
    limited = Response(status=429, headers={"retry-after": "900"})
    assert run(drivers, READ, limited) == (limited, 1, [])


def test_the_right_to_send_is_taken_once_per_creating_request_and_first(drivers):
    taken: list[Request] = []
    run(drivers, KEYED, LOST, MADE, before_create=taken.append)
    assert taken == [KEYED]
    run(drivers, READ, OK, before_create=taken.append)
    assert len(taken) == 1

    def refuse(_: Request) -> None:
        raise NotAllowedError(Verdict(allowed=False))

    transport = Scripted(MADE)
    with pytest.raises(NotAllowedError):
        drivers().run(asking(ONCE), transport=transport, before_create=refuse)
    assert transport.sent == []


def test_every_try_of_a_creating_request_has_one_deadline(drivers):
    transport = Scripted(LOST, LOST, MADE)
    drivers(sleep=lambda _: None).run(asking(KEYED), transport=transport)
    assert transport.sent[0].deadline is not None
    assert len({request.deadline for request in transport.sent}) == 1


def test_checkpoints_and_waits_are_carried_out_in_order(drivers):
    seen: list[object] = []

    def flow():
        yield from call(Checkpoint(values={"media-0": "m1"}))
        yield from call(Wait(seconds=2))
        return "done"

    def keep(values: Mapping[str, str]) -> None:
        seen.append(dict(values))

    ended = drivers(sleep=seen.append).run(flow(), transport=Scripted(), checkpoint=keep)
    assert (ended, seen) == ("done", [{"media-0": "m1"}, 2])


def test_a_flow_may_catch_an_error_and_go_on(drivers):
    def flow():
        try:
            yield from call(ONCE)
        except OutcomeUnknownError:
            return (yield from call(READ))

    assert drivers().run(flow(), transport=Scripted(LOST, OK)) == OK


def test_a_creating_request_cannot_call_a_repeat_safe():
    with pytest.raises(InvalidValueError, match="creates part 0"):
        attrs.evolve(KEYED, repeat="safe")


def test_no_secret_shows_in_a_request():
    request = Request(
        method="GET",
        url="https://network.example/me",
        params={"access_token": "hush"},
        headers={"authorization": "hush"},
        form={"client_secret": "hush"},
        json={"password": "hush"},
    )
    assert "hush" not in repr(request)


def test_no_secret_shows_in_an_answer():
    reply = Response(status=200, headers={"set-cookie": "hush"}, body=b'{"access_token": "hush"}')
    assert repr(reply) == "Response(status=200)"


def test_the_room_loads_neither_httpx_nor_tenacity():
    code = (
        "import sys, socialcollab.transport, socialcollab.networks.sandbox;"
        "print([name for name in ('httpx', 'tenacity') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
