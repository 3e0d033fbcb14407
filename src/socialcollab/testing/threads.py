"""Run calls in threads that start at the same time, for concurrency tests."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def run_together(*calls: Callable[[], object]) -> list[object]:
    """
    Run each call in a separate thread, starting all of them at the same time.

    Returns:
        The result of each call, or the exception that it raised, in order.
    """
    gate = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(number: int, call: Callable[[], object]) -> None:
        gate.wait()
        try:
            results[number] = call()
        except Exception as error:  # noqa: BLE001  # the law judges it
            results[number] = error

    threads = [
        threading.Thread(target=run, args=(number, call), daemon=True)
        for number, call in enumerate(calls)
    ]
    with _eager_switching():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "a call never returned"  # noqa: S101
    return results


def yield_to_threads() -> None:
    """Let other threads run, as the operating system might do at any time."""
    threading.Event().wait(0.001)


@contextmanager
def _eager_switching() -> Iterator[None]:
    # With the default interval, a thread often finishes its call before another thread begins.
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
