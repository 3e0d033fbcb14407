"""The text that leaves for a network: with its links, and how much of it fits."""

from __future__ import annotations

from collections.abc import Iterable

from socialcollab.directory import NetworkDescription
from socialcollab.directory.networks import network as described
from socialcollab.text.grapheme import graphemes
from socialcollab.text.length import measure
from socialcollab.text.recognise import entities

# No text that fits is longer: one link may take 4096 characters and count 23.
_WINDOW_PER_UNIT = 200


def links_beside(
    network: str | NetworkDescription, text: str, links: Iterable[str]
) -> tuple[str, ...]:
    """
    Return the *links* that do not stand in *text* as a whole, each once, in their order.

    >>> links_beside("x", "Kijk op https://tulip.nl/lente!", ["https://tulip.nl/lente", "https://tulip.nl"])
    ('https://tulip.nl',)

    Raises:
        InvalidValueError: If there is no built-in network of that name.
    """
    wanted = tuple(dict.fromkeys(link for link in links if link))
    if not any(link in text for link in wanted):
        return wanted
    # A link that another one begins with stands in the text as characters, not as a link.
    held = {*text.split(), *(found.text for found in entities(network, text))}
    return tuple(link for link in wanted if link not in held)


def text_with_links(network: str | NetworkDescription, text: str, links: Iterable[str]) -> str:
    r"""
    Return the text that is sent: with the links that the network has no other place for.

    A link that the text holds already is not written twice.

    >>> text_with_links("x", "De lente is er", ["https://tulip.nl"])
    'De lente is er\nhttps://tulip.nl'
    >>> text_with_links("linkedin", "De lente is er", ["https://tulip.nl"])
    'De lente is er'

    Raises:
        InvalidValueError: If there is no built-in network of that name.
    """
    description = described(network)
    if description.link == "field":
        return text
    return "\n".join(part for part in (text, *links_beside(description, text, links)) if part)


def fitting_end(
    network: str | NetworkDescription, text: str, *, warning: str = "", ending: str = ""
) -> int:
    """
    Return where the longest beginning of *text* that fits ends, at the edge of a grapheme.

    >>> fitting_end("x", "a" * 279 + "🌷")
    279

    Args:
        network: A built-in network's name, or a description.
        text: The text.
        warning: A content warning, which counts with the text.
        ending: What follows the text in any case, such as a link.

    Raises:
        InvalidValueError: If there is no built-in network of that name.
    """
    description = described(network)
    window = text[: description.text.at_most * _WINDOW_PER_UNIT]
    edges = [0]
    for cluster in graphemes(window):
        edges.append(edges[-1] + len(cluster))
    low, high = 0, len(edges) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if measure(description, window[: edges[middle]] + ending, warning=warning).fits:
            low = middle
        else:
            high = middle - 1
    return edges[low]
