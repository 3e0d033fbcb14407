"""A style guide: which rules apply where, how grave they are, and the words of the brand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

import attrs

from socialcollab.content import Finding
from socialcollab.errors import InvalidValueError
from socialcollab.styleguide.lint_input import LintInput
from socialcollab.styleguide.rule import Rule


def _lower(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value.casefold() for value in values)


def _set(values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)


@attrs.frozen(kw_only=True)
class Selected:
    """
    A rule, where it applies, and how grave its findings are.

    Attributes:
        rule: The rule.
        severity: The severity that its findings get.
        languages: The languages of posts it applies to; empty for all.
        networks: The networks it applies to; empty for all.
    """

    rule: Rule
    severity: str = "warning"
    languages: frozenset[str] = attrs.field(default=frozenset(), converter=_lower)
    networks: frozenset[str] = attrs.field(default=frozenset(), converter=_set)

    def applies(self, draft: LintInput) -> bool:
        """
        Tell whether it is to look at *draft*.

        A post whose language nobody has said is looked at in every language;
        "nl" takes in "nl-BE".
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
        """Report what the rule finds in *draft*, with the severity chosen here."""
        if not self.applies(draft):
            return
        elsewhere = {
            target.profile
            for target in draft.targets
            if self.networks and target.network.name not in self.networks
        } - {""}
        for finding in self.rule.check(draft):
            if finding.profile not in elsewhere:
                yield attrs.evolve(finding, severity=self.severity)


@attrs.frozen(kw_only=True)
class StyleGuide:
    """
    Rules with their settings, from one file or several.

    Attributes:
        name: What it is called.
        selected: The rules, in the order they are asked.
    """

    name: str = ""
    selected: tuple[Selected, ...] = ()

    @classmethod
    def default(cls) -> Self:
        """Return the guide without words of its own: lengths, alt texts, wrong workspace."""
        return cls.from_dict({})

    @classmethod
    def loads(cls, text: str | bytes, *, name: str = "guide") -> Self:
        """
        Read a guide in TOML, from anyone.

        Args:
            text: The file's text, at most 1 MB.
            name: Its name, for the places of faults.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault, with its place.
        """
        return cls.stacked({name: text})

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], *, name: str = "guide") -> Self:
        """
        Make a guide of plain values, as TOML or JSON give them.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault, with its place.
        """
        return cls.stacked({name: document})

    @classmethod
    def stacked(cls, guides: Mapping[str, str | bytes | Mapping[str, Any]]) -> Self:
        """
        Make one guide of several, such as the house's and then the client's.

        Words add up; a later guide may `allow` a word of an earlier one, and
        its settings of a rule come before those of an earlier one.

        Args:
            guides: Names and texts (or plain values), first to last.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault of any guide.
        """
        from socialcollab.styleguide.document import read_guides  # noqa: PLC0415  it knows the rules

        name, selected = read_guides(guides)
        return cls(name=name, selected=selected)

    @classmethod
    def load(cls, *paths: str) -> Self:
        """
        Read one or several files, first to last.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault of any file.
            OSError: If a file cannot be read.
        """
        from socialcollab.styleguide.load import read_files  # noqa: PLC0415  the file that reads

        if not paths:
            raise InvalidValueError("no style guide is named", expected="one or more files")
        return cls.stacked(read_files(paths))
