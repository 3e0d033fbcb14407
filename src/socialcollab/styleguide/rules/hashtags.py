"""SG106: the hashtags of a post."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

import attrs

from socialcollab.content import Finding
from socialcollab.document_fields import as_words
from socialcollab.styleguide.lint_input import LintInput, TextSpan
from socialcollab.styleguide.rules.settings import as_limit, as_optional_limit
from socialcollab.text import Entity

_SIGNS: Final = "#\uff03"
_HUMP: Final = re.compile(r"[^\W\d_A-Z][A-Z]|\d")


def _plain(tag: str) -> str:
    return tag.lstrip(_SIGNS).casefold()


def _plain_tags(tags: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return tuple(_plain(tag) for tag in as_words(tags))


@attrs.frozen(kw_only=True)
class Hashtags:
    """
    Report too many, forbidden and missing hashtags, and long hashtags without capitals.

    What it does:
        The rule looks at the hashtags that the target networks recognise. Without settings, it
        reports nothing. A hashtag of several words is only readable if each word begins with a
        capital; a machine cannot see the words, so the rule reports long hashtags without any.

    Why it matters:
        Many hashtags look like spam, and some belong to campaigns or to other brands. Screen
        readers spell a hashtag without capitals, or read it as one word.

    Example:
        network = "x"
        text = "Kom naar de tulpen! #lente #tulpen #keukenhof #voorjaarsvakantie"
        guide = '''
        [rules.SG106]
        at_most = 2
        capitals_from = 15
        '''

    Instead:
        network = "x"
        text = "Kom naar de tulpen! #lente #VoorjaarsVakantie"
        guide = '''
        [rules.SG106]
        at_most = 2
        capitals_from = 15
        '''

    Source:
        W3C, Web Content Accessibility Guidelines 2.2, success criterion 3.1.5, for readable words.

    Attributes:
        at_most: The maximum number of hashtags in each text, or no limit.
        banned: Hashtags that must not be used, with or without the sign.
        required: Hashtags of which each text must contain one.
        capitals_from: The number of letters from which a hashtag needs a capital inside; 0 for
            never.
    """

    code: ClassVar[str] = "SG106"

    at_most: int | None = attrs.field(default=None, converter=as_optional_limit)
    banned: tuple[str, ...] = attrs.field(default=(), converter=_plain_tags)
    required: tuple[str, ...] = attrs.field(default=(), converter=_plain_tags)
    capitals_from: int = attrs.field(default=0, converter=as_limit)

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report the hashtags of each text, and texts without a required hashtag."""
        if (self.at_most, self.banned, self.required, self.capitals_from) == (None, (), (), 0):
            return
        for span in draft.spans:
            if span.field in ("alt", "poll", "card"):
                continue
            tags = [each for each in draft.entities_of(span) if each.kind == "hashtag"]
            if self.at_most is not None and len(tags) > self.at_most:
                params: dict[str, object] = {"count": len(tags), "limit": self.at_most}
                yield self._finding("count", span, tags[self.at_most], params)
            for tag in tags:
                if _plain(tag.text) in self.banned:
                    yield self._finding("banned", span, tag, {"tag": tag.text})
                elif self._lacks_capitals(tag.text[1:]):
                    yield self._finding("capitals", span, tag, {"tag": tag.text})
            used = {_plain(tag.text) for tag in tags}
            if self.required and span.field == "text" and used.isdisjoint(self.required):
                names = " or ".join(f"#{name}" for name in self.required)
                yield self._finding("required", span, None, {"tags": names})

    def _lacks_capitals(self, name: str) -> bool:
        letters = sum(map(str.isalpha, name))
        return (
            0 < self.capitals_from <= letters
            and name.lower() != name.upper()
            and _HUMP.search(name) is None
        )

    def _finding(
        self, kind: str, span: TextSpan, tag: Entity | None, params: dict[str, object]
    ) -> Finding:
        return Finding(
            code=self.code,
            message_code=f"SG106.{kind}",
            params=params,
            field=span.field,
            start=tag.start if tag else None,
            end=tag.end if tag else None,
            profile=span.profile,
        )
