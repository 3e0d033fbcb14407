"""Near-duplicates of posts and replies: what counts as the same, and how often the index errs."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.collisions import DuplicateIndex, shared_spans, similarity
from socialcollab.collisions.duplicates import _Words
from socialcollab.content import Image, PostContent
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.testing.strategies import texts

FIELD = Image(digest="sha256:" + "1" * 64)
BOAT = Image(digest="sha256:" + "2" * 64)
SALE = "Our spring sale starts on Monday, with 20% off all tulips"


@pytest.mark.parametrize(
    "other",
    [
        "OUR SPRING SALE starts on monday with 20% off all tulips!!!",
        "Our  spring\nsale starts on Monday, with 20% off all tulips",
        "Ｏｕｒ spring sale starts on Monday, with 20% off all tulips",
        f"RT @tulip: {SALE}",
        f"@anna {SALE} https://t.co/abc123",
    ],
)
def test_differences_that_do_not_count(other: str) -> None:
    """Case, spaces, punctuation, compatibility forms, mentions and short links do not count."""
    assert similarity(SALE, other) == 1.0


def test_links_count_without_tracking() -> None:
    """Two pages are different, and one page with other tracking parameters is the same."""
    page = "Read https://www.tulip.nl/a?id=1&utm_source=x#top"
    assert similarity(page, "Read http://tulip.nl/a?id=1&page=2") < 1.0
    assert similarity(page, "Read http://tulip.nl/a?fbclid=99&id=1") == 1.0
    assert similarity(page, "Read https://tulip.nl/a?id=2") < 0.5


def test_scripts_without_spaces() -> None:
    """Texts without spaces are compared by character."""
    assert (
        0.5
        < similarity("春のセールは月曜日から始まります", "春のセールは火曜日から始まります")
        < 1.0
    )


@given(texts(), texts())
def test_laws_of_similarity(one: str, other: str) -> None:
    """Similarity is symmetric, from 0 to 1, and 1 for equal texts with words."""
    score = similarity(one, other)
    assert 0.0 <= score <= 1.0
    assert score == similarity(other, one)
    if re.search("[a-z]", one):
        assert similarity(one, one) == 1.0


def test_match_explains_what_is_shared() -> None:
    """A match has the score, the shared passages, the shared media and translated reasons."""
    index = DuplicateIndex()
    index.add("p1", SALE, media=[FIELD.digest])
    (match,) = index.find(
        PostContent(text="Big news: our spring sale starts on Monday!", media=[FIELD, BOAT])
    )
    assert match.media == (FIELD.digest,)
    assert not match.other_media
    (span,) = match.spans
    assert match.text[span.start : span.end] == "our spring sale starts on Monday"
    assert match.other_text[span.other_start : span.other_end] == "Our spring sale starts on Monday"
    assert [reason.code for reason in match.reasons] == ["duplicate.text", "duplicate.media"]
    for language in ("en", "nl"):
        assert all("`p1`" in reason.text(language) for reason in match.reasons)


def test_same_text_with_other_media() -> None:
    """The same text with other images matches, and the match says that the images differ."""
    index = DuplicateIndex()
    index.add("p1", SALE, media=[FIELD.digest])
    (match,) = index.find(SALE, media=[BOAT.digest])
    assert match.other_media
    assert not match.media
    assert match.reasons[-1].code == "duplicate.other_media"


def test_posts_without_text() -> None:
    """Posts without words match by their media only."""
    index = DuplicateIndex()
    index.add("p1", "", media=[FIELD.digest])
    index.add("p2", "🌷")
    assert index.find("") == ()
    (match,) = index.find("🌷🌷", media=[FIELD.digest])
    assert (match.id, match.score) == ("p1", 0.0)


def test_entries_can_be_replaced_and_removed() -> None:
    """After a change, only the new text is found; after a removal, nothing is left."""
    index = DuplicateIndex()
    index.add("p1", SALE, media=[FIELD.digest])
    index.add("p2", SALE)
    assert [match.id for match in index.find(SALE)] == ["p1", "p2"]
    assert [match.id for match in index.find(SALE, ignore=["p1"])] == ["p2"]
    assert [match.id for match in index.find(SALE, limit=1)] == ["p1"]
    index.add("p1", "Something else entirely")
    assert [match.id for match in index.find(SALE, media=[FIELD.digest])] == ["p2"]
    index.remove("p1")
    index.remove("p2")
    assert len(index) == 0
    assert "p1" not in index
    assert not index._by_key
    assert not index._by_media
    assert not index._groups
    with pytest.raises(NotFoundError, match="no entry of the index `p1`"):
        index.remove("p1")


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.none()
            | st.sampled_from([SALE, SALE.upper(), "Our autumn sale starts on Monday", ""]),
        ),
        max_size=12,
    )
)
def test_index_equals_a_new_one(changes: list[tuple[str, str | None]]) -> None:
    """After any additions and removals, the index finds what a new index of the rest finds."""
    index, left = DuplicateIndex(), {}
    for name, text in changes:
        if text is not None:
            index.add(name, text)
            left.pop(name, None)
            left[name] = text
        elif name in index:
            index.remove(name)
            del left[name]
    new = DuplicateIndex()
    for name, text in left.items():
        new.add(name, text)
    for text in (SALE, "Our autumn sale starts on Monday", ""):
        assert set(index.find(text)) == set(new.find(text))


@pytest.mark.parametrize("threshold", [0, 0.34, 1.01, float("nan")])
def test_bad_thresholds(threshold: float) -> None:
    """A threshold below which the index would miss matches is refused."""
    with pytest.raises(InvalidValueError, match=f"the threshold is {threshold}"):
        DuplicateIndex(threshold=threshold)
    with pytest.raises(InvalidValueError, match="the limit is -1"):
        DuplicateIndex().find("", limit=-1)


def test_shared_spans_of_unrelated_texts() -> None:
    """Texts without a common word share nothing."""
    assert shared_spans("one two", "three") == ()


def test_hostile_texts_do_not_take_long() -> None:
    """Long texts without spaces, and long rows of dots or mentions, are read in linear time."""
    index = DuplicateIndex()
    for text in (
        "a" * 200_000,
        "." * 200_000,
        "@a" * 100_000,
        "https://" * 20_000,
        "rt @" * 50_000,
    ):
        index.add(text[:6], text)
        assert index.find(text)[:1] or not re.search(r"\w", text)


def test_judged_pairs(shared_data: Callable[[str], Path]) -> None:
    """Pairs that people called paraphrases score higher; at the threshold, no pair is wrong."""
    path = shared_data("neardup-pairs") / "pairs.jsonl"
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    scores: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        scores[case["label"]].append(similarity(case["a"], case["b"]))
    pairs = [(one > other) + (one == other) / 2 for one in scores["dup"] for other in scores["not"]]
    assert (len(scores["dup"]), len(scores["not"])) == (40, 43)
    assert sum(pairs) / len(pairs) >= 0.91
    found = {label: sum(score >= 0.5 for score in each) for label, each in scores.items()}
    assert found["not"] == 0
    # Most paraphrases share few words, and are out of reach of a comparison of words.
    assert found["dup"] >= 10


def without_marks(text: str) -> str:
    text = re.sub(r"https?://\S*|\bRT @\w+:?", "", text)
    return " ".join(re.sub(r"\S*…\s*$", "", text).split())


@pytest.mark.slow
def test_stream_of_posts(shared_data: Callable[[str], Path]) -> None:
    """Among 20,000 real posts in order, the index finds nearly all pairs that it should."""
    folder = shared_data("posts-stream")
    posts = [
        line
        for name in ("gurez", "palm")
        for line in (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    ]
    assert len(posts) == 20_000
    check_stream(posts, all_pairs=0.99, copies=0.98)


@pytest.mark.integration
def test_beginning_of_the_stream(shared_data: Callable[[str], Path]) -> None:
    """The same holds for the first thousand posts."""
    text = (shared_data("posts-stream") / "gurez.txt").read_text(encoding="utf-8")
    check_stream(text.splitlines()[:1000], all_pairs=0.94, copies=0.94)


def check_stream(posts: list[str], *, all_pairs: float, copies: float) -> None:
    index = DuplicateIndex()
    found = set()
    for number, text in enumerate(posts):
        found |= {(int(match.id), number) for match in index.find(text, limit=None)}
        index.add(str(number), text)
    # Every pair of texts that reaches the threshold has a pair of words in common, so the exact
    # answer is among the pairs with a common feature.
    features = [entry.group.features for entry in index._entries.values()]
    holders: dict[int, list[int]] = defaultdict(list)
    exact = set()
    for number, each in enumerate(features):
        near = {other for feature in each if feature >> 28 for other in holders[feature]}
        for other in near:
            shared = len(each & features[other])
            if 2 * shared >= len(each) + len(features[other]) - shared:
                exact.add((other, number))
        for feature in each:
            holders[feature].append(number)
    assert found <= exact
    assert len(found) >= all_pairs * len(exact)
    by_text = defaultdict(list)
    for number, text in enumerate(posts):
        if key := without_marks(text):
            by_text[key].append(number)
    copied = [pair for numbers in by_text.values() for pair in combinations(numbers, 2)]
    assert sum(pair in found for pair in copied) >= copies * len(copied)


def test_numbers_of_pairs_are_different() -> None:
    """Words and pairs of words never get the same number."""
    words = _Words()
    features, keys = words.features(["aa", "b", "aa", "cc", "b", "b"])
    assert len(features) == 3 + 5
    assert set(keys) <= features
