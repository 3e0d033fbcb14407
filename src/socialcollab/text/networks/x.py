"""Find the entities that X recognises in a text, and compute its weighted length on X."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from socialcollab.text.characters import char_class, word_class
from socialcollab.text.entity import Entity, without_overlaps
from socialcollab.text.tables import unicode as table
from socialcollab.text.url import find_links

_MENTION = re.compile(
    r"(?:(?<![A-Za-z0-9_!#$%&*@\uff20+~.-])|(?<=(?<![A-Za-z0-9_+~.-])[rR][tT])"
    r"|(?<=(?<![A-Za-z0-9_+~.-])[rR][tT]:)|(?<=[+~.-])(?<![A-Za-z0-9_!#$%&*@\uff20]))"
    r"[@\uff20]([A-Za-z0-9_]{1,20}+)(/[A-Za-z][A-Za-z0-9_-]{0,24}+)?+"
    r"(?![@\uff20\u00c0-\u024f]|://)"
)
_CASHTAG = re.compile(
    r"(?<![^\s\u202a-\u202e\u061c\u2066-\u2069\u200e\u200f])"
    r"\$[A-Za-z]{1,6}+(?:[._][A-Za-z]{1,2}+)?+(?![^\s!-/:-@\[-`{-~])"
)

# twitter-text, hashtagSpecialChars: characters that join words in several scripts.
_SPECIAL = "\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\u00b7"


@cache
def _hashtag() -> re.Pattern[str]:
    word = word_class() + _SPECIAL
    return re.compile(
        f"(?:(?<![&{word}])|(?<=[\ufe0e\ufe0f]))[#\uff03](?![\ufe0f\u20e3])([{word}]++)(?![#\uff03]|://)"
    )


@cache
def _letter() -> re.Pattern[str]:
    return re.compile(f"[{char_class(table.LETTER_OR_MARK)}]")


def _hashtags(text: str) -> Iterator[Entity]:
    for match in _hashtag().finditer(text):
        if _letter().search(match.group(1)):
            yield Entity("hashtag", match.group(), match.start(), match.end())


def _mentions(text: str) -> Iterator[Entity]:
    for match in _MENTION.finditer(text):
        # `@user/list` refers to a list and does not mention the user.
        if match.group(2) is None:
            yield Entity("mention", match.group(), match.start(), match.end())


def find_in_x(text: str) -> tuple[Entity, ...]:
    """
    Find links, mentions, hashtags and cashtags according to X's rules.

    Source:
        twitter-text, conformance/extract.yml, commit 30e2430d, read 2026-11-22.
    """
    links = [
        Entity("url", text[link.start : link.end], link.start, link.end)
        for link in find_links(text, on_x=True)
    ]
    entities = list(links)
    if "@" in text or "\uff20" in text:
        entities += _mentions(text)
    if "#" in text or "\uff03" in text:
        entities += _hashtags(text)
    if "$" in text:
        entities += (
            Entity("cashtag", match.group(), match.start(), match.end())
            for match in _CASHTAG.finditer(text)
        )
    return without_overlaps(entities) if len(entities) > len(links) else tuple(links)


# twitter-text config v3: the ranges in this negated class have weight one, all other characters
# have weight two.
_HEAVY = re.compile("[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]++")
_KEYCAP = re.compile("[0-9#*]\ufe0f?+\u20e3|[\u00a9\u00ae]\ufe0f")
# Composing a run of combining marks takes quadratic time, so a malicious text could block the
# process. Natural texts have no more than 30 combining marks in a row (Unicode Standard
# Annex 15, section 13).
_LONG_MARKS = 64


@cache
def _marks() -> re.Pattern[str]:
    return re.compile(f"[{char_class(table.MARK)}]{{{_LONG_MARKS},}}")


# The emoji above U+FFFF that are shown in colour by default but also have a text form.
_TEXT_FORMS = "1f004 1f21a 1f22f"


def _points(words: str, *, drop: frozenset[str] = frozenset()) -> str:
    return char_class(" ".join(word for word in words.split() if word not in drop))


@cache
def _emoji_run() -> re.Pattern[str]:
    """
    Match a run of characters that may be emoji.

    Searching for this pattern is fast. Only the runs are searched for whole emoji, which is slow.
    """
    low = [word for word in table.EMOJI.split() if len(word.partition("-")[0]) == 4]
    # Each range above U+FFFF is compared with every character of a text, so one wide range is
    # faster than many exact ones.
    one = f"[{_points(' '.join(low))}\u200d\ufe0e\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f]"
    # Searching for a pattern that starts with a repetition is slow.
    return re.compile(f"{one}{one}*+")


@cache
def _emoji() -> re.Pattern[str]:
    # twitter-text counts a variation selector with the emoji only if the emoji has a text form.
    drop = frozenset(("a9", "ae", "1f1e6-1f1ff", "1f3fb-1f3ff"))
    emoji = _points(table.EMOJI, drop=drop)
    text_forms = _points(f"{table.TEXT_EMOJI} {_TEXT_FORMS}", drop=drop)
    bases = _points(table.EMOJI_BASE)
    one = (
        f"[{emoji}](?!\ufe0e)(?:(?<=[\u203c-\u3299{text_forms}])\ufe0f)?+"
        f"(?:(?:(?<=[{bases}])|(?<=[{bases}]\ufe0f))[\U0001f3fb-\U0001f3ff])?+"
    )
    return re.compile(
        "\U0001f3f4[\U000e0020-\U000e007e]++\U000e007f"
        f"|{one}(?:\u200d{one})*+"
        "|[\U0001f1e6-\U0001f1ff]{2}|[\U0001f3fb-\U0001f3ff]"
    )


def _composed(text: str) -> str:
    if unicodedata.is_normalized("NFC", text) or _marks().search(text):
        return text
    return unicodedata.normalize("NFC", text)


def weighted_length(text: str, *, url_weight: int = 23) -> int:
    """
    Return the length of *text* on X.

    Characters of many scripts count as one. All other characters and emoji count as
    two, and every link counts as *url_weight*. X counts the composed form (NFC) of a
    text. A text with 64 or more combining marks in a row is not composed.

    >>> weighted_length("Lees meer: tulip.nl/voorjaar")
    34

    Source:
        twitter-text, config/v3.json, commit 30e2430d, read 2026-11-22.
    """
    if text.isascii():
        if "." not in text:
            return len(text)
    else:
        text = _composed(text)
    length = 0
    kept: list[str] = []
    done = 0
    for link in find_links(text, on_x=True):
        length += url_weight - 1
        kept.append(text[done : link.start])
        done = link.end
    # Each link is replaced with a line break, so that the characters around it do not combine.
    rest = "\n".join([*kept, text[done:]]) if kept else text
    if rest.isascii():
        return length + len(rest)
    count = 0

    def without_emoji(run: re.Match[str]) -> str:
        nonlocal count
        other, emoji = _emoji().subn("", run.group())
        count += emoji
        return other

    if "\u20e3" in rest or "\ufe0f" in rest:
        rest, count = _KEYCAP.subn("", rest)
    rest = _emoji_run().sub(without_emoji, rest)
    return length + 2 * count + len(rest) + len("".join(_HEAVY.findall(rest)))
