"""What the networks read, on their own cases and on real posts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.growth import grows_gently

from socialcollab import text as room
from socialcollab.directory.networks.lookup import NETWORKS, network
from socialcollab.errors import InvalidValueError
from socialcollab.text import entities, facets, grapheme_count, measure

# What does not agree yet, and why. This list only shrinks.
KNOWN_DIFFERENCES = {
    "validate/urls/10": "symbols such as a snowman are not taken as part of a domain",
    "extract/urls/85": "without a scheme, top-level domains of other scripts are not sought",
    "validate/WeightedTweetsCounterTest/12": "a case of config v2, without the discount for emoji",
}

POSTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("@#$./:()?&= \nabnl1_-é한ぼ🌷🇳🇱\u200d\ufe0f\u0301\ud800&＃＠"),
        st.characters(),
    ),
    max_size=60,
)


def _cases(folder: Path, file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / file).read_text("utf-8").splitlines()]


def _answer(case: dict[str, Any]) -> tuple[object, object] | None:
    section, text, expected = case["section"], case["text"], case["expected"]
    found = entities("x", text)
    if section.endswith("CounterTest"):
        return expected["weightedLength"], measure("x", text).value
    if case["file"] == "validate":
        kinds = {
            "urls": "url",
            "urls_without_protocol": "url",
            "usernames": "mention",
            "hashtags": "hashtag",
        }
        if section not in kinds:
            return None
        return expected, any(e.text == text and e.kind == kinds[section] for e in found)
    kind, _, _ = section.partition("_with_indices")
    kind = {"tco_urls_with_params": "urls", "hashtags_from_astral": "hashtags"}.get(kind, kind)
    if kind not in {"urls", "hashtags", "cashtags", "mentions"}:
        return None
    cut = 0 if kind == "urls" else 1
    mine = [e for e in found if f"{e.kind}s" == kind]
    if not section.endswith("_with_indices"):
        return expected, [e.text[cut:] for e in mine]
    return [each["indices"] for each in expected], [[e.start, e.end] for e in mine]


def test_x_reads_and_counts_as_its_own_cases_say(shared_data: Callable[[str], Path]) -> None:
    differences = set()
    answered = 0
    for case in _cases(shared_data("twitter-text"), "cases.jsonl"):
        answer = _answer(case)
        if answer is not None:
            answered += 1
            if answer[0] != answer[1]:
                differences.add(case["id"])
    assert answered > 130
    assert differences == set(KNOWN_DIFFERENCES)


def test_every_emoji_weighs_two_on_x(shared_data: Callable[[str], Path]) -> None:
    cases = _cases(shared_data("unicode-emoji"), "cases.jsonl")
    full = [case for case in cases if case["status"] == "fully_qualified"]
    assert len(full) > 1000
    assert [case["id"] for case in full if measure("x", case["text"]).value != 2] == []


def test_mastodon_counts_as_its_own_cases_say(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("mastodon-limits")
    for case in _cases(folder, "count.jsonl"):
        assert grapheme_count(case["countable"]) == measure("mastodon", case["text"]).value
    for case in _cases(folder, "status.jsonl"):
        assert case["ok"] == measure("mastodon", case["text"], warning=case["spoiler"]).fits


def test_mastodon_finds_mentions_and_hashtags_as_its_own_cases_say(
    shared_data: Callable[[str], Path],
) -> None:
    folder = shared_data("mastodon-limits")
    for case in _cases(folder, "hashtags.jsonl"):
        found = [e.text for e in entities("mastodon", case["text"]) if e.kind == "hashtag"]
        assert found == ([case["match"]] if case["match"] else []), case["id"]
    for case in _cases(folder, "mentions.jsonl"):
        places = [[e.start, e.end] for e in entities("mastodon", case["text"])]
        assert places == [mention["indices"] for mention in case["mentions"]], case["id"]


def test_bluesky_reads_as_its_own_cases_say(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("atproto-richtext")
    for case in _cases(folder, "segments.jsonl"):
        active = [part[0] for part in case["segments"] if len(part) == 2]
        assert active == [e.text for e in entities("bluesky", case["text"])], case["id"]
    for case in _cases(folder, "tags.jsonl") + _cases(folder, "cashtags.jsonl"):
        found = [f for f in facets(case["text"]) if f.kind in {"hashtag", "cashtag"}]
        assert case["tags"] == [f.value for f in found], case["id"]
        places = [{"byteStart": f.byte_start, "byteEnd": f.byte_end} for f in found]
        assert case["indices"] == places, case["id"]


def test_places_in_real_posts_slice_back(shared_data: Callable[[str], Path]) -> None:
    for case in _cases(shared_data("posts-multilingual"), "posts.jsonl")[::7]:
        text = case["text"]
        for name in ("x", "mastodon", "bluesky", "instagram"):
            for entity in entities(name, text):
                assert text[entity.start : entity.end] == entity.text
            assert measure(name, text).value >= 0


@given(POSTS, st.sampled_from(sorted(NETWORKS)))
def test_entities_lie_in_order_inside_the_text(text: str, name: str) -> None:
    end = 0
    for entity in entities(name, text):
        assert end <= entity.start < entity.end <= len(text)
        assert text[entity.start : entity.end] == entity.text
        end = entity.end


@given(POSTS)
def test_facets_slice_back_in_bytes(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    for facet, entity in zip(facets(text), entities("bluesky", text), strict=True):
        part = data[facet.byte_start : facet.byte_end].decode("utf-8", "surrogatepass")
        assert part == entity.text


@given(POSTS)
def test_bluesky_counts_graphemes_and_bytes(text: str) -> None:
    length = measure("bluesky", text)
    assert length.value == grapheme_count(text)
    assert length.size_bytes == len(text.encode("utf-8", "surrogatepass"))


def test_a_few_graphemes_may_be_too_many_bytes() -> None:
    length = measure("bluesky", "👨‍👩‍👧‍👦" * 125)
    assert (length.value, length.size_bytes, length.fits) == (125, 3125, False)


def test_an_emoji_family_at_the_limit_still_fits() -> None:
    assert measure("x", "a" * 278 + "👨‍👩‍👧‍👦").fits
    assert not measure("x", "a" * 279 + "👨‍👩‍👧‍👦").fits
    assert measure("mastodon", "a" * 499 + "👨‍👩‍👧‍👦").fits


def test_a_server_may_allow_more() -> None:
    roomy = network("mastodon").with_limits(text=5000, url_weight=10)
    length = measure(roomy, "zie https://example.com/een/lange/weg")
    assert (length.value, length.limit) == (14, 5000)


def test_a_network_reads_only_what_it_makes_active() -> None:
    assert [e.kind for e in entities("x", "$AAPL")] == ["cashtag"]
    assert entities("linkedin", "$AAPL") == ()


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="did you mean `bluesky`"):
        measure("blueski", "")


def test_lone_surrogates_are_measured_not_refused() -> None:
    for name in NETWORKS:
        assert measure(name, "a\ud83d b").value >= 4


@pytest.mark.parametrize(
    "piece",
    ["a.nl?", "a.nl/)", "http://a.nl/(", "a.nl/a,", "a.", "@a@a.", "#", "\u0316\u0301", "a.com ",
     "http://", "x" * 70 + ".", "rt @", "👨\u200d", "\ud800"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x", "mastodon", "bluesky"])
def test_hostile_texts_take_moments(piece: str, name: str) -> None:
    def read(size: int) -> None:
        text = piece * (size // len(piece))
        measure(name, text)
        entities(name, text)

    assert grows_gently(read, 4_000)


def test_all_is_sorted_and_complete() -> None:
    assert sorted(room.__all__) == room.__all__
    assert all(hasattr(room, name) for name in room.__all__)
