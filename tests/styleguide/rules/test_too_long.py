"""SG101: texts that are too long."""

from __future__ import annotations

import pytest
from tests.styleguide.guides import PROFILES

from socialcollab.content import PostContent
from socialcollab.directory import Profile, network
from socialcollab.styleguide import StyleGuide, lint


def test_variants_are_measured() -> None:
    """Each target is measured with its own text."""
    post = PostContent(
        text="a" * 300,
        variants={"tulip-mastodon": "b" * 600},
        targets=("tulip-x", "tulip-mastodon"),
    )
    found = lint(post, StyleGuide.default(), profiles=PROFILES)
    assert [(f.code, f.profile, f.start, f.end) for f in found] == [
        ("SG101", "tulip-mastodon", 500, 600),
        ("SG101", "tulip-x", 280, 300),
    ]


def test_threads_are_measured() -> None:
    """Each text of a thread is measured, and links count towards the first text."""
    post = PostContent(
        text="a" * 260,
        thread=["b" * 290, "c" * 280],
        links=["https://tulip.nl"],
        targets=["tulip-x"],
    )
    found = lint(post, StyleGuide.default(), profiles=PROFILES)
    assert [(f.code, f.field, f.start, f.end) for f in found] == [
        ("SG101", "text", 256, 260),
        ("SG101", "thread.2", 280, 290),
    ]


def test_emoji_is_not_cut() -> None:
    """An emoji at the limit is reported entirely."""
    text = "a" * 279 + "👨‍👩‍👧‍👦"
    (finding,) = lint(text, StyleGuide.default(), profile="x")
    assert finding.start == 279


@pytest.mark.parametrize(("name", "limit"), [("x", 280), ("bluesky", 300), ("mastodon", 500)])
def test_emoji_past_limit(name: str, limit: int) -> None:
    """An emoji family just past the limit of a network is reported entirely."""
    width = 2 if name == "x" else 1
    family = "👨‍👩‍👧‍👦"
    assert lint("a" * (limit - width) + family, StyleGuide.default(), profile=name) == ()
    text = "a" * (limit - width + 1) + family
    (finding,) = lint(text, StyleGuide.default(), profile=name)
    assert text[finding.start : finding.end] == family


def test_links_count() -> None:
    """A link counts if the network has no field for it."""
    text = "a" * 270
    post = PostContent(text=text, links=("https://tulip.nl/lente",), targets=("tulip-x",))
    (finding,) = lint(post, StyleGuide.default(), profiles=PROFILES)
    assert (finding.code, finding.start, finding.end) == ("SG101", 256, 270)
    assert dict(finding.params)["length"] == "294"
    linkedin = Profile(id="tulip-linkedin", workspace="tulip", network="linkedin", handle="tulip")
    post = PostContent(text="a" * 3000, links=post.links, targets=(linkedin.id,))
    assert lint(post, StyleGuide.default(), profiles=(linkedin,)) == ()


def test_content_warning_counts() -> None:
    """A content warning counts if the network counts it."""
    post = PostContent(text="a" * 490, labels=("spoiler alert",), targets=("tulip-mastodon",))
    (finding,) = lint(post, StyleGuide.default(), profiles=PROFILES)
    assert (finding.start, finding.end) == (487, 490)


def test_too_many_bytes() -> None:
    """A text with too many bytes is reported as such."""
    (finding,) = lint("👨‍👩‍👧‍👦" * 130, StyleGuide.default(), profile="bluesky")
    assert finding.message == "too long for Bluesky: 3250 bytes is 250 over the limit of 3000"


def test_server_limits() -> None:
    """A server's own limits replace the network's."""
    limits = {"tulip-mastodon": network("mastodon").with_limits(text=5000)}
    post = PostContent(text="a" * 600, targets=("tulip-mastodon",))
    assert lint(post, StyleGuide.default(), profiles=PROFILES, networks=limits) == ()
