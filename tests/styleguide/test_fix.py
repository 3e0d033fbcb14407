"""Fixes of findings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.styleguide.guides import AGENCY

from socialcollab.content import Finding
from socialcollab.styleguide import StyleGuide, fix, fix_until_settled, lint


def test_fix_keeps_capital() -> None:
    """A fix begins with a capital if the replaced term does."""
    text = "Stewardess of stewardess?"
    assert fix(text, lint(text, StyleGuide.loads(AGENCY))) == "Cabin crew of cabin crew?"


def test_overlapping_fixes() -> None:
    """If two fixes overlap, the first one is applied."""
    findings = [
        Finding(code="SG102", start=0, end=3, fix="A"),
        Finding(code="SG102", start=2, end=5, fix="B"),
        Finding(code="SG102", start=5, end=6, fix="C"),
    ]
    assert fix("abcdefg", findings) == "AdeCg"


def test_fixes_of_other_texts() -> None:
    """Fixes of another profile's text, or beyond the text, are not applied."""
    other = Finding(code="SG102", start=0, end=1, fix="B", profile="tulip-x")
    beyond = Finding(code="SG102", start=9, end=99, fix="B")
    assert fix("a", [other, beyond]) == "a"
    assert fix("a", [other], profile="tulip-x") == "B"


WORDS = st.sampled_from(["passenger", "guest", "Air Hostess", "crew", "cabin", "LINKEDIN", "the"])


GUIDE = StyleGuide.from_dict(
    {
        "terms": [
            {"prefer": "guest", "instead_of": ["passenger"]},
            {"prefer": "cabin crew", "instead_of": ["air hostess"]},
            {"prefer": "LinkedIn", "instead_of": ["linkedin"]},
            {"ban": ["the guest", "cabin cabin crew"]},
        ]
    }
)


@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_fix_until_settled(text: str) -> None:
    """Fixing the result again changes nothing, and fixing adds no finding."""

    def check(text: str) -> tuple[Finding, ...]:
        return lint(text, GUIDE)

    result = fix_until_settled(text, check)
    assert result.remaining == check(result.text)
    assert len(result.remaining) <= len(check(text))
    assert fix_until_settled(result.text, check).text == result.text
