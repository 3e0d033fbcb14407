"""
Compare the checks of a post's text with the minimum work that each check requires.

    python bench/text.py [--rounds 7]

The posts are random words with links, mentions and emoji. Each row compares two
functions in interleaved rounds in the same process. The result is the ratio of the
medians, so a ratio near one means that the check costs little more than its peer.

- Length on X: posts with emoji, compared with the same posts without emoji.
- Terms: 1,000 avoided terms, of which 15 percent begin with a common word, against
  splitting the posts into words.
- Workspaces: names, domains and handles of 200 workspaces, against those of 2.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import time
from collections.abc import Callable

from socialcollab.styleguide import Neighbour, StyleGuide, lint
from socialcollab.styleguide.rules.term import Avoided, Term
from socialcollab.text import measure

COMMON = [
    "about",
    "again",
    "before",
    "better",
    "build",
    "campaign",
    "change",
    "coffee",
    "community",
    "content",
    "customer",
    "every",
    "family",
    "first",
    "launch",
    "little",
    "market",
    "moment",
    "morning",
    "people",
    "place",
    "product",
    "quality",
    "really",
    "service",
    "share",
    "social",
    "spring",
    "start",
    "story",
    "summer",
    "support",
    "team",
    "thing",
    "today",
    "update",
    "value",
    "video",
    "weekend",
    "winter",
    "world",
    "the",
    "a",
    "of",
    "and",
    "in",
    "is",
    "for",
    "you",
    "on",
    "it",
    "that",
    "with",
    "this",
    "are",
    "we",
]
EMOJI = [
    "\U0001f600",
    "\u2764\ufe0f",
    "\U0001f469\u200d\U0001f4bb",
    "\U0001f1f3\U0001f1f1",
    "\u2728",
]


def posts(rng: random.Random, count: int) -> list[str]:
    texts = []
    for _ in range(count):
        words = rng.choices(COMMON, k=rng.randint(15, 40))
        words[0] = words[0].capitalize()
        words.insert(5, rng.choice(EMOJI))
        if rng.random() < 0.3:
            words.append(f"https://tulip.nl/{rng.choice(COMMON)}")
        texts.append(" ".join(words))
    return texts


def made_up(rng: random.Random) -> str:
    return "".join(rng.choice("bdfgklmnprst") + rng.choice("aeiou") for _ in range(4))


def terms(rng: random.Random, count: int) -> list[Avoided]:
    long_words = [word for word in COMMON if len(word) > 4]
    found = set()
    while len(found) < count:
        kind = rng.random()
        if kind < 0.6:
            found.add(made_up(rng))
        elif kind < 0.85:
            found.add(f"{made_up(rng)} {rng.choice(long_words)}")
        else:
            found.add(f"{rng.choice(long_words)} {made_up(rng)} {made_up(rng)}")
    return [Avoided(term=term) for term in sorted(found)]


def neighbours(count: int) -> tuple[Neighbour, ...]:
    return tuple(
        Neighbour(
            workspace=f"w{n}", name=f"Brand {n}", domains=(f"brand{n}.nl",), handles=(f"@brand{n}",)
        )
        for n in range(count)
    )


def compare(
    name: str, ours: Callable[[], object], peer: Callable[[], object], *, rounds: int, count: int
) -> None:
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(rounds):
        for side, work in (("ours", ours), ("peer", peer)):
            start = time.perf_counter()
            work()
            times[side].append(time.perf_counter() - start)
    first, second = (statistics.median(times[side]) / count * 1e6 for side in ("ours", "peer"))
    print(f"{name:<42}{first:>9.2f} us{second:>9.2f} us{first / second:>8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    rng = random.Random(7)
    texts = posts(rng, 2000)
    plain = ["".join(char for char in text if char.isascii()) + "\u00e9" for text in texts]
    rule = Term(terms=terms(rng, 1000))
    split = re.compile(r"\w+|[^\w\s]").findall
    guide = StyleGuide.default()
    many, few = neighbours(200), neighbours(2)
    print(f"{'a post, median':<42}{'ours':>12}{'peer':>12}{'ratio':>8}")
    compare(
        "length on X / without emoji",
        lambda: [measure("x", text) for text in texts],
        lambda: [measure("x", text) for text in plain],
        rounds=rounds,
        count=len(texts),
    )
    compare(
        "1,000 terms / splitting into words",
        lambda: [list(rule.find(text)) for text in texts],
        lambda: [split(text.lower()) for text in texts],
        rounds=rounds,
        count=len(texts),
    )
    some = texts[:200]
    compare(
        "200 workspaces / 2 workspaces",
        lambda: [lint(text, guide, workspace="w1", neighbours=many) for text in some],
        lambda: [lint(text, guide, workspace="w1", neighbours=few) for text in some],
        rounds=rounds,
        count=len(some),
    )


if __name__ == "__main__":
    main()
