"""Network descriptions: limits of text and media, features, and the handling of repeated sends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id, did_you_mean

LengthUnit = Literal["weighted", "graphemes", "characters", "emoji_bytes", "utf16"]
EntityKind = Literal["url", "mention", "hashtag", "cashtag"]
Feature = Literal[
    "poll",
    "content_warning",
    "labels",
    "scheduling",
    "edit",
    "thread",
    "video",
    "cover",
    "first_comment",
    "reply",
    "quote",
    "card",
    "paid_partnership",
]
PostFormat = Literal["message", "post", "reel", "story"]
Visibility = Literal["public", "unlisted", "followers", "direct"]
Key = Literal["client_key", "client_id", "container", "none"]
_Check = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def _types(values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)


def _kinds(values: Iterable[EntityKind]) -> frozenset[EntityKind]:
    return frozenset(values)


def _formats(values: Iterable[PostFormat]) -> frozenset[PostFormat]:
    return frozenset(values)


def _visibilities(values: Iterable[Visibility]) -> frozenset[Visibility]:
    return frozenset(values)


def _features(values: Iterable[Feature]) -> frozenset[Feature]:
    return frozenset(values)


def _at_least(low: int, *, optional: bool = False) -> _Check:
    def check(owner: object, attribute: attrs.Attribute[int], value: int | None) -> None:
        if value is None and optional:
            return
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise InvalidValueError(
                f"{attribute.name} of {type(owner).__name__} is `{value}`, but must be {low} or more",
                value=value,
                expected=f"a whole number, {low} or more",
            )

    return check


def _one_of(words: tuple[str, ...]) -> _Check:
    def check(owner: object, attribute: attrs.Attribute[str], value: str | frozenset[str]) -> None:
        for word in sorted({value} if isinstance(value, str) else value):
            if word not in words:
                hint = did_you_mean(word, words, before="; ")
                raise InvalidValueError(
                    f"{attribute.name} of {type(owner).__name__} is `{word}`,"
                    f" not one of {', '.join(words)}{hint}",
                    value=word,
                    expected=" or ".join(words),
                )

    return check


@attrs.frozen(kw_only=True)
class TextLimits:
    """
    The limits that apply to a text, and the way in which its length is counted.

    Attributes:
        at_most: The maximum length, in *unit*.
        unit: The unit of *at_most*: "weighted" (the weights of X), "graphemes",
            "characters" (code points), "emoji_bytes" (code points, but an emoji counts as its UTF-8
            bytes) or "utf16" (code units).
        url_weight: The length that every link counts as, or None if links count with their actual
            length.
        at_most_bytes: The maximum size in UTF-8 bytes, in addition to *at_most*.
        hashtags: The maximum number of hashtags in a post.
        mentions: The maximum number of mentions in a post.
        short_mentions: Whether ``@user@host`` counts as ``@user``.
    """

    at_most: int = attrs.field(validator=_at_least(1))
    unit: LengthUnit = attrs.field(validator=_one_of(get_args(LengthUnit)))
    url_weight: int | None = attrs.field(default=None, validator=_at_least(0, optional=True))
    at_most_bytes: int | None = attrs.field(default=None, validator=_at_least(1, optional=True))
    hashtags: int | None = attrs.field(default=None, validator=_at_least(0, optional=True))
    mentions: int | None = attrs.field(default=None, validator=_at_least(0, optional=True))
    short_mentions: bool = False


@attrs.frozen(kw_only=True)
class MediaLimits:
    """
    The limits of the media in a post.

    Attributes:
        images: The maximum number of images in a post.
        required: Whether the network rejects posts without media.
        alt_text: The maximum length of an image description in characters, or None if the network
            states no limit.
        image_bytes: The maximum size of an image, or None if the network states no limit.
        types: The media types of images that the network accepts, such as ``image/png``; empty if
            it accepts all types.
        videos: The maximum number of videos in a post.
        video_bytes: The maximum size of a video, or None if the network states no limit.
        video_types: The media types of videos that the network accepts; empty if it accepts all
            types.
        mixed: Whether a post can have images and videos.
        gifs: The maximum number of animated images (GIF files) in a post, which then has no other
            media; None if they count as images.
        gif_bytes: The maximum size of a GIF file, if it differs from *image_bytes*.
        in_replies: The maximum number of images in a reply, which then has no videos; None if
            replies have the same media as other posts.
    """

    images: int = attrs.field(validator=_at_least(0))
    required: bool = False
    alt_text: int | None = attrs.field(default=None, validator=_at_least(1, optional=True))
    image_bytes: int | None = attrs.field(default=None, validator=_at_least(1, optional=True))
    types: frozenset[str] = attrs.field(default=frozenset(), converter=_types)
    videos: int = attrs.field(default=1, validator=_at_least(0))
    video_bytes: int | None = attrs.field(default=None, validator=_at_least(1, optional=True))
    video_types: frozenset[str] = attrs.field(default=frozenset(), converter=_types)
    mixed: bool = False
    gifs: int | None = attrs.field(default=None, validator=_at_least(1, optional=True))
    gif_bytes: int | None = attrs.field(default=None, validator=_at_least(1, optional=True))
    in_replies: int | None = attrs.field(default=None, validator=_at_least(0, optional=True))


@attrs.frozen(kw_only=True)
class PollLimits:
    """
    The limits of polls.

    Attributes:
        options: The maximum number of options.
        option_length: The maximum length of an option in characters.
        least_minutes: The shortest time that a poll can be open, in minutes.
        most_minutes: The longest time that a poll can be open, in minutes.
        multiple: Whether readers can be allowed to choose several options.
    """

    options: int = attrs.field(validator=_at_least(2))
    option_length: int = attrs.field(validator=_at_least(1))
    least_minutes: int = attrs.field(validator=_at_least(1))
    most_minutes: int = attrs.field(validator=_at_least(1))
    multiple: bool = False


@attrs.frozen(kw_only=True)
class CreateOnce:
    """
    The way in which a network handles a post that is sent twice.

    Attributes:
        key: The mechanism that makes a repeated send harmless: "client_key"
            (the sender chooses a key, which the server remembers for *kept*),
            "client_id" (the sender chooses the id of the new post), "container"
            (publishing is the second step, for a container created in the first), or "none".
        kept: How long the server remembers the key.
        honoured: Whether every server of the network honours the key. If not, repeating a send is
            safe only on servers that are known to honour it.
        finds: Whether the account's own posts can be listed in order to search for a post.
        conclusive_after: How long to wait after the latest instant at which a send can have reached
            the network. From then on, an unsuccessful search proves that no post was created.

    Source:
        No network documents *conclusive_after*. It is a cautious estimate of the delay between a
        write and the first read that includes it.
    """

    key: Key = attrs.field(validator=_one_of(get_args(Key)))
    kept: dt.timedelta | None = None
    honoured: bool = True
    finds: bool = True
    conclusive_after: dt.timedelta = dt.timedelta(minutes=2)

    def __attrs_post_init__(self) -> None:
        if self.conclusive_after < dt.timedelta(0):
            raise InvalidValueError(
                f"conclusive_after is `{self.conclusive_after}`, which is negative",
                value=self.conclusive_after,
                expected="zero or more",
            )


@attrs.frozen(kw_only=True)
class NetworkDescription:
    """
    A description of a network's limits and features.

    Individual servers and accounts may have other limits, which `with_limits` can set.

    Attributes:
        name: The identifier, such as "x".
        title: The name to display.
        text: The limits of the text.
        media: The limits of the media.
        poll: The limits of polls, or None if they are unknown or there are no polls.
        link: Where a link is placed: "text" if it is part of the text, "field" if the post has a
            separate field for it, "none" if readers cannot follow links.
        entities: The kinds of entities that the network turns into links in a text.
        source: The page that states the limits, and when it was read.
        features: The features that the network offers.
        formats: The formats in which a post can appear. A ``message`` is a direct message to one
            account or conversation.
        message: The limits of the text of a direct message, or None if they are those of *text*.
        visibilities: The visibilities that a post can have.
        create_once: The way in which the network handles a post that is sent twice.
    """

    name: str = attrs.field()
    title: str = attrs.field()
    text: TextLimits
    media: MediaLimits
    poll: PollLimits | None = None
    link: Literal["text", "field", "none"] = attrs.field(
        default="text", validator=_one_of(("text", "field", "none"))
    )
    entities: frozenset[EntityKind] = attrs.field(
        default=frozenset({"url", "mention", "hashtag"}),
        converter=_kinds,
        validator=_one_of(get_args(EntityKind)),
    )
    source: str = ""
    features: frozenset[Feature] = attrs.field(
        default=frozenset(), converter=_features, validator=_one_of(get_args(Feature))
    )
    formats: frozenset[PostFormat] = attrs.field(
        default=frozenset({"post"}), converter=_formats, validator=_one_of(get_args(PostFormat))
    )
    visibilities: frozenset[Visibility] = attrs.field(
        default=frozenset({"public"}),
        converter=_visibilities,
        validator=_one_of(get_args(Visibility)),
    )
    message: TextLimits | None = None
    create_once: CreateOnce = CreateOnce(key="none")

    @name.validator
    def _check_name(self, _: attrs.Attribute[str], value: str) -> None:
        check_id("network", value)

    @title.validator
    def _check_title(self, _: attrs.Attribute[str], value: str) -> None:
        if not value.strip():
            raise InvalidValueError(
                f"network `{self.name}` has an empty title", value=value, expected="a title"
            )

    def with_limits(
        self,
        *,
        text: int | None = None,
        url_weight: int | None = None,
        images: int | None = None,
        alt_text: int | None = None,
        image_bytes: int | None = None,
        video_bytes: int | None = None,
    ) -> NetworkDescription:
        """
        Return a description with other limits, such as the limits of one server or account.

        >>> from socialcollab.directory import network
        >>> network("mastodon").with_limits(text=5000).text.at_most
        5000

        Args:
            text: The maximum length of the text, in the network's unit.
            url_weight: The length that every link counts as.
            images: The maximum number of images in a post.
            alt_text: The maximum length of an image description.
            image_bytes: The maximum size of an image.
            video_bytes: The maximum size of a video.

        Raises:
            InvalidValueError: If a limit is too small.
        """
        text_limits = {"at_most": text, "url_weight": url_weight}
        media_limits = {
            "images": images,
            "alt_text": alt_text,
            "image_bytes": image_bytes,
            "video_bytes": video_bytes,
        }
        return attrs.evolve(
            self,
            text=attrs.evolve(self.text, **_given(text_limits)),
            media=attrs.evolve(self.media, **_given(media_limits)),
        )


def _given(limits: dict[str, int | None]) -> dict[str, Any]:
    return {name: limit for name, limit in limits.items() if limit is not None}
