"""Simulations of workers that crash or freeze, members who change their minds, and clock jumps."""

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


@pytest.mark.integration
@pytest.mark.parametrize("seed", range(2))
def test_simulation(tmp_path: Path, seed: int) -> None:
    """No post is published twice, lost, or reported as published when it is not."""
    play(tmp_path, seed, 800)


@pytest.mark.slow
def test_many_simulations(
    tmp_path: Path, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """Many simulations keep the invariants, for as long as the session allows."""
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
