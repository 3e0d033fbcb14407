"""The images and videos in a post."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, TypeAlias

import attrs

from socialcollab.errors import InvalidValueError

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


_CHUNK: Final = 1 << 20
_BEGINNING: Final = 64
# The major brands of MP4 and QuickTime files with videos; other brands are images and audio.
_VIDEO_BRAND: Final = re.compile(
    rb"iso[2-9a-c m]|mp4[12]|mp7[1t]|avc1|hvc1|hev1|av01|dash|MSNV|M4V[ HP]|f4v |F4V |mmp4|3g[p2][0-9a-z]"
    rb"|qt  |XAVC|NDS[CHMPSX]|cmf[2c]|msdh|iso5"
)


def media_digest(data: bytes) -> str:
    """
    Return the digest of *data*, which identifies it in the media store.

    >>> media_digest(b"")[:14]
    'sha256:e3b0c44'
    """
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def sniff_image(data: bytes) -> str:
    """
    Return the media type of an image, detected from its first bytes.

    Return an empty string if the type is unknown.

    >>> sniff_image(b"GIF89a...")
    'image/gif'
    """
    for signature, media_type in _SIGNATURES:
        if data.startswith(signature):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return ""


def sniff_video(beginning: bytes) -> str:
    """
    Return the media type of a video, detected from its first 64 bytes.

    Return an empty string if the type is unknown.

    >>> sniff_video(bytes.fromhex("00000018") + b"ftypmp42")
    'video/mp4'
    """
    brand = beginning[8:12]
    if beginning[4:8] == b"ftyp" and _VIDEO_BRAND.fullmatch(brand):
        return "video/quicktime" if brand == b"qt  " else "video/mp4"
    if beginning.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in beginning[:_BEGINNING]:
        return "video/webm"
    return ""


def _as_focus(focus: Iterable[float] | None) -> tuple[float, float] | None:
    if focus is None:
        return None
    # The values may come from untyped data, such as JSON.
    given: Any = focus
    point: tuple[Any, ...] = tuple(given) if isinstance(given, Iterable) else ()
    numbers = [each for each in point if isinstance(each, (int, float)) and -1.0 <= each <= 1.0]
    if len(point) != 2 or len(numbers) != 2:
        raise InvalidValueError(
            f"`{focus}` is not a focus point, which consists of two numbers from -1.0 to 1.0",
            value=focus,
            expected="two numbers from -1.0 to 1.0",
        )
    return float(numbers[0]), float(numbers[1])


@attrs.frozen(kw_only=True)
class Image:
    """
    An image in a post. Its bytes are stored in the media store under its digest.

    Attributes:
        digest: The SHA-256 digest of its bytes: ``sha256:`` followed by 64 hexadecimal digits.
        alt: The alt text for people who cannot see the image; may be empty.
        media_type: The media type, such as "image/jpeg".
        size_bytes: The size in bytes.
        name: The file name to display.
        focus: The point that stays visible if a network crops the image: its distance from the
            centre to the right and upwards, each from -1.0 to 1.0; None for the centre.
        data: The bytes, if the image has just been created from bytes; otherwise None.
    """

    digest: str
    alt: str = ""
    media_type: str = "image/jpeg"
    size_bytes: int = 0
    name: str = ""
    focus: tuple[float, float] | None = attrs.field(default=None, converter=_as_focus)
    data: bytes | None = attrs.field(default=None, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        _check_digest(self.digest)

    @classmethod
    def from_bytes(
        cls,
        data: bytes,
        *,
        alt: str = "",
        name: str = "",
        focus: tuple[float, float] | None = None,
    ) -> Self:
        """
        Create an image from its bytes.

        Raises:
            InvalidValueError: If *data* is not a PNG, JPEG, GIF or WebP image.
        """
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise InvalidValueError(
                f"the data of `{name or 'image'}` are of type `{type(data).__name__}`, not bytes",
                value=name,
                expected="bytes, or a path for `Image.from_file`",
            )
        data = bytes(data)
        media_type = sniff_image(data)
        if not media_type:
            raise InvalidValueError(
                f"`{name or 'image'}` is not a PNG, JPEG, GIF or WebP image",
                value=name,
                expected="an image file",
            )
        return cls(
            digest=media_digest(data),
            alt=alt,
            media_type=media_type,
            size_bytes=len(data),
            name=name,
            focus=focus,
            data=data,
        )

    @classmethod
    def from_file(
        cls, path: str, *, alt: str = "", focus: tuple[float, float] | None = None
    ) -> Self:
        """
        Read an image from a file.

        Raises:
            InvalidValueError: If the file is not a PNG, JPEG, GIF or WebP image.
            OSError: If the file cannot be read.
        """
        file = Path(path)
        return cls.from_bytes(file.read_bytes(), alt=alt, name=file.name, focus=focus)


@attrs.frozen(kw_only=True)
class Video:
    """
    A video in a post. Its bytes are stored in the media store under its digest.

    The bytes are never read into memory as a whole.

    Attributes:
        digest: The SHA-256 digest of its bytes: ``sha256:`` followed by 64 hexadecimal digits.
        alt: The alt text for people who cannot see the video; may be empty.
        media_type: The media type, such as "video/mp4".
        size_bytes: The size in bytes.
        name: The file name to display.
        cover: The image to show before the video is played, on networks that support it; or None.
        source: The file from which the video was just created; otherwise None.
        start: The position of the video's first byte in *source*.
    """

    digest: str
    alt: str = ""
    media_type: str = "video/mp4"
    size_bytes: int = 0
    name: str = ""
    cover: Image | None = None
    source: Path | BinaryIO | None = attrs.field(default=None, repr=False, eq=False)
    start: int = attrs.field(default=0, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        _check_digest(self.digest)

    @classmethod
    def from_file(cls, path: str | Path, *, alt: str = "", cover: Image | None = None) -> Self:
        """
        Create a video from a file, which must exist until the post is stored.

        Raises:
            InvalidValueError: If the file is not an MP4, QuickTime or WebM video.
            OSError: If the file cannot be read.
        """
        file = Path(path)
        with file.open("rb") as stream:
            video = cls.from_stream(stream, alt=alt, name=file.name, cover=cover)
        return attrs.evolve(video, source=file, start=0)

    @classmethod
    def from_stream(
        cls, stream: BinaryIO, *, alt: str = "", name: str = "", cover: Image | None = None
    ) -> Self:
        """
        Create a video from an open file, such as an upload, from its position to its end.

        The file must be seekable and binary, and must stay open until the post is stored.

        Raises:
            InvalidValueError: If the file is closed or not seekable, or if it is not an MP4,
                QuickTime or WebM video.
            OSError: If the file cannot be read.
        """
        beginning: object = None
        start = 0
        # A closed file raises a `ValueError`.
        with suppress(AttributeError, ValueError):
            if stream.seekable():
                start, beginning = stream.tell(), stream.read(_BEGINNING)
        if not isinstance(beginning, bytes):
            raise InvalidValueError(
                f"`{name or 'video'}` cannot be read twice",
                value=name,
                expected="an open, seekable, binary file; store the upload in a temporary file first",
            )
        media_type = sniff_video(beginning)
        if not media_type:
            raise InvalidValueError(
                f"`{name or 'video'}` is not an MP4, QuickTime or WebM video",
                value=name,
                expected="a video file",
            )
        stream.seek(start)
        digest, size = hashlib.sha256(), 0
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
        stream.seek(start)
        return cls(
            digest=f"sha256:{digest.hexdigest()}",
            alt=alt,
            media_type=media_type,
            size_bytes=size,
            name=name,
            cover=cover,
            source=stream,
            start=start,
        )


Attachment: TypeAlias = Image | Video
"""An image or a video."""


def _check_digest(digest: str) -> None:
    # The value may come from untyped data, such as JSON.
    given: Any = digest
    if not isinstance(given, str) or not _DIGEST.fullmatch(given):
        raise InvalidValueError(
            f"media digest `{digest}` is not `sha256:` followed by 64 hexadecimal digits",
            value=digest,
            expected="sha256:...",
        )
