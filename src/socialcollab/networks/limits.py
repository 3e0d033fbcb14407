"""The complete text that a network receives, and the check against the network's limits."""

from __future__ import annotations

from socialcollab.content import Attachment, Video, exceeded_limits, links_to_send
from socialcollab.directory import NetworkDescription
from socialcollab.errors import RejectedError
from socialcollab.text import text_with_links
from socialcollab.transport import OutgoingPost


def text_to_send(description: NetworkDescription, outgoing: OutgoingPost) -> str:
    """
    Return the text to send, with links appended if the network has no link cards.

    A link that the text already contains is not appended.
    """
    return text_with_links(description, outgoing.text, outgoing_links(description, outgoing))


def outgoing_links(description: NetworkDescription, outgoing: OutgoingPost) -> tuple[str, ...]:
    """Return the links to send, including the link of the card unless the network shows the card."""
    return links_to_send(description, outgoing.links, outgoing.card, outgoing.media)


def check_limits(description: NetworkDescription, outgoing: OutgoingPost) -> None:
    """
    Check a post against the limits of its network before anything is sent.

    Raises:
        RejectedError: If the post exceeds limits. The message lists all exceeded limits.
    """
    exceeded = exceeded_limits(
        description,
        text=text_to_send(description, outgoing),
        thread=outgoing.thread,
        media=outgoing.media,
        links=outgoing.links,
        card=outgoing.card,
        labels=outgoing.labels,
        language=outgoing.language,
        poll=outgoing.poll,
        format=outgoing.format,
        first_comment=outgoing.first_comment,
        reply_to=outgoing.reply_to,
        quote_of=outgoing.quote_of,
        visibility=outgoing.visibility,
        paid_partnership=outgoing.paid_partnership,
    )
    if exceeded:
        messages = "; ".join(finding.message for finding in exceeded)
        raise RejectedError(messages, network=outgoing.profile.network)


def upload_size(one: Attachment) -> int | None:
    """
    Return the size of a video, whose upload may take a while, or None for an image.

    The size of a video was compared with its bytes when the video was stored.
    """
    return one.size_bytes if isinstance(one, Video) else None
