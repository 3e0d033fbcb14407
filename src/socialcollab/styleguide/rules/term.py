"""SG102: terms that a brand avoids, and the terms that it prefers."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import ClassVar

import attrs

from socialcollab.content import Finding
from socialcollab.document_fields import as_words
from socialcollab.errors import InvalidValueError
from socialcollab.styleguide.lint_input import LintInput, TextSpan
from socialcollab.text import Entity, mark_class

LONGEST_TERM = 200

# `\w` does not match combining marks, so it would split a word at a decomposed accent.
_TOKEN = re.compile(f"[\\w{mark_class()}]+|[^\\w\\s]")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2011": "-"})
_MARKS = re.compile("[\u0300-\u036f]")


@attrs.frozen(kw_only=True)
class Avoided:
    """
    A term that a brand avoids.

    Attributes:
        term: The term, which can consist of several words.
        prefer: The preferred term, or an empty string if the term is banned.
        why: The reason, which is part of the message.
        exact_case: Whether the match is case-sensitive.
        any_accents: Whether accents are ignored, so that "cafe" matches "café".
            By default, accents must match, because words such as the Dutch
            "een" and "één" differ only in their accents.

    Raises:
        InvalidValueError: If the term contains no letter or digit, or is longer
            than 200 characters.
    """

    term: str
    prefer: str = ""
    why: str = ""
    exact_case: bool = False
    any_accents: bool = False

    def __attrs_post_init__(self) -> None:
        if not any(char.isalnum() for char in self.term) or len(self.term) > LONGEST_TERM:
            raise InvalidValueError(
                f"term {self.term[:60]!r} does not contain a letter or digit, or is longer than"
                f" {LONGEST_TERM} characters",
                value=self.term[:60],
                expected="a word or phrase",
            )


def _plain(text: str, *, case: bool, accents: bool) -> str:
    """Return *text* in a normalised form, in which equivalent spellings are equal strings."""
    text = text.translate(_APOSTROPHES)
    if not text.isascii():
        if accents:
            text = _MARKS.sub("", unicodedata.normalize("NFD", text))
        text = unicodedata.normalize("NFC", text)
    return text if case else text.casefold()


def _tokens(text: str) -> list[tuple[str, int, int, bool]]:
    """
    Split *text* into words and symbols.

    Each item is the word or symbol, its start, its end, and whether a space precedes it.
    """
    tokens = []
    done = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        tokens.append((match.group(), start, end, start > done))
        done = end
    return tokens


class _Node(dict[str, "_Node"]):
    """
    A node in a trie of terms, which maps tokens to child nodes.

    *ends* is the avoided term that ends at this node. *safe* is true if a term
    that must not be reported ends at this node.
    """

    __slots__ = ("ends", "safe")

    def __init__(self) -> None:
        super().__init__()
        self.ends: Avoided | None = None
        self.safe = False


def _key(token: str, *, spaced: bool) -> str:
    # No token begins with a space, so a leading space can mark a token that follows a space.
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
    # Without this, "media team" would be replaced repeatedly inside the preferred term
    # "social media team".
    for term in (*(avoided.prefer for avoided in terms if avoided.prefer), *preferred):
        for spelling in (term, term[:1].upper() + term[1:]) if term.islower() else (term,):
            _leaf(modes, spelling, case=True, accents=False).safe = True
    for term in allowed:
        _leaf(modes, term, case=False, accents=False).safe = True
    return modes


def _rarest_words(terms: Iterable[Avoided]) -> frozenset[str]:
    """
    Return one word from each term. A text that contains none of these words contains none of the
    terms.

    The word is the one that occurs in the fewest terms, because it is likely to be rare in
    texts, too. The first word of a term is often a common word.
    """
    words_of = [
        [_plain(token, case=False, accents=True) for token, _, _, _ in _tokens(avoided.term)]
        for avoided in terms
    ]
    counts = Counter(word for words in words_of for word in set(words))
    return frozenset(
        min(
            filter(None, words),
            key=lambda word: (not any(map(str.isalnum, word)), counts[word], -len(word)),
        )
        for words in words_of
    )


def _as_terms(terms: Iterable[Avoided]) -> tuple[Avoided, ...]:
    return tuple(terms)


@attrs.frozen(kw_only=True, slots=False)
class Term:
    """
    Report terms that the guide bans or replaces with a preferred term.

    What it does:
        The rule searches the text, the variants and the alt texts for whole words
        and phrases, by default ignoring case. If the guide
        specifies a preferred term, the finding offers it as a fix. If several
        terms begin at the same position, only the longest is reported. Text in
        links and the exact spelling of preferred terms are not reported.

    Why it matters:
        Readers recognise a brand by its wording. Some words are wrong,
        make claims that the law forbids, or hurt people.

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
        terms: The avoided terms. If a term is listed twice, the first entry is used.
        allowed: Terms that are never reported.
        preferred: Additional preferred terms, whose exact spelling is not
            reported.
    """

    code: ClassVar[str] = "SG102"

    terms: tuple[Avoided, ...] = attrs.field(converter=_as_terms)
    allowed: tuple[str, ...] = attrs.field(default=(), converter=as_words)
    preferred: tuple[str, ...] = attrs.field(default=(), converter=as_words)
    _modes: _Modes = attrs.field(init=False, eq=False, repr=False)
    _rarest_words: frozenset[str] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_modes", _build(self.terms, self.allowed, self.preferred))
        object.__setattr__(self, "_rarest_words", _rarest_words(self.terms))

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report every avoided term, in the order of the text."""
        for span in draft.spans:
            hits = list(self.find(span.text))
            if not hits:
                continue
            for avoided, start, end in outside_links(hits, draft.entities_of(span)):
                yield self._finding(avoided, span, start, end)

    def find(self, text: str) -> Iterator[tuple[Avoided, int, int]]:
        """Yield the longest avoided term at each position of *text*, with its start and end."""
        # Most texts do not contain the rarest word of any term, so the slow search is rarely needed.
        plain = text.lower() if text.isascii() else _plain(text, case=False, accents=True)
        if self._rarest_words.isdisjoint(_TOKEN.findall(plain)):
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
                        # If two terms have the same length, the one that must not be reported
                        # takes precedence.
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
    """Yield the *hits* outside links and mentions. Both arguments must be sorted by position."""
    links = [e for e in entities if e.kind in ("url", "mention")]
    index = 0
    for avoided, start, end in hits:
        while index < len(links) and links[index].end <= start:
            index += 1
        if index == len(links) or end <= links[index].start:
            yield avoided, start, end


def _with_case_of(written: str, prefer: str) -> str:
    """Return *prefer*, capitalised if the *written* term is capitalised."""
    if prefer[:1].islower() and written[:1].isupper() and prefer.islower():
        return prefer[:1].upper() + prefer[1:]
    return prefer
