"""The X network, with an adapter and a transport for each profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs

from socialcollab.directory import NETWORKS, NetworkDescription, Profile
from socialcollab.networks.bearer import BearerNetwork, Secrets
from socialcollab.networks.x.adapter import XAdapter
from socialcollab.transport import Adapter, Budgets, Media, OnExchange

if TYPE_CHECKING:
    import httpx


class X(BearerNetwork):
    """
    The X network, accessed through version 2 of its API.

    A post is a text or a thread of texts, with up to four images, a video or a poll. The `server` of a
    profile is normally empty; it can be the address of a proxy.

    >>> X({"tulip-x": "a token"})
    X()

    Args:
        tokens: The user access token of each account, by profile id; or a function that returns it
            when it is needed. X's OAuth 2.0 tokens are valid for two hours, so you usually need a
            function that renews the token.
        media: The desk's media store, from which images are read.
        client: The httpx client to use, which the caller must close. By default, the network
            opens its own connections.
        reads: Whether posts and messages may be read, which X bills. If reading is switched off, a
            member must resolve every lost response, and messages, own posts and counts cannot be
            read.
        fields_parameter: The name of the parameter that selects a post's fields. X's OpenAPI
            description calls it ``post.fields``, and older documentation ``tweet.fields``.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
        on_exchange: A function that is called after each attempt to send a request, for logs and
            metrics.
        budgets: The budgets that this network shares with other processes. By default, requests are
            sent until the network refuses one.
    """

    network: ClassVar[str] = "x"
    default_server: ClassVar[str] = "https://api.x.com"

    def __init__(
        self,
        tokens: Secrets,
        *,
        media: Media | None = None,
        client: httpx.Client | None = None,
        reads: bool = True,
        fields_parameter: str = "post.fields",
        send_within_s: float = 30.0,
        on_exchange: OnExchange | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        super().__init__(
            tokens, media=media, client=client, on_exchange=on_exchange, budgets=budgets
        )
        self._reads = reads
        self._fields_parameter = fields_parameter
        self._send_within_s = send_within_s

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
            server=self.server_of(profile),
            send_within_s=self._send_within_s,
            reads=self._reads,
            fields_parameter=self._fields_parameter,
        )
