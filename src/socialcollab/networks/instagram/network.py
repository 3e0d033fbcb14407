"""The Instagram network, with an adapter and a transport for each account."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from socialcollab.directory import NETWORKS, Profile
from socialcollab.errors import (
    CorruptJournalError,
    RejectedError,
    StoreUnavailableError,
    TransientError,
)
from socialcollab.networks.bearer import BearerNetwork, Secrets
from socialcollab.networks.graph import VERSION
from socialcollab.networks.instagram.adapter import InstagramAdapter
from socialcollab.transport import Adapter, Budgets, Media, OnExchange

if TYPE_CHECKING:
    import httpx


class Instagram(BearerNetwork):
    """
    Instagram business and creator accounts, accessed through Meta's Graph API.

    Posts are one image, a carousel of images and videos, one video, which becomes a reel, or a
    story. Instagram downloads media itself, so the media store must return public URLs; a video
    without a public URL is uploaded. The `server` of
    a profile is normally empty; it can be the address of a proxy.

    >>> from socialcollab.stores import MemoryMedia
    >>> Instagram({"tulip-instagram": "a token"}, media=MemoryMedia())
    Instagram()

    Args:
        tokens: The access token of each account, by profile id; or a function that returns it when
            it is needed.
        media: The desk's media store, whose `public_url` returns the URL of media.
        client: The httpx client to use, which the caller must close. By default, the network
            opens its own connections.
        version: The version of the Graph API.
        send_within_s: The hard deadline of a request that publishes a post, in seconds.
        on_exchange: A function that is called after each attempt to send a request, for logs and
            metrics.
        budgets: The budgets that this network shares with other processes. By default, requests are
            sent until the network refuses one.
    """

    network: ClassVar[str] = "instagram"
    default_server: ClassVar[str] = "https://graph.instagram.com"

    def __init__(
        self,
        tokens: Secrets,
        *,
        media: Media,
        client: httpx.Client | None = None,
        version: str = VERSION,
        send_within_s: float = 60.0,
        on_exchange: OnExchange | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        super().__init__(
            tokens, media=media, client=client, on_exchange=on_exchange, budgets=budgets
        )
        self._media = media
        self._version = version
        self._send_within_s = send_within_s

    def adapter(self, profile: Profile) -> Adapter:
        """
        Return the adapter for *profile*.

        Raises:
            InvalidValueError: If the profile is not on Instagram, or its server is not safe.
        """
        return InstagramAdapter(
            profile=profile,
            description=NETWORKS["instagram"],
            server=f"{self.server_of(profile)}/{self._version}",
            public_url=self._public_url,
            send_within_s=self._send_within_s,
        )

    def _public_url(self, digest: str) -> str | None:
        """
        Return the public URL of media whose bytes are still the approved ones.

        Raises:
            RejectedError: If the bytes have changed.
            TransientError: If the media store is not available.
        """
        try:
            url = self._media.public_url(digest)
            if url:
                # Instagram downloads the bytes itself, so only the store can compare them with the
                # digest.
                self._media.open(digest).close()
        except StoreUnavailableError as error:
            raise TransientError(
                f"media `{digest}` cannot be read: {error}", network=self.network
            ) from error
        except CorruptJournalError as error:
            raise RejectedError(
                f"media `{digest}` are damaged: {error}", network=self.network
            ) from error
        return url
