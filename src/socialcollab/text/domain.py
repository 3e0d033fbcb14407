"""Find the domains that a text links to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from socialcollab.text.entities import entities
from socialcollab.text.url import OTHER_DOTS, is_domain

DOMAIN_PATTERN = r"^[^\u0000-\u0020\u007f\\/:@?#.,*]+(\.[^\u0000-\u0020\u007f\\/:@?#.,*]+)+$"
"""A pattern that matches a domain without a scheme, a port or a path."""

_LONGEST_HOST = 253  # RFC 1035 section 2.3.4, without the final dot
_MOST_DECODINGS = 3
# Characters that browsers ignore in a host (UTS 46, section 4).
_IGNORED = re.compile("[\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]")
_ENCODED_LABEL = re.compile("xn--([a-z0-9-]{1,59})")
# The letters of other scripts are omitted intentionally: X recognises a domain in Latin letters
# between Japanese words, even if there are no spaces.
_LETTER = "0-9a-z_\u00df-\u00f6\u00f8-\u024f-"
_MORE_LABELS = re.compile(f"(?:\\.[{_LETTER}]+)+")
# An e-mail address, or a handle on Bluesky or Mastodon, up to the domain.
_ADDRESS = re.compile(r"@[\w.-]*\Z")


def linked_domains(text: str, domains: Iterable[str]) -> tuple[str, ...]:
    """
    Return the items of *domains* that *text* links to, in the same order.

    A link to a subdomain counts as a link to its domain, but an e-mail address or a mention does
    not. Networks disagree about which texts are links. Therefore, every spelling that a network or
    a browser could resolve to the domain counts, with or without a scheme, and also as a part of
    another link.

    >>> linked_domains("Now on www.Tulip.example/spring", ["tulip.example", "rose.example"])
    ('tulip.example',)
    >>> linked_domains("info@tulip.example, nottulip.example", ["tulip.example"])
    ()
    """
    spellings = list(dict.fromkeys(_spellings(text)))
    hosts: set[str] | None = None
    found = []
    for domain in domains:
        plain = _plain(domain)
        if not any(plain in spelling for spelling in spellings):
            continue
        if not any(_links_to(domain, spelling) for spelling in spellings):
            # A network may recognise a link in the middle of a word, such as after an accented
            # letter.
            hosts = _hosts(text) if hosts is None else hosts
            if not any(f".{host}".endswith(f".{plain}") for host in hosts):
                continue
        found.append(domain)
    return tuple(found)


def host_of(link: str) -> str:
    """
    Return the host to which a browser goes if someone opens *link*, or an empty string.

    International names are decoded, and the final dot of a complete name is omitted.

    >>> host_of("https://Tulip.example./spring"), host_of("tulip.example@rose.example")
    ('tulip.example', 'rose.example')
    >>> host_of("https://xn--zo-ija.example"), host_of("https://[")
    ('zoë.example', '')

    Args:
        link: An address, with or without a scheme.
    """
    address = link.strip().replace("\\", "/")
    if "//" not in address.partition("?")[0]:
        address = f"//{address}"
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return _plain(unquote(host)).rstrip(".")


def _hosts(text: str) -> set[str]:
    """Return the hosts of all links that a network recognises in *text*."""
    hosts = set()
    for network in ("bluesky", "facebook", "mastodon", "x"):
        for entity in entities(network, text):
            if entity.kind == "url":
                hosts.add(host_of(entity.text))
    return hosts


def _links_to(domain: str, text: str) -> bool:
    domain = _plain(domain)
    if domain not in text:
        return False
    for match in re.finditer(f"(?<![{_LETTER}]){re.escape(domain)}(?![{_LETTER}])", text):
        longer = _MORE_LABELS.match(text, match.end())
        if longer and is_domain(text[match.start() : longer.end()]):
            continue
        # The start of a host that is longer than allowed does not matter.
        before = text[max(0, match.start() - _LONGEST_HOST) : match.start()].split()
        token = before[-1] if before and not text[match.start() - 1].isspace() else ""
        if "//" in token or not _ADDRESS.search(token):
            return True
    return False


def _spellings(text: str) -> Iterator[str]:
    """Yield the text as it is, in a normalised form, and with its percent encoding decoded."""
    # Normalisation combines the last letter of a domain with an accent that follows it.
    yield text.lower()
    for _ in range(_MOST_DECODINGS):
        yield _plain(text)
        decoded = unquote(text)
        if decoded == text:
            return
        text = decoded
    yield _plain(text)


def _plain(text: str) -> str:
    """Return *text* in a form in which equivalent spellings of a host are equal."""
    if not text.isascii():
        text = OTHER_DOTS.sub(".", unicodedata.normalize("NFKC", _IGNORED.sub("", text)))
    return _ENCODED_LABEL.sub(_decoded, text.lower())


def _decoded(match: re.Match[str]) -> str:
    try:
        decoded = match.group(1).encode().decode("punycode")
    except UnicodeError:
        return match.group()
    # An encoded label that did not need to be encoded is invalid.
    return match.group() if decoded.isascii() else decoded
