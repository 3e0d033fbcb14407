"""How many examples a property draws, and by which seed a session draws at random."""

from __future__ import annotations

import os
import random
import time

from hypothesis import settings

__all__ = ["a_third", "chance_of"]


def a_third() -> settings:
    """Draw a third of what other properties do: for those whose examples cost much."""
    return settings(max_examples=settings().max_examples // 3)


def chance_of(seed: str = "SOCIALCOLLAB_SEED") -> tuple[random.Random, int]:
    """Return what a session draws by, with the number that replays it: of the environment, or new."""
    number = int(os.environ.get(seed, time.time_ns() % 2**32))
    return random.Random(number), number
