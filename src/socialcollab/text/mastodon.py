"""Find the entities that Mastodon recognises in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from socialcollab.text import unicode_table as table
from socialcollab.text.characters import char_class, host_class, word_class
from socialcollab.text.entity import Entity, without_overlaps
from socialcollab.text.url import find_links

_SEPARATORS = "\u00b7\u30fb\u200c"


@cache
def _mention() -> re.Pattern[str]:
    host = f"[^{host_class()}]"
    return re.compile(
        f"(?<![=/{word_class()}])@([A-Za-z0-9_]++(?:[.-]++[A-Za-z0-9_]++)*+)"
        f"(@(?:{host}++(?:\\.{host}++)++))?+(?!@)"
    )


@cache
def _hashtag() -> re.Pattern[str]:
    return re.compile(
        f"(?<![=/)&{word_class()}])[#\uff03]([{word_class()}][{word_class()}{_SEPARATORS}]*+)"
    )


@cache
def _letter() -> re.Pattern[str]:
    return re.compile(f"[_{char_class(table.LETTER_OR_MARK)}]")


def local_part(mention: str) -> str:
    """
    Return the ``@user`` part of ``@user@host``, because Mastodon does not count the host.

    >>> local_part("@bob@example.com")
    '@bob'
    """
    name, _, _ = mention[1:].partition("@")
    return f"@{name}"


def _hashtags(text: str) -> Iterator[Entity]:
    for match in _hashtag().finditer(text):
        tag = match.group().rstrip(_SEPARATORS)
        if _letter().search(tag):
            yield Entity("hashtag", tag, match.start(), match.start() + len(tag))


def find_in_mastodon(text: str) -> tuple[Entity, ...]:
    """
    Find links, mentions and hashtags with the rules of Mastodon.

    Links may be in any script, with or without a scheme.

    Source:
        mastodon/mastodon, counter.test.ts at f062d4ba and tag_spec.rb at 03006bdf,
        read 2026-11-22.
    """
    entities: list[Entity] = []
    if "@" in text:
        entities += (
            Entity("mention", match.group(), match.start(), match.end())
            for match in _mention().finditer(text)
        )
    entities += (
        Entity("url", text[link.start : link.end], link.start, link.end)
        for link in find_links(text, every_script=True)
    )
    if "#" in text or "\uff03" in text:
        entities += _hashtags(text)
    return without_overlaps(entities) if entities else ()
