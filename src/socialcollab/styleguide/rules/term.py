"""Words that a brand does not use, and words that it prefers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import ClassVar

import attrs

from socialcollab.content import Finding
from socialcollab.errors import InvalidValueError
from socialcollab.styleguide.reading import Reading

__all__ = ["Avoided", "Term"]

LONGEST_TERM = 200

_TOKEN = re.compile(r"\w+|[^\w\s]")
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
    """One step of a term; the term itself where one ends here."""

    __slots__ = ("ends",)

    def __init__(self) -> None:
        super().__init__()
        self.ends: Avoided | None = None


def _key(token: str, *, spaced: bool) -> str:
    # A space never begins a token, so that the two cannot be mistaken.
    return f" {token}" if spaced else token


def _grow(terms: Iterable[Avoided]) -> dict[tuple[bool, bool], _Node]:
    grown: dict[tuple[bool, bool], _Node] = {}
    for avoided in terms:
        mode = (avoided.exact_case, avoided.any_accents)
        node = grown.setdefault(mode, _Node())
        for index, (token, _, _, spaced) in enumerate(_tokens(avoided.term.strip())):
            plain = _plain(token, case=mode[0], accents=mode[1])
            node = node.setdefault(_key(plain, spaced=bool(index) and spaced), _Node())
        if node.ends is None:
            node.ends = avoided
    return grown


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

    """

    code: ClassVar[str] = "SG102"

    terms: tuple[Avoided, ...] = attrs.field(converter=tuple)
    _grown: dict[tuple[bool, bool], _Node] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_grown", _grow(self.terms))

    def check(self, draft: Reading) -> Iterator[Finding]:
        """Report each term, in the order of the text."""
        for passage in draft.passages:
            hits = list(self.find(passage.text))
            if not hits:
                continue
            links = [e for e in draft.entities_of(passage) if e.kind in ("url", "mention")]
            for avoided, start, end in hits:
                if any(link.start < end and start < link.end for link in links):
                    continue
                yield self._finding(
                    avoided, passage.text[start:end], start, end, passage.field, passage.profile
                )

    def find(self, text: str) -> Iterator[tuple[Avoided, int, int]]:
        """Find terms in *text*: each with its place, the longest first to win."""
        tokens = _tokens(text)
        taken = 0
        plain = {
            mode: [_plain(token, case=mode[0], accents=mode[1]) for token, _, _, _ in tokens]
            for mode in self._grown
        }
        for index, (_, start, _, _) in enumerate(tokens):
            if start < taken:
                continue
            best: tuple[Avoided, int] | None = None
            for mode, root in self._grown.items():
                words = plain[mode]
                node = root.get(words[index])
                at = index
                while node is not None:
                    if node.ends is not None and (best is None or tokens[at][2] > best[1]):
                        best = (node.ends, tokens[at][2])
                    at += 1
                    if at == len(tokens) or not node:
                        break
                    node = node.get(_key(words[at], spaced=tokens[at][3]))
            if best is not None and text[start : best[1]] != best[0].prefer:
                if best[0].prefer and text.startswith(best[0].prefer, start):
                    taken = start + len(best[0].prefer)
                    continue
                taken = best[1]
                yield best[0], start, best[1]

    def _finding(
        self, avoided: Avoided, found: str, start: int, end: int, field: str, profile: str
    ) -> Finding:
        kind = "preferred" if avoided.prefer else "banned"
        return Finding(
            code=self.code,
            message_code=f"SG102.{kind}.why" if avoided.why else f"SG102.{kind}",
            params={
                "term": found,
                **({"prefer": avoided.prefer} if avoided.prefer else {}),
                **({"why": avoided.why} if avoided.why else {}),
            },
            field=field,
            start=start,
            end=end,
            fix=_dressed(avoided.prefer, found) if avoided.prefer else None,
            profile=profile,
        )


def _dressed(prefer: str, found: str) -> str:
    """Begin with a capital where what it replaces did."""
    if prefer[:1].islower() and found[:1].isupper() and prefer.islower():
        return prefer[:1].upper() + prefer[1:]
    return prefer
