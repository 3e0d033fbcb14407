"""Every network sends the credentials of a profile only to its server, and checks its account."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.desks import desk_of
from tests.networks.publishing import MEDIA, failure_of, verify

from socialcollab.content import Image
from socialcollab.errors import AuthenticationError, InvalidValueError, TransientError
from socialcollab.stores import FileTokens

NAMES = sorted(ACCOUNTS)
REFUSALS = {
    "bluesky": "Invalid identifier or password",
    "facebook": "190",
    "instagram": "190",
    "mastodon": "The access token is invalid",
    "x": "Unauthorized",
}
DEFAULT_SERVERS = {
    "bluesky": "https://bsky.social",
    "facebook": "https://graph.facebook.com",
    "instagram": "https://graph.instagram.com",
    "x": "https://api.x.com",
}
MALFORMED: list[tuple[str, Any]] = [
    (name, secret)
    for name in NAMES
    for secret in ("hush\n", "hush hush", "hüsh", "hush\r\nhost: evil", b"hush", 7)
    # The password of Bluesky is not sent in a header, so it can be any text.
    if name != "bluesky" or not isinstance(secret, str)
]
INVALID: list[tuple[str, dict[str, str], str]] = [
    ("bluesky", {"network": "x"}, "is on x, not on Bluesky"),
    ("facebook", {"network": "x"}, "is on x, not on Facebook"),
    ("instagram", {"network": "x"}, "is on x, not on Instagram"),
    ("mastodon", {"network": "x"}, "is on x, not on Mastodon"),
    ("x", {"network": "mastodon"}, "is on mastodon, not on X"),
    *((name, {"server": "http://proxy.example"}, "without encryption") for name in NAMES),
    ("mastodon", {"server": ""}, "has no server"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_function", [True, False])
def test_wrong_secret(name: str, is_function: bool) -> None:
    """A refused secret is an authentication error, and the request is not repeated."""
    account = ACCOUNTS[name]
    secrets: Any = (lambda _: "wrong") if is_function else {account.profile.id: "wrong"}
    server = account.server()
    with account.connect(server, secrets) as network:
        error = failure_of(network, account.outgoing())
    assert isinstance(error, AuthenticationError)
    assert REFUSALS[name] in str(error)
    assert "wrong" not in str(error)
    assert len(server.requests) == 1
    assert server.posted == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_function", [True, False])
def test_no_secret(name: str, is_function: bool) -> None:
    """A missing secret is an authentication error, and nothing is sent."""
    account = ACCOUNTS[name]
    server = account.server()
    with account.connect(server, (lambda _: "") if is_function else {}) as network:
        error = failure_of(network, account.outgoing())
    assert isinstance(error, AuthenticationError)
    assert "there is no" in str(error)
    assert server.requests == []


@pytest.mark.parametrize(("name", "secret"), MALFORMED)
@pytest.mark.parametrize("is_function", [True, False])
def test_malformed_secret(name: str, secret: Any, is_function: bool) -> None:
    """A malformed token is an authentication error with the profile's name, and nothing is sent."""
    account = ACCOUNTS[name]
    secrets: Any = (lambda _: secret) if is_function else {account.profile.id: secret}
    server = account.server()
    with account.connect(server, secrets) as network:
        error = failure_of(network, account.outgoing())
    assert isinstance(error, AuthenticationError)
    assert f"profile `{account.profile.id}`" in str(error)
    assert not re.search("h[uü]sh", str(error))
    assert server.requests == []


def test_malformed_session() -> None:
    """A server that returns a malformed session token does not change the headers of requests."""
    account = ACCOUNTS["bluesky"]
    body = {"accessJwt": "a\r\nhost: evil", "refreshJwt": "r", "handle": "tulip.example"}
    handler = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    with account.connect(handler) as network:
        error = failure_of(network, account.outgoing())
    assert isinstance(error, AuthenticationError)
    assert "evil" not in str(error)


@pytest.mark.parametrize("name", NAMES)
def test_hold_for_malformed_secret(name: str) -> None:
    """The desk puts a profile with a malformed secret on hold, and sends the post afterwards."""
    account = ACCOUNTS[name]
    secrets: dict[str, Any] = {account.profile.id: account.secret.encode()}
    server = account.server()
    now = dt.datetime.now(dt.UTC)
    with (
        account.connect(server, secrets) as network,
        desk_of(account.profile, network, media=MEDIA, clock=lambda: now) as desk,
    ):
        eva = desk.acting_as("eva")
        image = Image.from_bytes(account.files[0], alt="tulp")
        post = eva.publish_now(eva.draft("Lente", profiles=[account.profile.id], media=[image]))
        desk.run_due()
        (hold,) = desk.holds()
        assert hold.on.profile == (account.profile.id,)
        secrets[account.profile.id] = account.secret
        eva.resume(hold.id)
        now += dt.timedelta(minutes=10)
        desk.run_due()
        assert desk.summary(post) == "published"
    assert len(server.posted) == 1


@pytest.mark.parametrize("name", NAMES)
def test_other_account(name: str) -> None:
    """Nothing is sent after the check if the secret belongs to a different account."""
    account = ACCOUNTS[name]
    server = account.server()
    server.handle = "other.example"
    with account.connect(server) as network:
        error = failure_of(network, account.outgoing())
    assert isinstance(error, AuthenticationError)
    expected = account.profile.handle.removeprefix("@").lower()
    assert re.search(f"`{expected}`.*`other.example`", str(error).lower())
    assert len(server.requests) == 1
    assert server.posted == []


@pytest.mark.parametrize(("name", "options", "message"), INVALID)
def test_invalid_profiles(name: str, options: dict[str, str], message: str) -> None:
    """A profile must be on the network, and its server must have an encrypted connection."""
    account = ACCOUNTS[name]
    profile = attrs.evolve(account.profile, **options)
    with account.connect(account.server()) as network:
        uses = [network.transport, network.adapter]
        if name == "mastodon":
            uses.append(network.read_limits)
        for use in uses:
            with pytest.raises(InvalidValueError, match=message):
                use(profile)


@pytest.mark.parametrize("name", NAMES)
def test_servers(name: str) -> None:
    """Requests go to the server of the profile; plain HTTP is accepted on this machine."""
    account = ACCOUNTS[name]
    hosts: list[str] = []
    server = account.server(
        lambda request, _: hosts.append(str(request.url.copy_with(path="", query=None)))
    )
    # The servers of profiles, and the servers to which their requests go.
    servers = {
        "https://proxy.example/": "https://proxy.example",
        "http://127.0.0.1:8080": "http://127.0.0.1:8080",
    }
    if name in DEFAULT_SERVERS:
        servers[""] = DEFAULT_SERVERS[name]
    # Signing in to Bluesky takes another request.
    requests = 2 if name == "bluesky" else 1
    with account.connect(server) as network:
        for address, host in servers.items():
            hosts.clear()
            assert verify(network, attrs.evolve(account.profile, server=address)) == account.title
            assert hosts == [host] * requests


@pytest.mark.parametrize("name", NAMES)
def test_unreadable_secrets(name: str, tmp_path: Path) -> None:
    """If the file of the secrets cannot be used, the error says how to repair it."""
    account = ACCOUNTS[name]
    path = tmp_path / "tokens.json"
    path.write_text(json.dumps({account.profile.id: account.secret}))
    path.chmod(0o600)
    server = account.server()
    with account.connect(server, FileTokens(path)) as network:
        assert verify(network, account.profile) == account.title
    with account.connect(server, FileTokens(path)) as network:
        path.chmod(0o644)
        error = failure_of(network, account.outgoing())
    assert isinstance(error, TransientError)
    assert f"run `chmod 600 {path}`" in str(error)
