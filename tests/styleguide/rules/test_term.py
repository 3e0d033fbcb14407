"""SG102: avoided and preferred terms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.styleguide.guides import PROFILES, guide_of, hits

from socialcollab.content import Image, PostContent, media_digest
from socialcollab.styleguide import lint
from socialcollab.styleguide.rules import term as module
from socialcollab.styleguide.rules.term import Avoided, Term


def test_whole_words_in_any_case() -> None:
    """Terms match whole words, regardless of upper and lower case."""
    guide = guide_of({"ban": ["cheap", "no brainer"]})
    assert hits("CHEAP, cheaper; a No  brainer! nobrainer", guide) == ["CHEAP", "No  brainer"]


def test_composed_letters() -> None:
    """Composed and decomposed letters are equivalent."""
    guide = guide_of({"ban": ["café"]})
    assert hits("Cafe\u0301 CAFÉ cafe", guide) == ["Cafe\u0301", "CAFÉ"]


def test_accents() -> None:
    """Accents must match, unless the guide ignores them."""
    assert hits("een één", guide_of({"ban": ["één"]})) == ["één"]
    assert hits("cafe café", guide_of({"ban": ["cafe"], "any_accents": True})) == ["cafe", "café"]


def test_case_folding() -> None:
    """Case is folded as Unicode defines it, unless the case must match."""
    assert hits("Die STRASSE", guide_of({"ban": ["Straße"]})) == ["STRASSE"]
    assert hits("us US", guide_of({"ban": ["US"], "exact_case": True})) == ["US"]


def test_apostrophes() -> None:
    """A typographic apostrophe is an apostrophe."""
    assert hits("foto’s", guide_of({"ban": ["foto's"]})) == ["foto’s"]


def test_preferred_spelling() -> None:
    """The preferred spelling is not reported, but every other spelling is."""
    guide = guide_of({"prefer": "LinkedIn", "instead_of": ["linkedin"]})
    assert hits("LinkedIn Linkedin LINKEDIN", guide) == ["Linkedin", "LINKEDIN"]


def test_term_in_preferred_phrase() -> None:
    """A term inside its preferred phrase is not reported."""
    guide = guide_of({"prefer": "social media team", "instead_of": ["media team"]})
    assert hits("the social media team, the media team", guide) == ["media team"]


def test_longest_term() -> None:
    """The longest term at a position is reported."""
    guide = guide_of({"ban": ["air", "air hostess"]})
    assert hits("air hostess air", guide) == ["air hostess", "air"]


def test_links_are_ignored() -> None:
    """Links and mentions are not searched for terms."""
    assert hits("cheap.com @cheap cheap", guide_of({"ban": ["cheap"]})) == ["cheap"]


def test_signs() -> None:
    """Symbols are part of a term."""
    assert hits("C C++ AT&T at & t", guide_of({"ban": ["C++", "AT&T"]})) == ["C++", "AT&T"]


def test_variants_and_descriptions() -> None:
    """Variants and alt texts are also searched."""
    image = Image(digest=media_digest(b""), alt="a cheap seat")
    post = PostContent(
        text="fine", variants={"tulip-x": "cheap"}, targets=("tulip-x",), media=(image,)
    )
    found = lint(post, guide_of({"ban": ["cheap"]}), profiles=PROFILES)
    assert [(f.field, f.profile, f.start) for f in found] == [
        ("text", "tulip-x", 0),
        ("alt", "", 2),
    ]


@pytest.mark.parametrize("text", ["\0", "cheap\0cheap", "\0" * 1000])
def test_nul_characters(text: str) -> None:
    """A text with NUL characters is searched like any other text."""
    found = lint(text, guide_of({"ban": ["cheap"]}), profile="x")
    assert text.count("cheap") == sum(finding.code == "SG102" for finding in found)


class Everything(frozenset[str]):
    """A set of words that every text contains."""

    def isdisjoint(self, _: object) -> bool:
        return False


WORDS = st.text("aB\xe9e\u0301\xdf\u0130'\u2019-& 1\u0338=\u3046\u3099", min_size=1, max_size=6)
TERMS = WORDS.filter(lambda word: any(map(str.isalnum, word)))


@given(
    st.lists(st.tuples(TERMS, st.booleans(), st.booleans()), max_size=4),
    st.lists(WORDS, max_size=4),
    st.lists(st.tuples(st.integers(0, 9), WORDS), max_size=6),
)
def test_filter_loses_nothing(
    terms: list[tuple[str, bool, bool]], allowed: list[str], parts: list[tuple[int, str]]
) -> None:
    """The search finds the same terms without the filter by the rarest word of each term."""
    avoided = tuple(
        Avoided(term=term, exact_case=case, any_accents=accents) for term, case, accents in terms
    )
    rule = Term(terms=avoided, allowed=tuple(allowed))
    text = " ".join(terms[n][0] if n < len(terms) else word for n, word in parts)
    found = list(rule.find(text))
    object.__setattr__(rule, "_rarest_words", Everything())
    assert found == list(rule.find(text))


def test_rarest_word() -> None:
    """The filter uses the word that the fewest terms contain, or a symbol if there is no word."""
    terms = [Avoided(term=term) for term in ("the cheap flight", "the cheap & safe one", "the R&D")]
    assert module._rarest_words(terms) == {"flight", "safe", "r"}


def test_threads_are_searched() -> None:
    """Terms are found in every text of a thread, including the threads of variants."""
    guide = guide_of({"ban": ["goedkoop"]})
    post = PostContent(
        text="een",
        thread=["twee", "goedkoop"],
        targets=["tulip-x", "tulip-mastodon"],
        variants={"tulip-x": ["een", "zo goedkoop"]},
    )
    found = lint(post, guide, profiles=PROFILES)
    assert [(f.field, f.profile, f.start) for f in found] == [
        ("thread.2", "tulip-x", 3),
        ("thread.3", "", 0),
    ]
