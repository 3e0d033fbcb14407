"""A post is previewed before it is published, with everything that reviewers approve."""

from __future__ import annotations

import attrs
import pytest
from tests.pages.html_reader import Reader

from socialcollab.content import Image, LinkCard, Poll, PostContent, Variant, Video
from socialcollab.directory import Profile
from socialcollab.pages import post_preview

PROFILES = {
    name: Profile(id=f"tulip-{name}", workspace="tulip", network=name, handle="@tulip")
    for name in ("bluesky", "facebook", "instagram", "mastodon", "x")
}
IMAGE = Image(digest="sha256:" + "0" * 64, alt="een veld")
VIDEO = Video(digest="sha256:" + "1" * 64, cover=IMAGE)
CARD = LinkCard(url="https://tulip.example", title="De lente", description="Is er", image=IMAGE)


def shown(content: PostContent, network: str) -> str:
    html = post_preview(
        content, PROFILES[network], source=lambda one: f"media/{one.digest[7:12]}", language="nl"
    )
    return Reader(f"<main>{html}</main>").text + html


def test_thread_and_first_comment() -> None:
    """All texts of a thread and the first comment are shown."""
    content = PostContent(
        text="een", thread=["twee"], first_comment="#tulpen", targets=["tulip-x"], reply_to="17"
    )
    html = shown(content, "x")
    assert html.count('class="pv pv-x"') == 3
    for text in ("een", "twee", "#tulpen", "Antwoord op 17"):
        assert text in html


def test_comment_without_image() -> None:
    """A first comment and a reply need no image, even if the network requires one for posts."""
    post = PostContent(
        text="een", first_comment="#tulpen", targets=["tulip-instagram"], media=[IMAGE]
    )
    assert "nodig" not in shown(post, "instagram")
    reply = PostContent(text="een", reply_to="17", targets=["tulip-instagram"])
    assert "nodig" not in shown(reply, "instagram")
    assert "is een afbeelding of video nodig" in shown(
        attrs.evolve(reply, reply_to=""), "instagram"
    )


def test_variant() -> None:
    """A profile's variant is shown: its media, format and label."""
    variant = Variant("tulip-instagram", "", media=[VIDEO], format="story", paid_partnership=True)
    content = PostContent(
        text="een",
        targets=["tulip-instagram", "tulip-x"],
        media=[IMAGE],
        variants=[variant],
        visibility="followers",
        quote_of="",
    )
    story = shown(content, "instagram")
    assert "Story · Zichtbaar voor volgers · Betaald partnerschap" in story
    assert 'poster="media/00000"' in story
    assert "Story" not in shown(content, "x")
    assert '<img src="media/00000"' in shown(content, "x")


@pytest.mark.parametrize(
    ("network", "has_title"), [("bluesky", True), ("facebook", False), ("mastodon", False)]
)
def test_card(network: str, has_title: bool) -> None:
    """Only a network that shows the card itself is shown with its title."""
    content = PostContent(text="Kom langs", targets=[f"tulip-{network}"], card=CARD)
    html = shown(content, network)
    assert ("De lente" in html) is has_title
    assert "https://tulip.example" in html
    with_image = shown(attrs.evolve(content, media=[IMAGE]), network)
    assert "De lente" not in with_image


def test_poll_and_quote() -> None:
    """A poll and a quoted post are shown."""
    content = PostContent(
        text="Welke?",
        targets=["tulip-mastodon"],
        poll=Poll(options=["rood", "<b>geel</b>"]),
        quote_of="https://rose.example/@ben/17",
        labels=["food"],
    )
    html = shown(content, "mastodon")
    for text in ("rood", "&lt;b&gt;geel", "https://rose.example/@ben/17", "food"):
        assert text in html


@pytest.mark.parametrize(("network", "is_shown"), [("mastodon", True), ("x", False)])
def test_cover(network: str, is_shown: bool) -> None:
    """A cover is shown only where the network shows it."""
    content = PostContent(text="een", targets=[f"tulip-{network}"], media=[VIDEO])
    assert ("poster=" in shown(content, network)) is is_shown
