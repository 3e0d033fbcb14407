"""The sandbox's timeline: posts in one SQLite file that several processes share."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import attrs

from socialcollab.content import Image
from socialcollab.errors import StoreUnavailableError
from socialcollab.networks.sandbox.fault import FaultKind, InjectedFault

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS posts (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, profile TEXT NOT NULL,
    network TEXT NOT NULL, handle TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL,
    links TEXT NOT NULL, language TEXT NOT NULL, labels TEXT NOT NULL, poll TEXT NOT NULL,
    url TEXT NOT NULL, created_at TEXT NOT NULL, received_at REAL NOT NULL, removed_at REAL);
CREATE INDEX IF NOT EXISTS posts_key ON posts (profile, key);
CREATE INDEX IF NOT EXISTS posts_received ON posts (profile, received_at);
CREATE TABLE IF NOT EXISTS media (
    number INTEGER PRIMARY KEY, profile TEXT NOT NULL, digest TEXT NOT NULL, alt TEXT NOT NULL,
    media_type TEXT NOT NULL, size_bytes INTEGER NOT NULL, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS post_media (
    post INTEGER NOT NULL, place INTEGER NOT NULL, media INTEGER NOT NULL,
    PRIMARY KEY (post, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replies (post INTEGER PRIMARY KEY, parent TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS changes (
    number INTEGER PRIMARY KEY, post INTEGER NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS arrivals (post INTEGER PRIMARY KEY, real REAL NOT NULL);
CREATE TABLE IF NOT EXISTS late (
    number INTEGER PRIMARY KEY, profile TEXT NOT NULL, network TEXT NOT NULL,
    handle TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, arrives REAL NOT NULL);
CREATE TABLE IF NOT EXISTS faults (
    fault TEXT PRIMARY KEY, chances INTEGER NOT NULL, happened INTEGER NOT NULL) WITHOUT ROWID;
"""
_POST: Final = (
    "SELECT number, id, profile, network, handle, key, text, links, language, labels, poll, url,"
    " created_at, removed_at FROM posts"
)
_IMAGES: Final = (
    "SELECT media.digest, media.alt, media.media_type, media.size_bytes, media.name"
    " FROM post_media JOIN media ON media.number = post_media.media"
    " WHERE post_media.post = ? ORDER BY place"
)


@attrs.frozen(kw_only=True)
class RateLimit:
    """
    How many posts a profile may make.

    Attributes:
        posts: The most posts within the window.

        per: How long the window is.
    """

    posts: int = attrs.field(validator=attrs.validators.ge(1))
    per: dt.timedelta = attrs.field(default=dt.timedelta(minutes=15))


@attrs.frozen(kw_only=True)
class SandboxPost:
    """
    One post on the sandbox's timeline.

    Attributes:
        network_id: The sandbox's own id of it.

        profile: The profile that it stands on.

        network: That profile's network.

        handle: How that network names the account.

        key: The key that its sender chose.

        text: Its text.

        images: Its pictures, in order; without their bytes.

        links: Links beside the text.

        language: Its language, or empty.

        labels: Content warnings and the like.

        options: The answers of its poll; none if it has no poll.

        created_at: When it went out, by the sender's clock, in UTC.

        url: Its address.

        removed: Whether it was taken down.

        in_reply_to: Of a part of a thread, the id of the part before it.

        changes: How often it was changed in place.
    """

    network_id: str
    profile: str
    network: str
    handle: str
    key: str
    text: str
    images: tuple[Image, ...]
    links: tuple[str, ...]
    language: str
    labels: tuple[str, ...]
    options: tuple[str, ...]
    created_at: dt.datetime
    url: str
    removed: bool
    in_reply_to: str = ""
    changes: int = 0


class _Held:
    """An open connection, and the process that opened it."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        # Connections that this process inherited by fork: SQLite forbids even to close them.
        self._inherited: list[sqlite3.Connection] = []

    def connection(self) -> sqlite3.Connection | None:
        """Return the one that this process opened, or None."""
        if self._connection is not None and self._pid != os.getpid():
            self._inherited.append(self._connection)
            self._connection = None
        return self._connection

    def hold(self, connection: sqlite3.Connection) -> None:
        """Keep one until it is closed."""
        self._connection, self._pid = connection, os.getpid()

    def close(self) -> None:
        """Close it, if this process opened it."""
        connection = self.connection()
        self._connection = None
        if connection is not None:
            connection.close()


class Timeline:
    """
    The file, and what may be asked of it.

    Args:
        path: The SQLite file; made if it is not there.

        durable: Whether each write waits for the disk.

    Raises:
        StoreUnavailableError: From any method, if it cannot be read or written.
    """

    def __init__(self, path: Path, *, durable: bool) -> None:
        self._path = path
        self._durable = durable
        self._lock = threading.RLock()
        self._held = _Held()
        # Nothing is pending on it: a sandbox that is forgotten closes it, unwarned.
        weakref.finalize(self, self._held.close)

    @contextmanager
    def writing(self, *, wait_s: float = 30.0) -> Iterator[sqlite3.Connection]:
        """
        Hold the write lock: what is done inside is stored whole, or not at all.

        Args:
            wait_s: How long to wait for another process that holds it, in seconds.
        """
        with self._lock:
            try:
                connection = self._open()
                connection.execute(f"PRAGMA busy_timeout={int(wait_s * 1000)}")
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                    raise
            except (sqlite3.Error, OSError) as error:
                # A connection that failed may be in any state: the next use opens another.
                self.close()
                raise StoreUnavailableError(
                    f"timeline `{self._path}` is unavailable: {error}"
                ) from error

    def posts(
        self, *, profile: str | None, first: Callable[[sqlite3.Connection], None]
    ) -> tuple[SandboxPost, ...]:
        """Return the posts of one profile or of all, in the order they came in, after *first*."""
        where = "" if profile is None else " WHERE profile = ?"
        bound = () if profile is None else (profile,)
        with self.writing() as db:
            first(db)
            rows = db.execute(f"{_POST}{where} ORDER BY number", bound).fetchall()
            return tuple(_post(db, row) for row in rows)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._held.close()

    def _open(self) -> sqlite3.Connection:
        held = self._held.connection()
        if held is not None:
            return held
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._path, isolation_level=None, timeout=30, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'NORMAL'}")
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        except sqlite3.Error:
            connection.close()
            raise
        self._held.hold(connection)
        return connection


def struck(
    db: sqlite3.Connection,
    faults: Sequence[InjectedFault],
    *kinds: FaultKind,
    profile: str,
    network: str,
    on: str = "",
) -> InjectedFault | None:
    """Return the first fault of those kinds, on that kind of request, that happens; count it."""
    for number, fault in enumerate(faults):
        if fault.kind not in kinds or not fault.concerns(profile=profile, network=network):
            continue
        if on and fault.on != on:
            continue
        name = f"{number}/{fault.kind}/{fault.profile}/{fault.network}"
        row = db.execute("SELECT chances, happened FROM faults WHERE fault = ?", (name,)).fetchone()
        chances, happened = row or (0, 0)
        strikes = fault.strikes(chances=chances, happened=happened)
        db.execute(
            "INSERT OR REPLACE INTO faults VALUES (?, ?, ?)",
            (name, chances + 1, happened + strikes),
        )
        if strikes:
            return fault
    return None


def with_key(db: sqlite3.Connection, *, profile: str, key: str) -> tuple[SandboxPost, ...]:
    """Return the posts that the profile sent with that key, removed ones too."""
    rows = db.execute(f"{_POST} WHERE profile = ? AND key = ? ORDER BY number", (profile, key))
    return tuple(_post(db, row) for row in rows.fetchall())


def latest_of(db: sqlite3.Connection, *, profile: str) -> SandboxPost | None:
    """Return the profile's latest post, or None."""
    row = db.execute(
        f"{_POST} WHERE profile = ? ORDER BY number DESC LIMIT 1", (profile,)
    ).fetchone()
    return None if row is None else _post(db, row)


def shown_since(db: sqlite3.Connection, network_id: str) -> float:
    """Return since when a post has been there, on the real clock."""
    row = db.execute(
        "SELECT real FROM arrivals JOIN posts ON posts.number = arrivals.post WHERE id = ?",
        (network_id,),
    ).fetchone()
    return 0.0 if row is None else float(row[0])


def _post(db: sqlite3.Connection, row: Sequence[object]) -> SandboxPost:
    number, network_id, profile, network, handle, key, text = row[:7]
    links, language, labels, poll, url, created_at, removed_at = row[7:]
    return SandboxPost(
        network_id=str(network_id),
        profile=str(profile),
        network=str(network),
        handle=str(handle),
        key=str(key),
        text=str(text),
        images=tuple(
            Image(digest=digest, alt=alt, media_type=media_type, size_bytes=size, name=name)
            for digest, alt, media_type, size, name in db.execute(_IMAGES, (number,))
        ),
        links=tuple(json.loads(str(links))),
        language=str(language),
        labels=tuple(json.loads(str(labels))),
        options=tuple(json.loads(str(poll)).get("options", ())),
        created_at=dt.datetime.fromisoformat(str(created_at)),
        url=str(url),
        removed=removed_at is not None,
        in_reply_to=str(
            (
                db.execute("SELECT parent FROM replies WHERE post = ?", (number,)).fetchone()
                or ("",)
            )[0]
        ),
        changes=int(
            db.execute("SELECT count(*) FROM changes WHERE post = ?", (number,)).fetchone()[0]
        ),
    )
