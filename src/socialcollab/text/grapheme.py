"""Split a text into graphemes, which readers perceive as single characters."""

from __future__ import annotations

import re
from functools import cache

from socialcollab.text.characters import char_class
from socialcollab.text.tables import unicode as table

# The scripts of the first supplementary plane, before the pictographs. They would add many
# ranges to a character class, which the regex engine tries one after the other. Patterns for
# texts without these scripts therefore omit them.
_RARE_FIRST, _RARE_LAST = 0x10000, 0x1EFFF
_RARE = re.compile("[\U00010000-\U0001efff]")


def _common(words: str) -> str:
    return " ".join(
        word
        for word in words.split()
        if not _RARE_FIRST <= int(word.partition("-")[0], 16) <= _RARE_LAST
    )


@cache
def _cluster(*, rare: bool) -> re.Pattern[str]:
    def among(words: str) -> str:
        return char_class(words if rare else _common(words))

    # Every quantifier is possessive or followed by a character that it cannot match. Otherwise,
    # a malicious text could cause backtracking in quadratic or exponential time.
    control = among(table.CONTROL)
    extend = among(table.EXTEND)
    prepend = among(table.PREPEND)
    spacing = among(table.SPACING)
    lead, vowel, tail = (among(each) for each in (table.HANGUL_L, table.HANGUL_V, table.HANGUL_T))
    consonant = among(table.CONJUNCT_CONSONANT)
    joining = among(table.CONJUNCT_EXTEND)
    linker = among(table.CONJUNCT_LINKER)
    picture = among(table.PICTOGRAPHIC)
    regional = among(table.REGIONAL)
    # Rule GB9c, as of Unicode 18: a consonant joins the linker before it.
    conjunct = f"[{joining}]*+[{consonant}]"
    # Among the precomposed Hangul syllables, every 28th from AC00 is LV, and all others are LVT.
    syllable = "\uac00-\ud7a3"
    open_syllable = "".join(map(chr, range(0xAC00, 0xD7A4, 28)))
    core = (
        f"[{lead}]*+(?:[{open_syllable}][{vowel}]*+|[{syllable}]|[{vowel}]++)[{tail}]*+"
        f"|[{lead}]++|[{tail}]++"
        f"|[{regional}]{{2}}"
        f"|[{picture}](?:[{extend}]*+\u200d[{picture}])*+"
        f"|[{linker}](?:{conjunct})?+"
        f"|[^{control}\r\n]"
    )
    # A few linkers always begin a grapheme and never continue one. They are not in `extend`.
    after = f"[{linker}](?<=[{extend}])(?:{conjunct})?+|[{extend}\u200d{spacing}]"
    return re.compile(f"\r\n|[{control}\r\n]|[{prepend}]*(?:{core})(?:{after})*+", re.DOTALL)


@cache
def _run() -> re.Pattern[str]:
    # If a grapheme contains two characters, at least one of them belongs to this class. It contains
    # all rare scripts as a single range, which the engine tests quickly.
    joins = char_class(
        *map(
            _common,
            (
                table.EXTEND,
                table.PREPEND,
                table.SPACING,
                table.HANGUL_L,
                table.HANGUL_V,
                table.HANGUL_T,
                table.REGIONAL,
                table.CONJUNCT_LINKER,
            ),
        )
    )
    joins = f"{joins}\u200d\n\U00010000-\U0001efff"
    # The first class has no quantifier, so the engine can search for it directly.
    return re.compile(f"[{joins}][{joins}]*+(?:[^{joins}][{joins}]++)*+[^{joins}]?+")


def _splitter(text: str) -> re.Pattern[str]:
    return _cluster(rare=_RARE.search(text) is not None)


def graphemes(text: str) -> tuple[str, ...]:
    """
    Split *text* into extended grapheme clusters.

    >>> graphemes("a👍🏽🇳🇱")
    ('a', '👍🏽', '🇳🇱')

    Source:
        Unicode Standard Annex 29, section 3, extended grapheme clusters.
    """
    if text.isascii() and "\r\n" not in text:
        return tuple(text)
    return tuple(_splitter(text).findall(text))


def grapheme_count(text: str) -> int:
    """
    Count the extended grapheme clusters of *text*.

    >>> grapheme_count("👨‍👩‍👧 thuis")
    7

    Source:
        Unicode Standard Annex 29, section 3, extended grapheme clusters.
    """
    if text.isascii():
        return len(text) - text.count("\r\n")
    count = len(text)
    split = None
    done = 0
    # Only runs of characters that may join are split. Every other character counts as one.
    for run in _run().finditer(text):
        split = split or _splitter(text).findall
        start, end = run.span()
        if start > done:
            # The grapheme may begin with the character before the run.
            start -= 1
        count -= end - start - len(split(text, start, end))
        done = end
    return count
