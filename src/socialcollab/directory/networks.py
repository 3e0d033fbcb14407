"""The descriptions of networks: built-in ones, with sources and dates, and those of packages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from socialcollab.directory.network_description import (
    CreateOnce,
    MediaLimits,
    NetworkDescription,
    PollLimits,
    TextLimits,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_GROUP: Final = "socialcollab.networks"

BLUESKY = NetworkDescription(
    name="bluesky",
    title="Bluesky",
    source="lexicons app.bsky.feed.post and app.bsky.embed.images, 2026-11-22",
    # Lexicon app.bsky.feed.post, read 2026-11-22: 300 graphemes and 3000 bytes.
    text=TextLimits(at_most=300, unit="graphemes", at_most_bytes=3000),
    # Lexicon app.bsky.embed.images, read 2026-11-22: 4 images of 2,000,000 bytes, any image/*;
    # alt text is required but may be empty, and has no stated length.
    # app.bsky.embed.video, read 2026-11-30: one MP4 file; servers keep files of up to 50 MiB.
    media=MediaLimits(
        images=4, image_bytes=2_000_000, video_bytes=50 * 1024 * 1024, video_types={"video/mp4"}
    ),
    entities={"url", "mention", "hashtag", "cashtag"},
    # Self-labels from the same lexicon.
    # app.bsky.embed.external and app.bsky.embed.record, read 2026-11-30: link cards and quotes.
    features={"labels", "thread", "video", "reply", "quote", "card"},
    formats={"message", "post"},
    # Lexicon chat.bsky.convo.defs, read 2026-11-30.
    message=TextLimits(at_most=1000, unit="graphemes", at_most_bytes=10_000),
    # The sender chooses the record key, and putRecord with the same bytes changes nothing: atproto
    # packages/pds, read 2026-11-22. getRecord immediately returns new records of the account's
    # repository.
    create_once=CreateOnce(key="client_id", conclusive_after=dt.timedelta(0)),
)

# Pages.
FACEBOOK = NetworkDescription(
    name="facebook",
    title="Facebook",
    source="developers.facebook.com/docs/pages-api/posts, 2026-11-22",
    # Not documented by Meta; 63,206 is the limit in open-source schedulers, read 2026-11-22.
    text=TextLimits(at_most=63_206, unit="characters"),
    # developers.facebook.com/docs/pages-api/posts, read 2026-11-22, states neither a maximum
    # number of images nor a maximum length of alt text; 10 is the limit in the site's composer,
    # unconfirmed.
    media=MediaLimits(
        images=10, types={"image/jpeg", "image/png", "image/gif", "image/webp"}, in_replies=1
    ),
    # POST /{page}/feed takes `message` and `link`: same page, same day.
    link="field",
    # Comments: PagePost of Graph API v25.0. Reels and stories:
    # developers.facebook.com/docs/video-api/guides/reels-publishing and
    # developers.facebook.com/docs/page-stories-api, all read 2026-11-30.
    features={"scheduling", "edit", "video", "first_comment", "reply"},
    formats={"message", "post", "reel", "story"},
    # developers.facebook.com/docs/messenger-platform/reference/send-api, read 2026-11-30.
    message=TextLimits(at_most=2000, unit="characters"),
    # No documented key; `client_mutation_id` of Graph API v25.0 has no stated meaning. Same day.
    create_once=CreateOnce(key="none", conclusive_after=dt.timedelta(minutes=5)),
)

# Content publishing.
INSTAGRAM = NetworkDescription(
    name="instagram",
    title="Instagram",
    source="developers.facebook.com/docs/instagram-api, 2026-11-22",
    # docs.contentstudio.io and repliz-docs.pages.dev, read 2026-11-22 (Meta's page does not state
    # how characters are counted): caption 2200, 30 hashtags, 20 mentions.
    text=TextLimits(at_most=2200, unit="characters", hashtags=30, mentions=20),
    # developers.facebook.com/docs/instagram-api/reference/error-codes, read 2026-11-22: 8 MiB.
    # Carousel of 10 and JPEG only: docs.letmepost.dev/platforms/instagram, same day.
    # A post cannot consist of text only. No page states a maximum length of alt text.
    media=MediaLimits(
        images=10,
        required=True,
        image_bytes=8 * 1024 * 1024,
        types={"image/jpeg"},
        videos=10,
        mixed=True,
        in_replies=0,
    ),
    # A link in a caption is plain text; readers cannot follow it.
    link="none",
    # Comments, covers and stories: IGUser, IGMedia and IGComment of Graph API v25.0, read
    # 2026-11-30. A single video is always published as a reel.
    features={"video", "cover", "first_comment", "reply"},
    formats={"message", "post", "reel", "story"},
    # developers.facebook.com/docs/messenger-platform/instagram/features/send-message, read
    # 2026-11-30: 1000 bytes.
    message=TextLimits(at_most=1000, unit="characters", at_most_bytes=1000),
    # The container's id (creation_id) identifies a publication: Graph API v25.0, IGUser, same day.
    create_once=CreateOnce(key="container", conclusive_after=dt.timedelta(minutes=2)),
)

# The versioned Posts API.
LINKEDIN = NetworkDescription(
    name="linkedin",
    title="LinkedIn",
    source="learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api, 2026-11-22",
    # Not documented by LinkedIn; 3000 is the limit in open-source schedulers, read 2026-11-22.
    text=TextLimits(at_most=3000, unit="characters"),
    # learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/multiimage-post-api,
    # read 2026-11-22: up to 20 images, JPG, PNG and GIF.
    media=MediaLimits(images=20, types={"image/jpeg", "image/png", "image/gif"}),
    # content.article of .../shares/posts-api, same day.
    link="field",
    features={"poll", "edit", "video"},
    # No key; a duplicate is rejected with status 422 and the id of the earlier post (posts-api and
    # user reports, same day), but that post may not actually exist.
    create_once=CreateOnce(key="none", conclusive_after=dt.timedelta(minutes=5)),
)

# This description also applies to servers that implement Mastodon's API.
MASTODON = NetworkDescription(
    name="mastodon",
    title="Mastodon",
    source="docs.joinmastodon.org/entities/Instance, 2026-11-22",
    # docs.joinmastodon.org/entities/Instance, read 2026-11-22: 500 unless the server states
    # another limit; a link counts as 23, and the host of a mention does not count.
    text=TextLimits(at_most=500, unit="graphemes", url_weight=23, short_mentions=True),
    # Same page, same day: 4 attachments, images of 16 MiB, descriptions of 1500.
    media=MediaLimits(
        images=4,
        alt_text=1500,
        image_bytes=16 * 1024 * 1024,
        types={"image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/avif"},
        # Same page, read 2026-11-30: videos of 99 MiB.
        video_bytes=99 * 1024 * 1024,
        video_types={"video/mp4", "video/webm", "video/quicktime"},
    ),
    # Same page, same day: 4 options of 50 characters, open from 5 minutes to a month.
    poll=PollLimits(
        options=4, option_length=50, least_minutes=5, most_minutes=43_829, multiple=True
    ),
    # docs.joinmastodon.org/methods/statuses, read 2026-11-22 and 2026-11-30. Quotes need a server
    # with version 4.5 or later; covers are thumbnails of media.
    features={
        "poll",
        "content_warning",
        "scheduling",
        "edit",
        "thread",
        "video",
        "cover",
        "reply",
        "quote",
    },
    visibilities={"public", "unlisted", "followers", "direct"},
    # Idempotency-Key, kept for 1 hour, according to the same page; some compatible servers ignore
    # it.
    create_once=CreateOnce(
        key="client_key",
        kept=dt.timedelta(hours=1),
        honoured=False,
        conclusive_after=dt.timedelta(minutes=1),
    ),
)

# Text, images and videos of the API, version 1.0.
THREADS = NetworkDescription(
    name="threads",
    title="Threads",
    source="developers.facebook.com/docs/threads/posts, 2026-11-30",
    # Same page, same day: 500 characters. An emoji counts as its UTF-8 bytes according to
    # repliz-docs.pages.dev/tutorial/spesification/threads, same day.
    text=TextLimits(at_most=500, unit="emoji_bytes"),
    # docs.letmepost.dev/platforms/threads and unipost.dev/docs/platforms/threads, read 2026-11-30:
    # 2 to 20 images and videos, JPEG and PNG of 8 MB, videos of 1 GB, alt text of 1000.
    media=MediaLimits(
        images=20,
        alt_text=1000,
        image_bytes=8_000_000,
        types={"image/jpeg", "image/png"},
        videos=20,
        video_bytes=1_000_000_000,
        video_types={"video/mp4", "video/quicktime"},
        mixed=True,
    ),
    # Meta's Postman collection of the Threads API, read 2026-11-30.
    features={"thread", "video", "reply", "quote"},
    # The container's id (creation_id) identifies a publication: same collection.
    create_once=CreateOnce(key="container", conclusive_after=dt.timedelta(minutes=2)),
)

X = NetworkDescription(
    name="x",
    title="X",
    source="docs.x.com/fundamentals/counting-characters and"
    " docs.x.com/x-api/media/quickstart/best-practices, 2026-11-22",
    # docs.x.com/fundamentals/counting-characters and twitter-text config v3, read 2026-11-22:
    # 280 weighted characters of the NFC text; every link counts as 23. Premium accounts may post
    # longer texts.
    text=TextLimits(at_most=280, unit="weighted", url_weight=23),
    # docs.x.com/x-api/media/quickstart/best-practices, read 2026-11-22: 4 images of 5 MB;
    # alt text of 1000 from the OpenAPI description 2.167 (POST /2/media/metadata), same day.
    media=MediaLimits(
        images=4,
        alt_text=1000,
        image_bytes=5_000_000,
        types={"image/jpeg", "image/png", "image/gif", "image/webp"},
        # Same page, read 2026-11-30: one video of 512 MB.
        video_bytes=512_000_000,
        video_types={"video/mp4", "video/webm", "video/quicktime"},
        # Same page, same day: one GIF of 15 MB, instead of images.
        gifs=1,
        gif_bytes=15_000_000,
    ),
    entities={"url", "mention", "hashtag", "cashtag"},
    # POST /2/tweets of the OpenAPI description 2.167, read 2026-11-22 and 2026-11-30.
    poll=PollLimits(options=4, option_length=25, least_minutes=5, most_minutes=10_080),
    features={"poll", "thread", "video", "reply", "quote", "paid_partnership"},
    formats={"message", "post"},
    # docs.x.com/x-api/direct-messages/manage/quickstart, read 2026-11-30.
    message=TextLimits(at_most=10_000, unit="characters"),
    # No key in the OpenAPI description 2.167, read 2026-11-22; sending the same text again is
    # rejected as a duplicate, without the id of the first post.
    create_once=CreateOnce(key="none", conclusive_after=dt.timedelta(minutes=2)),
)

NETWORKS: Mapping[str, NetworkDescription] = MappingProxyType(
    {each.name: each for each in (BLUESKY, FACEBOOK, INSTAGRAM, LINKEDIN, MASTODON, THREADS, X)}
)


def find_network(name: str) -> NetworkDescription | None:
    """
    Return the description of a built-in network or of an installed network, or None.

    An installed network is an entry point in the group ``socialcollab.networks``. The object to
    which it refers must have an attribute ``description``.

    >>> find_network("bluesky").text.at_most
    300

    Raises:
        InvalidValueError: If the package of the network cannot be imported, or if it does not
            contain a description of the network.
    """
    description = NETWORKS.get(name)
    if description is None and name in _entry_points():
        description = _installed(name)
    return description


def network_names() -> tuple[str, ...]:
    """Return the names of all built-in and installed networks."""
    return (*NETWORKS, *sorted(_entry_points()))


def network(name: str | NetworkDescription) -> NetworkDescription:
    """
    Return the description of a built-in or installed network; a description is returned unchanged.

    >>> network("bluesky").text.at_most
    300

    Raises:
        InvalidValueError: If there is no such network; the message suggests the nearest name. Also
            as for `find_network`.
    """
    if isinstance(name, NetworkDescription):
        return name
    description = find_network(name)
    if description is None:
        names = network_names()
        hint = did_you_mean(name, names, otherwise=f"there are {', '.join(names)}")
        raise InvalidValueError(f"there is no network `{name}`; {hint}", value=name, expected=hint)
    return description


@cache
def _entry_points() -> Mapping[str, EntryPoint]:
    """Return the entry points of the networks that are not built in, by name."""
    # Reading the metadata of all packages is slow, and built-in networks do not need it.
    from importlib.metadata import entry_points  # noqa: PLC0415

    # The sandbox is an entry point too, but it publishes to every network and is not one itself.
    return {
        each.name: each
        # If two packages have the same network, the first one on the path wins.
        for each in reversed(tuple(entry_points(group=_GROUP)))
        if each.name not in NETWORKS and not each.value.startswith("socialcollab.")
    }


@cache
def _installed(name: str) -> NetworkDescription:
    """Return the description of an installed network."""
    entry_point = _entry_points()[name]
    expected = "an object with an attribute `description`"
    try:
        loaded = entry_point.load()
    except Exception as error:
        # The import executes the package's code, which can raise any exception.
        raise InvalidValueError(
            f"network `{name}` is installed, but `{entry_point.value}` cannot be imported:"
            f" {type(error).__name__}: {error}",
            value=entry_point.value,
            expected=expected,
        ) from error
    description = getattr(loaded, "description", None)
    if not isinstance(description, NetworkDescription) or description.name != name:
        raise InvalidValueError(
            f"network `{name}` is installed, but `{entry_point.value}` does not describe it",
            value=entry_point.value,
            expected=f"{expected}, which is a NetworkDescription with the name `{name}`",
        )
    return description
