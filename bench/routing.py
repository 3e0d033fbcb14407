"""
Compare the compiled routing rules with a loop over the rules and their conditions.

    python bench/routing.py [--rounds 7] [--rules 500] [--messages 400] [--file tweets.jsonl]

Both contenders route the same messages in interleaved rounds in the same process; the median of the
ratios is shown. Their answers are compared as well, because a fast wrong answer is worth nothing.

There are two loops. The first is the plain loop that most teams would write: it prepares the text of a
message once, and evaluates the conditions of the rules one after the other until a rule matches. The
second is `RoutingRule.matches`, which explanations use.

With ``--file``, the texts are those of a JSON Lines file with the key "text".
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from socialcollab.directory import Profile
from socialcollab.inbox.routing import (
    AuthorCondition,
    AuthorFacts,
    MessageCondition,
    MessageFacts,
    Phrase,
    RoutingRule,
    RoutingRules,
)
from socialcollab.inbox.routing.phrases import words

KINDS = ("comment", "direct", "mention", "reply")
NETWORKS = ("mastodon", "x", "bluesky", "facebook")


def made_up_words(count: int, rng: random.Random) -> list[str]:
    return ["".join(rng.choices("abdegiklmnoprstuv", k=rng.randint(3, 9))) for _ in range(count)]


def rules(count: int, vocabulary: list[str], rng: random.Random) -> list[RoutingRule]:
    listed = []
    for number in range(count):
        phrases = [
            " ".join(rng.sample(vocabulary, rng.choice([1, 2, 2, 3]))) + rng.choice(["", "", "*"])
            for _ in range(rng.randint(1, 4))
        ]
        listed.append(
            RoutingRule(
                id=f"rule-{number}",
                on={"workspace": "*", "network": rng.sample(NETWORKS, 2)},
                only_if=MessageCondition(
                    any_text=phrases,
                    no_text=rng.sample(vocabulary, rng.choice([0, 1])),
                    kind=rng.sample(KINDS, rng.choice([0, 1, 3])),
                    language=rng.choice([[], [], ["en"], ["nl", "en"]]),
                    author=rng.choice([None, None, AuthorCondition(followers_at_least=1000)]),
                ),
                assign=f"team:team-{number % 12}",
            )
        )
    return listed


def messages(count: int, texts: list[str], rng: random.Random) -> list[MessageFacts]:
    profiles = [Profile(id=f"brand-{one}", workspace="brand", network=one) for one in NETWORKS]
    return [
        MessageFacts(
            profile=rng.choice(profiles),
            text=rng.choice(texts),
            kind=rng.choice(KINDS),
            language=rng.choice(["en", "nl", "de"]),
            author=AuthorFacts(id="1", followers=rng.choice([10, 5000])),
        )
        for _ in range(count)
    ]


def contains(spoken: list[str], phrases: list[Phrase]) -> bool:
    return any(phrase.found_in(spoken) for phrase in phrases)


Prepared = tuple[RoutingRule, list[Phrase], list[Phrase]]


def plain_loop(prepared: list[Prepared], message: MessageFacts) -> str:
    """Evaluate the cheap conditions first, and words that are parsed once."""
    spoken = words(message.text)
    for rule, any_text, no_text in prepared:
        condition = rule.only_if
        author = condition.author
        if (
            rule.on.matches_profile(message.profile)
            and (not condition.kind or message.kind in condition.kind)
            and (not condition.language or message.language in condition.language)
            and (author is None or message.author.followers >= (author.followers_at_least or 0))
            and contains(spoken, any_text)
            and not contains(spoken, no_text)
        ):
            return rule.id
    return ""


def timed(run: Callable[[], list[str]]) -> tuple[float, list[str]]:
    # What earlier runs have left in memory is not scanned by the garbage collector.
    gc.collect()
    gc.freeze()
    # The time of this process: other programs on the machine do not count.
    start = time.process_time()
    answer = run()
    return time.process_time() - start, answer


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare routing with loops over the rules.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rules", type=int, default=500)
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--seed", type=int, default=12)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    if options.file is None:
        vocabulary = made_up_words(3000, rng)
        weights = [1 / (rank + 5) for rank in range(len(vocabulary))]
        texts = [
            " ".join(rng.choices(vocabulary, weights, k=rng.randint(8, 40))) for _ in range(2000)
        ]
    else:
        lines = options.file.read_text(encoding="utf-8").splitlines()
        texts = [json.loads(line)["text"] for line in lines]
        vocabulary = sorted(
            {word for text in texts for word in words(text) if word.isalpha() and len(word) > 3}
        )
    listed = rules(options.rules, vocabulary, rng)
    received = messages(options.messages, texts, rng)
    began = time.process_time()
    compiled = RoutingRules(listed)
    print(f"compiling {len(listed)} rules: {(time.process_time() - began) * 1000:.0f} ms")
    prepared = [
        (
            rule,
            [Phrase.parse(text) for text in rule.only_if.any_text],
            [Phrase.parse(text) for text in rule.only_if.no_text],
        )
        for rule in listed
    ]
    contenders: dict[str, Callable[[], list[str]]] = {
        "here": lambda: [
            next((rule.id for rule in compiled.applying(message)), "") for message in received
        ],
        "plain loop": lambda: [plain_loop(prepared, message) for message in received],
        "RoutingRule.matches": lambda: [
            next((rule.id for rule in listed if rule.matches(message, is_open=True)), "")
            for message in received
        ],
    }
    ratios: dict[str, list[float]] = {name: [] for name in contenders if name != "here"}
    fastest = float("inf")
    for number in range(options.rounds):
        order = sorted(contenders, reverse=bool(number % 2))
        took = {name: timed(contenders[name]) for name in order}
        answers = {tuple(answer) for _, answer in took.values()}
        if len(answers) != 1:
            raise SystemExit("the contenders do not agree")
        fastest = min(fastest, took["here"][0])
        for name, found in ratios.items():
            found.append(took[name][0] / took["here"][0])
    caught = sum(map(bool, next(iter(answers))))
    print(
        f"{len(listed)} rules: {fastest / len(received) * 1e6:.0f} µs a message;"
        f" {caught} of {len(received)} messages caught"
    )
    for name, found in ratios.items():
        print(f"{statistics.median(found):.1f} times as fast as {name}")


if __name__ == "__main__":
    main()
