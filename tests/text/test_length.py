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


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("\u2764\ufe0f", 2),
        ("\u2764\ufe0f\ufe0f", 4),
        ("\u261d\ufe0f\U0001f3fd", 2),
        ("\u26a1\ufe0f", 2),
        ("\U0001f600\ufe0f", 4),
        ("\U0001f600\ufe0e", 4),
        ("\U0001f44d\ufe0f\U0001f3fd", 6),
        ("\U0001f400\U0001f3fd", 4),
        ("1\ufe0f\u20e3", 2),
        ("#\ufe0f", 3),
        ("\xa9", 1),
        ("\xa9\ufe0f", 2),
        ("a\ufe0f", 3),
    ],
)
def test_variation_selectors_on_x(text: str, weight: int) -> None:
    """X counts a variation selector with its emoji only if the emoji has a text form."""
    assert measure("x", text).value == weight


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


@pytest.mark.integration
@pytest.mark.parametrize(
    "piece",
    ["a.nl?", "a.nl/)", "http://a.nl/(", "a.nl/a,", "a.", "@a@a.", "#", "\u0316\u0301", "a.com ",
     "http://", "x" * 70 + ".", "a-.", "_a.com_.", "com_x.", "a.nl.", "a.nl/(a(b", "http://a.nl/!(b)", "é.", "rt @", "👨\u200d", "\ud800"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x", "mastodon", "bluesky"])
def test_hostile_texts_take_linear_time(piece: str, name: str) -> None:
    """The time for long repetitions is linear in their length."""

    def read(size: int) -> None:
        text = piece * (size // len(piece))
        measure(name, text)
        entities(name, text)

    assert is_roughly_linear(read, 2_000)
