"""Tests of the domains to which a text links."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.text import DOMAIN_PATTERN, entities, linked_domains

SHOP = "shop.nl"

LINKS = (
    "shop.nl",
    "Kijk op shop.nl!",
    "https://shop.nl",
    "HTTPS://WWW.Shop.NL/lente?van=x#top",
    "(shop.nl:8443)",
    "https://nieuw.in.shop.nl/",
    "https://iemand@shop.nl/",
    "https://iemand:wachtwoord@www.shop.nl/",
    "zie shop.nl.",
    "zie shop.nl.Tot dan",
    "https://elders.example/naar?url=https%3A%2F%2Fshop.nl%2Flente",
    "https://elders.example/naar?url=https%253A%252F%252Fshop.nl",
    "https://shop%2Enl/",
    "https://shop。nl/",  # an ideographic full stop
    "https://ｓｈｏｐ．ｎｌ/",  # fullwidth
    "https://sh\u00adop.nl/",  # a soft hyphen
    "今すぐshop.nlで",  # X links a domain between Japanese words
    "mail@elders.example of shop.nl",
    "éshop.nl",  # X links a domain after an accented letter
    "shop.nlé",
    "shop.nl\u0301",  # the accent is combined with the last letter
)
NO_LINKS = (
    "",
    "shop nl",
    "mijnshop.nl",
    "mijn-shop.nl",
    "shop.nls",
    "shop.nl-oud.example",
    "https://shop.nl.elders.com/",
    "info@shop.nl",
    "mailto:info@post.shop.nl",
    "@shop.nl",  # a handle on Bluesky
    "@tulip@shop.nl",  # a handle on Mastodon
    "https://xn--shop-.nl/",
)


@pytest.mark.parametrize("text", LINKS)
def test_links(text) -> None:
    """A domain is found in every spelling that leads to it, with or without a scheme."""
    assert linked_domains(text, [SHOP]) == (SHOP,)


@pytest.mark.parametrize("text", NO_LINKS)
def test_no_links(text) -> None:
    """Other domains, e-mail addresses and mentions are not found."""
    assert linked_domains(text, [SHOP]) == ()


@pytest.mark.parametrize("domain", ["bücher.de", "xn--bcher-kva.de", "BÜCHER.de"])
@pytest.mark.parametrize("text", ["https://bücher.de/a", "https://XN--bcher-kva.DE", "Bücher.de"])
def test_encoded_domains(domain, text) -> None:
    """A domain with accents and its encoded form are the same domain."""
    assert linked_domains(text, [domain]) == (domain,)


def test_order_of_domains() -> None:
    """The result is in the order of the given domains, not in the order of the text."""
    assert linked_domains("b.nl a.nl", ["a.nl", "c.nl", "b.nl"]) == ("a.nl", "b.nl")


PIECES = st.sampled_from(
    [
        "shop.nl",
        "https://",
        "http://",
        ".",
        "www.",
        "/",
        "@",
        "x",
        " ",
        "é",
        "ß",
        "\u0301",  # a combining accent
        "\u00ad",  # a soft hyphen
        "\u200b",  # a zero-width space
        "の",
        "-",
        "_",
        "?",
        "com",
    ]
)


@given(
    st.lists(PIECES, max_size=9).map("".join),
    st.sampled_from(["x", "mastodon", "bluesky", "linkedin"]),
)
def test_every_link_of_a_network_counts(text, network) -> None:
    """If a network links the domain or a subdomain, the domain is found."""
    for entity in entities(network, text):
        if entity.kind == "url":
            link = entity.text if "://" in entity.text else f"https://{entity.text}"
            host = (urlsplit(link).hostname or "").lower()
            if host == SHOP or host.endswith(f".{SHOP}"):
                assert linked_domains(text, [SHOP]) == (SHOP,)


@pytest.mark.parametrize("domain", ["tulip.nl", "a.b.example", "bücher.de", "WWW.tulip.nl"])
def test_domains(domain) -> None:
    """A domain consists of labels and dots."""
    assert re.fullmatch(DOMAIN_PATTERN[1:-1], domain)


@pytest.mark.parametrize(
    "domain", ["tulip", "https://tulip.nl", "tulip.nl/a", "*.tulip.nl", "tulip.nl.", "", "a b.nl"]
)
def test_no_domains(domain) -> None:
    """A scheme, a path, a wildcard or a single label is not a domain."""
    assert not re.fullmatch(DOMAIN_PATTERN[1:-1], domain)
