"""Start other processes that find the tests' modules imported."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import BaseContext

__all__ = ["other_processes"]


def other_processes() -> BaseContext:
    """
    Return what starts processes that share nothing open with this one.

    Where a system can, they are forked from one that has imported the modules
    of these tests and done nothing else; importing them takes longer than what
    the processes then do.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    names = ("test_sqlite_files", "test_joined", "test_migrations")
    context.set_forkserver_preload([f"tests.stores.{name}" for name in names])
    return context
