"""Tell work that grows with its input from work that grows with its square."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["grows_gently"]

_TIMES_LARGER = 8
# Work in step with its input takes 8 times as long, squared work 64 times.
_MOST = 30


def grows_gently(work: Callable[[int], object], size: int) -> bool:
    """
    Compare the processor time of *work* on *size* with that on eight times as much.

    The ratio is far from both answers, and one good measurement of a few is
    enough, so that a busy machine does not decide.
    """
    for _ in range(4):
        large = _cost(work, size * _TIMES_LARGER)
        if large < 0.02:
            return True
        small = min(_cost(work, size) for _ in range(2))
        if large < _MOST * max(small, 1e-4):
            return True
    return False


def _cost(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began
