"""What Bluesky's own client reads in a text, and the facets it makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import attrs

from socialcollab.directory import EntityKind
from socialcollab.text import unicode_table as table
from socialcollab.text.characters import char_class
from socialcollab.text.entity import Entity, without_overlaps
from socialcollab.text.grapheme import grapheme_count
from socialcollab.text.url import is_domain

_LONGEST_TAG = 64  # graphemes; lexicon app.bsky.richtext.facet, read 2026-11-22

_MENTION_RUN = re.compile(r"(?<![^\s(])@([A-Za-z0-9.-]++)")
_URL = re.compile(r"(?<![^\s(])(?:https?://\S++|[a-z][a-z0-9]*+(?:\.[a-z0-9]++)++\S*+)", re.I)
_DOMAIN = re.compile(r"[a-z][a-z0-9]*+(?:\.[a-z0-9]++)++", re.I)
_INVISIBLE = "\u00ad\u2060\u200a\u200b\u200c\u200d\u20e2"
_TAG = re.compile(f"(?<!\\S)[#\uff03](?!\ufe0f)([^\\s{_INVISIBLE}]++)")
_CASHTAG = re.compile(r"(?<![^\s(])\$[A-Za-z][A-Za-z0-9]{0,4}+(?![^\s.,;:!?)\"'\u2019])")


@cache
def _trailing() -> re.Pattern[str]:
    return re.compile(f"[{char_class(table.PUNCTUATION)}]")


@cache
def _telling() -> re.Pattern[str]:
    return re.compile(f"[^0-9{char_class(table.PUNCTUATION)}]")


def _urls(text: str) -> Iterator[Entity]:
    for match in _URL.finditer(text):
        found = match.group()
        if not found.lower().startswith(("http://", "https://")):
            domain = _DOMAIN.match(found)
            if domain is None or not is_domain(domain.group()):
                continue
        if found[-1] in ".,;:!?":
            found = found[:-1]
        if found.endswith(")") and "(" not in found:
            found = found[:-1]
        yield Entity("url", found, match.start(), match.start() + len(found))


def _mentions(text: str) -> Iterator[Entity]:
    for match in _MENTION_RUN.finditer(text):
        handle = match.group(1).rstrip(".-")
        if is_domain(handle) or handle.endswith(".test"):
            yield Entity("mention", f"@{handle}", match.start(), match.start() + 1 + len(handle))


def _hashtags(text: str) -> Iterator[Entity]:
    for match in _TAG.finditer(text):
        tag = match.group(1)
        end = len(tag)
        while end and _trailing().match(tag, end - 1):
            end -= 1
        tag = tag[:end]
        if tag and _telling().search(tag) and grapheme_count(tag) <= _LONGEST_TAG:
            yield Entity(
                "hashtag", text[match.start()] + tag, match.start(), match.start() + 1 + end
            )


def find_in_bluesky(text: str) -> tuple[Entity, ...]:
    """
    Find links, mentions, hashtags and cashtags as Bluesky's client does.

    Source:
        bluesky-social/atproto packages/api, rich-text-detection tests at d6296a1c,
        read 2026-11-22.
    """
    found: list[Entity] = []
    if "@" in text:
        found += _mentions(text)
    if "." in text or "://" in text:
        found += _urls(text)
    if "#" in text or "\uff03" in text:
        found += _hashtags(text)
    if "$" in text:
        found += (
            Entity("cashtag", match.group(), match.start(), match.end())
            for match in _CASHTAG.finditer(text)
        )
    return without_overlaps(found) if found else ()


@attrs.frozen
class Facet:
    """
    A stretch of a Bluesky post that is active, as the record stores it.

    Attributes:
        kind: What it is.
        value: The link with its scheme, the handle or the tag without their signs.
        byte_start: Where it starts, in bytes of UTF-8.
        byte_end: Where it ends.
    """

    kind: EntityKind
    value: str
    byte_start: int
    byte_end: int


def facets(text: str) -> tuple[Facet, ...]:
    """
    Return the active stretches of a Bluesky post, in UTF-8 bytes.

    >>> facets("🌷 tulip.nl")
    (Facet(kind='url', value='https://tulip.nl', byte_start=5, byte_end=13),)

    Source:
        Lexicon app.bsky.richtext.facet, read 2026-11-22.
    """
    found: list[Facet] = []
    place = offset = 0
    for entity in find_in_bluesky(text):
        offset += _bytes(text[place : entity.start])
        place = entity.start
        value = entity.text
        if entity.kind == "url":
            value = value if "://" in value[:8] else f"https://{value}"
        elif entity.kind == "cashtag":
            value = value.upper()
        else:
            value = value[1:]
        found.append(Facet(entity.kind, value, offset, offset + _bytes(entity.text)))
    return tuple(found)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
