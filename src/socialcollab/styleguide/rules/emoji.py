"""SG108: the emoji of a post."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

import attrs

from socialcollab.content import Finding
from socialcollab.document_fields import as_words
from socialcollab.styleguide.lint_input import LintInput, TextSpan
from socialcollab.styleguide.rules.settings import as_flag, as_optional_limit
from socialcollab.text import find_emoji

_STYLE: Final = "\ufe0f"
_TONE: Final = re.compile("[\U0001f3fb-\U0001f3ff]")


def _plain(emoji: str) -> str:
    return _TONE.sub("", emoji).replace(_STYLE, "")


def _all_plain(values: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return tuple(_plain(value) for value in as_words(values))


@attrs.frozen(kw_only=True)
class Emoji:
    """
    Report too many emoji, emoji that must not be used, and emoji between words.

    What it does:
        The rule finds emoji as readers see them: a family or a flag is one. Without settings, it
        reports nothing. Skin tones are ignored when emoji are compared.

    Why it matters:
        A screen reader reads the name of every emoji aloud. Emoji in the middle of a sentence
        interrupt it, and several in a row are hard to listen to. Some have a second meaning.

    Example:
        text = "De 🌷 lente 🌷🌷🌷 is er"
        guide = '''
        [rules.SG108]
        at_most = 3
        at_end = true
        '''

    Instead:
        text = "De lente is er 🌷"
        guide = '''
        [rules.SG108]
        at_most = 3
        at_end = true
        '''

    Source:
        Unicode Technical Standard 51, for what is an emoji, read 2026-11-30.

    Attributes:
        at_most: The maximum number of emoji in each text, or no limit.
        only: The emoji that may be used; all if empty.
        banned: Emoji that must not be used.
        at_end: Whether emoji must be at the end of a line.
        no_skin_tone: Whether emoji must have no skin tone.
    """

    code: ClassVar[str] = "SG108"

    at_most: int | None = attrs.field(default=None, converter=as_optional_limit)
    only: tuple[str, ...] = attrs.field(default=(), converter=_all_plain)
    banned: tuple[str, ...] = attrs.field(default=(), converter=_all_plain)
    at_end: bool = attrs.field(default=False, converter=as_flag)
    no_skin_tone: bool = attrs.field(default=False, converter=as_flag)

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report the emoji in the order of each text."""
        settings = (self.only, self.banned, self.at_end, self.no_skin_tone)
        if self.at_most is None and settings == ((), (), False, False):
            return
        for span in draft.spans:
            found = find_emoji(span.text)
            if self.at_most is not None and len(found) > self.at_most:
                params: dict[str, object] = {"count": len(found), "limit": self.at_most}
                yield self._finding("count", span, found[self.at_most], params)
            inside = _followed_by_words(draft.masked(span), found) if self.at_end else ()
            for start, end in found:
                emoji = span.text[start:end]
                fix = None
                if self._is_banned(emoji):
                    kind = "banned"
                elif self.no_skin_tone and _TONE.search(emoji):
                    kind, fix = "skin_tone", _TONE.sub("", emoji)
                elif start in inside:
                    kind = "inside"
                else:
                    continue
                yield self._finding(kind, span, (start, end), {"emoji": emoji}, fix=fix)

    def _is_banned(self, emoji: str) -> bool:
        plain = _plain(emoji)
        return plain in self.banned or (bool(self.only) and plain not in self.only)

    def _finding(
        self,
        kind: str,
        span: TextSpan,
        place: tuple[int, int],
        params: dict[str, object],
        *,
        fix: str | None = None,
    ) -> Finding:
        start, end = place
        return Finding(
            code=self.code,
            message_code=f"SG108.{kind}",
            params=params,
            field=span.field,
            start=start,
            end=end,
            fix=fix,
            profile=span.profile,
        )


_LETTER: Final = re.compile(r"[^\W_]")


def _followed_by_words(text: str, emoji: Iterable[tuple[int, int]]) -> frozenset[int]:
    """Return where the emoji begin that a letter or digit follows on the same line."""
    starts, last_letters = [], []
    start = 0
    for line in text.split("\n"):
        starts.append(start)
        last = max((found.start() for found in _LETTER.finditer(line)), default=-1)
        last_letters.append(start + last)
        start += len(line) + 1
    return frozenset(
        begin for begin, end in emoji if end <= last_letters[bisect_right(starts, begin) - 1]
    )
