"""SG105: links, mentions and names that belong to another workspace."""

from __future__ import annotations

from typing import Any

import pytest
from tests.styleguide.guides import NEIGHBOURS, PROFILES

from socialcollab.content import LinkCard, Poll, PostContent
from socialcollab.styleguide import Neighbour, StyleGuide, lint
from socialcollab.styleguide.rules import wrong_workspace
from socialcollab.styleguide.rules.term import Term


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


def test_card_and_poll() -> None:
    """The address of a link card and the options of a poll are checked too."""
    post = PostContent(
        text="Welke?",
        card=LinkCard(url="https://polderbank.nl/", title="Hier"),
        poll=Poll(options=("Tulip", "Polder Bank")),
        targets=("tulip-x",),
    )
    found = lint(post, StyleGuide.default(), profiles=PROFILES, neighbours=NEIGHBOURS)
    assert [(f.code, f.field) for f in found] == [("SG105", "links"), ("SG105", "poll")]


def test_shared_domain() -> None:
    """A domain that two workspaces share is not reported."""
    shared = (
        Neighbour(workspace="a", domains=("group.nl",)),
        Neighbour(workspace="b", domains=("group.nl",)),
    )
    text = "zie group.nl"
    assert lint(text, StyleGuide.default(), workspace="a", neighbours=shared) == ()


def test_own_name_and_domain_within_others() -> None:
    """A name or domain of the post's own workspace is not reported if another one contains it."""
    neighbours = (
        Neighbour(workspace="a", name="Polder Bank Noord", domains=("noord.polderbank.nl",)),
        Neighbour(workspace="b", name="Polder Bank", domains=("polderbank.nl",)),
    )
    text = "Polder Bank Noord: noord.polderbank.nl"
    assert lint(text, StyleGuide.default(), workspace="a", neighbours=neighbours) == ()
    found = lint(text, StyleGuide.default(), workspace="b", neighbours=neighbours)
    assert [text[f.start : f.end] for f in found] == ["Polder Bank Noord", "noord.polderbank.nl"]


def test_names_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of the workspaces are compiled once for many posts of several workspaces."""
    compiled = []
    original = wrong_workspace.Term

    def count(**arguments: Any) -> Term:
        compiled.append(arguments)
        return original(**arguments)

    monkeypatch.setattr(wrong_workspace, "Term", count)
    neighbours = [Neighbour(workspace=f"w{n}", name=f"Counted {n}") for n in range(20)]
    for n in range(20):
        found = lint("Counted 7", StyleGuide.default(), workspace=f"w{n}", neighbours=neighbours)
        assert len(found) == (n != 7)
    assert len(compiled) == 1
