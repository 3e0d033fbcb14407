"""Distinguish linear from quadratic running times."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["is_roughly_linear"]

_FACTOR = 8
# If the input is 8 times as large, linear work takes 8 times as long, and quadratic work 64 times.
_MAX_RATIO = 30


def is_roughly_linear(work: Callable[[int], object], size: int) -> bool:
    """
    Return whether *work* on eight times *size* takes less than thirty times as long.

    It measures processor time. A busy machine can only make the ratio worse, so one good
    measurement of four is enough.
    """
    for _ in range(4):
        large = _duration(work, size * _FACTOR)
        if large < 0.02:
            return True
        small = min(_duration(work, size) for _ in range(2))
        if large < _MAX_RATIO * max(small, 1e-4):
            return True
    return False


def _duration(work: Callable[[int], object], size: int) -> float:
    start = time.process_time()
    work(size)
    return time.process_time() - start
