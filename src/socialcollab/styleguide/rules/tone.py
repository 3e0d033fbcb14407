"""SG112: exclamation marks, capitals and long sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

import attrs

from socialcollab.content import Finding
from socialcollab.document_fields import as_words
from socialcollab.styleguide.kinds.parts import parts_of
from socialcollab.styleguide.lint_input import LintInput, TextSpan
from socialcollab.styleguide.rules.settings import as_optional_limit

_MARKS: Final = re.compile(r"[!¡\uff01](?:[!?¡\uff01]*)")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHORTEST: Final = 4


def _upper(values: str | tuple[str, ...] | list[str]) -> frozenset[str]:
    return frozenset(value.upper() for value in as_words(values))


@attrs.frozen(kw_only=True)
class Tone:
    """
    Report many exclamation marks, words in capitals, and sentences that are too long.

    What it does:
        The rule looks at the prose of a post, without links, mentions and hashtags. Without
        settings, it reports nothing. Words of up to three letters and the listed abbreviations may
        be written in capitals.

    Why it matters:
        Capitals and exclamation marks read as shouting. Long sentences are hard to read on a phone.

    Example:
        text = "NIEUW!!! Boek nu GOEDKOOP naar Lissabon!"
        guide = '''
        [rules.SG112]
        exclamation_marks = 1
        capital_words = 0
        '''

    Instead:
        text = "Nieuw: boek nu je vlucht naar Lissabon!"
        guide = '''
        [rules.SG112]
        exclamation_marks = 1
        capital_words = 0
        '''

    Source:
        gov.uk/guidance/content-design/writing-for-gov-uk, read 2026-11-30, for sentences of up to 25
        words.

    Attributes:
        exclamation_marks: The maximum number of exclamation marks in each text, or no limit.
        capital_words: The maximum number of words in capitals in each text, or no limit.
        abbreviations: Words that may be written in capitals.
        sentence_words: The maximum number of words in a sentence, or no limit.
    """

    code: ClassVar[str] = "SG112"

    exclamation_marks: int | None = attrs.field(default=None, converter=as_optional_limit)
    capital_words: int | None = attrs.field(default=None, converter=as_optional_limit)
    abbreviations: frozenset[str] = attrs.field(default=frozenset(), converter=_upper)
    sentence_words: int | None = attrs.field(default=None, converter=as_optional_limit)

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report the first place above each limit, and every sentence that is too long."""
        if (self.exclamation_marks, self.capital_words, self.sentence_words) == (None, None, None):
            return
        for span in draft.spans:
            text = draft.masked(span)
            yield from self._exclamations(span, text)
            yield from self._capitals(span, text)
            yield from self._sentences(span, text)

    def _exclamations(self, span: TextSpan, text: str) -> Iterator[Finding]:
        if self.exclamation_marks is None:
            return
        count = 0
        for found in _MARKS.finditer(text):
            count += len(found[0].replace("?", ""))
            if count > self.exclamation_marks:
                total = sum(text.count(mark) for mark in "!¡\uff01")
                params: dict[str, object] = {"count": total, "limit": self.exclamation_marks}
                yield self._finding("exclamation_marks", span, *found.span(), params)
                return

    def _capitals(self, span: TextSpan, text: str) -> Iterator[Finding]:
        if self.capital_words is None:
            return
        found = [
            each
            for each in _WORD.finditer(text)
            if len(each[0]) >= _SHORTEST and each[0].isupper() and each[0] not in self.abbreviations
        ]
        if len(found) > self.capital_words:
            first = found[self.capital_words]
            params: dict[str, object] = {"word": first[0]}
            yield self._finding("capital_words", span, *first.span(), params)

    def _sentences(self, span: TextSpan, text: str) -> Iterator[Finding]:
        if self.sentence_words is None:
            return
        for start, end in parts_of(text, "sentence"):
            count = sum(1 for _ in _WORD.finditer(text, start, end))
            if count > self.sentence_words:
                params: dict[str, object] = {"count": count, "limit": self.sentence_words}
                yield self._finding("sentence_words", span, start, end, params)

    def _finding(
        self, kind: str, span: TextSpan, start: int, end: int, params: dict[str, object]
    ) -> Finding:
        return Finding(
            code=self.code,
            message_code=f"SG112.{kind}",
            params=params,
            field=span.field,
            start=start,
            end=end,
            profile=span.profile,
        )
