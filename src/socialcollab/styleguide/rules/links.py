"""SG109: the links of a post."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final
from urllib.parse import parse_qsl

import attrs

from socialcollab.content import Finding
from socialcollab.document_fields import as_words
from socialcollab.styleguide.lint_input import LintInput
from socialcollab.styleguide.rules.settings import as_flag
from socialcollab.text import host_of

# Services whose addresses do not show where they lead.
SHORTENERS: Final = frozenset(
    "bit.ly buff.ly cutt.ly dlvr.it goo.gl is.gd ow.ly rb.gy rebrand.ly shorturl.at t.ly tiny.cc tinyurl.com".split()  # noqa: SIM905
)


def _domains(values: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return tuple(value.casefold().removeprefix("www.") for value in as_words(values))


@attrs.frozen(kw_only=True)
class Links:
    """
    Report links to other domains than allowed, without encryption, shortened or without campaign.

    What it does:
        The rule looks at the links in the texts and at the links that are published with the post.
        Without settings, it reports nothing. A domain includes its subdomains.

    Why it matters:
        A wrong link sends readers to a competitor or to a page that no longer exists. A shortened
        link hides where it leads, and a link without campaign parameters cannot be measured.

    Example:
        network = "bluesky"
        text = "Boek nu: http://tulip.example/lissabon"
        guide = '''
        [rules.SG109]
        https = true
        shorteners = false
        '''

    Instead:
        network = "bluesky"
        text = "Boek nu: https://tulip.example/lissabon"
        guide = '''
        [rules.SG109]
        https = true
        shorteners = false
        '''

    Source:
        support.google.com/analytics/answer/10917952, read 2026-11-30, for campaign parameters.

    Attributes:
        allow: The domains to which links may lead; all if empty.
        deny: Domains to which links must not lead.
        https: Whether links must be encrypted.
        shorteners: Whether shortened links may be used.
        utm: The parameters that links to *own* must have, such as ``utm_source``.
        own: The team's own domains, to which *utm* applies.
    """

    code: ClassVar[str] = "SG109"

    allow: tuple[str, ...] = attrs.field(default=(), converter=_domains)
    deny: tuple[str, ...] = attrs.field(default=(), converter=_domains)
    https: bool = attrs.field(default=False, converter=as_flag)
    shorteners: bool = attrs.field(default=True, converter=as_flag)
    utm: tuple[str, ...] = attrs.field(default=(), converter=as_words)
    own: tuple[str, ...] = attrs.field(default=(), converter=_domains)

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report each problem of each link."""
        for span in draft.spans:
            for entity in draft.entities_of(span):
                if entity.kind == "url":
                    for kind, params in self._problems(entity.text):
                        yield Finding(
                            code=self.code,
                            message_code=f"SG109.{kind}",
                            params=params,
                            field=span.field,
                            start=entity.start,
                            end=entity.end,
                            fix=_encrypted(entity.text) if kind == "https" else None,
                            profile=span.profile,
                        )
        for link in draft.addresses:
            for kind, params in self._problems(link):
                yield Finding(
                    code=self.code, message_code=f"SG109.{kind}", params=params, field="links"
                )

    def _problems(self, link: str) -> Iterator[tuple[str, dict[str, object]]]:
        host = host_of(link).removeprefix("www.")
        if not host and self.allow:
            yield "invalid", {"link": link}
        elif _belongs(host, self.deny) or (self.allow and not _belongs(host, self.allow)):
            yield "domain", {"link": link, "domain": host}
        if self.https and link.strip().lower().startswith("http:"):
            yield "https", {"link": link}
        if not self.shorteners and host in SHORTENERS:
            yield "shortener", {"link": link, "domain": host}
        if self.utm and _belongs(host, self.own):
            given = dict(parse_qsl(link.partition("?")[2].partition("#")[0]))
            missing = [name for name in self.utm if name not in given]
            if missing:
                yield "utm", {"link": link, "missing": ", ".join(missing)}


def _belongs(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _encrypted(link: str) -> str:
    return f"https://{link.partition('://')[2]}"
