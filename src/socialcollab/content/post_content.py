"""A post's content, and the digests of its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, get_args

import attrs

from socialcollab.content.canonical import Json, salted_digest
from socialcollab.content.media import Attachment, Image, Video
from socialcollab.directory import PostFormat, Visibility
from socialcollab.document_fields import as_items, as_words
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import ProfileId
from socialcollab.time import WallTime

PUBLISHED_FIELDS: Final = (
    "text",
    "thread",
    "variants",
    "media",
    "alt",
    "links",
    "targets",
    "language",
    "labels",
    "poll",
    "format",
    "first_comment",
    "reply_to",
    "quote_of",
    "card",
    "visibility",
    "paid_partnership",
)
"""The fields that are published on the network. A decision always covers all of them."""

CONTEXT_FIELDS: Final = ("time", "campaign", "tags")
"""The fields that are not published. A decision covers such a field only if the policy lists it."""

ALL_FIELDS: Final = PUBLISHED_FIELDS + CONTEXT_FIELDS


def normalised(text: str) -> str:
    r"""
    Return *text* with all line endings converted to line feeds. Browsers send CR LF.

    >>> normalised("one\r\ntwo\rthree")
    'one\ntwo\nthree'
    """
    if not isinstance(text, str):
        # The value may come from untyped data; `check_command` rejects values of other types.
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _as_thread(texts: Iterable[str]) -> tuple[str, ...]:
    thread = tuple(normalised(text) for text in as_words(texts))
    for number, text in enumerate(thread, start=2):
        if not text.strip():
            raise InvalidValueError(
                f"text {number} of the thread is empty", value=text, expected="a text"
            )
    return thread


def _as_media(values: Iterable[Attachment]) -> tuple[Attachment, ...]:
    return as_items(values, "images and videos")


def _as_own_media(values: Iterable[Attachment] | None) -> tuple[Attachment, ...] | None:
    return None if values is None else _as_media(values)


def _as_own_text(text: str | None) -> str | None:
    return None if text is None else normalised(text)


@attrs.frozen
class Variant:
    """
    What differs on one profile.

    Attributes:
        profile: The profile.
        text: The text, which replaces the post's text and thread; None if they do not differ.
        thread: The remaining texts of the thread, after *text*.
        media: The images and videos, which replace those of the post; None if they do not differ.
        format: The format; None if it does not differ.
        paid_partnership: Whether the post is disclosed as a paid partnership; None if this does not
            differ.

    Raises:
        InvalidValueError: If there is a thread without a text.
    """

    profile: ProfileId
    text: str | None = attrs.field(default=None, converter=_as_own_text)
    thread: tuple[str, ...] = attrs.field(default=(), converter=_as_thread)
    media: tuple[Attachment, ...] | None = attrs.field(
        default=None, kw_only=True, converter=_as_own_media
    )
    format: PostFormat | None = attrs.field(default=None, kw_only=True)
    paid_partnership: bool | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.thread and self.text is None:
            raise InvalidValueError(
                f"the variant for `{self.profile}` has a thread, but not its first text",
                value=self.thread,
                expected="a text",
            )
        if self.format is not None:
            _check_choice("format", self.format, get_args(PostFormat))


VariantsLike: TypeAlias = Mapping[str, str | Sequence[str]] | Iterable[Variant]
"""Variants; or a table of texts, or of lists of texts, by profile."""


@attrs.frozen(kw_only=True)
class LinkCard:
    """
    A card that shows a link with a title, a description and an image.

    Networks that make the card themselves use only the address.

    Attributes:
        url: The address of the link.
        title: The title.
        description: The description; may be empty.
        image: The image, or None.
    """

    url: str
    title: str
    description: str = ""
    image: Image | None = None

    def __attrs_post_init__(self) -> None:
        # The values may come from untyped data, such as JSON.
        texts: list[Any] = [self.url, self.title]
        if not all(isinstance(text, str) and text.strip() for text in texts):
            raise InvalidValueError(
                f"a link card needs an address and a title, but has `{self.url}` and `{self.title}`",
                value=self.url,
                expected='LinkCard(url="https://...", title="...")',
            )


@attrs.frozen(kw_only=True)
class Poll:
    """
    A poll that is published with a post.

    Attributes:
        options: The options to choose from, at least two.
        minutes: How long the poll is open, in minutes.
        multiple: Whether a reader may choose several options.
    """

    options: tuple[str, ...] = attrs.field(converter=as_words)
    minutes: int = 1440
    multiple: bool = False

    def __attrs_post_init__(self) -> None:
        if len(self.options) < 2 or not all(option.strip() for option in self.options):
            shown = ", ".join(f"`{option}`" for option in self.options) or "none"
            raise InvalidValueError(
                "a poll needs at least two options, and no option may be empty; the options are"
                f" {shown}",
                value=self.options,
                expected="two or more options",
            )
        minutes: object = self.minutes
        if not isinstance(minutes, int) or isinstance(minutes, bool) or minutes < 1:
            raise InvalidValueError(
                f"a poll is open for `{minutes}` minutes, which is not a whole number, 1 or more",
                value=minutes,
                expected="a whole number, 1 or more",
            )


def _unique_sorted(values: str | Iterable[str]) -> tuple[str, ...]:
    # A plain string is one tag. Iterating over it would yield a tag for each letter.
    return tuple(sorted(set(as_words(values))))


def _as_targets(values: str | Iterable[str]) -> tuple[ProfileId, ...]:
    return tuple(ProfileId(value) for value in _unique_sorted(values))


def _as_variants(values: VariantsLike) -> tuple[Variant, ...]:
    if isinstance(values, Mapping):
        values = [_as_variant(profile, values[profile]) for profile in as_words(values)]
    variants = as_items(values, "variants")
    for variant in variants:
        if not isinstance(variant, Variant):
            raise InvalidValueError(
                f"`{variant!r}` is not a variant; write `Variant('tulip-x', 'the text')`",
                value=variant,
                expected="a `Variant`, or a table of texts by profile",
            )
    return tuple(sorted(variants, key=lambda variant: variant.profile))


def _as_variant(profile: str, texts: str | Sequence[str]) -> Variant:
    if isinstance(texts, (list, tuple)) and texts:
        return Variant(ProfileId(profile), texts[0], texts[1:])
    # Values of other types are rejected when the command is checked.
    text: Any = texts
    return Variant(ProfileId(profile), text)


def _as_times(
    values: Mapping[str, WallTime] | Iterable[tuple[str, WallTime]],
) -> tuple[tuple[ProfileId, WallTime], ...]:
    # The values may come from untyped data, such as JSON.
    given: Any = values.items() if isinstance(values, Mapping) else values
    pairs: tuple[Any, ...] = as_items(given, "times")
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise InvalidValueError(
                f"`{pair!r}` is not a pair of a profile and a time",
                value=pair,
                expected="a table of times by profile",
            )
    return tuple(
        sorted(((ProfileId(profile), at) for profile, at in pairs), key=lambda pair: pair[0])
    )


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidValueError(
            f"the {name} is `{value}`, not one of {', '.join(choices)}",
            value=value,
            expected=" or ".join(choices),
        )


@attrs.frozen(kw_only=True)
class PostContent:
    """
    The content of one revision of a post.

    Attributes:
        text: The text for all profiles without a variant.
        thread: The remaining texts of the thread, after *text*, each in reply to the previous one.
        variants: What differs on individual profiles.
        media: The images and videos, in order.
        links: The links that are published with the text.
        targets: The profiles that the post will be published on, sorted.
        language: The language, or an empty string.
        labels: Content warnings and similar labels, sorted.
        poll: A poll, or None.
        planned_at: The planned time, or None if it is not planned yet.
        times: Different planned times for individual profiles.
        campaign: The campaign, or an empty string.
        tags: The tags, sorted.
        format: Where the post appears: in the feed ("post"), as a reel or as a story.
        first_comment: A text that is published as the first comment on the post, or an empty
            string.
        reply_to: The address or network id of the post or comment that the post replies to, or an
            empty string.
        quote_of: The address or network id of the post that the post quotes, or an empty string.
        card: A link card, or None.
        visibility: Who can see the post. "unlisted" posts are public, but not listed in public
            timelines; "direct" posts are visible to the accounts that they mention.
        paid_partnership: Whether the post is disclosed as a paid partnership.

    Raises:
        InvalidValueError: If a profile has two variants or two times, if a variant or time is for a
            profile that is not a target, if a text of the thread is empty, if a post that replies
            to or quotes another post has several targets, or if a format or visibility does not
            exist.
    """

    text: str = attrs.field(converter=normalised)
    thread: tuple[str, ...] = attrs.field(default=(), converter=_as_thread)
    variants: tuple[Variant, ...] = attrs.field(default=(), converter=_as_variants)
    media: tuple[Attachment, ...] = attrs.field(default=(), converter=_as_media)
    links: tuple[str, ...] = attrs.field(default=(), converter=as_words)
    targets: tuple[ProfileId, ...] = attrs.field(default=(), converter=_as_targets)
    language: str = ""
    labels: tuple[str, ...] = attrs.field(default=(), converter=_unique_sorted)
    poll: Poll | None = None
    planned_at: WallTime | None = None
    times: tuple[tuple[ProfileId, WallTime], ...] = attrs.field(default=(), converter=_as_times)
    campaign: str = ""
    tags: tuple[str, ...] = attrs.field(default=(), converter=_unique_sorted)
    format: PostFormat = "post"
    first_comment: str = attrs.field(default="", converter=normalised)
    reply_to: str = ""
    quote_of: str = ""
    card: LinkCard | None = None
    visibility: Visibility = "public"
    paid_partnership: bool = False

    def __attrs_post_init__(self) -> None:
        _check_choice("format", self.format, get_args(PostFormat))
        _check_choice("visibility", self.visibility, get_args(Visibility))
        if len(self.targets) > 1 and (self.reply_to or self.quote_of):
            what = "replies to" if self.reply_to else "quotes"
            raise InvalidValueError(
                f"the post {what} a post of one network, but has {len(self.targets)} profiles; draft a"
                " post for each profile",
                value=self.targets,
                expected="a post of its own for each profile",
            )
        for name, profiles in (
            ("variant", [variant.profile for variant in self.variants]),
            ("time", [profile for profile, _ in self.times]),
        ):
            for profile in profiles:
                if profile not in self.targets:
                    raise InvalidValueError(
                        f"there is a {name} for `{profile}`, which is not a target of the post",
                        value=profile,
                        expected=" or ".join(self.targets) or "a target",
                    )
            if len(set(profiles)) != len(profiles):
                raise InvalidValueError(f"there are two {name}s for one profile", value=profiles)

    def _variant(self, profile: str) -> Variant | None:
        return next((one for one in self.variants if one.profile == profile), None)

    def text_for(self, profile: str) -> str:
        """Return the text for *profile*, which is the first text of a thread."""
        return self.texts_for(profile)[0]

    def texts_for(self, profile: str) -> tuple[str, ...]:
        """Return the text for *profile*, followed by the remaining texts of its thread."""
        variant = self._variant(profile)
        if variant is None or variant.text is None:
            return (self.text, *self.thread)
        return (variant.text, *variant.thread)

    def media_for(self, profile: str) -> tuple[Attachment, ...]:
        """Return the images and videos for *profile*, in order."""
        variant = self._variant(profile)
        return self.media if variant is None or variant.media is None else variant.media

    def format_for(self, profile: str) -> PostFormat:
        """Return the format for *profile*."""
        variant = self._variant(profile)
        return (variant and variant.format) or self.format

    def is_paid_partnership(self, profile: str) -> bool:
        """Return whether the post is disclosed as a paid partnership on *profile*."""
        variant = self._variant(profile)
        own = None if variant is None else variant.paid_partnership
        return self.paid_partnership if own is None else own

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts of the post: its text, thread, variants, first comment and link card."""
        own = (
            text
            for variant in self.variants
            if variant.text is not None
            for text in (variant.text, *variant.thread)
        )
        card = () if self.card is None else (self.card.title, self.card.description)
        others = (text for text in (self.first_comment, *card) if text)
        return (self.text, *self.thread, *own, *others)

    @property
    def all_media(self) -> tuple[Attachment, ...]:
        """All images and videos of the post: its media, those of variants, covers, and the card's."""
        media = [*self.media, *(one for variant in self.variants for one in variant.media or ())]
        covers = [one.cover for one in media if isinstance(one, Video) and one.cover is not None]
        card = [] if self.card is None or self.card.image is None else [self.card.image]
        return (*media, *covers, *card)

    def time_for(self, profile: str) -> WallTime | None:
        """Return the planned time for *profile*, or None if it is not planned yet."""
        for target, at in self.times:
            if target == profile:
                return at
        return self.planned_at


def field_values(content: PostContent) -> dict[str, Json]:
    """Return the value of each field as JSON, by its name in `ALL_FIELDS`."""
    card, poll = content.card, content.poll
    return {
        "text": content.text,
        "thread": list(content.thread),
        "variants": [
            [
                variant.profile,
                variant.text,
                list(variant.thread),
                None if variant.media is None else [_described(one) for one in variant.media],
                variant.format,
                variant.paid_partnership,
            ]
            for variant in content.variants
        ],
        "media": [_media_value(one) for one in content.media],
        "alt": [one.alt for one in content.media],
        "links": list(content.links),
        "targets": list(content.targets),
        "language": content.language,
        "labels": list(content.labels),
        "poll": None if poll is None else [list(poll.options), poll.minutes, poll.multiple],
        "format": content.format,
        "first_comment": content.first_comment,
        "reply_to": content.reply_to,
        "quote_of": content.quote_of,
        "card": None
        if card is None
        else [
            card.url,
            card.title,
            card.description,
            None if card.image is None else _described(card.image),
        ],
        "visibility": content.visibility,
        "paid_partnership": content.paid_partnership,
        "time": [
            None if content.planned_at is None else _time_value(content.planned_at),
            [[profile, _time_value(at)] for profile, at in content.times],
        ],
        "campaign": content.campaign,
        "tags": list(content.tags),
    }


def _media_value(one: Attachment) -> list[Json]:
    value: list[Json] = [one.digest, one.media_type, one.size_bytes, one.name]
    if isinstance(one, Video) and one.cover is not None:
        value.append(_described(one.cover))
    if isinstance(one, Image) and one.focus is not None:
        value.append(",".join(map(str, one.focus)))
    return value


def _described(one: Attachment) -> list[Json]:
    return [*_media_value(one), one.alt]


def _time_value(at: WallTime) -> Json:
    return [at.local.isoformat(), at.zone, at.skipped, at.repeated]


def field_digests(
    content: PostContent,
    salt: bytes,
    *,
    known: tuple[PostContent, Mapping[str, str]] | None = None,
) -> dict[str, str]:
    """
    Return a salted digest of each field. The digests are the same on every platform.

    >>> digests = field_digests(PostContent(text="hello"), bytes(16))
    >>> sorted(digests) == sorted(ALL_FIELDS)
    True

    Args:
        content: The post's content.
        salt: The post's salt.
        known: Other content with its digests under the same salt. Digests of equal fields are
            reused instead of being computed again.
    """
    values = field_values(content)
    if known is None:
        return {name: salted_digest(salt, value) for name, value in values.items()}
    before, digests = field_values(known[0]), known[1]
    return {
        name: digests[name]
        if name in digests and before[name] == value
        else salted_digest(salt, value)
        for name, value in values.items()
    }


def revision_digest(fields: Mapping[str, str], salt: bytes) -> str:
    """Return the digest of a revision, computed from the digests of its fields."""
    return salted_digest(salt, dict(fields))


def changed_fields(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """
    Return the names of the fields whose digests differ, in the order of `ALL_FIELDS`.

    >>> changed_fields({"text": "a", "tags": "b"}, {"text": "c", "tags": "b"})
    ('text',)
    """
    return tuple(name for name in ALL_FIELDS if before.get(name) != after.get(name))
