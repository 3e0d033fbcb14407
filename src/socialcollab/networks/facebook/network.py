"""The Facebook network, with an adapter and a transport for each Page."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from socialcollab.directory import NETWORKS, Profile
from socialcollab.networks.bearer import BearerNetwork, Secrets
from socialcollab.networks.facebook.adapter import FacebookAdapter
from socialcollab.networks.graph import VERSION
from socialcollab.transport import Adapter, Budgets, Media, OnExchange

if TYPE_CHECKING:
    import httpx


class Facebook(BearerNetwork):
    """
    Facebook Pages, accessed through Meta's Graph API.

    Posts are texts with images, a video or a link that is shown as a card, reels, stories and
    comments. A profile's `handle` is
    the user name or id of its Page. The `server` is normally empty; it can be the address of a
    proxy.

    >>> Facebook({"tulip-facebook": "a token"})
    Facebook()

    Args:
        tokens: The access token of each Page, by profile id; or a function that returns it when it
            is needed.
        media: The desk's media store, from which media are uploaded.
        client: The httpx client to use, which the caller must close. By default, the network
            opens its own connections.
        version: The version of the Graph API.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
        on_exchange: A function that is called after each attempt to send a request, for logs and
            metrics.
        budgets: The budgets that this network shares with other processes. By default, requests are
            sent until the network refuses one.
    """

    network: ClassVar[str] = "facebook"
    default_server: ClassVar[str] = "https://graph.facebook.com"

    def __init__(
        self,
        tokens: Secrets,
        *,
        media: Media | None = None,
        client: httpx.Client | None = None,
        version: str = VERSION,
        send_within_s: float = 60.0,
        on_exchange: OnExchange | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        super().__init__(
            tokens, media=media, client=client, on_exchange=on_exchange, budgets=budgets
        )
        self._version = version
        self._send_within_s = send_within_s

    def adapter(self, profile: Profile) -> Adapter:
        """
        Return the adapter for *profile*.

        Raises:
            InvalidValueError: If the profile is not on Facebook, or its server is not safe.
        """
        return FacebookAdapter(
            profile=profile,
            description=NETWORKS["facebook"],
            server=f"{self.server_of(profile)}/{self._version}",
            send_within_s=self._send_within_s,
        )
