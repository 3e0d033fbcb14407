"""Profiles."""

from __future__ import annotations

import pytest

from socialcollab.directory import Profile
from socialcollab.errors import InvalidValueError


def test_server_needs_address() -> None:
    """A server that is not a web address is an error."""
    with pytest.raises(InvalidValueError, match="is not a web address"):
        Profile(id="p", workspace="tulip", network="mastodon", server="mastodon.example")


@pytest.mark.parametrize(
    "server",
    [
        "https://",
        "ftp://mastodon.example",
        "https://[mastodon.example",
        "https://mastodon.example:port",
        "https://mastodon.example:99999",
        "https://mastodon\n.example",
        "https://mastodon.example\t",
        "https://mastodon .example",
        "https://mastodon.example/\u202e",
    ],
)
def test_invalid_servers(server: str) -> None:
    """An invalid server address of any kind is an error."""
    with pytest.raises(InvalidValueError, match="`p` is not a web address"):
        Profile(id="p", workspace="tulip", network="mastodon", server=server)


@pytest.mark.parametrize(
    "server",
    [
        "https://ana@mastodon.example",
        "https://ana:secret@mastodon.example",
        "https://:secret@mastodon.example",
        "https://@mastodon.example",
        "https:ana:secret@mastodon.example",
    ],
)
def test_server_without_credentials(server: str) -> None:
    """A server with a user or a password is an error, which does not contain the password."""
    with pytest.raises(InvalidValueError, match="contains a user or a password") as caught:
        Profile(id="p", workspace="tulip", network="mastodon", server=server)
    assert "secret" not in f"{caught.value} {caught.value.value}"


@pytest.mark.parametrize(
    "server", ["https://mastodon.example", "http://localhost:3000/", "https://m\xfcnchen.example"]
)
def test_valid_servers(server: str) -> None:
    """A server address may contain a port, a path and letters of any script."""
    assert Profile(id="p", workspace="tulip", network="mastodon", server=server).server == server
