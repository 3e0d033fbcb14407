"""Read a post from a request that creates or changes the post."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Mapping
from typing import Any

import attrs

from socialcollab.content import Attachment, Image, Poll, Video
from socialcollab.errors import InvalidValueError
from socialcollab.time import as_utc


class UnreadableDraftError(Exception):
    """Raised if the body of a request does not describe a post."""


@attrs.frozen(kw_only=True)
class Draft:
    """
    The post that a request describes.

    Attributes:
        text: Its text.
        media: Its images and videos, each with the number of its row in the media table.
        links: Links in addition to the text.
        language: Its language, or an empty string.
        labels: Its content warnings.
        poll: Its poll, or None.
        in_reply_to: The network's id for the post that it replies to, or an empty string.
        created_at: The time of publication according to the sender's clock.
    """

    text: str
    media: tuple[tuple[int, Attachment], ...]
    links: tuple[str, ...]
    language: str
    labels: tuple[str, ...]
    poll: Poll | None
    in_reply_to: str
    created_at: dt.datetime


def read_draft(db: sqlite3.Connection, profile: str, body: object, *, now: dt.datetime) -> Draft:
    """
    Return the post that the body of a request describes.

    Raises:
        UnreadableDraftError: If the body does not describe a post, or refers to unknown media.
    """
    fields = body if isinstance(body, Mapping) else {}
    try:
        return Draft(
            text=str(fields.get("text", "")),
            media=tuple(_medium(db, profile, name) for name in _strings(fields.get("media"))),
            links=tuple(_strings(fields.get("links"))),
            language=str(fields.get("language", "")),
            labels=tuple(_strings(fields.get("labels"))),
            poll=_poll(fields.get("poll")),
            in_reply_to=str(fields.get("in_reply_to") or ""),
            created_at=as_utc(dt.datetime.fromisoformat(str(fields.get("created_at", now)))),
        )
    except (InvalidValueError, KeyError, LookupError, TypeError, ValueError) as error:
        raise UnreadableDraftError(f"the request cannot be read: {error}") from None


def _medium(db: sqlite3.Connection, profile: str, name: str) -> tuple[int, Attachment]:
    row = db.execute(
        "SELECT number, digest, alt, media_type, size_bytes FROM media"
        " WHERE 'm' || number = ? AND profile = ?",
        (name, profile),
    ).fetchone()
    if row is None:
        raise LookupError(f"there is no media `{name}`")
    number, digest, alt, media_type, size = row
    return number, attachment(digest, alt, media_type, size)


def attachment(
    digest: str, alt: str, media_type: str, size_bytes: int, name: str = ""
) -> Attachment:
    """Return an image or a video, depending on its media type."""
    kind = Video if media_type.startswith("video/") else Image
    return kind(digest=digest, alt=alt, media_type=media_type, size_bytes=size_bytes, name=name)


def _strings(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"{value!r} is not a list of strings")
    return list(value)


def _poll(value: Any) -> Poll | None:
    if value is None:
        return None
    return Poll(
        options=tuple(_strings(value["options"])),
        minutes=int(value["minutes"]),
        multiple=bool(value["multiple"]),
    )
