"""The limits of networks apply to each text of a thread."""

from __future__ import annotations

from socialcollab.content import Image, PostContent, exceeded_limits, limit_findings
from socialcollab.directory import Profile, network

X = Profile(id="tulip-x", workspace="tulip", network="x")
FACEBOOK = Profile(id="tulip-facebook", workspace="tulip", network="facebook")


def test_texts_of_thread() -> None:
    """A finding identifies the text of the thread that is too long."""
    found = exceeded_limits(network("x"), text="een", thread=["y" * 280, "z" * 281])
    assert [(finding.code, finding.field) for finding in found] == [
        ("limit.text.thread", "thread.3")
    ]
    assert "text 3 of the thread has 281 weighted characters" in found[0].message
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
