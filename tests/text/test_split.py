"""Long texts are split into the texts of a thread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.complexity import is_roughly_linear

from socialcollab.directory import NETWORKS, network
from socialcollab.errors import InvalidValueError
from socialcollab.text import entities, graphemes, measure, split_text

FAMILY = "👨‍👩‍👧‍👦"
WORDS = st.sampled_from(
    ["lente", "zomer.", "tulp!", "https://tulip.nl/lente", "@ben", "#tulpen", FAMILY, "één", "\n", "\n\n", "。", "x" * 90]
)  # fmt: skip


def test_short_text() -> None:
    """A text that fits is not split; an empty text has no parts."""
    assert split_text("x", " De lente is er\n") == ("De lente is er",)
    assert split_text("x", " \n") == ()


def test_best_place() -> None:
    """A text is split between paragraphs, lines, sentences or words, in this order."""
    tight = network("x").with_limits(text=20)
    for text, parts in (
        ("een twee drie.\n\nvier\nvijf zes", ("een twee drie.", "vier\nvijf zes")),
        ("een twee drie\nvier vijf. zes", ("een twee drie", "vier vijf. zes")),
        ("een twee. drie vier vijf", ("een twee. drie vier", "vijf")),
        ("een twee drie. vier vijf", ("een twee drie.", "vier vijf")),
        ("een. twee drie vier vijf zes", ("een. twee drie vier", "vijf zes")),
        ('zegt "hij ging." en verder gaat', ('zegt "hij ging."', "en verder gaat")),
        ("een twee\u00a0drie\u00a0vier\u00a0vijf", ("een", "twee\u00a0drie\u00a0vier\u00a0vijf")),
        ("花が咲く。春が来た。花見に行く", ("花が咲く。春が来た。", "花見に行く")),
    ):
        assert split_text(tight, text) == parts


def test_words_too_long() -> None:
    """A word that is too long is cut between graphemes, but a link, mention or hashtag is not."""
    tight = network("bluesky").with_limits(text=20)
    assert split_text(tight, "x" * 45) == ("x" * 20, "x" * 20, "x" * 5)
    assert split_text(tight, FAMILY * 30) == (FAMILY * 20, FAMILY * 10)
    assert split_text(tight, "(" * 12 + "https://a.nl/b") == ("(" * 12, "https://a.nl/b")
    with pytest.raises(InvalidValueError, match=r"`https://tulip\.nl/lente/2026` is too long"):
        split_text(tight, "Kijk https://tulip.nl/lente/2026")


@pytest.mark.parametrize("name", sorted(NETWORKS))
@given(words=st.lists(WORDS, max_size=300))
def test_parts(name: str, words: list[str]) -> None:
    """Every part fits, no part is empty, and the parts contain the same words and entities."""
    text = " ".join(words)
    parts = split_text(name, text)
    assert all(part.strip() and measure(name, part).fits for part in parts)
    assert " ".join(parts).replace("。 ", "。").split() == text.replace("。 ", "。").split()
    assert [each.text for part in parts for each in entities(name, part)] == [
        each.text for each in entities(name, text)
    ]


@given(text=st.text(alphabet=st.sampled_from(f"a\u0301é🌷🇳🇱{FAMILY}\n\ud800 .@#/"), max_size=400))
def test_graphemes(text: str) -> None:
    """No grapheme is cut, and nothing but white space is lost."""
    tight = network("x").with_limits(text=30)
    parts = split_text(tight, text)
    assert all(measure(tight, part).fits for part in parts)
    # A combining character after a space is not dropped together with the space.
    clusters = [cluster.lstrip() for part in parts for cluster in graphemes(part)]
    assert [*filter(None, clusters)] == [*filter(None, (each.lstrip() for each in graphemes(text)))]


@pytest.mark.integration
@pytest.mark.parametrize("piece", ["a", "a ", "花", "https://a.nl/ ", "@a ", f"{FAMILY}", ".\n\n"])
@pytest.mark.parametrize("name", ["x", "mastodon", "bluesky"])
def test_time(piece: str, name: str) -> None:
    """The time is linear in the length of the text."""
    assert is_roughly_linear(lambda size: split_text(name, piece * (size // len(piece))), 4_000)
