"""The complete text that a network receives, and the check against the network's limits."""

from __future__ import annotations

from socialcollab.content import exceeded_limits
from socialcollab.directory import NetworkDescription
from socialcollab.errors import RejectedError
from socialcollab.text import text_with_links
from socialcollab.transport import OutgoingPost


def text_to_send(description: NetworkDescription, outgoing: OutgoingPost) -> str:
    """
    Return the text to send, with links appended if the network has no link cards.

    A link that the text already contains is not appended.
    """
    return text_with_links(description, outgoing.text, outgoing.links)


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
        images=outgoing.images,
        labels=outgoing.labels,
        poll=outgoing.poll,
    )
    if exceeded:
        messages = "; ".join(finding.message for finding in exceeded)
        raise RejectedError(messages, network=outgoing.profile.network)
