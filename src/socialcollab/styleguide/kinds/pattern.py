"""Compile the patterns of a guide, so that none of them can block the application."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast

from socialcollab.errors import InvalidValueError

LONGEST_PATTERN: Final = 20_000
"""The maximum length of a pattern, in characters."""


Pattern: TypeAlias = re.Pattern[str]
"""A compiled pattern. Patterns of RE2 have the same methods."""


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str, *, ignore_case: bool = False, trusted: bool = True) -> Pattern:
    """
    Compile a pattern.

    A trusted pattern, from the team's own guide, is compiled by `re`, after a check that no
    repetition is nested in another, which could take exponential time. A pattern of any other guide
    is compiled by RE2, whose time is linear in the length of the text.

    Args:
        pattern: The pattern, in the syntax of `re`.
        ignore_case: Whether upper and lower case are the same.
        trusted: Whether the pattern comes from a trusted source.

    Raises:
        InvalidValueError: If the pattern is invalid, too long or could take exponential time, or if
            it is not trusted and RE2 is not installed or does not support it.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise _invalid(pattern, f"is longer than {LONGEST_PATTERN} characters", "a shorter pattern")
    if not trusted:
        return _linear(pattern, ignore_case=ignore_case)
    flags = re.MULTILINE | (re.IGNORECASE if ignore_case else 0)
    try:
        compiled = re.compile(_translated(pattern), flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise _invalid(pattern, f"is not a valid pattern: {error}", "a pattern of `re`") from None
    if _may_explode(compiled.pattern, flags):
        raise _invalid(
            pattern,
            "contains a repetition that can match the same text in many ways, which can take exponential time",
            "possessive inner repetitions, such as `(?:a++b)*`",
        )
    return compiled


def any_of(parts: Iterable[str], *, whole_words: bool) -> str:
    """
    Return a pattern that matches any of several patterns.

    Args:
        parts: The patterns.
        whole_words: Whether a match must begin and end at the edge of a word.
    """
    joined = "|".join(parts)
    return rf"\b(?:{joined})\b" if whole_words else f"(?:{joined})"


def matches_any(patterns: tuple[Pattern, ...], text: str) -> bool:
    """Return whether one of several patterns matches the whole text."""
    return any(pattern.fullmatch(text) is not None for pattern in patterns)


def _linear(pattern: str, *, ignore_case: bool) -> Pattern:
    try:
        re2: Any = importlib.import_module("re2")
    except ImportError:
        raise _invalid(
            pattern,
            "comes from a guide that is not trusted, and RE2 is not installed",
            "`pip install socialcollab[re2]`, a list of words instead, or `trusted=True` if the"
            " guide is your own",
        ) from None
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.never_capture = False
    options.one_line = False
    options.log_errors = False
    try:
        return cast("Pattern", re2.compile(f"(?m){_translated(pattern)}", options=options))
    except re2.error as error:
        raise _invalid(
            pattern, f"is not supported by RE2: {error}", "a pattern without look-arounds"
        ) from None


def _translated(pattern: str) -> str:
    """Return a pattern with the syntax of other engines that `re` does not know replaced."""
    # Flags that are stated in the middle of a pattern are accepted by most engines.
    return re.sub(r"\(\?i\)", "(?i:", pattern) + ")" * len(re.findall(r"\(\?i\)", pattern))


def _invalid(pattern: str, problem: str, expected: str) -> InvalidValueError:
    return InvalidValueError(f"`{pattern[:80]}` {problem}", value=pattern[:200], expected=expected)


# Characters of all kinds that patterns tell apart.
_ALPHABET: Final = frozenset(map(chr, range(128))) | frozenset("é€ß\u00a0\u2019—中д0５🌷\u0301")
_MANY: Final = 50


def _may_explode(pattern: str, flags: int) -> bool:
    """
    Return whether an unbounded repetition may match one text in many ways.

    A part that can match texts of several lengths must be followed by a character that it cannot
    match itself. Otherwise, the engine could try all divisions of a text between the rounds.
    """
    parser: Any = importlib.import_module("re._parser")
    return any(_is_ambiguous(body) for body in _repeated(parser.parse(pattern, flags)))


def _repeated(parsed: Any) -> Iterator[list[Any]]:
    """Yield the bodies of all unbounded repetitions."""
    for op, argument in parsed:
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            _, high, body = argument
            if int(high) > _MANY:
                yield _flat(body)
        # What these have matched is never tried again.
        if name not in ("POSSESSIVE_REPEAT", "ATOMIC_GROUP"):
            for part in _parts(argument):
                yield from _repeated(part)


def _flat(body: Any) -> list[Any]:
    """Return the items of a sequence, with those of its groups."""
    items: list[Any] = []
    for item in body:
        if str(item[0]) == "SUBPATTERN":
            items += _flat(item[1][-1])
        elif str(item[0]) not in ("AT", "ASSERT", "ASSERT_NOT"):
            items.append(item)
    return items


def _is_ambiguous(items: list[Any]) -> bool:
    for index, item in enumerate(items):
        if _has_one_length(item):
            continue
        following = items[(index + 1) % len(items)]
        first = _characters(following) if _is_one_character(following) else _ALPHABET
        if first & _characters(item):
            return True
    return False


def _is_one_character(item: Any) -> bool:
    return str(item[0]) in ("LITERAL", "NOT_LITERAL", "IN", "ANY")


def _has_one_length(item: Any) -> bool:
    """Return whether all texts that a part matches have the same length, and are tried once."""
    name, argument = str(item[0]), item[1]
    if _is_one_character(item) or name in ("POSSESSIVE_REPEAT", "ATOMIC_GROUP", "GROUPREF"):
        return True
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        low, high, body = argument
        return int(low) == int(high) and all(map(_has_one_length, _flat(body)))
    if name == "BRANCH":
        branches = [_flat(branch) for branch in argument[1]]
        if any(not all(map(_has_one_length, branch)) for branch in branches):
            return False
        firsts = [_characters(branch[0]) if branch else _ALPHABET for branch in branches]
        # Branches that begin differently cannot match the same text.
        return len({len(branch) for branch in branches}) == 1 or all(
            not one & other for place, one in enumerate(firsts) for other in firsts[:place]
        )
    return False


def _characters(item: Any) -> frozenset[str]:
    """Return the characters of the alphabet that can occur in the texts that a part matches."""
    name, argument = str(item[0]), item[1]
    if name == "LITERAL":
        return frozenset((chr(argument), chr(argument).lower(), chr(argument).upper()))
    if name == "NOT_LITERAL":
        return _ALPHABET - {chr(argument)}
    if name == "IN":
        return _in_class(argument)
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return frozenset().union(*map(_characters, _flat(argument[2])))
    if name == "BRANCH":
        return frozenset().union(*(_characters(one) for b in argument[1] for one in _flat(b)))
    return _ALPHABET


_CATEGORIES: Final = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


def _in_class(entries: Any) -> frozenset[str]:
    found: set[str] = set()
    negated = False
    for op, argument in entries:
        name = str(op)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            found |= {chr(argument), chr(argument).lower(), chr(argument).upper()}
        elif name == "RANGE":
            low, high = argument
            found |= {
                char
                for char in _ALPHABET
                if any(
                    low <= ord(each) <= high
                    for each in (char, char.lower(), char.upper())[:3]
                    if len(each) == 1
                )
            }
        elif name == "CATEGORY":
            inside = re.compile(_CATEGORIES[str(argument)])
            found |= {char for char in _ALPHABET if inside.match(char)}
        else:
            return _ALPHABET
    return _ALPHABET - found if negated else frozenset(found)


def _parts(argument: Any) -> Iterator[Any]:
    if hasattr(argument, "data"):
        yield argument
    elif isinstance(argument, tuple | list):
        for part in argument:
            yield from _parts(part)
