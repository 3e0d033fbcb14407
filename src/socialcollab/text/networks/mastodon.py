"""Find the entities that Mastodon recognises in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from socialcollab.text.characters import char_class, host_class, word_class
from socialcollab.text.entity import Entity, without_overlaps
from socialcollab.text.tables import unicode as table
from socialcollab.text.url import PathRules, brackets, find_links

_SPACES = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_PATH_INSIDE = "!*\"'\u300c\u300d;:=,.$%\\[\\]~&|@"
_BRACKETS = brackets(f"[^{_SPACES}<>()?]")
_OTHER_SCRIPTS = "\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U0010fffd"
# Mastodon accepts letters of all scripts in paths and queries (twitter_regex.rb at 3272c6b0).
_PATHS = PathRules(
    path=re.compile(f"/(?:[{_PATH_INSIDE}]*+(?:[^{_PATH_INSIDE}{_SPACES}<>()?]++|{_BRACKETS}))*+"),
    query=re.compile(f"\\?(?:[!?*'();:+$%\\[\\].,~|@^]*+[a-zA-Z0-9_&=#/{_OTHER_SCRIPTS}-]++)++"),
)
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
    Find links, mentions and hashtags according to Mastodon's rules.

    Links may be in any script, with or without a scheme.

    Source:
        mastodon/mastodon, counter.test.ts at f062d4ba, tag_spec.rb at 03006bdf and
        twitter_regex.rb at 3272c6b0, read 2026-11-30.
    """
    entities: list[Entity] = []
    if "@" in text:
        entities += (
            Entity("mention", match.group(), match.start(), match.end())
            for match in _mention().finditer(text)
        )
    entities += (
        Entity("url", text[link.start : link.end], link.start, link.end)
        for link in find_links(text, every_script=True, paths=_PATHS)
    )
    if "#" in text or "\uff03" in text:
        entities += _hashtags(text)
    return without_overlaps(entities) if entities else ()
