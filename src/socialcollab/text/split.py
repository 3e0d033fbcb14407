"""Split a long text into the texts of a thread."""

from __future__ import annotations

import re
from typing import Final

from socialcollab.directory import NetworkDescription
from socialcollab.directory import network as description_of
from socialcollab.errors import InvalidValueError
from socialcollab.text.entities import entities
from socialcollab.text.length import measure
from socialcollab.text.sent_text import fitting_end

# White space at which a line may break, which excludes no-break spaces.
_SPACE: Final = r"[^\S\u00a0\u202f]"
# The places at which to split, from the best to the worst.
_PLACES: Final = (
    # between paragraphs
    re.compile(rf"{_SPACE}*\n{_SPACE}*\n"),
    # between lines
    re.compile(r"\n"),
    # between sentences
    re.compile(rf"(?<=[.!?…])[\"'”’»)\]]*{_SPACE}|(?<=[。！？])"),
    # between words
    re.compile(_SPACE),
)
# A place is used only if the part before it fills at least this share of the maximum.
_SHORTEST: Final = 0.5


def split_text(network: str | NetworkDescription, text: str) -> tuple[str, ...]:
    """
    Split *text* into the texts of a thread, each of which fits into one post.

    A text is split between paragraphs, lines, sentences or words, in this order of preference,
    provided that the post before the split is at least half full. Only a word that is too long for
    a post is cut, never a link, a mention, a hashtag or an emoji. White space around each text is
    removed.

    >>> text = "De lente is er. " * 30
    >>> [len(part) for part in split_text("x", text)]
    [271, 207]

    Args:
        network: The name of a built-in network, or a description.
        text: The text.

    Raises:
        InvalidValueError: If *network* is not the name of a built-in or installed network, or if a link is too
            long for a post.
    """
    description = description_of(network)
    parts: list[str] = []
    rest = text.strip()
    while rest:
        end = _end_of_part(description, rest)
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return tuple(parts)


def _end_of_part(description: NetworkDescription, text: str) -> int:
    """Return the position at which the first part of *text* ends."""
    longest = _longest_end(description, text)
    if longest == len(text):
        return longest
    beginning = text[: longest + 1]
    fallback = 0
    for place in _PLACES:
        ends = [match.end() for match in place.finditer(beginning)]
        for end in reversed(ends):
            part = beginning[:end].rstrip()
            # The last characters of a text can change what is recognised as a link before them.
            if not part or not measure(description, part).fits:
                continue
            if len(part) >= _SHORTEST * longest:
                return end
            fallback = end
            break
    return fallback or _cut(description, text, longest)


def _longest_end(description: NetworkDescription, text: str) -> int:
    """Return the length of the longest prefix of *text* that fits."""
    size = 2 * description.text.at_most
    while True:
        end = fitting_end(description, text[:size])
        if end < len(text[:size]) or size >= len(text):
            return end
        size *= 2


def _cut(description: NetworkDescription, text: str, longest: int) -> int:
    """Return the position, outside of any entity, at which to cut a word that does not fit."""
    for entity in entities(description, text[: 2 * longest + 1]):
        if entity.start < longest < entity.end:
            longest = entity.start
            break
    if not longest:
        word = text.split(maxsplit=1)[0]
        raise InvalidValueError(
            f"`{word[:50]}` is too long for a post on {description.title}",
            value=word,
            expected=f"at most {description.text.at_most} {description.text.unit}",
        )
    return longest
