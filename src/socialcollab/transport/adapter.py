"""What every network's adapter does: it writes conversations and never sends anything."""

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
    What leaves for one profile, all of it as it was approved.

    Attributes:
        delivery: The delivery's identifier.

        profile: Where it goes.

        text: The text for this profile.

        images: Pictures, in order.

        links: Links beside the text.

        language: Its language, or empty.

        labels: Content warnings and the like.

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
    What is fixed before the first attempt and is the same in every later one.

    Attributes:
        outgoing: What leaves.

        keys: Ids, keys and times that the adapter chose; stored with the intent.
    """

    outgoing: OutgoingPost
    idempotency_keys: Mapping[str, str] = attrs.field(hash=False)


@attrs.frozen(kw_only=True)
class Published:
    """
    What the network says is out.

    Attributes:
        network_id: The network's own id.

        url: Its address, or empty.

        at: When, in UTC, if the network says; else None.
    """

    network_id: str
    url: str = ""
    at: dt.datetime | None = None


@attrs.frozen
class Found:
    """
    A look found what an earlier attempt made.

    Attributes:
        published: What it made.

        part: Which part of several it is; None if it went out whole.

        progress: How far the conversation has come with that part.

        whole: Of the last part, what the conversation would have ended in.
    """

    published: Published
    part: int | None = None
    progress: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    whole: Published | None = None


@attrs.frozen(kw_only=True)
class Missing:
    """
    A look found nothing.

    Attributes:
        conclusive_after: How long after the sender's hard deadline that proves
            that nothing was made.
    """

    conclusive_after: dt.timedelta


@attrs.frozen
class Inconclusive:
    """A look cannot tell: a person has to."""

    reason: str


class Adapter(Protocol):
    """
    One network's way of talking, for one profile.

    Every flow raises the errors of `socialcollab.errors.NetworkError` by what
    the caller can do about them.
    """

    @property
    def description(self) -> NetworkDescription:
        """What the network takes."""
        ...

    @property
    def send_within_s(self) -> float:
        """How long one creating request may take, in seconds; its hard deadline."""
        ...

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:
        """
        Fix ids, keys and times, before anything is sent.

        Raises:
            RejectedError: If the network cannot take it.
        """
        ...

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Publish it, going on from *progress*, the values of the last checkpoint."""
        ...

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Look whether an earlier attempt published it; creates nothing."""
        ...

    def take_down(self, network_id: str) -> Flow[None]:
        """Remove it from the network; what is gone already counts as removed."""
        ...

    def verify_credentials(self) -> Flow[str]:
        """Return the account's name as the network knows it."""
        ...


@runtime_checkable
class Amending(Protocol):
    """What an adapter does besides whose network changes a post in place."""

    def amend(self, prepared: Prepared, network_id: str) -> Flow[None]:
        """
        Let the post of that id carry what *prepared* holds.

        Its requests say `creates` and "same key": what they change can be
        seen, and the same words in the same place may be sent again.

        Raises:
            RejectedError: If the network cannot change that in place.
        """
        ...


class Transport(Protocol):
    """
    What carries one request to a network and its answer back.

    Raises:
        TransientError: From `send`, if for certain nothing reached the server.

        OutcomeUnknownError: From `send`, if the request may have reached the
            server and no whole answer came.
    """

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """Send one request and return the answer, whatever its status."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Network(Protocol):
    """A way to reach profiles: adapters for them, and the transport to carry their flows."""

    def adapter(self, profile: Profile) -> Adapter:
        """Return the adapter that talks for *profile*."""
        ...

    def transport(self, profile: Profile) -> Transport:
        """Return the transport to that profile's network; the caller does not close it."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class AsyncTransport(Protocol):
    """What carries one request to a network and its answer back, awaited; else as a `Transport`."""

    async def send(self, request: Request, *, timeout_s: float) -> Response:
        """Send one request and return the answer, whatever its status."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class AsyncNetwork(Protocol):
    """A way to reach profiles whose transports are awaited; else as a `Network`."""

    def adapter(self, profile: Profile) -> Adapter:
        """Return the adapter that talks for *profile*."""
        ...

    def transport(self, profile: Profile) -> AsyncTransport:
        """Return the transport to that profile's network; the caller does not close it."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...
