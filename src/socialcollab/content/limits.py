"""Check a post against the limits of its target networks before it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from socialcollab.content.finding import Finding
from socialcollab.content.media import Attachment, Image, Video
from socialcollab.content.post_content import Poll, PostContent
from socialcollab.directory import NetworkDescription, Profile, find_network
from socialcollab.text import entities, measure, text_with_links

_UNITS: Final = {"weighted": "weighted characters", "utf16": "UTF-16 code units"}


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
            found += exceeded_limits(
                description,
                text=text_with_links(description, text, content.links),
                thread=thread,
                media=content.media,
                labels=content.labels,
                poll=content.poll,
                profile=profile.id,
            )
    return tuple(found)


def exceeded_limits(
    description: NetworkDescription,
    *,
    text: str,
    thread: Sequence[str] = (),
    media: Sequence[Attachment] = (),
    labels: Sequence[str] = (),
    poll: Poll | None = None,
    profile: str = "",
) -> tuple[Finding, ...]:
    """
    Return a finding for each limit of a network that a post exceeds.

    >>> from socialcollab.directory import network
    >>> [finding.message for finding in exceeded_limits(network("instagram"), text="De lente is er")]
    ['Instagram does not accept a post without an image']

    Args:
        description: The limits and features of the network.
        text: The complete text, as it would be sent.
        thread: The remaining texts of the thread, after *text*.
        media: The images and videos, in order.
        labels: Content warnings and other labels.
        poll: A poll, or None.
        profile: The profile that the findings are about.
    """
    found = (
        *_text(description, text, labels, empty=not media and poll is None),
        *_thread(description, thread, labels),
        *_media(description, media),
        *_extras(description, labels, poll),
    )
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


_Found = tuple[str, str, dict[str, object]]


def _text(
    description: NetworkDescription, text: str, labels: Sequence[str], *, empty: bool
) -> Iterator[_Found]:
    if empty and not text.strip():
        yield "limit.empty", "text", {}
    yield from _length(description, text, labels)


def _thread(
    description: NetworkDescription, thread: Sequence[str], labels: Sequence[str]
) -> Iterator[_Found]:
    if thread and "thread" not in description.features:
        yield "limit.thread", "thread", {"count": len(thread) + 1}
        return
    for number, text in enumerate(thread, start=2):
        for code, _, params in _length(description, text, labels):
            yield f"{code}.thread", f"thread.{number}", {**params, "number": number}


def _length(description: NetworkDescription, text: str, labels: Sequence[str]) -> Iterator[_Found]:
    limits = description.text
    warning = ", ".join(labels) if "content_warning" in description.features else ""
    length = measure(description, text, warning=warning)
    if length.over:
        unit = _UNITS.get(length.unit, length.unit)
        yield (
            "limit.text",
            "text",
            {"length": f"{length.value} {unit}", "limit": length.limit},
        )
    elif not length.fits:
        yield (
            "limit.text",
            "text",
            {"length": f"{length.size_bytes} bytes", "limit": length.limit_bytes},
        )
    for code, kind, most in (
        ("limit.hashtags", "hashtag", limits.hashtags),
        ("limit.mentions", "mention", limits.mentions),
    ):
        if most is not None:
            count = sum(entity.kind == kind for entity in entities(description, text))
            if count > most:
                yield code, "text", {"count": count, "limit": most}


def _media(description: NetworkDescription, media: Sequence[Attachment]) -> Iterator[_Found]:
    limits = description.media
    images = [one for one in media if isinstance(one, Image)]
    videos = [one for one in media if isinstance(one, Video)]
    if limits.required and not media:
        yield "limit.image_required", "media", {}
    if videos and "video" not in description.features:
        yield "limit.video", "media", {}
    elif len(videos) > limits.videos:
        yield "limit.videos", "media", {"count": len(videos), "limit": limits.videos}
    elif videos and images and not limits.mixed:
        yield "limit.mixed_media", "media", {}
    if len(images) > limits.images:
        yield "limit.images", "media", {"count": len(images), "limit": limits.images}
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
            if most_bytes is not None and one.size_bytes > most_bytes:
                params = {"number": number, "size": one.size_bytes, "limit": most_bytes}
                yield f"limit.media_bytes.{kind}", "media", params
            if limits.alt_text is not None and len(one.alt) > limits.alt_text:
                params = {"number": number, "length": len(one.alt), "limit": limits.alt_text}
                yield f"limit.alt_text.{kind}", "alt", params


def _extras(
    description: NetworkDescription, labels: Sequence[str], poll: Poll | None
) -> Iterator[_Found]:
    if poll is not None and "poll" not in description.features:
        yield "limit.poll", "poll", {}
    if labels and not description.features & {"labels", "content_warning"}:
        yield "limit.labels", "labels", {"labels": ", ".join(f"`{label}`" for label in labels)}
