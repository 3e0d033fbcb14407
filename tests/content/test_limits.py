"""The limits of networks apply to each text of a thread."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from socialcollab.content import (
    Image,
    LinkCard,
    Poll,
    PostContent,
    Variant,
    Video,
    exceeded_limits,
    limit_findings,
)
from socialcollab.directory import Profile, network

X = Profile(id="tulip-x", workspace="tulip", network="x")
FACEBOOK = Profile(id="tulip-facebook", workspace="tulip", network="facebook")


def test_texts_of_thread() -> None:
    """A finding identifies the text of the thread that is too long."""
    found = exceeded_limits(network("x"), text="een", thread=["y" * 280, "z" * 281])
    assert [(finding.code, finding.field) for finding in found] == [
        ("limit.text.thread", "thread.3")
    ]
    assert "text 3 of the thread has 281 characters, as X counts them" in found[0].message
    assert "tekst 3 van de thread" in found[0].text("nl")


def test_network_without_threads() -> None:
    """A network without threads accepts a thread only if the profile has a separate text."""
    content = PostContent(text="een", thread=["twee"], targets=[X.id, FACEBOOK.id])
    (finding,) = limit_findings(content, [X, FACEBOOK])
    assert (finding.code, finding.profile) == ("limit.thread", FACEBOOK.id)
    own = PostContent(
        text="een", thread=["twee"], targets=[X.id, FACEBOOK.id], variants={FACEBOOK.id: "een"}
    )
    assert limit_findings(own, [X, FACEBOOK]) == ()


def test_links_and_warnings() -> None:
    """Links count only towards the first text, and warnings towards every text."""
    content = PostContent(
        text="a" * 256, thread=["b" * 280], links=["https://tulip.nl/lente"], targets=[X.id]
    )
    assert limit_findings(content, [X]) == ()
    found = exceeded_limits(
        network("mastodon"), text="a" * 496, thread=["b" * 496, "c" * 497], labels=["food"]
    )
    assert [finding.field for finding in found] == ["thread.3"]


def test_image_without_text() -> None:
    """A post with an image needs no text, but every text of its thread does."""
    image = Image(digest="sha256:" + "0" * 64, alt="een", size_bytes=10)
    assert exceeded_limits(network("x"), text="", thread=["twee"], media=[image]) == ()


VIDEO = Video(digest="sha256:" + "1" * 64, size_bytes=10)
GIF = Image(digest="sha256:" + "2" * 64, media_type="image/gif", size_bytes=14_000_000)
JPEG = Image(digest="sha256:" + "3" * 64, size_bytes=10)
CARD = LinkCard(url="https://tulip.nl", title="Tulip")


POLL = Poll(options=["rood", "geel"])


@pytest.mark.parametrize(
    ("name", "values", "codes"),
    [
        ("x", {"format": "story"}, ["limit.format.story"]),
        ("x", {"format": "reel"}, ["limit.format.reel"]),
        ("instagram", {"format": "reel", "media": [JPEG]}, ["limit.media.reel"]),
        ("instagram", {"format": "reel", "media": [VIDEO]}, []),
        (
            "instagram",
            {"format": "story", "media": [VIDEO, JPEG]},
            ["limit.media.story", "limit.text.story"],
        ),
        ("instagram", {"format": "story", "media": [JPEG]}, ["limit.text.story"]),
        ("facebook", {"format": "story", "media": [JPEG], "text": ""}, []),
        ("linkedin", {"first_comment": "#tulpen"}, ["limit.first_comment"]),
        ("x", {"first_comment": "y" * 281}, ["limit.text.first_comment"]),
        ("x", {"first_comment": " "}, ["limit.empty.first_comment"]),
        (
            "instagram",
            {"media": [JPEG], "first_comment": "#a " * 31},
            ["limit.hashtags.first_comment"],
        ),
        ("x", {"media": [GIF]}, []),
        ("x", {"media": [GIF, JPEG]}, ["limit.gifs"]),
        ("x", {"media": [attrs.evolve(GIF, size_bytes=15_000_001)]}, ["limit.media_bytes.image"]),
        ("mastodon", {"media": [GIF, JPEG]}, []),
        ("x", {"reply_to": "17"}, []),
        ("x", {"reply_to": "https://tulip.nl/17"}, ["limit.post_address"]),
        ("linkedin", {"reply_to": "17"}, ["limit.reply"]),
        ("instagram", {}, ["limit.media_required"]),
        ("facebook", {"quote_of": "17"}, ["limit.quote"]),
        ("instagram", {"reply_to": "17"}, []),
        ("instagram", {"reply_to": "17", "media": [JPEG]}, ["limit.reply_media"]),
        ("facebook", {"reply_to": "17", "media": [JPEG]}, []),
        ("facebook", {"reply_to": "17", "media": [VIDEO]}, ["limit.reply_media"]),
        ("mastodon", {"visibility": "followers"}, []),
        ("x", {"visibility": "followers"}, ["limit.visibility"]),
        ("x", {"paid_partnership": True}, []),
        ("bluesky", {"paid_partnership": True}, ["limit.paid_partnership"]),
        ("x", {"links": ["javascript:alert(1)"]}, ["limit.link"]),
        ("x", {"links": ["https://tulip.nl", "http://", "tulip.nl"]}, ["limit.link"] * 2),
        ("bluesky", {"text": "", "card": CARD}, []),
        ("x", {"text": "\u200b\ufeff"}, ["limit.empty"]),
        ("x", {"poll": Poll(options=list("abcde"))}, ["limit.poll_options"]),
        ("x", {"poll": Poll(options=["a", "b" * 26])}, ["limit.poll_option"]),
        ("x", {"poll": Poll(options=["a", "b"], minutes=4)}, ["limit.poll_minutes"]),
        ("x", {"poll": Poll(options=["a", "b"], multiple=True)}, ["limit.poll_multiple"]),
        ("mastodon", {"poll": Poll(options=["a", "b"], multiple=True)}, []),
        ("mastodon", {"poll": POLL, "media": [JPEG]}, ["limit.poll_media"]),
        ("bluesky", {"poll": POLL, "media": [JPEG]}, ["limit.poll"]),
        ("mastodon", {"thread": ["twee", "\u200b"]}, ["limit.empty.thread"]),
        ("mastodon", {"labels": ["food", ""]}, ["limit.empty.label"]),
        ("mastodon", {"language": "nl-BE"}, []),
        ("mastodon", {"language": "Nederlands"}, ["limit.language"]),
        ("bluesky", {"language": "nl\n"}, ["limit.language"]),
        ("facebook", {"text": "", "media": [JPEG], "format": "story"}, []),
        (
            "facebook",
            {"text": "", "media": [JPEG], "format": "story", "links": ["https://tulip.nl"]},
            ["limit.links.story"],
        ),
        (
            "instagram",
            {"text": "", "media": [JPEG], "format": "story", "first_comment": "#tulpen"},
            ["limit.first_comment.story"],
        ),
        (
            "facebook",
            {"text": "", "media": [JPEG], "format": "story", "reply_to": "17"},
            ["limit.reply_format"],
        ),
    ],
)
def test_features(name: str, values: dict[str, Any], codes: list[str]) -> None:
    """What a network does not offer is found before anything is sent, in both languages."""
    found = exceeded_limits(network(name), **{"text": "een", **values})
    assert [finding.code for finding in found] == codes
    for finding in found:
        assert "{" not in finding.message + finding.text("nl")


def test_variants_for_networks() -> None:
    """The media and the format of a variant are checked on its profile only."""
    instagram = Profile(id="tulip-instagram", workspace="tulip", network="instagram")
    content = PostContent(
        text="een",
        targets=[X.id, instagram.id],
        media=[attrs.evolve(JPEG, media_type="image/png")],
        paid_partnership=True,
        variants=[Variant(instagram.id, "", media=[JPEG], format="story", paid_partnership=False)],
    )
    assert limit_findings(content, [X, instagram]) == ()
    plain = attrs.evolve(content, variants=())
    codes = {(finding.profile, finding.code) for finding in limit_findings(plain, [X, instagram])}
    assert codes == {
        (instagram.id, "limit.media_type.image"),
        (instagram.id, "limit.paid_partnership"),
    }


def test_card() -> None:
    """The link of a card counts towards the text only where the network shows no card."""
    content = PostContent(text="a" * 295, targets=[X.id], card=CARD)
    bluesky = Profile(id=X.id, workspace="tulip", network="bluesky")
    assert limit_findings(content, [bluesky]) == ()
    with_image = attrs.evolve(content, media=[JPEG])
    assert [each.code for each in limit_findings(with_image, [bluesky])] == ["limit.text"]


@pytest.mark.parametrize("name", ["bluesky", "facebook", "instagram", "mastodon", "x"])
def test_example_of_a_post(name: str) -> None:
    """The message about a wrong address contains an example that is accepted."""
    (finding,) = exceeded_limits(network(name), text="een", media=[], reply_to="not a post")
    example = str(dict(finding.params)["example"])
    assert example in finding.message
    assert exceeded_limits(network(name), text="een", reply_to=example) == ()


def test_units_in_every_language() -> None:
    """The messages about long texts name their unit in the language of the message."""
    for name, text, unit in (("x", "é" * 281, "tekens"), ("bluesky", "👨‍👩‍👧‍👦" * 290, "bytes")):
        (finding,) = exceeded_limits(network(name), text=text)
        assert unit in finding.text("nl")
        assert "characters" not in finding.text("nl")
