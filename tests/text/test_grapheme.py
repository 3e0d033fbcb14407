"""Grapheme clusters."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from tests.growth import grows_gently

from socialcollab.text import grapheme_count, graphemes, unicode_table

# Characters of every class that the rules speak of, and some of none.
_TRICKY = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "\r\n\t a.é\u0300\u0308\u200d\u200c\ufe0f\u20e3🇳🇱🇧👨👩👧🏽❤©\u0600\u06dd\u0903\u0e33"
            "\u1100\u1160\u11a8가각क\u094dत\u093c\u0d4e\u0e31\U000e0067\U000e007f🏴\ud800"
        ),
        st.characters(),
    ),
    max_size=40,
)


def _oracle(text: str) -> list[str]:
    return regex.findall(r"\X", text)


@given(_TRICKY)
def test_clusters_join_to_the_text_again(text: str) -> None:
    assert "".join(graphemes(text)) == text


@given(_TRICKY)
def test_the_count_is_the_number_of_clusters(text: str) -> None:
    assert grapheme_count(text) == len(graphemes(text))


@given(_TRICKY)
def test_clusters_are_those_of_the_regex_module(text: str) -> None:
    assert list(graphemes(text)) == _oracle(text)


def test_the_official_cases_hold(shared_data: Callable[[str], Path]) -> None:
    lines = (shared_data("unicode-graphemes") / "cases.jsonl").read_text("utf-8").splitlines()
    wrong = []
    for line in lines:
        case = json.loads(line)
        if list(graphemes(case["text"])) != case["clusters"]:
            wrong.append(case["id"])
        assert grapheme_count(case["text"]) == len(graphemes(case["text"]))
    assert len(lines) >= 387
    assert wrong == []


def test_every_emoji_is_one_cluster(shared_data: Callable[[str], Path]) -> None:
    lines = (shared_data("unicode-emoji") / "cases.jsonl").read_text("utf-8").splitlines()
    assert [line for line in lines if grapheme_count(json.loads(line)["text"]) != 1] == []


def test_counts_of_real_posts_agree_with_the_regex_module(
    shared_data: Callable[[str], Path],
) -> None:
    with (shared_data("posts-multilingual") / "posts.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    assert [t for t in texts if grapheme_count(t) != len(_oracle(t))] == []


def test_the_unicode_table_is_current() -> None:
    """The committed table is what its tool writes with the `regex` module at hand."""
    file = Path(__file__).resolve().parents[2] / "tools" / "unicode_table.py"
    spec = importlib.util.spec_from_file_location("unicode_table_tool", file)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert Path(unicode_table.__file__).read_text("utf-8") == tool.unicode_table()


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
        "👨\u0300",
        "\ud800",
        "\r",
        "가",
        "\u0600\n",
        "a\u0300",
    ],
)
def test_a_hundred_kilobytes_of_one_thing_take_moments(piece: str) -> None:
    assert grows_gently(lambda size: grapheme_count(piece * (size // len(piece))), 12_500)
