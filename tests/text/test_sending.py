"""What leaves for a network is its text and the links that it has no other place for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory.networks.lookup import NETWORKS, network
from socialcollab.text import (
    fitting_end,
    graphemes,
    links_beside,
    measure,
    text_with_links,
)

FAMILY = "👨‍👩‍👧‍👦"
LINK = "https://tulip.nl/lente"
TEXTS = st.text(alphabet=st.sampled_from(f"ab .\n@#é🌷{FAMILY}\ud800"), max_size=700)


def test_a_link_stands_in_the_text_where_the_network_has_no_place_for_it() -> None:
    for name in ("x", "bluesky", "mastodon", "instagram"):
        assert text_with_links(name, "Lente", [LINK]) == f"Lente\n{LINK}"
    for name in ("facebook", "linkedin"):
        assert text_with_links(name, "Lente", [LINK]) == "Lente"


def test_a_link_that_the_text_holds_is_not_written_twice() -> None:
    for text in (LINK, f"Kijk: {LINK}.", f"({LINK})", f"op {LINK}\nnu"):
        assert links_beside("x", text, [LINK, LINK]) == ()


def test_a_link_that_another_link_begins_with_is_not_held() -> None:
    text = f"Kijk op {LINK}-aanbieding"
    assert links_beside("x", text, [LINK]) == (LINK,)
    assert text_with_links("x", text, [LINK]) == f"{text}\n{LINK}"


def test_a_link_that_no_network_would_recognise_is_held_as_a_word() -> None:
    assert links_beside("x", "zie intranet://lente nu", ["intranet://lente"]) == ()


def test_a_link_alone_is_the_text() -> None:
    assert text_with_links("x", "", [LINK]) == LINK
    assert text_with_links("x", "", []) == ""


@pytest.mark.parametrize(("name", "limit"), [("x", 280), ("bluesky", 300), ("mastodon", 500)])
def test_a_family_at_the_limit_fits_whole_or_goes_whole(name: str, limit: int) -> None:
    width = 2 if name == "x" else 1
    assert measure(name, FAMILY).value == width
    fits = "a" * (limit - width) + FAMILY
    assert measure(name, fits).value == limit
    assert measure(name, fits).fits
    assert fitting_end(name, fits) == len(fits)
    over = "a" * (limit - width + 1) + FAMILY
    assert not measure(name, over).fits
    assert fitting_end(name, over) == limit - width + 1


def test_what_follows_in_any_case_takes_its_room() -> None:
    assert fitting_end("x", "a" * 300, ending=f"\n{LINK}") == 280 - 24
    assert fitting_end("mastodon", "a" * 600, warning="b" * 100) == 400


@given(TEXTS, st.sampled_from(sorted(NETWORKS)))
def test_what_fits_ends_at_the_edge_of_a_grapheme_and_fits(text: str, name: str) -> None:
    tight = network(name).with_limits(text=40)
    end = fitting_end(tight, text)
    edges = [0]
    for cluster in graphemes(text):
        edges.append(edges[-1] + len(cluster))
    assert end in edges
    assert end == 0 or measure(tight, text[:end]).fits
