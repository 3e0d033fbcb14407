"""Check whether a network offers a moderation action for a message."""

from __future__ import annotations

from collections.abc import Set

from socialcollab.content import Message
from socialcollab.directory import NetworkDescription
from socialcollab.errors import RejectedError
from socialcollab.transport import ModerationAction


def check_offered(
    action: ModerationAction,
    message: Message,
    offered: Set[ModerationAction],
    description: NetworkDescription,
) -> None:
    """
    Check that a network offers an action for a message.

    Raises:
        RejectedError: If it does not. The error lists the actions that it offers.
    """
    if action in offered:
        return
    subject = f"{'own ' if message.own else ''}{message.kind} `{message.network_id[:80]}`"
    known = ", ".join(sorted(offered)) or "none"
    raise RejectedError(
        f"{description.title} does not offer the action `{action}` for the {subject};"
        f" it offers: {known}",
        network=description.name,
    )
