"""Reproducible random choices for tests, and fewer examples for slow properties."""

from __future__ import annotations

import os
import random
import time

from hypothesis import settings

__all__ = ["fewer_examples", "seeded_random"]


def fewer_examples() -> settings:
    """Return settings with a third of the usual examples, for properties whose examples are slow."""
    return settings(max_examples=settings().max_examples // 3)


def seeded_random() -> tuple[random.Random, int]:
    """Return a random generator and its seed, from the environment's SOCIALCOLLAB_SEED or the time."""
    seed = int(os.environ.get("SOCIALCOLLAB_SEED", time.time_ns() % 2**32))
    return random.Random(seed), seed
