"""The length of texts on each network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from tests.complexity import is_roughly_linear
from tests.text.cases import POSTS, cases

from socialcollab.directory import NETWORKS, network
from socialcollab.errors import InvalidValueError
from socialcollab.text import entities, grapheme_count, measure


def test_emoji_weigh_two_on_x(shared_data: Callable[[str], Path]) -> None:
    """Every fully qualified emoji weighs two on X."""
    emoji = cases(shared_data("unicode-emoji"), "cases.jsonl")
    full = [case for case in emoji if case["status"] == "fully_qualified"]
    assert len(full) > 1000
    assert [case["id"] for case in full if measure("x", case["text"]).value != 2] == []


def test_mastodon_counts(shared_data: Callable[[str], Path]) -> None:
    """Mastodon's own test cases for lengths pass."""
    folder = shared_data("mastodon-limits")
    for case in cases(folder, "count.jsonl"):
        assert grapheme_count(case["countable"]) == measure("mastodon", case["text"]).value
    for case in cases(folder, "status.jsonl"):
        assert case["ok"] == measure("mastodon", case["text"], warning=case["spoiler"]).fits


@given(POSTS)
def test_bluesky_counts_graphemes_and_bytes(text: str) -> None:
    """Bluesky counts graphemes and bytes."""
    length = measure("bluesky", text)
    assert length.value == grapheme_count(text)
    assert length.size_bytes == len(text.encode("utf-8", "surrogatepass"))


def test_too_many_bytes() -> None:
    """A text with few graphemes may have too many bytes."""
    length = measure("bluesky", "👨‍👩‍👧‍👦" * 125)
    assert (length.value, length.size_bytes, length.fits) == (125, 3125, False)


def test_emoji_family_at_limit() -> None:
    """An emoji family counts as one emoji at the limit."""
    assert measure("x", "a" * 278 + "👨‍👩‍👧‍👦").fits
    assert not measure("x", "a" * 279 + "👨‍👩‍👧‍👦").fits
    assert measure("mastodon", "a" * 499 + "👨‍👩‍👧‍👦").fits


def test_server_limits() -> None:
    """A description with different limits is taken into account."""
    description = network("mastodon").with_limits(text=5000, url_weight=10)
    length = measure(description, "zie https://example.com/een/lange/weg")
    assert (length.value, length.limit) == (14, 5000)


def test_unknown_network() -> None:
    """An unknown network is an error that suggests the nearest name."""
    with pytest.raises(InvalidValueError, match="did you mean `bluesky`"):
        measure("blueski", "")


def test_lone_surrogates() -> None:
    """A lone surrogate is measured like any other character."""
    for name in NETWORKS:
        assert measure(name, "a\ud83d b").value >= 4


@pytest.mark.parametrize(
    "piece",
    ["a.nl?", "a.nl/)", "http://a.nl/(", "a.nl/a,", "a.", "@a@a.", "#", "\u0316\u0301", "a.com ",
     "http://", "x" * 70 + ".", "rt @", "👨\u200d", "\ud800"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x", "mastodon", "bluesky"])
def test_hostile_texts_take_linear_time(piece: str, name: str) -> None:
    """The time for long repetitions is linear in their length."""

    def read(size: int) -> None:
        text = piece * (size // len(piece))
        measure(name, text)
        entities(name, text)

    assert is_roughly_linear(read, 4_000)
