"""X, formerly Twitter."""

from __future__ import annotations

import datetime as dt

from socialcollab.directory.network import CreateOnce, MediaLimits, NetworkDescription, TextLimits

X = NetworkDescription(
    name="x",
    title="X",
    # docs.x.com/fundamentals/counting-characters and twitter-text config v3, read 2026-11-22:
    # 280 weighted on NFC text, any link counts 23. Premium accounts may post longer.
    text=TextLimits(at_most=280, unit="weighted", url_weight=23),
    # docs.x.com/x-api/media/quickstart/best-practices, read 2026-11-22: 4 images of 5 MB;
    # alt text of 1000 from the OpenAPI description 2.167 (POST /2/media/metadata), same day.
    media=MediaLimits(
        images=4,
        alt_text=1000,
        image_bytes=5_000_000,
        types={"image/jpeg", "image/png", "image/gif", "image/webp"},
    ),
    entities={"url", "mention", "hashtag", "cashtag"},
    # POST /2/tweets of the OpenAPI description 2.167, read 2026-11-22.
    features={"poll", "thread", "video"},
    # No key in the OpenAPI description 2.167, read 2026-11-22; the same text again is
    # refused as a duplicate, without naming the first post.
    create_once=CreateOnce(key="none", conclusive_after=dt.timedelta(minutes=2)),
)
