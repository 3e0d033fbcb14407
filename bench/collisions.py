"""
Compare merges and the duplicate index with the libraries that are usually used for them.

    pip install diff-match-patch datasketch
    python bench/collisions.py [--rounds 7] [--posts 20000] [--only merge]

Each row compares two contenders in interleaved rounds in the same process, and shows the
median of the ratios. A contender's answers are checked as well, because a fast wrong answer is
worth nothing.

- Merge, 200 characters: one word replaced by each person.
- Merge, 20 kB: eight words replaced by each person, in different lines.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable

from socialcollab.collisions import merge

try:
    from diff_match_patch import diff_match_patch
except ImportError:
    diff_match_patch = None

WORDS = [
    "the",
    "to",
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
    "be",
    "we",
    "our",
    "your",
    "at",
    "have",
    "from",
    "new",
    "as",
    "can",
    "more",
    "all",
    "will",
    "not",
    "just",
    "about",
    "get",
    "out",
    "up",
    "one",
    "what",
    "so",
    "how",
    "when",
    "who",
    "their",
    "by",
    "an",
    "was",
    "has",
    "or",
    "if",
    "time",
    "now",
    "day",
    "like",
    "make",
    "today",
    "people",
    "do",
    "great",
    "best",
    "see",
    "here",
    "first",
    "work",
    "need",
    "good",
    "way",
    "back",
    "help",
    "team",
    "week",
    "social",
    "media",
    "post",
    "content",
    "brand",
    "campaign",
    "launch",
    "product",
    "update",
    "feature",
    "customer",
    "community",
    "story",
    "video",
    "photo",
    "join",
    "live",
    "event",
    "free",
    "sale",
    "offer",
    "shop",
    "discover",
    "share",
    "comment",
    "follow",
    "giveaway",
    "limited",
    "edition",
    "summer",
    "winter",
    "spring",
    "holiday",
    "weekend",
    "morning",
    "coffee",
    "city",
    "local",
    "global",
    "green",
    "sustainable",
    "climate",
    "energy",
    "health",
    "care",
    "science",
    "research",
    "study",
    "report",
    "results",
    "market",
]

Case = tuple[str, str, str, str]


def texts(size: int, edits: int, count: int, rng: random.Random) -> list[Case]:
    """Return bases with the versions of two people and the only right merge."""
    cases = []
    for _ in range(count):
        words: list[str] = []
        while sum(map(len, words)) + len(words) < size:
            words.append(rng.choice(WORDS))
        lines = len(words) // 12
        if edits == 1:
            mine = [rng.randrange(len(words) // 3)]
            theirs = [rng.randrange(2 * len(words) // 3, len(words))]
        else:
            chosen = rng.sample(range(0, lines - 1, 3), 2 * edits)
            places = [line * 12 + rng.randrange(12) for line in chosen]
            mine, theirs = places[:edits], places[edits:]
        versions = [list(words) for _ in range(4)]
        for index, name, changed in ((1, "alpha", mine), (2, "beta", theirs)):
            for place in changed:
                versions[index][place] = versions[3][place] = f"{name}{rng.randrange(999)}"
        case = [
            "".join(w + ("\n" if i % 12 == 11 else " ") for i, w in enumerate(version))
            for version in versions
        ]
        cases.append((case[0], case[1], case[2], case[3]))
    return cases


def merged_here(cases: list[Case]) -> int:
    return sum(merge(base, mine, theirs).result == right for base, mine, theirs, right in cases)


def merged_by_peer(cases: list[Case]) -> int:
    peer = diff_match_patch()
    peer.Diff_Timeout = 0
    return sum(
        peer.patch_apply(peer.patch_make(base, mine), theirs)[0] == right
        for base, mine, theirs, right in cases
    )


def timed(run: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    answer = run()
    return time.perf_counter() - start, answer


def compare(name: str, cases: list[Case], rounds: int) -> None:
    ratios = []
    answers: tuple[object, object] = (0, 0)
    for number in range(rounds):
        runs = {"here": lambda: merged_here(cases), "peer": lambda: merged_by_peer(cases)}
        order = ["here", "peer"] if number % 2 else ["peer", "here"]
        took = {each: timed(runs[each]) for each in order}
        ratios.append(took["peer"][0] / took["here"][0])
        answers = took["here"][1], took["peer"][1]
    print(
        f"{name}: {statistics.median(ratios):.2f} times as fast as diff-match-patch;"
        f" {answers[0]} of {len(cases)} merges right (diff-match-patch: {answers[1]})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    rng = random.Random(7)
    if diff_match_patch is None:
        print("diff-match-patch is not installed, so merges are not compared")
        return
    compare("merge, 200 characters", texts(200, 1, 400, rng), given.rounds)
    compare("merge, 20 kB", texts(20_000, 8, 20, rng), given.rounds)


if __name__ == "__main__":
    main()
