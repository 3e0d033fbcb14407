"""The Bluesky network, with an adapter and a transport for each profile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from socialcollab.directory import NETWORKS, Profile
from socialcollab.errors import InvalidValueError
from socialcollab.networks.bearer import Secrets, secret_of, within_budget
from socialcollab.networks.bluesky.adapter import BlueskyAdapter
from socialcollab.networks.bluesky.session import SessionTransport
from socialcollab.networks.server import server_of
from socialcollab.transport import Adapter, Budgets, HttpTransport, Media, OnExchange, Transport

if TYPE_CHECKING:
    import httpx

_SERVER = "https://bsky.social"


class Bluesky:
    """
    The Bluesky network, and other AT Protocol servers.

    Posts are texts with links, mentions and tags, up to four images, a language and labels. An
    account is identified by the `handle` of its profile, such as ``@tulip.example``; its server is
    the `server` of the profile, or ``https://bsky.social``.

    >>> Bluesky({"tulip-bluesky": "abcd-efgh-ijkl-mnop"})
    Bluesky()

    Args:
        passwords: The app password of each account, by profile id; or a function that returns it
            when it is needed, for example from a secret store. Create app passwords in the settings
            of the account; they cannot change the account itself.
        media: The desk's media store, from which images are read.
        client: The httpx client to use, which the caller must close. By default, the network
            opens its own connections.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
        on_exchange: A function that is called after each attempt to send a request, for logs and
            metrics.
        budgets: The budgets that this network shares with other processes. By default, requests are
            sent until the network refuses one.
    """

    def __init__(
        self,
        passwords: Secrets,
        *,
        media: Media | None = None,
        client: httpx.Client | None = None,
        send_within_s: float = 30.0,
        on_exchange: OnExchange | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        self._passwords = passwords
        self._http = HttpTransport(client, media=media, on_exchange=on_exchange)
        self._budgets = budgets
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
            server=server_of(profile, "bluesky", default=_SERVER),
            send_within_s=self._send_within_s,
        )

    def transport(self, profile: Profile) -> Transport:
        """
        Return the transport that signs in to the account of *profile*.

        Raises:
            InvalidValueError: If the profile is not on Bluesky, has no handle, or its server is not
                safe.
        """
        server = server_of(profile, "bluesky", default=_SERVER)
        handle = profile.handle.removeprefix("@")
        if not handle:
            raise InvalidValueError(
                f"profile `{profile.id}` has no handle, so its account is unknown",
                value=profile.handle,
                expected='handle = "@name.bsky.social"',
            )
        with self._lock:
            if profile not in self._transports:
                self._transports[profile] = SessionTransport(
                    within_budget(self._http, self._budgets, profile),
                    server=server,
                    handle=handle,
                    password=lambda: secret_of(profile, self._passwords, "app password"),
                )
            return self._transports[profile]

    def close(self) -> None:
        """Close all connections, unless they belong to the caller's client."""
        self._http.close()
