"""What statements are carried out on: a connection of ours, or a host application's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Handle(Protocol):
    """Whatever carries out a statement, as sqlite3's connections do."""

    def execute(self, statement: str, parameters: Any = ..., /) -> sqlite3.Cursor:
        """Carry out one statement."""
        ...

    def executemany(self, statement: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """Carry out a statement for each of these."""
        ...


class Connecting(Protocol):
    """Where handles come from; `Connections` and `JoinedConnection` meet it."""

    @property
    def name(self) -> str:
        """What messages call the file."""
        ...

    def take(self) -> Handle:
        """Return a handle that no other thread uses."""
        ...

    def give(self, connection: Any) -> None:
        """Put back a handle that is in no transaction of ours."""
        ...

    def drop(self, connection: Any) -> None:
        """Put back a handle on which something went wrong."""
        ...

    def lend(self) -> AbstractContextManager[Handle]:
        """Lend a handle; translate errors, and undo what they interrupted."""
        ...

    def writing(self) -> AbstractContextManager[Handle]:
        """Lend a handle that holds the write lock; all that is done on it stands or falls together."""
        ...

    def auditing(self) -> AbstractContextManager[Handle]:
        """Lend a handle for one snapshot in which damaged text comes through."""
        ...

    def compact(self) -> None:
        """Write the file anew, and empty its log."""
        ...

    def checkpoint(self) -> None:
        """Empty the write-ahead log if nobody is reading now."""
        ...

    def close(self) -> None:
        """Let go of what is ours."""
        ...
