"""Find the links, mentions, hashtags and cashtags that a network recognises in a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from socialcollab.directory import NetworkDescription
from socialcollab.directory import network as description_of
from socialcollab.text.characters import char_class, word_class
from socialcollab.text.entity import Entity, without_overlaps
from socialcollab.text.networks.bluesky import find_in_bluesky
from socialcollab.text.networks.mastodon import find_in_mastodon
from socialcollab.text.networks.x import find_in_x
from socialcollab.text.tables import unicode as table
from socialcollab.text.url import find_links


@cache
def _mention() -> re.Pattern[str]:
    return re.compile(f"(?<![@/.{word_class()}])@([A-Za-z0-9_]++(?:\\.[A-Za-z0-9_]++)*+)(?!@)")


@cache
def _hashtag() -> re.Pattern[str]:
    return re.compile(f"(?<![&/{word_class()}])[#\uff03]([{word_class()}]++)")


@cache
def _letter() -> re.Pattern[str]:
    return re.compile(f"[{char_class(table.LETTER_OR_MARK)}]")


def _hashtags(text: str) -> Iterator[Entity]:
    for match in _hashtag().finditer(text):
        if _letter().search(match.group(1)):
            yield Entity("hashtag", match.group(), match.start(), match.end())


def find_in_other_networks(text: str) -> tuple[Entity, ...]:
    """
    Find links, mentions and hashtags, using the rules that all networks have in common.

    Facebook, Instagram and LinkedIn publish no grammar. Their user names may
    contain dots.
    """
    candidates: list[Entity] = []
    if "@" in text:
        candidates += (
            Entity("mention", match.group(), match.start(), match.end())
            for match in _mention().finditer(text)
        )
    candidates += (
        Entity("url", text[link.start : link.end], link.start, link.end)
        for link in find_links(text)
    )
    if "#" in text or "\uff03" in text:
        candidates += _hashtags(text)
    return without_overlaps(candidates) if candidates else ()


_FINDERS: Mapping[str, Callable[[str], tuple[Entity, ...]]] = {
    "bluesky": find_in_bluesky,
    "mastodon": find_in_mastodon,
    "x": find_in_x,
}


def entities(network: str | NetworkDescription, text: str) -> tuple[Entity, ...]:
    """
    Find the entities that *network* recognises in *text*, in order and without overlaps.

    Positions are code point offsets. For a network that is not built in, the rules
    that all networks have in common are used.

    >>> [each.text for each in entities("x", "De #lente is er @tulipair tulip.nl")]
    ['#lente', '@tulipair', 'tulip.nl']

    Raises:
        InvalidValueError: If *network* is not the name of a built-in or installed network.
    """
    description = description_of(network)
    candidates = _FINDERS.get(description.name, find_in_other_networks)(text)
    if all(entity.kind in description.entities for entity in candidates):
        return candidates
    return tuple(entity for entity in candidates if entity.kind in description.entities)
