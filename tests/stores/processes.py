"""Start processes in which the modules of the tests are already imported."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import BaseContext

__all__ = ["other_processes"]


def other_processes() -> BaseContext:
    """
    Return a context for processes that share no open files with this process.

    If the system allows it, they are forked from a process that has only imported the modules of
    these tests, because importing them takes longer than the work of the processes.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    names = ("test_sqlite_file", "test_host_connection", "test_migrations")
    context.set_forkserver_preload([f"tests.stores.{name}" for name in names])
    return context
