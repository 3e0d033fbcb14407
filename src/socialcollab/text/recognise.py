"""Ask a network what it makes active in a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from socialcollab.directory import NetworkDescription
from socialcollab.directory.networks import network as described
from socialcollab.text.bluesky import find_in_bluesky
from socialcollab.text.entity import Entity
from socialcollab.text.mastodon import find_in_mastodon
from socialcollab.text.plain import find_in_plain
from socialcollab.text.x import find_in_x

_FINDERS: Mapping[str, Callable[[str], tuple[Entity, ...]]] = {
    "bluesky": find_in_bluesky,
    "mastodon": find_in_mastodon,
    "x": find_in_x,
}


def entities(network: str | NetworkDescription, text: str) -> tuple[Entity, ...]:
    """
    Find what *network* makes active in *text*, in order and without overlaps.

    Places are code points. A network of another name is read by the rules
    that all have in common.

    >>> [each.text for each in entities("x", "De #lente is er @tulipair tulip.nl")]
    ['#lente', '@tulipair', 'tulip.nl']

    Raises:
        InvalidValueError: If there is no built-in network of that name.
    """
    description = described(network)
    found = _FINDERS.get(description.name, find_in_plain)(text)
    if all(entity.kind in description.entities for entity in found):
        return found
    return tuple(entity for entity in found if entity.kind in description.entities)
