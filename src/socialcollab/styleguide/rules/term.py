"""SG102: terms that a brand avoids, and the terms that it prefers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import ClassVar

import attrs

from socialcollab.content import Finding
from socialcollab.document_fields import as_words
from socialcollab.errors import InvalidValueError
from socialcollab.styleguide.lint_input import LintInput, TextSpan
from socialcollab.text import Entity, char_class, unicode_table

LONGEST_TERM = 200

# `\w` does not match combining marks, which would split a word with a decomposed accent.
_MARK_CLASS = char_class(
    *(word for word in unicode_table.MARK.split() if int(word.partition("-")[0], 16) < 0x10000)
)
_TOKEN = re.compile(f"[\\w{_MARK_CLASS}]+|[^\\w\\s]")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2011": "-"})
_MARKS = re.compile("[\u0300-\u036f]")


@attrs.frozen(kw_only=True)
class Avoided:
    """
    A term that a brand avoids.

    Attributes:
        term: The term, one word or several.
        prefer: The preferred term, or empty if the term is banned.
        why: The reason, for the message.
        exact_case: Whether upper and lower case must match.
        any_accents: Whether accents are ignored, so that "cafe" is found in
            "café". By default they are not, because words such as the Dutch
            "een" and "één" differ only in accents.

    Raises:
        InvalidValueError: If the term has no letter or digit, or is longer than
            200 characters.
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
    """Return *text* in the form in which equal spellings are equal strings."""
    text = text.translate(_APOSTROPHES)
    if not text.isascii():
        if accents:
            text = _MARKS.sub("", unicodedata.normalize("NFD", text))
        text = unicodedata.normalize("NFC", text)
    return text if case else text.casefold()


def _tokens(text: str) -> list[tuple[str, int, int, bool]]:
    """Split *text* into words and signs: each with its start, its end, and whether a space precedes it."""
    tokens = []
    done = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        tokens.append((match.group(), start, end, start > done))
        done = end
    return tokens


class _Node(dict[str, "_Node"]):
    """
    A node of a trie of terms, with its children by token.

    *ends* is the avoided term that ends here; *safe* means that a term ends
    here that must not be reported.
    """

    __slots__ = ("ends", "safe")

    def __init__(self) -> None:
        super().__init__()
        self.ends: Avoided | None = None
        self.safe = False


def _key(token: str, *, spaced: bool) -> str:
    # No token begins with a space, so a space can mark tokens that a space precedes.
    return f" {token}" if spaced else token


_Modes = dict[tuple[bool, bool], _Node]


def _leaf(modes: _Modes, term: str, *, case: bool, accents: bool) -> _Node:
    node = modes.setdefault((case, accents), _Node())
    for index, (token, _, _, spaced) in enumerate(_tokens(term.strip())):
        plain = _plain(token, case=case, accents=accents)
        node = node.setdefault(_key(plain, spaced=bool(index) and spaced), _Node())
    return node


def _build(terms: tuple[Avoided, ...], allowed: Iterable[str], preferred: Iterable[str]) -> _Modes:
    """Return a trie for each combination of case and accents that the terms use."""
    modes: _Modes = {}
    for avoided in terms:
        leaf = _leaf(modes, avoided.term, case=avoided.exact_case, accents=avoided.any_accents)
        leaf.ends = leaf.ends or avoided
    # Without this, "media team" would be replaced inside "social media team", again and again.
    for term in (*(avoided.prefer for avoided in terms if avoided.prefer), *preferred):
        for spelling in (term, term[:1].upper() + term[1:]) if term.islower() else (term,):
            _leaf(modes, spelling, case=True, accents=False).safe = True
    for term in allowed:
        _leaf(modes, term, case=False, accents=False).safe = True
    return modes


def _as_terms(terms: Iterable[Avoided]) -> tuple[Avoided, ...]:
    return tuple(terms)


@attrs.frozen(kw_only=True, slots=False)
class Term:
    """
    Report terms that the guide bans or replaces with a preferred term.

    What it does:
        It looks for whole words and phrases, in upper or lower case, in the
        texts, the variants and the image descriptions. If the guide prefers
        another term, the finding has it as its fix. If several terms begin at
        the same position, the longest one counts. Links and the exact spelling
        of preferred terms are not reported.

    Why it matters:
        Readers recognise a brand by its words. Other words may be wrong, make
        claims that the law forbids, or hurt people.

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
        terms: The avoided terms; of two equal ones, the first counts.
        allowed: Terms that are never reported.
        preferred: Terms that are not reported in this exact spelling, in
            addition to those that *terms* prefer.
    """

    code: ClassVar[str] = "SG102"

    terms: tuple[Avoided, ...] = attrs.field(converter=_as_terms)
    allowed: tuple[str, ...] = attrs.field(default=(), converter=as_words)
    preferred: tuple[str, ...] = attrs.field(default=(), converter=as_words)
    _modes: _Modes = attrs.field(init=False, eq=False, repr=False)
    _first_words: frozenset[str] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_modes", _build(self.terms, self.allowed, self.preferred))
        words = {word for root in self._modes.values() for word in root}
        first_words = frozenset(_plain(word, case=False, accents=True) for word in words)
        object.__setattr__(self, "_first_words", first_words)

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report every term, in the order of the text."""
        for span in draft.spans:
            hits = list(self.find(span.text))
            if not hits:
                continue
            for avoided, start, end in outside_links(hits, draft.entities_of(span)):
                yield self._finding(avoided, span, start, end)

    def find(self, text: str) -> Iterator[tuple[Avoided, int, int]]:
        """Yield the terms in *text* with their start and end; the longest at each position."""
        # Most texts contain the first word of no term, so the slow search below is rare.
        plain = text.lower() if text.isascii() else _plain(text, case=False, accents=True)
        if self._first_words.isdisjoint(_TOKEN.findall(plain)):
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
            for mode, root in self._modes.items()
        ]
        done = 0
        for index, (_, start, _, _) in enumerate(tokens):
            if start < done:
                continue
            longest: tuple[int, bool, Avoided | None] = (0, False, None)
            for words, root in readings:
                node = root.get(words[index])
                at = index
                while node is not None:
                    if node.ends is not None or node.safe:
                        end = tokens[at][2]
                        # Of two terms of equal length, the one that is not reported counts.
                        if (end, node.safe) > longest[:2]:
                            longest = (end, node.safe, node.ends)
                    at += 1
                    if at == len(tokens) or not node:
                        break
                    node = node.get(_key(words[at], spaced=tokens[at][3]))
            end, safe, avoided = longest
            if end:
                done = end
                if avoided is not None and not safe:
                    written = text[start:end]
                    if written != _with_case_of(written, avoided.prefer):
                        yield avoided, start, end

    def _finding(self, avoided: Avoided, span: TextSpan, start: int, end: int) -> Finding:
        written = span.text[start:end]
        kind = "preferred" if avoided.prefer else "banned"
        return Finding(
            code=self.code,
            message_code=f"SG102.{kind}.why" if avoided.why else f"SG102.{kind}",
            params={
                "term": written,
                **({"prefer": avoided.prefer} if avoided.prefer else {}),
                **({"why": avoided.why} if avoided.why else {}),
            },
            field=span.field,
            start=start,
            end=end,
            fix=_with_case_of(written, avoided.prefer) if avoided.prefer else None,
            profile=span.profile,
        )


def outside_links(
    hits: Iterable[tuple[Avoided, int, int]], entities: Iterable[Entity]
) -> Iterator[tuple[Avoided, int, int]]:
    """Yield the *hits* that are not in a link or mention; both arguments are sorted by position."""
    links = [e for e in entities if e.kind in ("url", "mention")]
    index = 0
    for avoided, start, end in hits:
        while index < len(links) and links[index].end <= start:
            index += 1
        if index == len(links) or end <= links[index].start:
            yield avoided, start, end


def _with_case_of(written: str, prefer: str) -> str:
    """Return *prefer*, with a capital if it replaces a term that is *written* with one."""
    if prefer[:1].islower() and written[:1].isupper() and prefer.islower():
        return prefer[:1].upper() + prefer[1:]
    return prefer
