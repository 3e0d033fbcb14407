"""
Compare merges and the duplicate index with the libraries that are usually used for them.

    pip install --group bench
    python bench/collisions.py [--rounds 7] [--posts 20000] [--file posts.txt]

Each row compares two contenders in interleaved rounds in the same process, and shows the
median of the ratios. A contender's answers are checked as well, because a fast wrong answer is
worth nothing.

- Merge, 200 characters: one word replaced by each person.
- Merge, 20 kB: eight words replaced by each person, in different lines.
- Duplicates: posts in order, each looked up and then added. A tenth are copies of an earlier post
  with one to three other words. With ``--file``, the posts are the lines of a file instead, and
  only the speed is compared.
"""

from __future__ import annotations

import argparse
import gc
import random
import re
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from socialcollab.collisions import DuplicateIndex, merge

try:
    from diff_match_patch import diff_match_patch
except ImportError:
    diff_match_patch = None
try:
    import datasketch
except ImportError:
    datasketch = None

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

T = TypeVar("T")
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


def timed(run: Callable[[], T]) -> tuple[float, T]:
    # What earlier runs have left in memory is not scanned by the garbage collector.
    gc.collect()
    gc.freeze()
    # The time of this process: other programs on the machine do not count.
    start = time.process_time()
    answer = run()
    return time.process_time() - start, answer


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


def posts(count: int, rng: random.Random) -> tuple[list[str], dict[int, int]]:
    """Return posts in order, and the number of the original of each copy."""
    made_up = ["".join(rng.choices("abdegiklmnoprstuv", k=rng.randint(3, 9))) for _ in range(4000)]
    vocabulary = [*WORDS, *made_up]
    weights = [1 / (rank + 5) for rank in range(len(vocabulary))]
    written: list[str] = []
    originals = {}
    for number in range(count):
        if number > 100 and rng.random() < 0.1:
            originals[number] = rng.randrange(number)
            words = written[originals[number]].split(" ")
            for _ in range(rng.randint(1, 3)):
                words[rng.randrange(len(words))] = rng.choice(vocabulary)
        else:
            words = rng.choices(vocabulary, weights, k=rng.randint(10, 40))
            if rng.random() < 0.3:
                words.append(f"https://tulip.nl/{rng.choice(vocabulary)}?utm_source=x")
        written.append(" ".join(words))
    return written, originals


Found = dict[int, list[int]]


def indexed_here(texts: list[str]) -> Found:
    index = DuplicateIndex()
    found = {}
    for number, text in enumerate(texts):
        found[number] = [int(match.id) for match in index.find(text, limit=None)]
        index.add(str(number), text)
    return found


PAIRS = re.compile(r"\w+")


def indexed_by_peer(texts: list[str]) -> Found:
    index = datasketch.MinHashLSH(threshold=0.5, num_perm=64)
    found = {}
    for number, text in enumerate(texts):
        words = PAIRS.findall(text.lower())
        shingles = {f"{one} {other}".encode() for one, other in pairwise(words)}
        sketch = datasketch.MinHash(64)
        sketch.update_batch(shingles or {text.encode()})
        found[number] = index.query(sketch)
        index.insert(number, sketch)
    return found


def compare_indexes(texts: list[str], originals: dict[int, int], rounds: int) -> None:
    ratios = []
    recalls = (0.0, 0.0)
    for number in range(rounds):
        runs = {"here": lambda: indexed_here(texts), "peer": lambda: indexed_by_peer(texts)}
        order = ["here", "peer"] if number % 2 else ["peer", "here"]
        took = {each: timed(runs[each]) for each in order}
        ratios.append(took["peer"][0] / took["here"][0])
        here, peer = (
            sum(original in found[copy] for copy, original in originals.items())
            for found in (took["here"][1], took["peer"][1])
        )
        recalls = here / max(1, len(originals)), peer / max(1, len(originals))
    print(
        f"duplicates, {len(texts)} posts: {statistics.median(ratios):.2f} times as fast as datasketch"
    )
    if originals:
        print(f"    copies found: {recalls[0]:.3f} (datasketch: {recalls[1]:.3f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    rng = random.Random(7)
    if diff_match_patch is None:
        print("diff-match-patch is not installed, so merges are not compared")
    else:
        compare("merge, 200 characters", texts(200, 1, 400, rng), given.rounds)
        compare("merge, 20 kB", texts(20_000, 8, 20, rng), given.rounds)
    if datasketch is None:
        print("datasketch is not installed, so duplicate indexes are not compared")
        return
    if given.file is None:
        compare_indexes(*posts(given.posts, rng), given.rounds)
    else:
        lines = given.file.read_text(encoding="utf-8").splitlines()
        compare_indexes(lines[: given.posts], {}, given.rounds)


if __name__ == "__main__":
    main()
