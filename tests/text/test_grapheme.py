"""Graphemes, which readers perceive as characters."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from tests.complexity import is_roughly_linear
from tests.text.unicode_tool import same_unicode_version

from socialcollab.text import grapheme_count, graphemes

# The `regex` package splits graphemes according to its own Unicode version, which may be newer than
# the version of the library's table.
compares_with_regex = pytest.mark.skipif(
    not same_unicode_version(), reason="`regex` knows another version of Unicode than the table"
)

# Characters of every class of the rules, and some characters of no class.
TRICKY_TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "\r\n\t a.é\u0300\u0308\u200d\u200c\ufe0f\u20e3🇳🇱🇧👨👩👧🏽❤©\u0600\u06dd\u0903\u0e33"
            "\u1100\u1160\u11a8가각क\u094dत\u093c\u1cf5\u0d4e\u0e31\U000e0067\U000e007f🏴\ud800"
        ),
        st.characters(),
    ),
    max_size=40,
)


def oracle(text: str) -> list[str]:
    return regex.findall(r"\X", text)


@given(TRICKY_TEXTS)
def test_graphemes_join_to_text(text: str) -> None:
    """The concatenated graphemes of a text are equal to the text."""
    assert "".join(graphemes(text)) == text


@given(TRICKY_TEXTS)
def test_count_is_number_of_graphemes(text: str) -> None:
    """The grapheme count is the number of graphemes."""
    assert grapheme_count(text) == len(graphemes(text))


@compares_with_regex
@given(TRICKY_TEXTS)
def test_agrees_with_regex(text: str) -> None:
    """Texts are split in the same way as by the `regex` package."""
    assert list(graphemes(text)) == oracle(text)


@compares_with_regex
@pytest.mark.parametrize("size", [2, 3, 4, pytest.param(5, marks=pytest.mark.slow)])
def test_conjuncts_agree_with_regex(size: int) -> None:
    """Short sequences of consonants, linkers and joiners are split as by `regex`."""
    characters = "a👨\u0915\u0924\u094d\u1cf5\u093c\u0903\u200d\u200c"
    for letters in product(characters, repeat=size):
        text = "".join(letters)
        assert list(graphemes(text)) == oracle(text)
        assert grapheme_count(text) == len(oracle(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u094d\u0924", ("a\u094d\u0924",)),
        ("?\u094d\u0924", ("?\u094d\u0924",)),
        ("\u0915\u094d\u0924\u094d\u092f", ("\u0915\u094d\u0924\u094d\u092f",)),
        ("\u0915\u0924", ("\u0915", "\u0924")),
        ("a\u1cf5\u0915", ("a", "\u1cf5\u0915")),
    ],
)
def test_consonant_joins_linker(text: str, expected: tuple[str, ...]) -> None:
    """As of Unicode 18, a consonant joins the linker before it, regardless of earlier characters."""
    assert graphemes(text) == expected


def test_official_cases(shared_data: Callable[[str], Path]) -> None:
    """The test cases of the Unicode Standard pass."""
    lines = (shared_data("unicode-graphemes") / "cases.jsonl").read_text("utf-8").splitlines()
    wrong = []
    for line in lines:
        case = json.loads(line)
        if list(graphemes(case["text"])) != case["clusters"]:
            wrong.append(case["id"])
        assert grapheme_count(case["text"]) == len(graphemes(case["text"]))
    assert len(lines) >= 387
    assert wrong == []


def test_every_emoji_is_one_grapheme(shared_data: Callable[[str], Path]) -> None:
    """Every emoji of the Unicode Standard is one grapheme."""
    lines = (shared_data("unicode-emoji") / "cases.jsonl").read_text("utf-8").splitlines()
    assert [line for line in lines if grapheme_count(json.loads(line)["text"]) != 1] == []


@pytest.mark.integration
@compares_with_regex
def test_real_posts_agree_with_regex(shared_data: Callable[[str], Path]) -> None:
    """The counts for real posts equal those of the `regex` package."""
    with (shared_data("posts-multilingual") / "posts.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    assert [text for text in texts if grapheme_count(text) != len(oracle(text))] == []


@pytest.mark.parametrize(
    "piece",
    [
        "\u0300",
        "\u200d",
        "\u1100",
        "\u0600",
        "🇳",
        "👨\u200d",
        "\u0915\u094d",
        "\u0915\u0300",
        "\u1cf5",
        "\u094d\u200d",
        "👨\u0300",
        "\ud800",
        "\r",
        "가",
        "\u0600\n",
        "a\u0300",
    ],
)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    """The time for long repetitions is linear in their length."""
    assert is_roughly_linear(lambda size: grapheme_count(piece * (size // len(piece))), 12_500)
