"""The sandbox's timeline: posts in an SQLite file that several processes can share."""

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
from typing import Any, Final

import attrs

from socialcollab.content import Attachment, Json, LinkCard, Video
from socialcollab.directory import PostFormat, Profile, Visibility
from socialcollab.errors import StoreUnavailableError
from socialcollab.networks.sandbox.draft import (
    Details,
    Draft,
    attachment,
    medium,
    read_details,
    read_draft,
)
from socialcollab.networks.sandbox.faults import FaultKind, InjectedFault

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
CREATE TABLE IF NOT EXISTS details (post INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS changes (
    number INTEGER PRIMARY KEY, post INTEGER NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS arrivals (post INTEGER PRIMARY KEY, real REAL NOT NULL);
CREATE TABLE IF NOT EXISTS late (
    number INTEGER PRIMARY KEY, profile TEXT NOT NULL, network TEXT NOT NULL,
    handle TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, arrives REAL NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, profile TEXT NOT NULL, parent TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS blocked (
    profile TEXT NOT NULL, author TEXT NOT NULL, PRIMARY KEY (profile, author)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS faults (
    fault TEXT PRIMARY KEY, chances INTEGER NOT NULL, happened INTEGER NOT NULL) WITHOUT ROWID;
"""
_POST: Final = (
    "SELECT number, id, profile, network, handle, key, text, links, language, labels, poll, url,"
    " created_at, removed_at,"
    " coalesce((SELECT parent FROM replies WHERE post = posts.number), ''),"
    " coalesce((SELECT body FROM details WHERE post = posts.number), ''),"
    " (SELECT count(*) FROM changes WHERE post = posts.number) FROM posts"
)
_MEDIA: Final = (
    "SELECT media.digest, media.alt, media.media_type, media.size_bytes, media.name"
    " FROM post_media JOIN media ON media.number = post_media.media"
    " WHERE post_media.post = ? ORDER BY place"
)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@attrs.frozen(kw_only=True)
class RateLimit:
    """
    A limit on the number of posts that a profile may create within a period of time.

    Attributes:
        posts: The maximum number of posts within the period.
        per: The length of the period.
    """

    posts: int = attrs.field(validator=attrs.validators.ge(1))
    per: dt.timedelta = attrs.field(default=dt.timedelta(minutes=15))


@attrs.frozen(kw_only=True)
class SandboxPost:
    """
    One post on the timeline of the sandbox.

    Attributes:
        network_id: The id that the sandbox assigned to the post.
        profile: The profile that published it.
        network: The network of that profile.
        handle: The profile's handle on that network.
        key: The idempotency key of its sender.
        text: Its text.
        media: Its images and videos, in order, without their bytes.
        links: Links in addition to the text.
        language: Its language, or an empty string.
        labels: Content warnings and other labels.
        options: The options of its poll; empty if it has no poll.
        created_at: The time of publication in UTC, according to the sender's clock.
        url: Its address.
        removed: Whether it was taken down.
        in_reply_to: The id of the previous part if the post continues a thread; otherwise empty.
        format: Where it appears.
        visibility: Who can see it.
        reply_to: The address or id of the post that it replies to, or an empty string.
        quote_of: The address or id of the post that it quotes, or an empty string.
        card: Its link card, or None.
        paid_partnership: Whether it is disclosed as a paid partnership.
        changes: The number of times that it was changed in place.
    """

    network_id: str
    profile: str
    network: str
    handle: str
    key: str
    text: str
    media: tuple[Attachment, ...]
    links: tuple[str, ...]
    language: str
    labels: tuple[str, ...]
    options: tuple[str, ...]
    created_at: dt.datetime
    url: str
    removed: bool
    in_reply_to: str = ""
    format: PostFormat = "post"
    visibility: Visibility = "public"
    reply_to: str = ""
    quote_of: str = ""
    card: LinkCard | None = None
    paid_partnership: bool = False
    changes: int = 0

    @property
    def page(self) -> str:
        """The page from `Sandbox.write_preview` that shows the post, and its place on that page."""
        return f"timeline-{self.network}.html#post-{self.network_id}"


class _OpenConnection:
    """The open connection of this process, if there is one."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        # Connections that this process inherited through a fork. SQLite forbids closing them in
        # the child process. These references keep the garbage collector from doing so.
        self._inherited: list[sqlite3.Connection] = []

    def get(self) -> sqlite3.Connection | None:
        """Return the connection that this process opened, or None."""
        if self._connection is not None and self._pid != os.getpid():
            self._inherited.append(self._connection)
            self._connection = None
        return self._connection

    def set(self, connection: sqlite3.Connection) -> None:
        """Keep *connection* until it is closed."""
        self._connection, self._pid = connection, os.getpid()

    def close(self) -> None:
        """Close the connection if this process opened it."""
        connection = self.get()
        self._connection = None
        if connection is not None:
            connection.close()


class Timeline:
    """
    The sandbox's posts, stored in an SQLite file.

    Args:
        path: The SQLite file, which is created if it does not exist.
        durable: Whether each write waits until the data is on disk.

    Raises:
        StoreUnavailableError: From any method, if the file cannot be read or written.
    """

    def __init__(self, path: Path, *, durable: bool) -> None:
        self._path = path
        self._durable = durable
        self._lock = threading.RLock()
        self._open_connection = _OpenConnection()
        # A sandbox that is garbage-collected without `close` would otherwise leave the connection
        # open and cause a ResourceWarning.
        weakref.finalize(self, self._open_connection.close)

    @contextmanager
    def writing(self, *, wait_s: float = 30.0) -> Iterator[sqlite3.Connection]:
        """
        Return a context manager for a write transaction.

        The transaction is committed at the end of the block, or rolled back if there is an
        exception.

        Args:
            wait_s: The maximum time to wait for the write lock of another process, in seconds.
        """
        with self._lock:
            try:
                connection = self._connection()
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
                # After a failure, the connection may be in any state, so the next call opens a
                # new connection.
                self.close()
                raise StoreUnavailableError(
                    f"timeline `{self._path}` is unavailable: {error}"
                ) from error

    def posts(
        self, *, profile: str | None, first: Callable[[sqlite3.Connection], None]
    ) -> tuple[SandboxPost, ...]:
        """Call *first*, then return the posts of one profile or of all profiles in arrival order."""
        where = "" if profile is None else " WHERE profile = ?"
        bound = () if profile is None else (profile,)
        with self.writing() as db:
            first(db)
            rows = db.execute(f"{_POST}{where} ORDER BY number", bound).fetchall()
            return tuple(_post(db, row) for row in rows)

    def close(self) -> None:
        """Close the file. The next call of another method opens it again."""
        with self._lock:
            self._open_connection.close()

    def _connection(self) -> sqlite3.Connection:
        known = self._open_connection.get()
        if known is not None:
            return known
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
        self._open_connection.set(connection)
        return connection


def triggered_fault(
    db: sqlite3.Connection,
    faults: Sequence[InjectedFault],
    *kinds: FaultKind,
    profile: str,
    network: str,
    on: str,
) -> InjectedFault | None:
    """Return the first fault of the given kinds that affects this request, and count it."""
    for number, fault in enumerate(faults):
        if (
            fault.kind not in kinds
            or fault.on != on
            or not fault.affects(profile=profile, network=network)
        ):
            continue
        name = f"{number}/{fault.kind}/{fault.profile}/{fault.network}"
        row = db.execute("SELECT chances, happened FROM faults WHERE fault = ?", (name,)).fetchone()
        chances, happened = row or (0, 0)
        happens = fault.happens(chances=chances, happened=happened)
        db.execute(
            "INSERT OR REPLACE INTO faults VALUES (?, ?, ?)",
            (name, chances + 1, happened + happens),
        )
        if happens:
            return fault
    return None


def create_post(
    db: sqlite3.Connection,
    profile: Profile,
    draft: Draft,
    *,
    key: str,
    now: dt.datetime,
    real_now: dt.datetime,
) -> dict[str, Json]:
    """Add a post to the timeline and return the body of the response."""
    number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM posts").fetchone()[0]
    network_id = f"{(now - _EPOCH) // dt.timedelta(milliseconds=1)}{number:06d}"
    handle = profile.handle or profile.id
    url = f"https://{profile.network}.sandbox.invalid/{handle.lstrip('@')}/{network_id}"
    db.execute(
        "INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (
            number,
            network_id,
            profile.id,
            profile.network,
            handle,
            key,
            *_columns(draft),
            url,
            draft.created_at.isoformat(),
            now.timestamp(),
        ),
    )
    db.execute("INSERT INTO arrivals VALUES (?, ?)", (number, real_now.timestamp()))
    if draft.in_reply_to:
        db.execute("INSERT INTO replies VALUES (?, ?)", (number, draft.in_reply_to))
    _add_media(db, number, draft)
    _add_details(db, number, draft)
    return {"id": network_id, "url": url, "created_at": draft.created_at.isoformat()}


def change_post(
    db: sqlite3.Connection, profile: str, network_id: str, draft: Draft, *, now: dt.datetime
) -> bool:
    """Replace a post's content. Return False if the profile has no such post."""
    row = db.execute(
        "SELECT number FROM posts WHERE id = ? AND profile = ? AND removed_at IS NULL",
        (network_id, profile),
    ).fetchone()
    if row is None:
        return False
    db.execute(
        "UPDATE posts SET text = ?, links = ?, language = ?, labels = ?, poll = ? WHERE number = ?",
        (*_columns(draft), row[0]),
    )
    db.execute("DELETE FROM post_media WHERE post = ?", row)
    _add_media(db, row[0], draft)
    _add_details(db, row[0], draft)
    db.execute("INSERT INTO changes (post, at) VALUES (?, ?)", (row[0], now.timestamp()))
    return True


def remove_post(db: sqlite3.Connection, profile: str, network_id: str, *, now: dt.datetime) -> bool:
    """Mark a post as removed. Return False if the profile has no such post."""
    removed = db.execute(
        "UPDATE posts SET removed_at = ? WHERE id = ? AND profile = ? AND removed_at IS NULL",
        (now.timestamp(), network_id, profile),
    )
    return bool(removed.rowcount)


def delay_request(
    db: sqlite3.Connection, profile: Profile, body: object, *, key: str, arrives: dt.datetime
) -> None:
    """Store a request whose post is created later, even if the deadline has passed by then."""
    db.execute(
        "INSERT INTO late (profile, network, handle, key, body, arrives) VALUES (?, ?, ?, ?, ?, ?)",
        (
            profile.id,
            profile.network,
            profile.handle,
            key,
            json.dumps(body),
            arrives.timestamp(),
        ),
    )


def process_delayed_requests(
    db: sqlite3.Connection, *, now: dt.datetime, real_now: dt.datetime, honours_keys: bool
) -> None:
    """Create the posts of the delayed requests that have arrived by *now*."""
    rows = db.execute(
        "SELECT number, profile, network, handle, key, body FROM late WHERE arrives <= ?"
        " ORDER BY arrives, number",
        (real_now.timestamp(),),
    ).fetchall()
    for number, name, network, handle, key, body in rows:
        db.execute("DELETE FROM late WHERE number = ?", (number,))
        if honours_keys and key and posts_with_key(db, profile=name, key=key):
            continue
        profile = Profile(id=name, workspace="sandbox", network=network, handle=handle)
        draft = read_draft(db, name, json.loads(body), now=now)
        create_post(db, profile, draft, key=key, now=now, real_now=real_now)


def posts_with_key(db: sqlite3.Connection, *, profile: str, key: str) -> tuple[SandboxPost, ...]:
    """Return the posts that the profile sent with *key*, including removed posts."""
    rows = db.execute(f"{_POST} WHERE profile = ? AND key = ? ORDER BY number", (profile, key))
    return tuple(_post(db, row) for row in rows.fetchall())


def latest_post(db: sqlite3.Connection, *, profile: str) -> SandboxPost | None:
    """Return the latest post of the profile, or None."""
    row = db.execute(
        f"{_POST} WHERE profile = ? ORDER BY number DESC LIMIT 1", (profile,)
    ).fetchone()
    return None if row is None else _post(db, row)


def arrived_at(db: sqlite3.Connection, network_id: str) -> float:
    """Return a post's arrival time, as a timestamp from the real clock."""
    row = db.execute(
        "SELECT real FROM arrivals JOIN posts ON posts.number = arrivals.post WHERE id = ?",
        (network_id,),
    ).fetchone()
    return 0.0 if row is None else float(row[0])


def _columns(draft: Draft) -> tuple[str, ...]:
    poll = {} if draft.poll is None else attrs.asdict(draft.poll)
    return (
        draft.text,
        json.dumps(draft.links),
        draft.language,
        json.dumps(draft.labels),
        json.dumps(poll),
    )


def _add_details(db: sqlite3.Connection, number: int, draft: Draft) -> None:
    db.execute("DELETE FROM details WHERE post = ?", (number,))
    if draft.details != Details():
        db.execute("INSERT INTO details VALUES (?, ?)", (number, draft.details.body))


def _add_media(db: sqlite3.Connection, number: int, draft: Draft) -> None:
    db.executemany(
        "INSERT INTO post_media VALUES (?, ?, ?)",
        [(number, place, media) for place, (media, _) in enumerate(draft.media)],
    )


def _post(db: sqlite3.Connection, row: Sequence[Any]) -> SandboxPost:
    number, network_id, profile, network, handle, key, text, links, language, *rest = row
    labels, poll, url, created_at, removed_at, parent, body, changes = rest
    details = (
        read_details(json.loads(body), lambda name: medium(db, profile, name)[1])
        if body
        else Details()
    )
    media = [
        attachment(digest, alt, media_type, size, name)
        for digest, alt, media_type, size, name in db.execute(_MEDIA, (number,))
    ]
    for place, cover in details.covers.items():
        video = media[place]
        assert isinstance(video, Video)  # noqa: S101  # only videos have covers
        media[place] = attrs.evolve(video, cover=cover)
    return SandboxPost(
        network_id=network_id,
        profile=profile,
        network=network,
        handle=handle,
        key=key,
        text=text,
        media=tuple(media),
        links=tuple(json.loads(links)),
        language=language,
        labels=tuple(json.loads(labels)),
        options=tuple(json.loads(poll).get("options", ())),
        created_at=dt.datetime.fromisoformat(created_at),
        url=url,
        removed=removed_at is not None,
        in_reply_to=parent,
        format=details.format,
        visibility=details.visibility,
        reply_to=details.reply_to,
        quote_of=details.quote_of,
        card=details.card,
        paid_partnership=details.paid_partnership,
        changes=changes,
    )
