"""Masked texts hide everything that is not prose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import NETWORKS
from socialcollab.text import entities, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("De lente is er", "De lente is er"),
        ("Lees tulip.nl/very-nice nu", "Lees __________________ nu"),
        ("@ana: #lente!", "____: ______!"),
        ("mail ana@tulip.example nu", "mail _________________ nu"),
        ("type `very unique` hier", "type _____________ hier"),
        ("een ` alleen", "een ` alleen"),
        ("🌷 #lente é", "🌷 ______ é"),
        ("a\n```\nvery unique\n```\nb", "a\n___________________\nb"),
    ],
)
def test_examples(text: str, masked: str) -> None:
    """Links, mentions, hashtags, addresses and code are hidden; all else stays in place."""
    assert mask("x", text, filler="_") == masked


def test_cashtag() -> None:
    """Cashtags are hidden on networks that have them."""
    assert mask("x", "koop $TLP", filler="_") == "koop ____"
    assert mask("instagram", "koop $TLP", filler="_") == "koop $TLP"


@given(
    st.text(alphabet="ab@#.`/:🌷é \n", max_size=60)
    | st.lists(
        st.sampled_from(["https://a.nl/b", "@ana", "#x", "`c`", "very", "a@b.nl", "```\n", " "])
    ).map("".join),
    st.sampled_from(sorted(NETWORKS)),
)
def test_positions(text: str, name: str) -> None:
    """The masked text has the same length, and no entity is visible in it."""
    masked = mask(name, text)
    assert len(masked) == len(text)
    assert all(new in (old, "\ufffc") for old, new in zip(text, masked, strict=True))
    for entity in entities(name, text):
        assert set(masked[entity.start : entity.end]) == {"\ufffc"}
