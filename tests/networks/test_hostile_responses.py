"""Whatever a server sends, an adapter raises a typed error or succeeds."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.publishing import publish, verify

from socialcollab.errors import NetworkError, OutcomeUnknownError, RateLimitedError, TransientError
from socialcollab.stores import MemoryMedia
from socialcollab.transport import Published, Response

# Thousands of responses for each network take a while.
MOST_IN_SLOW_SESSION = [
    name if name == "x" else pytest.param(name, marks=pytest.mark.slow) for name in sorted(ACCOUNTS)
]


class Asking:
    """A network whose server gives any response."""

    def __init__(self, network: str) -> None:
        account = ACCOUNTS[network]
        self.response = httpx.Response(200)
        client = httpx.Client(transport=httpx.MockTransport(lambda _: self.response))
        self.network = account.network(lambda _: "token", media=MemoryMedia(), client=client)
        self.outgoing = account.outgoing()

    def __call__(self, response: httpx.Response, *, creates: bool = False) -> object:
        """Return the result of a request that is answered with *response*, or the error."""
        self.response = response
        try:
            if creates:
                return publish(self.network, self.outgoing, {"account": "1", "page": "1"})
            return verify(self.network, self.outgoing.profile)
        except NetworkError as error:
            # Messages are stored and shown, so they must be texts that can be encoded.
            str(error).encode()
            return error


def bodies(shared_data: Callable[[str], Path]) -> list[dict[str, str]]:
    text = (shared_data("json-parsing") / "cases.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_json(shared_data: Callable[[str], Path]) -> None:
    """Valid JSON is read, and invalid JSON is a typed error."""
    for case in bodies(shared_data):
        response = Response(status=200, body=base64.b64decode(case["b64"]))
        try:
            response.json()
        except TransientError:
            assert case["expect"] != "accept", case["id"]
        else:
            assert case["expect"] != "reject", case["id"]


@pytest.mark.integration
@pytest.mark.parametrize("network", MOST_IN_SLOW_SESSION)
def test_bodies(network: str, shared_data: Callable[[str], Path]) -> None:
    """A body of any kind is a typed error, with any status, unless it is what was asked for."""
    ask = Asking(network)
    for case in bodies(shared_data):
        body = base64.b64decode(case["b64"])
        for status in (200, 400, 500):
            error = ask(httpx.Response(status, content=body))
            assert isinstance(error, NetworkError), case["id"]
        if network not in ("instagram", "bluesky"):
            created = ask(httpx.Response(200, content=body), creates=True)
            assert isinstance(created, (OutcomeUnknownError, Published)), case["id"]


@pytest.mark.integration
@pytest.mark.parametrize("network", MOST_IN_SLOW_SESSION)
def test_headers(network: str, shared_data: Callable[[str], Path], seconds: float) -> None:
    """Headers with any value lead to no wait or to a finite wait."""
    ask = Asking(network)
    text = (shared_data("http-structured-fields") / "cases.jsonl").read_text(encoding="utf-8")
    # The slow session tries all cases.
    for line in text.splitlines()[:: 1 if seconds else 10]:
        value = ", ".join(json.loads(line)["raw"]).encode("utf-8", "replace")
        for name in (
            b"retry-after",
            b"ratelimit-reset",
            b"x-ratelimit-reset",
            b"x-rate-limit-reset",
            b"x-business-use-case-usage",
            b"x-app-usage",
            b"ratelimit",
        ):
            response = httpx.Response(429, headers=[(name, value)], json={"error": "slow"})
            error = ask(response)
            assert isinstance(error, RateLimitedError), line
            wait_s = error.retry_after_s
            assert wait_s is None or (wait_s >= 0 and math.isfinite(wait_s)), line


@pytest.mark.parametrize("network", sorted(ACCOUNTS))
@pytest.mark.parametrize("text", ["\ud800", "a\0b\x1b[31m\r\nc", "x" * 10**6, "\u202eevil"])
def test_messages(network: str, text: str) -> None:
    """A message of a server is shortened, and can be stored and shown."""
    error: Any = {"message": text, "error": text, "detail": text}
    if network in ("facebook", "instagram"):
        error = {"error": {"message": text, "code": 100}}
    response = httpx.Response(400, content=json.dumps(error))
    raised = Asking(network)(response)
    assert isinstance(raised, NetworkError)
    message = str(raised)
    assert len(message) <= 1000
    assert not any(ord(character) < 32 for character in message)
