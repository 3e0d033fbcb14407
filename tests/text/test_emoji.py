"""The emoji in a text."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.text.cases import cases

from socialcollab.text import find_emoji, graphemes, measure


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in find_emoji(text)]


def test_unicode_emoji(shared_data: Callable[[str], Path]) -> None:
    """Each emoji of emoji-test.txt is found as one, unless its variation selector is missing."""
    missing = 0
    for case in cases(shared_data("unicode-emoji"), "cases.jsonl"):
        if found(f"a {case['text']}b") != [case["text"]]:
            assert case["status"] == "unqualified", case
            missing += 1
    assert missing == 95


@pytest.mark.parametrize(
    ("text", "emoji"),
    [
        ("© 2026 ™ 1# *", []),
        ("©️ ™️ 1️⃣ #⃣", ["©️", "™️", "1️⃣", "#⃣"]),
        ("❤ ❤️ ❤︎", ["❤️"]),
        ("🌷︎ 🌷️", ["🌷️"]),
        ("👍🏽👍", ["👍🏽", "👍"]),
        ("☝🏽", ["☝🏽"]),
        ("🇳🇱🇧🇪", ["🇳🇱", "🇧🇪"]),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿🏴", ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴"]),
        ("👩‍❤‍👨", ["👩‍❤‍👨"]),
        ("🇳", ["🇳"]),
    ],
)
def test_examples(text: str, emoji: list[str]) -> None:
    """Text forms are no emoji, and sequences are one emoji."""
    assert found(text) == emoji


@given(st.text(alphabet="a1# ❤️🌷👩‍👍🏽🇳🇱\u200d\u20e3\ufe0e🏴", max_size=30))
def test_whole_graphemes(text: str) -> None:
    """The positions are in order, and no emoji ends inside of another character."""
    edges, done = {0}, 0
    for cluster in graphemes(text):
        done += len(cluster)
        edges.add(done)
    last = 0
    for start, end in find_emoji(text):
        assert last <= start < end <= len(text)
        last = end


@pytest.mark.integration
@pytest.mark.parametrize(
    "part", ["❤", "👩\u200d", "1\ufe0f", "🏴" + "\U000e0061" * 9, "🇳", "\u200d"]
)
def test_hostile_texts_take_linear_time(part: str) -> None:
    """A long text without an end of a sequence is searched in linear time."""
    began = time.perf_counter()
    find_emoji(part * 100_000)
    assert time.perf_counter() - began < 5


def test_threads() -> None:
    """On Threads, an emoji counts as its UTF-8 bytes."""
    assert measure("threads", "é 🌷").value == 6
    assert measure("threads", "👨‍👩‍👧").value == 18
    assert measure("threads", "a" * 496 + "🌷").fits
    assert not measure("threads", "a" * 497 + "🌷").fits
