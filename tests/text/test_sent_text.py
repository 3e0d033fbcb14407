"""The text that is sent to a network, and the longest prefix that fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import NETWORKS, network
from socialcollab.text import (
    fitting_end,
    graphemes,
    links_not_in_text,
    measure,
    text_with_links,
)

FAMILY = "👨‍👩‍👧‍👦"
LINK = "https://tulip.nl/lente"
TEXTS = st.text(alphabet=st.sampled_from(f"ab .\n@#é🌷{FAMILY}\ud800"), max_size=700)


def test_link_field() -> None:
    """A link is added to the text, unless the network has a field for it."""
    for name in ("x", "bluesky", "mastodon", "instagram"):
        assert text_with_links(name, "Lente", [LINK]) == f"Lente\n{LINK}"
    for name in ("facebook", "linkedin"):
        assert text_with_links(name, "Lente", [LINK]) == "Lente"


def test_link_in_text() -> None:
    """A link that the text already contains is not added again."""
    for text in (LINK, f"Kijk: {LINK}.", f"({LINK})", f"op {LINK}\nnu"):
        assert links_not_in_text("x", text, [LINK, LINK]) == ()


def test_prefix_is_not_in_text() -> None:
    """If a link is only a prefix of another link in the text, it is added."""
    text = f"Kijk op {LINK}-aanbieding"
    assert links_not_in_text("x", text, [LINK]) == (LINK,)
    assert text_with_links("x", text, [LINK]) == f"{text}\n{LINK}"


def test_unknown_scheme_in_text() -> None:
    """An unrecognised link is not added if it is a word in the text."""
    assert links_not_in_text("x", "zie intranet://lente nu", ["intranet://lente"]) == ()


def test_link_without_text() -> None:
    """If the text is empty, the result is the link."""
    assert text_with_links("x", "", [LINK]) == LINK
    assert text_with_links("x", "", []) == ""


@pytest.mark.parametrize(("name", "limit"), [("x", 280), ("bluesky", 300), ("mastodon", 500)])
def test_family_is_not_cut(name: str, limit: int) -> None:
    """An emoji family at the limit fits entirely or is cut entirely."""
    width = 2 if name == "x" else 1
    assert measure(name, FAMILY).value == width
    fits = "a" * (limit - width) + FAMILY
    assert measure(name, fits).value == limit
    assert measure(name, fits).fits
    assert fitting_end(name, fits) == len(fits)
    over = "a" * (limit - width + 1) + FAMILY
    assert not measure(name, over).fits
    assert fitting_end(name, over) == limit - width + 1


def test_ending_and_warning_count() -> None:
    """A required ending and a content warning count towards the limit."""
    assert fitting_end("x", "a" * 300, ending=f"\n{LINK}") == 280 - 24
    assert fitting_end("mastodon", "a" * 600, warning="b" * 100) == 400


@given(TEXTS, st.sampled_from(sorted(NETWORKS)))
def test_fitting_end(text: str, name: str) -> None:
    """The prefix ends after a whole grapheme, and fits."""
    tight = network(name).with_limits(text=40)
    end = fitting_end(tight, text)
    edges = [0]
    for cluster in graphemes(text):
        edges.append(edges[-1] + len(cluster))
    assert end in edges
    assert end == 0 or measure(tight, text[:end]).fits
