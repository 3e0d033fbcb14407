"""The content of a post, and the digests of its fields."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.content import (
    ALL_FIELDS,
    CONTEXT_FIELDS,
    PUBLISHED_FIELDS,
    Image,
    LinkCard,
    Poll,
    PostContent,
    Variant,
    Video,
    changed_fields,
    field_digests,
    revision_digest,
)
from socialcollab.errors import InvalidValueError
from socialcollab.time import WallTime

SALT = bytes(range(16))
IMAGE = Image(digest="sha256:" + "0" * 64, alt="veld")
TIME = WallTime(local="2026-04-07 09:30", zone="Europe/Amsterdam")
CONTENT = PostContent(
    text="De lente is er 🌷",
    targets=["tulip-x", "tulip-mastodon"],
    variants={"tulip-x": "Lente!"},
    media=[IMAGE],
    planned_at=TIME,
    tags=["offer"],
    poll=Poll(options=["a", "b"]),
)


def test_texts_of_profiles() -> None:
    """A variant replaces the text and the thread of a post; a list of texts is a thread."""
    content = PostContent(
        text="een",
        thread=["twee\r\nregels"],
        targets=["a", "b", "c"],
        variants={"b": "alleen", "c": ["drie", "vier"]},
    )
    assert [content.texts_for(profile) for profile in "abc"] == [
        ("een", "twee\nregels"),
        ("alleen",),
        ("drie", "vier"),
    ]
    assert content.texts == ("een", "twee\nregels", "alleen", "drie", "vier")


@pytest.mark.parametrize(
    ("thread", "message"),
    [
        (["twee", " \n"], "text 3 of the thread is empty"),
        ([5], "`5` is not a string"),
        (5, "words"),
    ],
)
def test_invalid_threads(thread, message) -> None:
    """Every text of a thread must be a non-empty string."""
    with pytest.raises(InvalidValueError, match=message):
        PostContent(text="een", thread=thread)
    if isinstance(thread, list):
        with pytest.raises(InvalidValueError, match=message):
            PostContent(text="een", targets=["a"], variants={"a": ["een", *thread]})


def test_revision_digest_is_stable() -> None:
    """The digest of a revision is the same on every platform."""
    digest = revision_digest(field_digests(CONTENT, SALT), SALT)
    assert digest == "b78ab78cb83089d5161927c924b5f0ab3477ecabfd215f99034f117fc392f9b4"


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"text": "x"}, ("text",)),
        ({"thread": ["y"]}, ("thread",)),
        ({"variants": {}}, ("variants",)),
        ({"media": ()}, ("media", "alt")),
        ({"media": [attrs.evolve(IMAGE, alt="tulpen")]}, ("alt",)),
        ({"media": [attrs.evolve(IMAGE, media_type="image/gif")]}, ("media",)),
        ({"media": [attrs.evolve(IMAGE, name="other.png")]}, ("media",)),
        ({"links": ["https://tulip.example"]}, ("links",)),
        ({"targets": ["tulip-x"]}, ("targets",)),
        ({"language": "nl"}, ("language",)),
        ({"labels": ["flowers"]}, ("labels",)),
        ({"poll": None}, ("poll",)),
        ({"planned_at": None}, ("time",)),
        ({"times": {"tulip-x": TIME}}, ("time",)),
        ({"format": "story"}, ("format",)),
        ({"first_comment": "#tulpen"}, ("first_comment",)),
        ({"card": LinkCard(url="https://tulip.nl", title="Tulip")}, ("card",)),
        ({"visibility": "followers"}, ("visibility",)),
        ({"paid_partnership": True}, ("paid_partnership",)),
        ({"targets": ["tulip-x"], "reply_to": "17"}, ("targets", "reply_to")),
        ({"targets": ["tulip-x"], "quote_of": "17"}, ("targets", "quote_of")),
        ({"variants": [Variant("tulip-x", "Lente!", media=[IMAGE])]}, ("variants",)),
        ({"variants": [Variant("tulip-x", "Lente!", format="reel")]}, ("variants",)),
        ({"variants": [Variant("tulip-x", "Lente!", paid_partnership=True)]}, ("variants",)),
        ({"media": [attrs.evolve(IMAGE, focus=(0.0, 0.5))]}, ("media",)),
        ({"campaign": "spring"}, ("campaign",)),
        ({"tags": []}, ("tags",)),
    ],
)
def test_change_shows_in_its_field(change: dict[str, object], fields: tuple[str, ...]) -> None:
    """A change of a field changes only the digest of that field."""
    after = attrs.evolve(CONTENT, **change)  # type: ignore[arg-type]
    before_digests, after_digests = field_digests(CONTENT, SALT), field_digests(after, SALT)
    assert fields == changed_fields(before_digests, after_digests)


def test_fields_cover_all_attributes() -> None:
    """Every attribute has a digest, so that nothing can be published without one."""
    covered = {"planned_at", "times", "media"} | set(ALL_FIELDS)
    assert {attribute.name for attribute in attrs.fields(PostContent)} <= covered
    assert set(PUBLISHED_FIELDS) | set(CONTEXT_FIELDS) == set(ALL_FIELDS)


def test_repeated_hours_differ() -> None:
    """The two instants of a repeated local time have different digests."""
    first = attrs.evolve(CONTENT, planned_at=attrs.evolve(TIME, repeated="first"))
    second = attrs.evolve(CONTENT, planned_at=attrs.evolve(TIME, repeated="second"))
    assert field_digests(first, SALT)["time"] != field_digests(second, SALT)["time"]


@given(st.permutations(["b", "a", "c"]))
def test_order_is_ignored(names: list[str]) -> None:
    """The order of targets and tags does not matter."""
    one, other = (
        PostContent(text="", targets=names, tags=names),
        PostContent(text="", targets=["a", "b", "c"], tags=["a", "b", "c"]),
    )
    assert one == other


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"variants": {"y": "text"}}, "there is a variant for `y`, which is not a target"),
        ({"times": {"y": TIME}}, "there is a time for `y`, which is not a target"),
    ],
)
def test_variant_needs_target(values: dict[str, object], message: str) -> None:
    """A variant or time for a profile that is not a target raises an error."""
    with pytest.raises(InvalidValueError, match=message):
        PostContent(text="", targets=["x"], **values)  # type: ignore[arg-type]


def test_poll_needs_two_answers() -> None:
    """A poll with one option raises an error."""
    with pytest.raises(InvalidValueError, match=r"at least two options, .* the options are"):
        Poll(options=["one"])


@pytest.mark.parametrize("minutes", [0, -1, True, 1.5, "1440"])
def test_poll_minutes(minutes: object) -> None:
    """A poll is open for a whole number of minutes."""
    with pytest.raises(InvalidValueError, match="which is not a whole number, 1 or more"):
        Poll(options=["one", "two"], minutes=minutes)  # type: ignore[arg-type]


@pytest.mark.parametrize("data", ["tulips.jpg", 5, None])
def test_image_of_another_type(data: object) -> None:
    """An image is created from bytes only."""
    with pytest.raises(InvalidValueError, match="the data of `a` are of type"):
        Image.from_bytes(data, name="a")  # type: ignore[arg-type]


def test_cover_and_card_image() -> None:
    """The cover of a video and the image of a card are part of the approved content."""
    video = Video(digest="sha256:" + "1" * 64)
    plain = PostContent(text="x", media=[video])
    covered = attrs.evolve(plain, media=[attrs.evolve(video, cover=IMAGE)])
    card = LinkCard(url="https://tulip.nl", title="Tulip", image=IMAGE)
    for changed, field in ((covered, "media"), (attrs.evolve(plain, card=card), "card")):
        described = attrs.evolve(IMAGE, alt="bloem")
        media = tuple(attrs.evolve(one, cover=described) for one in changed.media)
        other = attrs.evolve(
            changed,
            media=media if field == "media" else changed.media,
            card=None if changed.card is None else attrs.evolve(changed.card, image=described),
        )
        for before, after in ((plain, changed), (changed, other)):
            digests = field_digests(before, SALT), field_digests(after, SALT)
            assert changed_fields(*digests) == (field,)
        assert IMAGE in changed.all_media


def test_variants() -> None:
    """A variant replaces only what it states."""
    content = PostContent(
        text="een",
        thread=["twee"],
        targets=["a", "b", "c"],
        media=[IMAGE],
        variants=[Variant("a", media=[], format="reel"), Variant("b", "drie")],
        paid_partnership=True,
    )
    assert content.texts_for("a") == ("een", "twee")
    assert (content.media_for("a"), content.media_for("b")) == ((), (IMAGE,))
    assert [content.format_for(name) for name in "abc"] == ["reel", "post", "post"]
    assert content.texts == ("een", "twee", "drie")
    assert content.is_paid_partnership("a")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": "poster"}, "the format is `poster`, not one of message, post, reel, story"),
        ({"visibility": "private"}, "the visibility is `private`, not one of public"),
        ({"targets": ["a", "b"], "reply_to": "17"}, "replies to a post of one network"),
        ({"targets": ["a", "b"], "quote_of": "17"}, "quotes a post of one network"),
    ],
)
def test_invalid_values(values: dict[str, Any], message: str) -> None:
    """A format or visibility must exist, and a reply or a quote has one target."""
    with pytest.raises(InvalidValueError, match=message):
        PostContent(text="x", **values)


def test_invalid_parts() -> None:
    """A variant with a thread has a text, a card has an address and a title, a focus two numbers."""
    with pytest.raises(InvalidValueError, match="not its first text"):
        Variant("a", None, ["twee"])
    with pytest.raises(InvalidValueError, match="the format is `poster`"):
        Variant("a", format="poster")  # type: ignore[arg-type]
    for url, title in (("https://tulip.nl", " "), (None, "a"), ("https://tulip.nl", 5)):
        with pytest.raises(InvalidValueError, match="needs an address and a title"):
            LinkCard(url=url, title=title)  # type: ignore[arg-type]
    for focus in ((2.0, 0.0), (0.0,), (float("nan"), 0.0), "ab", 5, (None, 0), ("0", "0")):
        with pytest.raises(InvalidValueError, match="is not a focus point"):
            attrs.evolve(IMAGE, focus=focus)
