"""Words that a brand does not use, and words that it prefers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import ClassVar

import attrs

from socialcollab.content import Finding
from socialcollab.errors import InvalidValueError
from socialcollab.styleguide.lint_input import LintInput, TextSpan
from socialcollab.text import Entity, char_class, unicode_table

LONGEST_TERM = 200

# Marks belong to the word that they stand in; Python's own class leaves them out.
_MARK_CLASS = char_class(
    *(word for word in unicode_table.MARK.split() if int(word.partition("-")[0], 16) < 0x10000)
)
_TOKEN = re.compile(f"[\\w{_MARK_CLASS}]+|[^\\w\\s]")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2011": "-"})
_MARKS = re.compile("[\u0300-\u036f]")


@attrs.frozen(kw_only=True)
class Avoided:
    """
    One term that is not to be used.

    Attributes:
        term: The term, one word or several.
        prefer: What to write instead; empty if there is nothing to put in its place.
        why: The reason, for whoever asks.
        exact_case: Whether only this very spelling of small and capital
            letters counts.
        any_accents: Whether letters with and without accents are the same, so
            that "cafe" is found in "café". Otherwise they differ, as the Dutch
            "een" and "één" do.

    Raises:
        InvalidValueError: If the term holds no word, or is longer than 200 characters.
    """

    term: str
    prefer: str = ""
    why: str = ""
    exact_case: bool = False
    any_accents: bool = False

    def __attrs_post_init__(self) -> None:
        if not any(char.isalnum() for char in self.term) or len(self.term) > LONGEST_TERM:
            raise InvalidValueError(
                f"term {self.term[:60]!r} is not 1 to {LONGEST_TERM} characters with a letter"
                " or digit",
                value=self.term[:60],
                expected="a word or phrase",
            )


def _plain(text: str, *, case: bool, accents: bool) -> str:
    """Write what is to be the same in the same way."""
    text = text.translate(_APOSTROPHES)
    if not text.isascii():
        if accents:
            text = _MARKS.sub("", unicodedata.normalize("NFD", text))
        text = unicodedata.normalize("NFC", text)
    return text if case else text.casefold()


def _tokens(text: str) -> list[tuple[str, int, int, bool]]:
    """Cut *text* into words and signs: what, start, end, and whether a space comes before."""
    found = []
    done = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        found.append((match.group(), start, end, start > done))
        done = end
    return found


class _Node(dict[str, "_Node"]):
    """One step of a term; where one ends here, the term, or that it is to be left alone."""

    __slots__ = ("ends", "safe")

    def __init__(self) -> None:
        super().__init__()
        self.ends: Avoided | None = None
        self.safe = False


def _key(token: str, *, spaced: bool) -> str:
    # A space never begins a token, so that the two cannot be mistaken.
    return f" {token}" if spaced else token


_Modes = dict[tuple[bool, bool], _Node]


def _leaf(grown: _Modes, term: str, *, case: bool, accents: bool) -> _Node:
    node = grown.setdefault((case, accents), _Node())
    for index, (token, _, _, spaced) in enumerate(_tokens(term.strip())):
        plain = _plain(token, case=case, accents=accents)
        node = node.setdefault(_key(plain, spaced=bool(index) and spaced), _Node())
    return node


def _grow(terms: tuple[Avoided, ...], allowed: Iterable[str], preferred: Iterable[str]) -> _Modes:
    grown: _Modes = {}
    for avoided in terms:
        leaf = _leaf(grown, avoided.term, case=avoided.exact_case, accents=avoided.any_accents)
        leaf.ends = leaf.ends or avoided
    # Without this, "media team" would be mended within "social media team" for ever.
    for term in (*(avoided.prefer for avoided in terms if avoided.prefer), *preferred):
        for spelling in (term, term[:1].upper() + term[1:]) if term.islower() else (term,):
            _leaf(grown, spelling, case=True, accents=False).safe = True
    for term in allowed:
        _leaf(grown, term, case=False, accents=False).safe = True
    return grown


def _as_words(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(words)


def _as_terms(terms: Iterable[Avoided]) -> tuple[Avoided, ...]:
    return tuple(terms)


@attrs.frozen(kw_only=True, slots=False)
class Term:
    """
    Report terms that the guide bans, or for which it prefers another.

    What it does:
        It looks for whole words and phrases, whatever their capitals, in the
        texts, variants and image descriptions. Where the guide prefers another
        term, the finding carries it as its fix. The longest term wins where
        several begin at one place. Links, and the very spelling that is
        preferred, are left alone.

    Why it matters:
        A brand is recognised by its words; some are wrong, some are claims
        that the law forbids, and some hurt.

    Example:
        guide = '''
        [[terms]]
        prefer = "cabin crew"
        instead_of = ["stewardess", "air hostess"]
        why = "it is what they call themselves"
        '''
        text = "Ask your Air Hostess for a blanket."

    Instead:
        guide = '''
        [[terms]]
        prefer = "cabin crew"
        instead_of = ["stewardess", "air hostess"]
        why = "it is what they call themselves"
        '''
        text = "Ask your cabin crew for a blanket."

    Source:
        Unicode Standard section 3.13: default caseless matching of text.

    Attributes:
        terms: What to look for; of two alike the first counts.
        allowed: Terms that are left alone, whatever *terms* say.
        preferred: Terms that are left alone in this very spelling; those that
            *terms* prefer always are.
    """

    code: ClassVar[str] = "SG102"

    terms: tuple[Avoided, ...] = attrs.field(converter=_as_terms)
    allowed: tuple[str, ...] = attrs.field(default=(), converter=_as_words)
    preferred: tuple[str, ...] = attrs.field(default=(), converter=_as_words)
    _grown: _Modes = attrs.field(init=False, eq=False, repr=False)
    _first: frozenset[str] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_grown", _grow(self.terms, self.allowed, self.preferred))
        begins = {word for root in self._grown.values() for word in root}
        first = frozenset(_plain(word, case=False, accents=True) for word in begins)
        object.__setattr__(self, "_first", first)

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report each term, in the order of the text."""
        for span in draft.passages:
            hits = list(self.find(span.text))
            if not hits:
                continue
            for avoided, start, end in outside_links(hits, draft.entities_of(span)):
                yield self._finding(avoided, span, start, end)

    def find(self, text: str) -> Iterator[tuple[Avoided, int, int]]:
        """Find terms in *text*, each with its place; of several at one place the longest."""
        # Most texts hold no first word of any term, in whatever spelling.
        low = text.lower() if text.isascii() else _plain(text, case=False, accents=True)
        if self._first.isdisjoint(_TOKEN.findall(low)):
            return
        tokens = _tokens(text)
        readings = [
            (
                [
                    (word if mode[0] else word.lower())
                    if word.isascii()
                    else _plain(word, case=mode[0], accents=mode[1])
                    for word, _, _, _ in tokens
                ],
                root,
            )
            for mode, root in self._grown.items()
        ]
        taken = 0
        for index, (_, start, _, _) in enumerate(tokens):
            if start < taken:
                continue
            longest: tuple[int, bool, Avoided | None] = (0, False, None)
            for words, root in readings:
                node = root.get(words[index])
                at = index
                while node is not None:
                    if node.ends is not None or node.safe:
                        end = tokens[at][2]
                        # Of two as long, the one that is left alone wins.
                        if (end, node.safe) > longest[:2]:
                            longest = (end, node.safe, node.ends)
                    at += 1
                    if at == len(tokens) or not node:
                        break
                    node = node.get(_key(words[at], spaced=tokens[at][3]))
            end, safe, avoided = longest
            if end:
                taken = end
                if avoided is not None and not safe:
                    found = text[start:end]
                    if found != _dressed(avoided.prefer, found):
                        yield avoided, start, end

    def _finding(self, avoided: Avoided, span: TextSpan, start: int, end: int) -> Finding:
        found = span.text[start:end]
        kind = "preferred" if avoided.prefer else "banned"
        return Finding(
            code=self.code,
            message_code=f"SG102.{kind}.why" if avoided.why else f"SG102.{kind}",
            params={
                "term": found,
                **({"prefer": avoided.prefer} if avoided.prefer else {}),
                **({"why": avoided.why} if avoided.why else {}),
            },
            field=span.field,
            start=start,
            end=end,
            fix=_dressed(avoided.prefer, found) if avoided.prefer else None,
            profile=span.profile,
        )


def outside_links(
    hits: Iterable[tuple[Avoided, int, int]], entities: Iterable[Entity]
) -> Iterator[tuple[Avoided, int, int]]:
    """Leave out what stands in a link or mention; both are sorted by place."""
    links = [e for e in entities if e.kind in ("url", "mention")]
    at = 0
    for avoided, start, end in hits:
        while at < len(links) and links[at].end <= start:
            at += 1
        if at == len(links) or end <= links[at].start:
            yield avoided, start, end


def _dressed(prefer: str, found: str) -> str:
    """Begin with a capital where what it replaces did."""
    if prefer[:1].islower() and found[:1].isupper() and prefer.islower():
        return prefer[:1].upper() + prefer[1:]
    return prefer
