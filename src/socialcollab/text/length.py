"""Measure the length of a text, using a network's counting rules."""

from __future__ import annotations

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.directory import LengthUnit, NetworkDescription
from socialcollab.directory import network as description_of
from socialcollab.text.emoji import find_emoji
from socialcollab.text.entities import entities
from socialcollab.text.grapheme import grapheme_count
from socialcollab.text.networks.mastodon import local_part
from socialcollab.text.networks.x import weighted_length


@attrs.frozen(kw_only=True)
class Length(NotebookMixin):
    """
    The length of a text, and a network's limits.

    Attributes:
        value: The length, in *unit*.
        limit: The maximum length, in *unit*.
        fits: Whether the text is within all limits of the network.
        unit: The unit of *value* and *limit*.
        size_bytes: The size in UTF-8 bytes if the network also limits the size, or None.
        limit_bytes: The maximum size in bytes, or None.
    """

    value: int
    limit: int
    fits: bool
    unit: LengthUnit
    size_bytes: int | None = None
    limit_bytes: int | None = None

    @property
    def over(self) -> int:
        """The excess over *limit*, in *unit*, or 0 if the text is not too long."""
        return max(0, self.value - self.limit)


def measure(network: str | NetworkDescription, text: str, *, warning: str = "") -> Length:
    """
    Measure *text*, using *network*'s counting rules.

    >>> measure("x", "De lente is er 🌷")
    Length(value=17, limit=280, fits=True, unit='weighted', size_bytes=None, limit_bytes=None)

    Args:
        network: The name of a built-in network, or a description.
        text: The text. A lone surrogate counts as one character of three bytes.
        warning: A content warning, which counts towards the limit.

    Raises:
        InvalidValueError: If *network* is not the name of a built-in or installed network.
    """
    description = description_of(network)
    limits = description.text
    value = _value(description, text) + (_value(description, warning) if warning else 0)
    if limits.at_most_bytes is None:
        return Length(
            value=value, limit=limits.at_most, fits=value <= limits.at_most, unit=limits.unit
        )
    size = sum(len(part.encode("utf-8", "surrogatepass")) for part in (text, warning))
    return Length(
        value=value,
        limit=limits.at_most,
        fits=value <= limits.at_most and size <= limits.at_most_bytes,
        unit=limits.unit,
        size_bytes=size,
        limit_bytes=limits.at_most_bytes,
    )


def _value(description: NetworkDescription, text: str) -> int:
    limits = description.text
    if limits.unit == "weighted":
        return weighted_length(
            text, url_weight=23 if limits.url_weight is None else limits.url_weight
        )
    if limits.url_weight is not None or limits.short_mentions:
        text = _countable(description, text)
    if limits.unit == "graphemes":
        return grapheme_count(text)
    if limits.unit == "emoji_bytes":
        emoji = (text[start:end] for start, end in find_emoji(text))
        return len(text) + sum(len(each.encode()) - len(each) for each in emoji)
    if limits.unit == "utf16":
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text)


def _countable(description: NetworkDescription, text: str) -> str:
    """Return *text* with each link and mention replaced by a text of the length it counts as."""
    limits = description.text
    parts: list[str] = []
    done = 0
    for entity in entities(description, text) if "." in text else ():
        if entity.kind == "url" and limits.url_weight is not None:
            counted = "x" * limits.url_weight
        elif entity.kind == "mention" and limits.short_mentions:
            counted = local_part(entity.text)
        else:
            continue
        parts += [text[done : entity.start], counted]
        done = entity.end
    return "".join([*parts, text[done:]])
