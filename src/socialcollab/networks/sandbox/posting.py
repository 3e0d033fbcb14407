"""Make and change posts on the timeline, inside one write of it."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

import attrs

from socialcollab.content import Image, Json, Poll
from socialcollab.directory import Profile
from socialcollab.errors import InvalidValueError
from socialcollab.networks.sandbox.timeline import with_key
from socialcollab.time import as_utc

_EARLIEST: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class UnreadableError(Exception):
    """The request's body is no post."""


@attrs.frozen(kw_only=True)
class Draft:
    """
    What a request asks to be made.

    Attributes:
        body: The request's body.

        images: Numbers of media, with what they are.

        created_at: When it went out, by its sender's clock.
    """

    body: Mapping[str, Any]
    images: tuple[tuple[int, Image], ...]
    created_at: dt.datetime

    @property
    def text(self) -> str:
        """Its text."""
        return str(self.body.get("text", ""))

    @property
    def labels(self) -> list[str]:
        """Its content warnings."""
        return words(self.body.get("labels"))

    @property
    def poll(self) -> Poll | None:
        """Its poll, or None."""
        return _poll(self.body.get("poll"))


def read_draft(db: sqlite3.Connection, profile: str, body: object, *, now: dt.datetime) -> Draft:
    """
    Read a request's body.

    Raises:
        UnreadableError: If it is no post, or names media that are not there.
    """
    given = body if isinstance(body, Mapping) else {}
    try:
        draft = Draft(
            body=given,
            images=tuple(_medium(db, profile, each) for each in words(given.get("media"))),
            created_at=as_utc(dt.datetime.fromisoformat(str(given.get("created_at", now)))),
        )
        _ = draft.labels, draft.poll, words(given.get("links"))
    except (InvalidValueError, KeyError, LookupError, TypeError, ValueError) as error:
        raise UnreadableError(f"the request cannot be read: {error}") from None
    return draft


def make(
    db: sqlite3.Connection,
    profile: Profile,
    draft: Draft,
    *,
    key: str,
    now: dt.datetime,
    real_now: dt.datetime,
) -> dict[str, Json]:
    """Put a post on the timeline and return what its sender is told."""
    number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM posts").fetchone()[0]
    network_id = f"{(now - _EARLIEST) // dt.timedelta(milliseconds=1)}{number:06d}"
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
    parent = draft.body.get("in_reply_to")
    if parent:
        db.execute("INSERT INTO replies VALUES (?, ?)", (number, str(parent)))
    _place_images(db, number, draft)
    return {"id": network_id, "url": url, "created_at": draft.created_at.isoformat()}


def change(
    db: sqlite3.Connection, profile: str, network_id: str, draft: Draft, *, now: dt.datetime
) -> bool:
    """Let a post carry something else, and tell whether it stands there."""
    found = db.execute(
        "SELECT number FROM posts WHERE id = ? AND profile = ? AND removed_at IS NULL",
        (network_id, profile),
    ).fetchone()
    if found is None:
        return False
    db.execute(
        "UPDATE posts SET text = ?, links = ?, language = ?, labels = ?, poll = ? WHERE number = ?",
        (*_columns(draft), found[0]),
    )
    db.execute("DELETE FROM post_media WHERE post = ?", found)
    _place_images(db, found[0], draft)
    db.execute("INSERT INTO changes (post, at) VALUES (?, ?)", (found[0], now.timestamp()))
    return True


def put_off(
    db: sqlite3.Connection, profile: Profile, body: object, *, key: str, arrives: dt.datetime
) -> None:
    """Let a request arrive later, whatever its sender's deadline."""
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


def arrive(
    db: sqlite3.Connection, *, now: dt.datetime, real_now: dt.datetime, honours_keys: bool
) -> None:
    """Make what has arrived by now of the requests that were put off."""
    rows = db.execute(
        "SELECT number, profile, network, handle, key, body FROM late WHERE arrives <= ?"
        " ORDER BY arrives, number",
        (real_now.timestamp(),),
    ).fetchall()
    for number, name, network, handle, key, body in rows:
        db.execute("DELETE FROM late WHERE number = ?", (number,))
        if honours_keys and key and with_key(db, profile=name, key=key):
            continue
        profile = Profile(id=name, workspace="sandbox", network=network, handle=handle)
        draft = read_draft(db, name, json.loads(body), now=now)
        make(db, profile, draft, key=key, now=now, real_now=real_now)


def _columns(draft: Draft) -> tuple[str, ...]:
    return (
        draft.text,
        json.dumps(words(draft.body.get("links"))),
        str(draft.body.get("language", "")),
        json.dumps(draft.labels),
        json.dumps(draft.body.get("poll") or {}),
    )


def _place_images(db: sqlite3.Connection, number: int, draft: Draft) -> None:
    db.executemany(
        "INSERT INTO post_media VALUES (?, ?, ?)",
        [(number, place, medium) for place, (medium, _) in enumerate(draft.images)],
    )


def _medium(db: sqlite3.Connection, profile: str, name: str) -> tuple[int, Image]:
    found = db.execute(
        "SELECT number, digest, alt, media_type, size_bytes FROM media"
        " WHERE 'm' || number = ? AND profile = ?",
        (name, profile),
    ).fetchone()
    if found is None:
        raise LookupError(f"there is no medium `{name}`")
    number, digest, alt, media_type, size = found
    return number, Image(digest=digest, alt=alt, media_type=media_type, size_bytes=size)


def words(value: object) -> list[str]:
    """Read a list of texts; nothing is none."""
    if value is None:
        return []
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) for word in value):
        raise TypeError("a list of strings is wanted")
    return list(value)


def _poll(value: Any) -> Poll | None:
    if value is None:
        return None
    return Poll(
        options=tuple(words(value["options"])),
        minutes=int(value["minutes"]),
        multiple=bool(value["multiple"]),
    )
