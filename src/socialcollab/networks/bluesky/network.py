"""Bluesky as a network of a desk: an adapter and a transport for each profile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from socialcollab.directory import NETWORKS, Profile
from socialcollab.errors import AuthenticationError, InvalidValueError
from socialcollab.networks.bluesky.adapter import BlueskyAdapter
from socialcollab.networks.bluesky.session import SessionTransport
from socialcollab.transport import Adapter, HttpTransport, Media, Transport

if TYPE_CHECKING:
    import httpx

_SERVER = "https://bsky.social"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Bluesky:
    """
    Bluesky, and other servers of the AT Protocol.

    Posts are texts with links, mentions and tags, up to four images, a language and labels. An
    account is identified by the `handle` of its profile, such as ``@tulip.example``; its server is
    the `server` of the profile, or ``https://bsky.social``.

    >>> Bluesky({"tulip-bluesky": "abcd-efgh-ijkl-mnop"})
    Bluesky()

    Args:
        passwords: The app password of each account, by profile id; or a function that returns it
            when it is needed, for example from a secret store. Create app passwords in the settings
            of the account; they cannot change the account itself.
        media: The media store of the desk, from which images are read.
        client: The httpx client to use, which the caller must close. By default, the network
            creates a client.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
    """

    def __init__(
        self,
        passwords: Mapping[str, str] | Callable[[str], str],
        *,
        media: Media | None = None,
        client: httpx.Client | None = None,
        send_within_s: float = 30.0,
    ) -> None:
        self._passwords = passwords
        self._http = HttpTransport(client, media=media)
        self._send_within_s = send_within_s
        self._lock = threading.Lock()
        self._transports: dict[Profile, Transport] = {}

    def __repr__(self) -> str:
        return "Bluesky()"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def adapter(self, profile: Profile) -> Adapter:
        """
        Return the adapter for *profile*.

        Raises:
            InvalidValueError: If the profile is not on Bluesky, or its server is not safe.
        """
        return BlueskyAdapter(
            profile=profile,
            description=NETWORKS["bluesky"],
            server=_server_of(profile),
            send_within_s=self._send_within_s,
        )

    def transport(self, profile: Profile) -> Transport:
        """
        Return the transport that signs in to the account of *profile*.

        Raises:
            InvalidValueError: If the profile is not on Bluesky, has no handle, or its server is not
                safe.
        """
        server = _server_of(profile)
        handle = profile.handle.removeprefix("@")
        if not handle:
            raise InvalidValueError(
                f"profile `{profile.id}` has no handle, so its account is not known",
                value=profile.handle,
                expected='handle = "@name.bsky.social"',
            )
        with self._lock:
            if profile not in self._transports:
                self._transports[profile] = SessionTransport(
                    self._http,
                    server=server,
                    handle=handle,
                    password=lambda: self._password_of(profile.id),
                )
            return self._transports[profile]

    def close(self) -> None:
        """Close all connections, unless they belong to the caller's client."""
        self._http.close()

    def _password_of(self, profile: str) -> str:
        if callable(self._passwords):
            return self._passwords(profile)
        if profile not in self._passwords:
            raise AuthenticationError(
                f"there is no app password for profile `{profile}`; pass it in `passwords`",
                network="bluesky",
            )
        return self._passwords[profile]


def _server_of(profile: Profile) -> str:
    """Return the address of a profile's server; plain HTTP is accepted only for this machine."""
    if profile.network != "bluesky":
        raise InvalidValueError(
            f"profile `{profile.id}` is on {profile.network}, not on Bluesky",
            value=profile.network,
            expected='a profile with network = "bluesky"',
        )
    server = (profile.server or _SERVER).rstrip("/")
    parts = urlsplit(server)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise InvalidValueError(
            f"the server of profile `{profile.id}` is `{server}`, which would receive the password"
            " without encryption",
            value=server,
            expected="an address that begins with https://",
        )
    return server
