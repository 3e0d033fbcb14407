"""The pages of the rules, and the examples in their docstrings."""

from __future__ import annotations

from pathlib import Path

import pytest

from socialcollab.styleguide import RULES, RulePage, lint_example, rule_pages
from socialcollab.verdicts import LANGUAGES

PAGES = Path(__file__).resolve().parents[2] / "docs" / "reference" / "rules"


@pytest.mark.parametrize("code", sorted(RULES))
def test_examples(code: str) -> None:
    """A rule reports its example, but not the corrected example."""
    page = RulePage.of(RULES[code])
    assert code in {finding.code for finding in lint_example(page.parts["Example"])}
    assert lint_example(page.parts["Instead"]) == ()


@pytest.mark.parametrize("code", sorted(RULES))
def test_messages_are_translated(code: str) -> None:
    """Every language has its own message for a finding."""
    for finding in lint_example(RulePage.of(RULES[code]).parts["Example"]):
        messages = {finding.text(language) for language in LANGUAGES}
        assert len(messages) == len(LANGUAGES)


def test_pages_are_generated() -> None:
    """The committed pages equal the output of ``python tools/rule_pages.py``."""
    assert {path.name: path.read_text("utf-8") for path in PAGES.glob("SG*.md")} == rule_pages()


def test_codes() -> None:
    """The rules are listed by code, and SG104 is not reused."""
    assert all(code == rule.code for code, rule in RULES.items())
    assert "SG104" not in RULES
