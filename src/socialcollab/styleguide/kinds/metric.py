"""Rules that measure a text, such as its readability."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Final, TypeAlias

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.styleguide.kinds.hit import Hit

_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SENTENCE: Final = re.compile(r"\b[^.!?…]+[.!?…]*")
_PARAGRAPH: Final = re.compile(r"\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")
_LONG: Final = 6
_SHORTEST: Final = 2
_COMPLEX: Final = 3


@lru_cache(maxsize=8)
def _hyphenation(language: str) -> Any:
    """
    Return the hyphenation dictionary of a language.

    Raises:
        InvalidValueError: If pyphen is not installed or has no dictionary of the language.
    """
    try:
        pyphen: Any = importlib.import_module("pyphen")
    except ImportError:
        raise InvalidValueError(
            "syllables cannot be counted, because pyphen is not installed",
            value=language,
            expected="`pip install socialcollab[readability]`",
        ) from None
    name = pyphen.language_fallback(language.replace("-", "_"))
    if name is None:
        raise InvalidValueError(
            f"syllables cannot be counted in the language `{language}`",
            value=language,
            expected="a language with a hyphenation dictionary, such as `en` or `nl`",
        )
    return pyphen.Pyphen(lang=name)


_VOWELS: Final = re.compile("[aeiouy]+")
# Endings whose vowel is not spoken, and pairs of vowels that belong to two syllables.
_SILENT: Final = re.compile(
    "(?<=[^aeiouy])e$|(?<=[^aeioustdxzcg])es$|(?<=[^aeiouytd])ed$|(?<=[aeiouy])[dst]?e$|ely$"
    "|(?<=[a-z]{2}[^aeiouyl])e(?=ment|less|ful|ness)"
)
_APART: Final = re.compile(
    "i(?:a(?!ge|l$)|et|um|us$)|io(?!n|us)|eo(?!us)|ua(?=l|t)|uo(?=s)|[^aeiouy]le$|ism$|[aeiou]ing"
    "|(?<=[^q])ui(?=t[^e])|creat|(?<=r)ie(?=n)"
)


def _english_syllables(word: str) -> int:
    plain = re.sub("[^a-z]", "", word.lower())
    count = len(_VOWELS.findall(plain)) - len(_SILENT.findall(plain)) + len(_APART.findall(plain))
    return max(count, 1)


def syllables(word: str, language: str) -> int:
    """
    Return the number of syllables of a word, which is at least one.

    In English, hyphenation differs from syllables, so they are counted by their vowels. The result
    is wrong for about one word in twenty. In other languages, the points at which a word can be
    hyphenated are counted.

    Raises:
        InvalidValueError: If pyphen is not installed or does not know the language.
    """
    if language[:2].lower() == "en":
        return _english_syllables(word)
    return len(_hyphenation(language).positions(word.lower())) + 1


class Counts(Mapping[str, float]):
    """The numbers that a formula can use; those that take time are counted only if needed."""

    def __init__(self, text: str, language: str) -> None:
        self._text, self._language = text, language
        self._words = [found.group() for found in _WORD.finditer(text)]
        self._syllables: list[int] | None = None

    def _per_word(self) -> list[int]:
        if self._syllables is None:
            self._syllables = [syllables(word, self._language) for word in self._words]
        return self._syllables

    def __getitem__(self, name: str) -> float:
        return float(_COUNTS[name](self))

    def __iter__(self) -> Iterator[str]:
        return iter(_COUNTS)

    def __len__(self) -> int:
        return len(_COUNTS)


_COUNTS: Final[Mapping[str, Callable[[Counts], float]]] = {
    # All characters except white space.
    "characters": lambda c: sum(map(len, c._text.split())),
    "letters": lambda c: sum(map(str.isalpha, c._text)),
    "words": lambda c: len(c._words),
    "sentences": lambda c: _sentences(c._text),
    "paragraphs": lambda c: sum(1 for _ in _PARAGRAPH.finditer(c._text)),
    "long_words": lambda c: sum(len(_letters_and_digits(word)) > _LONG for word in c._words),
    "syllables": lambda c: sum(c._per_word()),
    "polysyllabic_words": lambda c: sum(n >= _COMPLEX for n in c._per_word()),
    "complex_words": lambda c: sum(n >= _COMPLEX for n in c._per_word()),
    "one_syllable_words": lambda c: sum(n == 1 for n in c._per_word()),
}
# The counters read the private values of `Counts`, which belongs to this module.

Formula: TypeAlias = Callable[[Mapping[str, float]], float]
"""A compiled formula, which computes a number from counts."""

COUNT_NAMES: Final = tuple(_COUNTS)
"""The numbers that a formula can use."""


def _sentences(text: str) -> int:
    """Return the number of sentences. One or two words are no sentence, but part of another one."""
    found = [each.group() for each in _SENTENCE.finditer(text)]
    count = sum(len(_WORD.findall(each)) > _SHORTEST for each in found)
    return max(count, 1 if found else 0)


def _letters_and_digits(word: str) -> str:
    return "".join(char for char in word if char.isalnum())


FORMULAS: Final[Mapping[str, str]] = {
    # Senter and Smith, Automated Readability Index, 1967.
    "ari": "4.71 * characters / words + 0.5 * words / sentences - 21.43",
    # Coleman and Liau, A computer readability formula designed for machine scoring, 1975.
    "coleman_liau": "5.88 * letters / words - 29.6 * sentences / words - 15.8",
    # Flesch, A new readability yardstick, 1948.
    "flesch": "206.835 - 1.015 * words / sentences - 84.6 * syllables / words",
    # Kincaid and others, Derivation of new readability formulas for Navy enlisted personnel, 1975.
    "flesch_kincaid": "0.39 * words / sentences + 11.8 * syllables / words - 15.59",
    # Gunning, The technique of clear writing, 1952.
    "gunning_fog": "0.4 * (words / sentences + 100 * complex_words / words)",
    # Bjornsson, Lasbarhet, 1968.
    "lix": "words / sentences + 100 * long_words / words",
    # Anderson, Lix and Rix: variations on a little-known readability index, 1983.
    "rix": "long_words / sentences",
    # McLaughlin, SMOG grading: a new readability formula, 1969.
    "smog": "1.043 * sqrt(polysyllabic_words * 30 / sentences) + 3.1291",
}
"""Readability formulas by name, each with its publication in a comment."""


FLESCH: Final[Mapping[str, str]] = {
    # Amstad, Wie verstaendlich sind unsere Zeitungen?, 1978.
    "de": "180 - words / sentences - 58.5 * syllables / words",
    # Kandel and Moles, Application de l'indice de Flesch a la langue francaise, 1958.
    "fr": "207 - 1.015 * words / sentences - 73.6 * syllables / words",
    # Franchina and Vacca, Adaptation of Flesch readability index on a bilingual text, 1986.
    "it": "217 - 1.3 * words / sentences - 60 * syllables / words",
    # Douma, De leesbaarheid van landbouwbladen, 1960.
    "nl": "206.84 - 0.93 * words / sentences - 77 * syllables / words",
    # Oborneva, Automation of text perception quality estimation, 2005.
    "ru": "206.835 - 1.3 * words / sentences - 60.1 * syllables / words",
}
"""The formula of Flesch for other languages than English, by language."""


@attrs.frozen(kw_only=True)
class Metric:
    """
    Report a text whose measure is too high or too low.

    Attributes:
        formula: The compiled formula; see `compile_formula`.
        at_most: The maximum, or None.
        at_least: The minimum, or None.
        language: The language, for counting syllables.
        from_words: Texts with fewer words are not measured, because the result would mean nothing.
    """

    NAME: ClassVar[str] = "metric"

    formula: Formula
    at_most: float | None = None
    at_least: float | None = None
    language: str = "en"
    from_words: int = 1

    def find(self, text: str) -> Iterator[Hit]:
        """Yield the whole text if its measure is out of bounds."""
        counts = Counts(text, self.language)
        if counts["words"] < max(self.from_words, 1):
            return
        value = self.formula(counts)
        limit = None
        if self.at_most is not None and value > self.at_most:
            limit = self.at_most
        elif self.at_least is not None and value < self.at_least:
            limit = self.at_least
        if limit is not None:
            shown = f"{value:.1f}".removesuffix(".0")
            values = {"match": shown, "count": shown, "limit": f"{limit:g}"}
            yield Hit(start=0, end=len(text), values=values)


def measure_readability(text: str, formula: str, *, language: str = "en") -> float:
    """
    Return the readability of a text, or 0 for a text without words.

    >>> round(measure_readability("De lente is er. De tulpen bloeien.", "lix", language="nl"), 2)
    17.79

    Args:
        text: The text.
        formula: The name of a formula, or a formula.
        language: The language, for counting syllables.

    Raises:
        InvalidValueError: If the formula is not valid, or if syllables cannot be counted.
    """
    counts = Counts(text, language)
    return compile_formula(formula, language)(counts) if counts["words"] else 0.0


_TOKEN: Final = re.compile(r"\s*(?:(\d+(?:\.\d*)?|\.\d+)|([a-z_]+)|([-+*/()^]))")
_LONGEST_FORMULA: Final = 1000
_DEEPEST: Final = 30


@lru_cache(maxsize=128)
def compile_formula(formula: str, language: str = "en") -> Formula:
    """
    Compile a formula of numbers, counts, ``+ - * / ^``, parentheses and ``sqrt``.

    A division by zero results in zero.

    Args:
        formula: The name of a formula, or a formula.
        language: The language, for which ``flesch`` has other numbers.

    Raises:
        InvalidValueError: If the formula is invalid.
    """
    text = FORMULAS.get(formula, formula)
    if formula == "flesch":
        text = FLESCH.get(language.lower()[:2], text)
    return _Parser(text).compiled()


class _Parser:
    """A recursive-descent parser of formulas. It never evaluates Python code."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = []
        self._depth = 0
        at = 0
        if len(text) > _LONGEST_FORMULA:
            raise self._wrong(f"it is longer than {_LONGEST_FORMULA} characters")
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._wrong(f"`{text[at:].strip()[:20]}` is not part of a formula")
            self._tokens.append(found[0].strip())
            at = found.end()

    def _wrong(self, problem: str, hint: str = "") -> InvalidValueError:
        return InvalidValueError(
            f"the formula `{self._text[:80]}` is not valid: {problem}",
            value=self._text[:200],
            expected=hint
            or f"a formula of {', '.join(COUNT_NAMES)}, or one of {', '.join(FORMULAS)}",
        )

    def compiled(self) -> Formula:
        self._tokens.reverse()
        tree = self._sum()
        if self._tokens:
            raise self._wrong(f"`{self._tokens[-1]}` is not expected")
        return tree

    def _next(self) -> str:
        return self._tokens[-1] if self._tokens else ""

    def _sum(self) -> Formula:
        left = self._product()
        while self._next() in ("+", "-"):
            sign = 1 if self._tokens.pop() == "+" else -1
            left = _added(left, self._product(), sign)
        return left

    def _product(self) -> Formula:
        left = self._power()
        while self._next() in ("*", "/"):
            operation = _multiplied if self._tokens.pop() == "*" else _divided
            left = operation(left, self._power())
        return left

    def _power(self) -> Formula:
        base = self._atom()
        if self._next() == "^":
            self._tokens.pop()
            return _raised(base, self._atom())
        return base

    def _atom(self) -> Formula:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("it is nested too deeply")
        try:
            return self._atom_at_depth()
        finally:
            self._depth -= 1

    def _atom_at_depth(self) -> Formula:
        if not self._tokens:
            raise self._wrong("it ends too early")
        word = self._tokens.pop()
        if word == "-":
            return _added(lambda _: 0.0, self._atom(), -1)
        if word == "(":
            return self._closed(self._sum())
        if word == "sqrt":
            if self._next() != "(":
                raise self._wrong("`sqrt` needs a parenthesis")
            self._tokens.pop()
            return _root(self._closed(self._sum()))
        if word[0].isdigit() or word[0] == ".":
            number = float(word)
            return lambda _: number
        if word not in COUNT_NAMES:
            hint = did_you_mean(word, COUNT_NAMES, otherwise=f"use {', '.join(COUNT_NAMES)}")
            raise self._wrong(f"`{word}` is not a count", hint)
        return lambda counts: counts[word]

    def _closed(self, inner: Formula) -> Formula:
        if self._next() != ")":
            raise self._wrong("a parenthesis is not closed")
        self._tokens.pop()
        return inner


def _added(left: Any, right: Any, sign: int) -> Formula:
    return lambda counts: left(counts) + sign * right(counts)


def _multiplied(left: Any, right: Any) -> Formula:
    return lambda counts: left(counts) * right(counts)


def _divided(left: Any, right: Any) -> Formula:
    def divide(counts: Mapping[str, float]) -> float:
        by: float = right(counts)
        quotient: float = left(counts) / by if by else 0.0
        return quotient

    return divide


def _raised(base: Any, exponent: Any) -> Formula:
    def power(counts: Mapping[str, float]) -> float:
        low, high = base(counts), exponent(counts)
        # A huge power would raise an error, and a negative base has no real root.
        return (
            float(min(max(low, 0.0), 1e6) ** min(max(high, -4.0), 4.0)) if low or high > 0 else 0.0
        )

    return power


def _root(inner: Any) -> Formula:
    return lambda counts: math.sqrt(max(inner(counts), 0.0))
