"""Presence and claims in an SQLite file, which processes can share."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from socialcollab.collisions import Claim, Signal
from socialcollab.errors import StoreUnavailableError
from socialcollab.stores.events import microseconds
from socialcollab.stores.sqlite.connections import use_write_ahead_log

_TABLES: Final = (
    """
    CREATE TABLE IF NOT EXISTS signals (
        organization TEXT NOT NULL, item TEXT NOT NULL, member TEXT NOT NULL, device TEXT NOT NULL,
        activity TEXT NOT NULL, unsaved INTEGER NOT NULL, hidden INTEGER NOT NULL,
        at INTEGER NOT NULL, active_at INTEGER NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (organization, item, member, device)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS expiry ON signals (organization, until)",
    """
    CREATE TABLE IF NOT EXISTS claims (
        organization TEXT NOT NULL, item TEXT NOT NULL, holder TEXT NOT NULL,
        token INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
        taken_from TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (organization, item)
    ) WITHOUT ROWID
    """,
)
_WAIT_S: Final = 5.0
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class SqliteCollisions:
    """
    Presence and claims in an SQLite file, which threads and processes can share.

    The file is separate from the journal, so that the signals of pages do not wait for commands. It
    contains no texts of posts. If it is deleted, members disappear from view until their pages send
    the next signal, and the fencing tokens of claims start again at 1.

    Args:
        path: The file, which is created by the first write.

    Raises:
        StoreUnavailableError: If the file cannot be used (each method).
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def __repr__(self) -> str:
        return f"SqliteCollisions({str(self._path)!r})"

    def put_signal(self, organization: str, signal: Signal, *, until: dt.datetime) -> None:
        """Store the signal of a page; see `CollisionStore.put_signal`."""
        at = microseconds(signal.at)
        with self._writing() as db:
            db.execute(
                "DELETE FROM signals WHERE organization = ? AND until <= ?", (organization, at)
            )
            db.execute(
                "INSERT OR REPLACE INTO signals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    organization,
                    signal.item,
                    signal.member,
                    signal.device,
                    signal.activity,
                    signal.unsaved,
                    signal.hidden,
                    at,
                    microseconds(signal.active_at),
                    microseconds(until),
                ),
            )

    def signals(self, organization: str, item: str, *, at: dt.datetime) -> tuple[Signal, ...]:
        """Return the signals on an item; see `CollisionStore.signals`."""
        rows = self._read(
            "SELECT member, device, activity, unsaved, hidden, at, active_at FROM signals"
            " WHERE organization = ? AND item = ? AND until > ? ORDER BY member, device",
            (organization, item, microseconds(at)),
        )
        return tuple(
            Signal(
                member=row[0],
                item=item,
                device=row[1],
                activity=row[2],
                unsaved=bool(row[3]),
                hidden=bool(row[4]),
                at=_instant(row[5]),
                active_at=_instant(row[6]),
            )
            for row in rows
        )

    def remove_signals(
        self, organization: str, member: str, *, item: str | None = None, device: str | None = None
    ) -> None:
        """Delete the signals of a member; see `CollisionStore.remove_signals`."""
        with self._writing() as db:
            db.execute(
                "DELETE FROM signals WHERE organization = ? AND member = ?"
                " AND item = coalesce(?, item) AND device = coalesce(?, device)",
                (organization, member, item, device),
            )

    def claim(self, organization: str, item: str) -> Claim | None:
        """Return the latest claim on an item; see `CollisionStore.claim`."""
        rows = self._read(_CLAIM, (organization, item))
        return _as_claim(item, rows[0]) if rows else None

    def replace_claim(self, organization: str, before: Claim | None, after: Claim) -> bool:
        """Compare and set the claim on an item; see `CollisionStore.replace_claim`."""
        with self._writing() as db:
            row = db.execute(_CLAIM, (organization, after.item)).fetchone()
            if (None if row is None else _as_claim(after.item, row)) != before:
                return False
            db.execute(
                "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    organization,
                    after.item,
                    after.holder,
                    after.token,
                    microseconds(after.since),
                    microseconds(after.until),
                    after.taken_from,
                    after.reason,
                ),
            )
            return True

    def close(self) -> None:
        """Do nothing, because no connection stays open between two calls."""

    def _read(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        if not self._path.exists():
            return []
        with self._connected() as db:
            return db.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._connected() as db:
            # A process that is killed before the commit leaves the rows as they were.
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(
                sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)
            ) as db:
                if db.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                    use_write_ahead_log(db, _WAIT_S)
                db.execute("PRAGMA synchronous = NORMAL")
                for statement in _TABLES:
                    db.execute(statement)
                yield db
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"`{self._path}` cannot be used: {error}") from error


_CLAIM: Final = (
    "SELECT holder, token, since, until, taken_from, reason FROM claims"
    " WHERE organization = ? AND item = ?"
)


def _as_claim(item: str, row: Any) -> Claim:
    return Claim(
        item=item,
        holder=row[0],
        token=row[1],
        since=_instant(row[2]),
        until=_instant(row[3]),
        taken_from=row[4],
        reason=row[5],
    )


def _instant(value: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=value)
