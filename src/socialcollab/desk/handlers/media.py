"""Store the media of a post, and reject media that the author has no right to use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import attrs

from socialcollab.content import Image, Post, PostContent, media_digest, sniff_image
from socialcollab.desk.engine import Engine
from socialcollab.desk.journal.encoding import event_data
from socialcollab.document_fields import as_items
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.workflow import events as ev


def without_bytes(media: Iterable[Image]) -> tuple[tuple[Image, ...], dict[str, bytes]]:
    """
    Separate images from their bytes, and return the bytes by digest.

    If an image has bytes, its type and size are determined from the bytes.

    Raises:
        InvalidValueError: If the bytes of an image do not match its digest.
    """
    images: list[Image] = []
    data: dict[str, bytes] = {}
    for number, image in enumerate(as_items(media, "images")):
        if not isinstance(image, Image):
            raise InvalidValueError(
                f"`media[{number}]` is `{image!r}`, not an image",
                value=image,
                expected="Image.from_bytes(data) or Image.from_file(path)",
            )
        if image.data is not None:
            if media_digest(image.data) != image.digest:
                raise InvalidValueError(
                    f"the bytes of media[{number}] do not have the digest `{image.digest}`",
                    value=image.digest,
                    expected="Image.from_bytes(data) or Image.from_file(path)",
                )
            data[image.digest] = image.data
            # The caller's description of the bytes may be wrong, and it is part of the approved
            # content.
            image = attrs.evolve(  # noqa: PLW2901  the same image, described by its bytes
                image,
                media_type=sniff_image(image.data) or image.media_type,
                size_bytes=len(image.data),
            )
        images.append(attrs.evolve(image, data=None))
    return tuple(images), data


def store_media(
    engine: Engine, images: Iterable[Image], data: Mapping[str, bytes]
) -> Effects[None]:
    """
    Store the bytes of new images after checking that the post may use them.

    Raises:
        NotFoundError: If an image is given without bytes and is not in the media store.
    """
    for content in data.values():
        yield from call(engine.media.put, content)
    for image in images:
        if image.digest not in data:
            yield from call(engine.media.size, image.digest)


def check_media(
    engine: Engine,
    content: PostContent,
    workspace: str,
    *,
    before: Post | None = None,
    given: Collection[str] = (),
) -> Effects[None]:
    """
    Reject an image if the author supplied only its digest and has no right to use the image.

    Otherwise a member could use a digest to fetch an image that belongs to another workspace. An
    author may use an image if they supply its bytes, or if an earlier revision of this post or
    another post of the same workspace contains it.

    Raises:
        NotFoundError: If none of these conditions applies to an image, even if another workspace
            has stored the image.
    """
    known = {*given, *(image.digest for image in before.media)} if before else set(given)
    for digest in sorted({image.digest for image in content.media} - known):
        of_workspace = yield from call(
            engine.store.query,
            "media",
            where={"digest": digest, "workspace": workspace},
            limit=1,
        )
        if not of_workspace and digest not in (yield from _former_media(engine, before)):
            raise NotFoundError("media", digest)


def _former_media(engine: Engine, post: Post | None) -> Effects[set[str]]:
    """Return the digests of all images in all revisions of a post."""
    if post is None:
        return set()
    digests: set[str] = set()
    for event in (yield from call(engine.store.read, f"post/{post.id}")):
        if event.type in (ev.PostDrafted.TYPE, ev.PostEdited.TYPE):
            data = event_data(event)
            assert isinstance(data, ev.PostDrafted | ev.PostEdited)  # noqa: S101  given its type
            digests |= {image.digest for image in data.content.media}
    return digests
