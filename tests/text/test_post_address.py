"""The ids of posts in their addresses, and web addresses."""

from __future__ import annotations

import pytest

from socialcollab.text import is_blank, is_web_address, post_id


@pytest.mark.parametrize(
    ("network", "address", "expected"),
    [
        ("x", "https://twitter.com/ben/status/17?s=20", "17"),
        ("x", "https://x.com/i/web/status/17", "17"),
        ("x", "https://mobile.x.com/ben/status/17", "17"),
        ("x", "https://x.com.evil.example/ben/status/17", None),
        ("x", "https://x.com/ben/status/17/photo/1", None),
        ("x", "17\n", None),
        ("x", "1" * 20, None),
        (
            "bluesky",
            "at://did:plc:ben/app.bsky.feed.post/3k",
            "at://did:plc:ben/app.bsky.feed.post/3k",
        ),
        (
            "bluesky",
            "https://bsky.app/profile/did:plc:ben/post/3k",
            "at://did:plc:ben/app.bsky.feed.post/3k",
        ),
        ("bluesky", "https://bsky.app/profile/ben", None),
        ("mastodon", "100000000000000001", "100000000000000001"),
        ("mastodon", "AbC123", "AbC123"),
        ("mastodon", "https://rose.example/@ben/17", "https://rose.example/@ben/17"),
        ("mastodon", "http://rose.example/@ben/17", None),
        ("mastodon", "https://" + "a" * 3000 + "/1", None),
        ("facebook", "104999_17", "104999_17"),
        ("facebook", "https://www.facebook.com/tulip/posts/pfbid0", None),
        ("instagram", "17900000000000001", "17900000000000001"),
        ("instagram", "१७", None),
        ("threads", "anything", "anything"),
    ],
)
def test_post_id(network: str, address: str, expected: str | None) -> None:
    """The id of a post is read from its address, if the address is one of the network."""
    assert post_id(network, address) == expected


@pytest.mark.parametrize(
    ("link", "valid"),
    [
        ("https://tulip.nl", True),
        ("http://tülip.nl/é?a=b#c", True),
        ("HTTPS://tulip.nl", True),
        ("tulip.nl", False),
        ("http://", False),
        ("https://[::1", False),
        ("https://tulip.nl/a b", False),
        ("https://tulip.nl\n", False),
        ("javascript:alert(1)//https://tulip.nl", False),
        ("ftp://tulip.nl", False),
        ("https://tulip.nl/\u202e", False),
        ("", False),
    ],
)
def test_web_address(link: str, valid: bool) -> None:
    """A link has the scheme http or https, a host, and no spaces."""
    assert is_web_address(link) is valid


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("", True),
        (" \n\t", True),
        ("\u200b\u2060\ufeff", True),
        ("\u3164", True),
        ("a", False),
        ("🌷", False),
    ],
)
def test_blank(text: str, blank: bool) -> None:
    """A text without a visible character is blank."""
    assert is_blank(text) is blank
