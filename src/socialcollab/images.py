"""
Resize and re-encode images that exceed a network's limits, before the post is submitted.

This module needs the extra `images`. The results are new images, which reviewers approve like any
other image, so nothing is changed after the approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import attrs

from socialcollab.content import Attachment, Image, Variant
from socialcollab.directory import NetworkDescription, Profile, find_network
from socialcollab.directory import network as description_of
from socialcollab.document_fields import as_items
from socialcollab.errors import InvalidValueError, MissingExtraError
from socialcollab.identifiers import ProfileId

if TYPE_CHECKING:
    import PIL.Image

# An image with more pixels than this is not decoded, because a small file can contain a huge image.
_MOST_PIXELS: Final = 80_000_000
_LONGEST_SIDE: Final = 4096
_QUALITIES: Final = (90, 80, 70)
_SHRINK: Final = 0.75
_SHORTEST_SIDE: Final = 32
# Cameras write profiles of a few kilobytes.
_LARGEST_PROFILE: Final = 1 << 16
# A JPEG file can also contain several pictures, but shows only the first.
_ANIMATED: Final = frozenset({"GIF", "PNG", "WEBP"})
_FORMATS: Final[Mapping[str, str]] = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
}


def fit_image(image: Image, network: str | NetworkDescription) -> Image:
    """
    Return the image, resized and re-encoded if it exceeds the limits of a network.

    An image within the limits is returned as it is. Otherwise the new image has the size and the
    quality that fit, and the colours of the original, but none of its other metadata, such as the
    place where it was taken. Its alt text and focus stay. The limit applies to the bytes of the new image.

    Args:
        image: The image, with its bytes.
        network: The name of a network, or its description.

    Raises:
        InvalidValueError: If the image has no bytes, cannot be decoded, has more than 80 million
            pixels, is animated, or cannot be made small enough.
        MissingExtraError: If Pillow is not installed.
    """
    limits = description_of(network).media
    most = limits.gif_bytes if image.media_type == "image/gif" else None
    most = limits.image_bytes if most is None else most
    accepted = not limits.types or image.media_type in limits.types
    if accepted and (most is None or image.size_bytes <= most):
        return image
    opened = _opened(image)
    media_type = _media_type(opened, limits.types)
    for data in _encoded(opened, media_type):
        if limits.image_bytes is None or len(data) <= limits.image_bytes:
            return attrs.evolve(
                Image.from_bytes(data, alt=image.alt, name=_renamed(image.name, media_type)),
                focus=image.focus,
            )
    raise InvalidValueError(
        f"`{image.name or 'image'}` cannot be made smaller than {limits.image_bytes} bytes",
        value=image.name,
        expected="another image",
    )


def fit_media(
    media: Iterable[Attachment],
    profiles: Iterable[Profile],
    *,
    descriptions: Mapping[str, NetworkDescription] | None = None,
) -> tuple[Variant, ...]:
    """
    Return a variant for each profile whose network needs other images.

    Args:
        media: The images and videos of the post. Videos are not changed.
        profiles: The profiles to publish on.
        descriptions: Descriptions by profile id or network name, for servers and accounts with
            other limits. Profiles on networks without a description get no variant.

    Raises:
        InvalidValueError: As for `fit_image`.
        MissingExtraError: If Pillow is not installed.
    """
    own, given = descriptions or {}, tuple(as_items(media, "images and videos"))
    variants = []
    for profile in profiles:
        if not isinstance(profile, Profile):
            raise InvalidValueError(
                f"`{profile}` is not a profile; pass `desk.organization.profile(...)`",
                value=profile,
                expected="a `Profile`",
            )
        found = own.get(profile.id) or own.get(profile.network) or find_network(profile.network)
        if found is None:
            continue
        fitted = tuple(fit_image(one, found) if isinstance(one, Image) else one for one in given)
        if fitted != given:
            variants.append(Variant(ProfileId(profile.id), media=fitted))
    return tuple(variants)


def _opened(image: Image) -> PIL.Image.Image:
    """Decode an image, upright and without its metadata."""
    try:
        import PIL.Image  # noqa: PLC0415  an extra, imported only when it is needed
        import PIL.ImageOps  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(feature="resizing an image", extra="images") from error
    name = image.name or "image"
    if image.data is None:
        raise InvalidValueError(
            f"`{name}` has no bytes", value=image.digest, expected="Image.from_file(path)"
        )
    too_large = InvalidValueError(
        f"`{name}` has too many pixels",
        value=image.digest,
        expected=f"at most {_MOST_PIXELS:,} pixels",
    )
    try:
        opened = PIL.Image.open(BytesIO(image.data))
        width, height = opened.size
        if width * height > _MOST_PIXELS:
            raise too_large
        if opened.format in _ANIMATED and getattr(opened, "is_animated", False):
            raise InvalidValueError(
                f"`{name}` is animated, and exceeds the limits of the network",
                value=image.size_bytes,
                expected="a smaller animation, or a video",
            )
        return PIL.ImageOps.exif_transpose(opened)
    except InvalidValueError:
        raise
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning):
        raise too_large from None
    except (OSError, SyntaxError, ValueError):
        raise InvalidValueError(
            f"`{name}` is damaged and cannot be decoded",
            value=image.digest,
            expected="an image file",
        ) from None


def _media_type(opened: PIL.Image.Image, types: frozenset[str]) -> str:
    """Return the type to encode: JPEG unless the image is transparent and the network accepts PNG."""
    transparent = opened.mode in ("RGBA", "LA", "PA") or "transparency" in opened.info
    choices = ("image/png", "image/webp", "image/jpeg") if transparent else ("image/jpeg",)
    found: str = next(each for each in (*choices, *_FORMATS) if not types or each in types)
    return found


def _encoded(opened: PIL.Image.Image, media_type: str) -> Iterable[bytes]:
    """Yield the image in ever smaller encodings."""
    image = opened.copy()
    # The metadata would otherwise be written again.
    image.info = {}
    profile = opened.info.get("icc_profile", b"") if opened.mode in ("RGB", "RGBA") else b""
    if image.mode.startswith("I"):
        # Pillow would turn most shades of a 16-bit image into white.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if media_type == "image/jpeg":
        image = _without_transparency(image)
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    qualities = _QUALITIES if media_type in ("image/jpeg", "image/webp") else (None,)
    while min(image.size) >= _SHORTEST_SIDE or image.size == opened.size:
        for quality in qualities:
            written = BytesIO()
            options: dict[str, Any] = {} if quality is None else {"quality": quality}
            if 0 < len(profile) <= _LARGEST_PROFILE:
                # Without it, the colours of most phones' photographs would be pale.
                options["icc_profile"] = profile
            image.save(written, _FORMATS[media_type], optimize=True, **options)
            yield written.getvalue()
        width, height = image.size
        size = max(1, int(width * _SHRINK)), max(1, int(height * _SHRINK))
        if size == image.size:
            return
        image = image.resize(size)


def _without_transparency(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return the image on a white background."""
    import PIL.Image  # noqa: PLC0415  an extra, imported only when it is needed

    layers = image.convert("RGBA")
    white = PIL.Image.new("RGBA", layers.size, "white")
    return PIL.Image.alpha_composite(white, layers).convert("RGB")


def _renamed(name: str, media_type: str) -> str:
    """Return a file name with the ending of a media type."""
    if not name:
        return ""
    stem = name.rpartition(".")[0] or name
    ending = media_type.removeprefix("image/").replace("jpeg", "jpg")
    return f"{stem}.{ending}"
