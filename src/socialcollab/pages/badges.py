"""Badges: small coloured labels, such as the states of posts, and the symbols of networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from socialcollab.directory import find_network
from socialcollab.errors import InvalidValueError
from socialcollab.pages.markup import Html, escape

Tone = Literal["grey", "amber", "orange", "teal", "blue", "green", "violet", "red"]

STATES: Final[Mapping[str, tuple[Tone, str]]] = {
    "draft": ("grey", "○"),
    "in_review": ("amber", "◐"),
    "changes_requested": ("orange", "↩"),
    "rejected": ("red", "✕"),
    "approved": ("teal", "✓"),
    "cancelled": ("grey", "✕"),
    "expired": ("grey", "✕"),
    "waiting": ("blue", "◷"),
    "scheduled": ("blue", "◷"),
    "held": ("violet", "‖"),
    "missed": ("red", "!"),
    "publishing": ("green", "↑"),
    "published": ("green", "●"),
    "partly_published": ("orange", "◑"),
    "failed": ("red", "!"),
    "unknown": ("red", "?"),
    "removing": ("grey", "↓"),
    "removed": ("grey", "✕"),
    "native_post": ("teal", "◌"),
}
"""The tone of each post or delivery state, and a symbol for readers who cannot see colours."""

_NETWORK_SIGNS: Final[Mapping[str, str]] = {
    "bluesky": "B",
    "facebook": "f",
    "instagram": "ig",
    "linkedin": "in",
    "mastodon": "m",
    "x": "X",
}


class Badge(Html):
    """The HTML of a badge. A card shows badges next to its title."""

    __slots__ = ()


def badge(text: str, tone: Tone = "grey") -> Badge:
    """
    Return a small label.

    >>> badge("approved", "green")
    '<span class="badge t-green">approved</span>'

    Raises:
        InvalidValueError: If *tone* does not exist.
    """
    if tone not in get_args(Tone):
        raise InvalidValueError(
            f"`{tone}` is not a tone", value=tone, expected=" or ".join(get_args(Tone))
        )
    return Badge(f'<span class="badge t-{tone}">{escape(text)}</span>')


def state_badge(state: str) -> Badge:
    """Return the badge for a state: its symbol and its name, in its tone."""
    tone, sign = STATES.get(state, ("grey", ""))
    return badge(f"{sign} {state.replace('_', ' ')}".strip(), tone)


def network_badge(network: str) -> Html:
    """Return the small square that represents a network."""
    if not network:
        return Html("")
    description = find_network(network)
    title = escape(network if description is None else description.title)
    colour = f" net-{network}" if network in _NETWORK_SIGNS else ""
    sign = _NETWORK_SIGNS.get(network, network[:1].upper())
    return Html(
        f'<span class="net{colour}" role="img" aria-label="{title}" title="{title}">'
        f"{escape(sign)}</span>"
    )
