"""The text that is sent to a network, including its links, and the longest part that fits."""

from __future__ import annotations

from collections.abc import Iterable

from socialcollab.directory import NetworkDescription
from socialcollab.directory import network as description_of
from socialcollab.text.entities import entities
from socialcollab.text.grapheme import graphemes
from socialcollab.text.length import measure

# A text that fits has at most this many characters per unit of the limit, because a link of
# up to 4096 characters counts as 23.
_CHARACTERS_PER_UNIT = 200


def links_not_in_text(
    network: str | NetworkDescription, text: str, links: Iterable[str]
) -> tuple[str, ...]:
    """
    Return the *links* that *text* does not contain as complete links, in order without duplicates.

    >>> links = ["https://tulip.nl/lente", "https://tulip.nl"]
    >>> links_not_in_text("x", "Kijk op https://tulip.nl/lente!", links)
    ('https://tulip.nl',)

    Raises:
        InvalidValueError: If *network* is not the name of a built-in or installed network.
    """
    unique = tuple(dict.fromkeys(link for link in links if link))
    if not any(link in text for link in unique):
        return unique
    # A substring search is not sufficient. `https://tulip.nl/lente` contains
    # `https://tulip.nl`, but it is a different link.
    present = {*text.split(), *(entity.text for entity in entities(network, text))}
    return tuple(link for link in unique if link not in present)


def text_with_links(network: str | NetworkDescription, text: str, links: Iterable[str]) -> str:
    r"""
    Return the text to send, which is *text* followed by the *links*.

    Links are not added if the network has a separate field for links, or if the text
    already contains them.

    >>> text_with_links("x", "De lente is er", ["https://tulip.nl"])
    'De lente is er\nhttps://tulip.nl'
    >>> text_with_links("linkedin", "De lente is er", ["https://tulip.nl"])
    'De lente is er'

    Raises:
        InvalidValueError: If *network* is not the name of a built-in or installed network.
    """
    description = description_of(network)
    if description.link == "field":
        return text
    return "\n".join(part for part in (text, *links_not_in_text(description, text, links)) if part)


def fitting_end(
    network: str | NetworkDescription, text: str, *, warning: str = "", ending: str = ""
) -> int:
    """
    Return the length of the longest prefix of *text* that fits and ends after a whole grapheme.

    >>> fitting_end("x", "a" * 279 + "🌷")
    279

    Args:
        network: The name of a built-in network, or a description.
        text: The text.
        warning: A content warning, which counts towards the limit.
        ending: Text that must follow, such as a link, which also counts towards the limit.

    Raises:
        InvalidValueError: If *network* is not the name of a built-in or installed network.
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
