"""Find the entities that the official Bluesky client recognises, and convert them to facets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import attrs

from socialcollab.directory import EntityKind
from socialcollab.text.characters import char_class
from socialcollab.text.entity import Entity, without_overlaps
from socialcollab.text.grapheme import grapheme_count
from socialcollab.text.tables import unicode as table
from socialcollab.text.url import is_domain, top_level

_LONGEST_TAG = 64  # in graphemes; lexicon app.bsky.richtext.facet, read 2026-11-22

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
def _more_than_digits() -> re.Pattern[str]:
    return re.compile(f"[^0-9{char_class(table.PUNCTUATION)}]")


def _urls(text: str) -> Iterator[Entity]:
    for match in _URL.finditer(text):
        url = match.group()
        # Bluesky treats schemes and top-level domains as case-sensitive, so neither `HTTP://` nor
        # `Partei.Es` is a link.
        if not url.startswith(("http://", "https://")):
            domain = _DOMAIN.match(url)
            if domain is None or domain.group().rpartition(".")[2] not in top_level():
                continue
        if url[-1] in ".,;:!?":
            url = url[:-1]
        if url.endswith(")") and "(" not in url:
            url = url[:-1]
        yield Entity("url", url, match.start(), match.start() + len(url))


def _mentions(text: str) -> Iterator[Entity]:
    for match in _MENTION_RUN.finditer(text):
        handle = match.group(1).rstrip(".-")
        if _is_handle(handle):
            yield Entity("mention", f"@{handle}", match.start(), match.start() + 1 + len(handle))


def _is_handle(handle: str) -> bool:
    ending = handle.rpartition(".")[2]
    return ending == "test" or (ending == ending.lower() and is_domain(handle))


def _hashtags(text: str) -> Iterator[Entity]:
    for match in _TAG.finditer(text):
        tag = match.group(1)
        end = len(tag)
        while end and _trailing().match(tag, end - 1):
            end -= 1
        tag = tag[:end]
        if tag and _more_than_digits().search(tag) and grapheme_count(tag) <= _LONGEST_TAG:
            yield Entity(
                "hashtag", text[match.start()] + tag, match.start(), match.start() + 1 + end
            )


def find_in_bluesky(text: str) -> tuple[Entity, ...]:
    """
    Find links, mentions, hashtags and cashtags according to the rules of Bluesky's client.

    Source:
        bluesky-social/atproto packages/api, rich-text-detection tests at d6296a1c,
        read 2026-11-22.
    """
    entities: list[Entity] = []
    if "@" in text:
        entities += _mentions(text)
    if "." in text or "://" in text:
        entities += _urls(text)
    if "#" in text or "\uff03" in text:
        entities += _hashtags(text)
    if "$" in text:
        entities += (
            Entity("cashtag", match.group(), match.start(), match.end())
            for match in _CASHTAG.finditer(text)
        )
    return without_overlaps(entities) if entities else ()


@attrs.frozen
class Facet:
    """
    A link, mention or tag in a Bluesky post, in the format of the post record.

    Attributes:
        kind: The kind of entity.
        value: The link with its scheme, or the handle or tag without its symbol.
        byte_start: The offset of its first byte in the UTF-8 text.
        byte_end: The offset of the byte after its last byte.
    """

    kind: EntityKind
    value: str
    byte_start: int
    byte_end: int


def facets(text: str) -> tuple[Facet, ...]:
    """
    Return the facets of a Bluesky post, whose positions are byte offsets in the UTF-8 text.

    >>> facets("🌷 tulip.nl")
    (Facet(kind='url', value='https://tulip.nl', byte_start=5, byte_end=13),)

    Source:
        Lexicon app.bsky.richtext.facet, read 2026-11-22.
    """
    parts: list[Facet] = []
    position = offset = 0
    for entity in find_in_bluesky(text):
        offset += _size_bytes(text[position : entity.start])
        position = entity.start
        value = entity.text
        if entity.kind == "url":
            value = value if "://" in value[:8] else f"https://{value}"
        elif entity.kind == "cashtag":
            value = value.upper()
        else:
            value = value[1:]
        parts.append(Facet(entity.kind, value, offset, offset + _size_bytes(entity.text)))
    return tuple(parts)


def _size_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
