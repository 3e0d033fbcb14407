"""Bluesky, on the AT Protocol."""

from __future__ import annotations

import datetime as dt

from socialcollab.directory.network import CreateOnce, MediaLimits, NetworkDescription, TextLimits

BLUESKY = NetworkDescription(
    name="bluesky",
    title="Bluesky",
    # Lexicon app.bsky.feed.post, read 2026-11-22: 300 graphemes and 3000 bytes.
    text=TextLimits(at_most=300, unit="graphemes", at_most_bytes=3000),
    # Lexicon app.bsky.embed.images, read 2026-11-22: 4 images of 2,000,000 bytes, any image/*;
    # alt text is required but may be empty, and has no stated length.
    media=MediaLimits(images=4, image_bytes=2_000_000),
    entities={"url", "mention", "hashtag", "cashtag"},
    # Self-labels of the same lexicon.
    features={"labels", "thread", "video"},
    # The sender chooses the record key, and putRecord of the same bytes changes nothing:
    # atproto packages/pds, read 2026-11-22. getRecord reads one's own repository at once.
    create_once=CreateOnce(key="client_id", conclusive_after=dt.timedelta(0)),
)
