"""Every field of a post has its digest; what changed is named."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.content import (
    ALL_FIELDS,
    CONTEXT_FIELDS,
    PUBLISHED_FIELDS,
    Image,
    Poll,
    PostContent,
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


def test_a_revision_has_the_same_digest_everywhere() -> None:
    digest = revision_digest(field_digests(CONTENT, SALT), SALT)
    assert digest == "2d43cda9f3cbabe9d4386f722da4dcef3bd8cf6f5292902a891b9fffacdc14b6"


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"text": "x"}, ("text",)),
        ({"variants": {}}, ("variants",)),
        ({"media": ()}, ("media", "alt")),
        ({"media": [attrs.evolve(IMAGE, alt="tulpen")]}, ("alt",)),
        ({"links": ["https://tulip.example"]}, ("links",)),
        ({"targets": ["tulip-x"]}, ("targets",)),
        ({"language": "nl"}, ("language",)),
        ({"labels": ["flowers"]}, ("labels",)),
        ({"poll": None}, ("poll",)),
        ({"planned_at": None}, ("time",)),
        ({"times": {"tulip-x": TIME}}, ("time",)),
        ({"campaign": "spring"}, ("campaign",)),
        ({"tags": []}, ("tags",)),
    ],
)
def test_a_change_shows_in_its_field_alone(
    change: dict[str, object], fields: tuple[str, ...]
) -> None:
    after = attrs.evolve(CONTENT, **change)  # type: ignore[arg-type]
    before_digests, after_digests = field_digests(CONTENT, SALT), field_digests(after, SALT)
    assert fields == changed_fields(before_digests, after_digests)


def test_every_attribute_of_a_post_is_in_some_field() -> None:
    """Nothing that could leave lacks a digest: a new attribute has to find its field."""
    covered = {"planned_at", "times", "media"} | set(ALL_FIELDS)
    assert {attribute.name for attribute in attrs.fields(PostContent)} <= covered
    assert set(PUBLISHED_FIELDS) | set(CONTEXT_FIELDS) == set(ALL_FIELDS)


def test_the_second_of_two_equal_hours_is_another_time() -> None:
    first = attrs.evolve(CONTENT, planned_at=attrs.evolve(TIME, repeated="first"))
    second = attrs.evolve(CONTENT, planned_at=attrs.evolve(TIME, repeated="second"))
    assert field_digests(first, SALT)["time"] != field_digests(second, SALT)["time"]


@given(st.permutations(["b", "a", "c"]))
def test_the_order_of_targets_and_tags_does_not_matter(names: list[str]) -> None:
    one, other = (
        PostContent(text="", targets=names, tags=names),
        PostContent(text="", targets=["a", "b", "c"], tags=["a", "b", "c"]),
    )
    assert one == other


@pytest.mark.parametrize(
    ("given_values", "said"),
    [
        ({"variants": {"y": "text"}}, "variant is given for `y`, which is no target"),
        ({"times": {"y": TIME}}, "time is given for `y`, which is no target"),
    ],
)
def test_what_is_for_no_target_is_refused(given_values: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidValueError, match=said):
        PostContent(text="", targets=["x"], **given_values)  # type: ignore[arg-type]


def test_a_poll_needs_two_answers() -> None:
    with pytest.raises(InvalidValueError, match="at least two answers"):
        Poll(options=["one"])
