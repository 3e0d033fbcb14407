"""SG105: links, mentions and names of another workspace."""

from __future__ import annotations

import pytest
from tests.styleguide.guides import NEIGHBOURS, PROFILES

from socialcollab.content import PostContent
from socialcollab.styleguide import Neighbour, StyleGuide, lint


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("zie https://POLDERBANK.nl/x", ["link `https://POLDERBANK.nl/x` belongs to Polder Bank"]),
        ("zie mijn.polderbank.nl", ["link `mijn.polderbank.nl` belongs to Polder Bank"]),
        ("zie notpolderbank.nl", []),
        ("zie polderbank.nl.evil.com", []),
        ("dank @polderbank!", ["mention `@polderbank` belongs to Polder Bank"]),
        ("bij Polder Bank", ["`Polder Bank` is the name of another workspace, Polder Bank"]),
        ("bij tulip.nl, @tulipair en Tulip", []),
    ],
)
def test_links_mentions_and_names(text: str, messages: list[str]) -> None:
    """Links, mentions and names of another workspace are reported."""
    post = PostContent(text=text, targets=("tulip-x",))
    found = lint(post, StyleGuide.default(), profiles=PROFILES, neighbours=NEIGHBOURS)
    assert [f.message for f in found] == messages


def test_links_outside_text() -> None:
    """Links outside the text are also checked."""
    post = PostContent(
        text="", links=("https://polderbank.nl/", "http://[bad"), targets=("tulip-x",)
    )
    found = lint(post, StyleGuide.default(), profiles=PROFILES, neighbours=NEIGHBOURS)
    assert [(f.code, f.field) for f in found] == [("SG105", "links")]


def test_shared_domain() -> None:
    """A domain that two workspaces share is not reported."""
    shared = (
        Neighbour(workspace="a", domains=("group.nl",)),
        Neighbour(workspace="b", domains=("group.nl",)),
    )
    text = "zie group.nl"
    assert lint(text, StyleGuide.default(), workspace="a", neighbours=shared) == ()
