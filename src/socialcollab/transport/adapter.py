"""The protocols that networks implement: adapters, which define flows, and transports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, Protocol, TypeAlias, get_args, runtime_checkable

import attrs

from socialcollab.content import Attachment, LinkCard, Message, Poll
from socialcollab.directory import NetworkDescription, PostFormat, Profile, Visibility
from socialcollab.transport.flow import Flow, Request, Response

ModerationAction: TypeAlias = Literal["block", "delete", "hide", "unblock", "unhide"]
"""
What can be done with a message, or with the account that wrote it.

A hidden message is shown only to its author and to the profile. A blocked account can no longer
write to the profile; on X, this concerns direct messages only.
"""

MODERATION_ACTIONS: tuple[ModerationAction, ...] = get_args(ModerationAction)
"""All moderation actions, sorted."""


@attrs.frozen(kw_only=True)
class OutgoingPost:
    """
    The content to publish on one profile, exactly as it was approved.

    Attributes:
        delivery: The identifier of the delivery.
        profile: The profile to publish on.
        text: The text for this profile.
        thread: The remaining texts of the thread, after *text*, each to be published as a reply to
            the previous one. The other fields belong to the first text.
        media: Images and videos, in order.
        links: Links in addition to the text.
        language: The language of the text, or an empty string.
        labels: Content warnings and other labels.
        poll: A poll, or None.
        format: Where the post appears.
        first_comment: A text to publish as the first comment, or an empty string.
        reply_to: The address or network id of the post to reply to, or an empty string.
        quote_of: The address or network id of the post to quote, or an empty string.
        card: A link card, or None.
        visibility: Who can see the post.
        paid_partnership: Whether to disclose the post as a paid partnership.
    """

    delivery: str
    profile: Profile
    text: str
    thread: tuple[str, ...] = ()
    media: tuple[Attachment, ...] = ()
    links: tuple[str, ...] = ()
    language: str = ""
    labels: tuple[str, ...] = ()
    poll: Poll | None = None
    format: PostFormat = "post"
    first_comment: str = ""
    reply_to: str = ""
    quote_of: str = ""
    card: LinkCard | None = None
    visibility: Visibility = "public"
    paid_partnership: bool = False

    @property
    def replies(self) -> tuple[str, ...]:
        """The texts that follow the first text: the thread, and the first comment."""
        return (*self.thread, self.first_comment) if self.first_comment else self.thread


@attrs.frozen(kw_only=True)
class Prepared:
    """
    The values that are chosen before the first attempt and reused in all later attempts.

    Attributes:
        outgoing: The content to publish.
        idempotency_keys: The ids, keys and times that the adapter chose. The desk stores them
            before anything is sent.
    """

    outgoing: OutgoingPost
    idempotency_keys: Mapping[str, str] = attrs.field(hash=False)


@attrs.frozen(kw_only=True)
class Published:
    """
    A post, or a part of a thread, whose publication the network has confirmed.

    Attributes:
        network_id: The network's id.
        url: The address of the post, or an empty string.
        at: When it was published, in UTC; None if the network does not report the time.
    """

    network_id: str
    url: str = ""
    at: dt.datetime | None = None


@attrs.frozen
class Found:
    """
    The result of a lookup that found a post from an earlier attempt.

    Attributes:
        published: The post, or the part of the thread, that was found.
        part: The number of the part; None if the post has a single part.
        progress: The progress of the flow after that part.
        whole: If the part is the last one, the result that the flow would have returned; otherwise
            None.
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
        conclusive_after: How long after the sender's deadline this result proves that nothing was
            created.
    """

    conclusive_after: dt.timedelta


@attrs.frozen
class Inconclusive:
    """The result of an inconclusive lookup. A person has to check the account on the network."""

    reason: str


class Adapter(Protocol):
    """
    The flows for one profile on a network.

    If a flow fails, it raises a subclass of `socialcollab.errors.NetworkError` that indicates what
    the caller can do.
    """

    @property
    def description(self) -> NetworkDescription:
        """The limits and features of the network."""
        ...

    @property
    def send_within_s(self) -> float:
        """The hard deadline of a request that creates a post, in seconds."""
        ...

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:
        """
        Choose ids, keys and times before anything is sent.

        Raises:
            RejectedError: If the network does not accept the post.
        """
        ...

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Publish the post, resuming from *progress*, which contains the last checkpoint's values."""
        ...

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Check whether an earlier attempt published the post, without creating anything."""
        ...

    def take_down(self, network_id: str) -> Flow[None]:
        """Remove the post from the network. A post that no longer exists counts as removed."""
        ...

    def verify_credentials(self) -> Flow[str]:
        """Return the name of the account on the network."""
        ...


@runtime_checkable
class AmendingAdapter(Protocol):
    """An adapter whose network can change a published post in place."""

    def amend(self, prepared: Prepared, network_id: str) -> Flow[None]:
        """
        Replace the content of the post with the content of *prepared*.

        The requests must set `creates`, because the public can see their effect. Their `repeat` is
        "same key", because sending the same content again changes nothing.

        Raises:
            RejectedError: If the network cannot make this change in place.
        """
        ...


@runtime_checkable
class ComparingAdapter(Protocol):
    """An adapter that can compare a published post with the content that was approved."""

    def compare(
        self, prepared: Prepared, progress: Mapping[str, str], network_id: str
    ) -> Flow[tuple[str, ...]]:
        """
        Return the names of the fields in which the published post differs, such as ``text``.

        The flow only reads. If the post cannot be read, it raises an error or returns an empty
        tuple. For a thread, it compares the first post.
        """
        ...


@runtime_checkable
class DiscardingAdapter(Protocol):
    """An adapter whose network keeps uploads that no post uses."""

    def discard(self, progress: Mapping[str, str]) -> Flow[None]:
        """Delete the uploads of a post that was not published, according to its *progress*."""
        ...


@runtime_checkable
class ModeratingAdapter(Protocol):
    """An adapter whose network lets an account hide or delete messages, or block their authors."""

    def moderation_actions(self, message: Message) -> frozenset[ModerationAction]:
        """Return the actions that the network offers for a message of this kind and author."""
        ...

    def moderate(self, action: ModerationAction, message: Message) -> Flow[None]:
        """
        Carry out an action. Carrying it out again changes nothing, so its requests are ``safe``.

        A message that no longer exists counts as deleted.

        Raises:
            RejectedError: If the network does not offer the action for this message.
            NetworkError: If the action was not carried out.
        """
        ...


class Transport(Protocol):
    """
    An object that sends requests to a network and returns the responses.

    Raises:
        TransientError: If nothing reached the server (`send`).
        OutcomeUnknownError: If the request may have reached the server, but there was no complete
            response (`send`).
    """

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """Send one request and return the response, regardless of its status."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Network(Protocol):
    """A network that provides an adapter and a transport for each profile."""

    def adapter(self, profile: Profile) -> Adapter:
        """Return the adapter for *profile*."""
        ...

    def transport(self, profile: Profile) -> Transport:
        """Return the transport to the network of *profile*; the caller does not close it."""
        ...

    def close(self) -> None:
        """Close all connections and files."""
        ...


@runtime_checkable
class DescribesProfiles(Protocol):
    """A network whose limits depend on the server or account of each profile."""

    def description_of(self, profile: Profile) -> NetworkDescription | None:
        """Return the limits of *profile*, or None if the built-in description applies."""
        ...


class AsyncTransport(Protocol):
    """A transport for async code; see `Transport`."""

    async def send(self, request: Request, *, timeout_s: float) -> Response:
        """Send one request and return the response, regardless of its status."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class AsyncNetwork(Protocol):
    """A network with async transports; see `Network`."""

    def adapter(self, profile: Profile) -> Adapter:
        """Return the adapter for *profile*."""
        ...

    def transport(self, profile: Profile) -> AsyncTransport:
        """Return the transport to the network of *profile*; the caller does not close it."""
        ...

    async def close(self) -> None:
        """Close all connections and files."""
        ...
