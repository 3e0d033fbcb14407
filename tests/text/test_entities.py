"""The entities in texts, tested with the networks' own test cases and with real posts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.text.cases import POSTS, cases, x_differences

from socialcollab.directory import NETWORKS
from socialcollab.text import entities, facets, measure

# Known differences from X's own cases, with the reason. This list only shrinks.
KNOWN_DIFFERENCES = {
    "validate/urls/10": "symbols such as a snowman are not accepted in a domain",
    "extract/urls/85": "top-level domains in other scripts need a scheme",
    "validate/WeightedTweetsCounterTest/12": "a case of config v2, which has no discount for emoji",
}


def test_x_cases(shared_data: Callable[[str], Path]) -> None:
    """X's own test cases pass, except for the known differences."""
    assert x_differences(shared_data("twitter-text")) == set(KNOWN_DIFFERENCES)


def test_mastodon_cases(
    shared_data: Callable[[str], Path],
) -> None:
    """Mastodon's own test cases for mentions and hashtags pass."""
    folder = shared_data("mastodon-limits")
    for case in cases(folder, "hashtags.jsonl"):
        found = [e.text for e in entities("mastodon", case["text"]) if e.kind == "hashtag"]
        assert found == ([case["match"]] if case["match"] else []), case["id"]
    for case in cases(folder, "mentions.jsonl"):
        places = [[e.start, e.end] for e in entities("mastodon", case["text"])]
        assert places == [mention["indices"] for mention in case["mentions"]], case["id"]


def test_bluesky_cases(shared_data: Callable[[str], Path]) -> None:
    """Bluesky's own test cases pass."""
    folder = shared_data("atproto-richtext")
    for case in cases(folder, "segments.jsonl"):
        active = [part[0] for part in case["segments"] if len(part) == 2]
        assert active == [e.text for e in entities("bluesky", case["text"])], case["id"]
    for case in cases(folder, "tags.jsonl") + cases(folder, "cashtags.jsonl"):
        found = [f for f in facets(case["text"]) if f.kind in {"hashtag", "cashtag"}]
        assert case["tags"] == [f.value for f in found], case["id"]
        places = [{"byteStart": f.byte_start, "byteEnd": f.byte_end} for f in found]
        assert case["indices"] == places, case["id"]


def test_positions_in_real_posts(shared_data: Callable[[str], Path]) -> None:
    """The positions of an entity slice its text out of a real post."""
    for case in cases(shared_data("posts-multilingual"), "posts.jsonl")[::7]:
        text = case["text"]
        for name in ("x", "mastodon", "bluesky", "instagram"):
            for entity in entities(name, text):
                assert text[entity.start : entity.end] == entity.text
            assert measure(name, text).value >= 0


@given(POSTS, st.sampled_from(sorted(NETWORKS)))
def test_entities_are_in_order(text: str, name: str) -> None:
    """Entities are in order, within the text and without overlaps."""
    end = 0
    for entity in entities(name, text):
        assert end <= entity.start < entity.end <= len(text)
        assert text[entity.start : entity.end] == entity.text
        end = entity.end


@given(POSTS)
def test_facets_count_bytes(text: str) -> None:
    """The positions of a facet slice its entity out of the UTF-8 bytes."""
    data = text.encode("utf-8", "surrogatepass")
    for facet, entity in zip(facets(text), entities("bluesky", text), strict=True):
        part = data[facet.byte_start : facet.byte_end].decode("utf-8", "surrogatepass")
        assert part == entity.text


def test_only_active_entities() -> None:
    """The entities of a network have only the kinds that it recognises."""
    assert [e.kind for e in entities("x", "$AAPL")] == ["cashtag"]
    assert entities("linkedin", "$AAPL") == ()
