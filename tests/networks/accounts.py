"""The accounts of Tulip Air on the networks' in-memory servers, and the contract for each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import attrs
import httpx
import pytest
from tests.networks import graph_server, mastodon_server, pds, x_server
from tests.networks.fake_server import FakeServer
from tests.networks.publishing import JPEGS, MEDIA, PNGS, stored_images

from socialcollab.content import Attachment, Image
from socialcollab.directory import Profile
from socialcollab.networks.bluesky import Bluesky
from socialcollab.networks.facebook import Facebook
from socialcollab.networks.instagram import Instagram
from socialcollab.networks.mastodon import Mastodon
from socialcollab.networks.x import X
from socialcollab.testing import AdapterContract
from socialcollab.transport import Adapter, Media, OutgoingPost, Transport


@attrs.frozen(kw_only=True)
class Account:
    """
    An account on the in-memory server of a network.

    Attributes:
        profile: The profile that is published to the account.
        title: The name that the network returns when it has verified the credentials.
        secret: The access token or the password of the account.
        network: The class of the network.
        server: The class of the server.
        files: Two image files of a type that the network accepts.
        media: The media that every post has unless it has others.
    """

    profile: Profile
    title: str
    secret: str
    network: Callable[..., Any]
    server: Callable[..., FakeServer]
    files: tuple[bytes, ...] = PNGS
    media: tuple[Attachment, ...] = ()

    @property
    def images(self) -> tuple[Image, ...]:
        """The images, whose bytes are only in the media store."""
        return stored_images(self.files)

    def outgoing(self, **options: Any) -> OutgoingPost:
        """Return a post for the account."""
        fields = {
            "delivery": "d1",
            "profile": self.profile,
            "text": "De lente is er 🌷",
            "media": self.media,
        }
        return OutgoingPost(**fields | options)

    @contextmanager
    def connect(
        self,
        transport: httpx.BaseTransport,
        secrets: Mapping[str, str] | Callable[[str], str] | None = None,
        *,
        media: Media = MEDIA,
        **options: Any,
    ) -> Iterator[Any]:
        """
        Yield the network, connected to a server.

        Args:
            transport: The server, or a transport that sends requests to it.
            secrets: The secrets. By default, the network has the secret of this account.
            media: The media store.
            **options: More options of the network.
        """
        if secrets is None:
            secrets = {self.profile.id: self.secret}
        with (
            httpx.Client(transport=transport) as client,
            self.network(secrets, media=media, client=client, **options) as network,
        ):
            yield network


def _profile(network: str, handle: str, **options: Any) -> Profile:
    return Profile(
        id=f"tulip-{network}", workspace="tulip", network=network, handle=handle, **options
    )


ACCOUNTS = {
    "bluesky": Account(
        profile=_profile("bluesky", f"@{pds.HANDLE}"),
        title=pds.HANDLE,
        secret=pds.PASSWORD,
        network=Bluesky,
        server=pds.Pds,
    ),
    "facebook": Account(
        profile=_profile("facebook", "TulipAir"),
        title="Tulip Air",
        secret=graph_server.TOKEN,
        network=Facebook,
        server=graph_server.FacebookServer,
    ),
    "instagram": Account(
        profile=_profile("instagram", "@TulipAir"),
        title="tulipair",
        secret=graph_server.TOKEN,
        network=Instagram,
        server=graph_server.InstagramServer,
        files=JPEGS,
        # Instagram accepts no post without media.
        media=stored_images(JPEGS[:1]),
    ),
    "mastodon": Account(
        profile=_profile("mastodon", "@tulip", server=mastodon_server.SERVER),
        title="tulip",
        secret=mastodon_server.TOKEN,
        network=Mastodon,
        server=mastodon_server.MastodonServer,
    ),
    "x": Account(
        profile=_profile("x", "@TulipAir"),
        title="tulipair",
        secret=x_server.TOKEN,
        network=X,
        server=x_server.XServer,
    ),
}


class NetworkContract(AdapterContract):
    """The contract for an adapter whose network is connected to an in-memory server."""

    account: ClassVar[Account]

    @pytest.fixture
    def server(self) -> FakeServer:
        server = self.account.server()
        server.now = dt.datetime.now(dt.UTC)
        return server

    @pytest.fixture
    def network(self, server: FakeServer) -> Iterator[Any]:
        with self.account.connect(server) as network:
            yield network

    @pytest.fixture
    def adapter(self, network: Any) -> Adapter:
        adapter: Adapter = network.adapter(self.account.profile)
        return adapter

    @pytest.fixture
    def transport(self, network: Any) -> Transport:
        transport: Transport = network.transport(self.account.profile)
        return transport
