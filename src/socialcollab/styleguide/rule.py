"""Style guide rules, and their configuration in a guide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import attrs

from socialcollab.content import Finding
from socialcollab.styleguide.lint_input import LintInput


class Rule(Protocol):
    """
    A rule of the style guide.

    A rule only reports findings. The guide determines whether the rule applies and
    how severe its findings are, and `lint` sorts the findings.
    """

    @property
    def code(self) -> str:
        """The code of the rule, such as "SG101". A code is never reused for another rule."""
        ...

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """
        Report the places where *draft* violates the rule.

        Positions are code point offsets in the text of the field. A fix replaces
        exactly the reported part of the text.
        """
        ...


def _lower(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value.casefold() for value in values)


def _set(values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)


@attrs.frozen(kw_only=True)
class ConfiguredRule:
    """
    A rule with the severity and the scope that a guide configures for it.

    Attributes:
        rule: The rule.
        severity: The severity of its findings.
        languages: The languages of the posts that the rule applies to; if empty, posts in any
            language.
        networks: The networks that the rule applies to; if empty, all networks.
        good: Texts in which the rule must find nothing.
        bad: Texts in which the rule must find something.
    """

    rule: Rule
    severity: str = "warning"
    languages: frozenset[str] = attrs.field(default=frozenset(), converter=_lower)
    networks: frozenset[str] = attrs.field(default=frozenset(), converter=_set)
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()

    def applies_to(self, draft: LintInput) -> bool:
        """
        Return whether the rule applies to *draft*.

        The language "nl" includes "nl-BE". A rule that is limited to certain
        languages also applies to posts in an unknown language.
        """
        language = draft.language.casefold()
        if (
            self.languages
            and language
            and not (language in self.languages or language.partition("-")[0] in self.languages)
        ):
            return False
        return (
            not self.networks
            or not draft.targets
            or any(target.network.name in self.networks for target in draft.targets)
        )

    def check(self, draft: LintInput) -> Iterable[Finding]:
        """Report the findings of the rule in *draft*, with the configured severity."""
        if not self.applies_to(draft):
            return
        excluded = {
            target.profile
            for target in draft.targets
            if self.networks and target.network.name not in self.networks
        } - {""}
        for finding in self.rule.check(draft):
            if finding.profile not in excluded:
                yield attrs.evolve(finding, severity=self.severity)
