"""What networks without a published grammar read in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from socialcollab.text import unicode_table as table
from socialcollab.text.characters import char_class, word_class
from socialcollab.text.entity import Entity, without_overlaps
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


def find_in_plain(text: str) -> tuple[Entity, ...]:
    """
    Find links, mentions and hashtags by the rules that all networks have in common.

    Facebook, Instagram and LinkedIn publish no grammar; names may hold dots there.
    """
    found: list[Entity] = []
    if "@" in text:
        found += (
            Entity("mention", match.group(), match.start(), match.end())
            for match in _mention().finditer(text)
        )
    found += (
        Entity("url", text[link.start : link.end], link.start, link.end)
        for link in find_links(text)
    )
    if "#" in text or "\uff03" in text:
        found += _hashtags(text)
    return without_overlaps(found) if found else ()
