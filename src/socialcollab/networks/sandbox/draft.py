"""Read a post from a request that creates or changes the post."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from socialcollab.content import Attachment, Image, LinkCard, Poll, Video
from socialcollab.directory import PostFormat, Visibility
from socialcollab.errors import InvalidValueError
from socialcollab.time import as_utc


class UnreadableDraftError(Exception):
    """Raised if the body of a request does not describe a post."""


@attrs.frozen(kw_only=True)
class Details:
    """
    The details of a post that most posts do not have.

    Attributes:
        format: Where the post appears.
        visibility: Who can see it.
        reply_to: The address or id of the post that it replies to.
        quote_of: The address or id of the post that it quotes.
        card: Its link card, or None.
        covers: The cover of each of its videos, by the video's place.
        paid_partnership: Whether it is disclosed as a paid partnership.
        body: The details as they were sent.
    """

    format: PostFormat = "post"
    visibility: Visibility = "public"
    reply_to: str = ""
    quote_of: str = ""
    card: LinkCard | None = None
    covers: Mapping[int, Image] = attrs.field(factory=dict, hash=False)
    paid_partnership: bool = False
    body: str = "{}"


def read_details(value: object, medium: Callable[[str], Attachment]) -> Details:
    """
    Return the details that a request describes.

    Args:
        value: The details, as JSON.
        medium: Returns the uploaded media with an id.
    """
    fields = value if isinstance(value, Mapping) else {}
    card = fields.get("card")
    return Details(
        format=fields.get("format", "post"),
        visibility=fields.get("visibility", "public"),
        reply_to=str(fields.get("reply_to", "")),
        quote_of=str(fields.get("quote_of", "")),
        card=None
        if card is None
        else LinkCard(
            url=str(card["url"]),
            title=str(card["title"]),
            description=str(card.get("description", "")),
            image=_image(medium(card["image"])) if card.get("image") else None,
        ),
        covers={
            int(place): _image(medium(name)) for place, name in fields.get("covers", {}).items()
        },
        paid_partnership=bool(fields.get("paid_partnership", False)),
        body=json.dumps(dict(fields)),
    )


def _image(one: Attachment) -> Image:
    if not isinstance(one, Image):
        raise TypeError("a cover and the image of a link card must be images")
    return one


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
        details: What else is known about it, as `SandboxPost` shows it.
        created_at: The time of publication according to the sender's clock.
    """

    text: str
    media: tuple[tuple[int, Attachment], ...]
    links: tuple[str, ...]
    language: str
    labels: tuple[str, ...]
    poll: Poll | None
    in_reply_to: str
    details: Details
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
            media=tuple(medium(db, profile, name) for name in _strings(fields.get("media"))),
            links=tuple(_strings(fields.get("links"))),
            language=str(fields.get("language", "")),
            labels=tuple(_strings(fields.get("labels"))),
            poll=_poll(fields.get("poll")),
            in_reply_to=str(fields.get("in_reply_to") or ""),
            details=read_details(fields.get("details"), lambda name: medium(db, profile, name)[1]),
            created_at=as_utc(dt.datetime.fromisoformat(str(fields.get("created_at", now)))),
        )
    except (
        AttributeError,
        InvalidValueError,
        KeyError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise UnreadableDraftError(f"the request cannot be read: {error}") from None


def medium(db: sqlite3.Connection, profile: str, name: str) -> tuple[int, Attachment]:
    """
    Return uploaded media, with the number of their row.

    Raises:
        LookupError: If the profile has not uploaded media with this id.
    """
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
