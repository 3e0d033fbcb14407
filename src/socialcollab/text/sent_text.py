"""The text that a network receives: with its links, and cut to what fits."""

from __future__ import annotations

from collections.abc import Iterable

from socialcollab.directory import NetworkDescription
from socialcollab.directory import network as description_of
from socialcollab.text.entities import entities
from socialcollab.text.grapheme import graphemes
from socialcollab.text.length import measure

# No text that fits is longer than this many characters for each unit of the limit: a
# link may take 4096 characters and count 23.
_CHARACTERS_PER_UNIT = 200


def links_not_in_text(
    network: str | NetworkDescription, text: str, links: Iterable[str]
) -> tuple[str, ...]:
    """
    Return the *links* that do not appear in *text* as whole links, in order and each once.

    >>> links = ["https://tulip.nl/lente", "https://tulip.nl"]
    >>> links_not_in_text("x", "Kijk op https://tulip.nl/lente!", links)
    ('https://tulip.nl',)

    Raises:
        InvalidValueError: If *network* is not the name of a built-in network.
    """
    unique = tuple(dict.fromkeys(link for link in links if link))
    if not any(link in text for link in unique):
        return unique
    # Searching for characters is not enough: `https://tulip.nl` appears in
    # `https://tulip.nl/lente`, but a reader cannot follow it there.
    present = {*text.split(), *(entity.text for entity in entities(network, text))}
    return tuple(link for link in unique if link not in present)


def text_with_links(network: str | NetworkDescription, text: str, links: Iterable[str]) -> str:
    r"""
    Return the text to send: *text* and, below it, the links that need a place in the text.

    A network with a separate field for a link gets the text alone. A link that
    is in the text already is not added again.

    >>> text_with_links("x", "De lente is er", ["https://tulip.nl"])
    'De lente is er\nhttps://tulip.nl'
    >>> text_with_links("linkedin", "De lente is er", ["https://tulip.nl"])
    'De lente is er'

    Raises:
        InvalidValueError: If *network* is not the name of a built-in network.
    """
    description = description_of(network)
    if description.link == "field":
        return text
    return "\n".join(part for part in (text, *links_not_in_text(description, text, links)) if part)


def fitting_end(
    network: str | NetworkDescription, text: str, *, warning: str = "", ending: str = ""
) -> int:
    """
    Return the length of the longest beginning of *text* that fits, in whole graphemes.

    >>> fitting_end("x", "a" * 279 + "🌷")
    279

    Args:
        network: The name of a built-in network, or a description.
        text: The text.
        warning: A content warning, which counts towards the limit.
        ending: Text that must follow, such as a link; it counts too.

    Raises:
        InvalidValueError: If *network* is not the name of a built-in network.
    """
    description = description_of(network)
    beginning = text[: description.text.at_most * _CHARACTERS_PER_UNIT]
    edges = [0]
    for cluster in graphemes(beginning):
        edges.append(edges[-1] + len(cluster))
    low, high = 0, len(edges) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if measure(description, beginning[: edges[middle]] + ending, warning=warning).fits:
            low = middle
        else:
            high = middle - 1
    return edges[low]
