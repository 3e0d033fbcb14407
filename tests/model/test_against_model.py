"""
Random people, commands, clocks, absences and adoptions: the desk does what the reference model does.

The model is written from the documentation and shares no code with the
library; after every command all that stands is compared.
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
def test_sequences_in_memory(block: int) -> None:
    done = sum(play(1000 * block + seed, steps=STEPS).done for seed in range(3))
    assert done > 20


@pytest.mark.parametrize("seed", [177203191, 22001825])
def test_who_stands_in_for_eva_gives_and_lends_what_is_theirs_alone(seed: int) -> None:
    """In one somebody tried to lend more, and in the other to adopt what takes away alone."""
    assert play(seed, steps=STEPS).done


def test_a_sequence_in_a_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "desk.db", projections=Desk.PROJECTIONS, durable=False)
    play(7, steps=STEPS, store=store)
    store.close()


@pytest.mark.slow
def test_sequences_for_as_long_as_there_is(seconds: float) -> None:
    """At most 10,000 sequences; a failure prints the seed that replays it."""
    first = random.SystemRandom().randrange(10**9)
    end = time.monotonic() + seconds
    number = commands = done = 0
    while number < 10_000 and time.monotonic() < end:
        sequence = play(first + number, steps=STEPS)
        number += 1
        commands += sequence.commands
        done += sequence.done
    print(f"{number} sequences from seed {first} on: {commands} commands, {done} done")
