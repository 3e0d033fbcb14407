"""The images and videos in a post."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import BinaryIO, Final, Self, TypeAlias

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
# Files with these brands are MP4 containers, but contain images.
_IMAGE_BRANDS: Final = (b"avif", b"avis", b"heic", b"heix", b"heim", b"mif1", b"msf1")


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
    if beginning[4:8] == b"ftyp" and brand not in _IMAGE_BRANDS:
        return "video/quicktime" if brand == b"qt  " else "video/mp4"
    if beginning.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in beginning[:_BEGINNING]:
        return "video/webm"
    return ""


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
        data: The bytes, if the image has just been created from bytes; otherwise None.
    """

    digest: str
    alt: str = ""
    media_type: str = "image/jpeg"
    size_bytes: int = 0
    name: str = ""
    data: bytes | None = attrs.field(default=None, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        _check_digest(self.digest)

    @classmethod
    def from_bytes(cls, data: bytes, *, alt: str = "", name: str = "") -> Self:
        """
        Create an image from its bytes.

        Raises:
            InvalidValueError: If *data* is not a PNG, JPEG, GIF or WebP image.
        """
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
            data=data,
        )

    @classmethod
    def from_file(cls, path: str, *, alt: str = "") -> Self:
        """
        Read an image from a file.

        Raises:
            InvalidValueError: If the file is not a PNG, JPEG, GIF or WebP image.
            OSError: If the file cannot be read.
        """
        file = Path(path)
        return cls.from_bytes(file.read_bytes(), alt=alt, name=file.name)


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
        source: The file from which the video was just created; otherwise None.
    """

    digest: str
    alt: str = ""
    media_type: str = "video/mp4"
    size_bytes: int = 0
    name: str = ""
    source: Path | BinaryIO | None = attrs.field(default=None, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        _check_digest(self.digest)

    @classmethod
    def from_file(cls, path: str | Path, *, alt: str = "") -> Self:
        """
        Create a video from a file, which must exist until the post is stored.

        Raises:
            InvalidValueError: If the file is not an MP4, QuickTime or WebM video.
            OSError: If the file cannot be read.
        """
        file = Path(path)
        with file.open("rb") as stream:
            video = cls.from_stream(stream, alt=alt, name=file.name)
        return attrs.evolve(video, source=file)

    @classmethod
    def from_stream(cls, stream: BinaryIO, *, alt: str = "", name: str = "") -> Self:
        """
        Create a video from an open file, such as an upload, from its position to its end.

        The file must be seekable, and must stay open until the post is stored.

        Raises:
            InvalidValueError: If the file is not seekable, or not an MP4, QuickTime or WebM video.
            OSError: If the file cannot be read.
        """
        if not stream.seekable():
            raise InvalidValueError(
                f"`{name or 'video'}` cannot be read twice",
                value=name,
                expected="a seekable file; store the upload in a temporary file first",
            )
        start = stream.tell()
        media_type = sniff_video(stream.read(_BEGINNING))
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
            source=stream,
        )


Attachment: TypeAlias = Image | Video
"""An image or a video."""


def _check_digest(digest: str) -> None:
    if not _DIGEST.fullmatch(digest):
        raise InvalidValueError(
            f"media digest `{digest}` is not `sha256:` followed by 64 hexadecimal digits",
            value=digest,
            expected="sha256:...",
        )
