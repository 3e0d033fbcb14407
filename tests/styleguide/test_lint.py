"""Findings in a post."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.complexity import is_roughly_linear
from tests.styleguide.guides import guide_of

from socialcollab.content import Finding
from socialcollab.styleguide import StyleGuide, lint


@given(st.text(max_size=80), st.lists(st.text("abé ’'", min_size=1, max_size=5), max_size=4))
def test_findings_are_in_order(text: str, words: list[str]) -> None:
    """Findings are in order and within the text."""
    terms = [word for word in words if any(char.isalnum() for char in word)]
    found = lint(text, guide_of({"ban": terms}) if terms else StyleGuide.default(), profile="x")
    places = [(f.start, f.end) for f in found if f.code == "SG102"]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(text) for start, end in places if start is not None)


def test_findings_are_values() -> None:
    """Checking the same post twice returns equal findings."""
    guide = guide_of({"ban": ["cheap"]})
    assert lint("cheap", guide) == lint("cheap", guide)
    assert isinstance(lint("cheap", guide)[0], Finding)


@pytest.mark.integration
def test_many_terms_are_fast(shared_data: Callable[[str], Path]) -> None:
    """With ten thousand terms, the time is linear in the number of posts."""
    lines = (shared_data("posts-corporate") / "posts.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    guide = guide_of({"ban": [f"word{i} other{i}" for i in range(10_000)] + ["synergy"]})

    def read(size: int) -> None:
        for text in texts[:size]:
            for finding in lint(text, guide, profile="x"):
                assert 0 <= (finding.start or 0) <= (finding.end or 0) <= len(text)

    read(len(texts))
    assert is_roughly_linear(read, len(texts) // 8)


@pytest.mark.integration
@pytest.mark.parametrize("piece", ["a ", "a", "a.", "é", "' ", "@a ", "\u0301", "\ud800 "])
def test_hostile_texts_take_linear_time(piece: str) -> None:
    """The time for long repetitions is linear in their length."""
    guide = guide_of({"ban": ["a " * 90 + "b", "a", "a a a c"]})
    assert is_roughly_linear(
        lambda size: lint(piece * (size // len(piece)), guide, profile="x"), 2_000
    )
