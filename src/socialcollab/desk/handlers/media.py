"""Store a post's media, and reject media that the author has no right to use."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import attrs

from socialcollab.content import (
    Attachment,
    Image,
    LinkCard,
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

Source: TypeAlias = bytes | Path | tuple[BinaryIO, int]
"""The bytes of new media, the file that contains them, or an open file and a position in it."""

_CHUNK: Final = 1 << 20
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
        if not isinstance(one, Attachment):
            raise InvalidValueError(
                f"`media[{number}]` is `{one!r}`, not an image or a video",
                value=one,
                expected=_EXPECTED,
            )
        kept.append(_without_bytes(one, f"media[{number}]", sources))
    return tuple(kept), sources


def content_without_bytes(content: PostContent) -> tuple[PostContent, dict[str, Source]]:
    """
    Separate the media of variants and of the link card from their bytes; see `without_bytes`.

    The media of the post itself must not have bytes.
    """
    sources: dict[str, Source] = {}
    variants = []
    for variant in content.variants:
        media = variant.media
        if media is not None:
            media, own = without_bytes(media)
            sources |= own
        variants.append(attrs.evolve(variant, media=media))
    card = content.card
    if isinstance(card, LinkCard) and card.image is not None:
        image = _image_without_bytes(card.image, "the image of the link card", sources)
        card = attrs.evolve(card, image=image)
    return attrs.evolve(content, variants=variants, card=card), sources


def _without_bytes(one: Attachment, place: str, sources: dict[str, Source]) -> Attachment:
    """Return an image or a video without its bytes, and add the bytes to the sources."""
    if isinstance(one, Image):
        return _image_without_bytes(one, place, sources)
    # The value may come from untyped code.
    source: Any = one.source
    if source is not None and not isinstance(source, Path) and not hasattr(source, "seek"):
        raise InvalidValueError(
            f"the source of {place} is `{source!r}`, not a path or an open file",
            value=source,
            expected=_EXPECTED,
        )
    if one.source is not None:
        sources[one.digest] = (
            one.source if isinstance(one.source, Path) else (one.source, one.start)
        )
    cover = one.cover
    if cover is not None:
        cover = _image_without_bytes(cover, f"the cover of {place}", sources)
    return attrs.evolve(one, source=None, start=0, cover=cover)


def _image_without_bytes(image: Image, place: str, sources: dict[str, Source]) -> Image:
    # The values may come from untyped code.
    given: Any = image
    if not isinstance(given, Image) or not isinstance(given.data, bytes | None):
        raise InvalidValueError(
            f"{place} is `{given!r}`, not an image",
            value=given,
            expected="Image.from_file(path) or Image.from_bytes(data)",
        )
    if image.data is not None:
        sources[image.digest] = image.data
    return _described(image, place)


def _described(image: Image, place: str) -> Image:
    """Return an image without its bytes, with a description that is computed from the bytes."""
    if image.data is None:
        return image
    if media_digest(image.data) != image.digest:
        raise InvalidValueError(
            f"the bytes of {place} do not have the digest `{image.digest}`",
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
            data: bytes | BinaryIO
            if isinstance(source, bytes):
                data = source
            else:
                opened, start = (
                    (stack.enter_context(source.open("rb")), 0)
                    if isinstance(source, Path)
                    else source
                )
                # A file that has changed must not be stored, because no post would refer to it.
                _check_unchanged(opened, start, digest)
                data = opened
            stored = yield from call(engine.media.put, data)
        if stored != digest:
            raise _changed(digest)
    for one in media:
        size = yield from call(engine.media.size, one.digest)
        if isinstance(one, Video):
            yield from _check_description(engine, one, size)


def _check_unchanged(opened: BinaryIO, start: int, digest: str) -> None:
    """Check that a file still has a digest, and move to its first byte."""
    try:
        opened.seek(start)
        actual = hashlib.sha256()
        while chunk := opened.read(_CHUNK):
            actual.update(chunk)
        opened.seek(start)
    except ValueError:
        raise InvalidValueError(
            "the file of a video has been closed before the post was stored",
            value=digest,
            expected="an open file",
        ) from None
    if f"sha256:{actual.hexdigest()}" != digest:
        raise _changed(digest)


def _changed(digest: str) -> InvalidValueError:
    return InvalidValueError(
        f"the bytes of a video do not have the digest `{digest}`, so its file has changed",
        value=digest,
        expected="Video.from_file(path)",
    )


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
    for digest in sorted({image.digest for image in content.all_media} - known):
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
            digests |= {image.digest for image in data.content.all_media}
    return digests
