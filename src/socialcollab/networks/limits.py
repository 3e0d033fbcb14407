"""Check a post against the limits of a network before it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

from socialcollab.content import Image, Poll
from socialcollab.directory import NetworkDescription
from socialcollab.text import entities, measure, text_with_links
from socialcollab.transport import OutgoingPost

_UNITS: Final = {"weighted": "weighted characters", "utf16": "UTF-16 code units"}


def text_to_send(description: NetworkDescription, outgoing: OutgoingPost) -> str:
    """
    Return the text to send, with links appended if the network has no link cards.

    A link that the text already contains is not appended.
    """
    return text_with_links(description, outgoing.text, outgoing.links)


def limits_broken(
    description: NetworkDescription,
    *,
    text: str,
    images: Sequence[Image] = (),
    labels: Sequence[str] = (),
    poll: Poll | None = None,
) -> tuple[str, ...]:
    """
    Return one message for each limit that the post exceeds.

    The result is empty if the network accepts the post.

    >>> from socialcollab.directory import network
    >>> limits_broken(network("instagram"), text="De lente is er")
    ('Instagram does not accept a post without an image',)

    Args:
        description: The limits and features of the network.
        text: The full text that would be sent.
        images: Images, in order.
        labels: Content warnings and other labels.
        poll: A poll, or None.
    """
    return tuple(
        chain(
            _text(description, text, labels, empty=not images and poll is None),
            _images(description, images),
            _extras(description, labels, poll),
        )
    )


def _text(
    description: NetworkDescription, text: str, labels: Sequence[str], *, empty: bool
) -> Iterable[str]:
    title, limits = description.title, description.text
    if empty and not text.strip():
        yield f"{title} does not accept an empty post"
    warning = ", ".join(labels) if "content_warning" in description.features else ""
    length = measure(description, text, warning=warning)
    if length.over:
        unit = _UNITS.get(length.unit, length.unit)
        yield f"the text has {length.value} {unit}; {title} allows {length.limit}"
    elif not length.fits:
        yield f"the text has {length.size_bytes} bytes; {title} allows {length.limit_bytes}"
    for kind, most in (("hashtag", limits.hashtags), ("mention", limits.mentions)):
        if most is not None:
            count = sum(entity.kind == kind for entity in entities(description, text))
            if count > most:
                yield f"the text has {count} {kind}s; {title} allows {most}"


def _images(description: NetworkDescription, images: Sequence[Image]) -> Iterable[str]:
    title, limits = description.title, description.media
    if limits.required and not images:
        yield f"{title} does not accept a post without an image"
    if len(images) > limits.images:
        yield f"the post has {len(images)} images; {title} allows {limits.images}"
    for number, image in enumerate(images, start=1):
        if limits.types and image.media_type not in limits.types:
            accepted = ", ".join(sorted(limits.types))
            yield f"image {number} has type {image.media_type}; {title} accepts {accepted}"
        if limits.image_bytes is not None and image.size_bytes > limits.image_bytes:
            yield f"image {number} has {image.size_bytes} bytes; {title} allows {limits.image_bytes}"
        if limits.alt_text is not None and len(image.alt) > limits.alt_text:
            yield (
                f"the alt text of image {number} has {len(image.alt)} characters;"
                f" {title} allows {limits.alt_text}"
            )


def _extras(
    description: NetworkDescription, labels: Sequence[str], poll: Poll | None
) -> Iterable[str]:
    if poll is not None and "poll" not in description.features:
        yield f"{description.title} does not accept a poll"
    if labels and not description.features & {"labels", "content_warning"}:
        names = ", ".join(f"`{label}`" for label in labels)
        yield f"{description.title} does not accept labels; the post has {names}"
