"""Find out which fields of a post have changed since a reviewer saw it."""

import attrs

from socialcollab.content import Image, PostContent, changed_fields, field_digests, revision_digest
from socialcollab.time import WallTime

salt = b"16 random bytes!"  # different for each post, so that digests do not reveal short texts
seen = PostContent(
    text="De lente is er 🌷",
    targets=["tulip-x", "tulip-mastodon"],
    variants={"tulip-x": "De lente is er! 🌷"},
    media=[
        Image.from_bytes(b"GIF89a...", alt="a tulip")
    ],  # or Image.from_file("tulip.jpg", alt=...)
    planned_at=WallTime(local="2026-04-07 09:30", zone="Europe/Amsterdam"),
)
now = attrs.evolve(seen, text="De lente is begonnen 🌷", tags=["campaign"])
before, after = field_digests(seen, salt), field_digests(now, salt)
print("changed:", *changed_fields(before, after))
print("revision:", revision_digest(before, salt)[:12], "->", revision_digest(after, salt)[:12])
print("to tulip-x:", now.text_for("tulip-x"))
print("to tulip-mastodon:", now.text_for("tulip-mastodon"))
