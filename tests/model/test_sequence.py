"""
Tests of the desk against the reference model, with random members, commands, clocks and adoptions.

After every command, all data that both sides store are compared.
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


@pytest.mark.integration
@pytest.mark.parametrize("block", range(2))
def test_memory_store(block: int) -> None:
    """A desk with an in-memory store behaves like the model."""
    done = sum(play(1000 * block + seed, steps=STEPS).done for seed in range(3))
    assert done > 20


@pytest.mark.parametrize("seed", [177203191, 22001825])
def test_delegate_of_owner(seed: int) -> None:
    """Desk and model agree if the owner's delegate tries to delegate or adopt more than allowed."""
    assert play(seed, steps=STEPS).done


def test_sqlite_store(tmp_path: Path) -> None:
    """A desk with an SQLite store behaves like the model."""
    store = SqliteStore(tmp_path / "desk.db", projections=Desk.PROJECTIONS, durable=False)
    play(7, steps=STEPS, store=store)
    store.close()


@pytest.mark.slow
def test_random_seeds(seconds: float) -> None:
    """Desk and model agree on up to 10,000 sequences; a failure prints the seed that replays it."""
    first = random.SystemRandom().randrange(10**9)
    end = time.monotonic() + seconds
    number = commands = done = 0
    while number < 10_000 and time.monotonic() < end:
        sequence = play(first + number, steps=STEPS)
        number += 1
        commands += sequence.commands
        done += sequence.done
    print(f"{number} sequences from seed {first} on: {commands} commands, {done} done")
