"""The numbers of requests that networks still accept, in an SQLite file."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from socialcollab.errors import StoreUnavailableError
from socialcollab.transport import RateLimit

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS budgets (
    key TEXT PRIMARY KEY, period_limit INTEGER, remaining INTEGER, resets_at REAL NOT NULL
)
"""
# A send must not wait long for its budget.
_WAIT_S: Final = 1.0


class SqliteBudgets:
    """
    Budgets in an SQLite file, which threads and processes can share; see `Budgets`.

    The file contains the ids of profiles and the paths of requests, but no secrets. Each
    organization needs its own file, because two organizations can have profiles with the same id.
    The file can be deleted at any time; the networks then state their limits again.

    Args:
        path: The file, which is created if it does not exist.

    Raises:
        StoreUnavailableError: If the file cannot be used (also each method).
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        with self._connected() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(_TABLE)

    def __repr__(self) -> str:
        return "SqliteBudgets()"

    def take(self, key: str, *, now: dt.datetime) -> float | None:
        """Take one request from a budget; see `Budgets.take`."""
        with self._connected() as db:
            db.execute("BEGIN IMMEDIATE")
            limit = _stored(db, key)
            if limit is None or not limit.is_countable(now):
                return None
            if limit.remaining == 0:
                return limit.wait_s(now)
            _write(db, key, limit.after_request())
            db.execute("COMMIT")
            return None

    def record(self, key: str, limit: RateLimit, *, now: dt.datetime) -> None:
        """Record the rate limit that a response states; see `Budgets.record`."""
        if not limit.is_countable(now):
            return
        with self._connected() as db:
            db.execute("BEGIN IMMEDIATE")
            known = _stored(db, key)
            _write(db, key, limit if known is None else known.updated(limit, now=now))
            # Otherwise, the file would keep each kind of request forever.
            db.execute("DELETE FROM budgets WHERE resets_at <= ?", (now.timestamp(),))
            db.execute("COMMIT")

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(
                sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)
            ) as db:
                db.execute("PRAGMA synchronous = NORMAL")
                yield db
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"`{self._path}` cannot be used: {error}") from error


def _stored(db: sqlite3.Connection, key: str) -> RateLimit | None:
    row = db.execute(
        "SELECT period_limit, remaining, resets_at FROM budgets WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    return RateLimit(
        limit=row[0], remaining=row[1], resets_at=dt.datetime.fromtimestamp(row[2], dt.UTC)
    )


def _write(db: sqlite3.Connection, key: str, limit: RateLimit) -> None:
    assert limit.resets_at is not None  # noqa: S101  # other limits are not stored
    db.execute(
        "INSERT OR REPLACE INTO budgets (key, period_limit, remaining, resets_at)"
        " VALUES (?, ?, ?, ?)",
        (key, limit.limit, limit.remaining, limit.resets_at.timestamp()),
    )
