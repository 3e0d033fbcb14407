"""The X network, with an adapter and a transport for each profile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Self

import attrs

from socialcollab.directory import NETWORKS, NetworkDescription, Profile
from socialcollab.networks.bearer import BearerTransport, Secrets, secret_of
from socialcollab.networks.server import server_of
from socialcollab.networks.x.adapter import XAdapter
from socialcollab.transport import Adapter, HttpTransport, Media, Transport

if TYPE_CHECKING:
    import httpx

_SERVER: Final = "https://api.x.com"


class X:
    """
    The network X, accessed through version 2 of its API.

    A post is a text or a thread of texts, with up to four images or a poll. The `server` of a
    profile is normally empty; it can be the address of a proxy.

    >>> X({"tulip-x": "a token"})
    X()

    Args:
        tokens: The user access token of each account, by profile id; or a function that returns it
            when it is needed. OAuth 2.0 tokens of X are valid for two hours, so a function that
            renews them is usually required.
        media: The media store of the desk, from which images are read.
        client: The httpx client to use, which the caller must close. By default, the network
            creates a client.
        reads: Whether posts may be read to find out whether a post was published. X bills each post
            that is read. If reading is switched off, a member must resolve every lost response.
        fields_parameter: The name of the parameter that selects the fields of a post. X's OpenAPI
            description calls it ``post.fields``, and older documentation ``tweet.fields``.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
    """

    def __init__(
        self,
        tokens: Secrets,
        *,
        media: Media | None = None,
        client: httpx.Client | None = None,
        reads: bool = True,
        fields_parameter: str = "post.fields",
        send_within_s: float = 30.0,
    ) -> None:
        self._tokens = tokens
        self._http = HttpTransport(client, media=media)
        self._reads = reads
        self._fields_parameter = fields_parameter
        self._send_within_s = send_within_s
        self._lock = threading.Lock()
        self._transports: dict[Profile, Transport] = {}

    def __repr__(self) -> str:
        return "X()"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def description_of(self, profile: Profile) -> NetworkDescription | None:  # noqa: ARG002
        """Return the description of X, which states whether posts can be looked up."""
        known = NETWORKS["x"]
        return attrs.evolve(known, create_once=attrs.evolve(known.create_once, finds=self._reads))

    def adapter(self, profile: Profile) -> Adapter:
        """
        Return the adapter for *profile*.

        Raises:
            InvalidValueError: If the profile is not on X, or its server is not safe.
        """
        return XAdapter(
            profile=profile,
            description=self.description_of(profile) or NETWORKS["x"],
            server=server_of(profile, "x", default=_SERVER),
            send_within_s=self._send_within_s,
            reads=self._reads,
            fields_parameter=self._fields_parameter,
        )

    def transport(self, profile: Profile) -> Transport:
        """
        Return the transport that sends the requests of *profile* with its access token.

        Raises:
            InvalidValueError: If the profile is not on X, or its server is not safe.
        """
        server_of(profile, "x", default=_SERVER)
        with self._lock:
            if profile not in self._transports:
                self._transports[profile] = BearerTransport(
                    self._http, token=lambda: secret_of(profile, self._tokens, "access token")
                )
            return self._transports[profile]

    def close(self) -> None:
        """Close all connections, unless they belong to the caller's client."""
        self._http.close()
