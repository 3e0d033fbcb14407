"""Facebook Pages."""

from __future__ import annotations

import datetime as dt

from socialcollab.directory.network import CreateOnce, MediaLimits, NetworkDescription, TextLimits

FACEBOOK = NetworkDescription(
    name="facebook",
    title="Facebook",
    # Not on Meta's own pages; 63,206 is what open-source schedulers enforce, read 2026-11-22.
    text=TextLimits(at_most=63_206, unit="characters"),
    # developers.facebook.com/docs/pages-api/posts, read 2026-11-22, names neither a number of
    # images nor a length of alt text; 10 is what the composer of the site offers, unconfirmed.
    media=MediaLimits(images=10, types={"image/jpeg", "image/png", "image/gif", "image/webp"}),
    # POST /{page}/feed takes `message` and `link`: same page, same day.
    link="field",
    features={"scheduling", "edit", "video"},
    # No documented key; `client_mutation_id` of Graph API v25.0 has no stated meaning. Same day.
    create_once=CreateOnce(key="none", conclusive_after=dt.timedelta(minutes=5)),
)
