"""Keep the pictures of a post, and let nobody name those of others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import attrs

from socialcollab.content import Image, Post, PostContent, media_digest
from socialcollab.desk.engine import Engine
from socialcollab.desk.journal.encoding import event_data
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.workflow import events as ev


def taken_apart(media: Iterable[Image]) -> tuple[tuple[Image, ...], dict[str, bytes]]:
    """
    Return images without their bytes, and the bytes by digest.

    Raises:
        InvalidValueError: If bytes are not those that their digest names.
    """
    images: list[Image] = []
    data: dict[str, bytes] = {}
    for number, image in enumerate(media):
        if image.data is not None:
            if media_digest(image.data) != image.digest:
                raise InvalidValueError(
                    f"the bytes of media[{number}] are not those that `{image.digest}` names",
                    value=image.digest,
                    expected="Image.from_bytes(data) or Image.from_file(path)",
                )
            data[image.digest] = image.data
        images.append(attrs.evolve(image, data=None))
    return tuple(images), data


def keep(engine: Engine, images: Iterable[Image], data: Mapping[str, bytes]) -> Effects[None]:
    """
    Keep new pictures, once it is known that they may be used.

    Raises:
        NotFoundError: If one that comes without bytes is not kept.
    """
    for content in data.values():
        yield from call(engine.media.put, content)
    for image in images:
        if image.digest not in data:
            yield from call(engine.media.size, image.digest)


def check_pictures(
    engine: Engine,
    content: PostContent,
    workspace: str,
    *,
    before: Post | None = None,
    given: Collection[str] = (),
) -> Effects[None]:
    """
    Refuse a digest that says nothing of having the picture.

    It may be one that a post of the workspace shows, that this post has shown
    before, or whose bytes are given.

    Raises:
        NotFoundError: If it is none of these, wherever else it may be kept.
    """
    known = {*given, *(image.digest for image in before.media)} if before else set(given)
    for digest in sorted({image.digest for image in content.media} - known):
        shown = yield from call(
            engine.store.query,
            "pictures",
            where={"digest": digest, "workspace": workspace},
            limit=1,
        )
        if not shown and digest not in (yield from _ever_shown(engine, before)):
            raise NotFoundError("media", digest)


def _ever_shown(engine: Engine, post: Post | None) -> Effects[set[str]]:
    if post is None:
        return set()
    found: set[str] = set()
    for stored in (yield from call(engine.store.read, f"post/{post.id}")):
        if stored.type in (ev.PostDrafted.TYPE, ev.PostEdited.TYPE):
            data = event_data(stored)
            assert isinstance(data, ev.PostDrafted | ev.PostEdited)  # noqa: S101  by its type
            found |= {image.digest for image in data.content.media}
    return found
