"""The entities in texts, tested with the networks' own test cases and with real posts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.text.cases import POSTS, cases

from socialcollab.directory import NETWORKS
from socialcollab.text import entities, facets, is_domain, measure


def links(network: str, text: str) -> list[str]:
    return [entity.text for entity in entities(network, text) if entity.kind == "url"]


X_LINKS = {
    "a\u2013b in a path": ("zie tulip.nl/a\u2013b", ["tulip.nl/a\u2013b"]),
    "a symbol in a host": ("zie http://\u2603.net/", ["http://\u2603.net/"]),
    "an emoji in a host": ("zie http://a\U0001f337.nl", ["http://a\U0001f337.nl"]),
    "a symbol before a bare host": ("zie \u201ctulip.nl\u201d", ["tulip.nl"]),
    "a straight quote before a bare host": ('zie "tulip.nl"', ["tulip.nl"]),
    "a subdomain with inner signs": ("zie http://a_b-c.tulip.nl", ["http://a_b-c.tulip.nl"]),
    "a subdomain that ends in an underscore": ("zie http://a_.tulip.nl", []),
    "a subdomain that ends in a hyphen": ("zie http://a-.tulip.nl", []),
    "a domain that ends in a hyphen": ("zie http://tulip-.nl", []),
    "a domain that starts with a hyphen": ("zie http://-tulip.nl", []),
    "an underscore in the domain": ("zie http://de_tulip.nl", []),
    "an underscore after the ending": ("zie http://tulip.nl_x", ["http://tulip.nl"]),
    "a long encoded label": ("zie http://" + "\u00fc" * 62 + ".nl", []),
    "a label that fits when encoded": (
        "zie http://" + "\u00fc" * 30 + ".nl",
        ["http://" + "\u00fc" * 30 + ".nl"],
    ),
    "an A-label": ("zie http://xn--tlip-0ra.nl", ["http://xn--tlip-0ra.nl"]),
    "an A-label with other letters": ("zie http://xn--t\u00fclip.nl", []),
    "forbidden characters in a host": ("zie http://tu\ufefflip.nl", []),
    "a forbidden character before a link": ("zie \ufffehttp://tulip.nl", []),
    "a forbidden character after a link": ("zie http://tulip.nl\uffff", ["http://tulip.nl"]),
    "a dot before a bare host": ("zie ..tulip.nl", []),
    "a slash before a bare host": ("zie /tulip.nl", []),
    "a bare host with a port only": ("zie tulip.nl:80", ["tulip.nl"]),
    "a bare host with a query only": ("zie tulip.nl?a=1", ["tulip.nl"]),
    "a bare host with a path and query": ("zie tulip.nl/?a=1", ["tulip.nl/?a=1"]),
    "an ending in another script": (
        "zie example.\u307f\u3093\u306a",
        ["example.\u307f\u3093\u306a"],
    ),
    "empty brackets": ("zie tulip.nl/a()", ["tulip.nl/a"]),
    "nested brackets": ("zie tulip.nl/a(b(c)d).", ["tulip.nl/a(b(c)d)"]),
    "two pairs in a pair": ("zie tulip.nl/a(b(c)(d))", ["tulip.nl/a"]),
    "brackets after punctuation": ("zie tulip.nl/a!(b)", ["tulip.nl/a"]),
    "a long slug": (f"zie http://t.co/{'a' * 41}", []),
    "a slug of 40 characters": (f"zie http://t.co/{'a' * 40}", [f"http://t.co/{'a' * 40}"]),
    "a slug with a path": ("zie http://t.co/a/b", ["http://t.co/a"]),
    "a link of 4097 characters": (f"zie http://tulip.nl/{'a' * 4081}", []),
    "a link of 4096 characters": (
        f"zie http://tulip.nl/{'a' * 4077}",
        [f"http://tulip.nl/{'a' * 4077}"],
    ),
    "a link in the path of an address": ("zie x@a.tulip.nl/http://tulip.nl", []),
    "a reserved ending with a scheme": ("zie https://tulip.example/a", ["https://tulip.example/a"]),
    "a reserved ending without a scheme": ("zie tulip.example", []),
}


@pytest.mark.parametrize(("text", "expected"), X_LINKS.values(), ids=X_LINKS.keys())
def test_links_on_x(text: str, expected: list[str]) -> None:
    """Links on X have the grammar of twitter-text."""
    assert links("x", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zie https://tulip.nl/\u65e5\u672c", ["https://tulip.nl/\u65e5\u672c"]),
        ("zie https://tulip.nl/\u03b1\u03b2.", ["https://tulip.nl/\u03b1\u03b2"]),
        ("zie https://tulip.nl/\U0001f337", ["https://tulip.nl/\U0001f337"]),
        ("zie https://tulip.nl/?q=\u65e5", ["https://tulip.nl/?q=\u65e5"]),
        ("zie https://tulip.nl/a\u300d", ["https://tulip.nl/a"]),
        ("zie https://tulip.nl/a!(b)", ["https://tulip.nl/a!(b)"]),
        ("zie <https://tulip.nl/a>", ["https://tulip.nl/a"]),
        ("zie \u201ctulip.nl\u201d", ["tulip.nl"]),
        ("zie https://tulip.example/a", ["https://tulip.example/a"]),
    ],
)  # fmt: skip
def test_links_on_mastodon(text: str, expected: list[str]) -> None:
    """Paths and queries on Mastodon may contain letters of every script."""
    assert links("mastodon", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Partei.Es", []),
        ("Dr.HOUSE", []),
        ("Tulip.nl", ["Tulip.nl"]),
        ("HTTPS://tulip.nl", []),
        ("https://Tulip.NL", ["https://Tulip.NL"]),
        ("https://tulip.example", ["https://tulip.example"]),
        ("tulip.example", []),
    ],
)
def test_links_on_bluesky(text: str, expected: list[str]) -> None:
    """Bluesky compares top-level domains and schemes case-sensitively."""
    assert links("bluesky", text) == expected


def test_first_letter_of_link() -> None:
    """On X, a link at the start of a text lacks its first letter if the letter is not ASCII."""
    found = {name: links(name, "\xfcber.nl/a \xfcber.nl") for name in ("x", "mastodon", "facebook")}
    assert found["x"] == ["ber.nl/a", "\xfcber.nl"]
    assert found["mastodon"] == found["facebook"] == ["\xfcber.nl/a", "\xfcber.nl"]


@pytest.mark.parametrize(
    "host",
    ["", "nl", ".nl", "a..nl", "-a.nl", "a-.nl", "a_b.nl", "a b.nl", "a.nl.", "\xfc" * 62 + ".nl"],
)
def test_not_domains(host: str) -> None:
    """A domain must have valid labels and a known top-level domain."""
    assert not is_domain(host)


def test_domains() -> None:
    """Domains may contain any script, in upper or lower case."""
    assert is_domain("a_b.Tulip.NL")
    assert is_domain("\xfcber.xn--p1ai")
    assert is_domain("\u0442\u0435\u0441\u0442.\u0440\u0444")


def test_mentions_on_bluesky() -> None:
    """A handle on Bluesky has a top-level domain in lower case."""
    found = [entity.text for entity in entities("bluesky", "@Ana.bsky.social @ana.bsky.SOCIAL")]
    assert found == ["@Ana.bsky.social"]


@pytest.mark.integration
def test_positions_in_real_posts(shared_data: Callable[[str], Path]) -> None:
    """In real posts, the positions of an entity match its text."""
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
    """The positions of a facet match its entity in the UTF-8 bytes."""
    data = text.encode("utf-8", "surrogatepass")
    for facet, entity in zip(facets(text), entities("bluesky", text), strict=True):
        part = data[facet.byte_start : facet.byte_end].decode("utf-8", "surrogatepass")
        assert part == entity.text


def test_only_active_entities() -> None:
    """The entities of a network have only the kinds that it recognises."""
    assert [e.kind for e in entities("x", "$AAPL")] == ["cashtag"]
    assert entities("linkedin", "$AAPL") == ()
