"""Merges of texts and posts: every change is kept, and overlapping changes conflict."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.collisions import (
    Conflict,
    Resolution,
    merge,
    rebase_decisions,
    resolve,
)
from socialcollab.collisions.text_edits import matching_runs, text_edits, words
from socialcollab.content import (
    ALL_FIELDS,
    Image,
    LinkCard,
    Poll,
    PostContent,
    Variant,
    Video,
    field_digests,
)
from socialcollab.errors import InvalidValueError
from socialcollab.testing.strategies import texts
from socialcollab.text import graphemes
from socialcollab.time import WallTime

NINE = WallTime(local="2026-04-07 09:00", zone="Europe/Amsterdam")
TEN = attrs.evolve(NINE, local=NINE.local.replace(hour=10))
ELEVEN = attrs.evolve(NINE, local=NINE.local.replace(hour=11))
FIELD, BULBS, BOAT = (
    Image(digest=f"sha256:{digit * 64}", alt=alt)
    for digit, alt in (("1", "a field"), ("2", "bulbs"), ("3", "a boat"))
)
BASE = PostContent(
    text="The tulip season starts on Monday. Come and see!",
    thread=["Bring a friend.", "Tickets cost 9 euros."],
    variants=[Variant("tulip-x", "Tulips from Monday!")],
    media=[FIELD, BULBS],
    links=["https://tulip.nl/a"],
    targets=["tulip-x", "tulip-mastodon"],
    language="en",
    labels=["flowers"],
    planned_at=NINE,
    times={"tulip-x": TEN},
    campaign="spring",
    tags=["garden", "offer"],
    first_comment="Opening hours: 9 to 5.",
)


def changed(**changes: Any) -> PostContent:
    return attrs.evolve(BASE, **changes)


def lines(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    return map(json.loads, (folder / name).read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "merged"),
    [
        ("a b c d e", "a B c d e", "a b c d E", "a B c d E"),
        ("one\ntwo\nthree\n", "zero\none\ntwo\nthree\n", "one\ntwo\n", "zero\none\ntwo\n"),
        ("organise", "organize", "organised", "organized"),
        ("Fijn 👩‍👩‍👧 weekend", "Fijn 👩‍👩‍👧 lang weekend!", "Heel fijn 👩‍👩‍👧 weekend", None),
        ("same", "changed", "changed", "changed"),
        ("", "", "typed", "typed"),
        ("text", "", "text", ""),
        ("a\r\nb\r\nc", "a\r\nB\r\nc", "A\r\nb\r\nC", "A\r\nB\r\nC"),
    ],
)
def test_disjoint_changes(base: str, mine: str, theirs: str, merged: str | None) -> None:
    """Changes in different words, lines or graphemes are all in the result."""
    result = merge(base, mine, theirs)
    assert result
    if merged is not None:
        assert result.result == merged
    else:
        assert result.result == "Heel fijn 👩‍👩‍👧 lang weekend!"


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "sides"),
    [
        ("Open at 9", "Open at 10", "Open at 8", ("9", "10", "8")),
        ("one two three", "one 2 three", "one two 3", ("two three", "2 three", "two 3")),
        ("ab", "aXb", "aYb", ("ab", "aXb", "aYb")),
        ("", "mine", "theirs", ("", "mine", "theirs")),
        ("a 👍🏽 b", "a 👍🏿 b", "a 👍🏻 b", ("👍🏽", "👍🏿", "👍🏻")),
        ("e\u0301", "e\u0301\u0302", "e\u0301\u0303", None),
    ],
)
def test_conflicts(base: str, mine: str, theirs: str, sides: tuple[str, str, str] | None) -> None:
    """Changes to the same or adjacent words conflict; a conflict has the base and both sides."""
    merged = merge(base, mine, theirs)
    (conflict,) = merged.conflicts
    assert not merged
    assert (conflict.base, conflict.mine, conflict.theirs) == (sides or (base, mine, theirs))
    assert base[conflict.start : conflict.end] == conflict.base
    assert conflict.at is not None
    assert merged.result[conflict.at :].startswith(str(conflict.mine))


def test_conflict_is_resolved() -> None:
    """A merge with resolutions contains the chosen sides, and has no conflict left."""
    versions = ("Open at 9 today", "Open at 10 today", "Open at 8 today")
    (conflict,) = merge(*versions).conflicts
    for choice, text in (
        ("mine", "Open at 10 today"),
        ("theirs", "Open at 8 today"),
        ("base", "Open at 9 today"),
        ("both", "Open at 10 8 today"),
    ):
        merged = merge(*versions, resolutions=[resolve(conflict, choice)])  # type: ignore[arg-type]
        assert merged
        assert merged.result == text
    by_hand = merge(*versions, resolutions=[resolve(conflict, value="half past 9")])
    assert by_hand.result == "Open at half past 9 today"


def test_resolutions_of_other_versions_are_refused() -> None:
    """A resolution whose conflict no longer exists is not dropped in silence."""
    (conflict,) = merge("a", "b", "c").conflicts
    with pytest.raises(InvalidValueError, match="these versions do not have"):
        merge("a", "b", "d", resolutions=[resolve(conflict, "mine")])


def test_contradicting_resolutions_are_refused() -> None:
    """Two people who resolve one conflict differently have a conflict again."""
    (conflict,) = merge("a", "b", "c").conflicts
    mine, theirs = resolve(conflict, "mine"), resolve(conflict, "theirs")
    assert merge("a", "b", "c", resolutions=[mine, mine]).result == "b"
    with pytest.raises(InvalidValueError, match="two resolutions of one conflict"):
        merge("a", "b", "c", resolutions=[mine, theirs])


@pytest.mark.parametrize(
    ("choice", "extra", "message"),
    [
        ("ours", {}, "`ours` is not a side"),
        (None, {}, "either a choice or a value"),
        ("mine", {"value": "x"}, "either a choice or a value"),
        (None, {"value": 3}, "cannot be resolved to `3`"),
    ],
)
def test_bad_resolutions(choice: Any, extra: dict[str, Any], message: str) -> None:
    """A resolution names one existing side, or a value of the right type."""
    (conflict,) = merge("a", "b", "c").conflicts
    with pytest.raises(InvalidValueError, match=message):
        resolve(conflict, choice, **extra)


def test_both_sides_of_a_time_cannot_be_kept() -> None:
    """Only texts can be joined."""
    (conflict,) = merge(BASE, changed(planned_at=TEN), changed(planned_at=ELEVEN)).conflicts
    with pytest.raises(InvalidValueError, match="conflict in `time` are not texts"):
        resolve(conflict, "both")


def test_only_texts_or_posts_are_merged() -> None:
    """Other values are refused with their types."""
    with pytest.raises(InvalidValueError, match="not str, PostContent, str"):
        merge("a", BASE, "b")  # type: ignore[call-overload]


def test_changes_to_different_fields() -> None:
    """Each person's fields are in the merged post."""
    mine = changed(text="The tulip season starts on Sunday. Come and see!", tags=["garden", "new"])
    theirs = changed(
        text="The tulip season starts on Monday. Come and see it!",
        tags=["garden", "offer", "sale"],
        labels=[],
        planned_at=TEN,
        campaign="summer",
        poll=Poll(options=["red", "white"]),
        card=LinkCard(url="https://tulip.nl", title="Tulips"),
        visibility="unlisted",
    )
    merged = merge(BASE, mine, theirs)
    assert merged
    assert merged.result == attrs.evolve(
        theirs,
        text="The tulip season starts on Sunday. Come and see it!",
        tags=["garden", "new", "sale"],
    )


def test_scalars_conflict_as_a_whole() -> None:
    """Different values of a scalar are one conflict, named for its field."""
    merged = merge(BASE, changed(planned_at=TEN), changed(planned_at=ELEVEN))
    assert merged.conflicts == (Conflict(field="time", base=NINE, mine=TEN, theirs=ELEVEN),)
    chosen = resolve(merged.conflicts[0], "theirs")
    assert merge(
        BASE, changed(planned_at=TEN), changed(planned_at=ELEVEN), resolutions=[chosen]
    ).result == changed(planned_at=ELEVEN)


def test_threads() -> None:
    """Texts of a thread are merged one by one, and added texts are kept in their places."""
    mine = changed(thread=["Bring a good friend.", "Tickets cost 9 euros."])
    theirs = changed(thread=["Bring a friend.", "Tickets cost 8 euros."])
    assert merge(BASE, mine, theirs).result.thread == (
        "Bring a good friend.",
        "Tickets cost 8 euros.",
    )
    longer = changed(thread=[*BASE.thread, "See you!"])
    assert merge(BASE, mine, longer).result.thread == (*mine.thread, "See you!")
    other = changed(thread=[*BASE.thread, "Bye!"])
    (conflict,) = merge(BASE, longer, other).conflicts
    assert (conflict.field, conflict.theirs) == ("thread", other.thread)


def test_text_of_a_thread_that_both_empty_conflicts() -> None:
    """A thread never gets an empty text."""
    base = PostContent(text="a", thread=["left middle right"])
    mine, theirs = (attrs.evolve(base, thread=[text]) for text in ("left", "right"))
    merged = merge(base, mine, theirs)
    assert merged.conflicts
    assert all(text.strip() for text in merged.result.thread)


def test_media_order_and_alt_texts() -> None:
    """A new order and another person's alt text and image are both kept."""
    mine = changed(media=[BULBS, FIELD])
    theirs = changed(media=[attrs.evolve(FIELD, alt="a red field"), BULBS, BOAT])
    merged = merge(BASE, mine, theirs)
    assert merged
    assert [one.alt for one in merged.result.media] == ["bulbs", "a boat", "a red field"]
    three = changed(media=[FIELD, BULBS, BOAT])
    orders = [changed(media=order) for order in ([BULBS, FIELD, BOAT], [FIELD, BOAT, BULBS])]
    (conflict,) = merge(three, *orders).conflicts
    assert conflict.field == "media"
    assert conflict.theirs == orders[1].media


def test_removed_and_edited_image_conflicts() -> None:
    """An alt text that one person improved is not lost if the other person removed the image."""
    mine = changed(media=[BULBS])
    theirs = changed(media=[attrs.evolve(FIELD, alt="a red field"), BULBS])
    (conflict,) = merge(BASE, mine, theirs).conflicts
    assert conflict.field == f"media/{FIELD.digest}"
    assert conflict.mine is None
    kept = merge(BASE, mine, theirs, resolutions=[resolve(conflict, "theirs")])
    assert {one.alt for one in kept.result.media} == {"a red field", "bulbs"}


def test_media_with_changed_details() -> None:
    """Details of one video are merged one by one."""
    film = Video(digest="sha256:" + "4" * 64, alt="a film", name="a.mp4")
    base, mine, theirs = (
        PostContent(text="x", media=[each])
        for each in (film, attrs.evolve(film, alt="our film"), attrs.evolve(film, name="b.mp4"))
    )
    (video,) = merge(base, mine, theirs).result.media
    assert (video.alt, video.name) == ("our film", "b.mp4")


def test_variants() -> None:
    """Variants are merged by profile, and their texts by words."""
    mine = changed(variants=[Variant("tulip-x", "Red tulips from Monday!")])
    theirs = changed(
        variants=[
            Variant("tulip-x", "Tulips from Tuesday!", format="reel"),
            Variant("tulip-mastodon", "Toot"),
        ]
    )
    merged = merge(BASE, mine, theirs)
    assert merged
    assert merged.result.text_for("tulip-x") == "Red tulips from Tuesday!"
    assert merged.result.format_for("tulip-x") == "reel"
    assert merged.result.text_for("tulip-mastodon") == "Toot"
    (conflict,) = merge(BASE, changed(variants=[]), mine).conflicts
    assert conflict.field == "variants/tulip-x/text"


def test_target_removed_while_its_variant_was_edited() -> None:
    """A variant for a removed profile is a conflict if the other person edited it."""
    mine = changed(targets=["tulip-mastodon"], variants=[], times={})
    theirs = changed(variants=[Variant("tulip-x", "Red tulips from Monday!")])
    merged = merge(BASE, mine, theirs)
    (conflict,) = merged.conflicts
    assert merged.result.targets == ("tulip-mastodon",)
    assert conflict.theirs == theirs.variants[0]
    kept = merge(BASE, mine, theirs, resolutions=[resolve(conflict, "theirs")]).result
    assert kept.targets == ("tulip-mastodon", "tulip-x")
    unedited = merge(BASE, mine, changed(text="Tulips!"))
    assert unedited
    assert unedited.result.targets == ("tulip-mastodon",)


def test_reply_with_another_target_conflicts() -> None:
    """One person makes the post a reply, the other adds a profile: both together are not valid."""
    base = PostContent(text="hi", targets=["tulip-x"])
    mine = attrs.evolve(base, targets=["tulip-x", "tulip-mastodon"])
    theirs = attrs.evolve(base, reply_to="12345")
    merged = merge(base, mine, theirs)
    (conflict,) = merged.conflicts
    assert conflict.field == "targets"
    assert merged.result == mine
    chosen = resolve(conflict, "theirs")
    assert merge(base, mine, theirs, resolutions=[chosen]).result == theirs


def test_links_that_both_add_are_kept() -> None:
    """Links are never lost, and a removed link stays removed."""
    mine = changed(links=["https://tulip.nl/a", "https://tulip.nl/b"])
    theirs = changed(links=["https://tulip.nl/c"])
    assert merge(BASE, mine, theirs).result.links == ("https://tulip.nl/b", "https://tulip.nl/c")


@given(base=texts(), mine=texts(), theirs=texts())
def test_laws_of_text_merges(base: str, mine: str, theirs: str) -> None:
    """Merging with an unchanged side changes nothing, and the order of the sides does not matter."""
    assert merge(base, mine, base).result == mine
    assert merge(base, base, theirs).result == theirs
    assert merge(base, mine, mine).result == mine
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)
    assert [(each.start, each.end, each.mine, each.theirs) for each in one.conflicts] == [
        (each.start, each.end, each.theirs, each.mine) for each in other.conflicts
    ]
    swapped = [resolve(each, "theirs") for each in other.conflicts]
    assert one.result == merge(base, theirs, mine, resolutions=swapped).result


@st.composite
def edited(draw: st.DrawFn, typed: str) -> Callable[[str], str]:
    """Draw a function that edits a text like a person who types only characters of *typed*."""
    edits = draw(
        st.lists(
            st.tuples(
                st.floats(0, 1), st.integers(0, 6), st.text(st.sampled_from(typed), max_size=4)
            ),
            max_size=4,
        )
    )

    def apply(text: str) -> str:
        for place, removed, added in edits:
            parts = list(graphemes(text))
            start = int(place * len(parts))
            text = "".join([*parts[:start], added, *parts[start + removed :]])
        return text

    return apply


@given(base=texts(max_size=40), mine=edited("ABCÉ "), theirs=edited("0123 "))
def test_nothing_typed_is_lost(
    base: str, mine: Callable[[str], str], theirs: Callable[[str], str]
) -> None:
    """Each run of characters that a person typed is in the result or in a conflict."""
    base = re.sub(r"[ABCÉ0-9]", "", base)
    one, other = mine(base), theirs(base)
    merged = merge(base, one, other)
    kept = [merged.result]
    kept += [str(side) for each in merged.conflicts for side in (each.mine, each.theirs)]
    for run in re.findall(r"[ABCÉ]+", one) + re.findall(r"[0-3]+", other):
        assert any(run in text for text in kept), run


@given(base=texts(max_size=40), mine=edited("\u0301👩\u200d👧🇳a "), theirs=edited("🏽🇳🇱é\u200d "))
def test_no_grapheme_is_divided(
    base: str, mine: Callable[[str], str], theirs: Callable[[str], str]
) -> None:
    """Edits begin and end between graphemes in both texts."""
    for other in (mine(base), theirs(base)):
        for start, end, text in text_edits(base, other):
            before = graphemes(base[:start]) + graphemes(base[start:end]) + graphemes(base[end:])
            assert before == graphemes(base)
            assert text in other
        assert apply(base, text_edits(base, other)) == other
    merged = merge(base, mine(base), theirs(base))
    for conflict in merged.conflicts:
        parts = (base[: conflict.start], str(conflict.base), base[conflict.end :])
        assert sum(map(graphemes, parts), ()) == graphemes(base)


def apply(base: str, edits: list[tuple[int, int, str]]) -> str:
    for start, end, text in reversed(edits):
        base = base[:start] + text + base[end:]
    return base


def versions() -> st.SearchStrategy[PostContent]:
    """Generate posts that differ from `BASE` in a few fields."""
    images = st.builds(attrs.evolve, st.sampled_from((FIELD, BULBS, BOAT)), alt=texts(max_size=9))
    parts = st.sampled_from(("Bring a friend.", "Bring friends.", "See you!", "Bye!"))
    words = st.lists(st.sampled_from(("garden", "offer", "sale")))
    variants = st.sampled_from(
        (
            Variant("tulip-x", "Tulips!"),
            Variant("tulip-x", "Red tulips from Monday!", ["More"]),
            Variant("tulip-x", media=[BOAT]),
            Variant("tulip-mastodon", format="story", paid_partnership=True),
        )
    )
    optional = {
        "text": st.sampled_from(("Tulips!", BASE.text.upper())) | texts(max_size=20),
        "thread": st.lists(parts, max_size=3),
        "variants": variants.map(lambda variant: [variant]),
        "media": st.lists(images, max_size=3),
        "links": st.lists(st.sampled_from(("a", "b", "c")), max_size=3),
        "tags": words,
        "labels": words,
        "poll": st.just(Poll(options=["a", "b"])),
        "planned_at": st.sampled_from((None, TEN, ELEVEN)),
        "times": st.sampled_from(({}, {"tulip-mastodon": NINE}, {"tulip-x": ELEVEN})),
        "first_comment": texts(max_size=9),
        "visibility": st.sampled_from(("public", "unlisted", "direct")),
    }
    alone = {"targets": ["tulip-x"], "variants": [], "times": {}}
    targets = st.sampled_from(
        ({}, {}, {"targets": [*BASE.targets, "tulip-bluesky"]}, alone, {**alone, "reply_to": "7"})
    )
    changes = st.fixed_dictionaries({}, optional=optional)
    return st.builds(lambda some, more: changed(**{**some, **more}), changes, targets)


@given(base=versions(), mine=versions(), theirs=versions())
def test_laws_of_post_merges(base: PostContent, mine: PostContent, theirs: PostContent) -> None:
    """A merge of any three posts is a valid post, and keeps the side that changed something."""
    assert merge(base, mine, base).result == mine
    assert merge(base, base, theirs).result == theirs
    assert merge(base, mine, mine).result == mine
    merged = merge(base, mine, theirs)
    assert {each.field.partition("/")[0] for each in merged.conflicts} <= {*ALL_FIELDS}
    chosen = [resolve(each, "mine") for each in merged.conflicts]
    settled = merge(base, mine, theirs, resolutions=chosen)
    assert settled
    assert settled.result == merged.result


@given(st.text("ab", max_size=8), st.text("ab", max_size=8))
def test_matching_runs_are_longest(one: str, other: str) -> None:
    """The runs have as many items as the longest common subsequence."""
    lengths = [0] * (len(other) + 1)
    for left in one:
        previous = 0
        for place, right in enumerate(other, start=1):
            previous, lengths[place] = (
                lengths[place],
                previous + 1 if left == right else max(lengths[place], lengths[place - 1]),
            )
    runs = matching_runs(one, other)
    assert sum(length for _, _, length in runs) == lengths[-1]
    for first, second, length in runs:
        assert one[first : first + length] == other[second : second + length]


@given(texts())
def test_words_are_whole_graphemes(text: str) -> None:
    """Words are the graphemes of a text in groups."""
    assert "".join(words(text)) == text
    assert graphemes(text) == sum(map(graphemes, words(text)), ())


def test_hostile_texts_do_not_take_long() -> None:
    """Texts without a common structure are rewritten as a whole instead of being compared for long."""
    base, mine, theirs = (
        " ".join(pattern * 4000) for pattern in (("a", "b"), ("b", "c", "a"), ("c", "b"))
    )
    assert merge(base, mine, theirs).conflicts
    assert len(merge("a" * 50_000, "b" * 50_000, "a" * 50_001).conflicts) == 1


def test_decisions_survive_a_merge_that_changes_other_fields() -> None:
    """A decision is lost only if a field that it binds has changed."""
    salt = bytes(16)
    after = merge(BASE, changed(tags=["new"]), changed(planned_at=TEN)).result
    rebased = rebase_decisions(
        field_digests(BASE, salt),
        field_digests(after, salt),
        {"legal": ["text", "links"], "brand": ["text", "tags", "time"]},
    )
    assert [(each.decision, each.survives, each.changed) for each in rebased] == [
        ("legal", True, ()),
        ("brand", False, ("time", "tags")),
    ]
    with pytest.raises(InvalidValueError, match="binds the field `colour`"):
        rebase_decisions({"text": "a"}, {"text": "b"}, {"legal": ["colour"]})


def test_concurrent_typing(shared_data: Callable[[str], Path]) -> None:
    """Real concurrent typing, never in one place, is merged without a conflict or a lost letter."""
    cases = list(lines(shared_data("merge3-concurrent"), "triples.jsonl"))
    assert len(cases) == 701
    wrong = [
        case["id"]
        for case in cases
        if merge(case["base"], case["ours"], case["theirs"]).result != case["merged"]
    ]
    assert not wrong


def test_word_merges_agree_with_git(shared_data: Callable[[str], Path]) -> None:
    """Where git conflicts, merging one word a line, the texts conflict; elsewhere they are equal."""
    careful = 0
    for case in lines(shared_data("merge3-git"), "words.jsonl"):
        merged = merge(case["base"], case["ours"], case["theirs"])
        if case["merged"] is None:
            assert not merged, case["id"]
        elif merged:
            assert merged.result.split() == case["merged"].split(), case["id"]
        else:
            careful += 1
    # Words that moved, and whose new places another person changed.
    assert careful <= 3


def test_line_merges_agree_with_git(shared_data: Callable[[str], Path]) -> None:
    """Texts that git merges are merged in the same way; in two, only other words changed."""
    finer = []
    for case in lines(shared_data("merge3-git"), "lines.jsonl"):
        if case["options"]:
            continue
        merged = merge(case["base"], case["ours"], case["theirs"])
        if not case["conflicts"]:
            assert merged, case["id"]
            assert merged.result == case["merged"], case["id"]
        elif merged:
            finer.append(case["id"])
    # In these, one person wrote a name in capitals, and the other joined the line with the next.
    assert finer == ["orig.txt/new2.txt/new3.txt/", "orig.txt/new4.txt/new3.txt/"]


def test_resolution_is_a_value() -> None:
    """Resolutions can be compared and stored."""
    (conflict,) = merge("a", "b", "c").conflicts
    assert resolve(conflict, "mine") == Resolution(conflict=conflict, value="b")
