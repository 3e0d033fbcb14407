"""Budgets are shared by threads and processes, and nobody sends more than a network accepts."""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from socialcollab.errors import OutcomeUnknownError, RateLimitedError, StoreUnavailableError
from socialcollab.stores import SqliteBudgets
from socialcollab.transport import (
    BudgetedTransport,
    Budgets,
    MemoryBudgets,
    RateLimit,
    Request,
    Response,
)

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def limit_of(remaining: int, minutes: float = 15) -> RateLimit:
    return RateLimit(limit=300, remaining=remaining, resets_at=NOW + minutes * MINUTE)


@pytest.fixture(params=["memory", "sqlite"])
def budgets(request: pytest.FixtureRequest, tmp_path: Path) -> Budgets:
    return MemoryBudgets() if request.param == "memory" else SqliteBudgets(tmp_path / "budgets.db")


def granted(budgets: Budgets, key: str = "a", *, now: dt.datetime = NOW) -> int:
    """Return how many of 20 requests may be sent."""
    return sum(budgets.take(key, now=now) is None for _ in range(20))


def test_counting(budgets: Budgets) -> None:
    """Each request is counted until none are left, and each key has its own budget."""
    assert granted(budgets) == 20
    budgets.record("a", limit_of(3), now=NOW)
    assert granted(budgets, "b") == 20
    assert granted(budgets) == 3
    assert budgets.take("a", now=NOW + MINUTE) == 14 * 60
    assert granted(budgets, now=NOW + 15 * MINUTE) == 20


def test_responses_in_another_order(budgets: Budgets) -> None:
    """A response to an earlier request does not make counted requests available again."""
    budgets.record("a", limit_of(5), now=NOW)
    for _ in range(3):
        assert budgets.take("a", now=NOW) is None
    for stated in (
        limit_of(4),
        limit_of(3),
        attrs.evolve(limit_of(4), resets_at=NOW + 15.02 * MINUTE),
    ):
        budgets.record("a", stated, now=NOW)
    assert granted(budgets) == 2
    # The network has refused a request until later; an earlier request is answered afterwards.
    budgets.record("a", limit_of(0, 30), now=NOW)
    budgets.record("a", limit_of(7, 20), now=NOW)
    assert budgets.take("a", now=NOW) == 30 * 60


def test_next_period(budgets: Budgets) -> None:
    """When the limit has reset, the next response states the new limit."""
    budgets.record("a", limit_of(0), now=NOW)
    later = NOW + 16 * MINUTE
    assert budgets.take("a", now=later) is None
    budgets.record("a", limit_of(2, 31), now=later)
    assert granted(budgets, now=later) == 2


@pytest.mark.parametrize(
    "stated",
    [
        RateLimit(limit=100, remaining=0),
        RateLimit(resets_at=NOW + MINUTE),
        limit_of(0, 60 * 24 * 30),
        limit_of(0, -1),
    ],
)
def test_uncountable(budgets: Budgets, stated: RateLimit) -> None:
    """A limit without a plausible time of its reset does not stop requests."""
    budgets.record("a", stated, now=NOW)
    assert granted(budgets) == 20


def test_clock_set_back(budgets: Budgets) -> None:
    """An exhausted budget does not stop requests for months if the clock is set back."""
    budgets.record("a", limit_of(0), now=NOW)
    assert granted(budgets, now=NOW - dt.timedelta(days=60)) == 20


def test_threads(budgets: Budgets) -> None:
    """Of threads that take requests at the same time, each request is given to one."""
    budgets.record("a", limit_of(50), now=NOW)
    started, counts = threading.Barrier(4), [0] * 4

    def work(number: int) -> None:
        started.wait()
        counts[number] = granted(budgets)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 50


PROCESS = """
import datetime as dt, sys
from socialcollab.stores import SqliteBudgets
budgets = SqliteBudgets(sys.argv[1])
now = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
print("ready", flush=True)
sys.stdin.readline()
print(sum(budgets.take("a", now=now) is None for _ in range(100)), flush=True)
"""


@pytest.mark.integration
def test_processes(tmp_path: Path) -> None:
    """Of processes that take requests at the same time, each request is given to one."""
    path = tmp_path / "budgets.db"
    SqliteBudgets(path).record("a", limit_of(120), now=NOW)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    counts = [int(process.communicate()[0]) for process in processes]
    assert sum(counts) == 120


def test_file(tmp_path: Path) -> None:
    """Budgets are kept in the file until they reset; a damaged file is an error."""
    path = tmp_path / "budgets.db"
    SqliteBudgets(path).record("a", limit_of(0), now=NOW)
    budgets = SqliteBudgets(path)
    assert budgets.take("a", now=NOW) == 15 * 60
    budgets.record("b", limit_of(0, 60), now=NOW + 20 * MINUTE)
    with budgets._connected() as db:
        assert db.execute("SELECT key FROM budgets").fetchall() == [("b",)]
    assert repr(budgets) == "SqliteBudgets()"
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"x" * 5000)
    with pytest.raises(StoreUnavailableError, match=r"damaged\.db"):
        SqliteBudgets(damaged)


class Server:
    """A transport whose server states a rate limit."""

    def __init__(self, remaining: int) -> None:
        self.remaining = remaining
        self.sent: list[str] = []

    def send(self, request: Request, *, timeout_s: float) -> Response:
        self.sent.append(request.url)
        self.remaining -= 1
        headers = {"x-rate-limit-remaining": str(self.remaining), "x-rate-limit-reset": "60"}
        return Response(status=201, headers=headers)

    def close(self) -> None: ...


def sending(server: Any, budgets: Budgets, url: str = "https://x.example/2/tweets") -> Response:
    transport = BudgetedTransport(server, budgets, account="x/tulip-x", clock=lambda: NOW)
    return transport.send(Request(method="POST", url=url), timeout_s=5)


def test_transport(budgets: Budgets) -> None:
    """A request that would exceed the budget is not sent, and the error says when to try again."""
    server = Server(3)
    for _ in range(3):
        assert sending(server, budgets).status == 201
    with pytest.raises(RateLimitedError, match=r"`POST /\*/tweets`.*`x/tulip-x`") as raised:
        sending(server, budgets)
    assert raised.value.retry_after_s == 60
    assert len(server.sent) == 3
    # Another operation of the same account has another budget; the id of a post does not matter.
    other = Server(1)
    sending(other, budgets, "https://x.example/2/tweets/123?a=hush")
    with pytest.raises(RateLimitedError) as raised:
        sending(other, budgets, "https://x.example/2/tweets/456?a=hush")
    assert "hush" not in str(raised.value)


class Broken:
    """Budgets that cannot be used."""

    def take(self, key: str, *, now: dt.datetime) -> float | None:
        raise StoreUnavailableError("the disk is full")

    def record(self, key: str, limit: RateLimit, *, now: dt.datetime) -> None:
        raise StoreUnavailableError("the disk is full")


def test_broken_budgets(caplog: pytest.LogCaptureFixture) -> None:
    """Budgets that cannot be used are logged, and neither stop a request nor hide its response."""
    assert sending(Server(1), Broken()).status == 201
    assert [record.name for record in caplog.records] == ["socialcollab.transport"] * 2
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_lost_response(budgets: Budgets) -> None:
    """A request without a response is counted too."""

    class Losing(Server):
        def send(self, request: Request, *, timeout_s: float) -> Response:
            super().send(request, timeout_s=timeout_s)
            raise OutcomeUnknownError("no response")

    sending(Server(2), budgets)
    actions: list[tuple[Callable[[], object], type[Exception]]] = [
        (lambda: sending(Losing(1), budgets), OutcomeUnknownError),
        (lambda: sending(Server(1), budgets), RateLimitedError),
    ]
    for action, error in actions:
        with pytest.raises(error):
            action()
