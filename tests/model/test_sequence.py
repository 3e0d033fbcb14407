"""
Tests of the desk against the reference model, with random members, commands, clocks and adoptions.

After every command, everything that both sides store is compared.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from tests.model.sequence import play

from socialcollab.desk import Desk
from socialcollab.stores import SqliteStore

STEPS = 40


@pytest.mark.parametrize("block", range(2))
def test_memory_store(block: int) -> None:
    """The desk with a store in memory does what the model does."""
    done = sum(play(1000 * block + seed, steps=STEPS).done for seed in range(3))
    assert done > 20


@pytest.mark.parametrize("seed", [177203191, 22001825])
def test_delegate_of_owner(seed: int) -> None:
    """A delegate of the owner tries to delegate more than they have, or to adopt a lesser document."""
    assert play(seed, steps=STEPS).done


def test_sqlite_store(tmp_path: Path) -> None:
    """The desk with a store in a file does what the model does."""
    store = SqliteStore(tmp_path / "desk.db", projections=Desk.PROJECTIONS, durable=False)
    play(7, steps=STEPS, store=store)
    store.close()


@pytest.mark.slow
def test_random_seeds(seconds: float) -> None:
    """At most 10,000 sequences agree; a failure prints the seed that replays it."""
    first = random.SystemRandom().randrange(10**9)
    end = time.monotonic() + seconds
    number = commands = done = 0
    while number < 10_000 and time.monotonic() < end:
        sequence = play(first + number, steps=STEPS)
        number += 1
        commands += sequence.commands
        done += sequence.done
    print(f"{number} sequences from seed {first} on: {commands} commands, {done} done")
