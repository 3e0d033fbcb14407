"""Mastodon and servers that speak its API."""

from __future__ import annotations

import datetime as dt

from socialcollab.directory.network import CreateOnce, MediaLimits, NetworkDescription, TextLimits

MASTODON = NetworkDescription(
    name="mastodon",
    title="Mastodon",
    # docs.joinmastodon.org/entities/Instance, read 2026-11-22: 500 unless the server says
    # otherwise, a link counts 23, the host of a mention does not count.
    text=TextLimits(at_most=500, unit="graphemes", url_weight=23, short_mentions=True),
    # Same page, same day: 4 attachments, images of 16 MiB, descriptions of 1500.
    media=MediaLimits(
        images=4,
        alt_text=1500,
        image_bytes=16 * 1024 * 1024,
        types={"image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/avif"},
    ),
    # docs.joinmastodon.org/methods/statuses, read 2026-11-22.
    features={"poll", "content_warning", "scheduling", "edit", "thread", "video"},
    # Idempotency-Key, kept 1 hour, by the same page; compatible servers were seen to ignore it.
    create_once=CreateOnce(
        key="client_key",
        kept=dt.timedelta(hours=1),
        honoured=False,
        conclusive_after=dt.timedelta(minutes=1),
    ),
)
