"""The test cases that networks publish, and texts for properties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from socialcollab.text import entities, facets, grapheme_count, measure

POSTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("@#$./:()?&= \nabnl1_-é한ぼ🌷🇳🇱\u200d\ufe0f\u0301\ud800&＃＠"),
        st.characters(),
    ),
    max_size=60,
)


def cases(folder: Path, file: str) -> list[dict[str, Any]]:
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


def x_results(folder: Path) -> dict[str, bool]:
    """Return the ids of X's test cases that have an expected result, and whether each passes."""
    results = {}
    for case in cases(folder, "cases.jsonl"):
        answer = _answer(case)
        if answer is not None:
            results[case["id"]] = answer[0] == answer[1]
    assert len(results) > 130
    return results


def mastodon_results(folder: Path) -> dict[str, bool]:
    """Return the ids of Mastodon's test cases, and whether each passes."""
    results = {}
    for case in cases(folder, "hashtags.jsonl"):
        found = [e.text for e in entities("mastodon", case["text"]) if e.kind == "hashtag"]
        results[case["id"]] = found == ([case["match"]] if case["match"] else [])
    for case in cases(folder, "mentions.jsonl"):
        places = [[e.start, e.end] for e in entities("mastodon", case["text"])]
        results[case["id"]] = places == [mention["indices"] for mention in case["mentions"]]
    for case in cases(folder, "count.jsonl"):
        length = measure("mastodon", case["text"])
        results[case["id"]] = grapheme_count(case["countable"]) == length.value
    for case in cases(folder, "status.jsonl"):
        length = measure("mastodon", case["text"], warning=case["spoiler"])
        results[case["id"]] = case["ok"] == length.fits
    return results


def bluesky_results(folder: Path) -> dict[str, bool]:
    """Return the ids of Bluesky's test cases, and whether each passes."""
    results = {}
    for case in cases(folder, "segments.jsonl"):
        active = [part[0] for part in case["segments"] if len(part) == 2]
        results[case["id"]] = active == [e.text for e in entities("bluesky", case["text"])]
    for case in cases(folder, "tags.jsonl") + cases(folder, "cashtags.jsonl"):
        found = [f for f in facets(case["text"]) if f.kind in {"hashtag", "cashtag"}]
        places = [{"byteStart": f.byte_start, "byteEnd": f.byte_end} for f in found]
        results[case["id"]] = (case["tags"], case["indices"]) == ([f.value for f in found], places)
    for case in cases(folder, "lengths.jsonl"):
        length = measure("bluesky", case["text"])
        results[case["id"]] = (case["graphemes"], case["bytes"]) == (
            length.value,
            length.size_bytes,
        )
    return results
