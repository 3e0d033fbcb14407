"""The record of a post, as an AT Protocol server stores it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from socialcollab.content import Attachment, Json, LinkCard, Video
from socialcollab.text import Facet, facets
from socialcollab.transport import OutgoingPost

COLLECTION: Final = "app.bsky.feed.post"
_SORTABLE: Final = "234567abcdefghijklmnopqrstuvwxyz"
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def tid(at: dt.datetime, clock_id: int) -> str:
    """
    Return the timestamp identifier of an instant: 13 characters that sort by time.

    >>> tid(dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC), 5)
    '3mivb25j5k227'

    Args:
        at: The instant, from 1970 on.
        clock_id: A number below 1024 that distinguishes records created in the same microsecond.

    Source:
        atproto.com/specs/tid.
    """
    number = ((at - _EPOCH) // dt.timedelta(microseconds=1)) << 10 | clock_id
    return "".join(_SORTABLE[number >> shift & 31] for shift in range(60, -1, -5))


def instant_text(at: dt.datetime) -> str:
    """Return an instant as a string, in UTC and in the format that the AT Protocol recommends."""
    return f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def mentioned_handles(text: str) -> tuple[str, ...]:
    """Return the handles that a text mentions, in order and without duplicates."""
    return tuple(dict.fromkeys(each.value for each in facets(text) if each.kind == "mention"))


def post_record(
    outgoing: OutgoingPost,
    text: str,
    *,
    created_at: str,
    blobs: Sequence[Json],
    reply_to: Sequence[Json],
    quote: Json,
    card: LinkCard | None,
    card_blob: Json,
    dids: Mapping[str, str],
) -> dict[str, Json]:
    """
    Return the record of a post.

    Equal arguments produce equal records, because a server ignores a record that it already has.

    Args:
        outgoing: The post.
        text: The complete text, including links.
        created_at: The time of creation, as a string.
        blobs: The references to the uploaded media, in order.
        reply_to: The references to the first and to the previous record of a thread; empty for a
            post that is not a reply.
        quote: The reference to the quoted post, or None.
        card: The link card, or None.
        card_blob: The reference to the card's image, or None.
        dids: The identifier of each existing account that the text mentions, by handle.

    Source:
        Lexicons app.bsky.feed.post, app.bsky.richtext.facet, and app.bsky.embed.images, video,
        external, record and recordWithMedia, read 2026-11-30.
    """
    record: dict[str, Json] = {"$type": COLLECTION, "text": text, "createdAt": created_at}
    links = list(_facets(facets(text), dids))
    if links:
        record["facets"] = links
    if reply_to:
        record["reply"] = {"root": reply_to[0], "parent": reply_to[1]}
    if outgoing.language:
        record["langs"] = [outgoing.language]
    embed = _media_embed(outgoing.media, blobs) if blobs else _card_embed(card, card_blob)
    if quote is not None:
        quoted: dict[str, Json] = {"$type": "app.bsky.embed.record", "record": quote}
        embed = (
            {"$type": "app.bsky.embed.recordWithMedia", "record": quoted, "media": embed}
            if embed
            else quoted
        )
    if embed:
        record["embed"] = embed
    if outgoing.labels:
        record["labels"] = {
            "$type": "com.atproto.label.defs#selfLabels",
            "values": [{"val": label} for label in outgoing.labels],
        }
    return record


def link_facets(text: str) -> list[Json]:
    """Return the facets of the links in a text."""
    return [*_facets((facet for facet in facets(text) if facet.kind == "url"), {})]


def _media_embed(media: Sequence[Attachment], blobs: Sequence[Json]) -> dict[str, Json]:
    if isinstance(media[0], Video):
        video: dict[str, Json] = {"$type": "app.bsky.embed.video", "video": blobs[0]}
        if media[0].alt:
            video["alt"] = media[0].alt
        return video
    return {
        "$type": "app.bsky.embed.images",
        "images": [
            {"alt": image.alt, "image": blob} for image, blob in zip(media, blobs, strict=True)
        ],
    }


def _card_embed(card: LinkCard | None, blob: Json) -> dict[str, Json]:
    if card is None:
        return {}
    external: dict[str, Json] = {
        "uri": card.url,
        "title": card.title,
        "description": card.description,
    }
    if blob is not None:
        external["thumb"] = blob
    return {"$type": "app.bsky.embed.external", "external": external}


def _facets(found: Iterable[Facet], dids: Mapping[str, str]) -> Iterable[Json]:
    for facet in found:
        feature: dict[str, Json]
        if facet.kind == "url":
            feature = {"$type": "app.bsky.richtext.facet#link", "uri": facet.value}
        elif facet.kind == "mention":
            # A mention of an account that does not exist stays plain text.
            if facet.value not in dids:
                continue
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": dids[facet.value]}
        else:
            feature = {"$type": "app.bsky.richtext.facet#tag", "tag": facet.value}
        yield {
            "index": {"byteStart": facet.byte_start, "byteEnd": facet.byte_end},
            "features": [feature],
        }
