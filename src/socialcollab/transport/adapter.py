"""The protocols of networks: an adapter writes conversations, and a transport carries requests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import attrs

from socialcollab.content import Image, Poll
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.transport.flow import Flow, Request, Response


@attrs.frozen(kw_only=True)
class OutgoingPost:
    """
    The content that leaves for one profile, exactly as it was approved.

    Attributes:
        delivery: The identifier of the delivery.
        profile: The profile to publish on.
        text: The text for this profile.
        images: Images, in order.
        links: Links beside the text.
        language: The language of the text, or empty.
        labels: Content warnings and other labels.
        poll: A poll, or None.
    """

    delivery: str
    profile: Profile
    text: str
    images: tuple[Image, ...] = ()
    links: tuple[str, ...] = ()
    language: str = ""
    labels: tuple[str, ...] = ()
    poll: Poll | None = None


@attrs.frozen(kw_only=True)
class Prepared:
    """
    Everything that is decided before the first attempt and stays the same in later ones.

    Attributes:
        outgoing: The content that leaves.
        idempotency_keys: The ids, keys and times that the adapter chose; the desk stores them
            before anything is sent.
    """

    outgoing: OutgoingPost
    idempotency_keys: Mapping[str, str] = attrs.field(hash=False)


@attrs.frozen(kw_only=True)
class Published:
    """
    A post, or a part of one, that the network has confirmed.

    Attributes:
        network_id: The network's own id.
        url: Its address, or empty.
        at: When it was published, in UTC; None if the network does not say.
    """

    network_id: str
    url: str = ""
    at: dt.datetime | None = None


@attrs.frozen
class Found:
    """
    The result of a lookup that found what an earlier attempt created.

    Attributes:
        published: The post, or the part of it, that was found.
        part: The number of the part; None if the post has a single part.
        progress: The progress of the conversation after that part.
        whole: What the conversation would have returned, if the part is the last one; else None.
    """

    published: Published
    part: int | None = None
    progress: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    whole: Published | None = None


@attrs.frozen(kw_only=True)
class Missing:
    """
    The result of a lookup that found nothing.

    Attributes:
        conclusive_after: How long after the sender's deadline this result proves that nothing
            was created.
    """

    conclusive_after: dt.timedelta


@attrs.frozen
class Inconclusive:
    """The result of a lookup that cannot decide; a person has to look at the account."""

    reason: str


class Adapter(Protocol):
    """
    The conversations with one network, for one profile.

    Every flow raises a subclass of `socialcollab.errors.NetworkError` that says what the caller
    can do.
    """

    @property
    def description(self) -> NetworkDescription:
        """The limits and features of the network."""
        ...

    @property
    def send_within_s(self) -> float:
        """The hard deadline of one creating request, in seconds."""
        ...

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:
        """
        Choose ids, keys and times, before anything is sent.

        Raises:
            RejectedError: If the network does not accept the post.
        """
        ...

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Publish the post, continuing from *progress*, the values of the last checkpoint."""
        ...

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Look up whether an earlier attempt published the post; create nothing."""
        ...

    def take_down(self, network_id: str) -> Flow[None]:
        """Remove the post from the network; a post that no longer exists counts as removed."""
        ...

    def verify_credentials(self) -> Flow[str]:
        """Return the account's name on the network."""
        ...


@runtime_checkable
class AmendingAdapter(Protocol):
    """The additional method of an adapter whose network can change a published post in place."""

    def amend(self, prepared: Prepared, network_id: str) -> Flow[None]:
        """
        Replace the content of the post with that of *prepared*.

        Its requests set `creates` and repeat under the "same key": the public can see their
        effect, and sending the same content again changes nothing.

        Raises:
            RejectedError: If the network cannot make this change in place.
        """
        ...


class Transport(Protocol):
    """
    Carries requests to a network and answers back.

    Raises:
        TransientError: From `send`, if nothing reached the server.
        OutcomeUnknownError: From `send`, if the request may have reached the server and no
            complete answer came.
    """

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """Send one request and return the answer, whatever its status."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Network(Protocol):
    """Access to the profiles of a network: their adapters, and transports for the flows."""

    def adapter(self, profile: Profile) -> Adapter:
        """Return the adapter for *profile*."""
        ...

    def transport(self, profile: Profile) -> Transport:
        """Return the transport to the network of *profile*; the caller does not close it."""
        ...

    def close(self) -> None:
        """Close all connections and files."""
        ...


class AsyncTransport(Protocol):
    """Carries requests to a network and answers back, for async code; see `Transport`."""

    async def send(self, request: Request, *, timeout_s: float) -> Response:
        """Send one request and return the answer, whatever its status."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class AsyncNetwork(Protocol):
    """Access to the profiles of a network through async transports; see `Network`."""

    def adapter(self, profile: Profile) -> Adapter:
        """Return the adapter for *profile*."""
        ...

    def transport(self, profile: Profile) -> AsyncTransport:
        """Return the transport to the network of *profile*; the caller does not close it."""
        ...

    async def close(self) -> None:
        """Close all connections and files."""
        ...
