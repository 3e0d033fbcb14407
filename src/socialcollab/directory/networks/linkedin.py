"""LinkedIn, by the versioned Posts API."""

from __future__ import annotations

import datetime as dt

from socialcollab.directory.network import CreateOnce, MediaLimits, NetworkDescription, TextLimits

LINKEDIN = NetworkDescription(
    name="linkedin",
    title="LinkedIn",
    # Not on LinkedIn's own pages; 3000 is what open-source schedulers enforce, read 2026-11-22.
    text=TextLimits(at_most=3000, unit="characters"),
    # learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/multiimage-post-api,
    # read 2026-11-22: up to 20 images, JPG, PNG and GIF.
    media=MediaLimits(images=20, types={"image/jpeg", "image/png", "image/gif"}),
    # content.article of .../shares/posts-api, same day.
    link="field",
    features={"poll", "edit", "video"},
    # No key; a duplicate is refused with 422 that names the earlier post (posts-api and reports,
    # same day), which may be a ghost.
    create_once=CreateOnce(key="none", conclusive_after=dt.timedelta(minutes=5)),
)
