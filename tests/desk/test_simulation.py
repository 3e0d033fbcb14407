"""Workers that die, freeze and hear nothing; people who change their minds; clocks that jump."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.desk.simulation import Simulation


def play(folder: Path, seed: int, steps: int) -> Simulation:
    print(f"seed {seed}")
    simulation = Simulation(folder, seed)
    try:
        simulation.run(steps)
        simulation.drain()
        simulation.check()
    finally:
        simulation.close()
    return simulation


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_doubled_lost_or_claimed(tmp_path: Path, seed: int) -> None:
    play(tmp_path, seed, 800)


@pytest.mark.slow
def test_nothing_is_doubled_lost_or_claimed_for_as_long_as_there_is(
    tmp_path: Path, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("SOCIALCOLLAB_SEED", random.SystemRandom().randrange(10**9)))
    end = time.monotonic() + seconds
    number = 0
    done: Counter[str] = Counter()
    while time.monotonic() < end:
        folder = tmp_path / str(number)
        folder.mkdir()
        done += play(folder, seed + number, 4000).done
        number += 1
    with capsys.disabled():
        print(f"\n{number} simulations from seed {seed} on: {dict(sorted(done.items()))}")
