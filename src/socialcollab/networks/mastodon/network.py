"""The Mastodon network, with an adapter and a transport for each profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from socialcollab.content import Json
from socialcollab.directory import NETWORKS, NetworkDescription, Profile
from socialcollab.networks.bearer import BearerNetwork, Secrets
from socialcollab.networks.mastodon.adapter import MastodonAdapter
from socialcollab.networks.mastodon.responses import values_of
from socialcollab.transport import (
    Adapter,
    Budgets,
    Driver,
    Flow,
    Media,
    OnExchange,
    Request,
    call,
)

if TYPE_CHECKING:
    import httpx


class Mastodon(BearerNetwork):
    """
    The Mastodon network, and other servers that implement its API.

    Posts are texts or threads with up to four images, a video or a poll, a language, and labels, which are published as
    a content warning. The `server` of a profile is required, such as ``https://mastodon.example``.

    >>> Mastodon({"tulip-mastodon": "a token"})
    Mastodon()

    Args:
        tokens: The access token of each account, by profile id; or a function that returns it when
            it is needed, for example from a secret store.
        media: The desk's media store, from which images are read.
        client: The httpx client to use, which the caller must close. By default, the network
            opens its own connections.
        honours_keys: The servers that are known to create only one post per idempotency key, by
            address. A request to another server is never repeated before its outcome is looked up.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
        on_exchange: A function that is called after each attempt to send a request, for logs and
            metrics.
        budgets: The budgets that this network shares with other processes. By default, requests are
            sent until the network refuses one.
    """

    network: ClassVar[str] = "mastodon"

    def __init__(
        self,
        tokens: Secrets,
        *,
        media: Media | None = None,
        client: httpx.Client | None = None,
        honours_keys: Iterable[str] = (),
        send_within_s: float = 30.0,
        on_exchange: OnExchange | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        super().__init__(
            tokens, media=media, client=client, on_exchange=on_exchange, budgets=budgets
        )
        self._honours_keys = frozenset(server.rstrip("/") for server in honours_keys)
        self._send_within_s = send_within_s
        self._limits: dict[str, NetworkDescription] = {}

    def read_limits(self, profile: Profile) -> NetworkDescription:
        """
        Read the limits of a profile's server. They then apply to all profiles on that server.

        Call this method when the application starts. Until then, the limits of Mastodon's own
        servers apply.

        Raises:
            NetworkError: If the server does not respond, or its response is not in Mastodon's
                format.
            InvalidValueError: If the server is missing or not safe, or states an impossible limit.
        """
        server = self.server_of(profile)
        flow = _limits_of(server)
        limits = Driver().run(flow, transport=self.transport(profile))
        with self._lock:
            self._limits[server] = limits
        return limits

    def description_of(self, profile: Profile) -> NetworkDescription | None:
        """Return the limits that `read_limits` has read from the profile's server, or None."""
        return self._limits.get(profile.server.rstrip("/"))

    def adapter(self, profile: Profile) -> Adapter:
        """
        Return the adapter for *profile*.

        Raises:
            InvalidValueError: If the profile is not on Mastodon, or its server is missing or not
                safe.
        """
        server = self.server_of(profile)
        return MastodonAdapter(
            profile=profile,
            description=self._limits.get(server, NETWORKS["mastodon"]),
            server=server,
            send_within_s=self._send_within_s,
            honours_keys=server in self._honours_keys,
        )


def _limits_of(server: str) -> Flow[NetworkDescription]:
    response = yield from call(Request(method="GET", url=f"{server}/api/v2/instance"))
    configuration = values_of(response, "configuration")["configuration"]
    statuses = _table(configuration, "statuses")
    media = _table(configuration, "media_attachments")
    known = NETWORKS["mastodon"]
    return known.with_limits(
        text=_number(statuses, "max_characters"),
        url_weight=_number(statuses, "characters_reserved_per_url"),
        images=_number(statuses, "max_media_attachments"),
        alt_text=_number(media, "description_limit"),
        image_bytes=_number(media, "image_size_limit"),
        video_bytes=_number(media, "video_size_limit"),
    )


def _table(value: Json, key: str) -> Mapping[str, Json]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _number(values: Mapping[str, Json], key: str) -> int | None:
    value = values.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
