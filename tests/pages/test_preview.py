"""Previews of posts."""

from __future__ import annotations

import pytest

from socialcollab.directory import network
from socialcollab.pages import PreviewImage, PreviewPost, preview

FAMILY = "👨‍👩‍👧‍👦"


def test_excess_is_marked() -> None:
    """Text beyond the limit is marked, and a message states the excess."""
    html = preview(PreviewPost(text="a" * 279 + FAMILY, name="Tulip"), "x")
    assert f"<mark>{FAMILY}</mark>" in html
    assert "1 too long for X" in html
    premium = network("x").with_limits(text=25_000)
    assert "<mark>" not in preview(PreviewPost(text="a" * 300, name="Tulip"), premium)


@pytest.mark.parametrize(("name", "limit"), [("x", 280), ("bluesky", 300), ("mastodon", 500)])
def test_excess_keeps_graphemes_whole(name: str, limit: int) -> None:
    """The mark never begins within a character that a reader sees as one."""
    width = 2 if name == "x" else 1
    fits = PreviewPost(text="a" * (limit - width) + FAMILY, name="Tulip")
    assert "<mark>" not in preview(fits, name)
    over = PreviewPost(text="a" * (limit - width + 1) + FAMILY, name="Tulip")
    assert f"<mark>{FAMILY}</mark>" in preview(over, name)


def test_links() -> None:
    """An address is linked only if the network links it."""
    post = PreviewPost(text="zie tulip.nl", name="Tulip", images=[PreviewImage(alt="x")])
    assert 'href="https://tulip.nl"' in preview(post, "x")
    assert "href" not in preview(post, "instagram")


def test_missing_alt_text() -> None:
    """A missing alt text is shown."""
    post = PreviewPost(text="", name="Tulip", images=[PreviewImage()])
    assert "geen alt-tekst" in preview(post, "x", language="nl")


def test_required_image() -> None:
    """A missing image is shown if the network requires an image."""
    html = preview(PreviewPost(text="x", name="Tulip"), "instagram")
    assert "Instagram requires an image or a video." in html


def test_poll_note_and_anchor() -> None:
    """A preview shows the options of a poll and a note, and can be the target of a link."""
    post = PreviewPost(text="x", name="T", poll=["yes", "no"], note="Taken down", anchor="post-1")
    html = preview(post, "mastodon")
    assert "<li><bdi>yes</bdi></li>" in html
    assert "Taken down" in html
    assert '<article id="post-1"' in html
