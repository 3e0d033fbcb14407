"""How long a text is to a network."""

from __future__ import annotations

import attrs

from socialcollab.directory import LengthUnit, NetworkDescription
from socialcollab.directory.networks import network as described
from socialcollab.showing import Html, badge, card, facts, meter
from socialcollab.text.grapheme import grapheme_count
from socialcollab.text.mastodon import local_part
from socialcollab.text.recognise import entities
from socialcollab.text.x import weighted_length


@attrs.frozen(kw_only=True)
class Length:
    """
    The length of a text beside what is allowed.

    Attributes:
        value: The length, in *unit*.
        limit: The longest that is allowed, in *unit*.
        fits: Whether the text is within every limit of the network.
        unit: What is counted.
        size_bytes: The length in UTF-8 bytes, where the network limits that too.
        limit_bytes: The longest that is allowed in bytes, or None.
    """

    value: int
    limit: int
    fits: bool
    unit: LengthUnit
    size_bytes: int | None = None
    limit_bytes: int | None = None

    @property
    def over(self) -> int:
        """How much too long the text is in *unit*; 0 if that limit is kept."""
        return max(0, self.value - self.limit)

    def _html_cells_(self) -> dict[str, str]:
        return {
            "length": f"{self.value} of {self.limit} {self.unit}",
            "bytes": f"{self.size_bytes} of {self.limit_bytes}" if self.limit_bytes else "",
            "fits": self._badge(),
        }

    def _repr_html_(self) -> str:
        bar = meter(self.value, self.limit, "green" if self.fits else "red")
        cells = {name: value for name, value in self._html_cells_().items() if name != "fits"}
        return card("Length", bar, facts(cells), badges=[self._badge()])

    def _badge(self) -> Html:
        if self.fits:
            return badge("fits", "green")
        return badge(f"{self.over} too long" if self.over else "too long", "red")


def measure(network: str | NetworkDescription, text: str, *, warning: str = "") -> Length:
    """
    Measure *text* as *network* counts it.

    Args:
        network: A built-in network's name, or a description.
        text: The text; a lone surrogate counts as one character of three bytes.
        warning: A content warning, which counts with the text.

    Raises:
        InvalidValueError: If there is no built-in network of that name.

    >>> measure("x", "De lente is er 🌷")
    Length(value=17, limit=280, fits=True, unit='weighted', size_bytes=None, limit_bytes=None)
    """
    description = described(network)
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
    if limits.unit == "utf16":
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text)


def _countable(description: NetworkDescription, text: str) -> str:
    """Put what counts in place of what is written."""
    limits = description.text
    parts: list[str] = []
    done = 0
    for entity in entities(description, text) if "." in text else ():
        if entity.kind == "url" and limits.url_weight is not None:
            instead = "x" * limits.url_weight
        elif entity.kind == "mention" and limits.short_mentions:
            instead = local_part(entity.text)
        else:
            continue
        parts += [text[done : entity.start], instead]
        done = entity.end
    return "".join([*parts, text[done:]])
