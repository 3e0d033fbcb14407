"""Instagram, by content publishing."""

from __future__ import annotations

import datetime as dt

from socialcollab.directory.network import CreateOnce, MediaLimits, NetworkDescription, TextLimits

INSTAGRAM = NetworkDescription(
    name="instagram",
    title="Instagram",
    # docs.contentstudio.io and repliz-docs.pages.dev, read 2026-11-22 (Meta's page does not say
    # how characters are counted): caption 2200, 30 hashtags, 20 mentions.
    text=TextLimits(at_most=2200, unit="characters", hashtags=30, mentions=20),
    # developers.facebook.com/docs/instagram-api/reference/error-codes, read 2026-11-22: 8 MiB.
    # Carousel of 10 and JPEG only: docs.letmepost.dev/platforms/instagram, same day.
    # There are no posts of text alone. No page states a length of alt text.
    media=MediaLimits(images=10, required=True, image_bytes=8 * 1024 * 1024, types={"image/jpeg"}),
    # A link in a caption is text that nobody can follow.
    link="none",
    features={"video"},
    # Publishing is keyed by the container's id (creation_id): Graph API v25.0, IGUser, same day.
    create_once=CreateOnce(key="container", conclusive_after=dt.timedelta(minutes=2)),
)
