"""Check a post against the limits of its target networks before it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

import attrs

from socialcollab.content.finding import Finding
from socialcollab.content.media import Attachment, Image, Video
from socialcollab.content.post_content import LinkCard, Poll, PostContent
from socialcollab.directory import (
    NetworkDescription,
    PostFormat,
    Profile,
    Visibility,
    find_network,
)
from socialcollab.text import (
    entities,
    is_blank,
    is_web_address,
    measure,
    post_id,
    text_with_links,
)

_GIF: Final = "image/gif"
# What `post_id` accepts, for the message about an address that it does not accept.
_POST_EXAMPLES: Final = {
    "bluesky": "https://bsky.app/profile/tulip.example/post/3mivb25j5k227",
    "facebook": "104030201000001_122030405060001",
    "instagram": "17900000000000001",
    "mastodon": "https://mastodon.example/@tulip/114300000000000001",
    "x": "https://x.com/tulipair/status/1900000000000000001",
}
# RFC 5646, without the rare private tags.
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,6}", re.ASCII | re.IGNORECASE)
_SHOWN: Final = 40


def limit_findings(
    content: PostContent,
    profiles: Iterable[Profile],
    *,
    descriptions: Mapping[str, NetworkDescription] | None = None,
) -> tuple[Finding, ...]:
    """
    Return a finding for each exceeded limit that would certainly cause a network to reject a post.

    The severity is "error", and the findings cannot be waived.

    Args:
        content: The post's content.
        profiles: The targets to check.
        descriptions: Descriptions by profile id or network name, for servers and accounts with
            different limits. Profiles on networks that are neither described here nor built in
            nor installed are not checked.
    """
    own = descriptions or {}
    found: list[Finding] = []
    for profile in profiles:
        description = (
            own.get(profile.id) or own.get(profile.network) or find_network(profile.network)
        )
        if description is not None:
            text, *thread = content.texts_for(profile.id)
            media = content.media_for(profile.id)
            links = links_to_send(description, content.links, content.card, media)
            found += exceeded_limits(
                description,
                text=text_with_links(description, text, links),
                thread=thread,
                media=media,
                links=links,
                card=content.card,
                labels=content.labels,
                language=content.language,
                poll=content.poll,
                format=content.format_for(profile.id),
                first_comment=content.first_comment,
                reply_to=content.reply_to,
                quote_of=content.quote_of,
                visibility=content.visibility,
                paid_partnership=content.is_paid_partnership(profile.id),
                profile=profile.id,
            )
    return tuple(found)


def links_to_send(
    description: NetworkDescription,
    links: Sequence[str],
    card: LinkCard | None,
    media: Sequence[Attachment],
) -> tuple[str, ...]:
    """
    Return the links of a post, including the link of its card unless the network shows the card.

    Networks that make the cards themselves make them from links. Networks with link cards show
    either a card or media.
    """
    if card is None or ("card" in description.features and not media):
        return tuple(links)
    return (card.url, *(link for link in links if link != card.url))


def exceeded_limits(
    description: NetworkDescription,
    *,
    text: str,
    thread: Sequence[str] = (),
    media: Sequence[Attachment] = (),
    links: Sequence[str] = (),
    card: LinkCard | None = None,
    labels: Sequence[str] = (),
    language: str = "",
    poll: Poll | None = None,
    format: PostFormat = "post",
    first_comment: str = "",
    reply_to: str = "",
    quote_of: str = "",
    visibility: Visibility = "public",
    paid_partnership: bool = False,
    profile: str = "",
) -> tuple[Finding, ...]:
    """
    Return a finding for each limit of a network that a post exceeds.

    >>> from socialcollab.directory import network
    >>> [finding.message for finding in exceeded_limits(network("instagram"), text="De lente is er")]
    ['Instagram does not accept a post without an image or a video']

    Args:
        description: The limits and features of the network.
        text: The complete text, as it would be sent.
        thread: The remaining texts of the thread, after *text*.
        media: The images and videos, in order.
        links: The links.
        card: A link card, or None.
        labels: Content warnings and other labels.
        language: The language, or an empty string.
        poll: A poll, or None.
        format: Where the post appears.
        first_comment: The first comment on the post, or an empty string.
        reply_to: The address or id of the post to reply to, or an empty string.
        quote_of: The address or id of the post to quote, or an empty string.
        visibility: Who can see the post.
        paid_partnership: Whether the post is disclosed as a paid partnership.
        profile: The profile that the findings are about.
    """
    if format == "message":
        checked = _direct_message(
            description,
            text,
            reply_to,
            thread=thread,
            media=media,
            labels=labels,
            poll=poll,
            first_comment=first_comment,
            quote_of=quote_of,
        )
        return _findings(
            description, profile, (*checked, *_links(links, card), *_language(language))
        )
    has_link = bool(links) and description.link == "field"
    has_more = bool(media) or poll is not None or card is not None or has_link
    found = (
        *_text(description, text, labels, empty=not has_more),
        *_thread(description, thread, labels),
        *_first_comment(description, first_comment, labels),
        *_media(description, media, is_reply=bool(reply_to)),
        *_format(description, format, media, is_reply=bool(reply_to)),
        *_story(description, format, text, links, first_comment),
        *_links(links, card),
        *_references(description, reply_to, quote_of),
        *_poll(description, poll, media),
        *_language(language),
        *_extras(description, labels, visibility, paid_partnership=paid_partnership),
    )
    return _findings(description, profile, found)


_Found = tuple[str, str, dict[str, object]]


def _findings(
    description: NetworkDescription, profile: str, found: Iterable[_Found]
) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code=code,
            severity="error",
            params={
                "network": description.title,
                "source": description.source or "-",
                **params,
            },
            field=field,
            profile=profile,
        )
        for code, field, params in found
    )


def _direct_message(
    description: NetworkDescription, text: str, reply_to: str, **others: object
) -> Iterator[_Found]:
    """Check a direct message, which consists of a text to one conversation."""
    if "message" not in description.formats:
        yield "limit.format.message", "format", {}
        return
    if not reply_to:
        yield "limit.recipient", "reply_to", {}
    if is_blank(text):
        yield "limit.empty", "text", {}
    limits = description.message or attrs.evolve(description.text, hashtags=None, mentions=None)
    yield from _length(attrs.evolve(description, text=limits), text, ())
    for field, value in others.items():
        if value:
            yield "limit.text_only", field, {"field": field}


def _text(
    description: NetworkDescription, text: str, labels: Sequence[str], *, empty: bool
) -> Iterator[_Found]:
    if empty and is_blank(text):
        yield "limit.empty", "text", {}
    yield from _length(description, text, labels)


def _thread(
    description: NetworkDescription, thread: Sequence[str], labels: Sequence[str]
) -> Iterator[_Found]:
    if thread and "thread" not in description.features:
        yield "limit.thread", "thread", {"count": len(thread) + 1}
        return
    for number, text in enumerate(thread, start=2):
        if is_blank(text):
            yield "limit.empty.thread", f"thread.{number}", {"number": number}
        for code, _, params in _length(description, text, labels):
            yield f"{code}.thread", f"thread.{number}", {**params, "number": number}


def _first_comment(
    description: NetworkDescription, comment: str, labels: Sequence[str]
) -> Iterator[_Found]:
    if not comment:
        return
    # Where there are no comments, the first comment is a reply.
    if not description.features & {"first_comment", "thread"}:
        yield "limit.first_comment", "first_comment", {}
    elif is_blank(comment):
        yield "limit.empty.first_comment", "first_comment", {}
    for code, _, params in _length(description, comment, labels):
        yield f"{code}.first_comment", "first_comment", params


def _length(description: NetworkDescription, text: str, labels: Sequence[str]) -> Iterator[_Found]:
    limits = description.text
    warning = ", ".join(labels) if "content_warning" in description.features else ""
    length = measure(description, text, warning=warning)
    if length.over:
        yield "limit.text", "text", {"length": length.value, "limit": length.limit}
    elif not length.fits:
        yield (
            "limit.text_bytes",
            "text",
            {"length": length.size_bytes, "limit": length.limit_bytes},
        )
    for code, kind, most in (
        ("limit.hashtags", "hashtag", limits.hashtags),
        ("limit.mentions", "mention", limits.mentions),
    ):
        if most is not None:
            count = sum(entity.kind == kind for entity in entities(description, text))
            if count > most:
                yield code, "text", {"count": count, "limit": most}


def _media(
    description: NetworkDescription, media: Sequence[Attachment], *, is_reply: bool
) -> Iterator[_Found]:
    limits = description.media
    images = [one for one in media if isinstance(one, Image)]
    videos = [one for one in media if isinstance(one, Video)]
    if is_reply and limits.in_replies is not None:
        if videos or len(images) > limits.in_replies:
            yield "limit.reply_media", "media", {"count": len(media), "limit": limits.in_replies}
    elif limits.required and not media:
        accepts_video = "video" in description.features
        yield "limit.media_required" if accepts_video else "limit.image_required", "media", {}
    if videos and "video" not in description.features:
        yield "limit.video", "media", {}
    elif len(videos) > limits.videos:
        yield "limit.videos", "media", {"count": len(videos), "limit": limits.videos}
    elif videos and images and not limits.mixed:
        yield "limit.mixed_media", "media", {}
    if len(images) > limits.images:
        yield "limit.images", "media", {"count": len(images), "limit": limits.images}
    gifs = sum(image.media_type == _GIF for image in images)
    if limits.gifs is not None and gifs and (gifs > limits.gifs or len(media) > gifs):
        yield "limit.gifs", "media", {"limit": limits.gifs}
    kinds: tuple[tuple[str, Sequence[Attachment], frozenset[str], int | None], ...] = (
        ("image", images, limits.types, limits.image_bytes),
        ("video", videos, limits.video_types, limits.video_bytes),
    )
    for kind, files, types, most_bytes in kinds:
        for number, one in enumerate(files, start=1):
            if types and one.media_type not in types:
                accepted = ", ".join(sorted(types))
                params = {"number": number, "type": one.media_type, "accepted": accepted}
                yield f"limit.media_type.{kind}", "media", params
            most = limits.gif_bytes if one.media_type == _GIF else None
            most = most_bytes if most is None else most
            if most is not None and one.size_bytes > most:
                params = {"number": number, "size": one.size_bytes, "limit": most}
                yield f"limit.media_bytes.{kind}", "media", params
            if limits.alt_text is not None and len(one.alt) > limits.alt_text:
                params = {"number": number, "length": len(one.alt), "limit": limits.alt_text}
                yield f"limit.alt_text.{kind}", "alt", params


def _format(
    description: NetworkDescription,
    format: PostFormat,
    media: Sequence[Attachment],
    *,
    is_reply: bool,
) -> Iterator[_Found]:
    if format == "post":
        return
    if format not in description.formats:
        yield f"limit.format.{format}", "format", {}
    elif len(media) != 1 or (format == "reel" and not isinstance(media[0], Video)):
        yield f"limit.media.{format}", "media", {"count": len(media)}
    elif is_reply:
        yield "limit.reply_format", "format", {}


def _story(
    description: NetworkDescription,
    format: PostFormat,
    text: str,
    links: Sequence[str],
    first_comment: str,
) -> Iterator[_Found]:
    if format != "story" or format not in description.formats:
        return
    # The adapters send only the image or the video, so anything else would be lost.
    if text:
        yield "limit.text.story", "text", {}
    elif links:
        yield "limit.links.story", "links", {}
    if first_comment:
        yield "limit.first_comment.story", "first_comment", {}


def _links(links: Sequence[str], card: LinkCard | None) -> Iterator[_Found]:
    for link in dict.fromkeys((*links, *(() if card is None else (card.url,)))):
        if not is_web_address(link):
            yield "limit.link", "links", {"link": link}


def _references(description: NetworkDescription, reply_to: str, quote_of: str) -> Iterator[_Found]:
    references: tuple[tuple[Literal["reply", "quote"], str, str], ...] = (
        ("reply", "reply_to", reply_to),
        ("quote", "quote_of", quote_of),
    )
    for kind, field, address in references:
        if not address:
            continue
        if kind not in description.features:
            yield f"limit.{kind}", field, {}
        elif post_id(description.name, address) is None:
            example = _POST_EXAMPLES.get(description.name, "-")
            yield "limit.post_address", field, {"address": address, "example": example}


def _poll(
    description: NetworkDescription, poll: Poll | None, media: Sequence[Attachment]
) -> Iterator[_Found]:
    if poll is None:
        return
    limits = description.poll
    if "poll" not in description.features:
        yield "limit.poll", "poll", {}
    elif media:
        # X and Mastodon accept only one of the two.
        yield "limit.poll_media", "poll", {}
    if limits is None:
        return
    if len(poll.options) > limits.options:
        params: dict[str, object] = {"count": len(poll.options), "limit": limits.options}
        yield "limit.poll_options", "poll", params
    for number, option in enumerate(poll.options, start=1):
        if len(option) > limits.option_length:
            params = {"number": number, "length": len(option), "limit": limits.option_length}
            yield "limit.poll_option", "poll", params
    if not limits.least_minutes <= poll.minutes <= limits.most_minutes:
        params = {
            "minutes": poll.minutes, "least": limits.least_minutes, "most": limits.most_minutes
        }  # fmt: skip
        yield "limit.poll_minutes", "poll", params
    if poll.multiple and not limits.multiple:
        yield "limit.poll_multiple", "poll", {}


def _language(language: str) -> Iterator[_Found]:
    if language and not _LANGUAGE.fullmatch(language):
        yield "limit.language", "language", {"language": language[:_SHOWN]}


def _extras(
    description: NetworkDescription,
    labels: Sequence[str],
    visibility: Visibility,
    *,
    paid_partnership: bool,
) -> Iterator[_Found]:
    if labels and not description.features & {"labels", "content_warning"}:
        yield "limit.labels", "labels", {"labels": ", ".join(f"`{label}`" for label in labels)}
    elif any(is_blank(label) for label in labels):
        yield "limit.empty.label", "labels", {}
    if visibility not in description.visibilities:
        yield "limit.visibility", "visibility", {"visibility": visibility}
    if paid_partnership and "paid_partnership" not in description.features:
        yield "limit.paid_partnership", "paid_partnership", {}
