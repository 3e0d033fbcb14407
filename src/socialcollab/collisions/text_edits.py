"""The differences between two versions of a text, as edits of whole words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from socialcollab.text import graphemes

Edit: TypeAlias = tuple[int, int, str]
"""The first and last offset of the replaced part of the base, and the text that replaces it."""

# With more differences than this, a part of a text counts as rewritten. The search takes time in
# proportion to the square of the number, so a hostile text could otherwise occupy a worker.
_MOST_DIFFERENCES: Final = 400
_MOST_STEPS: Final = 2_000_000

# A mention or hashtag is one word, including its sign.
_WORDS: Final = re.compile(r"[@#]?\w+|\s+|[^\w\s]")


def common_prefix(one: str, other: str) -> int:
    """
    Return the number of characters with which both texts begin.

    >>> common_prefix("spring sale", "spring fair")
    7
    """
    if one == other:
        return len(one)
    low, high = 0, min(len(one), len(other))
    # Slices are compared in C, so bisection is much faster than a loop over the characters.
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_suffix(one: str, other: str, *, at_most: int) -> int:
    """Return the number of characters with which both texts end, up to *at_most*."""
    low, high = 0, at_most
    ends = len(one), len(other)
    while low < high:
        middle = (low + high + 1) // 2
        if one[ends[0] - middle : ends[0] - low] == other[ends[1] - middle : ends[1] - low]:
            low = middle
        else:
            high = middle - 1
    return low


def words(text: str) -> list[str]:
    """
    Split *text* into words, spaces and other graphemes. No grapheme is divided.

    >>> words("één 👍🏽 @ana")
    ['één', ' ', '👍🏽', ' ', '@ana']
    """
    if text.isascii() and "\r" not in text:
        return _WORDS.findall(text)
    parts: list[str] = []
    previous = ""
    for grapheme in graphemes(text):
        first = grapheme[0]
        kind = "word" if first.isalnum() or first == "_" else "space" if first.isspace() else ""
        kind = "sign" if grapheme in ("@", "#") else kind
        # Scripts without spaces between words have one token per grapheme.
        if (kind == "word" and previous in ("word", "sign") and first < "\u2e80") or (
            kind == "space" and previous == "space"
        ):
            parts[-1] += grapheme
        else:
            parts.append(grapheme)
        previous = kind
    return parts


def matching_runs(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int, int]]:
    """
    Return the runs that two sequences share: each one's start in both sequences and its length.

    The sequences have the fewest possible differences between the runs. If there are too many
    differences, no item between the first and the last difference is matched.

    >>> matching_runs("abcd", "abxd")
    [(0, 0, 2), (3, 3, 1)]

    Source:
        E. Myers, An O(ND) Difference Algorithm and Its Variations, Algorithmica 1, 1986.
    """
    shorter = min(len(one), len(other))
    start = 0
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    runs = [(0, 0, start)] if start else []
    runs += _middle_runs(one[start : len(one) - end], other[start : len(other) - end], start)
    if end:
        runs.append((len(one) - end, len(other) - end, end))
    return runs


def _middle_runs(
    one: Sequence[str], other: Sequence[str], offset: int
) -> list[tuple[int, int, int]]:
    if not one or not other or set(one).isdisjoint(other):
        return []
    length, width = len(one), len(other)
    # `furthest[k]` is how far the best path on diagonal k (x - y = k) reaches in *one*.
    furthest = {1: 0}
    traces: list[dict[int, int]] = []
    steps = 0
    for differences in range(min(length + width, _MOST_DIFFERENCES) + 1):
        reached: dict[int, int] = {}
        for k in range(-differences, differences + 1, 2):
            if k == -differences or (
                k != differences and furthest.get(k - 1, -1) < furthest.get(k + 1, -1)
            ):
                x = furthest[k + 1]
            else:
                x = furthest[k - 1] + 1
            y = x - k
            begin = x
            while x < length and y < width and one[x] == other[y]:
                x += 1
                y += 1
            steps += x - begin + 1
            reached[k] = x
            if x >= length and y >= width:
                traces.append(reached)
                return _runs_of(traces, length, width, offset)
        traces.append(reached)
        furthest = reached
        if steps > _MOST_STEPS:
            break
    return []


def _runs_of(
    traces: list[dict[int, int]], length: int, width: int, offset: int
) -> list[tuple[int, int, int]]:
    """Follow the shortest path back to the start."""
    runs: list[tuple[int, int, int]] = []
    x, y = length, width
    for differences in range(len(traces) - 1, -1, -1):
        k = x - y
        before = traces[differences - 1] if differences else {1: 0}
        down = k == -differences or (
            k != differences and before.get(k - 1, -1) < before.get(k + 1, -1)
        )
        begin = before[k + 1] if down else before[k - 1] + 1
        if x > begin:
            runs.append((begin + offset, begin - k + offset, x - begin))
        x, y = (begin, begin - k - 1) if down else (begin - 1, begin - k)
    runs.reverse()
    return runs


def text_edits(base: str, other: str) -> list[Edit]:
    """
    Return the edits that turn *base* into *other*, in order. No two of them touch.

    Lines are compared first, and then the words of lines that differ.

    >>> text_edits("Spring sale: 20% off", "Spring sale: 30% off today")
    [(13, 15, '30'), (20, 20, ' today')]
    """
    if base == other:
        return []
    start = common_prefix(base, other)
    end = common_suffix(base, other, at_most=min(len(base), len(other)) - start)
    if "\n" not in base[start : len(base) - end] and "\n" not in other[start : len(other) - end]:
        return _word_edits(base, other, 0, start, end)
    # The common parts are cut to whole lines.
    start = base.rfind("\n", 0, start) + 1
    last = base.find("\n", len(base) - end)
    end = 0 if last < 0 else len(base) - last - 1
    lines = base[start : len(base) - end].splitlines(keepends=True)
    others = other[start : len(other) - end].splitlines(keepends=True)
    edits: list[Edit] = []
    place, done = start, 0
    for first, after, second, stop in _line_gaps(lines, others):
        place += sum(map(len, lines[done:first]))
        one, two = "".join(lines[first:after]), "".join(others[second:stop])
        start = common_prefix(one, two)
        end = common_suffix(one, two, at_most=min(len(one), len(two)) - start)
        edits += _word_edits(one, two, place, start, end)
        place, done = place + len(one), after
    return edits


def _line_gaps(lines: list[str], others: list[str]) -> list[tuple[int, int, int, int]]:
    if len(lines) == len(others):
        changed = [i for i, line in enumerate(lines) if line != others[i]]
        # Usually, words have changed and lines have not moved. If a line had moved, it would be
        # among the changed lines of both texts.
        if {lines[i] for i in changed}.isdisjoint([others[i] for i in changed]):
            return [(i, i + 1, i, i + 1) for i in changed]
    return _gaps(lines, others)


def _gaps(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int, int, int]]:
    runs = [(0, 0, 0), *matching_runs(one, other), (len(one), len(other), 0)]
    return [
        (first + size, next_first, second + size, next_second)
        for (first, second, size), (next_first, next_second, _) in pairwise(runs)
        if first + size < next_first or second + size < next_second
    ]


def sequence_edits(
    base: tuple[str, ...], other: tuple[str, ...]
) -> list[tuple[int, int, tuple[str, ...]]]:
    """Return the edits that turn *base* into *other*, where each edit replaces whole items."""
    return [
        (first, last, tuple(other[second:end])) for first, last, second, end in _gaps(base, other)
    ]


def _word_edits(base: str, other: str, offset: int, start: int, end: int) -> list[Edit]:
    """Compare words, given how many characters both texts share at the *start* and the *end*."""
    # Words that both texts share are not compared. A grapheme can reach across a space, but not if
    # the characters beside the space are ASCII.
    start = max(base.rfind(" ", 0, start), base.rfind("\n", 0, start)) + 1
    if not (base[start : start + 1].isascii() and other[start : start + 1].isascii()):
        start = 0
    last = len(base) - end
    while last < len(base) and base[last] not in " \n":
        last += 1
    end = len(base) - last
    beside = base[last - 1 : last] + other[len(other) - end - 1 : len(other) - end]
    if not beside.isascii() or "\r" in beside:
        end = 0
    base, other = base[start : len(base) - end], other[start : len(other) - end]
    place, done = offset + start, 0
    if not base or not other:
        return [(place, place + len(base), other)]
    tokens, others = words(base), words(other)
    edits: list[Edit] = []
    for first, last, second, stop in _gaps(tokens, others):
        if first > done:
            place += len("".join(tokens[done:first]))
        after = place + len("".join(tokens[first:last]))
        edits.append((place, after, "".join(others[second:stop])))
        place, done = after, last
    return edits
