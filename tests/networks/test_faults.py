"""Whichever requests fail, a post is published exactly once, and the desk has recorded it."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.faults import CONTENTS, FAULTS, check_each_request, check_random_faults
from tests.networks.mastodon_server import SERVER

SUPPORTED: dict[str, tuple[str, ...]] = {
    "bluesky": ("comment", *CONTENTS),
    "facebook": ("comment", "reply", "reel", "story", "text", "images", "video"),
    "instagram": ("comment", "reply", "images", "video"),
    "mastodon": ("comment", "reply", "quote", *CONTENTS),
    "x": ("comment", "reply", "quote", *CONTENTS),
}
# The habits of servers with Mastodon's API: whether they honour idempotency keys, whether the host
# knows that they do, and whether they return the source of a post.
HABITS = {
    "honours keys": {"honours_keys": True, "has_source": True},
    "known to honour keys": {"honours_keys": True, "has_source": True},
    "ignores keys": {"honours_keys": False, "has_source": True},
    "ignores keys, no source": {"honours_keys": False, "has_source": False},
}
# A session of an hour tries every fault with every kind of post.
SHARE = 200
CASES = [(name, "") for name in SUPPORTED if name != "mastodon"] + [
    ("mastodon", habit) for habit in HABITS
]


def server_of(name: str, habit: str) -> tuple[Any, dict[str, Any]]:
    """Return a server with a habit, and the options of the network."""
    server = ACCOUNTS[name].server()
    for key, value in HABITS.get(habit, {}).items():
        setattr(server, key, value)
    if name in ("mastodon", "x", "instagram"):
        server.processing = 1
    return server, {"honours_keys": [SERVER]} if "known" in habit else {}


@pytest.mark.integration
@pytest.mark.parametrize("name", SUPPORTED)
def test_lost_answers(name: str) -> None:
    """An answer is lost at each request in turn."""
    server, options = server_of(name, "")
    content = SUPPORTED[name][-1]
    check_each_request(ACCOUNTS[name], server, content, "lost answer", **options)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("name", "habit"), CASES)
def test_each_fault(name: str, habit: str, fault: str, seconds: float) -> None:
    """Every fault happens at every request of every kind of post, as far as the time allows."""
    until = time.monotonic() + seconds / SHARE
    for content in random.sample(SUPPORTED[name], len(SUPPORTED[name])):
        server, options = server_of(name, habit)
        check_each_request(ACCOUNTS[name], server, content, fault, **options)
        if time.monotonic() > until:
            break


@pytest.mark.slow
@pytest.mark.parametrize(("name", "habit"), CASES)
def test_random_faults(name: str, habit: str, seconds: float) -> None:
    """Several requests fail at random."""
    until, seed = time.monotonic() + seconds / len(CASES) / 4, 0
    while time.monotonic() < until:
        seed += 1
        server, options = server_of(name, habit)
        check_random_faults(ACCOUNTS[name], server, SUPPORTED[name], seed, **options)
