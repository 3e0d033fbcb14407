"""Store a post's media, and reject media that the author has no right to use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import attrs

from socialcollab.content import (
    Attachment,
    Image,
    Post,
    PostContent,
    Video,
    media_digest,
    sniff_image,
    sniff_video,
)
from socialcollab.desk.engine import Engine
from socialcollab.desk.journal.encoding import event_data
from socialcollab.document_fields import as_items
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.workflow import events as ev

Source: TypeAlias = bytes | Path | BinaryIO
"""The bytes of new media, or the file that contains them."""

_EXPECTED: Final = "Image.from_file(path), Image.from_bytes(data) or Video.from_file(path)"


def without_bytes(
    media: Iterable[Attachment],
) -> tuple[tuple[Attachment, ...], dict[str, Source]]:
    """
    Separate images and videos from their bytes, and return the bytes by digest.

    If an image has bytes, its type and size are determined from the bytes. A video's properties
    were determined when it was created.

    Raises:
        InvalidValueError: If the bytes of an image do not match its digest.
    """
    kept: list[Attachment] = []
    sources: dict[str, Source] = {}
    for number, one in enumerate(as_items(media, "images and videos")):
        if isinstance(one, Image):
            if one.data is not None:
                sources[one.digest] = one.data
            kept.append(_described(one, number))
        elif isinstance(one, Video):
            if one.source is not None:
                sources[one.digest] = one.source
            kept.append(attrs.evolve(one, source=None))
        else:
            raise InvalidValueError(
                f"`media[{number}]` is `{one!r}`, not an image or a video",
                value=one,
                expected=_EXPECTED,
            )
    return tuple(kept), sources


def _described(image: Image, number: int) -> Image:
    """Return an image without its bytes, with a description that is computed from the bytes."""
    if image.data is None:
        return image
    if media_digest(image.data) != image.digest:
        raise InvalidValueError(
            f"the bytes of media[{number}] do not have the digest `{image.digest}`",
            value=image.digest,
            expected="Image.from_bytes(data) or Image.from_file(path)",
        )
    # The caller's description of the bytes may be wrong, and it is part of the approved content.
    return attrs.evolve(
        image,
        media_type=sniff_image(image.data) or image.media_type,
        size_bytes=len(image.data),
        data=None,
    )


def store_media(
    engine: Engine, media: Iterable[Attachment], sources: Mapping[str, Source]
) -> Effects[None]:
    """
    Store the bytes of new media after checking that the post may use them.

    Raises:
        NotFoundError: If an image or a video is given without bytes and is not in the media store.
        InvalidValueError: If a video does not have the bytes, the size or the type that it had when it
            was created.
    """
    for digest, source in sources.items():
        with ExitStack() as stack:
            opened = stack.enter_context(source.open("rb")) if isinstance(source, Path) else source
            stored = yield from call(engine.media.put, opened)
        if stored != digest:
            raise InvalidValueError(
                f"the bytes of a video do not have the digest `{digest}`, so its file has changed",
                value=digest,
                expected="Video.from_file(path)",
            )
    for one in media:
        size = yield from call(engine.media.size, one.digest)
        if isinstance(one, Video):
            yield from _check_description(engine, one, size)


def _check_description(engine: Engine, video: Video, size: int) -> Effects[None]:
    """Check the description of a new video, because it is part of the approved content."""
    file = yield from call(engine.media.open, video.digest)
    try:
        media_type = sniff_video((yield from call(file.read, 64)))
    finally:
        file.close()
    if (size, media_type) != (video.size_bytes, video.media_type):
        raise InvalidValueError(
            f"`{video.name or 'video'}` is described as {video.media_type} with {video.size_bytes}"
            f" bytes, but it is {media_type or 'of an unknown type'} with {size} bytes",
            value=video.media_type,
            expected="Video.from_file(path)",
        )


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
    """Return the digests of the images in all revisions of a post."""
    if post is None:
        return set()
    digests: set[str] = set()
    for event in (yield from call(engine.store.read, f"post/{post.id}")):
        if event.type in (ev.PostDrafted.TYPE, ev.PostEdited.TYPE):
            data = event_data(event)
            assert isinstance(data, ev.PostDrafted | ev.PostEdited)  # noqa: S101  given its type
            digests |= {image.digest for image in data.content.media}
    return digests
