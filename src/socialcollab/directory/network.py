"""What a network takes: lengths, media, mentions, and how safely a send repeats."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id, did_you_mean

LengthUnit = Literal["weighted", "graphemes", "characters", "utf16"]
EntityKind = Literal["url", "mention", "hashtag", "cashtag"]
Feature = Literal["poll", "content_warning", "labels", "scheduling", "edit", "thread", "video"]
Key = Literal["client_key", "client_id", "container", "none"]
_Check = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def _types(values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)


def _kinds(values: Iterable[EntityKind]) -> frozenset[EntityKind]:
    return frozenset(values)


def _features(values: Iterable[Feature]) -> frozenset[Feature]:
    return frozenset(values)


def _at_least(low: int, *, optional: bool = False) -> _Check:
    def check(owner: object, attribute: attrs.Attribute[int], value: int | None) -> None:
        if value is None and optional:
            return
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise InvalidValueError(
                f"{attribute.name} of {type(owner).__name__} is `{value}`, not {low} or more",
                value=value,
                expected=f"a whole number from {low} on",
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
    How long a text may be, and what counts.

    Attributes:
        at_most: The longest text, in *unit*.
        unit: What is counted: "weighted" (the weights of X), "graphemes",
            "characters" (code points) or "utf16" (code units).
        url_weight: What any link counts, whatever its length; None if a link
            counts as it is written.
        at_most_bytes: The longest text in UTF-8 bytes, beside *at_most*.
        hashtags: The most hashtags of one post.
        mentions: The most mentions of one post.
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
    Which media a post may carry.

    Attributes:
        images: The most images of one post.
        required: Whether a post without media is refused.
        alt_text: The longest description of an image, in characters; None if
            the network states none.
        image_bytes: The largest image, in bytes; None if the network states none.
        types: Media types of images that are taken, such as ``image/png``.
    """

    images: int = attrs.field(validator=_at_least(0))
    required: bool = False
    alt_text: int | None = attrs.field(default=None, validator=_at_least(1, optional=True))
    image_bytes: int | None = attrs.field(default=None, validator=_at_least(1, optional=True))
    types: frozenset[str] = attrs.field(default=frozenset(), converter=_types)


@attrs.frozen(kw_only=True)
class CreateOnce:
    """
    What is known about sending the same post twice.

    Attributes:
        key: What makes a repeated send harmless: "client_key" (a key that the
            sender chooses and the server remembers for *kept*), "client_id"
            (the sender chooses the new post's own id), "container" (sending
            is a second step on something made before), or "none".
        kept: How long the server remembers the key.
        honoured: Whether every server of the network honours the key. If not,
            a repeat is safe only where the server is known to.
        finds: Whether one's own posts can be read back, to see if one is there.
        conclusive_after: How long after the sender's last possible moment a
            reading that finds nothing proves that nothing was made.

    Source:
        No network states the last one; it is a careful allowance for the lag
        between a write and the reading that shows it.
    """

    key: Key = attrs.field(validator=_one_of(get_args(Key)))
    kept: dt.timedelta | None = None
    honoured: bool = True
    finds: bool = True
    conclusive_after: dt.timedelta = dt.timedelta(minutes=2)

    def __attrs_post_init__(self) -> None:
        if self.conclusive_after < dt.timedelta(0):
            raise InvalidValueError(
                f"conclusive_after is `{self.conclusive_after}`, which lies in the past",
                value=self.conclusive_after,
                expected="zero or more",
            )


@attrs.frozen(kw_only=True)
class NetworkDescription:
    """
    What a network takes, as plain facts.

    Servers and accounts differ: `with_limits` makes the description of one.

    Attributes:
        name: Its identifier, such as "x".
        title: What people call it.
        text: Limits of the text.
        media: Limits of the media.
        link: Where a link goes: "text" if it is part of the text, "field" if
            the post carries it separately, "none" if links are not active.
        entities: What the network makes active in a text.
        features: What else a post may carry.
        create_once: What is known about sending twice.
    """

    name: str = attrs.field()
    title: str = attrs.field()
    text: TextLimits
    media: MediaLimits
    link: Literal["text", "field", "none"] = attrs.field(
        default="text", validator=_one_of(("text", "field", "none"))
    )
    entities: frozenset[EntityKind] = attrs.field(
        default=frozenset({"url", "mention", "hashtag"}),
        converter=_kinds,
        validator=_one_of(get_args(EntityKind)),
    )
    features: frozenset[Feature] = attrs.field(
        default=frozenset(), converter=_features, validator=_one_of(get_args(Feature))
    )
    create_once: CreateOnce = CreateOnce(key="none")

    @name.validator
    def _check_name(self, _: attrs.Attribute[str], value: str) -> None:
        check_id("network", value)

    @title.validator
    def _check_title(self, _: attrs.Attribute[str], value: str) -> None:
        if not value.strip():
            raise InvalidValueError(
                f"network `{self.name}` has no title", value=value, expected="a title"
            )

    def with_limits(
        self,
        *,
        text: int | None = None,
        url_weight: int | None = None,
        images: int | None = None,
        alt_text: int | None = None,
        image_bytes: int | None = None,
    ) -> NetworkDescription:
        """
        Return the description of one account or server, with other numbers.

        >>> from socialcollab.directory.networks import network
        >>> network("mastodon").with_limits(text=5000).text.at_most
        5000

        Args:
            text: The longest text, in the network's own unit.
            url_weight: What a link counts.
            images: The most images of one post.
            alt_text: The longest description of an image.
            image_bytes: The largest image.

        Raises:
            InvalidValueError: If a number is too small to be a limit.
        """
        old, media = self.text, self.media
        return attrs.evolve(
            self,
            text=attrs.evolve(
                old,
                at_most=old.at_most if text is None else text,
                url_weight=old.url_weight if url_weight is None else url_weight,
            ),
            media=attrs.evolve(
                media,
                images=media.images if images is None else images,
                alt_text=media.alt_text if alt_text is None else alt_text,
                image_bytes=media.image_bytes if image_bytes is None else image_bytes,
            ),
        )
