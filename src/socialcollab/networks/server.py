"""The address of the server that hosts a profile's account."""

from __future__ import annotations

from urllib.parse import urlsplit

from socialcollab.directory import Profile, find_network
from socialcollab.errors import InvalidValueError

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def server_of(profile: Profile, network: str, *, default: str = "") -> str:
    """
    Return the address of a profile's server, without a trailing slash.

    Args:
        profile: The profile.
        network: The network on which the profile must be.
        default: The server of profiles that do not name a server; if empty, every profile must name
            one.

    Raises:
        InvalidValueError: If the profile is on another network, or if its server is missing or does
            not use HTTPS. Plain HTTP is accepted only for servers on this machine.
    """
    if profile.network != network:
        description = find_network(network)
        title = network if description is None else description.title
        raise InvalidValueError(
            f"profile `{profile.id}` is on {profile.network}, not on {title}",
            value=profile.network,
            expected=f'a profile with network = "{network}"',
        )
    server = (profile.server or default).rstrip("/")
    if not server:
        raise InvalidValueError(
            f"profile `{profile.id}` has no server",
            value=profile.server,
            expected='server = "https://..."',
        )
    check_encrypted(server, f"the server of profile `{profile.id}`")
    return server


def check_encrypted(address: str, name: str) -> None:
    """
    Check that the connection to an address is encrypted, unless the address is on this machine.

    Args:
        address: The address.
        name: What the address is, for the message.

    Raises:
        InvalidValueError: If it is not.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return
    raise InvalidValueError(
        f"{name} is `{address:.200}`, which would receive the credentials without encryption",
        value=address,
        expected="an address that begins with https://",
    )
