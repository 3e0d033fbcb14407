"""The complete text that a network receives."""

from __future__ import annotations

from socialcollab.directory import NetworkDescription
from socialcollab.text import text_with_links
from socialcollab.transport import OutgoingPost


def text_to_send(description: NetworkDescription, outgoing: OutgoingPost) -> str:
    """
    Return the text to send, with links appended if the network has no link cards.

    A link that the text already contains is not appended.
    """
    return text_with_links(description, outgoing.text, outgoing.links)
