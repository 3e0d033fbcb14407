"""The built-in rules, on their own examples and on hard cases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.growth import grows_gently

from socialcollab.content import Finding, Image, PostContent, media_digest
from socialcollab.directory import Profile, network
from socialcollab.styleguide import (
    RULES,
    Neighbour,
    RulePage,
    StyleGuide,
    lint,
    lint_example,
    rule_pages,
)
from socialcollab.verdicts import LANGUAGES

PAGES = Path(__file__).resolve().parents[2] / "docs" / "reference" / "rules"
PROFILES = (
    Profile(id="tulip-x", workspace="tulip", network="x", handle="@tulipair"),
    Profile(id="tulip-mastodon", workspace="tulip", network="mastodon", handle="@tulip"),
    Profile(id="polder-x", workspace="polder", network="x", handle="@PolderBank"),
)
NEIGHBOURS = (
    Neighbour(workspace="tulip", name="Tulip", domains=("tulip.nl",), handles=("@tulipair",)),
    Neighbour(
        workspace="polder",
        name="Polder Bank",
        domains=("polderbank.nl",),
        handles=("@PolderBank",),
    ),
)


def _terms(*entries: dict[str, object]) -> StyleGuide:
    return StyleGuide.from_dict({"terms": list(entries)})


def _hits(text: str, guide: StyleGuide) -> list[str]:
    return [text[f.start : f.end] for f in lint(text, guide)]


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_rule_reports_its_example_and_not_what_is_right_instead(code: str) -> None:
    page = RulePage.of(RULES[code])
    assert code in {finding.code for finding in lint_example(page.parts["Example"])}
    assert lint_example(page.parts["Instead"]) == ()


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_finding_speaks_every_language(code: str) -> None:
    for finding in lint_example(RulePage.of(RULES[code]).parts["Example"]):
        said = {finding.text(language) for language in LANGUAGES}
        assert len(said) == len(LANGUAGES)


def test_every_rule_has_its_page_and_no_page_is_out_of_date() -> None:
    """Write them anew with ``python tools/rule_pages.py``."""
    assert {path.name: path.read_text("utf-8") for path in PAGES.glob("SG*.md")} == rule_pages()


def test_codes_are_those_of_their_rules_and_sg104_stays_free() -> None:
    assert all(code == rule.code for code, rule in RULES.items())
    assert "SG104" not in RULES


def test_each_target_is_measured_with_its_own_text() -> None:
    post = PostContent(
        text="a" * 300,
        variants={"tulip-mastodon": "b" * 600},
        targets=("tulip-x", "tulip-mastodon"),
    )
    found = lint(post, StyleGuide.default(), profiles=PROFILES)
    assert [(f.code, f.profile, f.start, f.end) for f in found] == [
        ("SG101", "tulip-mastodon", 500, 600),
        ("SG101", "tulip-x", 280, 300),
    ]


def test_an_emoji_family_is_not_cut_at_the_limit() -> None:
    text = "a" * 279 + "👨‍👩‍👧‍👦"
    (finding,) = lint(text, StyleGuide.default(), profile="x")
    assert finding.start == 279


@pytest.mark.parametrize(("name", "limit"), [("x", 280), ("bluesky", 300), ("mastodon", 500)])
def test_a_family_just_past_the_limit_of_each_network_is_marked_whole(
    name: str, limit: int
) -> None:
    width = 2 if name == "x" else 1
    family = "👨‍👩‍👧‍👦"
    assert lint("a" * (limit - width) + family, StyleGuide.default(), profile=name) == ()
    text = "a" * (limit - width + 1) + family
    (finding,) = lint(text, StyleGuide.default(), profile=name)
    assert text[finding.start : finding.end] == family


def test_a_link_beside_the_text_counts_where_it_goes_into_the_text() -> None:
    text = "a" * 270
    post = PostContent(text=text, links=("https://tulip.nl/lente",), targets=("tulip-x",))
    (finding,) = lint(post, StyleGuide.default(), profiles=PROFILES)
    assert (finding.code, finding.start, finding.end) == ("SG101", 256, 270)
    assert dict(finding.params)["length"] == "294"
    linkedin = Profile(id="tulip-linkedin", workspace="tulip", network="linkedin", handle="tulip")
    post = PostContent(text="a" * 3000, links=post.links, targets=(linkedin.id,))
    assert lint(post, StyleGuide.default(), profiles=(linkedin,)) == ()


def test_a_content_warning_counts_where_the_network_counts_it() -> None:
    post = PostContent(text="a" * 490, labels=("spoiler alert",), targets=("tulip-mastodon",))
    (finding,) = lint(post, StyleGuide.default(), profiles=PROFILES)
    assert (finding.start, finding.end) == (487, 490)


def test_too_many_bytes_are_said_to_be_bytes() -> None:
    (finding,) = lint("👨‍👩‍👧‍👦" * 130, StyleGuide.default(), profile="bluesky")
    assert finding.message == "too long for Bluesky: 3250 bytes is 250 over the limit of 3000"


def test_a_server_may_allow_more() -> None:
    roomy = {"tulip-mastodon": network("mastodon").with_limits(text=5000)}
    post = PostContent(text="a" * 600, targets=("tulip-mastodon",))
    assert lint(post, StyleGuide.default(), profiles=PROFILES, networks=roomy) == ()


def test_terms_are_whole_words_in_any_capitals() -> None:
    guide = _terms({"ban": ["cheap", "no brainer"]})
    assert _hits("CHEAP, cheaper; a No  brainer! nobrainer", guide) == ["CHEAP", "No  brainer"]


def test_composed_and_decomposed_letters_are_the_same() -> None:
    guide = _terms({"ban": ["café"]})
    assert _hits("Cafe\u0301 CAFÉ cafe", guide) == ["Cafe\u0301", "CAFÉ"]


def test_accents_count_unless_the_guide_says_otherwise() -> None:
    assert _hits("een één", _terms({"ban": ["één"]})) == ["één"]
    assert _hits("cafe café", _terms({"ban": ["cafe"], "any_accents": True})) == ["cafe", "café"]


def test_case_folds_as_unicode_says() -> None:
    assert _hits("Die STRASSE", _terms({"ban": ["Straße"]})) == ["STRASSE"]
    assert _hits("us US", _terms({"ban": ["US"], "exact_case": True})) == ["US"]


def test_typographic_apostrophes_are_apostrophes() -> None:
    assert _hits("foto’s", _terms({"ban": ["foto's"]})) == ["foto’s"]


def test_the_preferred_spelling_is_left_alone_and_any_other_mended() -> None:
    guide = _terms({"prefer": "LinkedIn", "instead_of": ["linkedin"]})
    assert _hits("LinkedIn Linkedin LINKEDIN", guide) == ["Linkedin", "LINKEDIN"]


def test_a_term_within_its_preferred_phrase_is_left_alone() -> None:
    guide = _terms({"prefer": "social media team", "instead_of": ["media team"]})
    assert _hits("the social media team, the media team", guide) == ["media team"]


def test_the_longest_term_wins() -> None:
    guide = _terms({"ban": ["air", "air hostess"]})
    assert _hits("air hostess air", guide) == ["air hostess", "air"]


def test_links_and_mentions_are_no_words() -> None:
    assert _hits("cheap.com @cheap cheap", _terms({"ban": ["cheap"]})) == ["cheap"]


def test_signs_belong_to_a_term() -> None:
    assert _hits("C C++ AT&T at & t", _terms({"ban": ["C++", "AT&T"]})) == ["C++", "AT&T"]


def test_terms_are_sought_in_variants_and_descriptions_too() -> None:
    image = Image(digest=media_digest(b""), alt="a cheap seat")
    post = PostContent(
        text="fine", variants={"tulip-x": "cheap"}, targets=("tulip-x",), media=(image,)
    )
    found = lint(post, _terms({"ban": ["cheap"]}), profiles=PROFILES)
    assert [(f.field, f.profile, f.start) for f in found] == [
        ("text", "tulip-x", 0),
        ("alt", "", 2),
    ]


def test_an_image_whose_description_is_its_file_name_has_none() -> None:
    images = [
        Image(digest=media_digest(b"1"), alt="IMG_1.jpg", name="img_1.jpg"),
        Image(digest=media_digest(b"2"), alt=" ", name=""),
        Image(digest=media_digest(b"3"), alt="Tulpen", name="tulpen.jpg"),
        Image(digest=media_digest(b"4"), alt="Een veld vol tulpen", name="x.jpg"),
    ]
    found = lint(PostContent(text="", media=images), StyleGuide.default())
    assert [f.message for f in found] == [
        "image 1 (`img_1.jpg`) has no alt text",
        "image 2 has no alt text",
        "image 3 (`tulpen.jpg`) has no alt text",
    ]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("zie https://POLDERBANK.nl/x", ["link `https://POLDERBANK.nl/x` belongs to Polder Bank"]),
        ("zie mijn.polderbank.nl", ["link `mijn.polderbank.nl` belongs to Polder Bank"]),
        ("zie notpolderbank.nl", []),
        ("zie polderbank.nl.evil.com", []),
        ("dank @polderbank!", ["mention `@polderbank` belongs to Polder Bank"]),
        ("bij Polder Bank", ["`Polder Bank` is the name of another workspace, Polder Bank"]),
        ("bij tulip.nl, @tulipair en Tulip", []),
    ],
)
def test_what_belongs_to_another_client_is_reported(text: str, messages: list[str]) -> None:
    post = PostContent(text=text, targets=("tulip-x",))
    found = lint(post, StyleGuide.default(), profiles=PROFILES, neighbours=NEIGHBOURS)
    assert [f.message for f in found] == messages


def test_links_beside_the_text_are_read_too() -> None:
    post = PostContent(
        text="", links=("https://polderbank.nl/", "http://[bad"), targets=("tulip-x",)
    )
    found = lint(post, StyleGuide.default(), profiles=PROFILES, neighbours=NEIGHBOURS)
    assert [(f.code, f.field) for f in found] == [("SG105", "links")]


def test_what_two_workspaces_share_is_nobody_elses() -> None:
    shared = (
        Neighbour(workspace="a", domains=("group.nl",)),
        Neighbour(workspace="b", domains=("group.nl",)),
    )
    text = "zie group.nl"
    assert lint(text, StyleGuide.default(), workspace="a", neighbours=shared) == ()


def test_ten_thousand_terms_cost_little(shared_data: Callable[[str], Path]) -> None:
    lines = (shared_data("posts-corporate") / "posts.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    guide = _terms({"ban": [f"word{i} other{i}" for i in range(10_000)] + ["synergy"]})

    def read(size: int) -> None:
        for text in texts[:size]:
            for finding in lint(text, guide, profile="x"):
                assert 0 <= (finding.start or 0) <= (finding.end or 0) <= len(text)

    read(len(texts))
    assert grows_gently(read, len(texts) // 8)


@pytest.mark.parametrize("piece", ["a ", "a", "a.", "é", "' ", "@a ", "\u0301", "\ud800 "])
def test_hostile_texts_take_moments(piece: str) -> None:
    guide = _terms({"ban": ["a " * 90 + "b", "a", "a a a c"]})
    assert grows_gently(lambda size: lint(piece * (size // len(piece)), guide, profile="x"), 2_000)


@given(st.text(max_size=80), st.lists(st.text("abé ’'", min_size=1, max_size=5), max_size=4))
def test_findings_lie_in_the_text_and_in_order(text: str, words: list[str]) -> None:
    terms = [word for word in words if any(char.isalnum() for char in word)]
    found = lint(text, _terms({"ban": terms}) if terms else StyleGuide.default(), profile="x")
    places = [(f.start, f.end) for f in found if f.code == "SG102"]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(text) for start, end in places if start is not None)


def test_findings_are_values() -> None:
    guide = _terms({"ban": ["cheap"]})
    assert lint("cheap", guide) == lint("cheap", guide)
    assert isinstance(lint("cheap", guide)[0], Finding)


@pytest.mark.parametrize("text", ["\0", "cheap\0cheap", "\0" * 1000])
def test_a_text_with_nul_is_read_like_any_other(text: str) -> None:
    found = lint(text, _terms({"ban": ["cheap"]}), profile="x")
    assert text.count("cheap") == sum(finding.code == "SG102" for finding in found)
