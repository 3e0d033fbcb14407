"""Find links in a text, with or without a scheme."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import groupby

import attrs

from socialcollab.text.characters import host_class
from socialcollab.text.tables.domains import TOP_LEVEL


@attrs.frozen
class Link:
    """
    A link in a text.

    Attributes:
        start: The position of its first code point.
        end: The position after its last code point.
    """

    start: int
    end: int


@attrs.frozen(kw_only=True)
class PathRules:
    """
    A network's rules for the part of a link after the domain.

    Attributes:
        path: A pattern that matches the path of a link.
        query: A pattern that matches the query of a link.
    """

    path: re.Pattern[str]
    query: re.Pattern[str]

    def tail(self, text: str, end: int) -> tuple[int, bool]:
        """Return the end of a link whose domain ends at *end*, and whether it has a path."""
        port = _PORT.match(text, end)
        if port:
            end = port.end()
        path = self.path.match(text, end)
        if path:
            end = path.end()
        query = self.query.match(text, end)
        return query.end() if query else end, path is not None


def brackets(inside: str) -> str:
    """Return a pattern for a pair of brackets that is not empty and may contain one other pair."""
    return f"\\((?:{inside}++\\)|{inside}*+\\({inside}++\\){inside}*+\\))"


_LABEL = 63  # RFC 1035 section 2.3.4
_LONGEST = 4096  # twitter-text, MAX_URL_LENGTH
_SHORT = 40  # twitter-text, MAX_TCO_SLUG_LENGTH
_ADDED_SCHEME = "https://"

# The letters of links in Latin script (twitter-text, latinAccentChars).
_LATIN = (
    "0-9A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263"
    "\u0268\u026f\u0272\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_CYRILLIC = "\u0400-\u04ff"

_PATH_INSIDE = "!*';:,.$%\\[\\]~@&|\u2013"
_PATH_END = f"{_LATIN}{_CYRILLIC}=_#/+-"
_BRACKETS = brackets(f"[{_PATH_INSIDE}{_PATH_END}]")

X_PATHS = PathRules(
    # After punctuation, a pair of brackets belongs to a path only if a letter follows.
    path=re.compile(f"/(?:(?:[{_PATH_INSIDE}]++|{_BRACKETS})*+[{_PATH_END}]++)*+(?:{_BRACKETS})*+"),
    query=re.compile(r"\?(?:[!?*'@();:+$%\[\].,~|]*+[a-zA-Z0-9_&=#/-]++)++"),
)

_PORT = re.compile(":[0-9]++")
_SLUG = re.compile("/([a-zA-Z0-9]++)")
_ASCII_ENDING = re.compile("([a-zA-Z]++)(?![0-9@+-])")
_PUNYCODE_ENDING = re.compile("xn--[0-9a-z-]++", re.IGNORECASE)
_AFTER_ENDING = re.compile("[^0-9A-Za-z@+-]|\\Z")
# Other separators that IDNA treats as dots (RFC 3490 section 3.1).
OTHER_DOTS = re.compile("[\u3002\uff0e\uff61]")

_ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_INVALID = "\ufffe\ufeff\uffff"
_NOT_BEFORE = _ALPHANUMERIC | frozenset(f"@\uff20$#\uff03{_INVALID}")
_NOT_BEFORE_BARE = frozenset("-_./")
# twitter-text accepts every other character in a domain, including symbols and emoji.
_DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_NOT_IN_LABEL = frozenset(
    "!#%&'()*+,./:;<=>?@[\\]^{|}~$\t\n\v\f\r \x85\xa0\u1680\u180e\u2000\u2001\u2002\u2003\u2004"
    f"\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000{_DIRECTION}{_INVALID}"
)
_IN_LABEL = f"[^{re.escape(''.join(sorted(_NOT_IN_LABEL)))}]"
_DOT = re.compile(f"\\.(?={_IN_LABEL})")
# A label, the subdomains and the domain after it, and a label that may be the ending. A domain
# has at most 127 labels (RFC 1035 section 2.3.4). Without this bound, the time would be
# quadratic.
_LABELS = re.compile(
    f"{_IN_LABEL}++(?:\\.(?![_-]){_IN_LABEL}++(?<![_-])(?=\\.{_IN_LABEL})){{0,127}}+\\.{_IN_LABEL}++"
)
_LATIN_LABEL = f"[{_LATIN}-]++"
_LATIN_LABELS = re.compile(f"{_LATIN_LABEL}(?:\\.{_LATIN_LABEL})*+\\.?+")

# Endings that will never exist (RFC 2606). These names are used in documentation and tests, so they
# are recognised as links if they have a scheme.
_RESERVED = frozenset(("example", "invalid", "localhost", "test"))


@cache
def top_level() -> frozenset[str]:
    """Return all top-level domains in lower case."""
    return frozenset(TOP_LEVEL.split())


@cache
def _other_scripts() -> Mapping[str, tuple[str, ...]]:
    """Return the top-level domains in other scripts by their first letter, the longest first."""
    names = sorted(name for name in top_level() if not name.isascii())
    return {
        first: tuple(sorted(group, key=len, reverse=True))
        for first, group in groupby(names, key=lambda name: name[0])
    }


@cache
def _not_in_host() -> re.Pattern[str]:
    return re.compile(f"[{host_class()}]")


def is_domain(host: str) -> bool:
    """
    Return whether the whole of *host* is a domain with a known top-level domain.

    >>> is_domain("tulip.example"), is_domain("tulip.nl")
    (False, True)
    """
    *labels, ending = host.split(".")
    return (
        bool(labels)
        and all(label and label[0] not in "-_" and label[-1] not in "-_" for label in labels)
        and "_" not in labels[-1]
        and _NOT_IN_LABEL.isdisjoint("".join(labels))
        and _labels_are_valid([*labels, ending])
        and _ending(host, len(host) - len(ending)) == len(host)
    )


def _ending(text: str, start: int, *, reserved: bool = False) -> int:
    """Return the end of the top-level domain at *start*, or 0."""
    match = _ASCII_ENDING.match(text, start)
    if match:
        name = match.group(1).lower()
        if name in top_level() or (reserved and name in _RESERVED):
            return match.end()
    match = _PUNYCODE_ENDING.match(text, start)
    if match:
        return match.end()
    for name in _other_scripts().get(text[start : start + 1].lower(), ()):
        end = start + len(name)
        if text[start:end].lower() == name and _AFTER_ENDING.match(text, end):
            return end
    return 0


def _labels_are_valid(labels: list[str]) -> bool:
    """Return whether each label is short enough when encoded, and not falsely marked as encoded."""
    for label in labels:
        if len(label) > _LABEL:
            return False
        if label.isascii():
            continue
        if label[:4].lower() == "xn--" or _encoded_length(label) > _LABEL:
            return False
    return True


def _encoded_length(label: str) -> int:
    parts = OTHER_DOTS.split(label)
    encoded = (len(part) if part.isascii() else 4 + len(part.encode("punycode")) for part in parts)
    return sum(encoded) + len(parts) - 1


@attrs.frozen
class _Domain:
    start: int
    end: int
    scheme: int  # the length of the scheme


def find_links(
    text: str, *, every_script: bool = False, on_x: bool = False, paths: PathRules = X_PATHS
) -> Iterator[Link]:
    """
    Yield the links in *text*, in order and without overlaps.

    Every link must have a known top-level domain, even if it has a scheme. The
    endings that RFC 2606 reserves, such as ``.example``, count as known in a link that
    has a scheme.

    Args:
        text: The text to search.
        every_script: Whether links without a scheme may be in any script.
            Otherwise, they must be in Latin script.
        on_x: Whether a link without a scheme at the start of the text lacks its first
            letter if that letter is not an ASCII letter, as on X: ``über.nl`` links to
            ``ber.nl`` there.
        paths: The rules for the part after the domain.

    Source:
        twitter-text, commit 30e2430d, read 2026-11-30.
    """
    first = position = 0  # no link starts before `first`
    while dot := _DOT.search(text, position):
        start = position = dot.start()
        while start > first and text[start - 1] not in _NOT_IN_LABEL:
            start -= 1
        run = _LABELS.match(text, start) if start < position else None
        if run is None:
            position += 1
            continue
        labels = run.group().split(".")
        domain, end = _find_domain(text, start, first, labels, on_x=on_x)
        position = run.end()
        if end:
            # If a domain is not treated as a link, anything in its path that looks like one is not
            # a link either.
            position, has_path = paths.tail(text, end)
            first = position + 1
            if domain is not None:
                yield from _links_of(
                    text,
                    domain,
                    position,
                    has_path=has_path,
                    every_script=every_script,
                    paths=paths,
                )


def _find_domain(
    text: str, start: int, first: int, labels: list[str], *, on_x: bool
) -> tuple[_Domain | None, int]:
    """
    Find a domain in the *labels* at *start*.

    Returns:
        The domain, or None if it cannot start a link, and the position after the domain, or 0 if
        there is no domain.
    """
    scheme = _scheme_length(text, start, first)
    starts = [start]
    for label in labels[:-1]:
        starts.append(starts[-1] + len(label) + 1)
    end = 0
    for number in range(len(labels) - 1, 0, -1):
        if number > 1 and "_" in labels[number - 1]:
            continue
        end = _ending(text, starts[number], reserved=bool(scheme))
        if end:
            break
    # If the domain does not start in the first label, it can only start in a later label, after a
    # dot.
    hidden = end if number > 1 else 0
    if not end or labels[0][-1] in "-_":
        return None, hidden
    begin = start
    if number == 1:
        begin += labels[0].rfind("_") + 1
    if scheme and begin == start and text[start] not in "-_":
        begin -= scheme
    else:
        scheme = 0
        if on_x and begin == 0 and text[0] not in _NOT_BEFORE and text[1] not in "._-":
            # twitter-text treats the first character of a text as the character before the link.
            begin = 1
        while begin < starts[1] - 1 and (text[begin] in "-_" or not _may_start(text, begin)):
            begin += 1
        if begin == starts[1] - 1:
            return None, hidden
        if begin and text[begin - 1] in _NOT_BEFORE_BARE:
            return None, end
    used = text[begin + scheme : end].split(".")
    return (_Domain(begin, end, scheme) if _labels_are_valid(used) else None), end


def _may_start(text: str, start: int) -> bool:
    return start == 0 or text[start - 1] not in _NOT_BEFORE


def _scheme_length(text: str, start: int, first: int) -> int:
    """Return the length of the scheme that ends at *start*, or 0."""
    if text[start - 3 : start] != "://":
        return 0
    for scheme in ("http://", "https://"):
        begin = start - len(scheme)
        if begin >= first and text[begin:start].lower() == scheme and _may_start(text, begin):
            return len(scheme)
    return 0


def _links_of(
    text: str, domain: _Domain, end: int, *, has_path: bool, every_script: bool, paths: PathRules
) -> Iterator[Link]:
    """Yield the links that start in *domain* and end at *end* or before."""
    if domain.scheme:
        if text[domain.start + domain.scheme : domain.end].lower() == "t.co":
            slug = _SLUG.match(text, domain.end)
            if slug:
                if len(slug.group(1)) > _SHORT:
                    return
                end = slug.end()
                if text.startswith("?", end):
                    end, _ = paths.tail(text, end)
        if end - domain.start <= _LONGEST:
            yield Link(domain.start, end)
    elif end - domain.start + len(_ADDED_SCHEME) <= _LONGEST:
        parts = list((_hosts if every_script else _latin_hosts)(text, domain.start, domain.end))
        if parts and has_path:
            parts[-1] = Link(parts[-1].start, end)
        yield from parts


def _hosts(text: str, start: int, end: int) -> Iterator[Link]:
    """Yield the host in a domain that has no scheme, omitting the symbols before it."""
    dot = text.index(".", start)
    symbols = [match.end() for match in _not_in_host().finditer(text[start:end].replace(".", "-"))]
    if symbols:
        start += symbols[-1]
    if start < dot and text[start] not in "-_":
        yield Link(start, end)


def _latin_hosts(text: str, start: int, end: int) -> Iterator[Link]:
    """Yield the hosts in Latin script in a domain that has no scheme."""
    while match := _LATIN_LABELS.search(text, start, end):
        start = match.end()
        dots = [n for n in range(match.start(), match.end()) if text[n] == "."]
        for dot in reversed(dots):
            host_end = _ending(text, dot + 1)
            if host_end:
                yield Link(match.start(), host_end)
                start = host_end
                break
