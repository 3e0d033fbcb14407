"""Find links in a text, with or without a scheme."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import attrs

from socialcollab.text.characters import host_class
from socialcollab.text.domain_table import TOP_LEVEL


@attrs.frozen
class Link:
    """
    A link in a text.

    Attributes:
        start: The position of its first code point.
        end: The position after its last code point.
        host: The domain as written in the text.
        scheme: ``http://`` or ``https://`` as written in the text, or an empty string.
    """

    start: int
    end: int
    host: str
    scheme: str


_LABEL = 63  # RFC 1035 section 2.3.4
_URL = 4096  # twitter-text, MAX_URL_LENGTH
_SHORT = 40  # twitter-text, MAX_TCO_SLUG_LENGTH

# The letters of domains in Latin script (twitter-text, latinAccentChars).
_LATIN = "0-9A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_CYRILLIC = "\u0400-\u04ff"
_NOT_BEFORE_SCHEME = re.compile("[A-Za-z0-9@\uff20$#\uff03]")
_NOT_BEFORE_BARE = frozenset("-_./@\uff20$#\uff03")
_NOT_AFTER_BARE = re.compile("[0-9A-Za-z@+-]")
_SCHEME = re.compile("https?://", re.IGNORECASE)
_PORT = re.compile(":[0-9]++")
_IN_PATH = f"[{_LATIN}{_CYRILLIC}!*';:=+,.$/%#\\[\\]_~@&|-]"
# A path may contain pairs of brackets, nested up to two levels deep (twitter-text).
_PATH = re.compile(f"/(?:{_IN_PATH}++|\\((?:{_IN_PATH}++|\\({_IN_PATH}*+\\))*+\\))*+", re.ASCII)
_PATH_END = re.compile(f"[{_LATIN}{_CYRILLIC}=_#/+)-]")
_QUERY = re.compile(r"\?[a-zA-Z0-9!?*'@();:&=+$/%#\[\]_.,~|-]*+")
_QUERY_END = re.compile("[a-zA-Z0-9_&=#/-]")
_ASCII_START = re.compile("[a-zA-Z]++(?=[^\x00-\x7f])")
_SLUG = re.compile("/([a-zA-Z0-9]++)")


@cache
def _top_level() -> frozenset[str]:
    return frozenset(TOP_LEVEL.split())


@cache
def _any_script() -> re.Pattern[str]:
    label = f"[^{host_class()}]++"
    return re.compile(f"{label}(?:\\.{label})*+")


@cache
def _bare_any_script() -> re.Pattern[str]:
    label = f"[^{host_class()}]++"
    return re.compile(f"(?<![^{host_class()}])(?<!\\.){label}(?:\\.{label})++")


_BARE_LATIN = re.compile(f"(?<![{_LATIN}_.-])[{_LATIN}_-]++(?:\\.[{_LATIN}_-]++)++")


def is_domain(host: str) -> bool:
    """
    Return whether the whole of *host* is a domain with a known top-level domain.

    >>> is_domain("tulip.example"), is_domain("tulip.nl")
    (False, True)
    """
    return _domain_end(host) == len(host) > 0


def _domain_end(host: str) -> int:
    """Return the length of the longest domain at the start of *host*, or 0."""
    labels = host.split(".")
    end = len(host)
    best = 0
    for index in range(len(labels) - 1, 0, -1):
        label = labels[index]
        lower = label.lower()
        if lower in _top_level() or (lower.startswith("xn--") and len(lower) > 4):
            best = end
        elif (start := _ASCII_START.match(label)) and start.group().lower() in _top_level():
            best = end - len(label) + start.end()
        if best:
            labels = labels[: index + 1]
            break
        end -= len(label) + 1
    if not best or labels[-2].startswith("-") or labels[-2].endswith("-") or "_" in labels[-2]:
        return 0
    if any(not label or len(label) > _LABEL for label in labels):
        return 0
    return 0 if labels[0][0] in "-_" else best


def _trimmed_length(run: str, last: re.Pattern[str]) -> int:
    """Return the length of *run* up to the last character that *last* matches, at least 1."""
    end = len(run)
    while end > 1 and not last.match(run, end - 1):
        end -= 1
    return end


def _tail(text: str, end: int) -> int:
    """Return the position after the port, path and query that follow a domain."""
    port = _PORT.match(text, end)
    if port:
        end = port.end()
    path = _PATH.match(text, end)
    if path:
        kept = _trimmed_length(path.group(), _PATH_END)
        end += kept
        if kept < len(path.group()):
            # Part of the path was removed, so no query can follow.
            return end
    query = _QUERY.match(text, end)
    if query:
        kept = _trimmed_length(query.group(), _QUERY_END)
        end += kept if kept > 1 else 0  # a single question mark ends the sentence
    return end


def find_links(text: str, *, every_script: bool = False) -> Iterator[Link]:
    """
    Yield the links in *text*, in order and without overlaps.

    Every link must have a known top-level domain, even if it has a scheme.

    Args:
        text: The text to search.
        every_script: Whether links without a scheme may be in any script.
            Otherwise, they must be in Latin script.
    """
    if "." not in text:
        return
    done = 0
    bare = _bare_any_script() if every_script else _BARE_LATIN
    for start, scheme_end in _candidates(text, bare):
        if start < done:
            continue
        link = (
            _with_scheme(text, start, scheme_end)
            if scheme_end
            else _without_scheme(text, start, bare)
        )
        if link is None:
            continue
        # A link that is too long is skipped entirely, because its parts are not links either.
        done = link.end
        if link.end - link.start <= _URL:
            yield link


def _candidates(text: str, bare: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    candidates = [(match.start(), match.end()) for match in _SCHEME.finditer(text)]
    candidates += [(match.start(), 0) for match in bare.finditer(text)]
    return iter(sorted(candidates))


def _with_scheme(text: str, start: int, scheme_end: int) -> Link | None:
    if start and _NOT_BEFORE_SCHEME.match(text, start - 1):
        return None
    host = _any_script().match(text, scheme_end)
    if host is None:
        return None
    length = _domain_end(host.group())
    if not length:
        return None
    end = scheme_end + length
    domain = text[scheme_end:end]
    if domain.lower() == "t.co":
        slug = _SLUG.match(text, end)
        if slug:
            if len(slug.group(1)) > _SHORT:
                return None
            query = _QUERY.match(text, slug.end())
            end = _tail(text, slug.end()) if query else slug.end()
            return Link(start, end, domain, text[start:scheme_end])
    return Link(start, _tail(text, end), domain, text[start:scheme_end])


def _without_scheme(text: str, start: int, bare: re.Pattern[str]) -> Link | None:
    if start and text[start - 1] in _NOT_BEFORE_BARE:
        return None
    run = bare.match(text, start)
    if run is None:
        return None
    length = _domain_end(run.group())
    if not length:
        return None
    end = start + length
    if end < len(text) and _NOT_AFTER_BARE.match(text, end):
        return None
    return Link(start, _tail(text, end), text[start:end], "")
