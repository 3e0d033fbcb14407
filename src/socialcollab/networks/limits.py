"""Say which of a network's limits a post breaks, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from socialcollab.content import Image, Poll
from socialcollab.directory import NetworkDescription
from socialcollab.text import entities, measure, text_with_links
from socialcollab.transport import OutgoingPost


def text_to_send(description: NetworkDescription, outgoing: OutgoingPost) -> str:
    """
    Return the text with the links that the network has no other place for.

    A link that the text holds already is not written twice.
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
    Return what is wrong with a post for that network, one sentence each; none if it is taken.

    >>> from socialcollab.directory import network
    >>> limits_broken(network("instagram"), text="De lente is er")
    ('Instagram takes no post without an image',)

    Args:
        description: What the network takes.

        text: The whole text, as it is sent.

        images: Pictures, in order.

        labels: Content warnings and the like.

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
        yield f"{title} takes no empty post"
    warning = ", ".join(labels) if "content_warning" in description.features else ""
    length = measure(description, text, warning=warning)
    if length.over:
        yield f"the text is {length.value} {length.unit} long; {title} takes {length.limit}"
    elif not length.fits:
        yield f"the text has {length.size_bytes} bytes; {title} takes {length.limit_bytes}"
    for kind, most in (("hashtag", limits.hashtags), ("mention", limits.mentions)):
        if most is not None:
            count = sum(entity.kind == kind for entity in entities(description, text))
            if count > most:
                yield f"the text has {count} {kind}s; {title} takes {most}"


def _images(description: NetworkDescription, images: Sequence[Image]) -> Iterable[str]:
    title, limits = description.title, description.media
    if limits.required and not images:
        yield f"{title} takes no post without an image"
    if len(images) > limits.images:
        yield f"the post has {len(images)} images; {title} takes {limits.images}"
    for number, image in enumerate(images, start=1):
        if limits.types and image.media_type not in limits.types:
            taken = ", ".join(sorted(limits.types))
            yield f"image {number} is {image.media_type}; {title} takes {taken}"
        if limits.image_bytes is not None and image.size_bytes > limits.image_bytes:
            yield f"image {number} has {image.size_bytes} bytes; {title} takes {limits.image_bytes}"
        if limits.alt_text is not None and len(image.alt) > limits.alt_text:
            yield (
                f"the alt text of image {number} is {len(image.alt)} characters long;"
                f" {title} takes {limits.alt_text}"
            )


def _extras(
    description: NetworkDescription, labels: Sequence[str], poll: Poll | None
) -> Iterable[str]:
    if poll is not None and "poll" not in description.features:
        yield f"{description.title} takes no poll"
    if labels and not description.features & {"labels", "content_warning"}:
        yield f"{description.title} takes no labels, and the post has {', '.join(labels)}"
