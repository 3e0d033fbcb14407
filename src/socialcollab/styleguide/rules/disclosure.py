"""SG110: the disclosure of advertising."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.content import Finding
from socialcollab.document_fields import as_words
from socialcollab.styleguide.lint_input import LintInput
from socialcollab.styleguide.rules.settings import as_limit
from socialcollab.styleguide.rules.term import Avoided, Term


def _term(words: tuple[str, ...]) -> Term:
    return Term(terms=tuple(Avoided(term=word) for word in words))


@attrs.frozen(kw_only=True, slots=False)
class Disclosure:
    """
    Report posts about partners that do not say that they are advertising.

    What it does:
        The rule looks for partners: words, phrases, handles or hashtags that show that the
        post is paid. If a text contains one, it must also contain one of the markers, within its first
        characters, before readers have to open the rest. Without partners, the rule reports
        nothing.

    Why it matters:
        In many countries, paid posts must be recognisable as advertising at once. The brand and
        the agency are responsible, not only the person who posts.

    Example:
        text = "Heerlijk geslapen bij Hotel Avenida, dank voor de uitnodiging!"
        guide = '''
        [rules.SG110]
        partners = ["Hotel Avenida"]
        markers = ["#ad", "betaalde samenwerking"]
        '''

    Instead:
        text = "Betaalde samenwerking: heerlijk geslapen bij Hotel Avenida."
        guide = '''
        [rules.SG110]
        partners = ["Hotel Avenida"]
        markers = ["#ad", "betaalde samenwerking"]
        '''

    Source:
        Stichting Reclame Code, Reclamecode Social Media & Influencer Marketing, and the guide of the
        Federal Trade Commission for disclosures, both read 2026-11-30.

    Attributes:
        partners: The words that show that a post is advertising.
        markers: The words that disclose it.
        within: The number of characters within which the marker must begin.
    """

    code: ClassVar[str] = "SG110"

    partners: tuple[str, ...] = attrs.field(default=(), converter=as_words)
    markers: tuple[str, ...] = attrs.field(
        default=("#ad", "#advertentie", "betaalde samenwerking", "paid partnership", "#reclame"),
        converter=as_words,
    )
    within: int = attrs.field(default=125, converter=as_limit)
    _partners: Term = attrs.field(init=False, eq=False, repr=False)
    _markers: tuple[re.Pattern[str], ...] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_partners", _term(self.partners))
        compiled = tuple(
            re.compile(rf"(?<!\w){re.escape(marker)}(?!\w)", re.IGNORECASE)
            for marker in self.markers
        )
        object.__setattr__(self, "_markers", compiled)

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report the first partner in each text without a marker at its beginning."""
        if not self.partners:
            return
        for span in draft.spans:
            if span.field not in ("text", "first_comment"):
                continue
            hits = list(self._partners.find(span.text))
            if not hits:
                continue
            starts = [
                found.start()
                for marker in self._markers
                if (found := marker.search(span.text)) is not None
            ]
            if starts and min(starts) <= self.within:
                continue
            _, start, end = hits[0]
            yield Finding(
                code=self.code,
                message_code="SG110.late" if starts else "",
                params={
                    "partner": span.text[start:end],
                    "markers": " or ".join(f"`{marker}`" for marker in self.markers),
                    "within": self.within,
                },
                field=span.field,
                start=start,
                end=end,
                profile=span.profile,
            )
